//! A rate through the week: the steps that stand behind a regimen's values.

use crate::declaration::{Declaration, Kind, Param};
use crate::{compare, whole};
use std::cmp::Ordering;
use std::fmt;
use strategy_abi::{Fraction, MAX_PARAMS, MAX_STEPS};

/// The most values a regimen has: one per parameter, and two per step of a profile.
pub const MAX_VALUES: usize = MAX_PARAMS + 2 * MAX_STEPS;

const DAY_S: u64 = 86_400;
const WEEK_S: u64 = 7 * DAY_S;

/// One step: when it begins, and the rate from then on.
pub type Step = [Fraction; 2];

/// What is wrong with a step, or with all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProfileFault {
    /// It begins at no whole second of a week.
    NoTime,
    /// It does not begin after the one before.
    NotLater,
    /// The day with this number, 0 for Monday, has no step at its 00:00.
    NoMidnight(u64),
    /// Its rate is none.
    NoRate,
    /// Its rate is below the declared smallest.
    TooSmall,
    /// Its rate is above the declared largest.
    TooLarge,
}

impl fmt::Display for ProfileFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoTime => f.write_str("begins at no whole second of the week"),
            Self::NotLater => f.write_str("does not begin after the one before"),
            Self::NoMidnight(day) => {
                write!(f, "is none at 00:00 of day {}", day.saturating_add(1))
            }
            Self::NoRate => f.write_str("has the denominator 0"),
            Self::TooSmall => f.write_str("is below the smallest rate"),
            Self::TooLarge => f.write_str("is above the largest rate"),
        }
    }
}

impl Declaration {
    /// The parameter that is a profile, and its index.
    pub fn profile(&self) -> Option<(usize, &Param)> {
        let mut params = self.params.iter().enumerate();
        params.find(|(_, param)| param.kind == Kind::Profile)
    }

    /// The steps of the profile among these values; none where there is no profile.
    pub fn steps<'v>(&self, values: &'v [Fraction]) -> &'v [Step] {
        let behind = values.get(self.params.len()..).unwrap_or_default();
        behind.as_chunks().0
    }

    /// How many values there are beside these, if these are the first ones: one per parameter, and
    /// two per step that the profile's own value says.
    pub fn value_count(&self, values: &[Fraction]) -> usize {
        let steps = self.profile().and_then(|(index, _)| values.get(index));
        let steps = steps.copied().and_then(whole).unwrap_or(0);
        let steps = usize::try_from(steps).unwrap_or(usize::MAX);
        self.params.len().saturating_add(steps.saturating_mul(2))
    }

    /// Checks the steps of the profile among these values.
    ///
    /// # Errors
    /// The first step that is wrong, and what is wrong with it.
    pub fn check_steps(&self, values: &[Fraction]) -> Result<(), (usize, ProfileFault)> {
        let Some((_, param)) = self.profile() else {
            return Ok(());
        };
        let mut before = None;
        // The midnights that there were: a day is whole for itself.
        let mut day = 0;
        for (index, &[at, rate]) in self.steps(values).iter().enumerate() {
            let fault = |fault| Err((index, fault));
            let Some(at) = whole(at).filter(|at| *at < WEEK_S) else {
                return fault(ProfileFault::NoTime);
            };
            if before.is_some_and(|before| at <= before) {
                return fault(ProfileFault::NotLater);
            }
            before = Some(at);
            if at == day * DAY_S {
                day += 1;
            } else if at > day * DAY_S {
                return fault(ProfileFault::NoMidnight(day));
            }
            match (compare(rate, param.min), compare(rate, param.max)) {
                (None, _) | (_, None) => return fault(ProfileFault::NoRate),
                (Some(Ordering::Less), _) => return fault(ProfileFault::TooSmall),
                (_, Some(Ordering::Greater)) => return fault(ProfileFault::TooLarge),
                _ => {}
            }
        }
        match day {
            7 => Ok(()),
            day => Err((self.steps(values).len(), ProfileFault::NoMidnight(day))),
        }
    }

    /// The highest rate of the profile.
    pub(crate) fn highest(&self, values: &[Fraction]) -> Option<Fraction> {
        let rates = self.steps(values).iter().map(|[_, rate]| *rate);
        rates.reduce(|highest, rate| match compare(rate, highest) {
            Some(Ordering::Greater) => rate,
            _ => highest,
        })
    }
}
