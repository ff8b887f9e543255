//! How often a lost child is started again: three times in an hour, each later than the last.

use pump_core::quantity::{MonoNs, Nanoseconds};

/// How often a child may be started again.
#[derive(Debug)]
pub(super) struct Budget {
    unlimited: bool,
    /// When the last ones were or will be started, the newest first.
    starts: [Option<MonoNs>; Self::IN_AN_HOUR],
    /// The last wait.
    waited: Nanoseconds,
}

impl Budget {
    const IN_AN_HOUR: usize = 3;
    const HOUR: Nanoseconds = Nanoseconds::from_hours(1);
    const FIRST_WAIT: Nanoseconds = Nanoseconds::from_millis(100);
    const LONGEST_WAIT: Nanoseconds = Nanoseconds::from_secs(5);
    const UNLIMITED_WAIT: Nanoseconds = Nanoseconds::from_millis(50);

    pub(super) const fn new(unlimited: bool) -> Self {
        Self {
            unlimited,
            starts: [None; Self::IN_AN_HOUR],
            waited: Nanoseconds::ZERO,
        }
    }

    /// A child was lost now. When to start the next; `None`: not at all.
    pub(super) fn next(&mut self, now: MonoNs) -> Option<MonoNs> {
        if self.unlimited {
            return Some(now.after(Self::UNLIMITED_WAIT));
        }
        let recent = |start: &Option<MonoNs>, at: MonoNs| {
            start.is_some_and(|start| at.since(start) < Self::HOUR)
        };
        // An hour without a start is as good as a new beginning.
        let wait = match self.starts.iter().any(|start| recent(start, now)) {
            true => Nanoseconds(self.waited.0.saturating_mul(2)).min(Self::LONGEST_WAIT),
            false => Self::FIRST_WAIT,
        };
        let at = now.after(wait);
        if self.starts.iter().all(|start| recent(start, at)) {
            return None;
        }
        self.starts.rotate_right(1);
        self.starts[0] = Some(at);
        self.waited = wait;
        Some(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIN: u64 = 60_000;

    /// When the next is started after a loss at this time; both in milliseconds.
    fn next(budget: &mut Budget, ms: u64) -> Option<u64> {
        let at = budget.next(MonoNs(ms * 1_000_000))?;
        Some(at.0 / 1_000_000)
    }

    #[test]
    fn three_in_an_hour_and_then_none() {
        let mut budget = Budget::new(false);
        assert_eq!(next(&mut budget, 1000), Some(1100));
        assert_eq!(next(&mut budget, 1100), Some(1300));
        assert_eq!(next(&mut budget, 1300), Some(1700));
        assert_eq!(next(&mut budget, 1700), None);
        assert_eq!(next(&mut budget, 59 * MIN), None);
    }

    #[test]
    fn the_hour_slides_and_the_wait_grows_to_its_end() {
        let mut budget = Budget::new(false);
        let waits: Vec<u64> = (1..10)
            .map(|n| n * 25 * MIN)
            .map(|ms| next(&mut budget, ms).unwrap() - ms)
            .collect();
        let expected = [100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000];
        assert_eq!(waits, expected);
        assert_eq!(next(&mut budget, 226 * MIN), None);
        // The oldest of the three is more than an hour old by now.
        let later = 236 * MIN;
        assert_eq!(next(&mut budget, later), Some(later + 5000));
    }

    #[test]
    fn after_a_quiet_hour_it_begins_anew() {
        let mut budget = Budget::new(false);
        for ms in [0, 100, 300] {
            assert!(next(&mut budget, ms).is_some());
        }
        let later = 61 * MIN;
        assert_eq!(next(&mut budget, later), Some(later + 100));
    }

    #[test]
    fn without_a_limit_it_never_ends() {
        let mut budget = Budget::new(true);
        assert!((0..1000).all(|ms| next(&mut budget, ms) == Some(ms + 50)));
    }
}
