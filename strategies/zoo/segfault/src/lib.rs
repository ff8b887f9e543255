//! Writes to memory that is not its own.

use std::time::Duration;
use strategy_sdk::{Declaration, Order, Refused, Snapshot, Strategy, Values};

struct Guest {
    steps: u32,
}

/// So many steps are good, so that it is running when it misbehaves.
const GOOD: u32 = 3;

impl Strategy for Guest {
    const DECLARATION: Declaration = Declaration::new(
        "zoo-segfault",
        env!("CARGO_PKG_VERSION"),
        "Writes to memory that is not its own",
    );

    fn new(_: &Values<'_>) -> Result<Self, Refused> {
        Ok(Self { steps: 0 })
    }

    fn step(&mut self, _: &Snapshot) -> Order {
        self.steps = self.steps.saturating_add(1);
        if self.steps > GOOD {
            let nowhere = std::ptr::without_provenance_mut::<u8>(8);
            // SAFETY: there is none; that is what this guest is for.
            unsafe { nowhere.write_volatile(1) };
        }
        Order::nothing().wake_in(Duration::from_millis(100))
    }
}

strategy_sdk::export!(Guest);
