//! What outlives a loss of power, and the pump that comes back from it.

use crate::alarm::Alarm;
use crate::bolus::BolusId;
use crate::event::EventKind;
use crate::memory::Memory;
use crate::order::DemandId;
use crate::pump::Pump;
use crate::quantity::{MonoNs, Steps};

/// What must be durable to bring a pump back after its power was lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    at: MonoNs,
    memory: Memory,
    issued: Steps,
    last_bolus: BolusId,
    last_demand: DemandId,
}

impl Checkpoint {
    /// The pump's clock at the checkpoint; the restored pump goes on from here.
    pub const fn at(&self) -> MonoNs {
        self.at
    }
}

impl Pump {
    /// What must be durable before the credit that
    /// [`credit_wanted`](crate::pump::Outputs::credit_wanted) asks for is handed back.
    pub fn checkpoint(&self) -> Checkpoint {
        let mut memory = self.memory.clone();
        if let Some(pending) = self.pending {
            // It may start as soon as its credit is there: remember it as started.
            memory.remember(self.now, &pending.bolus);
        }
        Checkpoint {
            at: self.now,
            memory,
            issued: self.issued(),
            last_bolus: self.last_bolus,
            last_demand: self.last_demand,
        }
    }

    /// The pump after its power was lost: disarmed and still. `credit` is the last credit
    /// that was made durable; what of it is not in the checkpoint may or may not have been
    /// given, and counts as delivered from now on (I8, I13). The pump's clock goes on from
    /// the checkpoint: off-time counts as zero.
    pub fn restore(checkpoint: &Checkpoint, credit: Steps) -> Self {
        let mut pump = Self::new();
        pump.now = checkpoint.at;
        pump.memory = checkpoint.memory.clone();
        pump.last_bolus = checkpoint.last_bolus;
        pump.last_demand = checkpoint.last_demand;
        pump.memory.boluses.ended_by(checkpoint.at);
        pump.raise(Alarm::Restarted);
        let uncertain = credit.saturating_sub(checkpoint.issued);
        if uncertain > Steps::ZERO {
            pump.memory.advance(checkpoint.at);
            pump.memory.give(uncertain);
            pump.tell(EventKind::Uncertain { steps: uncertain });
            pump.raise(Alarm::Uncertain);
        }
        pump
    }
}
