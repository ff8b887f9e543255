//! Does the processor wake at once?

use super::{Aim, Finding, Site, green, only_real, red};

pub(super) fn awake(site: &Site, _: &Aim) -> Finding {
    let finding = match &site.deep_sleep {
        None => green("the processor sleeps no deeper than it wakes from at once"),
        Some(why) => red(
            format!("/dev/cpu_dma_latency can't be held: {why}"),
            "run pumpd from its unit, or let its user write to /dev/cpu_dma_latency",
        ),
    };
    only_real(site, finding)
}
