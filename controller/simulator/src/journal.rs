//! A journal without a disk: whatever is to be durable is durable at once.
//!
//! It keeps what a real journal still has after a power cut: the last checkpoint of the
//! pump, and the last credit. A checkpoint is written with every credit, with every tick
//! that has something to tell, and at least every [`WRITTEN_EVERY`] while the power is on.
//! What the pump did since is lost, and the control law books it as uncertain.

use pump_core::checkpoint::Checkpoint;
use pump_core::pump::Pump;
use pump_core::quantity::{MonoNs, Nanoseconds, Steps};

/// The longest time between two checkpoints of a pump that has power.
pub(crate) const WRITTEN_EVERY: Nanoseconds = Nanoseconds::from_mins(5);

pub(crate) struct Journal {
    checkpoint: Checkpoint,
    credit: Steps,
}

impl Journal {
    /// A journal that knows a pump which has done nothing.
    pub(crate) fn new(pump: &Pump) -> Self {
        Self {
            checkpoint: pump.checkpoint(),
            credit: Steps::ZERO,
        }
    }

    /// An arming begins or has ended, in good order or by the loss of the power: nothing is
    /// on its way, and the pump as it is is durable.
    pub(crate) fn begin(&mut self, pump: &Pump) {
        self.checkpoint = pump.checkpoint();
        // No more than what was issued, so that nothing of it is uncertain.
        let issued = pump
            .ledger()
            .map(|ledger| ledger.delivered.saturating_add(ledger.uncertain));
        self.credit = issued.unwrap_or(Steps::ZERO);
    }

    /// Writes down the pump as it is. What of the credit is not issued yet stays in doubt.
    pub(crate) fn write(&mut self, pump: &Pump) {
        self.checkpoint = pump.checkpoint();
    }

    /// Makes a credit durable, together with the pump as it is; what is durable then.
    /// Where nothing will ever be restored, `keep` saves the copy.
    pub(crate) fn sync(&mut self, pump: &Pump, credit: Steps, keep: bool) -> Steps {
        if keep {
            self.write(pump);
        }
        self.credit = credit;
        credit
    }

    /// The pump as the journal knows it, and the instant of its clock.
    pub(crate) fn restore(&self) -> (Pump, MonoNs) {
        let pump = Pump::restore(&self.checkpoint, self.credit, self.checkpoint.at());
        (pump, self.checkpoint.at())
    }
}
