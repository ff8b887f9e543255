//! Sliding windows: what was given in the last 1, 4 and 24 hours.
//!
//! A [`Window`] counts steps by the minute, 1441 minutes back. The minute that is only
//! partly inside a window counts whole, so a sum errs on the safe side by at most one
//! minute's worth. One window holds the volume and one more each drug, because a cap may
//! be written for a drug and must hold over a change of its concentration. Memory: 6 kB
//! a window.

use crate::bytes::{LONGEST_NUMBER, Reader, Writer};
use crate::checkpoint::CheckpointFlaw;
use crate::prescription::Caps;
use crate::quantity::{MonoNs, Nanoseconds, Steps};
use crate::reason::Reason;
use crate::twin::{Twin, broken};

const MINUTE: u64 = 60_000_000_000;
/// Minutes that a day touches.
const MINUTES: u64 = 1441;
/// The oldest minute that is remembered, counted back.
const OLDEST: u64 = 1440;
const SLOTS: usize = 1441;
/// A count that does not fit. It is more than any cap.
const FULL: u32 = u32::MAX;

/// The three windows: hours and the reason that names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) minutes: u64,
    pub(crate) reason: Reason,
}

pub(crate) const SPANS: [Span; 3] = [
    Span {
        minutes: 60,
        reason: Reason::Window1h,
    },
    Span {
        minutes: 240,
        reason: Reason::Window4h,
    },
    Span {
        minutes: 1440,
        reason: Reason::Window24h,
    },
];

impl Span {
    pub(crate) const fn length(self) -> Nanoseconds {
        Nanoseconds::from_mins(self.minutes)
    }
}

pub(crate) const fn caps_by_span(caps: Caps) -> [Option<Steps>; 3] {
    [caps.h1, caps.h4, caps.h24]
}

/// Counts by the minute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    counts: [u32; SLOTS],
    /// The newest minute.
    head: u64,
    /// For each span, the sum of all minutes it touches.
    sums: [u64; 3],
}

fn slot(minute: u64) -> usize {
    let place = minute.checked_rem(MINUTES).unwrap_or(0);
    usize::try_from(place).unwrap_or(0)
}

pub(crate) const fn minute_of(at: MonoNs) -> u64 {
    match at.0.checked_div(MINUTE) {
        Some(minute) => minute,
        None => 0,
    }
}

impl Window {
    pub(crate) const fn new() -> Self {
        Self {
            counts: [0; SLOTS],
            head: 0,
            sums: [0; 3],
        }
    }

    fn count(&self, minute: u64) -> u64 {
        self.counts.get(slot(minute)).copied().map_or(0, u64::from)
    }

    /// Moves the newest minute up to the one of `now`; minutes that leave a window leave
    /// its sum.
    pub(crate) fn advance(&mut self, now: MonoNs) {
        let to = minute_of(now);
        if to <= self.head {
            return;
        }
        if to.saturating_sub(self.head) >= MINUTES {
            self.counts = [0; SLOTS];
            self.sums = [0; 3];
            self.head = to;
            return;
        }
        while self.head < to {
            for (sum, span) in self.sums.iter_mut().zip(SPANS) {
                let Some(leaving) = self.head.checked_sub(span.minutes) else {
                    continue;
                };
                let gone = self.counts.get(slot(leaving)).copied().map_or(0, u64::from);
                *sum = sum.saturating_sub(gone);
            }
            self.head = self.head.saturating_add(1);
            if let Some(fresh) = self.counts.get_mut(slot(self.head)) {
                *fresh = 0;
            }
        }
    }

    /// Counts `steps` at the newest minute. Call [`Window::advance`] first.
    pub(crate) fn add(&mut self, steps: u64) {
        let Some(count) = self.counts.get_mut(slot(self.head)) else {
            return;
        };
        let before = *count;
        *count = u32::try_from(u64::from(before).saturating_add(steps)).unwrap_or(u32::MAX);
        let added = u64::from(count.saturating_sub(before));
        for sum in &mut self.sums {
            *sum = sum.saturating_add(added);
        }
    }

