//! `pumpctl latency`: how punctual the loop is, beside what the machine can do.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use pump_control::{Distribution, Latency, Reply, Request};
use serde::Serialize;

use crate::cli::LatencyArgs;
use crate::daemon::cyclictest::Cyclictest;
use crate::daemon::load::Load;
use crate::daemon::{Daemon, print_json, unexpected};
use crate::failure::Failure;
use crate::output;
use crate::story::printable;
use crate::units::{count, number};

/// What is compared with cyclictest; the others measure work, not punctuality.
const COMPARED: [&str; 2] = ["wake-lateness", "edge-lateness"];

/// The figures as one document.
#[derive(Serialize)]
struct Document {
    measured_ns: u64,
    load: bool,
    #[serde(flatten)]
    latency: Latency,
    cyclictest: Option<Distribution>,
    ratios: Vec<Ratio>,
    notes: Vec<String>,
}

/// A figure of the loop's to cyclictest's; without the key: cyclictest's is 0.
#[derive(Serialize)]
struct Ratio {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    p50: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    p99: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    p999: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max: Option<f64>,
}

pub(crate) fn run(daemon: &Daemon, args: &LatencyArgs) -> Result<(), Failure> {
    let load = args.load.then(Load::start);
    let before = read(daemon, true)?;
    let cyclictest = Cyclictest::start(&before, args.period);
    let began = Instant::now();
    std::thread::sleep(args.period);
    let latency = read(daemon, false)?;
    let measured = began.elapsed();
    let cyclictest = cyclictest.and_then(Cyclictest::finish);
    drop(load);
    let mut notes = Vec::new();
    if latency.period_ns.saturating_add(1_000_000_000) < nanoseconds(measured) {
        notes.push("somebody else has reset the histograms meanwhile".to_owned());
    }
    if latency.priority.is_none() {
        notes.push(
            "the loop runs as an ordinary thread (a simulation), and so did cyclictest".into(),
        );
    }
    let cyclictest = match cyclictest {
        Ok(found) => Some(found),
        Err(why) => {
            notes.push(why);
            None
        }
    };
    let ratios = cyclictest.iter().flat_map(|machine| {
        let compared = latency.histograms.iter();
        let compared =
            compared.filter(|one| one.count > 0 && COMPARED.contains(&one.name.as_str()));
        compared.map(|one| Ratio::new(one, machine))
    });
    let document = Document {
        measured_ns: nanoseconds(measured),
        load: args.load,
        ratios: ratios.collect(),
        latency,
        cyclictest,
        notes,
    };
    if args.json {
        return print_json(&document);
    }
    output::print(&table(&document))
}

fn read(daemon: &Daemon, reset: bool) -> Result<Latency, Failure> {
    match daemon.ask(&Request::Latency { reset })? {
        Reply::Latency(latency) => Ok(latency),
        _ => Err(unexpected()),
    }
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

impl Ratio {
    fn new(one: &Distribution, machine: &Distribution) -> Self {
        let ratio = |ours: u64, its: u64| (its > 0).then(|| ours as f64 / its as f64);
        Self {
            name: one.name.clone(),
            p50: ratio(one.p50_ns, machine.p50_ns),
            p99: ratio(one.p99_ns, machine.p99_ns),
            p999: ratio(one.p999_ns, machine.p999_ns),
            max: ratio(one.max_ns, machine.max_ns),
        }
    }
}

fn table(document: &Document) -> String {
    let latency = &document.latency;
    let mut text = format!(
        "{} s{}, tick {}, {}{}\n\n",
        number(document.measured_ns as f64 / 1e9),
        if document.load { " under load" } else { "" },
        short(latency.tick_ns),
        match latency.priority {
            Some(priority) => format!("fifo {priority}"),
            None => "normal priority".into(),
        },
        match latency.cpu {
            Some(cpu) => format!(" on processor {cpu}"),
            None => String::new(),
        }
    );
    let _ = writeln!(
        text,
        "{:<16} {:>10} {:>10} {:>10} {:>10} {:>10}",
        "", "count", "p50", "p99", "p99.9", "max"
    );
    let all = latency.histograms.iter().chain(&document.cyclictest);
    for one in all {
        let figures = match one.count {
            0 => [one.p50_ns; 4].map(|_| "–".to_owned()),
            _ => [one.p50_ns, one.p99_ns, one.p999_ns, one.max_ns].map(short),
        };
        row(&mut text, &printable(&one.name), &count(one.count), figures);
    }
    if !document.ratios.is_empty() {
        let _ = writeln!(text, "\nto cyclictest");
    }
    for ratio in &document.ratios {
        let figure = |figure: Option<f64>| match figure {
            Some(figure) => format!("{figure:.2}"),
            None => "–".into(),
        };
        let figures = [ratio.p50, ratio.p99, ratio.p999, ratio.max].map(figure);
        row(&mut text, &printable(&ratio.name), "", figures);
    }
    for (n, note) in document.notes.iter().enumerate() {
        let gap = if n == 0 { "\n" } else { "" };
        let _ = writeln!(text, "{gap}note: {}", printable(note));
    }
    text
}

fn row(text: &mut String, name: &str, number: &str, figures: [String; 4]) {
    let [p50, p99, p999, max] = figures;
    let _ = writeln!(
        text,
        "{name:<16} {number:>10} {p50:>10} {p99:>10} {p999:>10} {max:>10}"
    );
}

/// A short time: `850 ns`, `12.5 µs`, `1.2 ms`.
fn short(ns: u64) -> String {
    let (size, unit) = match ns {
        0..1_000 => (1.0, "ns"),
        1_000..1_000_000 => (1e3, "µs"),
        1_000_000..1_000_000_000 => (1e6, "ms"),
        _ => (1e9, "s"),
    };
    format!("{} {unit}", number(ns as f64 / size))
}
