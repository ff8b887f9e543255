//! Recurses without end.
#![forbid(unsafe_code)]

use std::hint::black_box;
use std::time::Duration;
use strategy_sdk::{Declaration, Order, Refused, Snapshot, Strategy, Values};

struct Guest {
    steps: u32,
}

/// So many steps are good, so that it is running when it misbehaves.
const GOOD: u32 = 3;

impl Strategy for Guest {
    const DECLARATION: Declaration = Declaration::new(
        "zoo-stack-overflow",
        env!("CARGO_PKG_VERSION"),
        "Recurses without end",
    );

    fn new(_: &Values<'_>) -> Result<Self, Refused> {
        Ok(Self { steps: 0 })
    }

    fn step(&mut self, _: &Snapshot) -> Order {
        self.steps = self.steps.saturating_add(1);
        if self.steps > GOOD {
            black_box(deeper(0));
        }
        Order::nothing().wake_in(Duration::from_millis(100))
    }
}

#[expect(unconditional_recursion, reason = "it is what this guest is for")]
fn deeper(depth: u64) -> u64 {
    let frame = black_box([depth; 64]);
    deeper(depth.wrapping_add(1)).wrapping_add(black_box(frame)[0])
}

strategy_sdk::export!(Guest);
