//! Many latencies, and what they come to.

/// Latencies in nanoseconds, sorted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Figures(Vec<u64>);

impl Figures {
    pub(crate) fn of(mut latencies: Vec<u64>) -> Self {
        latencies.sort_unstable();
        Self(latencies)
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// The least that `permille` of a thousand do not exceed; 0 where there is none.
    pub(crate) fn permille(&self, permille: usize) -> u64 {
        let rank = (self.0.len() * permille).div_ceil(1_000);
        self.0.get(rank.saturating_sub(1)).copied().unwrap_or(0)
    }

    pub(crate) fn max(&self) -> u64 {
        self.0.last().copied().unwrap_or(0)
    }

    /// How many lie in each bin of so many nanoseconds; the last has all beyond, too.
    pub(crate) fn bins(&self, width: u64, bins: usize) -> Vec<usize> {
        let mut counts = vec![0; bins];
        for latency in &self.0 {
            let bin = usize::try_from(latency / width).unwrap_or(usize::MAX);
            if let Some(count) = counts.get_mut(bin.min(bins.saturating_sub(1))) {
                *count += 1;
            }
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_of_what_was_measured() {
        let figures = Figures::of((1..=1_000).rev().collect());
        assert_eq!(figures.permille(500), 500);
        assert_eq!(figures.permille(999), 999);
        assert_eq!(figures.max(), 1_000);
        assert_eq!(Figures::of(vec![7]).permille(999), 7);
        assert_eq!(Figures::default().permille(500), 0);
    }

    #[test]
    fn the_last_bin_has_what_is_beyond() {
        let figures = Figures::of(vec![0, 999, 1_000, 5_000, 9_000]);
        assert_eq!(figures.bins(1_000, 3), [2, 1, 2]);
    }
}
