//! Asks for a real-time priority above the loop's, and computes for ever.

use std::time::Duration;
use strategy_sdk::{Declaration, Order, Refused, Snapshot, Strategy, Values};

struct Guest {
    steps: u32,
}

/// So many steps are good, so that it is running when it misbehaves.
const GOOD: u32 = 3;

impl Strategy for Guest {
    const DECLARATION: Declaration = Declaration::new(
        "zoo-raise-priority",
        env!("CARGO_PKG_VERSION"),
        "Asks for a real-time priority",
    );

    fn new(_: &Values<'_>) -> Result<Self, Refused> {
        Ok(Self { steps: 0 })
    }

    fn step(&mut self, _: &Snapshot) -> Order {
        self.steps = self.steps.saturating_add(1);
        if self.steps > GOOD {
            let highest = libc::sched_param { sched_priority: 99 };
            // SAFETY: this process, and a parameter that outlives the call.
            let raised =
                unsafe { libc::sched_setscheduler(0, libc::SCHED_FIFO, &raw const highest) };
            if raised == 0 {
                loop {
                    std::hint::spin_loop();
                }
            }
        }
        Order::nothing().wake_in(Duration::from_millis(100))
    }
}

strategy_sdk::export!(Guest);
