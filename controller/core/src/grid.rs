//! The common measure of a prescription's rates.
//!
//! Rates are exact fractions with denominators of their own, and the planner adds them up
//! for years. So that no sum is ever rounded, one step is divided into as many **parts** as
//! make every rate of the prescription a whole number of parts per nanosecond. What is left
//! of 2⁸⁹ is used to refine the grid, so that a rate the prescription does not write (a
//! strategy that ramps, say) is rounded down by less than one part in 10¹⁵ of any rate of
//! interest.

use crate::prescription::{Flaw, Prescription};
use crate::quantity::{Nanoseconds, Rate, Steps, Volume, gcd};

/// The grid's size: a step has between 2⁸⁸ and 2⁸⁹ parts.
const FINEST: u128 = 1 << 89;

/// A flow in parts per nanosecond.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Flow(pub(crate) u128);

impl Flow {
    pub(crate) const ZERO: Self = Self(0);

    pub(crate) const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The sum. Saturation can't happen below the maximum rate, and would only make the
    /// governor refuse.
    pub(crate) const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    pub(crate) const fn less(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// The parts that flow in `span`.
    pub(crate) fn over(self, span: Nanoseconds) -> Option<u128> {
        self.0.checked_mul(u128::from(span.0))
    }

    /// The shortest span in which at least `parts` flow.
    pub(crate) fn time_for(self, parts: u128) -> Option<Nanoseconds> {
        let whole = parts.checked_div(self.0)?;
        let exact = whole.checked_mul(self.0)? == parts;
        let span = if exact { whole } else { whole.checked_add(1)? };
        u64::try_from(span).ok().map(Nanoseconds)
    }
}

/// How many parts a step has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Grid {
    parts_per_step: u128,
    per_step: Volume,
}

/// A rate in steps per nanosecond, in lowest terms.
fn step_rate(rate: Rate, per_step: Volume) -> Option<(u128, u128)> {
    let num = u128::from(rate.num()).checked_mul(u128::from(per_step.den()))?;
    let den = u128::from(rate.den()).checked_mul(u128::from(per_step.num()))?;
    let g = gcd(num, den);
    Some((num.checked_div(g)?, den.checked_div(g)?))
}

impl Grid {
    /// A grid on which every rate that the prescription writes is exact.
    ///
    /// # Errors
    /// [`Flaw::NoVolumePerStep`], and [`Flaw::NoCommonGrid`] where the common denominator
    /// is beyond 2⁸⁹.
    pub(crate) fn of(p: &Prescription) -> Result<Self, Flaw> {
        if p.volume_per_step.is_zero() {
            return Err(Flaw::NoVolumePerStep);
        }
        let mut parts: u128 = 1;
        let mut widen = |denominator: u128| -> Result<(), Flaw> {
            let g = gcd(parts, denominator);
            parts = denominator
                .checked_div(g)
                .and_then(|extra| parts.checked_mul(extra))
                .filter(|wide| *wide <= FINEST)
                .ok_or(Flaw::NoCommonGrid)?;
            Ok(())
        };
        let mut cover = |rate: Rate| -> Result<(), Flaw> {
            let (_, den) = step_rate(rate, p.volume_per_step).ok_or(Flaw::NoCommonGrid)?;
            widen(den)
        };
        cover(p.max_rate)?;
        for envelope in p.regimens.iter().flatten() {
            cover(envelope.basal)?;
        }
        if let crate::prescription::OnStrategyLoss::Kvo(rate) = p.on_strategy_loss {
            cover(rate)?;
        }
        for bolus in p.regimens.iter().flatten().filter_map(|e| e.bolus) {
            let steps = bolus
                .max
                .steps(p.volume_per_step)
                .ok_or(Flaw::NoCommonGrid)?;
            let g = gcd(u128::from(steps.0), u128::from(bolus.over.0));
            let den = u128::from(bolus.over.0)
                .checked_div(g)
                .ok_or(Flaw::TimeOutOfRange)?;
            widen(den)?;
        }
        while let Some(finer) = parts.checked_mul(2).filter(|finer| *finer <= FINEST) {
            parts = finer;
        }
        Ok(Self {
            parts_per_step: parts,
            per_step: p.volume_per_step,
        })
    }

