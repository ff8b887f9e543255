//! Arming and disarming: which prescription runs next, and what goes on over the change.

use core::fmt;

use crate::alarm::{ALARMS, Clears};
use crate::grid::{Flow, Grid};
use crate::ledger::Counts;
use crate::memory::Memory;
use crate::planner::Planner;
use crate::prescription::{Flaw, MAX_REGIMENS, Prescription};
use crate::pump::{Pump, State};
use crate::quantity::{MonoNs, Steps};
use crate::regimen::Regimen;
use crate::shortfall::Shortfall;
use crate::twin::{Twin, broken};
use crate::watch::Stops;

/// Why a prescription was not armed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArmError {
    /// The pump is delivering or paused: stop it first.
    NotStill,
    /// The prescription contradicts itself.
    Prescription(Flaw),
    /// The pump's memory has no room for another drug until older ones are 24 h old.
    TooManyDrugs,
}

impl fmt::Display for ArmError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotStill => f.write_str("the pump is not still: stop it first"),
            Self::Prescription(flaw) => write!(f, "the prescription contradicts itself: {flaw}"),
            Self::TooManyDrugs => f.write_str(
                "eight other drugs were given in the last 24 h, and no more can be told apart",
            ),
        }
    }
}

/// The pump is delivering or paused, or does not know yet what became of its last step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotStill;

impl fmt::Display for NotStill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&ArmError::NotStill, f)
    }
}

impl Pump {
    /// Makes `prescription` the one that [`Command::Start`](crate::pump::Command::Start) will run. Its ledger and its
    /// credit begin at zero; windows, lockouts and counts, and what the reservoir holds,
    /// go on. What was uncertain counts as acknowledged: whoever arms has seen to that.
    ///
    /// # Errors
    /// See [`ArmError`]; nothing is changed then.
    pub fn arm(&mut self, now: MonoNs, prescription: &Prescription) -> Result<(), ArmError> {
        self.must_be_still()
            .map_err(|NotStill| ArmError::NotStill)?;
        prescription.validate().map_err(ArmError::Prescription)?;
        let grid = Grid::of(prescription).map_err(ArmError::Prescription)?;
        // The memory's clock and the pump's are one, also where the drugs find no room.
        self.now = now.max(self.now);
        let now = self.now;
        self.memory
            .rebase(now, prescription)
            .map_err(|_| ArmError::TooManyDrugs)?;
        self.events.clear();
        self.forget_arming();
        self.highest = grid.flow(prescription.max_rate).0;
        self.planner = Some(Planner::new(grid, now));
        self.regimens = prescription
            .regimens
            .map(|envelope| envelope.map(Regimen::new));
        self.armed = Some(*prescription);
        self.stops = Stops::NONE;
        self.memory.unacknowledged = Steps::ZERO;
        for row in ALARMS
            .iter()
            .filter(|row| row.clears != Clears::WhenAcknowledged)
        {
            self.clear_alarm(row.alarm);
        }
        self.watch_reservoir();
        self.go(State::Armed);
        // Also where it was armed before: nothing but what is at rest goes on (I11).
        self.stale = true;
        Ok(())
    }

    /// Forgets what is armed, its ledger and its credit. Windows, lockouts and counts, and
    /// what the reservoir holds, go on, and so do the alarms that only an arming clears.
    ///
    /// # Errors
    /// [`NotStill`] while the pump delivers or is paused; nothing is changed then.
    pub fn disarm(&mut self, now: MonoNs) -> Result<(), NotStill> {
        self.must_be_still()?;
        self.now = now.max(self.now);
        self.memory.advance(self.now);
        if broken(Twin::DisarmingForgets) {
            self.memory = Memory::new();
        }
        self.events.clear();
        self.forget_arming();
        let stays = [Clears::WhenArmed, Clears::WhenAcknowledged];
        for row in ALARMS.iter().filter(|row| !stays.contains(&row.clears)) {
            self.clear_alarm(row.alarm);
        }
        self.go(State::Disarmed);
        Ok(())
    }

    pub(crate) const fn must_be_still(&self) -> Result<(), NotStill> {
        if matches!(self.state, State::Infusing | State::Paused) || self.in_flight {
            return Err(NotStill);
        }
        Ok(())
    }

    fn forget_arming(&mut self) {
        self.armed = None;
        self.planner = None;
        self.regimens = [None; MAX_REGIMENS];
        self.highest = Flow::ZERO;
        self.basal = Flow::ZERO;
        self.counts = Counts::default();
        self.begun = false;
        self.started_at = MonoNs(0);
        self.issued_at = MonoNs(0);
        self.windows_fit = false;
        self.last_edge_of = None;
        self.resting_since = None;
        self.shortfall = Shortfall::NONE;
        self.credit = Steps::ZERO;
        self.credit_wanted = Steps::ZERO;
        self.credit_size = Steps::ZERO;
    }
}
