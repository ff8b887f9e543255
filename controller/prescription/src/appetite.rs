//! The most that a prescription may give in a time, and how soon that empties a reservoir
//! (W05).
//!
//! [`Appetite::most`] bounds the steps of every half-open window `(t − W, t]` of a run, of any
//! length W, with every bolus asked for that is allowed and every basal at its envelope:
//!
//! - A basal gives its rate times W, a begun step counted. All basals are added up first.
//! - A bolus gives all of its steps in each window of its length in which one may start: at
//!   most one for each begun lockout or interval, and no more than the counts let through.
//!   That a window may hold two halves of boluses changes nothing, where they all take the same
//!   time: what it holds is then an average of the starts in windows of its length. Where the
//!   times may differ, the end of one more may lie in a window and counts whole: where the
//!   highest rate may stretch a bolus, and where a demand may suspend one that is given unasked.
//! - The highest rate and the caps hold that back. A window that is longer than a cap's is cut
//!   into such as that cap holds, and what is left over.
//!
//! What is assumed: a strategy asks for each bolus in one and the same time, as all that are
//! packaged do. One that takes its time on purpose could put the end of one bolus more into a
//! window; the caps hold whatever it does. Steps count when they fall due: a late one may lie in
//! the next window, which then holds one more.
//!
//! What is left out, since nobody can know it: what the operator gives besides the regimens,
//! further starts (each moves the rotor by up to a full step; one is in every answer), what is
//! booked as uncertain after a power cut, and the end of the run by its volume to be infused.

use pump_core::prescription::{BolusEnvelope, Caps, LockoutEdge, Prescription};
use pump_core::quantity::{Nanoseconds, Rate, Steps, Volume};

/// Beyond this nobody plans.
const HORIZON: Nanoseconds = Nanoseconds::from_hours(24 * 3_650);

/// What keeps the steps of a window from being more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// The basal rates, and what lockouts, intervals and counts let through of boluses.
    ByRegimens,
    /// The highest rate of basal and bolus together.
    ByRate,
    /// A cap.
    ByCap {
        /// Over 1, 4 or 24 h.
        hours: u8,
        /// The drug's place in the mixture; absent: the cap is of the mixture.
        drug: Option<usize>,
    },
}

/// What a prescription may give, see the module.
#[derive(Clone, Copy, Debug)]
pub struct Appetite<'a> {
    rx: &'a Prescription,
    boluses: bool,
}

impl<'a> Appetite<'a> {
    /// The worst case: every basal, and every bolus that is allowed.
    pub const fn of(rx: &'a Prescription) -> Self {
        Self { rx, boluses: true }
    }

    /// The basals alone, at their envelopes.
    pub const fn of_basals(rx: &'a Prescription) -> Self {
        Self { rx, boluses: false }
    }

    /// The most steps of any half-open window of this length, and what keeps them from being
    /// more: of equals the regimens before the rate, and that before the caps.
    pub fn most(&self, time: Nanoseconds) -> (Steps, Held) {
        let uncapped = self.uncapped(time);
        let caps = self.caps().into_iter().filter_map(|(cap, hours, drug)| {
            let window = Nanoseconds::from_hours(u64::from(hours));
            let (whole, rest) = (time.0 / window.0, Nanoseconds(time.0 % window.0));
            let rest = match (whole, rest) {
                (0, _) => cap?,
                (_, Nanoseconds::ZERO) => Steps::ZERO,
                // It is shorter than this window, so this ends with the shortest.
                _ => self.most(rest).0,
            };
            let steps = Steps(cap?.0.saturating_mul(whole)).saturating_add(rest);
            Some((steps, Held::ByCap { hours, drug }))
        });
        caps.fold(
            uncapped,
            |least, other| {
                if other.0 < least.0 { other } else { least }
            },
        )
    }

    /// The same, were there no caps.
    pub fn uncapped(&self, time: Nanoseconds) -> (Steps, Held) {
        let rate = flowed(self.rx.max_rate, time, self.rx.volume_per_step);
        let rate = rate.saturating_add(self.rx.full_step);
        let wanted = self.wanted(time);
        if rate < wanted {
            (rate, Held::ByRate)
        } else {
            (wanted, Held::ByRegimens)
        }
    }

    /// How many boluses count in a window of this length, before the rate and the caps.
    pub fn boluses(&self, time: Nanoseconds) -> u64 {
        let boluses = self.each_bolus().map(|bolus| self.counted(bolus, time));
        boluses.fold(0, u64::saturating_add)
    }

    /// The time after which so many steps may have been given at the earliest, the instant at
    /// which it begins and the one at which it ends included. `None`: not within ten years.
    pub fn soonest(&self, steps: Steps) -> Option<Nanoseconds> {
        if self.most(HORIZON).0 < steps {
            return None;
        }
        // What may be given never falls with the time, so the first instant can be searched
        // for.
        let (mut before, mut by) = (0, HORIZON.0);
        while before < by {
            let middle = before.midpoint(by);
            if self.most(Nanoseconds(middle)).0 < steps {
                before = middle.saturating_add(1);
            } else {
                by = middle;
            }
        }
        // What begins after an instant has the instant itself not in it.
        Some(Nanoseconds(by.saturating_sub(1)))
    }

