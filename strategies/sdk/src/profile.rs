//! A rate through the week.

use crate::Rate;
use std::time::Duration;
use strategy_abi::{Fraction, MAX_STEPS};

const WEEK: Duration = Duration::from_hours(7 * 24);

/// A step of a [`Profile`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// When it begins, since Monday 00:00 by the local clock.
    pub at: Duration,
    /// The rate from then on.
    pub rate: Rate,
}

/// The value of a [`Param::profile`](crate::Param::profile): which rate holds at which time of
/// the week, by the local clock ([`WallClock::time_of_week`](crate::WallClock::time_of_week)).
/// The pump has checked it: there is a step at Monday 00:00, and each begins after the one before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    steps: Vec<Step>,
}

impl Profile {
    /// `None` where these are no steps of a week.
    pub(crate) fn new(raw: &[[Fraction; 2]]) -> Option<Self> {
        let step = |[at, rate]: &[Fraction; 2]| {
            let at = at.num.checked_div(at.den).map(Duration::from_secs)?;
            let rate = Rate::from_fraction(*rate)?;
            Some(Step { at, rate })
        };
        let steps: Vec<Step> = raw.iter().map(step).collect::<Option<_>>()?;
        let rising = steps.is_sorted_by(|a, b| a.at < b.at);
        let begins = steps.first().is_some_and(|first| first.at.is_zero());
        let within = steps.last().is_some_and(|last| last.at < WEEK);
        (rising && begins && within && steps.len() <= MAX_STEPS).then_some(Self { steps })
    }

    /// All steps, in the order of the week.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Which step holds at this time of the week: the last one that has begun.
    pub fn index_at(&self, time_of_week: Duration) -> usize {
        let begun = self.steps.partition_point(|step| step.at <= time_of_week);
        begun.saturating_sub(1)
    }

    /// Time by the local clock until the next step begins. After the last one, that is the first
    /// of the next week.
    pub fn until_next(&self, time_of_week: Duration) -> Duration {
        let next = self
            .steps
            .get(self.index_at(time_of_week).saturating_add(1));
        let next = next.map_or(WEEK, |step| step.at);
        next.saturating_sub(time_of_week)
    }

    /// The lowest rate of the week.
    pub fn lowest(&self) -> Rate {
        let rates = self.steps.iter().map(|step| step.rate);
        rates.min().unwrap_or(Rate::ZERO)
    }

    /// The values that cross the border: two for each step.
    pub(crate) fn fractions(&self) -> impl Iterator<Item = Fraction> {
        let both = |step: &Step| {
            let at = Fraction {
                num: step.at.as_secs(),
                den: 1,
            };
            [at, step.rate.fraction()]
        };
        self.steps.iter().flat_map(both)
    }
}
