//! What a journal of ten years costs: `decade FOLDER [YEARS]` writes one, in a folder on a disk,
//! and prints a line for each figure: its name and its value.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use pump_journal::{Batch, Boot, Durable, Entry, Query, Reader, Retention, Stamp, Store};
use serde_json::json;

type Failed = Box<dyn std::error::Error>;

const SECOND: u64 = 1_000_000_000;
const DAY: u64 = 86_400 * SECOND;
/// 2025-01-01 in UTC.
const BEGIN: u64 = 1_735_689_600 * SECOND;
/// The state of a control law whose windows and counts are full.
const CHECKPOINT: usize = 10_000;
/// A day with a basal, a profile and fifty presses: credit every two minutes, the state every
/// five, and what a press makes happen.
const CREDITS: u64 = 720;
const STATES: u64 = 288;
const PRESSES: u64 = 50;
const PROFILE: u64 = 48;
/// The best of so many counts: the others were disturbed.
const RUNS: usize = 5;

/// Nothing is pruned: the journal is longer than any that is kept.
const EVERYTHING: Retention = Retention {
    keep_ns: u64::MAX,
    room_bytes: u64::MAX,
    most_bytes: u64::MAX,
};

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let Some(folder) = args.next() else {
        eprintln!("usage: decade FOLDER [YEARS]");
        return ExitCode::from(2);
    };
    let years = args.next().map_or(Ok(10), |text| text.parse());
    let done = years
        .map_err(Failed::from)
        .and_then(|years| measure(Path::new(&folder), years));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn measure(folder: &Path, years: u64) -> Result<(), Failed> {
    let days = years * 365;
    generate(folder, days)?;
    let figure = |name: &str, value: f64| println!("{name} {value:.3}");
    let file = fs::metadata(folder.join("journal.db"))?.len();
    figure("file_mb", file as f64 / 1e6);
    figure(
        "open_ms",
        best(|| Store::with_retention(folder, EVERYTHING).map(drop))?,
    );
    let mut rows = 0;
    let day = Query {
        latest_ns: Some(DAY),
        ..Query::default()
    };
    figure(
        "last_day_ms",
        best(|| {
            rows = Reader::open(folder)?.rows(&day)?.len();
            Ok::<_, Failed>(())
        })?,
    );
    let alarms = Query {
        kinds: vec!["alarm".to_owned()],
        ..day
    };
    figure(
        "last_day_alarms_ms",
        best(|| {
            Reader::open(folder)?.rows(&alarms)?;
            Ok::<_, Failed>(())
        })?,
    );
    figure("memory_mb", high_water()? as f64 / 1e3);
    let verify = Instant::now();
    let entries = Reader::open(folder)?.verify(None)?.entries;
    figure("verify_s", verify.elapsed().as_secs_f64());
    figure("entries", entries as f64);
    figure("last_day_entries", rows as f64);
    let (written, commit_ms) = one_day_as_it_comes(folder, days)?;
    figure("day_written_mb", written as f64 / 1e6);
    figure("commit_ms", commit_ms);
    Ok(())
}

fn stamp(day: u64, at: u64) -> Stamp {
    let mono_ns = day * DAY + at;
    Stamp {
        boot: Boot([(day / 100 % 250) as u8; 16]),
        mono_ns,
        utc_ns: Some(BEGIN + mono_ns),
    }
}

