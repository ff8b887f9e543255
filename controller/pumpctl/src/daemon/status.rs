//! `pumpctl status`.

use std::collections::BTreeMap;

use pump_control::{Alarm, NextDemand, Reply, Request, Status};
use pump_core::reason::Reason;

use crate::cli::StatusArgs;
use crate::daemon::{Daemon, print_json, threads, unexpected};
use crate::failure::Failure;
use crate::output;
use crate::paint::Paint;
use crate::story::{Story, filled, printable};
use crate::units::{count, plural, time, volume, whole_seconds};

const NS_PER_S: u64 = 1_000_000_000;
/// The states without a run. One that is not known here is none of them.
const AT_REST: [&str; 5] = ["disarmed", "armed", "stopped", "complete", "faulted"];

pub(crate) fn run(daemon: &Daemon, args: &StatusArgs) -> Result<(), Failure> {
    let request = Request::Status {
        threads: args.threads,
    };
    let Reply::Status(status) = daemon.ask(&request)? else {
        return Err(unexpected());
    };
    if args.json {
        print_json(&status)?;
    } else {
        let paint = Paint::stdout();
        let mut text = tell(&status, &paint);
        if let Some(threads) = &status.threads {
            text.push('\n');
            text.push_str(&threads::tell(threads, &paint));
        }
        output::print(&text)?;
    }
    if args.at_rest && !AT_REST.contains(&status.state.as_str()) {
        let state = printable(&status.state);
        return Err(Failure::UnderWay(format!(
            "a run is under way ({state}); `pumpctl stop` ends it"
        )));
    }
    Ok(())
}

/// The whole status, in lines.
pub(crate) fn tell(status: &Status, paint: &Paint) -> String {
    let mut story = Story::default();
    story.text = headline(status, paint) + "\n";
    for alarm in urgent_first(&status.alarms) {
        story.text.push_str(&alarm_line(alarm, paint));
        story.text.push('\n');
    }
    if let Some(seconds) = status.silenced_for_s {
        story
            .text
            .push_str(&format!("  alarms are silenced for another {seconds} s\n"));
    }
    if let Some(proposal) = &status.proposal {
        story.text.push_str(&format!(
            "  {} is proposed by {}, {} s left to confirm\n",
            printable(&proposal.id),
            printable(&proposal.by),
            proposal.expires_in_s
        ));
    }
    story.text.push('\n');
    given(&mut story, status);
    regimens(&mut story, status);
    boluses(&mut story, status);
    for window in &status.windows {
        let name = printable(&window.name);
        let line = match window.cap_nl {
            Some(cap) => filled(&name, window.given_nl, cap),
            None => format!("{name:<5}{}; no cap", volume(window.given_nl)),
        };
        story.line("windows", &line);
    }
    if let Some(reservoir) = status.reservoir {
        let lasts = match reservoir.lasts_ns {
            Some(ns) => format!(", {} at the present basal", time(ns)),
            None => String::new(),
        };
        let left = volume(reservoir.content_nl);
        story.line("reservoir", &format!("{left} left{lasts}"));
    }
    health(&mut story, status, paint);
    journal(&mut story, status, paint);
    story.text
}

/// State, time, prescription.
fn headline(status: &Status, paint: &Paint) -> String {
    let mut line = paint.bold(&printable(&status.state));
    if let Some(prescription) = &status.prescription {
        let short: String = prescription.sha256.chars().take(12).collect();
        line.push_str(&format!(
            "  {}  sha256 {}…",
            printable(&prescription.id),
            printable(&short)
        ));
    }
    if let Some(ns) = status.therapy_ns {
        line.push_str(&format!("  {} since the start", time(whole_seconds(ns))));
    }
    if status.simulated {
        line.push_str(&paint.dim("  simulated"));
    }
    line
}

/// A lower one never hides a higher (W09).
pub(crate) fn urgent_first(alarms: &[Alarm]) -> Vec<&Alarm> {
    let mut alarms: Vec<&Alarm> = alarms.iter().collect();
    alarms.sort_by_key(|alarm| match alarm.priority.as_str() {
        "high" => 0,
        "medium" => 1,
        "low" => 2,
        // Whatever it is, it is not hidden behind what is known to be less.
        _ => 0,
    });
    alarms
}

pub(crate) fn alarm_line(alarm: &Alarm, paint: &Paint) -> String {
    let since = since(alarm);
    let (priority, name) = (printable(&alarm.priority), printable(&alarm.name));
    let what = paint.alarm(&alarm.priority, &format!("! {priority:<6} {name}"));
    format!("{what}: {} (for {since})", printable(&alarm.text))
}

/// How long an alarm has been on, and what became of it meanwhile.
pub(crate) fn since(alarm: &Alarm) -> String {
    let mut since = time(whole_seconds(alarm.age_ns));
    for (is, word) in [
        (alarm.acked, ", acknowledged"),
        (alarm.silenced, ", silenced"),
        (alarm.latched, ", its cause is past"),
    ] {
        since.push_str(if is { word } else { "" });
    }
    since
}

fn given(story: &mut Story, status: &Status) {
    let Some(ledger) = &status.ledger else { return };
    let steps = plural(ledger.delivered_steps, "step");
    let delivered = volume(ledger.delivered_nl);
    let step = printable(&ledger.nl_per_step);
    let step = step.strip_suffix("/1").unwrap_or(&step);
    story.line("given", &format!("{delivered}, {steps} of {step} nL"));
    if ledger.missed_steps > 0 {
        let missed = volume(ledger.missed_nl);
        story.line("given", &format!("missed {missed}"));
    }
    if ledger.displaced_steps > 0 {
        let displaced = volume(ledger.displaced_nl);
        let line =
            format!("up to {displaced} more by the rotor before it was held, counted as given");
        story.line("given", &line);
    }
    if ledger.uncertain_steps > 0 {
        let uncertain = volume(ledger.uncertain_nl);
        let line = format!("uncertain {uncertain}, which counts as given for every cap");
        story.line("given", &line);
    }
}

