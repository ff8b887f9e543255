//! Takes and touches memory until there is none.
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
        "zoo-out-of-memory",
        env!("CARGO_PKG_VERSION"),
        "Takes all the memory there is",
    );

    fn new(_: &Values<'_>) -> Result<Self, Refused> {
        Ok(Self { steps: 0 })
    }

    fn step(&mut self, _: &Snapshot) -> Order {
        self.steps = self.steps.saturating_add(1);
        if self.steps > GOOD {
            let mut hoard = Vec::new();
            loop {
                hoard.push(std::hint::black_box(vec![1_u8; 1 << 20]));
            }
        }
        Order::nothing().wake_in(Duration::from_millis(100))
    }
}

strategy_sdk::export!(Guest);
