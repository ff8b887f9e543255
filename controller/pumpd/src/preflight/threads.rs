//! Are the daemon's own threads alive?

use std::sync::atomic::Ordering;

use pump_rt::clock;

use crate::vitals::{LOOP_STALE, Stalled};

use super::{Aim, Finding, Site, green, red};

const AGAIN: &str = "restart pumpd; if it comes again, look into its log";

pub(super) fn loop_alive(site: &Site, _: &Aim) -> Finding {
    let age = site.vitals.pump_loop.age(clock::now());
    if age > LOOP_STALE {
        return red(
            format!("the loop was last seen {} ms ago", age.0 / 1_000_000),
            AGAIN,
        );
    }
    let wakes = site.vitals.wakes.load(Ordering::Relaxed);
    green(format!("the loop runs: {wakes} wake-ups so far"))
}

pub(super) fn all_alive(site: &Site, _: &Aim) -> Finding {
    let threads = [
        (Stalled::Inputs, "inputs"),
        (Stalled::Journal, "journal or disk"),
        (Stalled::Link, "strategy-link"),
    ];
    let hangs = threads
        .iter()
        .find(|(which, _)| site.vitals.is_stalled(*which));
    match hangs {
        Some((_, name)) => red(format!("the thread {name} does not show itself"), AGAIN),
        None => green("inputs, journal, disk and the links show themselves"),
    }
}