    /// Rewrites every count into a new measure: `count · num / den`. From each minute up to
    /// now the sum is rounded up once, so no window becomes smaller, and none larger by more
    /// than one.
    pub(crate) fn convert(&mut self, num: u128, den: u128) {
        if num == den || den == 0 {
            return;
        }
        let scaled = |count: u128| {
            let wide = count.checked_mul(num)?.checked_add(den.saturating_sub(1))?;
            wide.checked_div(den)
        };
        let (mut old, mut new) = (0_u128, Some(0_u128));
        for minute in (self.head.saturating_sub(OLDEST)..=self.head).rev() {
            let Some(count) = self.counts.get_mut(slot(minute)) else {
                continue;
            };
            old = old.saturating_add(u128::from(*count));
            let before = new;
            new = scaled(old);
            let share = new
                .zip(before)
                .and_then(|(new, before)| new.checked_sub(before));
            *count = share
                .and_then(|share| u32::try_from(share).ok())
                .unwrap_or(FULL);
        }
        self.add_up();
    }

    /// Works the sums out of the counts.
    fn add_up(&mut self) {
        self.sums = self.sums_of(self.head);
    }

    /// The sums with `newest` as the newest minute; none was given since [`Window::head`].
    fn sums_of(&self, newest: u64) -> [u64; 3] {
        let sum = |minutes: u64| {
            let first = newest.saturating_sub(minutes);
            (first..=self.head).fold(0_u64, |sum, minute| sum.saturating_add(self.count(minute)))
        };
        SPANS.map(|span| sum(span.minutes))
    }

    /// What the spans hold at an instant that the window was not advanced to.
    pub(crate) fn sums_at(&self, now: MonoNs) -> [u64; 3] {
        match minute_of(now) {
            newest if newest <= self.head => self.sums,
            newest => self.sums_of(newest),
        }
    }

    /// The most bytes of [`Window::write`]: no minute takes more than a 33-bit number.
    pub(crate) const MOST_BYTES: usize = LONGEST_NUMBER.saturating_add(SLOTS.saturating_mul(5));

    /// The minutes that are remembered, the newest first.
    fn minutes(&self) -> impl Iterator<Item = u64> + use<> {
        (self.head.saturating_sub(OLDEST)..=self.head).rev()
    }

    /// The counts without their sums: how far the newest minute is behind `now`, then runs of
    /// minutes with the same count, the newest first. A run is twice the count, and one more
    /// where it is longer than a minute; then its length follows.
    pub(crate) fn write(&self, to: &mut Writer<'_>, now: MonoNs) {
        to.number(minute_of(now).saturating_sub(self.head));
        let mut minutes = self.minutes().peekable();
        while let Some(minute) = minutes.next() {
            let count = self.count(minute);
            let mut run = 1_u64;
            while minutes
                .next_if(|earlier| self.count(*earlier) == count)
                .is_some()
            {
                run = run.saturating_add(1);
            }
            let repeated = run > 1;
            to.number(count.saturating_mul(2) | u64::from(repeated));
            if repeated {
                to.number(run);
            }
        }
    }

    /// Reads what [`Window::write`] wrote at `now`. The sums are worked out, not read.
    pub(crate) fn read(from: &mut Reader<'_>, now: MonoNs) -> Result<Self, CheckpointFlaw> {
        let mut window = Self::new();
        let behind = from.number()?;
        window.head = minute_of(now)
            .checked_sub(behind)
            .ok_or(CheckpointFlaw::Window)?;
        let mut minutes = window.minutes();
        let mut minute = minutes.next();
        while minute.is_some() {
            let head = from.number()?;
            let count = u32::try_from(head >> 1).map_err(|_| CheckpointFlaw::Window)?;
            let run = if head & 1 == 1 { from.number()? } else { 1 };
            for _ in 0..run {
                let slot = slot(minute.ok_or(CheckpointFlaw::Window)?);
                if let Some(place) = window.counts.get_mut(slot) {
                    *place = count;
                }
                minute = minutes.next();
            }
        }
        if broken(Twin::WindowsUnread) {
            window.counts = [0; SLOTS];
        }
        window.add_up();
        Ok(window)
    }

    /// What 1, 4 and 24 h hold, the partial minute whole.
    pub(crate) const fn sums(&self) -> [u64; 3] {
        self.sums
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.sums == [0; 3]
    }

