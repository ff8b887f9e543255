//! The preflight: what must be so before anything is armed.
//!
//! Each check is a small function with a name of its own, in one list; a folder of files holds
//! them by subject. A red one refuses to arm; it is never a warning. What only a real pump
//! needs is skipped on a simulated one. The same list is gone through again while the pump
//! runs (W07): what has turned red since is the alarm `self-test-failed`.

mod clocks;
mod disk;
mod lateness;
mod lines;
mod memory;
mod pins;
mod processor;
mod scheduling;
mod threads;
mod watchdog;

use std::path::PathBuf;
use std::sync::Arc;

use pump_control::{Check, CheckState};
use pump_core::quantity::Nanoseconds;

use crate::indicators::Wired;
use crate::journal::disk::DiskStatus;
use crate::rig::Lines;
use crate::vitals::Vitals;

pub(crate) use pins::Pin;
pub(crate) use watchdog::Watched;

/// What the checks look at, the same for the daemon's life.
pub(crate) struct Site {
    pub(crate) simulated: bool,
    /// Whether real-time scheduling was asked for at all.
    pub(crate) realtime: bool,
    /// What the real-time threads were refused, in words; empty: nothing.
    pub(crate) refusals: Vec<String>,
    pub(crate) vitals: Arc<Vitals>,
    pub(crate) lines: Lines,
    /// Which lights there are, and whether there is a buzzer.
    pub(crate) wired: Wired,
    pub(crate) watched: Watched,
    /// Why the processor's deep sleep could not be forbidden; `None`: it is.
    pub(crate) deep_sleep: Option<String>,
    pub(crate) disk: Arc<DiskStatus>,
    pub(crate) state_dir: PathBuf,
    /// The shortest interval between two steps that the device can be asked for.
    pub(crate) shortest: Nanoseconds,
}

/// What is to be armed, or is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Aim {
    /// The files that it was checked against.
    pub(crate) pins: Vec<Pin>,
    /// The shortest interval between two of its steps; `None`: nothing is asked for yet.
    pub(crate) shortest: Option<Nanoseconds>,
}

/// What a check has found.
enum Finding {
    Green(String),
    Red { found: String, fix: String },
    Skipped(String),
}

type Run = fn(&Site, &Aim) -> Finding;

/// The checks, in the order in which they are shown.
const CHECKS: &[(&str, Run)] = &[
    ("rt-kernel", scheduling::rt_kernel),
    ("fifo-granted", scheduling::fifo_granted),
    ("rt-throttle", scheduling::rt_throttle),
    ("memory-locked", memory::locked),
    ("no-allocation", memory::no_allocation),
    ("processor-awake", processor::awake),
    ("gpio-lines", lines::opened),
    ("indicators", lines::indicators),
    ("watchdog", watchdog::running),
    ("loop-alive", threads::loop_alive),
    ("threads-alive", threads::all_alive),
    ("clock-known", clocks::known),
    ("disk-space", disk::space),
    ("disk-sync", disk::sync),
    ("journal", disk::journal),
    ("files-pinned", pins::unchanged),
    ("lateness", lateness::fits),
];

/// Runs every check.
pub(crate) fn run(site: &Site, aim: &Aim) -> Vec<Check> {
    let checks = CHECKS.iter().map(|(name, run)| {
        let (state, found, fix) = match run(site, aim) {
            Finding::Green(found) => (CheckState::Green, found, None),
            Finding::Red { found, fix } => (CheckState::Red, found, Some(fix)),
            Finding::Skipped(why) => (CheckState::Skipped, why, None),
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

fn green(found: impl Into<String>) -> Finding {
    Finding::Green(found.into())
}

fn red(found: impl Into<String>, fix: impl Into<String>) -> Finding {
    Finding::Red {
        found: found.into(),
        fix: fix.into(),
    }
}

/// What a real pump can't do without, and a simulated one can.
fn only_real(site: &Site, finding: Finding) -> Finding {
    match finding {
        Finding::Red { found, .. } if site.simulated => {
            Finding::Skipped(format!("not needed: the pump is simulated ({found})"))
        }
        other => other,
    }
}
