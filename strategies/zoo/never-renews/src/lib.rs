//! Gives orders that are over when they arrive, so that it never has a live one.
//!
//! `rate` is the most it is given: absent, nothing at all.
#![forbid(unsafe_code)]

use std::time::Duration;
use strategy_sdk::{
    Declaration, Order, Param, Rate, Refused, Role, Snapshot, Strategy, Value, Values,
};

struct Guest {
    steps: u32,
    rate: Rate,
}

/// So many steps are good, so that it is running when it misbehaves.
const GOOD: u32 = 3;

impl Strategy for Guest {
    const DECLARATION: Declaration = Declaration::new(
        "zoo-never-renews",
        env!("CARGO_PKG_VERSION"),
        "Gives orders that are over when they arrive",
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

    fn new(values: &Values<'_>) -> Result<Self, Refused> {
        Ok(Self {
            steps: 0,
            rate: values.rate("rate")?,
        })
    }

    fn step(&mut self, _: &Snapshot) -> Order {
        self.steps = self.steps.saturating_add(1);
        let order = Order::basal(self.rate).wake_in(Duration::from_millis(100));
        if self.steps > GOOD {
            order.valid_for(Duration::ZERO)
        } else {
            order
        }
    }
}

strategy_sdk::export!(Guest);
