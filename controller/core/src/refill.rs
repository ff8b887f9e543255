//! Filling the reservoir, and what was found in it before (W06).
//!
//! What is found is held against the ledger. The rule: they may differ by a twentieth of the
//! reservoir's volume and by no more than 2 mL, in either direction. So 1 mL is allowed of a
//! reservoir of 20 mL and 2 mL of 40 mL, in between the share between them, of a smaller one
//! the same share, and of a larger one no more. What differs by more stays a cause that keeps
//! the pump from starting until somebody answers for it, over armings and restarts.

use crate::alarm::Alarm;
use crate::event::EventKind;
use crate::pump::{Pump, State};
use crate::quantity::{MonoNs, Steps, Volume};
use crate::reason::Reason;
use crate::twin::{Twin, broken};

/// The share of the reservoir's volume by which residue and ledger may differ.
const SHARE: u64 = 20;
/// The most by which they may.
const MOST: Volume = Volume::from_nl(2_000_000);

/// What was found in the reservoir, and what the ledger had in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Residue {
    /// What was found.
    pub measured: Steps,
    /// What the ledger had.
    pub expected: Steps,
}

impl Residue {
    /// Whether the two differ by more than may be, of a reservoir that holds `capacity`.
    pub fn differs(&self, capacity: Steps, volume_per_step: Volume) -> bool {
        self.measured.0.abs_diff(self.expected.0) > allowed(capacity, volume_per_step).0
    }
}

/// By how much residue and ledger may differ, of a reservoir that holds `capacity`: whole
/// steps, rounded down.
pub fn allowed(capacity: Steps, volume_per_step: Volume) -> Steps {
    let share = Steps(capacity.0.checked_div(SHARE).unwrap_or(0));
    share.min(MOST.steps(volume_per_step).unwrap_or(Steps::MAX))
}

/// What the pump remembers whatever is armed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remembered {
    /// The volume of a step, by which the rest is counted.
    pub volume_per_step: Volume,
    /// What the reservoir holds, and what it holds when it is full; `None` before the first
    /// arming.
    pub reservoir: Option<(Steps, Steps)>,
    /// What was booked as uncertain at restarts and was not acknowledged by an arming.
    pub unacknowledged: Steps,
    /// A residue that keeps the pump from starting.
    pub residue: Option<Residue>,
    /// What was given in the last 1, 4 and 24 h.
    pub given: [Steps; 3],
    /// Demand, clinician and loading boluses of the last 24 h.
    pub boluses: u64,
}

impl Pump {
    /// What is remembered, with the windows as they are at `now`.
    pub fn remembered(&self, now: MonoNs) -> Remembered {
        let now = now.max(self.now);
        Remembered {
            volume_per_step: self.memory.measure(),
            reservoir: self.memory.reservoir(),
            unacknowledged: self.memory.unacknowledged,
            residue: self.memory.residue,
            given: self.memory.volume_sums_at(now),
            boluses: self.memory.boluses.of_a_day(now),
        }
    }

    /// The reservoir was filled.
    pub(crate) fn refill(&mut self, residue: Option<Volume>, content: Volume) {
        if let Some(found) = residue
            && let Err(reason) = self.reconcile(found, content)
        {
            self.tell(EventKind::CommandRefused { reason });
            return;
        }
        if broken(Twin::RefillForgets) {
            self.memory.forget_subject(self.now);
        }
        let content = self.memory.refill(content);
        self.tell(EventKind::Refilled { content });
        self.watch_reservoir();
        self.stale = true;
        if self.armed.is_some_and(|p| content <= p.reservoir.empty) {
            self.fault(Alarm::ReservoirEmpty);
        }
    }

    /// Holds what was found against the ledger.
    fn reconcile(&mut self, found: Volume, content: Volume) -> Result<(), Reason> {
        match self.state {
            State::Infusing => return Err(Reason::Infusing),
            State::Paused => return Err(Reason::Paused),
            _ => {}
        }
        let (expected, capacity) = self.memory.reservoir().ok_or(Reason::Stopped)?;
        let per_step = self.memory.measure();
        let measured = found.steps(per_step).ok_or(Reason::Reservoir)?;
        let filled = content.steps(per_step).ok_or(Reason::Reservoir)?;
        if filled > capacity || measured > capacity {
            return Err(Reason::Reservoir);
        }
        let residue = Residue { measured, expected };
        let differs = residue.differs(capacity, per_step);
        self.tell(EventKind::Reconciled {
            measured,
            expected,
            differs,
        });
        if differs {
            self.memory.residue = Some(residue);
            self.raise(Alarm::ResidueDiffers);
        }
        Ok(())
    }

    /// Somebody answers for the residue.
    pub(crate) fn acknowledge_residue(&mut self) {
        if self.memory.residue.take().is_none() {
            let reason = Reason::Stopped;
            self.tell(EventKind::CommandRefused { reason });
        }
        self.clear_alarm(Alarm::ResidueDiffers);
    }
}
