//! What was given of one arming.

use pump_journal::Stamp;
use pump_prescription::Exact;

use crate::fact::{Ledger, Started, Status};
use crate::runs::Papers;

/// One arming within a stretch of the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) papers: Papers,
    /// Nanolitres in a step.
    pub(crate) per_step: Exact,
    /// When it was armed.
    pub(crate) armed: Stamp,
    /// What had been given when the stretch began.
    pub(crate) opening: Ledger,
    /// What had been given when that was said last, and when that was.
    pub(crate) closing: Ledger,
    pub(crate) told: Option<Stamp>,
    /// The last that was said of how things are.
    pub(crate) status: Option<Status>,
    /// What ended it; `None`: it goes on.
    pub(crate) ended: Option<&'static str>,
}

impl Part {
    /// One that begins here.
    pub(super) fn begun(papers: &Papers, armed: Stamp) -> Self {
        Self {
            per_step: papers.nl_per_step.0,
            papers: papers.clone(),
            armed,
            opening: Ledger::default(),
            closing: Ledger::default(),
            told: None,
            status: None,
            ended: None,
        }
    }

    /// One that was armed before, of which this was said last before the stretch.
    pub(crate) fn going_on(papers: &Papers, armed: Stamp, status: Option<(Status, Stamp)>) -> Self {
        let mut part = Self::begun(papers, armed);
        if let Some((status, stamp)) = status {
            part.know(&status, stamp);
            part.opening = part.closing;
        }
        part
    }

    /// How things are.
    pub(super) fn know(&mut self, status: &Status, stamp: Stamp) {
        if status.arming != self.papers.arming {
            return;
        }
        if let Some(ledger) = status.ledger {
            self.closing = ledger;
            self.told = Some(stamp);
        }
        self.status = Some(status.clone());
    }

    /// The daemon came back. What was durable may be newer than what was said last, and what
    /// is not known is booked now.
    pub(super) fn come_back(&mut self, started: &Started) {
        if matches!(self.ended, Some("armed-anew" | "disarmed" | "cut-off")) {
            return;
        }
        let known = self
            .closing
            .delivered
            .saturating_add(self.closing.uncertain);
        let more = started.issued_steps.saturating_sub(known);
        let ledger = &mut self.closing;
        ledger.delivered = ledger.delivered.saturating_add(more);
        ledger.uncertain = ledger.uncertain.saturating_add(started.uncertain_steps);
        let left = more.saturating_add(started.uncertain_steps);
        ledger.reservoir = ledger.reservoir.saturating_sub(left);
    }

    /// What was given within the stretch; the reservoir is what it holds at the end.
    pub(crate) fn given(&self) -> Ledger {
        let (from, to) = (self.opening, self.closing);
        Ledger {
            commanded: to.commanded.saturating_sub(from.commanded),
            delivered: to.delivered.saturating_sub(from.delivered),
            missed: to.missed.saturating_sub(from.missed),
            uncertain: to.uncertain.saturating_sub(from.uncertain),
            displaced: to.displaced.saturating_sub(from.displaced),
            reservoir: to.reservoir,
        }
    }

    /// So many steps in nanolitres, exactly. `None`: it does not fit.
    pub(crate) fn volume(&self, steps: u64) -> Option<Exact> {
        self.per_step.times(Exact::whole(steps.into()))
    }
}
