//! How much of what fell due lately was not given (W02).
//!
//! It is counted in steps, by the minute of *delivery*: time in which nothing is to be given is
//! no time in which too little is. What is narrowed, refused or withheld does not fall due, and
//! has reasons and alarms of its own; what is left are the edges that were missed.

use crate::quantity::{Nanoseconds, Steps};
use crate::twin::{Twin, broken};

/// So many full minutes are judged, and one more is being filled.
const WITHIN: usize = 15;
const MINUTES: usize = 16;
const KEPT: u64 = 16;
/// The least that must be given of what fell due, in tenths.
const LEAST_TENTHS: u64 = 9;

const MINUTE: Nanoseconds = Nanoseconds::from_mins(1);

/// Steps of a minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Minute {
    due: Steps,
    missed: Steps,
}

impl Minute {
    const EMPTY: Self = Self {
        due: Steps::ZERO,
        missed: Steps::ZERO,
    };

    const fn plus(self, other: Self) -> Self {
        Self {
            due: self.due.saturating_add(other.due),
            missed: self.missed.saturating_add(other.missed),
        }
    }
}

/// What fell due in the last minutes of delivery of an arming.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shortfall {
    /// The newest first; that one is being filled.
    minutes: [Minute; MINUTES],
    /// Full minutes of delivery, and what has passed of the next.
    full: u64,
    passed: Nanoseconds,
    /// The minute that was judged last.
    judged: u64,
    /// The minute with which the last missed step leaves them.
    leaves: u64,
    /// All that had fallen due when it was looked at last.
    due: Steps,
    /// Too little was given, when it was judged last.
    short: bool,
}

impl Shortfall {
    pub(crate) const NONE: Self = Self {
        minutes: [Minute::EMPTY; MINUTES],
        full: 0,
        passed: Nanoseconds::ZERO,
        judged: 0,
        leaves: 0,
        due: Steps::ZERO,
        short: false,
    };

    /// Delivery went on for so long, and so many steps of the arming have fallen due by now.
    pub(crate) fn pass(&mut self, span: Nanoseconds, due: Steps) {
        let passed = self.passed.saturating_add(span);
        let more = passed.0.checked_div(MINUTE.0).unwrap_or(0);
        self.passed = Nanoseconds(passed.0.checked_rem(MINUTE.0).unwrap_or(0));
        self.full = self.full.saturating_add(more);
        let places = usize::try_from(more).unwrap_or(MINUTES).min(MINUTES);
        self.minutes.rotate_right(places);
        for minute in self.minutes.iter_mut().take(places) {
            *minute = Minute::EMPTY;
        }
        let new = due.saturating_sub(self.due);
        self.due = due;
        if let Some(newest) = self.minutes.first_mut() {
            newest.due = newest.due.saturating_add(new);
        }
    }

    /// So many of what fell due will not be given.
    pub(crate) fn miss(&mut self, steps: Steps) {
        if !self.is_watched() {
            self.judged = self.full;
        }
        if broken(Twin::MissesForgotten) {
            return;
        }
        self.leaves = self.full.saturating_add(KEPT);
        if let Some(newest) = self.minutes.first_mut() {
            newest.missed = newest.missed.saturating_add(steps);
        }
    }

    /// Whether there is anything to be judged: while nothing is missed nobody need wake for it.
    const fn is_watched(&self) -> bool {
        self.short || self.full < self.leaves
    }

    /// How long delivery must go on until it is to be judged; zero: now.
    pub(crate) const fn judged_in(&self) -> Option<Nanoseconds> {
        if !self.is_watched() {
            return None;
        }
        if self.judged < self.full {
            return Some(Nanoseconds::ZERO);
        }
        Some(Nanoseconds(MINUTE.0.saturating_sub(self.passed.0)))
    }

    /// Judges the last fifteen full minutes. Whether too little was given in them.
    pub(crate) fn judge(&mut self) -> bool {
        self.judged = self.full;
        let window = self.minutes.iter().skip(1).take(WITHIN);
        let sum = window.fold(Minute::EMPTY, |sum, minute| sum.plus(*minute));
        let whole = u64::try_from(WITHIN).is_ok_and(|within| self.full >= within);
        let given = sum.due.saturating_sub(sum.missed).0;
        let least = sum.due.0.saturating_mul(LEAST_TENTHS);
        self.short = whole && given.saturating_mul(10) < least;
        self.short
    }
}