    pub(crate) const fn parts_per_step(&self) -> u128 {
        self.parts_per_step
    }

    pub(crate) const fn volume_per_step(&self) -> Volume {
        self.per_step
    }

    /// The rate on this grid, rounded down, and whether it was exact.
    pub(crate) fn flow(&self, rate: Rate) -> (Flow, bool) {
        let Some((num, den)) = step_rate(rate, self.per_step) else {
            return (Flow::ZERO, rate.is_zero());
        };
        // A flow that can't be expressed is above every envelope, and not given.
        scaled(self.parts_per_step, num, den).unwrap_or((Flow::ZERO, false))
    }

    /// The flow that gives `steps` in `over`. Rounded up, so that a bolus is over when its
    /// time is; what it gives is counted by its steps and not by this. The planner gets no
    /// more of it than the highest rate leaves.
    pub(crate) fn flow_of(&self, steps: Steps, over: Nanoseconds) -> Flow {
        let num = u128::from(steps.0);
        let den = u128::from(over.0);
        let g = gcd(num, den);
        match (num.checked_div(g), den.checked_div(g)) {
            (Some(num), Some(den)) => match scaled(self.parts_per_step, num, den) {
                Some((flow, exact)) => Flow(flow.0.saturating_add(u128::from(!exact))),
                None => Flow(u128::MAX),
            },
            _ => Flow::ZERO,
        }
    }

    /// So many steps in parts. `None` beyond 2³⁹ steps.
    pub(crate) fn parts(&self, steps: Steps) -> Option<u128> {
        self.parts_per_step.checked_mul(u128::from(steps.0))
    }

    /// The steps that hold so many parts, rounded up.
    pub(crate) fn steps_up(&self, parts: u128) -> Steps {
        Steps(self.whole_steps(parts.saturating_add(self.parts_per_step.saturating_sub(1))))
    }

    /// The whole steps in so many parts.
    pub(crate) fn whole_steps(&self, parts: u128) -> u64 {
        let whole = parts.checked_div(self.parts_per_step).unwrap_or(0);
        u64::try_from(whole).unwrap_or(u64::MAX)
    }
}

/// `parts · num / den` rounded down, and whether it was exact. `None`: too large to be
/// expressed.
fn scaled(parts: u128, num: u128, den: u128) -> Option<(Flow, bool)> {
    if let (Some(unit), Some(0)) = (parts.checked_div(den), parts.checked_rem(den)) {
        return Some((Flow(unit.checked_mul(num)?), true));
    }
    // Long multiplication and division bit by bit: quotient and remainder of the product
    // grow together, so the product itself is never needed. `num` is brought below `den`
    // first, so that the remainder never exceeds twice the divisor.
    let (mut num, mut den) = (num, den);
    while den >= 1 << 126 {
        num >>= 1;
        den = (den >> 1).saturating_add(1);
    }
    let (whole, part) = (num.checked_div(den)?, num.checked_rem(den)?);
    let base = parts.checked_mul(whole)?;
    let (mut quotient, mut remainder) = (0_u128, 0_u128);
    for bit in (0..128).rev() {
        quotient <<= 1;
        remainder <<= 1;
        if remainder >= den {
            remainder = remainder.saturating_sub(den);
            quotient |= 1;
        }
        if (parts >> bit) & 1 == 1 {
            remainder = remainder.saturating_add(part);
            if remainder >= den {
                remainder = remainder.saturating_sub(den);
                quotient = quotient.saturating_add(1);
            }
        }
    }
    Some((Flow(base.checked_add(quotient)?), remainder == 0))
}
