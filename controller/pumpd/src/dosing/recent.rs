//! The instants of the last edges: what went out after a line had changed (W03).

use pump_core::quantity::{MonoNs, Steps};

/// A second of the fastest pump of the sample configuration. A longer debounce or a faster pump
/// can have more; then this many are told, the least that it can be.
const KEPT: usize = 1_024;

/// A ring of instants by the monotonic clock.
pub(super) struct RecentEdges {
    at: [MonoNs; KEPT],
    next: usize,
}

impl RecentEdges {
    pub(super) const fn new() -> Self {
        Self {
            at: [MonoNs(0); KEPT],
            next: 0,
        }
    }

    pub(super) fn push(&mut self, at: MonoNs) {
        if let Some(slot) = self.at.get_mut(self.next) {
            *slot = at;
        }
        self.next = self.next.wrapping_add(1) % KEPT;
    }

    /// How many went out after this instant.
    pub(super) fn after(&self, instant: MonoNs) -> Steps {
        let later = self.at.iter().filter(|at| **at > instant).count();
        Steps(u64::try_from(later).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_edges_after_the_instant_are_counted_and_at_most_a_ring_of_them() {
        let mut edges = RecentEdges::new();
        assert_eq!(edges.after(MonoNs(0)), Steps(0));
        for at in 1..=2_000 {
            edges.push(MonoNs(at));
        }
        assert_eq!(edges.after(MonoNs(1_990)), Steps(10));
        assert_eq!(edges.after(MonoNs(2_000)), Steps(0));
        assert_eq!(edges.after(MonoNs(1)), Steps(1_024));
    }
}
