//! The planner: from granted flows to absolute edge times, with the remainder carried.
//!
//! The planner integrates the granted flows exactly, in parts of a step (see
//! [`crate::grid`]). Each time the integral passes a whole step, an edge falls **due**, at
//! the first nanosecond that is not early. Nothing is ever rounded and fed back, so there
//! is no drift: after any time, steps due = ⌊integral of the grants⌋ (I10).
//!
//! A bolus adds exactly its whole steps to the integral, wherever the basal's remainder
//! stands when it begins and ends, so the basal runs on as if it had not been there.
//!
//! The planner never plans past its limit, the step up to which volume is durable and
//! allowed (I1). At the limit the integral rests, so what could not be given is not owed.

use crate::grid::{Flow, Grid};
use crate::quantity::{MonoNs, Nanoseconds, Steps};
use crate::twin::{Twin, broken};

/// The part of the flow that is a bolus, and what of it is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct BolusFlow {
    flow: Flow,
    left: u128,
}

/// Integrates flows into due edges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Planner {
    grid: Grid,
    at: MonoNs,
    basal: Flow,
    bolus: Option<BolusFlow>,
    /// Whole steps commanded.
    due: u64,
    /// Parts commanded beyond them; less than a step.
    remainder: u128,
    limit: u64,
    newest_due: MonoNs,
    newest_gap: Nanoseconds,
}

/// The arithmetic left its range. Never seen in sane use; the pump stops on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OutOfRange;

impl Planner {
    pub(crate) const fn new(grid: Grid, at: MonoNs) -> Self {
        Self {
            grid,
            at,
            basal: Flow::ZERO,
            bolus: None,
            due: 0,
            remainder: 0,
            limit: 0,
            newest_due: at,
            newest_gap: Nanoseconds::MAX,
        }
    }

    pub(crate) const fn grid(&self) -> &Grid {
        &self.grid
    }

    /// Steps that have fallen due since the arming.
    pub(crate) const fn due(&self) -> Steps {
        Steps(self.due)
    }

    /// Parts commanded beyond the whole steps, and the parts in a step.
    pub(crate) const fn remainder(&self) -> (u128, u128) {
        (self.remainder, self.grid.parts_per_step())
    }

    /// When the newest due edge fell due.
    pub(crate) const fn newest_due(&self) -> MonoNs {
        self.newest_due
    }

    pub(crate) fn set_basal(&mut self, flow: Flow) {
        self.basal = flow;
    }

    /// Begins or goes on with a bolus of which `left` parts are to be given.
    pub(crate) fn set_bolus(&mut self, flow: Flow, left: u128) {
        self.bolus = Some(BolusFlow { flow, left });
    }

    pub(crate) fn set_bolus_flow(&mut self, flow: Flow) {
        if let Some(bolus) = &mut self.bolus {
            bolus.flow = flow;
        }
    }

    /// Ends the bolus. What was left of it.
    pub(crate) fn take_bolus(&mut self) -> u128 {
        self.bolus.take().map_or(0, |bolus| bolus.left)
    }

    /// What is left of the running bolus, in parts.
    pub(crate) fn bolus_left(&self) -> u128 {
        self.bolus.map_or(0, |bolus| bolus.left)
    }

    /// Never plans past this many steps.
    pub(crate) fn set_limit(&mut self, limit: Steps) {
        self.limit = limit.0;
    }

    pub(crate) const fn at_limit(&self) -> bool {
        self.due >= self.limit
    }

    /// What is granted, whether or not the limit lets it flow.
    pub(crate) fn granted(&self) -> Flow {
        self.basal
            .plus(self.bolus.map_or(Flow::ZERO, |bolus| bolus.flow))
    }

    /// When the bolus will have flowed whole, as things stand.
    pub(crate) fn bolus_ends_at(&self) -> MonoNs {
        let Some(bolus) = self.bolus else {
            return MonoNs::NEVER;
        };
        if bolus.left == 0 {
            return self.at;
        }
        if self.at_limit() {
            return MonoNs::NEVER;
        }
        match bolus.flow.time_for(bolus.left) {
            Some(span) => self.at.after(span),
            None => MonoNs::NEVER,
        }
    }

