//! Faults on purpose, to see that they are noticed: a thread that stands still or spins.
//!
//! Only a simulated pump has them. `--fault loop=spin@5s+300ms`: five seconds after the start
//! the loop spins for 300 ms.

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};

use pump_core::quantity::{MonoNs, Nanoseconds};
use pump_prescription::read_span;
use pump_rt::clock;

use crate::vitals::Vitals;

/// The thread that fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Victim {
    Loop,
    Inputs,
    /// Of the regimen at this place.
    Link(usize),
    Journal,
    Disk,
    Control,
    Indicators,
}

/// How it fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    Stall,
    Spin,
    Panic,
}

/// One fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    victim: Victim,
    manner: Manner,
    after: Nanoseconds,
    lasts: Nanoseconds,
}

/// A text that is no fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NoFault;

impl fmt::Display for NoFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "a fault is THREAD=MANNER@AFTER+FOR: loop=spin@5s+300ms; threads: loop, inputs, \
             link-0 to link-3, journal, disk, control, indicators; manners: stall, spin, panic",
        )
    }
}

impl std::error::Error for NoFault {}

impl FromStr for Fault {
    type Err = NoFault;

    fn from_str(text: &str) -> Result<Self, NoFault> {
        let (victim, rest) = text.split_once('=').ok_or(NoFault)?;
        let (manner, rest) = rest.split_once('@').ok_or(NoFault)?;
        let (after, lasts) = rest.split_once('+').ok_or(NoFault)?;
        Ok(Self {
            victim: match victim {
                "loop" => Victim::Loop,
                "inputs" => Victim::Inputs,
                "link-0" => Victim::Link(0),
                "link-1" => Victim::Link(1),
                "link-2" => Victim::Link(2),
                "link-3" => Victim::Link(3),
                "journal" => Victim::Journal,
                "disk" => Victim::Disk,
                "control" => Victim::Control,
                "indicators" => Victim::Indicators,
                _ => return Err(NoFault),
            },
            manner: match manner {
                "stall" => Manner::Stall,
                "spin" => Manner::Spin,
                "panic" => Manner::Panic,
                _ => return Err(NoFault),
            },
            after: read_span(after).map_err(|_| NoFault)?,
            lasts: read_span(lasts).map_err(|_| NoFault)?,
        })
    }
}

/// All faults of a run; usually none.
#[derive(Debug)]
pub(crate) struct Faults {
    began: MonoNs,
    list: Vec<(Fault, AtomicBool)>,
}

impl Faults {
    pub(crate) fn new(began: MonoNs, list: Vec<Fault>) -> Self {
        let list = list
            .into_iter()
            .map(|fault| (fault, AtomicBool::new(false)));
        Self {
            began,
            list: list.collect(),
        }
    }

    /// A thread passes here in each of its turns, and may stay.
    pub(crate) fn visit(&self, victim: Victim, now: MonoNs, vitals: &Vitals) {
        for (fault, done) in &self.list {
            let due = self.began.after(fault.after);
            if fault.victim != victim || now < due || done.swap(true, Ordering::Relaxed) {
                continue;
            }
            assert!(fault.manner != Manner::Panic, "a fault on purpose");
            let until = now.after(fault.lasts);
            while clock::now() < until && !vitals.is_ending() {
                if fault.manner == Manner::Stall {
                    let soon = clock::now().after(Nanoseconds::from_millis(10));
                    clock::sleep_until(soon.min(until));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_read_and_nonsense_is_not() {
        let fault: Fault = "loop=spin@5s+300ms".parse().expect("a fault");
        assert_eq!(fault.victim, Victim::Loop);
        assert_eq!(fault.lasts, Nanoseconds::from_millis(300));
        for nonsense in [
            "",
            "loop",
            "loop=spin",
            "loop=jump@1s+1s",
            "heart=stall@1s+1s",
            "link-4=stall@1s+1s",
        ] {
            assert_eq!(nonsense.parse::<Fault>(), Err(NoFault), "{nonsense}");
        }
    }
}
