//! Is the loop punctual enough for the steps that it is asked for?

use super::{Aim, Finding, Site, green, only_real, red};

/// So many wake-ups make a figure: a second of the loop.
const ENOUGH: u64 = 100;

/// What is late by less than a quarter of an interval keeps its place; one that is late by a
/// whole interval is missed (DESIGN 6, I6).
pub(super) fn fits(site: &Site, aim: &Aim) -> Finding {
    let seen = site.vitals.wake_lateness.snapshot();
    if seen.count < ENOUGH {
        let young = red(
            "the loop has not run for a second yet",
            "wait a second, then try again",
        );
        return only_real(site, young);
    }
    let shortest = aim.shortest.unwrap_or(site.shortest);
    let us = |ns: u64| ns / 1_000;
    let found = format!(
        "steps are {} µs apart or more; of {} wake-ups 99.9 % were late by {} µs at most, one \
         by {} µs",
        us(shortest.0),
        seen.count,
        us(seen.p999.0),
        us(seen.max.0)
    );
    if seen.p999.0.saturating_mul(4) <= shortest.0 && seen.max < shortest {
        return green(found);
    }
    only_real(
        site,
        red(
            found,
            "lower the highest rate, or see what keeps the loop from running: `pumpctl latency`, \
             which also begins the figures anew",
        ),
    )
}
