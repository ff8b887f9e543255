//! Asks for the largest bolus that a message can hold, over a nanosecond, at every step.
//!
//! `dose` is the most it is given: absent, nothing at all.
#![forbid(unsafe_code)]

use std::time::Duration;
use strategy_sdk::{
    Declaration, Order, Param, Refused, Role, Snapshot, Strategy, Value, Values, Volume,
};

struct Guest {
    steps: u32,
}

/// So many steps are good, so that it is running when it misbehaves.
const GOOD: u32 = 3;

const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);

impl Strategy for Guest {
    const DECLARATION: Declaration = Declaration::new(
        "zoo-absurd-volume",
        env!("CARGO_PKG_VERSION"),
        "Asks for the largest bolus a message can hold, again and again",
    )
    .param(
        Param::dose(
            "dose",
            "the most of a bolus",
            Volume::ZERO,
            Volume::ml(1000),
        )
        .role(Role::MaxBolus)
        .default(Value::Dose(Volume::ZERO)),
    )
    .param(
        Param::time("over", "the shortest time for it", MINUTE, HOUR)
            .role(Role::BolusDuration)
            .default(Value::Time(MINUTE)),
    )
    .param(
        Param::time("every", "the shortest time between two", MINUTE, HOUR)
            .role(Role::Interval)
            .default(Value::Time(HOUR)),
    );

    fn new(_: &Values<'_>) -> Result<Self, Refused> {
        Ok(Self { steps: 0 })
    }

    fn step(&mut self, _: &Snapshot) -> Order {
        self.steps = self.steps.saturating_add(1);
        let order = Order::nothing().wake_in(Duration::from_millis(100));
        if self.steps > GOOD {
            order.bolus(Volume::nl(u64::MAX), Duration::from_nanos(1))
        } else {
            order
        }
    }
}

strategy_sdk::export!(Guest);
