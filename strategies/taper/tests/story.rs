//! The taper as a story.

use proptest::prelude::*;
use std::time::Duration;
use strategy_sdk::Rate;
use strategy_sdk::testkit::{Answer, Prescribed, Story};
use taper::Taper;

fn days(days: u64) -> Duration {
    Duration::from_hours(24 * days)
}

fn between(from: Rate, to: Rate) -> Prescribed<Taper> {
    Story::with("from", from)
        .with("to", to)
        .with("highest", from.max(to))
        .with("over", days(6))
        .with("steps", 3)
}

/// From 40 to 10 µL/h in three steps over six days.
fn prescribed() -> Prescribed<Taper> {
    between(Rate::ul_per_h(40), Rate::ul_per_h(10))
}

#[test]
fn each_step_comes_at_its_time_and_the_last_one_stays() {
    prescribed().tell(|story| {
        let tick = Duration::from_millis(10);
        for (day, before, from_then_on) in [(2, 40, 30), (4, 30, 20), (6, 20, 10)] {
            story.after(days(day) - tick - story.now());
            assert_eq!(story.basal(), Rate::ul_per_h(before));
            story.after(tick);
            assert_eq!(story.basal(), Rate::ul_per_h(from_then_on));
        }
        story.after(days(365));
        assert_eq!(story.basal(), Rate::ul_per_h(10));
        assert!(story.boluses().is_empty());
    });
}

#[test]
fn it_goes_up_as_well_as_down_and_to_nothing() {
    let up = between(Rate::ul_per_h(10), Rate::ul_per_h(40));
    up.tell(|story| {
        assert_eq!(story.basal(), Rate::ul_per_h(10));
        story.after(days(2));
        assert_eq!(story.basal(), Rate::ul_per_h(20));
    });
    between(Rate::ul_per_h(30), Rate::ZERO).tell(|story| {
        story.after(days(4));
        assert_eq!(story.basal(), Rate::ul_per_h(10));
        story.after(days(2));
        assert!(story.basal().is_zero());
    });
}

#[test]
fn a_press_is_not_its_business() {
    prescribed().tell(|story| {
        assert_eq!(story.press(), Answer::Unanswered);
        assert_eq!(story.basal(), Rate::ul_per_h(40));
    });
}

#[test]
fn a_bound_other_than_the_higher_end_is_refused() {
    assert!(prescribed().is_accepted());
    for highest in [10, 39, 41] {
        let wrong = prescribed().with("highest", Rate::ul_per_h(highest));
        assert!(!wrong.is_accepted(), "{highest} µL/h");
    }
}

#[test]
fn a_step_without_a_fraction_of_64_bits_is_refused_before_the_start() {
    let odd = |nl, ns| Rate::of(nl, Duration::from_nanos(ns)).unwrap();
    let from = odd(1, 18_446_744_073_709_551_557);
    let to = odd(1, 18_446_744_073_709_551_533);
    assert!(!between(from, to).is_accepted());
}

/// Whether a rate is `num / den`.
fn is(rate: Rate, num: u128, den: u128) -> bool {
    let fraction = rate.fraction();
    u128::from(fraction.num) * den == num * u128::from(fraction.den)
}

proptest! {
    /// Rates in whole µL/h, so that the expected rate is plain arithmetic.
    #[test]
    fn every_rate_is_exact_and_no_step_is_early_or_drifts(
        from in 0_u64..5_000,
        to in 0_u64..5_000,
        steps in 1_u32..200,
        over_ms in 60_000_u64..31_536_000_000,
        at in 0_u64..400,
    ) {
        let over = Duration::from_millis(over_ms);
        let mut story = between(Rate::ul_per_h(from), Rate::ul_per_h(to))
            .with("over", over)
            .with("steps", steps)
            .start();
        prop_assert!(is(story.basal(), from.into(), 3_600_000_000));
        // Some moment of the ramp, or after it, off any grid.
        let moment = over.as_nanos() * u128::from(at) / 300;
        let tick = 10_000_000;
        story.after(Duration::from_nanos(u64::try_from(moment).unwrap()));
        let n = u128::from(steps);
        let made = |at: u128| (at * n / over.as_nanos()).min(n);
        let expected = |k: u128| u128::from(from) * (n - k) + u128::from(to) * k;
        let exact = |k| is(story.basal(), expected(k), 3_600_000_000 * n);
        // A step is made at the first tick after its time, so at most a tick ago.
        prop_assert!(exact(made(moment)) || exact(made(moment.saturating_sub(tick))));
        story.after(over);
        story.after(Duration::from_millis(10));
        prop_assert!(is(story.basal(), to.into(), 3_600_000_000));
    }
}
