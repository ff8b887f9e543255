//! The preflight: what must be so before anything is armed.
//!
//! Each check is a small function with a name of its own, in one list. A red one refuses to
//! arm; it is never a warning. What only a real pump needs is skipped on a simulated one.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use pump_control::{Check, CheckState};
use pump_core::quantity::Nanoseconds;
use pump_rt::{clock, memory, report};

use crate::vitals::Vitals;

/// What the checks look at.
pub(crate) struct Site {
    pub(crate) simulated: bool,
    /// Whether real-time scheduling was asked for at all.
    pub(crate) realtime: bool,
    /// What the real-time threads were refused, in words; empty: nothing.
    pub(crate) refusals: Vec<String>,
    pub(crate) vitals: Arc<Vitals>,
}

/// What a check has found.
enum Finding {
    Green(String),
    Red { found: String, fix: String },
    Skipped(&'static str),
}

type Run = fn(&Site) -> Finding;

/// The checks, in the order in which they are shown.
const CHECKS: &[(&str, Run)] = &[
    ("rt-kernel", rt_kernel),
    ("fifo-granted", fifo_granted),
    ("rt-throttle", rt_throttle),
    ("memory-locked", memory_locked),
    ("loop-alive", loop_alive),
    ("no-allocation", no_allocation),
    ("journal", journal),
];

const SIMULATED: &str = "not needed: the pump is simulated";

/// Runs every check.
pub(crate) fn run(site: &Site) -> Vec<Check> {
    let checks = CHECKS.iter().map(|(name, run)| {
        let (state, found, fix) = match run(site) {
            Finding::Green(found) => (CheckState::Green, found, None),
            Finding::Red { found, fix } => (CheckState::Red, found, Some(fix)),
            Finding::Skipped(why) => (CheckState::Skipped, why.to_owned(), None),
        };
        Check {
            name: (*name).to_owned(),
            state,
            found,
            fix,
        }
    });
    checks.collect()
}

fn red(found: impl Into<String>, fix: impl Into<String>) -> Finding {
    Finding::Red {
        found: found.into(),
        fix: fix.into(),
    }
}

fn rt_kernel(site: &Site) -> Finding {
    if report::is_preempt_rt() {
        Finding::Green("the kernel is a PREEMPT_RT one".to_owned())
    } else if site.simulated {
        Finding::Skipped(SIMULATED)
    } else {
        red(
            "the kernel is not a PREEMPT_RT one",
            "boot a PREEMPT_RT kernel: on Debian `apt-get install linux-image-rt-armmp`",
        )
    }
}

fn fifo_granted(site: &Site) -> Finding {
    match site.refusals.first() {
        None if !site.realtime => Finding::Skipped(SIMULATED),
        None => Finding::Green("every thread has the policy and priority of the table".to_owned()),
        Some(_) if site.simulated => Finding::Skipped(SIMULATED),
        Some(refusal) => red(
            refusal,
            "run pumpd from its unit, or give it LimitRTPRIO=90 (`ulimit -r 90`)",
        ),
    }
}

fn rt_throttle(_: &Site) -> Finding {
    match report::throttle() {
        Ok(throttle) => match throttle.runtime_us {
            Some(runtime) => Finding::Green(format!(
                "real-time threads may run for {runtime} µs of each {} µs",
                throttle.period_us
            )),
            None => Finding::Green("it is off: real-time threads may run for ever".to_owned()),
        },
        Err(error) => red(
            format!("it can't be read: {error}"),
            "mount /proc where pumpd can read it",
        ),
    }
}

fn memory_locked(site: &Site) -> Finding {
    match memory::locked_kb() {
        Ok(kb) if kb > 0 => Finding::Green(format!("{kb} kB are locked")),
        _ if site.simulated => Finding::Skipped(SIMULATED),
        _ => red(
            "the daemon's memory is not locked",
            "run pumpd from its unit, or give it LimitMEMLOCK=infinity (`ulimit -l unlimited`)",
        ),
    }
}

fn loop_alive(site: &Site) -> Finding {
    let age = site.vitals.pump_loop.age(clock::now());
    if age > Nanoseconds::from_millis(50) {
        return red(
            format!("the loop was last seen {} ms ago", age.0 / 1_000_000),
            "restart pumpd; if it comes again, look into its log",
        );
    }
    let wakes = site.vitals.wakes.load(Ordering::Relaxed);
    Finding::Green(format!("the loop runs: {wakes} wake-ups so far"))
}

fn no_allocation(_: &Site) -> Finding {
    match pump_rt::guard::violations() {
        0 => Finding::Green("no thread has allocated that must not".to_owned()),
        count => red(
            format!("a real-time thread has allocated {count} times"),
            "restart pumpd, and report it as a fault of pumpd",
        ),
    }
}

fn journal(site: &Site) -> Finding {
    if site.simulated {
        return Finding::Skipped("not needed: a simulated pump lives by credit in memory");
    }
    red(
        "there is no durable journal yet, and no step of a real pump without one",
        "use --sim; this version drives no real pump",
    )
}
