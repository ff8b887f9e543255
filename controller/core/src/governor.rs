//! The governor: what a bolus must pass before a single step of it is given.
//!
//! It only narrows. A basal is held down to its regimen's envelope; a bolus is granted
//! whole or refused under the first of these reasons that applies, in this order:
//!
//! 1. the pump's state: `alarm`, `paused`, `vtbi`, `stopped`
//! 2. `bolus-running`
//! 3. for a demand: `lockout`, then the counts (`max-per-1h`, `max-per-24h`, …)
//! 4. for a demand: what the strategy says, or `lease` where it has no live order
//! 5. `envelope`: what the prescription lets this regimen give
//! 6. `max-bolus`, `too-small`, `max-rate`; and `max-per-24h` where the pump can't remember
//!    another start
//! 7. `window-1h`, `window-4h`, `window-24h`, for the volume and for each drug
//! 8. `vtbi`, `reservoir`
//! 9. `credit-late`, when the journal does not make it durable in time
//!
//! What follows for several regimens side by side, who is given and who is refused where they
//! meet, is in the documentation of `strategy-sdk`, for those who write strategies.
//!
//! The windows' check is a promise about every later instant, not a look at the present:
//! a bolus passes only if the basal, run at the most that all envelopes allow, can't push
//! any window over its cap afterwards (I4). That is why a running basal never has to be
//! narrowed for a bolus that was given before it.

use crate::bolus::BolusKind;
use crate::delivery::LONGEST_STRETCH;
use crate::order::{BolusRequest, RegimenId};
use crate::prescription::{LONGEST_BOLUS, Prescription};
use crate::pump::{Pump, State};
use crate::quantity::{MonoNs, Nanoseconds, Rate, Steps};
use crate::reason::Reason;
use crate::twin::{Twin, broken};

/// A bolus somebody asks for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ask {
    pub(crate) kind: BolusKind,
    /// `None`: the operator.
    pub(crate) regimen: Option<RegimenId>,
    pub(crate) request: BolusRequest,
}

impl Pump {
    /// Rules 1 to 3, which need no volume.
    pub(crate) fn judge_state(
        &self,
        now: MonoNs,
        kind: BolusKind,
        regimen: Option<RegimenId>,
    ) -> Result<(), Reason> {
        match self.state {
            State::Infusing => {}
            State::Faulted => return Err(Reason::Alarm),
            State::Paused => return Err(Reason::Paused),
            State::Complete => return Err(Reason::Vtbi),
            State::Disarmed | State::Armed | State::Stopped => return Err(Reason::Stopped),
        }
        let scheduled = |kind: BolusKind| kind == BolusKind::Scheduled;
        let preempts = matches!(kind, BolusKind::Demand | BolusKind::Clinician);
        let busy = match self.running {
            None => false,
            Some(running) => !(preempts && scheduled(running.kind) && self.suspended.is_none()),
        };
        if self.pending.is_some() || busy || (!preempts && self.suspended.is_some()) {
            return Err(Reason::BolusRunning);
        }
        if kind == BolusKind::Demand && !broken(Twin::LockoutIgnored) {
            let envelope = self.demand_envelope(regimen).ok_or(Reason::Envelope)?;
            self.memory.boluses.allows(&envelope, now)?;
        }
        Ok(())
    }

