//! Answers the first snapshot over and over.
//!
//! `rate` is the most it is given: absent, nothing at all.

use std::ffi::c_void;
use std::time::Duration;
use strategy_sdk::abi;
use strategy_sdk::{
    Declaration, Order, Param, Rate, Refused, Role, Snapshot, Strategy, Value, Values,
};

struct Guest {
    rate: Rate,
}

/// So many steps are good, so that it is running when it misbehaves.
const GOOD: u64 = 3;

impl Strategy for Guest {
    const DECLARATION: Declaration = Declaration::new(
        "zoo-stale-sequence",
        env!("CARGO_PKG_VERSION"),
        "Answers a snapshot of long ago",
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
            rate: values.rate("rate")?,
        })
    }

    fn step(&mut self, _: &Snapshot) -> Order {
        Order::basal(self.rate).wake_in(Duration::from_millis(100))
    }
}

/// The honest table of the kit, but for the step.
const HONEST: abi::Entry = strategy_sdk::entry::<Guest>();

unsafe extern "C" fn step(
    instance: *mut c_void,
    snapshot: *const abi::Snapshot,
    order: *mut abi::Order,
) -> u32 {
    let Some(honest) = HONEST.step else {
        return abi::STATUS_BAD_CALL;
    };
    // SAFETY: the host's own arguments, handed on.
    let status = unsafe { honest(instance, snapshot, order) };
    // SAFETY: the contract promises a snapshot and an order.
    let (snapshot, order) = unsafe { (&*snapshot, &mut *order) };
    if snapshot.seq > GOOD {
        order.seq = 1;
    }
    status
}

#[doc(hidden)]
#[unsafe(no_mangle)]
#[allow(non_upper_case_globals, unreachable_pub)]
pub static strategy_entry: abi::Entry = abi::Entry {
    step: Some(step),
    ..HONEST
};
