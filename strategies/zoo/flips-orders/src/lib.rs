//! Alternates between nothing and everything, and wants to be asked again at once.
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
        "zoo-flips-orders",
        env!("CARGO_PKG_VERSION"),
        "Alternates between nothing and everything as fast as it is asked",
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
        if self.steps > GOOD && self.steps.is_multiple_of(2) {
            Order::basal(Rate::ml_per_h(1500)).wake_in(Duration::from_nanos(1))
        } else {
            Order::nothing().wake_in(Duration::from_nanos(1))
        }
    }
}

strategy_sdk::export!(Guest);
