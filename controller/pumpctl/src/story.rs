//! The report on one screen.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use pump_core::reason::Reason;
use pump_simulator::Report;
use pump_simulator::report::BolusReport;

use crate::chart;
use crate::series::Series;
use crate::units::{count, instant, mass, number, plural, time, volume, volume_unit};

/// More lines of a kind than this are counted.
const MOST_LINES: usize = 6;
const BAR: usize = 20;

/// Tells the whole run.
pub(crate) fn tell(report: &Report, series: &Series, nl_per_step: f64) -> String {
    let mut story = Story::default();
    let duration = time(report.duration_ns);
    story.text = format!(
        "{}\n{duration} simulated, {} of {} nL\n\n",
        printable(&report.id),
        plural(report.steps, "step"),
        number(nl_per_step)
    );
    story
        .text
        .push_str(&chart::rate(series, report, nl_per_step));
    story.text.push('\n');
    given(&mut story, report);
    boluses(&mut story, report);
    refusals(&mut story, report);
    windows(&mut story, report);
    alarms(&mut story, report);
    rest(&mut story, report);
    story.text
}

/// Lines with a heading in the margin, written once.
#[derive(Default)]
pub(crate) struct Story {
    pub(crate) text: String,
    heading: &'static str,
}

impl Story {
    pub(crate) fn line(&mut self, heading: &'static str, line: &str) {
        let shown = if self.heading == heading { "" } else { heading };
        self.heading = heading;
        let _ = writeln!(self.text, "{shown:<10} {line}");
    }

    /// The first lines of many, and how many more there are.
    pub(crate) fn some(&mut self, heading: &'static str, lines: &[String]) {
        for line in lines.iter().take(MOST_LINES) {
            self.line(heading, line);
        }
        if let Some(more) = lines.len().checked_sub(MOST_LINES).filter(|more| *more > 0) {
            self.line(heading, &format!("… and {more} more (--json lists all)"));
        }
    }
}

fn given(story: &mut Story, report: &Report) {
    let mut line = volume(report.delivered_nl);
    for drug in &report.per_drug {
        let _ = write!(line, ", {} {}", printable(&drug.name), mass(drug.delivered));
    }
    story.line("given", &line);
    shares(story, report);
    if report.missed_nl > 0 || report.missed_steps > 0 {
        story.line("given", &format!("missed {}", volume(report.missed_nl)));
    }
    if report.displaced_nl > 0 {
        let displaced = volume(report.displaced_nl);
        let line = format!("{displaced} may have moved before a start, and counts for every cap");
        story.line("given", &line);
    }
    if report.uncertain_nl > 0 {
        let uncertain = volume(report.uncertain_nl);
        story.line(
            "given",
            &format!("uncertain {uncertain}, which counts as given for every cap"),
        );
    }
}

/// Who gave it, where there are several.
fn shares(story: &mut Story, report: &Report) {
    if report.regimens.len() < 2 {
        return;
    }
    let in_boluses = |nl: u64, number: u64| match number {
        1 => format!("{} in 1 bolus", volume(nl)),
        _ => format!("{} in {} boluses", volume(nl), count(number)),
    };
    for regimen in &report.regimens {
        let mut parts = Vec::new();
        if regimen.basal_nl > 0 {
            parts.push(format!("{} as basal", volume(regimen.basal_nl)));
        }
        if regimen.boluses > 0 {
            parts.push(in_boluses(regimen.bolus_nl, regimen.boluses));
        }
        if parts.is_empty() {
            parts.push("nothing".to_owned());
        }
        let line = format!("{}: {}", printable(&regimen.name), parts.join(", "));
        story.line("given", &line);
    }
    let mine = |bolus: &&BolusReport| bolus.regimen.is_none() && bolus.outcome != "refused";
    let operators: Vec<u64> = report
        .boluses
        .iter()
        .filter(mine)
        .map(|bolus| bolus.delivered_nl)
        .collect();
    if !operators.is_empty() {
        let line = in_boluses(operators.iter().sum(), operators.len() as u64);
        story.line("given", &format!("the operator: {line}"));
    }
}

