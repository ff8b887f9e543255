//! Sums over sliding windows, from the edges alone.
//!
//! This is the report's witness of the caps, so it shares nothing with the governor: it
//! keeps the instants of the last 24 h of edges and counts them, without rounding.

use std::collections::VecDeque;

use pump_core::quantity::{Nanoseconds, Steps};

/// The three windows, in the order of every array here: 1, 4 and 24 h.
pub const WINDOWS: [(&str, Nanoseconds); 3] = [
    ("1h", Nanoseconds::from_hours(1)),
    ("4h", Nanoseconds::from_hours(4)),
    ("24h", Nanoseconds::from_hours(24)),
];

/// Counts edges in the half-open windows `(t − W, t]`.
///
/// Memory: eight bytes for each edge of the last 24 h.
#[derive(Clone, Debug, Default)]
pub struct WindowSums {
    /// The edges of the longest window, oldest first.
    edges: VecDeque<u64>,
    /// For each window, how many of `edges` are too old for it.
    outside: [usize; 3],
    peaks: [u64; 3],
}

impl WindowSums {
    /// No edge yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts an edge; `at` never lies before the edge counted last.
    pub fn push(&mut self, at: Nanoseconds) {
        self.edges.push_back(at.0);
        let sums = self.at(at);
        for (peak, sum) in self.peaks.iter_mut().zip(sums) {
            *peak = (*peak).max(sum.0);
        }
    }

    /// The sums at `now`, which never lies before an instant asked about earlier.
    pub fn at(&mut self, now: Nanoseconds) -> [Steps; 3] {
        for (outside, (_, window)) in self.outside.iter_mut().zip(WINDOWS) {
            while self
                .edges
                .get(*outside)
                .is_some_and(|edge| now.0 - edge >= window.0)
            {
                *outside += 1;
            }
        }
        // What is outside the longest window is outside all of them.
        let gone = self.outside[2];
        self.edges.drain(..gone);
        for outside in &mut self.outside {
            *outside -= gone;
        }
        self.outside
            .map(|outside| Steps((self.edges.len() - outside) as u64))
    }

    /// The highest sums there have been.
    pub fn peaks(&self) -> [Steps; 3] {
        self.peaks.map(Steps)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 3_600_000_000_000;

    /// Counts by looking at every pair.
    fn peaks_by_brute_force(edges: &[u64]) -> [Steps; 3] {
        WINDOWS.map(|(_, window)| {
            let sum = |t: u64| {
                edges
                    .iter()
                    .filter(|&&e| e <= t && t - e < window.0)
                    .count()
            };
            Steps(edges.iter().map(|&t| sum(t)).max().unwrap_or(0) as u64)
        })
    }

    #[test]
    fn an_edge_leaves_its_window_exactly_one_window_later() {
        let mut sums = WindowSums::new();
        sums.push(Nanoseconds(5));
        assert_eq!(sums.at(Nanoseconds(5 + HOUR - 1)), [Steps(1); 3]);
        assert_eq!(
            sums.at(Nanoseconds(5 + HOUR)),
            [Steps(0), Steps(1), Steps(1)]
        );
        assert_eq!(sums.at(Nanoseconds(5 + 24 * HOUR)), [Steps(0); 3]);
    }

    #[test]
    fn the_peaks_are_those_of_looking_at_every_pair() {
        let mut seed = crate::presses::SplitMix64::new(7);
        for _ in 0..50 {
            let mut at = 0;
            let edges: Vec<u64> = (0..200)
                .map(|_| {
                    at += 1 + seed.below(HOUR);
                    at
                })
                .collect();
            let mut sums = WindowSums::new();
            for &edge in &edges {
                sums.push(Nanoseconds(edge));
            }
            assert_eq!(sums.peaks(), peaks_by_brute_force(&edges));
        }
    }
}
