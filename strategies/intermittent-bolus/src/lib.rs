//! A bolus every so often: the plugin behind `strategy = "intermittent-bolus"`.
//!
//! ```toml
//! [[regimen]]
//! name = "every six hours"
//! strategy = "intermittent-bolus"
//! dose = "0.1 mg"
//! over = "5 min"
//! every = "6 h"            # from start to start, not shorter than `over`
//! first_after = "10 min"   # from the start of the therapy
//! ```
//!
//! Undisturbed, boluses start exactly at `first_after + k × every`. Two things disturb:
//!
//! - **Another bolus is running** (the patient's, the operator's), or the pump is paused:
//!   this one waits until the way is free, and `every` then counts from its start. Two
//!   boluses never come closer than `every`.
//! - **A refusal** (a window is full, say): this bolus is left out, and the next comes a
//!   period later. What was left out is never made up for.
//!
//! A bolus is asked for once, however many snapshots come: what is remembered is when the
//! next is due and which snapshot's answer asked for the last.
#![forbid(unsafe_code)]

use std::time::Duration;
use strategy_sdk::{
    BolusReport, Declaration, Order, Outcome, Param, Reason, Refused, Role, Snapshot, StateReader,
    StateWriter, Strategy, Values, Volume,
};

/// A bolus every so often.
#[derive(Debug)]
pub struct IntermittentBolus {
    dose: Volume,
    over: Duration,
    every: Duration,
    /// When the next bolus is due.
    due: Duration,
    /// The snapshot whose answer asked for the last bolus, until its fate is known; else 0.
    asked: u64,
}

impl IntermittentBolus {
    /// Takes note of what became of the bolus that was asked for.
    fn learn(&mut self, now: Duration, bolus: BolusReport) {
        if bolus.seq != self.asked || bolus.outcome == Outcome::Pending {
            return;
        }
        self.asked = 0;
        if bolus.outcome != Outcome::Refused {
            self.due = bolus.started.saturating_add(self.every);
        } else if bolus.reason == Some(Reason::BolusRunning) {
            self.due = now;
        }
    }
}

impl Strategy for IntermittentBolus {
    const DECLARATION: Declaration = Declaration::new(
        "intermittent-bolus",
        env!("CARGO_PKG_VERSION"),
        "A bolus every so often",
    )
    .param(
        Param::dose(
            "dose",
            "the volume or mass of each bolus",
            Volume::nl(1),
            Volume::ml(1000),
        )
        .role(Role::MaxBolus),
    )
    .param(
        Param::time(
            "over",
            "the time over which a bolus is given",
            SECOND,
            hours(6),
        )
        .role(Role::BolusDuration),
    )
    .param(
        Param::time(
            "every",
            "the time from one start to the next",
            SECOND,
            hours(24 * 7),
        )
        .role(Role::Interval),
    )
    .param(Param::time(
        "first_after",
        "the time from the start of the therapy to the first bolus",
        Duration::ZERO,
        hours(24 * 7),
    ));

    fn new(values: &Values<'_>) -> Result<Self, Refused> {
        let (over, every) = (values.time("over")?, values.time("every")?);
        if every < over {
            return Err(Refused);
        }
        let (dose, due) = (values.dose("dose")?, values.time("first_after")?);
        Ok(Self {
            dose,
            over,
            every,
            due,
            asked: 0,
        })
    }

    fn step(&mut self, snapshot: &Snapshot) -> Order {
        let now = snapshot.now();
        if let Some(bolus) = snapshot.bolus() {
            self.learn(now, bolus);
        }
        let mut order = Order::nothing();
        if now >= self.due && !snapshot.bolus_running() {
            order = order.bolus(self.dose, self.over);
            self.asked = snapshot.seq();
            self.due = now.saturating_add(self.every);
        }
        if self.due > now {
            order = order.wake_in(self.due.saturating_sub(now));
        }
        order
    }

    fn save(&self, state: &mut StateWriter<'_>) {
        state.time(self.due);
        state.number(self.asked);
    }

    fn load(&mut self, state: &mut StateReader<'_>) -> Result<(), Refused> {
        self.due = state.time()?;
        self.asked = state.number()?;
        Ok(())
    }
}

const SECOND: Duration = Duration::from_secs(1);

const fn hours(hours: u64) -> Duration {
    Duration::from_hours(hours)
}

strategy_sdk::export!(IntermittentBolus);