    /// Rules 5 to 8. The steps to give.
    pub(crate) fn judge_volume(
        &self,
        now: MonoNs,
        p: &Prescription,
        ask: &Ask,
    ) -> Result<Steps, Reason> {
        if !broken(Twin::EnvelopeIgnored) {
            self.judge_envelope(p, ask)?;
        }
        if ask.request.volume > p.max_bolus {
            return Err(Reason::MaxBolus);
        }
        let steps = ask
            .request
            .volume
            .steps(p.volume_per_step)
            .ok_or(Reason::MaxBolus)?;
        if steps == Steps::ZERO {
            return Err(Reason::TooSmall);
        }
        if ask.request.over > LONGEST_BOLUS {
            return Err(Reason::Envelope);
        }
        if ask.request.over == Nanoseconds::ZERO {
            return Err(Reason::MaxRate);
        }
        if ask.kind != BolusKind::Scheduled && !self.memory.boluses.has_room(now) {
            return Err(Reason::MaxPer24h);
        }
        let grid = self
            .planner
            .as_ref()
            .map(|planner| planner.grid())
            .ok_or(Reason::Stopped)?;
        let asked = grid.parts(steps).ok_or(Reason::MaxBolus)?;
        let room = self.highest.less(self.basal);
        if room
            .time_for(asked)
            .is_none_or(|stretched| stretched > LONGEST_STRETCH)
        {
            return Err(Reason::MaxRate);
        }
        let unfinished = self
            .unfinished()
            .checked_add(asked)
            .ok_or(Reason::MaxBolus)?;
        self.judge_windows(now, p, unfinished)?;

        let unfinished = grid.steps_up(unfinished);
        let issued = self.issued();
        if p.vtbi
            .is_some_and(|vtbi| issued.saturating_add(unfinished) > vtbi)
        {
            return Err(Reason::Vtbi);
        }
        if unfinished > self.memory.content().saturating_sub(p.reservoir.empty) {
            return Err(Reason::Reservoir);
        }
        Ok(steps)
    }

    fn judge_envelope(&self, p: &Prescription, ask: &Ask) -> Result<(), Reason> {
        let request = &ask.request;
        let Some(id) = ask.regimen else {
            let largest = p.max_clinician_bolus.ok_or(Reason::Envelope)?;
            return if request.volume > largest {
                Err(Reason::MaxBolus)
            } else {
                Ok(())
            };
        };
        let regimen = self.regimen(id).ok_or(Reason::Envelope)?;
        let envelope = regimen.envelope.bolus.ok_or(Reason::Envelope)?;
        let fastest = Rate::of(envelope.max, envelope.over).ok_or(Reason::Envelope)?;
        let asked = Rate::of(request.volume, request.over).ok_or(Reason::Envelope)?;
        let allowed = regimen.may_give(ask.kind, self.now);
        if request.volume > envelope.max || asked > fastest || !allowed {
            return Err(Reason::Envelope);
        }
        Ok(())
    }

    /// The promise of I4, with `unfinished` parts of boluses still to come.
    pub(crate) fn judge_windows(
        &self,
        now: MonoNs,
        p: &Prescription,
        unfinished: u128,
    ) -> Result<(), Reason> {
        let Some(planner) = &self.planner else {
            return Err(Reason::Stopped);
        };
        let grid = planner.grid();
        // An edge that is due and not yet issued is in no window, and is still to come.
        let open = grid.parts(Steps(self.open_edges()));
        let unfinished = open.map_or(u128::MAX, |open| unfinished.saturating_add(open));
        let basal = if broken(Twin::BasalForgotten) {
            crate::grid::Flow::ZERO
        } else {
            p.basal_flow(grid)
        };
        self.memory.promise(now, p, |room, elapsed| {
            // A room beyond what the grid can count is no limit.
            let Some(room) = grid.parts(room) else {
                return true;
            };
            let to_come = basal
                .over(elapsed)
                .and_then(|flow| flow.checked_add(unfinished));
            to_come.is_some_and(|parts| parts <= room)
        })
    }

    /// Parts of all boluses that are let through and not yet given.
    pub(crate) fn unfinished(&self) -> u128 {
        let running = self
            .planner
            .as_ref()
            .map_or(0, |planner| planner.bolus_left());
        let suspended = self.suspended.map_or(0, |bolus| bolus.left);
        let pending = self.pending.map_or(0, |pending| pending.bolus.left);
        running.saturating_add(suspended).saturating_add(pending)
    }
}
