//! A bolus on the patient's demand, with an optional basal: the plugin behind
//! `strategy = "pca"`.
//!
//! ```toml
//! [[regimen]]
//! name = "patient"
//! strategy = "pca"
//! dose = "0.1 mg"
//! over = "2 min"
//! lockout = "30 min"
//! lockout_edge = "start-to-start"
//! other_boluses_restart_lockout = true
//! other_boluses_count = false
//! max_per_1h = 2
//! max_per_24h = 12
//! # basal = "0.5 mg/day"      absent: none
//! ```
//!
//! The strategy answers each press with the dose, or refuses it while the lockout that the
//! pump shows it is closed. It keeps no count and no time of its own: the lockout and the
//! counts belong to the pump and its subject, survive this plugin, and are enforced by the
//! governor whatever is proposed here. Nothing to remember means nothing to save.
#![forbid(unsafe_code)]

use std::time::Duration;
use strategy_sdk::{
    Declaration, Order, Param, Rate, Reason, Refused, Role, Snapshot, Strategy, Value, Values,
    Volume,
};

/// A bolus on demand.
#[derive(Debug)]
pub struct Pca {
    dose: Volume,
    over: Duration,
    basal: Rate,
}

impl Strategy for Pca {
    const DECLARATION: Declaration = Declaration::new(
        "pca",
        env!("CARGO_PKG_VERSION"),
        "A bolus on the patient's demand, with an optional basal",
    )
    .param(
        Param::dose(
            "dose",
            "what one press gives",
            Volume::nl(1),
            Volume::ml(1000),
        )
        .role(Role::MaxBolus),
    )
    .param(
        Param::time(
            "over",
            "the time over which the dose is given",
            SECOND,
            hours(6),
        )
        .role(Role::BolusDuration),
    )
    .param(
        Param::time(
            "lockout",
            "the time without another dose",
            minutes(1),
            hours(24),
        )
        .role(Role::Lockout),
    )
    .param(
        Param::choice(
            "lockout_edge",
            "whether the lockout counts from the start or the end of the last dose",
            &["start-to-start", "end-to-start"],
        )
        .role(Role::LockoutEdge),
    )
    .param(
        Param::flag(
            "other_boluses_restart_lockout",
            "whether a clinician or loading bolus restarts the lockout",
        )
        .role(Role::OthersRestartLockout),
    )
    .param(
        Param::flag(
            "other_boluses_count",
            "whether a clinician or loading bolus counts toward the maxima",
        )
        .role(Role::OthersCount),
    )
    // With the shortest lockout there are never more than these.
    .param(
        Param::count("max_per_1h", "the most doses in any hour", 1, 60)
            .role(Role::MaxCount(hours(1))),
    )
    .param(
        Param::count("max_per_24h", "the most doses in any 24 hours", 1, 60 * 24)
            .role(Role::MaxCount(hours(24))),
    )
    .param(
        Param::rate(
            "basal",
            "a steady rate beside the doses",
            Rate::ZERO,
            Rate::ml_per_h(1500),
        )
        .role(Role::MaxBasal)
        .default(Value::Rate(Rate::ZERO)),
    );

    fn new(values: &Values<'_>) -> Result<Self, Refused> {
        Ok(Self {
            dose: values.dose("dose")?,
            over: values.time("over")?,
            basal: values.rate("basal")?,
        })
    }

    fn step(&mut self, snapshot: &Snapshot) -> Order {
        let order = Order::basal(self.basal);
        match snapshot.demand() {
            None => order,
            Some(demand) if snapshot.lockout_left() > Duration::ZERO => {
                order.refuse(demand, Reason::Lockout)
            }
            Some(demand) => order.give(demand, self.dose, self.over),
        }
    }
}

const SECOND: Duration = Duration::from_secs(1);

const fn minutes(minutes: u64) -> Duration {
    Duration::from_mins(minutes)
}

const fn hours(hours: u64) -> Duration {
    Duration::from_hours(hours)
}

strategy_sdk::export!(Pca);
