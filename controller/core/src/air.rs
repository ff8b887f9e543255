//! How much air has passed the sensor: the bubble that is passing, and all of them lately.
//!
//! The pump can't see how long a bubble is, but what it gives while the sensor sees air is
//! air. So both are counted in steps, against limits that are written for the device (W04).

use crate::bytes::{LONGEST_NUMBER, Reader, Writer};
use crate::checkpoint::CheckpointFlaw;
use crate::prescription::AirLimits;
use crate::quantity::{MonoNs, Nanoseconds, Steps};
use crate::twin::{Twin, broken};

/// The sliding count has so many slots, and one more that is only partly inside and counts
/// whole: it errs on the safe side by a sixtieth of its length at the most.
const WITHIN: u64 = 60;
const SLOTS: usize = 61;

/// It belongs to the line, not to a prescription, and survives re-arming and restart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Air {
    bubble: Steps,
    /// By slot, the newest first.
    counts: [Steps; SLOTS],
    /// The newest slot, counted from the pump's beginning.
    head: u64,
    /// The length of a slot; more than zero.
    slot: Nanoseconds,
}

impl Air {
    pub(crate) const fn new() -> Self {
        Self {
            bubble: Steps::ZERO,
            counts: [Steps::ZERO; SLOTS],
            head: 0,
            slot: Nanoseconds::from_mins(1),
        }
    }

    fn slot_of(&self, at: MonoNs) -> u64 {
        at.0.checked_div(self.slot.0).unwrap_or(0)
    }

    fn advance(&mut self, now: MonoNs) {
        let passed = self.slot_of(now).saturating_sub(self.head);
        let passed_slots = usize::try_from(passed).unwrap_or(SLOTS).min(SLOTS);
        self.counts.rotate_right(passed_slots);
        self.counts.iter_mut().take(passed_slots).for_each(|count| {
            *count = Steps::ZERO;
        });
        self.head = self.head.saturating_add(passed);
    }

    fn total(&self) -> Steps {
        let counts = self.counts.iter();
        counts.fold(Steps::ZERO, |sum, count| sum.saturating_add(*count))
    }

    /// Whether so many more steps of air stay within both limits.
    pub(crate) fn allows(&mut self, now: MonoNs, limits: AirLimits, steps: Steps) -> bool {
        self.advance(now);
        let within = |given: Steps, most: Steps| given.saturating_add(steps) <= most;
        broken(Twin::AirForgotten)
            || within(self.bubble, limits.max_bubble) && within(self.total(), limits.max_total)
    }

    /// Steps of air are given.
    pub(crate) fn give(&mut self, now: MonoNs, steps: Steps) {
        self.advance(now);
        self.bubble = self.bubble.saturating_add(steps);
        if let Some(newest) = self.counts.first_mut() {
            *newest = newest.saturating_add(steps);
        }
    }

    /// The sensor sees no air: the bubble has passed.
    pub(crate) fn passed(&mut self) {
        self.bubble = Steps::ZERO;
    }

    pub(crate) fn is_passing(&self) -> bool {
        self.bubble > Steps::ZERO
    }

    /// Turns the counts into another measure, `count · num / den` rounded up, and into slots
    /// for another length. Where that changes, all of it counts as new.
    pub(crate) fn rebase(&mut self, now: MonoNs, limits: Option<AirLimits>, num: u128, den: u128) {
        self.advance(now);
        let scaled = |count: Steps| {
            let wide = u128::from(count.0).saturating_mul(num);
            let up = wide.saturating_add(den.saturating_sub(1)).checked_div(den);
            Steps(up.map_or(u64::MAX, |up| u64::try_from(up).unwrap_or(u64::MAX)))
        };
        if num != den {
            self.bubble = scaled(self.bubble);
            self.counts = self.counts.map(scaled);
        }
        let Some(limits) = limits else { return };
        let slot = limits.within.0.div_ceil(WITHIN).max(1);
        if slot != self.slot.0 {
            let total = self.total();
            self.slot = Nanoseconds(slot);
            self.counts = [Steps::ZERO; SLOTS];
            if let Some(newest) = self.counts.first_mut() {
                *newest = total;
            }
            self.head = self.slot_of(now);
        }
    }

