//! The invariants as properties: any orders, presses, pauses, losses of power and re-armings
//! against an oracle that looks only at the instants of the edges, and for each a broken
//! twin that the same property catches.
//!
//! `PROPTEST_CASES` sets the number of cases. The same cases come each time; another
//! `PUMP_SEED` gives others.

extern crate std;

use std::format;
use std::string::String;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};

use super::cases::{case, restless};
use super::oracles::*;
use crate::reason::Reason;
use crate::twin::{self, Twin};

/// Marks what a property found, as against a panic on the way.
const BROKEN: &str = "the property does not hold: ";

/// Runs a property over random cases; says the seed that repeats a failure.
fn run<S: Strategy>(
    strategy: S,
    property: fn(&S::Value) -> Result<(), String>,
    cases: Option<u32>,
) -> Result<(), String> {
    let seed = match std::env::var("PUMP_SEED") {
        Ok(text) => text.parse::<u64>().expect("PUMP_SEED is a number"),
        Err(_) => 1,
    };
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let mut config = Config {
        failure_persistence: None,
        ..Config::default()
    };
    if let Some(cases) = cases {
        config.cases = cases;
        config.max_shrink_iters = 0;
    }
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(config, rng);
    std::println!("PUMP_SEED={seed}");
    let outcome = runner.run(&strategy, |case| {
        property(&case).map_err(|why| TestCaseError::fail(format!("{BROKEN}{why}")))
    });
    match outcome {
        Ok(()) => Ok(()),
        Err(TestError::Fail(why, case)) => Err(format!("PUMP_SEED={seed}: {why}\n{case:#?}")),
        Err(TestError::Abort(why)) => Err(format!("PUMP_SEED={seed}: gave up: {why}")),
    }
}

pub(super) fn holds<S: Strategy>(strategy: S, property: fn(&S::Value) -> Result<(), String>) {
    if let Err(why) = run(strategy, property, None) {
        panic!("{why}");
    }
}

/// The same property must notice a pump that is broken in this way.
fn catches<S: Strategy>(twin: Twin, strategy: S, property: fn(&S::Value) -> Result<(), String>) {
    let outcome = twin::with(twin, || run(strategy, property, Some(5000)));
    let why = outcome
        .err()
        .unwrap_or_else(|| panic!("{twin:?} went unnoticed"));
    assert!(
        why.contains(BROKEN),
        "{twin:?} was not caught, it failed otherwise: {why}"
    );
}

#[test]
fn i1_no_step_without_durable_credit() {
    holds(case(), credit_pays);
}

#[test]
fn i1_a_twin_without_credit_is_caught() {
    catches(Twin::CreditForgotten, case(), credit_pays);
}

#[test]
fn i2_no_step_without_a_cause() {
    holds(case(), steps_have_a_cause);
}

#[test]
fn i2_a_twin_that_forgets_leases_is_caught() {
    catches(Twin::LeaseForgotten, case(), steps_have_a_cause);
}

#[test]
fn i3_nothing_beyond_an_envelope() {
    holds(case(), envelopes_hold);
}

#[test]
fn i3_a_twin_that_trusts_its_strategy_is_caught() {
    catches(Twin::EnvelopeIgnored, case(), envelopes_hold);
}

#[test]
fn i4_no_window_ever_holds_more_than_its_cap() {
    holds(case(), windows_hold);
}

#[test]
fn i4_no_window_holds_more_though_the_power_fails_again_and_again() {
    holds(restless(), windows_hold);
}

#[test]
fn i4_a_twin_that_forgets_the_basal_is_caught() {
    catches(Twin::BasalForgotten, case(), windows_hold);
}

#[test]
fn i4_a_twin_that_forgets_what_a_rotor_may_have_moved_is_caught() {
    catches(Twin::DisplacedForgotten, case(), windows_hold);
}

#[test]
fn i4_a_twin_that_reads_no_windows_back_is_caught() {
    catches(Twin::WindowsUnread, restless(), windows_hold);
}

#[test]
fn i4_i5_nothing_but_a_new_subject_loosens_a_window_or_a_count() {
    holds(case(), nothing_else_loosens);
}

#[test]
fn i4_i5_a_twin_whose_refill_is_a_new_subject_is_caught() {
    catches(Twin::RefillForgets, case(), nothing_else_loosens);
}

#[test]
fn i4_no_bolus_is_refused_for_a_window_that_has_room() {
    holds(case(), windows_are_not_stingy);
}

#[test]
fn i4_a_twin_whose_windows_stand_still_is_caught() {
    catches(Twin::WindowsStandStill, case(), windows_are_not_stingy);
}

#[test]
fn i5_lockout_and_counts_hold_whatever_a_strategy_says() {
    holds(case(), lockouts_hold);
}

#[test]
fn i5_a_twin_without_lockout_is_caught() {
    catches(Twin::LockoutIgnored, case(), lockouts_hold);
}

#[test]
fn i5_a_twin_that_forgets_loading_boluses_is_caught() {
    catches(Twin::LoadingForgotten, case(), lockouts_hold);
}

#[test]
fn i5_a_twin_that_forgets_what_it_gave_when_disarmed_is_caught() {
    catches(Twin::DisarmingForgets, case(), lockouts_hold);
}

#[test]
fn i5_a_twin_that_reads_no_boluses_back_is_caught() {
    catches(Twin::BolusesUnread, case(), lockouts_hold);
}

#[test]
fn i6_a_late_loop_never_bursts() {
    holds(late(), late_loops_do_not_burst);
}

#[test]
fn i6_a_twin_that_catches_up_is_caught() {
    catches(Twin::Burst, late(), late_loops_do_not_burst);
}

#[test]
fn i10_commanded_is_the_integral_of_the_grants() {
    holds(flowing(), identity_holds);
}

#[test]
fn i10_a_twin_that_drops_the_remainder_is_caught() {
    catches(Twin::RemainderDropped, flowing(), identity_holds);
}

#[test]
fn a_refusal_always_has_a_name_and_a_text() {
    for reason in Reason::ALL {
        assert_eq!(Reason::from_code(reason.code()), Some(*reason));
        assert!(!reason.text().is_empty() && reason.name().is_ascii());
    }
}