/// A day's entries, in their order.
fn entries(day: u64) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut spread = |count: u64, after: u64, kind: &str, body: serde_json::Value| {
        for n in 0..count {
            entries.push(Entry {
                kind: kind.to_owned(),
                stamp: stamp(day, n * (DAY / count) + after),
                body: body.clone(),
            });
        }
    };
    let state = json!({
        "state": "infusing", "delivered_steps": day * 4000, "missed_steps": 0,
        "uncertain_steps": 12, "reservoir_steps": 8_000_000, "alarms": [],
        "windows_steps": [310, 1204, 4811], "threads": { "pump-loop": "ok", "sentinel": "ok" },
    });
    spread(
        CREDITS,
        0,
        "credit",
        json!({ "steps": day * 4000, "took_ns": 1_482_113 }),
    );
    spread(STATES, SECOND, "state", state);
    let grant = json!({
        "regimen": "background", "ordered": { "nl": 41_667, "ns": 3_600_000_000_000_u64 },
        "granted": { "nl": 41_667, "ns": 3_600_000_000_000_u64 }, "reason": null,
    });
    spread(PROFILE, 2 * SECOND, "basal", grant);
    let bolus =
        json!({ "bolus": day * 50, "kind": "demand", "steps": 500, "over_ns": 120 * SECOND });
    spread(
        PRESSES,
        3 * SECOND,
        "demand-asked",
        json!({ "demand": day * 50 }),
    );
    spread(PRESSES, 4 * SECOND, "demand-given", bolus.clone());
    spread(PRESSES, 5 * SECOND, "bolus-started", bolus.clone());
    spread(PRESSES, 125 * SECOND, "bolus-ended", bolus);
    spread(
        3,
        6 * SECOND,
        "alarm",
        json!({ "alarm": "reservoir-low", "on": true }),
    );
    entries.sort_by_key(|entry| entry.stamp.mono_ns);
    entries
}

fn durable(day: u64, at: u64) -> Durable {
    Durable {
        arming: 1,
        credit: day * 4000 + at / SECOND,
        checkpoint: vec![(at % 251) as u8; CHECKPOINT],
        stamp: stamp(day, at),
    }
}

fn generate(folder: &Path, days: u64) -> Result<(), Failed> {
    let (mut store, _) = Store::with_retention(folder, EVERYTHING)?;
    for day in 0..days {
        store.commit(&Batch {
            entries: entries(day),
            durable: Some(durable(day, DAY - 1)),
        })?;
        if day % 10 == 0 {
            store.tidy(&stamp(day, DAY - 1))?;
        }
        if day % 365 == 0 {
            eprint!(".");
            std::io::stderr().flush()?;
        }
    }
    eprintln!();
    store.close()?;
    Ok(())
}

/// A day after the last, each credit when it is due with what has happened until then. What
/// was written to the disk, in bytes, and what a commit takes at the median.
fn one_day_as_it_comes(folder: &Path, day: u64) -> Result<(u64, f64), Failed> {
    let (mut store, _) = Store::with_retention(folder, EVERYTHING)?;
    let mut coming = entries(day).into_iter().peekable();
    let mut took = Vec::new();
    let before = written()?;
    for credit in 0..CREDITS {
        let at = credit * (DAY / CREDITS);
        let mut batch = Batch {
            entries: Vec::new(),
            durable: Some(durable(day, at)),
        };
        while let Some(entry) = coming.next_if(|entry| entry.stamp.mono_ns <= day * DAY + at) {
            // The journal itself notes each credit.
            if entry.kind != "credit" {
                batch.entries.push(entry);
            }
        }
        took.push(store.commit(&batch)?.took);
        store.tidy(&stamp(day, at))?;
    }
    let written = written()? - before;
    took.sort();
    let median = took.get(took.len() / 2).copied().unwrap_or_default();
    Ok((written, ms(median)))
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// The shortest of some runs, in milliseconds.
fn best<E>(mut what: impl FnMut() -> Result<(), E>) -> Result<f64, E> {
    let mut best = Duration::MAX;
    for _ in 0..RUNS {
        let begun = Instant::now();
        what()?;
        best = best.min(begun.elapsed());
    }
    Ok(ms(best))
}

/// The most memory this process ever had, in kB.
fn high_water() -> Result<u64, Failed> {
    number_after("/proc/self/status", "VmHWM:")
}

/// What this process had written to disks, in bytes.
fn written() -> Result<u64, Failed> {
    number_after("/proc/self/io", "write_bytes:")
}

fn number_after(file: &str, name: &str) -> Result<u64, Failed> {
    let text = fs::read_to_string(file)?;
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|line| line.split_whitespace().next());
    Ok(number.ok_or("the kernel does not tell")?.parse()?)
}
