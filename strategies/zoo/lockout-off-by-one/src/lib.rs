//! Refuses the demand that comes at the very end of the lockout, but only where an order's
//! lease ends in the same instant: a comparison that is off by one, in a corner that no test
//! by hand would look into.
//!
//! `dose` is what a demand is given: absent, nothing at all.
#![forbid(unsafe_code)]

use std::time::Duration;
use strategy_sdk::{
    Declaration, Order, Param, Reason, Refused, Role, Snapshot, StateReader, StateWriter, Strategy,
    Value, Values, Volume,
};

struct Guest {
    dose: Volume,
    over: Duration,
    /// When the lockout ends, as far as it knows.
    open_at: Duration,
}

/// It believes that every order lives for so long, and then looks at the lockout anew.
const LEASE: Duration = Duration::from_secs(2);

const fn minutes(minutes: u64) -> Duration {
    Duration::from_mins(minutes)
}

impl Strategy for Guest {
    const DECLARATION: Declaration = Declaration::new(
        "zoo-lockout-off-by-one",
        env!("CARGO_PKG_VERSION"),
        "Refuses the demand at the very end of the lockout, where a lease ends too",
    )
    .param(
        Param::dose(
            "dose",
            "what a demand is given",
            Volume::ZERO,
            Volume::ml(1),
        )
        .role(Role::MaxBolus)
        .default(Value::Dose(Volume::ZERO)),
    )
    .param(
        Param::time("over", "the time for it", minutes(1), minutes(10))
            .role(Role::BolusDuration)
            .default(Value::Time(minutes(1))),
    )
    .param(
        Param::time("lockout", "the lockout", minutes(1), minutes(60))
            .role(Role::Lockout)
            .default(Value::Time(minutes(10))),
    )
    .param(
        Param::choice(
            "lockout_edge",
            "its edge",
            &["start-to-start", "end-to-start"],
        )
        .role(Role::LockoutEdge)
        .default(Value::Choice(0)),
    )
    .param(
        Param::flag("others_restart", "whether others restart it")
            .role(Role::OthersRestartLockout)
            .default(Value::Flag(false)),
    )
    .param(
        Param::flag("others_count", "whether others count")
            .role(Role::OthersCount)
            .default(Value::Flag(false)),
    );

    fn new(values: &Values<'_>) -> Result<Self, Refused> {
        Ok(Self {
            dose: values.dose("dose")?,
            over: values.time("over")?,
            open_at: Duration::ZERO,
        })
    }

    fn step(&mut self, snapshot: &Snapshot) -> Order {
        let now = snapshot.now();
        let left = snapshot.lockout_left();
        if left > Duration::ZERO {
            self.open_at = now.saturating_add(left);
        }
        let order = Order::nothing();
        let Some(demand) = snapshot.demand() else {
            return order;
        };
        // The planted one: `now == open_at` is allowed.
        let lease_ends = now.as_nanos().is_multiple_of(LEASE.as_nanos());
        let locked = left > Duration::ZERO || (lease_ends && now == self.open_at && !now.is_zero());
        if locked {
            order.refuse(demand, Reason::Lockout)
        } else if self.dose.is_zero() {
            order.refuse(demand, Reason::Strategy)
        } else {
            order.give(demand, self.dose, self.over)
        }
    }

    fn save(&self, state: &mut StateWriter<'_>) {
        state.time(self.open_at);
    }

    fn load(&mut self, state: &mut StateReader<'_>) -> Result<(), Refused> {
        self.open_at = state.time()?;
        Ok(())
    }
}

strategy_sdk::export!(Guest);
