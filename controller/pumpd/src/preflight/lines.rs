//! Are the pump's lines there, and how long does a change of one take?

use super::{Aim, Finding, Site, green, red};

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
