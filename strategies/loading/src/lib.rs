//! A loading dose once, with an optional basal: the plugin behind `strategy = "loading"`.
//!
//! ```toml
//! [[regimen]]
//! name = "loading"
//! strategy = "loading"
//! dose = "0.2 mg"
//! over = "10 min"
//! already_given = false    # true: the basal alone
//! # after = "10 min"       from the start of the therapy; absent: at once
//! # basal = "1 mg/day"     absent: none. From the start on, beside the dose
//! ```
//!
//! The dose is asked for at its time, or as soon as no other bolus is in its way. It is
//! tried once: a refusal for another reason (a window is full, say) leaves it out for good,
//! and what was cut is not made up for. That it was asked for is saved, so a plugin that is
//! born again does not ask again; the envelope, whose `interval` is a century, would not let
//! a second one through either.
//!
//! An operator's `start` begins another therapy, after a power cut too, of which no plugin
//! knows what was given before. So the prescription must say by `already_given` whether the
//! dose is still to come: whoever starts again sets it to `true`.
#![forbid(unsafe_code)]

use std::time::Duration;
use strategy_sdk::{
    BolusReport, Declaration, Order, Outcome, Param, Rate, Reason, Refused, Role, Snapshot,
    StateReader, StateWriter, Strategy, Value, Values, Volume,
};

/// A loading dose once.
#[derive(Debug)]
pub struct Loading {
    dose: Volume,
    over: Duration,
    after: Duration,
    basal: Rate,
    already_given: bool,
    /// The snapshot whose answer asked for the dose; 0: none has.
    asked: u64,
}

impl Loading {
    /// Whether the dose that was asked for never began because another bolus came first.
    fn was_forestalled(&self, bolus: BolusReport) -> bool {
        bolus.seq == self.asked
            && bolus.outcome == Outcome::Refused
            && bolus.reason == Some(Reason::BolusRunning)
    }
}

impl Strategy for Loading {
    const DECLARATION: Declaration = Declaration::new(
        "loading",
        env!("CARGO_PKG_VERSION"),
        "A loading dose once, with an optional basal",
    )
    .param(
        Param::dose("dose", "the loading dose", Volume::nl(1), Volume::ml(1000))
            .role(Role::MaxBolus),
    )
    .param(
        Param::time(
            "over",
            "the time over which the dose is given",
            Duration::from_secs(1),
            Duration::from_hours(6),
        )
        .role(Role::BolusDuration),
    )
    .param(Param::flag(
        "already_given",
        "whether the dose was given before this start: then it is not given again",
    ))
    .param(
        Param::time(
            "after",
            "the time from the start of the therapy to the dose",
            Duration::ZERO,
            Duration::from_hours(24 * 7),
        )
        .default(Value::Time(Duration::ZERO)),
    )
    .param(
        Param::rate(
            "basal",
            "a steady rate from the start on",
            Rate::ZERO,
            Rate::ml_per_h(1500),
        )
        .role(Role::MaxBasal)
        .default(Value::Rate(Rate::ZERO)),
    )
    .param(
        Param::time(
            "never_again_for",
            "always a century: the envelope lets one dose through",
            CENTURY,
            CENTURY,
        )
        .role(Role::Interval)
        .default(Value::Time(CENTURY)),
    );

    fn new(values: &Values<'_>) -> Result<Self, Refused> {
        Ok(Self {
            dose: values.dose("dose")?,
            over: values.time("over")?,
            after: values.time("after")?,
            basal: values.rate("basal")?,
            already_given: values.flag("already_given")?,
            asked: 0,
        })
    }

    fn step(&mut self, snapshot: &Snapshot) -> Order {
        let order = Order::basal(self.basal);
        if snapshot
            .bolus()
            .is_some_and(|bolus| self.was_forestalled(bolus))
        {
            self.asked = 0;
        }
        let left = self.after.saturating_sub(snapshot.now());
        if !left.is_zero() {
            return order.wake_in(left);
        }
        // A snapshot comes when what is in the way has ended.
        if self.already_given || self.asked != 0 || snapshot.bolus_running() {
            return order;
        }
        self.asked = snapshot.seq();
        order.loading_bolus(self.dose, self.over)
    }

    fn save(&self, state: &mut StateWriter<'_>) {
        state.number(self.asked);
    }

    fn load(&mut self, state: &mut StateReader<'_>) -> Result<(), Refused> {
        self.asked = state.number()?;
        Ok(())
    }
}

const CENTURY: Duration = Duration::from_hours(24 * 36_500);

strategy_sdk::export!(Loading);
