//! The control law, and the record of every call to it.
//!
//! The control law is a pure function, so whoever repeats the calls in their order has the very
//! same one. The journal does, and takes its checkpoints there: the loop never copies its own
//! state for anybody.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use pump_core::order::{RegimenId, Snapshot};
use pump_core::prescription::{MAX_REGIMENS, Prescription};
use pump_core::pump::{ArmError, Inputs, NotStill, Outputs, Pump};
use pump_core::quantity::MonoNs;
use pump_lane::Producer;
use strategy_link::WallClock;

use crate::messages::{Record, Sum, Told};
use crate::vitals::Vitals;

/// A control law that can be read by everybody and called only on record.
pub(super) struct Recorded {
    pump: Box<Pump>,
    records: Producer<Record>,
    /// What the strategies were shown of the wall clock whose orders came last.
    clocks: [WallClock; MAX_REGIMENS],
    vitals: Arc<Vitals>,
}

impl Deref for Recorded {
    type Target = Pump;

    fn deref(&self) -> &Pump {
        &self.pump
    }
}

impl Recorded {
    pub(super) fn new(pump: Box<Pump>, records: Producer<Record>, vitals: Arc<Vitals>) -> Self {
        Self {
            pump,
            records,
            clocks: [WallClock::default(); MAX_REGIMENS],
            vitals,
        }
    }

    /// The order that is told next was made by this clock.
    pub(super) fn clocked(&mut self, place: usize, clock: WallClock) {
        if let Some(slot) = self.clocks.get_mut(place) {
            *slot = clock;
        }
    }

    /// See [`Pump::tick`].
    pub(super) fn tick(&mut self, now: MonoNs, inputs: &Inputs) -> Outputs {
        for (place, order) in inputs.orders.iter().enumerate() {
            if let Some(order) = *order {
                let clock = self.clocks.get(place).copied().unwrap_or_default();
                self.record(Record::Order {
                    place,
                    order,
                    clock,
                });
            }
        }
        self.record(Record::Tick(Told::new(now, inputs)));
        self.pump.tick(now, inputs)
    }

    /// See [`Pump::arm`]; the prescription is the one of this task.
    pub(super) fn arm(
        &mut self,
        id: u64,
        at: MonoNs,
        prescription: &Prescription,
    ) -> Result<(), ArmError> {
        self.record(Record::Armed { id, at });
        self.pump.arm(at, prescription)
    }

    /// See [`Pump::disarm`].
    pub(super) fn disarm(&mut self, at: MonoNs) -> Result<(), NotStill> {
        self.record(Record::Disarmed { at });
        self.pump.disarm(at)
    }

    /// See [`Pump::new_subject`].
    pub(super) fn new_subject(&mut self, at: MonoNs) -> Result<(), NotStill> {
        self.record(Record::NewSubject { at });
        self.pump.new_subject(at)
    }

    /// See [`Pump::snapshot`].
    pub(super) fn snapshot(&mut self, id: RegimenId) -> Option<Snapshot> {
        self.record(Record::Shown(id));
        self.pump.snapshot(id)
    }

    /// Writes down what the control law has come to.
    pub(super) fn sum_up(&mut self) {
        self.record(Record::Sum(Sum::of(&self.pump)));
    }

    /// A lane that is full loses the record, which is counted, and from then on the journal
    /// makes nothing durable any more: the pump comes to rest within its credit.
    pub(super) fn record(&mut self, record: Record) {
        if self.records.send(record).is_err() {
            self.vitals.lost_to_journal.fetch_add(1, Ordering::Relaxed);
        }
    }
}
