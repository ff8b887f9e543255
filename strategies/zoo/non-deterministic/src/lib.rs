//! Answers the same snapshot differently each time, out of the system's random numbers.
//!
//! `rate` is the most it is given: absent, nothing at all.
#![forbid(unsafe_code)]

use std::hash::{BuildHasher as _, RandomState};
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
        "zoo-non-deterministic",
        env!("CARGO_PKG_VERSION"),
        "Answers the same snapshot differently each time",
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

    fn step(&mut self, snapshot: &Snapshot) -> Order {
        self.steps = self.steps.saturating_add(1);
        let random = RandomState::new().hash_one(snapshot.seq());
        let rate = match self.steps > GOOD {
            true => Rate::ml_per_h(random % 1501),
            false => Rate::ZERO,
        };
        Order::basal(rate).wake_in(Duration::from_millis(100))
    }
}

strategy_sdk::export!(Guest);
