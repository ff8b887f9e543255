//! A steady rate: the plugin behind `strategy = "continuous"`.
//!
//! ```toml
//! [[regimen]]
//! name = "background"
//! strategy = "continuous"
//! rate = "2 mg/day"
//! ```
//!
//! The order never changes, so the strategy asks for no snapshot of its own; the pump
//! still sends one before each lease ends, and the same order answers it.
#![forbid(unsafe_code)]

use strategy_sdk::{Declaration, Order, Param, Rate, Refused, Role, Snapshot, Strategy, Values};

/// A steady rate.
#[derive(Debug)]
pub struct Continuous {
    rate: Rate,
}

impl Strategy for Continuous {
    const DECLARATION: Declaration =
        Declaration::new("continuous", env!("CARGO_PKG_VERSION"), "A steady rate").param(
            Param::rate(
                "rate",
                "the rate, as long as the pump runs",
                Rate::ZERO,
                FASTEST,
            )
            .role(Role::MaxBasal),
        );

    fn new(values: &Values<'_>) -> Result<Self, Refused> {
        Ok(Self {
            rate: values.rate("rate")?,
        })
    }

    fn step(&mut self, _: &Snapshot) -> Order {
        Order::basal(self.rate)
    }
}

/// The fastest rate any pump of this kind gives (requirement D02).
const FASTEST: Rate = Rate::ml_per_h(1500);

strategy_sdk::export!(Continuous);
