//! What can be said of the edges on a tape.

/// The very first edges of an arming wait for their credit.
const SETTLED: usize = 100;
const NS_PER_H: i128 = 3_600_000_000_000;
/// What a step holds in `config/pump.toml`.
const NL_PER_STEP: i128 = 50;

/// The instants at which edges were due, in their order.
pub(crate) struct Edges(pub(crate) Vec<u64>);

impl Edges {
    /// All of them.
    pub(crate) fn count(&self) -> u64 {
        self.0.len() as u64
    }

    /// From here on the infusion flows.
    pub(crate) fn settled(&self) -> &[u64] {
        self.0.get(SETTLED..).unwrap_or_default()
    }

    /// Whether the settled ones are as 60 mL/h alone plans them: one every 3 ms and nothing
    /// between, whatever a busy machine made of one or two.
    pub(crate) fn are_brisk(&self) -> bool {
        let edges = self.settled();
        let Some(first) = edges.first() else {
            return false;
        };
        edges
            .iter()
            .all(|due| (due - first).is_multiple_of(3_000_000))
    }

    /// The most by which any part of it, from one edge to a later one, exceeds this rate, in
    /// nanolitres: at most a step where the rate holds.
    pub(crate) fn most_above(&self, nl_per_h: i128) -> i128 {
        let mut least = i128::MAX;
        balances(&self.0, nl_per_h).fold(0, |most: i128, balance| {
            least = least.min(balance);
            most.max(balance - least)
        }) / NS_PER_H
    }

    /// The same by which any settled part falls short of it.
    pub(crate) fn most_below(&self, nl_per_h: i128) -> i128 {
        let mut most_yet = i128::MIN;
        balances(self.settled(), nl_per_h).fold(0, |most: i128, balance| {
            most_yet = most_yet.max(balance);
            most.max(most_yet - balance)
        }) / NS_PER_H
    }
}

/// What was given at each edge more than this rate gives until then, in nanolitres by the
/// parts of an hour.
fn balances(edges: &[u64], nl_per_h: i128) -> impl Iterator<Item = i128> {
    let first = edges.first().copied().unwrap_or_default();
    edges.iter().enumerate().map(move |(count, due)| {
        let given = count as i128 * NL_PER_STEP * NS_PER_H;
        given - i128::from(due - first) * nl_per_h
    })
}

#[test]
fn a_burst_and_a_gap_are_found_wherever_they_are() {
    let steady: Vec<u64> = (0..500).map(|n| n * 3_000_000).collect();
    let edges = Edges(steady.clone());
    assert!(edges.are_brisk());
    assert!(edges.most_above(60_000_000) <= NL_PER_STEP);
    assert!(edges.most_below(60_000_000) <= NL_PER_STEP);
    // Ten edges too many in the middle.
    let mut burst = steady.clone();
    burst.extend((0..10).map(|n| 900_000_000 + 1_500_000 + n));
    burst.sort_unstable();
    let edges = Edges(burst);
    assert!(!edges.are_brisk());
    assert!(edges.most_above(60_000_000) >= 10 * NL_PER_STEP);
    // Ten too few.
    let mut gap = steady;
    gap.drain(300..310);
    let edges = Edges(gap);
    assert!(edges.most_below(60_000_000) >= 10 * NL_PER_STEP);
    assert!(edges.most_above(60_000_000) <= NL_PER_STEP);
}
