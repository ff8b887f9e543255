//! The control law once more, from the record of the calls to the first.
//!
//! What is made durable is taken here, so the loop never stops to copy itself. That both are
//! the same is held against each other several times a second; where they differ, one of them
//! is wrong, and neither can be trusted.

use std::collections::VecDeque;

use pump_core::checkpoint::Checkpoint;
use pump_core::order::Order;
use pump_core::prescription::{MAX_REGIMENS, Prescription};
use pump_core::pump::Pump;
use pump_core::quantity::{MonoNs, Steps};

use crate::messages::{Record, Sum, Told};

/// Armings that were asked of the loop and not answered yet; a few at most.
const MOST_ARMINGS: usize = 8;

/// The record makes no sense: what was repeated is not what was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Discord {
    /// It came to something else than the first.
    Differs,
    /// A prescription was armed that nobody has told of.
    UnknownArming,
}

/// The repeated control law.
pub(super) struct Shadow {
    pump: Box<Pump>,
    orders: [Option<Order>; MAX_REGIMENS],
    armings: VecDeque<(u64, Box<Prescription>)>,
    arming: u64,
    wanted: Steps,
}

impl Shadow {
    pub(super) fn new(pump: Box<Pump>, arming: u64) -> Self {
        Self {
            pump,
            orders: [None; MAX_REGIMENS],
            armings: VecDeque::new(),
            arming,
            wanted: Steps::ZERO,
        }
    }

    /// The loop is about to be asked to arm this.
    pub(super) fn expect(&mut self, id: u64, prescription: Box<Prescription>) {
        if self.armings.len() >= MOST_ARMINGS {
            self.armings.pop_front();
        }
        self.armings.push_back((id, prescription));
    }

    /// Repeats a call. Afterwards [`Shadow::pump`] has the events of it.
    ///
    /// # Errors
    /// The record can't be repeated, or what it says of the first is not so here.
    pub(super) fn repeat(&mut self, record: &Record) -> Result<(), Discord> {
        match record {
            Record::Order { place, order } => {
                if let Some(slot) = self.orders.get_mut(*place) {
                    *slot = Some(*order);
                }
            }
            Record::Tick(told) => self.tick(told),
            Record::Shown(id) => {
                self.pump.snapshot(*id);
            }
            Record::Armed { id, at } => self.arm(*id, *at)?,
            Record::Sum(sum) if Sum::of(&self.pump) != *sum => return Err(Discord::Differs),
            Record::Sum(_) | Record::Edge { .. } => {}
        }
        Ok(())
    }

    fn tick(&mut self, told: &Told) {
        let orders = std::mem::take(&mut self.orders);
        let outputs = self.pump.tick(told.now, &told.inputs(orders));
        if let Some(wanted) = outputs.credit_wanted {
            self.wanted = self.wanted.max(wanted);
        }
    }

    fn arm(&mut self, id: u64, at: MonoNs) -> Result<(), Discord> {
        // Those before it were never taken by the loop, and never will be.
        while self.armings.front().is_some_and(|(known, _)| *known < id) {
            self.armings.pop_front();
        }
        let known = self.armings.pop_front().filter(|(known, _)| *known == id);
        let (_, prescription) = known.ok_or(Discord::UnknownArming)?;
        if self.pump.arm(at, &prescription).is_ok() {
            self.arming = self.arming.saturating_add(1);
            self.wanted = Steps::ZERO;
        }
        Ok(())
    }

    pub(super) fn pump(&self) -> &Pump {
        &self.pump
    }

    /// Numbers the armings.
    pub(super) const fn arming(&self) -> u64 {
        self.arming
    }

    /// The most credit that this arming has asked for.
    pub(super) const fn wanted(&self) -> Steps {
        self.wanted
    }

    pub(super) fn checkpoint(&self) -> Checkpoint {
        self.pump.checkpoint()
    }
}