fn regimens(story: &mut Story, status: &Status) {
    let width = |text: fn(&pump_control::Regimen) -> &str| {
        let widths = status.regimens.iter().map(|one| text(one).chars().count());
        widths.max().unwrap_or(0).min(24)
    };
    let names = width(|one| &one.name);
    let strategies = width(|one| &one.strategy);
    for one in &status.regimens {
        let mut line = format!(
            "{:<names$}  {:<strategies$}  {}",
            printable(&one.name),
            printable(&one.strategy),
            printable(&one.basal)
        );
        if let Some(reason) = &one.narrowed_by {
            line.push_str(&format!(", narrowed: {}", reason_text(reason)));
        }
        if let Some(next) = &one.next_demand {
            line.push_str(&format!("; {}", next_demand(next)));
        }
        line.push_str(&match one.link.as_str() {
            "live" => String::new(),
            "given-up" => "; its strategy was lost too often and stays so until arming".into(),
            link => format!("; its strategy: {}", printable(link)),
        });
        if one.respawns > 0 {
            let times = plural(one.respawns, "time");
            line.push_str(&format!("; started again {times}"));
        }
        story.line("regimens", &line);
    }
}

/// In whole seconds, a begun one counted: tenths would only flicker.
pub(crate) fn next_demand(next: &NextDemand) -> String {
    let reason = next.reason.as_deref().map(printable);
    let because = reason.map_or_else(String::new, |reason| format!(" ({reason})"));
    match next.in_ns {
        Some(0) => "next demand now".to_owned(),
        Some(ns) => {
            let whole = ns.div_ceil(NS_PER_S).saturating_mul(NS_PER_S);
            format!("next demand in {}{because}", time(whole))
        }
        None => format!("next demand never{because}"),
    }
}

fn boluses(story: &mut Story, status: &Status) {
    if let Some(bolus) = &status.bolus {
        let whose = bolus.regimen.as_deref().unwrap_or("the operator");
        let mut line = format!(
            "{} of {}, {}: {} of {}",
            printable(&bolus.kind),
            printable(whose),
            printable(&bolus.outcome),
            volume(bolus.delivered_nl),
            volume(bolus.volume_nl)
        );
        if let Some(reason) = &bolus.reason {
            line.push_str(&format!(" ({})", reason_text(reason)));
        }
        story.line("bolus", &line);
    }
    let demands = &status.demands;
    if demands.attempted > 0 {
        let times = plural(demands.attempted, "time");
        let line = format!("pressed {times}, given {}", count(demands.given));
        story.line("demands", &line);
    }
    let refused: Vec<String> = refused(&demands.refused);
    story.some("refused", &refused);
}

fn refused(reasons: &BTreeMap<String, u64>) -> Vec<String> {
    let mut reasons: Vec<_> = reasons.iter().filter(|(_, number)| **number > 0).collect();
    reasons.sort_by_key(|(_, number)| std::cmp::Reverse(**number));
    let line = |(name, number): &(&String, &u64)| {
        format!("{} {}", count(**number), reason_text(name.as_str()))
    };
    reasons.iter().map(line).collect()
}

/// A reason's name and what it means, where this version knows it.
fn reason_text(name: &str) -> String {
    match Reason::ALL.iter().find(|reason| reason.name() == name) {
        Some(reason) => format!("{name}: {}", reason.text()),
        None => printable(name),
    }
}

/// The head is shown whole: who writes it down can hold the journal against it later.
fn journal(story: &mut Story, status: &Status, paint: &Paint) {
    let Some(journal) = &status.journal else {
        return;
    };
    let commits = plural(journal.commits, "commit");
    let head = printable(&journal.head);
    story.line("journal", &format!("{commits}; head {head}"));
    if let Some(trouble) = &journal.trouble {
        story.line("journal", &paint.red(&printable(trouble)));
    }
    if let Some(fix) = &journal.fix {
        story.line("journal", &format!("help: {}", printable(fix)));
    }
}

fn health(story: &mut Story, status: &Status, paint: &Paint) {
    let health = &status.health;
    let ticks = plural(health.ticks, "tick");
    let state = match (health.alive, health.braked) {
        (true, false) => "alive".to_owned(),
        (true, true) => paint.red("alive, but the motor is cut off"),
        (false, _) => {
            let age = time(health.age_ns);
            paint.red(&format!("not alive: it last showed itself {age} ago"))
        }
    };
    story.line("loop", &format!("{state}, {ticks}"));
    let dropped = health.lane_drops.iter().filter(|(_, number)| **number > 0);
    let mut wrong: Vec<String> = dropped
        .map(|(lane, number)| {
            let times = plural(*number, "message");
            format!("{times} did not fit into the lane {}", printable(lane))
        })
        .collect();
    if health.forbidden_allocations > 0 {
        let times = plural(health.forbidden_allocations, "allocation");
        wrong.push(format!("{times} where none may be"));
    }
    if health.refused_edges > 0 {
        let edges = plural(health.refused_edges, "edge");
        wrong.push(format!("the kernel refused {edges}"));
    }
    if let Some(after) = health.cut_after_ns {
        wrong.push(format!(
            "the sentinel has cut the motor off, {} after the loop's last sign of life",
            time(after)
        ));
    }
    for line in wrong {
        story.line("loop", &paint.red(&line));
    }
}