    /// What the regimens come to with nothing to hold them back.
    fn wanted(&self, time: Nanoseconds) -> Steps {
        let step = self.rx.volume_per_step;
        let rates = || self.rx.regimens.iter().flatten().map(|it| it.basal);
        let basal = match basal(self.rx) {
            Some(sum) => flowed(sum, time, step),
            None => rates().fold(Steps::ZERO, |sum, rate| {
                sum.saturating_add(flowed(rate, time, step))
            }),
        };
        let boluses = self.each_bolus().map(|bolus| {
            let steps = bolus.max.steps(step).unwrap_or(Steps::MAX);
            Steps(steps.0.saturating_mul(self.counted(bolus, time)))
        });
        boluses.fold(
            self.rx.full_step.saturating_add(basal),
            Steps::saturating_add,
        )
    }

    fn each_bolus(&self) -> impl Iterator<Item = &'a BolusEnvelope> + use<'a> {
        let regimens = self.rx.regimens.iter().flatten();
        let boluses = self.boluses;
        regimens
            .filter_map(|envelope| envelope.bolus.as_ref())
            .filter(move |_| boluses)
    }

    /// Those that may start in a window, and the one whose end may lie in it.
    fn counted(&self, bolus: &BolusEnvelope, time: Nanoseconds) -> u64 {
        if time == Nanoseconds::ZERO {
            return 0;
        }
        starts(bolus, self.rx.volume_per_step, time)
            .saturating_add(u64::from(self.may_differ(bolus)))
    }

    /// Whether one bolus of a regimen may take longer than another one.
    fn may_differ(&self, bolus: &BolusEnvelope) -> bool {
        let fastest = Rate::of(bolus.max, bolus.over)
            .zip(basal(self.rx))
            .and_then(|(rate, basal)| rate.checked_add(basal));
        let stretched = fastest.is_none_or(|fastest| fastest > self.rx.max_rate);
        let asked = self.rx.max_clinician_bolus.is_some()
            || self.each_bolus().any(|other| other.demand.is_some());
        stretched || (bolus.interval.is_some() && asked)
    }

    fn caps(&self) -> Vec<(Option<Steps>, u8, Option<usize>)> {
        let each =
            |caps: Caps, drug| [(caps.h1, 1, drug), (caps.h4, 4, drug), (caps.h24, 24, drug)];
        let drugs = self.rx.drugs.iter().flatten().enumerate();
        let drugs = drugs.flat_map(|(at, drug)| each(drug.caps, Some(at)));
        each(self.rx.caps, None).into_iter().chain(drugs).collect()
    }
}

/// All basals together; `None`: the sum does not fit.
fn basal(rx: &Prescription) -> Option<Rate> {
    let mut rates = rx.regimens.iter().flatten().map(|it| it.basal);
    rates.try_fold(Rate::ZERO, Rate::checked_add)
}

/// What a rate gives in a time, a begun step counted; saturates.
fn flowed(rate: Rate, time: Nanoseconds, step: Volume) -> Steps {
    let flowed = || {
        let num = u128::from(rate.num()).checked_mul(u128::from(time.0))?;
        let den = u128::from(rate.den()).checked_mul(u128::from(step.num()))?;
        let steps = num
            .checked_mul(u128::from(step.den()))?
            .div_ceil(den.max(1));
        u64::try_from(steps).ok().map(Steps)
    };
    flowed().unwrap_or(Steps::MAX)
}

/// How many boluses of a regimen may start in a half-open window.
fn starts(bolus: &BolusEnvelope, step: Volume, time: Nanoseconds) -> u64 {
    let unasked = bolus.interval.map_or(0, |interval| each(time, interval));
    let demands = bolus.demand.map_or(0, |demand| {
        let counted = demand.counts.iter().flatten();
        let counted = counted.map(|limit| {
            let times = each(time, limit.period);
            u64::from(limit.max).saturating_mul(times)
        });
        counted.fold(by_lockout(bolus, step, time), u64::min)
    });
    unasked.saturating_add(demands)
}

/// How many demand boluses the lockout alone lets start in a half-open window.
pub(crate) fn by_lockout(bolus: &BolusEnvelope, step: Volume, time: Nanoseconds) -> u64 {
    bolus.demand.map_or(0, |demand| {
        // None is given while another one runs.
        let apart = match demand.edge {
            LockoutEdge::StartToStart => demand.lockout.max(bolus.over),
            // A bolus ends at its last step. A basal that has begun a step brings that forward,
            // by less than the bolus takes for one.
            LockoutEdge::EndToStart => {
                let steps = bolus.max.steps(step).map_or(1, |steps| steps.0.max(1));
                let last = bolus.over.0.saturating_sub(bolus.over.0.div_ceil(steps));
                demand.lockout.saturating_add(Nanoseconds(last))
            }
        };
        each(time, apart)
    })
}

/// How often something may begin in a half-open window that lies so far apart.
fn each(time: Nanoseconds, apart: Nanoseconds) -> u64 {
    time.0.div_ceil(apart.0.max(1))
}
