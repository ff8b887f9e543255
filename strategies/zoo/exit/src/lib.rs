//! Ends the process as if all were well.
#![forbid(unsafe_code)]

use std::time::Duration;
use strategy_sdk::{Declaration, Order, Refused, Snapshot, Strategy, Values};

struct Guest {
    steps: u32,
}

/// So many steps are good, so that it is running when it misbehaves.
const GOOD: u32 = 3;

impl Strategy for Guest {
    const DECLARATION: Declaration = Declaration::new(
        "zoo-exit",
        env!("CARGO_PKG_VERSION"),
        "Ends the process as if all were well",
    );

    fn new(_: &Values<'_>) -> Result<Self, Refused> {
        Ok(Self { steps: 0 })
    }

    fn step(&mut self, _: &Snapshot) -> Order {
        self.steps = self.steps.saturating_add(1);
        if self.steps > GOOD {
            std::process::exit(0);
        }
        Order::nothing().wake_in(Duration::from_millis(100))
    }
}

strategy_sdk::export!(Guest);
