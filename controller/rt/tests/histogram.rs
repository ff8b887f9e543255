//! The histogram against the exact order of the values, and against the one it is modelled on.

use std::sync::Arc;

use hdrhistogram::Histogram as Oracle;
use proptest::prelude::*;
use pump_core::quantity::Nanoseconds;
use pump_rt::histogram::{Counts, Histogram, Summary};

const PER_MILLE: [u16; 7] = [0, 1, 250, 500, 990, 999, 1000];
/// What is longer is counted as being so long.
const RANGE: u64 = 1 << 34;

fn recorded(values: &[u64]) -> Counts {
    let histogram = Histogram::new();
    for ns in values {
        histogram.record(Nanoseconds(*ns));
    }
    histogram.counts()
}

/// The nearest-rank quantile: the smallest value that so many thousandths don't exceed.
fn exact(sorted: &[u64], per_mille: u16) -> u64 {
    let rank = (sorted.len() * usize::from(per_mille))
        .div_ceil(1000)
        .max(1);
    sorted[rank - 1]
}

/// Durations as they come: most in a narrow band, some far out.
fn durations() -> impl Strategy<Value = Vec<u64>> {
    let one = prop_oneof![
        1 => 0..300_u64,
        4 => 50_000..90_000_u64,
        2 => 0..10_000_000_000_u64,
        1 => (0..34_u32, 0..3_u64).prop_map(|(bit, off)| ((1 << bit) + off).saturating_sub(1)),
    ];
    prop::collection::vec(one, 1..400)
}

proptest! {
    #[test]
    fn a_quantile_is_never_told_too_short_and_at_most_a_64th_too_long(mut values in durations()) {
        let counts = recorded(&values);
        values.sort_unstable();
        for per_mille in PER_MILLE {
            let (told, exact) = (counts.quantile(per_mille).0, exact(&values, per_mille));
            prop_assert!(told >= exact, "{per_mille} ‰: {told} < {exact}");
            prop_assert!(told <= exact + exact / 64, "{per_mille} ‰: {told} > {exact}");
        }
    }

    #[test]
    fn it_agrees_with_the_hdr_histogram_to_within_both_errors(values in durations()) {
        let mut oracle = Oracle::<u64>::new_with_bounds(1, RANGE, 3).expect("bounds in order");
        for ns in &values {
            oracle.record(*ns).expect("within its range");
        }
        let counts = recorded(&values);
        prop_assert_eq!(counts.count(), oracle.len());
        for per_mille in PER_MILLE {
            let told = counts.quantile(per_mille).0;
            let theirs = oracle.value_at_quantile(f64::from(per_mille) / 1000.0);
            let apart = told.abs_diff(theirs);
            prop_assert!(apart <= theirs / 64 + theirs / 1000 + 1, "{}: {} {}", per_mille, told, theirs);
        }
    }

    #[test]
    fn the_shortest_and_the_longest_are_exact(values in durations()) {
        let summary = recorded(&values).summary();
        prop_assert_eq!(Some(&summary.min.0), values.iter().min());
        prop_assert_eq!(Some(&summary.max.0), values.iter().max());
        let in_order = [summary.min, summary.p50, summary.p99, summary.p999, summary.max];
        prop_assert!(in_order.is_sorted(), "{:?}", summary);
    }

    #[test]
    fn merged_counts_are_the_counts_of_all(one in durations(), other in durations()) {
        let mut merged = recorded(&one);
        merged.merge(&recorded(&other));
        prop_assert_eq!(merged, recorded(&[one, other].concat()));
    }
}

#[test]
fn short_durations_have_a_bucket_each() {
    let values: Vec<u64> = (0..128).collect();
    let counts = recorded(&values);
    for (bucket, ns) in counts.buckets().zip(values) {
        assert_eq!((bucket.first.0, bucket.last.0, bucket.count), (ns, ns, 1));
    }
}

#[test]
fn buckets_follow_one_another_without_a_gap() {
    // Every first value of a bucket, found by asking where the last one ends.
    let (mut next, mut buckets) = (0, 0);
    while next < RANGE {
        let counts = recorded(&[next]);
        let bucket = counts.buckets().next().expect("one value is in one bucket");
        assert_eq!(bucket.first.0, next);
        assert!(bucket.last.0 - bucket.first.0 <= bucket.first.0 / 64);
        next = bucket.last.0 + 1;
        buckets += 1;
    }
    assert_eq!((next, buckets), (RANGE, 1856));
}

#[test]
fn what_is_beyond_the_range_counts_and_its_length_is_kept() {
    for ns in [RANGE, RANGE * 1000, u64::MAX] {
        let summary = recorded(&[5, ns]).summary();
        assert_eq!((summary.count, summary.max.0), (2, ns));
        assert_eq!(summary.p999, summary.max);
        assert_eq!(summary.p50.0, 5);
    }
}

#[test]
fn nothing_recorded_is_all_zero() {
    assert_eq!(Histogram::new().snapshot(), Summary::default());
    assert_eq!(Counts::empty().summary(), Summary::default());
    assert_eq!(Counts::empty(), Histogram::new().counts());
    assert_eq!(Counts::empty().quantile(500), Nanoseconds::ZERO);
}

#[test]
fn after_a_reset_or_a_taking_it_is_as_new() {
    let histogram = Histogram::new();
    for empty_it in [Histogram::reset, |h: &Histogram| drop(h.take())] {
        for ns in [3, 70_000, u64::MAX] {
            histogram.record(Nanoseconds(ns));
        }
        assert_eq!(histogram.snapshot().count, 3);
        empty_it(&histogram);
        assert_eq!(histogram.counts(), Counts::empty());
    }
}

#[test]
fn nothing_is_lost_or_counted_twice_while_another_thread_takes() {
    const EACH: u64 = 100_000;
    let histogram = Arc::new(Histogram::new());
    let writers: Vec<_> = (0..2_u64)
        .map(|writer| {
            let histogram = Arc::clone(&histogram);
            std::thread::spawn(move || {
                for n in 0..EACH {
                    histogram.record(Nanoseconds(writer * 1_000 + n % 500));
                }
            })
        })
        .collect();
    let mut all = Counts::empty();
    while writers.iter().any(|writer| !writer.is_finished()) {
        all.merge(&histogram.take());
    }
    for writer in writers {
        writer.join().expect("recording doesn't panic");
    }
    all.merge(&histogram.take());
    assert_eq!(all.count(), 2 * EACH);
    let summary = all.summary();
    assert_eq!((summary.min.0, summary.max.0), (0, 1_499));
}
