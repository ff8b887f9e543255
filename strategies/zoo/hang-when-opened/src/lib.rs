//! Hangs as soon as it is opened, before it is asked anything: nobody hears what it declares.

use strategy_sdk::{Declaration, Order, Refused, Snapshot, Strategy, Values};

struct Guest;

impl Strategy for Guest {
    const DECLARATION: Declaration = Declaration::new(
        "zoo-hang-when-opened",
        env!("CARGO_PKG_VERSION"),
        "Hangs as soon as it is opened",
    );

    fn new(_: &Values<'_>) -> Result<Self, Refused> {
        Ok(Self)
    }

    fn step(&mut self, _: &Snapshot) -> Order {
        Order::nothing()
    }
}

strategy_sdk::export!(Guest);

extern "C" fn hang() {
    loop {
        std::hint::spin_loop();
    }
}

/// What the loader calls when the library is opened.
// SAFETY: the section holds pointers to functions without arguments, and this is one.
#[used]
#[unsafe(link_section = ".init_array")]
static CONSTRUCTOR: extern "C" fn() = hang;