    /// The most bytes of [`Air::write`].
    pub(crate) const MOST_BYTES: usize =
        LONGEST_NUMBER.saturating_mul(SLOTS.saturating_mul(2).saturating_add(4));

    /// The bubble, the length of a slot, how far the newest is behind `now`, and each slot
    /// that holds something, by its place.
    pub(crate) fn write(&self, to: &mut Writer<'_>, now: MonoNs) {
        to.number(self.bubble.0);
        to.number(self.slot.0);
        to.number(self.slot_of(now).saturating_sub(self.head));
        let held = || (0_u64..).zip(&self.counts).filter(|(_, count)| count.0 > 0);
        to.number(u64::try_from(held().count()).unwrap_or(u64::MAX));
        for (place, count) in held() {
            to.number(place);
            to.number(count.0);
        }
    }

    /// Reads what [`Air::write`] wrote at `now`.
    pub(crate) fn read(from: &mut Reader<'_>, now: MonoNs) -> Result<Self, CheckpointFlaw> {
        let mut air = Self::new();
        air.bubble = Steps(from.number()?);
        air.slot = Nanoseconds(from.number()?);
        if air.slot == Nanoseconds::ZERO {
            return Err(CheckpointFlaw::Air);
        }
        let behind = from.number()?;
        let head = air.slot_of(now).checked_sub(behind);
        air.head = head.ok_or(CheckpointFlaw::Air)?;
        for _ in 0..from.number()? {
            let place = usize::try_from(from.number()?).ok();
            let count = place.and_then(|place| air.counts.get_mut(place));
            *count.ok_or(CheckpointFlaw::Air)? = Steps(from.number()?);
        }
        Ok(air)
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::vec::Vec;

    const HOUR: Nanoseconds = Nanoseconds::from_hours(1);

    fn limits(max_bubble: u64, max_total: u64) -> AirLimits {
        AirLimits {
            max_bubble: Steps(max_bubble),
            max_total: Steps(max_total),
            within: HOUR,
        }
    }

    #[test]
    fn the_sliding_count_is_never_below_the_truth_and_above_it_by_a_slot_at_most() {
        let mut air = Air::new();
        let mut given: Vec<u64> = Vec::new();
        let mut seed = 11_u64;
        for i in 0..5_000_u64 {
            seed = seed
                .wrapping_mul(6364136223846793005)
                .wrapping_add(1442695040888963407);
            let now = i * 13_700_000_000;
            if seed >> 62 == 0 {
                air.give(MonoNs(now), Steps(1));
                given.push(now);
            }
            air.advance(MonoNs(now));
            let within = |length: u64| given.iter().filter(|at| *at + length > now).count() as u64;
            let slot = HOUR.0 / WITHIN;
            assert!((within(HOUR.0)..=within(HOUR.0 + slot)).contains(&air.total().0));
        }
    }

    #[test]
    fn another_measure_rounds_up_and_another_length_makes_all_of_it_new() {
        let mut air = Air::new();
        air.give(MonoNs(0), Steps(10));
        let later = MonoNs(HOUR.0 / 2);
        air.rebase(later, Some(limits(0, 0)), 1, 3);
        assert_eq!((air.bubble, air.total()), (Steps(4), Steps(4)));
        let within = Nanoseconds::from_hours(2);
        let longer = AirLimits {
            within,
            ..limits(4, 5)
        };
        air.rebase(later, Some(longer), 1, 1);
        let end = later.after(within);
        assert!(!air.allows(MonoNs(end.0 - 1), longer, Steps(2)));
        air.passed();
        assert!(!air.allows(MonoNs(end.0 - 1), longer, Steps(2)));
        let gone = end.after(Nanoseconds::from_mins(2));
        assert!(air.allows(gone, longer, Steps(4)));
        assert!(!air.allows(gone, longer, Steps(5)));
    }
}