    /// When the next edge will fall due, as things stand.
    pub(crate) fn next_due(&self) -> MonoNs {
        if self.at_limit() {
            return MonoNs::NEVER;
        }
        let missing = self.grid.parts_per_step().saturating_sub(self.remainder);
        match self.granted().time_for(missing) {
            Some(span) => self.at.after(span),
            None => MonoNs::NEVER,
        }
    }

    /// The least time that must lie between the newest due edge and the one issued before:
    /// three quarters of the nominal interval.
    pub(crate) fn least_gap(&self) -> Nanoseconds {
        let nominal = match self.granted().time_for(self.grid.parts_per_step()) {
            Some(interval) if interval < self.newest_gap => interval,
            _ => self.newest_gap,
        };
        let quarter = nominal.0 >> 2;
        Nanoseconds(nominal.0.saturating_sub(quarter))
    }

    /// The steps, rounded up, that will fall due in `span` at the most, as things stand.
    pub(crate) fn ahead(&self, span: Nanoseconds) -> Option<Steps> {
        let (basal, bolus) = self.flowed(span)?;
        Some(self.grid.steps_up(basal.checked_add(bolus)?))
    }

    /// What basal and bolus add in `span`. In the nanosecond in which the bolus ends, only
    /// what is left of it flows.
    fn flowed(&self, span: Nanoseconds) -> Option<(u128, u128)> {
        let bolus = match self.bolus {
            Some(bolus) => bolus.flow.over(span)?.min(bolus.left),
            None => 0,
        };
        Some((self.basal.over(span)?, bolus))
    }

    /// Integrates up to `to`, which must not lie beyond [`Planner::bolus_ends_at`].
    pub(crate) fn advance(&mut self, to: MonoNs) -> Result<(), OutOfRange> {
        let span = to.since(self.at);
        let flow = self.granted();
        if span == Nanoseconds::ZERO || flow.is_zero() || self.at_limit() {
            self.at = self.at.max(to);
            return Ok(());
        }
        self.integrate(span, flow).ok_or(OutOfRange)?;
        self.at = to;
        Ok(())
    }

    fn integrate(&mut self, mut span: Nanoseconds, flow: Flow) -> Option<()> {
        let step = self.grid.parts_per_step();
        let (mut basal, mut bolus) = self.flowed(span)?;
        let mut total = self.remainder.checked_add(basal)?.checked_add(bolus)?;
        let room = self.limit.saturating_sub(self.due);
        if total >= step && self.grid.whole_steps(total) > room {
            // The limit's edge lies before the end of the span: flow up to it, then rest.
            let parts = self.grid.parts(Steps(room))?.saturating_sub(self.remainder);
            span = flow.time_for(parts)?;
            (basal, bolus) = self.flowed(span)?;
            total = self.remainder.checked_add(basal)?.checked_add(bolus)?;
        }
        if let Some(running) = &mut self.bolus {
            running.left = running.left.checked_sub(bolus)?;
        }
        if total < step {
            self.remainder = total;
            return Some(());
        }
        let whole = self.grid.whole_steps(total);
        self.due = self.due.checked_add(whole)?;
        self.remainder = total.checked_sub(step.checked_mul(u128::from(whole))?)?;
        if broken(Twin::RemainderDropped) {
            self.remainder = 0;
        }
        self.note_due(self.at.after(span), flow, whole);
        Some(())
    }

    /// Remembers when the newest of `whole` edges that fell due by `by` did so, and how far
    /// it nominally lies from the one before.
    fn note_due(&mut self, by: MonoNs, flow: Flow, whole: u64) {
        let before = |parts: u128| {
            parts
                .checked_div(flow.0)
                .and_then(|ns| u64::try_from(ns).ok())
        };
        let newest = MonoNs(by.0.saturating_sub(before(self.remainder).unwrap_or(0)));
        self.newest_gap = if whole > 1 {
            flow.time_for(self.grid.parts_per_step())
                .unwrap_or(Nanoseconds::MAX)
        } else {
            newest.since(self.newest_due)
        };
        self.newest_due = newest;
    }
}
