//! Proposes the fastest rate that a message can hold.
//!
//! `rate` is the most it is given: absent, nothing at all.
#![forbid(unsafe_code)]

use std::time::Duration;
use strategy_sdk::{
    Declaration, Order, Param, Rate, Refused, Role, Snapshot, Strategy, Value, Values,
};

struct Guest {
    steps: u32,
}

/// So many steps are good, so that it is running when it misbehaves.
const GOOD: u32 = 3;

impl Strategy for Guest {
    const DECLARATION: Declaration = Declaration::new(
        "zoo-absurd-rate",
        env!("CARGO_PKG_VERSION"),
        "Proposes the fastest rate a message can hold",
    )
    .param(
        Param::rate(
            "rate",
            "the most it is given",
            Rate::ZERO,
            Rate::ml_per_h(1500),
        )
        .role(Role::MaxBasal)
        .default(Value::Rate(Rate::ZERO)),
    );

    fn new(_: &Values<'_>) -> Result<Self, Refused> {
        Ok(Self { steps: 0 })
    }

    fn step(&mut self, _: &Snapshot) -> Order {
        self.steps = self.steps.saturating_add(1);
        let absurd = Rate::of(u64::MAX, Duration::from_nanos(1));
        let rate = absurd.filter(|_| self.steps > GOOD);
        Order::basal(rate.unwrap_or(Rate::ZERO)).wake_in(Duration::from_millis(100))
    }
}

strategy_sdk::export!(Guest);
