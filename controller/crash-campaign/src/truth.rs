//! What left the pump, as a witness outside of the daemon has it.

use std::path::Path;

/// The instants of every step, by the monotonic clock in nanoseconds, in their order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Truth(Vec<u64>);

impl Truth {
    /// What the witness has written; nothing, where it was never called.
    pub(crate) fn read(witness: &Path) -> Self {
        let bytes = std::fs::read(witness).unwrap_or_default();
        let instants = bytes
            .chunks_exact(8)
            .filter_map(|one| Some(u64::from_le_bytes(one.try_into().ok()?)));
        Self(instants.collect())
    }

    /// All steps up to an instant.
    pub(crate) fn until(&self, instant: u64) -> &[u64] {
        let count = self.0.partition_point(|at| *at <= instant);
        self.0.get(..count).unwrap_or_default()
    }

    pub(crate) fn count(&self) -> u64 {
        self.0.len() as u64
    }
}

/// How many of some steps lie in `(to - span, to]`.
pub(crate) fn within(steps: &[u64], to: u64, span: u64) -> u64 {
    let after = steps.partition_point(|at| at.saturating_add(span) <= to);
    let upto = steps.partition_point(|at| *at <= to);
    upto.saturating_sub(after) as u64
}

/// The first step of the last bolus among them: the one after the last long gap.
pub(crate) fn last_bolus(steps: &[u64]) -> Option<u64> {
    const GAP: u64 = 500_000_000;
    let begins = |pair: &[u64]| pair[1] - pair[0] > GAP;
    let gap = steps.windows(2).rposition(begins);
    steps.get(gap.map_or(0, |gap| gap + 1)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_open_where_it_begins() {
        let steps = [10, 20, 30];
        assert_eq!(within(&steps, 30, 20), 2, "10 is out at 30");
        assert_eq!(within(&steps, 29, 20), 2, "10 is in at 29");
        assert_eq!(within(&steps, 9, 20), 0);
    }

    #[test]
    fn the_last_bolus_begins_after_the_last_gap() {
        let second = 1_000_000_000;
        assert_eq!(last_bolus(&[]), None);
        assert_eq!(last_bolus(&[5, 6]), Some(5));
        let steps = [5, 6, 2 * second, 2 * second + 1];
        assert_eq!(last_bolus(&steps), Some(2 * second));
    }
}
