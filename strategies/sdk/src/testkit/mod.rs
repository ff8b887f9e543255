//! Drives a strategy without a pump, so that a test reads as a story.
//!
//! [`Story`] stands in for the pump: it keeps a therapy clock, sends snapshots when the
//! pump would (at `start`, at the wake time, when the regimen's bolus changed, on a
//! press), and gives what is asked for unless the story says otherwise. It holds no limits
//! of its own: those are the governor's, and the simulator has the real one.
//!
//! [`Prescribed::tell`] tells the same story three times: as it is, with an extra snapshot
//! after each one, and with the instance saved, dropped and loaded after each one. A
//! strategy that counts snapshots or forgets to save gives another history and fails.
//!
//! ```
//! # use strategy_sdk::{Declaration, Order, Param, Refused, Role, Snapshot, Strategy, Values, Volume};
//! # use std::time::Duration;
//! # struct OnDemand(Volume);
//! # impl Strategy for OnDemand {
//! #     const DECLARATION: Declaration = Declaration::new("on-demand", "0.1.0", "A dose per press")
//! #         .param(Param::dose("dose", "the dose", Volume::nl(1), Volume::ml(1)).role(Role::MaxBolus));
//! #     fn new(values: &Values) -> Result<Self, Refused> { Ok(Self(values.dose("dose")?)) }
//! #     fn step(&mut self, snapshot: &Snapshot) -> Order {
//! #         match snapshot.demand() {
//! #             Some(demand) => Order::nothing().give(demand, self.0, Duration::from_mins(2)),
//! #             None => Order::nothing(),
//! #         }
//! #     }
//! # }
//! use strategy_sdk::testkit::{Answer, Story, minutes};
//!
//! Story::<OnDemand>::with("dose", Volume::ul(50)).tell(|story| {
//!     story.after(minutes(30));
//!     assert_eq!(story.press(), Answer::Given(Volume::ul(50)));
//! });
//! ```
//!
//! A story has no wall clock until it is given one. [`Prescribed::clock`] begins with one,
//! [`Story::set_clock`] sets another, and it can jump, be lost and be found again:
//!
//! ```
//! # use strategy_sdk::{Declaration, Order, Refused, Snapshot, Strategy, Values};
//! # struct Idle;
//! # impl Strategy for Idle {
//! #     const DECLARATION: Declaration = Declaration::new("idle", "0.1.0", "Gives nothing");
//! #     fn new(_: &Values) -> Result<Self, Refused> { Ok(Self) }
//! #     fn step(&mut self, _: &Snapshot) -> Order { Order::nothing() }
//! # }
//! use strategy_sdk::Weekday;
//! use strategy_sdk::testkit::{Clock, Story, hours, minutes};
//!
//! let mut story = Story::<Idle>::without_values().clock(Clock::on(Weekday::Monday, 7, 0)).start();
//! story.after(hours(1)).clock_jumps_back(minutes(30)).clock_lost().after(hours(1)).clock_found();
//! ```
//!
//! What the contract asks of every strategy needs no story of one's own:
//! [`conform!`](crate::conform) makes a test for each rule.

mod clock;
pub mod conformance;
#[allow(unsafe_code)]
mod counted;
mod prescribed;
mod story;
mod tried;

pub use clock::Clock;
pub use counted::Counted;
pub use prescribed::Prescribed;
pub use story::Story;

use crate::{BolusKind, Reason, Volume};
use std::time::Duration;

/// So many seconds, for a story.
pub const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// So many minutes, for a story.
pub const fn minutes(minutes: u64) -> Duration {
    Duration::from_mins(minutes)
}

/// So many hours, for a story.
pub const fn hours(hours: u64) -> Duration {
    Duration::from_hours(hours)
}

/// How a press was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// With a bolus of this volume.
    Given(Volume),
    /// Refused, by the strategy or by the story.
    Refused(Reason),
    /// Not at all: the pump would refuse it.
    Unanswered,
}

/// A bolus that was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bolus {
    /// When, on the therapy clock.
    pub at: Duration,
    /// Its kind.
    pub kind: BolusKind,
    /// Its volume.
    pub volume: Volume,
    /// The time over which it is given.
    pub over: Duration,
}
