//! The limiter on the STEP line: a monostable that takes no further pulse while it is set.

/// t = 0.7 R C, and what each of the three may be off: the factor by 10 %, R8 by 1 %, C5 (C0G)
/// by 5 %.
const R8: f64 = 82e3;
const C5: f64 = 10e-9;
const LEAST: f64 = 0.9 * 0.99 * 0.95;
const MOST: f64 = 1.1 * 1.01 * 1.05;

/// The shortest and the longest time in which one pulse passes \[ms\].
pub(crate) fn pause_ms() -> (f64, f64) {
    let marked = 0.7 * R8 * C5 * 1e3;
    (marked * LEAST, marked * MOST)
}

#[test]
fn every_step_that_the_planner_allows_passes_and_a_runaway_does_not() {
    let (shortest, longest) = pause_ms();
    let device = include_str!("../../../../config/pump.toml");
    let rate = "max_step_rate = \"1000 Hz\"";
    assert!(device.contains(rate), "R8 is chosen for {rate}");
    // Between two edges there is never less than 0.75 of the shortest nominal interval.
    assert!(longest < 0.75, "{longest:.3} ms");
    assert!(1.0 / shortest < 2.1, "{:.2} kHz", 1.0 / shortest);
}