fn boluses(story: &mut Story, report: &Report) {
    let mut kinds: BTreeMap<(&str, &str, Option<&str>), (u64, u64)> = BTreeMap::new();
    for bolus in report
        .boluses
        .iter()
        .filter(|bolus| bolus.outcome != "refused")
    {
        let why = bolus.reason.filter(|_| bolus.outcome == "cut");
        let fate = (bolus.kind, bolus.outcome, why);
        let (number, nl) = kinds.entry(fate).or_default();
        *number += 1;
        *nl += bolus.delivered_nl;
    }
    for ((kind, outcome, why), (number, nl)) in kinds {
        let why = why.map_or_else(String::new, |why| format!(" ({why})"));
        let line = format!("{} {kind}, {outcome}{why}: {}", count(number), volume(nl));
        story.line("boluses", &line);
    }
    let demands = report.demands;
    if demands.attempted > 0 {
        let times = plural(demands.attempted, "time");
        let line = format!("pressed {times}, given {}", count(demands.given));
        story.line("boluses", &line);
    }
}

fn refusals(story: &mut Story, report: &Report) {
    let mut reasons: Vec<_> = report.refusals.iter().collect();
    reasons.sort_by_key(|(_, number)| std::cmp::Reverse(**number));
    let line = |(name, number): &(&String, &u64)| {
        let text = Reason::ALL.iter().find(|reason| reason.name() == *name);
        format!(
            "{} {name}: {}",
            count(**number),
            text.map_or("", |reason| reason.text())
        )
    };
    story.some("refused", &reasons.iter().map(line).collect::<Vec<_>>());
}

fn windows(story: &mut Story, report: &Report) {
    let (peaks, caps) = (report.window_peaks_nl, report.window_caps_nl);
    for (name, peak, cap) in [
        ("1 h", peaks.h1, caps.h1),
        ("4 h", peaks.h4, caps.h4),
        ("24 h", peaks.h24, caps.h24),
    ] {
        let line = match cap {
            None => format!("{name:<5}{} at most; no cap", volume(peak)),
            Some(cap) => filled(name, peak, cap),
        };
        story.line("windows", &line);
    }
}

/// A window's volume against its cap, with a bar.
pub(crate) fn filled(name: &str, nl: u64, cap: u64) -> String {
    let share = nl as f64 / cap.max(1) as f64;
    let full = "█".repeat((share * BAR as f64).round().min(BAR as f64) as usize);
    let (unit, size) = volume_unit(cap as f64);
    let (nl, cap) = (number(nl as f64 / size), number(cap as f64 / size));
    format!(
        "{name:<5}{full:░<BAR$} {nl} of {cap} {unit} ({:.0} %)",
        share * 100.0
    )
}

fn alarms(story: &mut Story, report: &Report) {
    let line = |alarm: &pump_simulator::report::AlarmReport| {
        let cleared = match alarm.cleared_at_ns {
            Some(at) => format!("to {}", instant(at)),
            None => "still on".to_owned(),
        };
        format!(
            "{} {} ({}), {cleared}",
            instant(alarm.at_ns),
            alarm.name,
            alarm.priority
        )
    };
    story.some(
        "alarms",
        &report.alarms.iter().map(line).collect::<Vec<_>>(),
    );
    let line = |occlusion: &pump_simulator::report::OcclusionReport| {
        let trapped = volume(occlusion.trapped_nl);
        format!(
            "{} with {trapped} given against it",
            instant(occlusion.at_ns)
        )
    };
    story.some(
        "blocked",
        &report.occlusions.iter().map(line).collect::<Vec<_>>(),
    );
    let line = |restart: &pump_simulator::report::RestartReport| {
        let off = time(restart.back_at_ns.saturating_sub(restart.at_ns));
        let uncertain = volume(restart.uncertain_nl);
        format!("{} for {off}; {uncertain} uncertain", time(restart.at_ns))
    };
    story.some(
        "power cut",
        &report.restarts.iter().map(line).collect::<Vec<_>>(),
    );
}

fn rest(story: &mut Story, report: &Report) {
    let reservoir = report.reservoir;
    let lasts = match reservoir.lasts_ns {
        Some(ns) => format!(", {} at the basal of the end", time(ns)),
        None => String::new(),
    };
    let line = format!(
        "{} left of {}{lasts}",
        volume(reservoir.left_nl),
        volume(reservoir.start_nl)
    );
    story.line("reservoir", &line);
    let notes: Vec<String> = report
        .notes
        .chunk_by(|a, b| a.text == b.text)
        .filter_map(|same| {
            let first = same.first()?;
            let line = format!("{} {}", time(first.at_ns), printable(&first.text));
            Some(if same.len() > 1 {
                format!("{line} ({} times)", same.len())
            } else {
                line
            })
        })
        .collect();
    story.some("notes", &notes);
    story.line("at the end", report.final_state);
}

/// Text from a file, so that it can't steer a terminal.
pub(crate) fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}
