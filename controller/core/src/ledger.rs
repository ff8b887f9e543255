//! The ledger of an arming: what was delivered, missed and uncertain, in motor steps.

use crate::quantity::{Steps, Volume};

/// The identity that holds at every instant: `commanded = delivered + missed + uncertain +
/// open + remainder`, where `open` is the one edge that is due and not yet issued, and the
/// remainder is less than a step. What was `displaced` is outside of it: nobody commanded it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ledger {
    /// Steps whose edge the driver accepted.
    pub delivered: Steps,
    /// Steps whose edge could not be issued before the next one fell due.
    pub missed: Steps,
    /// Steps that may or may not have left; they count as delivered for every maximum.
    pub uncertain: Steps,
    /// Steps' worth that may have been given by hand or by spring while the motor was disabled:
    /// a full step each time delivery began after that. They count as delivered for every
    /// window, each drug's mass and the reservoir, and not for the volume to be infused.
    pub displaced: Steps,
    /// The whole steps in the integral of the grants.
    pub commanded: Steps,
    /// What the integral holds beyond them: this many of `parts_per_step` parts of a step.
    pub remainder: u128,
    /// The parts in a step.
    pub parts_per_step: u128,
    /// What the reservoir holds.
    pub reservoir: Steps,
    /// The volume of a step.
    pub volume_per_step: Volume,
}

impl Ledger {
    /// Delivered volume in nanolitres, rounded down.
    pub fn delivered_nl(&self) -> u64 {
        self.volume_per_step.times_floor_nl(self.delivered)
    }
}

/// The running counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) delivered: Steps,
    pub(crate) missed: Steps,
    pub(crate) uncertain: Steps,
    pub(crate) displaced: Steps,
}

impl Counts {
    /// Steps that left or may have left.
    pub(crate) const fn issued(&self) -> Steps {
        self.delivered.saturating_add(self.uncertain)
    }
}
