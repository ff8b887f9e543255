//! Where the control law's words and the plugin contract's messages meet.
//!
//! On one side stands `pump-core` with exact types (`Volume`, `Rate`, an `Order` that
//! can't hold a zero denominator); on the other `strategy-abi` with flat messages that
//! anybody's shared library may fill with anything. This crate is the only place that
//! knows both, and everything a plugin says passes through one of its two doors:
//!
//! - **Once, when a plugin is read**: [`Declaration::from_descriptor`] turns the raw
//!   descriptor into checked words, or says what is wrong with it and where. From the
//!   declaration and the values of a prescription [`Declaration::envelope`] derives the
//!   most a regimen may ever be given. The governor holds the envelope, so nothing that
//!   the plugin says later can widen it.
//! - **At every step**: [`snapshot_message`] writes what the strategy is shown, and
//!   [`read_order`] reads its answer. A message that means nothing (a zero denominator, a
//!   demand both given and refused, a reason that is no reason) is a [`BadOrder`]; a
//!   message that means too much is for the governor to narrow.
//!
//! The crate loads nothing, talks to nobody and has no `unsafe`: it is the same whether
//! the strategy is called directly (in the simulator) or sits behind a socket. How the
//! messages travel over that socket is in [`protocol`].
//!
//! ```
//! use pump_core::quantity::{Nanoseconds, Rate};
//! use strategy_link::{FRACTION_ZERO, read_order};
//!
//! let mut message = strategy_abi::Order {
//!     size: size_of::<strategy_abi::Order>() as u32,
//!     bolus_kind: 0,
//!     seq: 1,
//!     basal: strategy_abi::Fraction { num: 1, den: 604_800_000 }, // 1/7 mL/day
//!     bolus_volume: FRACTION_ZERO,
//!     bolus_over_ns: 0,
//!     demand_id: 0,
//!     refusal: strategy_abi::REASON_NONE,
//!     reserved: 0,
//!     valid_for_ns: strategy_abi::FOREVER,
//!     wake_in_ns: strategy_abi::FOREVER,
//! };
//! let order = read_order(&message).unwrap();
//! assert_eq!(order.basal, Rate::new(1, 604_800_000).unwrap());
//! assert_eq!(order.valid_for, Nanoseconds::MAX);
//!
//! message.basal.den = 0;
//! assert_eq!(
//!     read_order(&message).unwrap_err().to_string(),
//!     "the basal rate has the denominator 0"
//! );
//! ```
#![forbid(unsafe_code)]

mod declaration;
mod envelope;
mod flaw;
mod message;
mod profile;
pub mod protocol;
mod roles;
mod sha256;

pub use declaration::{Declaration, Kind, Param, Role};
pub use envelope::{EnvelopeError, ValueFault};
pub use flaw::{DeclarationError, Flaw, Place};
pub use message::{BadOrder, ORDER_SIZES, WallClock, read_order, snapshot_message, written};
pub use profile::{MAX_VALUES, ProfileFault, Step};
pub use roles::{BOLUS_DURATION_RANGE, LOCKOUT_EDGES, LOCKOUT_RANGE};
pub use sha256::{NotSha256, Sha256};

use strategy_abi::Fraction;

/// Nothing, as a fraction.
pub const FRACTION_ZERO: Fraction = Fraction { num: 0, den: 1 };

/// Compares two fractions. `None` where a denominator is zero.
pub fn compare(a: Fraction, b: Fraction) -> Option<std::cmp::Ordering> {
    if a.den == 0 || b.den == 0 {
        return None;
    }
    // 64 × 64 bits always fit into 128.
    let left = u128::from(a.num).saturating_mul(u128::from(b.den));
    let right = u128::from(b.num).saturating_mul(u128::from(a.den));
    Some(left.cmp(&right))
}

/// The fraction as a whole number. `None` where it is none.
pub fn whole(value: Fraction) -> Option<u64> {
    match value.num.checked_rem(value.den)? {
        0 => value.num.checked_div(value.den),
        _ => None,
    }
}