    /// Whether one more step would certainly pass a cap: the partial minute left out.
    pub(crate) fn certainly_full(&self, caps: Caps) -> Option<Reason> {
        for ((cap, sum), span) in caps_by_span(caps).into_iter().zip(self.sums).zip(SPANS) {
            let Some(cap) = cap else { continue };
            let partial = match self.head.checked_sub(span.minutes) {
                Some(minute) => self.count(minute),
                None => 0,
            };
            if sum.saturating_sub(partial) >= cap.0 {
                return Some(span.reason);
            }
        }
        None
    }

    /// The cap that so many steps more could pass now: the partial minute counts.
    pub(crate) fn could_pass(&self, caps: Caps, steps: Steps) -> Option<Reason> {
        let caps = caps_by_span(caps).into_iter().zip(self.sums).zip(SPANS);
        caps.filter_map(|((cap, sum), span)| Some((cap?, sum, span)))
            .find(|(cap, sum, _)| sum.saturating_add(steps.0) > cap.0)
            .map(|(.., span)| span.reason)
    }

    /// The promise of I4: whether, for every window and every later instant, what was given
    /// and is then still inside, plus what is still to come, stays within the cap.
    ///
    /// `fits(room, elapsed)` says whether the volume to come by then, unfinished boluses
    /// and the basal over `elapsed`, fits into `room` steps.
    pub(crate) fn promise(
        &self,
        now: MonoNs,
        caps: Caps,
        fits: impl Fn(Steps, Nanoseconds) -> bool,
    ) -> Result<(), Reason> {
        for ((cap, sum), span) in caps_by_span(caps).into_iter().zip(self.sums).zip(SPANS) {
            let Some(cap) = cap else { continue };
            let mut inside = sum;
            for minute in self.head.saturating_sub(span.minutes)..=self.head {
                let count = self.count(minute);
                if count == 0 {
                    continue;
                }
                // This minute's steps have all left the window when its end has.
                let end = MonoNs(minute.saturating_add(1).saturating_mul(MINUTE));
                let leaves = end.after(span.length()).since(now).min(span.length());
                let room = cap.0.checked_sub(inside).ok_or(span.reason)?;
                if count == u64::from(FULL) || !fits(Steps(room), leaves) {
                    return Err(span.reason);
                }
                inside = inside.saturating_sub(count);
            }
            if !fits(cap, span.length()) {
                return Err(span.reason);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::vec::Vec;

    fn at_minute(minute: u64, second: u64) -> MonoNs {
        MonoNs(minute * MINUTE + second * 1_000_000_000)
    }

    #[test]
    fn a_sum_is_never_below_the_truth_and_above_it_by_one_minute_at_most() {
        let mut window = Window::new();
        let mut given: Vec<(u64, u64)> = Vec::new();
        let mut seed = 7_u64;
        for i in 0..20_000_u64 {
            seed = seed
                .wrapping_mul(6364136223846793005)
                .wrapping_add(1442695040888963407);
            let now = MonoNs(i * 7_300_000_000);
            window.advance(now);
            if seed >> 61 == 0 {
                window.add(seed >> 56 & 15);
                given.push((now.0, seed >> 56 & 15));
            }
            if i % 97 != 0 {
                continue;
            }
            for (sum, span) in window.sums.iter().zip(SPANS) {
                let within = |length: u64| -> u64 {
                    given
                        .iter()
                        .filter(|(t, _)| t + length > now.0)
                        .map(|(_, n)| n)
                        .sum()
                };
                assert!(*sum >= within(span.length().0));
                assert!(*sum <= within(span.length().0 + MINUTE));
            }
        }
    }

    #[test]
    fn a_change_of_measure_rounds_up_once() {
        let mut window = Window::new();
        window.add(10);
        window.convert(1, 3);
        assert_eq!(window.sums, [4; 3]);
        window.advance(at_minute(61, 0));
        assert_eq!(window.sums, [0, 4, 4]);
    }

    #[test]
    fn a_long_sleep_empties_every_window() {
        let mut window = Window::new();
        window.add(10);
        window.advance(at_minute(1441, 0));
        assert!(window.is_empty());
    }
}
