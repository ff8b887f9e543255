//! Rules that no guest of the zoo breaks alone, each broken by a plugin in C; and what is
//! found by chance.

mod fixtures;

use std::time::Duration;

use fixtures::{bolus, in_c, library, pca_in_c, report, subject, told, week_in_c};
use strategy_check::{CHECKS, Verdict, fuzz, named, reproduce};

/// The name of the plugin, what stands before its step, what its step begins with, and the
/// check that fails.
const BROKEN: &[(&str, &str, &str, &str)] = &[
    (
        "reads-clock",
        "#include <time.h>",
        "struct timespec now; clock_gettime(CLOCK_MONOTONIC, &now);",
        "pure",
    ),
    (
        "keeps-memory",
        "",
        "void *volatile kept = malloc(64); (void)kept;",
        "memory",
    ),
    (
        "knows-others",
        "static const void *first;",
        "if (first == NULL) { first = instance; }\n\
         if (first != instance) { ((steady_t *)instance)->rate.num = 0; }",
        "side-by-side",
    ),
    (
        "exports-more",
        "STRATEGY_EXPORT int helper(void); int helper(void) { return 1; }",
        "",
        "symbols",
    ),
    (
        "works-long",
        "",
        "if (snapshot->seq == 5) { for (volatile long i = 0; i < 50000000; i++) { } }",
        "in-time",
    ),
    (
        "fears-the-future",
        "",
        "if (snapshot->now_ns > ((uint64_t)1 << 62)) { abort(); }",
        "any-order",
    ),
    (
        "trusts-the-clock",
        "",
        "if (snapshot->utc_s != 0 && !snapshot->clock_good && !snapshot->bolus_seq) { abort(); }",
        "clock-jumps",
    ),
];

#[test]
fn each_broken_rule_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, before, in_step, check) in BROKEN {
        let library = in_c(folder.path(), name, before, in_step);
        let report = report(&library, &[]);
        assert!(report.failed().contains(check), "{name}\n{}", told(&report));
    }
}

#[test]
fn each_fault_of_a_bolus_unasked_is_named() {
    for (fault, checks) in [
        (None, &[][..]),
        (Some("NAGS"), &["refusals", "asks-once"]),
        (Some("ASKS_TWICE"), &["asks-once"]),
        (Some("FORGETS"), &["saved-state"]),
        (Some("TRUSTS_ITS_STATE"), &["foreign-state"]),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let report = report(&bolus(folder.path(), fault), &[]);
        assert_eq!(report.failed(), checks, "{fault:?}\n{}", told(&report));
        assert_eq!(report.is_good(), checks.is_empty(), "{}", told(&report));
    }
}

#[test]
fn the_examples_in_c_keep_every_rule() {
    let folder = tempfile::tempdir().expect("a folder");
    let steady = in_c(folder.path(), "steady-c", "", "");
    let week = week_in_c(folder.path());
    for example in [steady, week, pca_in_c(folder.path(), &[])] {
        let report = report(&example, &[]);
        assert!(report.is_good(), "{}", told(&report));
        assert_eq!(report.outcomes.len(), CHECKS.len(), "{}", told(&report));
        let judged =
            |outcome: &strategy_check::Outcome| matches!(outcome.verdict, Verdict::Passed(_));
        assert!(report.outcomes.iter().all(judged), "{}", told(&report));
    }
}

#[test]
fn a_file_by_another_name_than_its_strategy_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let other = folder.path().join("libother.so");
    std::fs::copy(library("continuous"), &other).expect("a copy");
    let report = report(&other, &["declaration", "abi"]);
    assert_eq!(report.failed(), ["declaration"], "{}", told(&report));
    assert_eq!(report.outcomes.len(), 2, "only those that were asked for");
}

#[test]
fn a_lockout_that_is_off_by_one_where_a_lease_ends_is_found_by_chance_and_again_by_its_seed() {
    let guest = library("zoo-lockout-off-by-one");
    let by_hand = report(&guest, &["refusals", "well-formed", "envelope"]);
    assert!(
        by_hand.is_good(),
        "no fixed story finds it\n{}",
        told(&by_hand)
    );
    let guest = subject(&guest);
    let (progress, found) = fuzz(&guest, 1, 2, Duration::from_mins(5)).expect("it can be searched");
    let found = found.unwrap_or_else(|| panic!("nothing in {progress:?}"));
    println!(
        "after {progress:?}: seed {}\n{}\n{}",
        found.seed, found.what, found.story
    );
    assert_eq!(found.check, "refusals", "{}", found.what);
    // A demand that opens the lockout, one at its end, and the line that says how long.
    assert_eq!(found.story.lines().count(), 3, "{}", found.story);
    let again = reproduce(&guest, found.seed).expect("it can be played");
    let again = again.expect("the seed brings it back");
    assert_eq!((again.what, again.story), (found.what, found.story));
}

#[test]
fn nothing_is_found_in_the_packaged_strategies() {
    for name in ["continuous", "intermittent-bolus", "pca"] {
        let subject = subject(&library(name));
        for seed in 1..=12 {
            let found = reproduce(&subject, seed).expect("it can be played");
            assert!(found.is_none(), "{name}, seed {seed}: {found:?}");
        }
    }
}

#[test]
fn every_check_says_what_it_looks_at_and_what_to_do() {
    for check in CHECKS {
        assert_eq!(
            CHECKS
                .iter()
                .filter(|other| other.name == check.name)
                .count(),
            1
        );
        assert!(
            check.about.len() > 40 && check.advice.len() > 20,
            "{}",
            check.name
        );
        assert_eq!(named(check.name).map(|found| found.name), Some(check.name));
    }
    assert!(named("nothing").is_none());
}
