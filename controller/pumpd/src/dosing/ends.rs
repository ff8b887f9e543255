//! The lanes of the loop: what it hears, and where it speaks to.

use pump_core::order::Snapshot;
use pump_core::prescription::MAX_REGIMENS;
use pump_lane::{Consumer, Producer};

use crate::messages::{Credit, FromLink, Lines, News, Record, Task, Waits};

/// The loop's ends of the lanes.
pub(crate) struct Ends {
    pub(crate) tasks: Consumer<Task>,
    pub(crate) news: Producer<News>,
    pub(crate) waits: Producer<Waits>,
    pub(crate) lines: Consumer<Lines>,
    pub(crate) records: Producer<Record>,
    pub(crate) credits: Consumer<Credit>,
    pub(crate) links: [LinkEnds; MAX_REGIMENS],
}

/// Those that the loop reads and writes itself.
pub(super) struct LoopEnds {
    pub(super) tasks: Consumer<Task>,
    pub(super) news: Producer<News>,
    pub(super) waits: Producer<Waits>,
    pub(super) lines: Consumer<Lines>,
    pub(super) credits: Consumer<Credit>,
    pub(super) links: [LinkEnds; MAX_REGIMENS],
}

impl Ends {
    /// The records are the recorded control law's, the rest is the loop's.
    pub(super) fn split(self) -> (Producer<Record>, LoopEnds) {
        let Self {
            tasks,
            news,
            waits,
            lines,
            records,
            credits,
            links,
        } = self;
        let rest = LoopEnds {
            tasks,
            news,
            waits,
            lines,
            credits,
            links,
        };
        (records, rest)
    }
}

/// One regimen's.
pub(crate) struct LinkEnds {
    pub(crate) snapshots: Producer<Snapshot>,
    pub(crate) from: Consumer<FromLink>,
}
