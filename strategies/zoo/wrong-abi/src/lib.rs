//! Is built for a version of the contract that there is none: refused before it is run.

use strategy_sdk::{Declaration, Order, Refused, Snapshot, Strategy, Values, abi};

struct Guest;

impl Strategy for Guest {
    const DECLARATION: Declaration = Declaration::new(
        "zoo-wrong-abi",
        env!("CARGO_PKG_VERSION"),
        "Is built for another contract",
    );

    fn new(_: &Values<'_>) -> Result<Self, Refused> {
        Ok(Self)
    }

    fn step(&mut self, _: &Snapshot) -> Order {
        Order::nothing()
    }
}

#[doc(hidden)]
#[unsafe(no_mangle)]
#[allow(non_upper_case_globals, unreachable_pub)]
pub static strategy_entry: abi::Entry = abi::Entry {
    abi_major: 99,
    ..strategy_sdk::entry::<Guest>()
};
