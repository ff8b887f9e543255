//! The wall clock of a story.

use crate::Weekday;
use std::time::Duration;
use strategy_abi as abi;

const HOUR_S: i64 = 3_600;
const DAY_S: i64 = 86_400;
/// 2026-01-05 00:00, a Monday, as if it were UTC.
const A_MONDAY_S: i64 = 1_767_571_200;

/// What a wall clock shows and where it hangs, for [`Prescribed::clock`](super::Prescribed::clock)
/// and [`Story::set_clock`](super::Story::set_clock).
///
/// ```
/// use strategy_sdk::Weekday;
/// use strategy_sdk::testkit::{Clock, hours};
///
/// // Two hours before the night in which clocks go forward, five hours west of Greenwich.
/// let _ = Clock::on(Weekday::Sunday, 0, 0).behind_utc(hours(5)).goes_forward_after(hours(2));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    utc_s: i64,
    offset_s: i64,
    /// When the offset changes, and to what.
    change: Option<(i64, i64)>,
}

impl Clock {
    /// It shows this local time, on this day of some week. Until something else is said, local
    /// time is UTC and never changes.
    pub fn on(day: Weekday, hour: u32, minute: u32) -> Self {
        let days = i64::from(day.number()) * DAY_S;
        let time = i64::from(hour) * HOUR_S + i64::from(minute) * 60;
        Self {
            utc_s: A_MONDAY_S + days + time,
            offset_s: 0,
            change: None,
        }
    }

    /// It shows the same and hangs so far east that it is this much ahead of UTC.
    #[must_use]
    pub fn ahead_of_utc(self, by: Duration) -> Self {
        self.moved_east(signed_s(by))
    }

    /// It shows the same and hangs so far west that it is this much behind UTC.
    #[must_use]
    pub fn behind_utc(self, by: Duration) -> Self {
        self.moved_east(-signed_s(by))
    }

    fn moved_east(self, by_s: i64) -> Self {
        Self {
            utc_s: self.utc_s - by_s,
            offset_s: self.offset_s + by_s,
            change: self.change.map(|(at, to)| (at - by_s, to + by_s)),
        }
    }

    /// After this time, daylight saving begins: the hour that follows is left out.
    #[must_use]
    pub fn goes_forward_after(self, time: Duration) -> Self {
        let change = (self.utc_s + signed_s(time), self.offset_s + HOUR_S);
        Self {
            change: Some(change),
            ..self
        }
    }

    /// After this time, daylight saving ends: the hour before comes once more.
    #[must_use]
    pub fn goes_back_after(self, time: Duration) -> Self {
        let change = (self.utc_s + signed_s(time), self.offset_s - HOUR_S);
        Self {
            change: Some(change),
            ..self
        }
    }

    pub(super) fn jumped(self, by_s: i64) -> Self {
        Self {
            utc_s: self.utc_s + by_s,
            ..self
        }
    }

    /// The fields of a snapshot this much later: UTC, the offset plus a day, its next change.
    pub(super) fn fields(self, passed: Duration) -> [u64; 3] {
        let now = self.utc_s + signed_s(passed);
        let (offset, change) = match self.change {
            Some((at, to)) if now >= at => (to, abi::FOREVER),
            Some((at, _)) => (self.offset_s, unsigned(at)),
            None => (self.offset_s, abi::FOREVER),
        };
        [unsigned(now), unsigned(offset + DAY_S), change]
    }
}

pub(super) fn signed_s(time: Duration) -> i64 {
    i64::try_from(time.as_secs()).expect("a story is shorter")
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).expect("a story's clock shows a time after 1970")
}
