//! A ramp in steps from one rate to another: the plugin behind `strategy = "taper"`.
//!
//! ```toml
//! [[regimen]]
//! name = "weaning"
//! strategy = "taper"
//! from = "2 mg/day"
//! to = "0.5 mg/day"
//! over = "6 day"
//! steps = 3                # 2, 1.5, 1 and then 0.5 mg/day, two days each, the last for good
//! highest = "2 mg/day"     # the higher of `from` and `to`, which may go either way
//! ```
//!
//! The rate is `from + (to − from) × k / steps` once `k × over / steps` has passed: exactly
//! `from` before the first change, exactly `to` from `over` on. `highest` says once more what
//! bounds the regimen, since a role belongs to one parameter and either end may be the higher;
//! values in which it is anything else than the higher end are refused.
//!
//! The rate follows from the therapy clock alone, which runs on while the pump is paused: a
//! pause does not put the ramp off, and there is nothing to save. A new start begins at `from`.
#![forbid(unsafe_code)]

use std::time::Duration;
use strategy_sdk::{
    Declaration, Order, Param, Rate, Refused, Role, Snapshot, Strategy, Values, abi::Fraction,
};

/// A ramp in steps.
#[derive(Debug)]
pub struct Taper {
    from: Rate,
    to: Rate,
    over: Duration,
    steps: u32,
}

impl Taper {
    /// The rate after `k` of the steps, exactly. `None` where its fraction needs more than
    /// 64 bits.
    fn rate(&self, k: u32) -> Option<Rate> {
        let (from, to) = (self.from.fraction(), self.to.fraction());
        // Over the common denominator `from.den × to.den × steps`.
        let part = |end: Fraction, other: Fraction, weight: u32| {
            u128::from(end.num)
                .checked_mul(u128::from(other.den))?
                .checked_mul(u128::from(weight))
        };
        let num = part(from, to, self.steps.checked_sub(k)?)?.checked_add(part(to, from, k)?)?;
        let den = u128::from(from.den)
            .checked_mul(u128::from(to.den))?
            .checked_mul(u128::from(self.steps))?;
        let common = gcd(num, den);
        let reduced = |number: u128| u64::try_from(number.checked_div(common)?).ok();
        Rate::of(reduced(num)?, Duration::from_nanos(reduced(den)?))
    }

    /// How many of the steps have been made.
    fn made(&self, now: Duration) -> u32 {
        let made = now.as_nanos().saturating_mul(u128::from(self.steps));
        let made = made.checked_div(self.over.as_nanos());
        made.and_then(|made| u32::try_from(made).ok())
            .map_or(self.steps, |made| made.min(self.steps))
    }

    /// When the `k`th step is made: the first nanosecond at which [`Taper::made`] counts it.
    fn time_of(&self, k: u32) -> Duration {
        let time = self.over.as_nanos().saturating_mul(u128::from(k));
        let time = time.div_ceil(u128::from(self.steps.max(1)));
        u64::try_from(time).map_or(Duration::MAX, Duration::from_nanos)
    }
}

impl Strategy for Taper {
    const DECLARATION: Declaration = Declaration::new(
        "taper",
        env!("CARGO_PKG_VERSION"),
        "A ramp in steps from one rate to another",
    )
    .param(Param::rate(
        "from",
        "the rate at the start",
        Rate::ZERO,
        FASTEST,
    ))
    .param(Param::rate(
        "to",
        "the rate from the last step on, as long as the pump runs",
        Rate::ZERO,
        FASTEST,
    ))
    .param(
        Param::rate(
            "highest",
            "the higher of `from` and `to`",
            Rate::ZERO,
            FASTEST,
        )
        .role(Role::MaxBasal),
    )
    .param(Param::time(
        "over",
        "the time from the start to the last step",
        Duration::from_mins(1),
        Duration::from_hours(24 * 365),
    ))
    .param(Param::count(
        "steps",
        "how many equal steps, evenly spaced, lead from the one to the other",
        1,
        1000,
    ));

    fn new(values: &Values<'_>) -> Result<Self, Refused> {
        let taper = Self {
            from: values.rate("from")?,
            to: values.rate("to")?,
            over: values.time("over")?,
            steps: values.count("steps")?,
        };
        let bounded = values.rate("highest")? == taper.from.max(taper.to);
        if bounded && (0..=taper.steps).all(|k| taper.rate(k).is_some()) {
            Ok(taper)
        } else {
            Err(Refused)
        }
    }

    fn step(&mut self, snapshot: &Snapshot) -> Order {
        let made = self.made(snapshot.now());
        // `new` has seen that each of them has a fraction.
        let order = Order::basal(self.rate(made).unwrap_or(Rate::ZERO));
        if made < self.steps {
            let next = self.time_of(made.saturating_add(1));
            order.wake_in(next.saturating_sub(snapshot.now()))
        } else {
            order
        }
    }
}

const fn gcd(mut a: u128, mut b: u128) -> u128 {
    while let Some(rest) = a.checked_rem(b) {
        (a, b) = (b, rest);
    }
    a
}

/// The fastest rate any pump of this kind gives (requirement D02).
const FASTEST: Rate = Rate::ml_per_h(1500);

strategy_sdk::export!(Taper);
