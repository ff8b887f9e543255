//! Declares itself well, and then begins with no prescription: it can be proposed and not be
//! armed.
#![forbid(unsafe_code)]

use strategy_sdk::{Declaration, Order, Refused, Snapshot, Strategy, Values};

struct Guest;

impl Strategy for Guest {
    const DECLARATION: Declaration = Declaration::new(
        "zoo-refuse-to-begin",
        env!("CARGO_PKG_VERSION"),
        "Begins with no prescription",
    );

    fn new(_: &Values<'_>) -> Result<Self, Refused> {
        Err(Refused)
    }

    fn step(&mut self, _: &Snapshot) -> Order {
        Order::nothing()
    }
}

strategy_sdk::export!(Guest);
