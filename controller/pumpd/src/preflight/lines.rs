//! Are the pump's lines there, and how long does a change of one take?

use pump_core::alarm::Priority;
use pump_core::quantity::Nanoseconds;
use pump_rt::clock;

use super::{Aim, Finding, Site, green, red};

/// The thread of lights and buzzer shows itself fifty times in this.
const INDICATORS_STALE: Nanoseconds = Nanoseconds::from_secs(1);

/// They were opened and driven at the start, or pumpd would not run. A STEP line that takes
/// longer than this part of the shortest interval leaves no time for anything else.
const MOST_OF_INTERVAL: u64 = 4;

pub(super) fn opened(site: &Site, aim: &Aim) -> Finding {
    if site.simulated {
        return Finding::Skipped("not needed: the pump is simulated".to_owned());
    }
    let lines = &site.lines;
    let shortest = aim.shortest.unwrap_or(site.shortest);
    let (took, most) = (lines.change.0, shortest.0 / MOST_OF_INTERVAL);
    if took > most {
        return red(
            format!(
                "a change of the STEP line took {} µs, and steps are {} µs apart at most often",
                took / 1_000,
                shortest.0 / 1_000
            ),
            "lower max_step_rate of the device's file, or use lines of the processor itself",
        );
    }
    let absent = match lines.absent.as_slice() {
        [] => String::new(),
        absent => format!("; the rig has no {}", absent.join(", ")),
    };
    green(format!(
        "{}; a change takes {} µs{absent}",
        lines.opened.join(", "),
        took / 1_000
    ))
}

/// Can an alarm be seen and heard? A rig need not have lights or a buzzer; those that it has must
/// do as they are told.
pub(super) fn indicators(site: &Site, _: &Aim) -> Finding {
    if !site.wired.any() {
        return Finding::Skipped("the rig has none: its alarms are told, not seen or heard".into());
    }
    let vitals = &site.vitals;
    let age = vitals.indicators.age(clock::now());
    if age > INDICATORS_STALE {
        return red(
            format!("their thread was last seen {} ms ago", age.0 / 1_000_000),
            "look into the daemon's log and at their GPIO chip, then restart pumpd",
        );
    }
    if let Some(error) = vitals.signals.trouble() {
        return red(
            format!("one of their lines did not do as it was told: {error}"),
            "see [indicators] of the device's file and the wiring, then restart pumpd",
        );
    }
    let lights = [
        (Priority::High, "the light of high alarms"),
        (Priority::Medium, "that of medium ones"),
        (Priority::Low, "that of low ones"),
    ];
    let lights = lights
        .iter()
        .filter(|(priority, _)| site.wired.light(*priority));
    let buzzer = site.wired.buzzer.then_some("the buzzer");
    let all: Vec<&str> = lights.map(|(_, name)| *name).chain(buzzer).collect();
    green(format!("{}; `alarm-test` shows them", all.join(", ")))
}
