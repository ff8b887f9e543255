//! Each guest of the zoo is named by the check whose rule it breaks, and the strategies that
//! are packaged keep them all.

mod fixtures;

use fixtures::{library, report, told};

/// Which checks fail for each guest; the first one is the one that it was made for. Those that
/// count their steps and do not save the count show that too.
const GUESTS: &[(&str, &[&str])] = &[
    ("abort", &["answers"]),
    (
        "absurd-rate",
        &["envelope", "extra-snapshots", "saved-state"],
    ),
    ("absurd-volume", &["envelope", "asks-once", "saved-state"]),
    ("exit", &["answers"]),
    (
        "flips-orders",
        &["envelope", "extra-snapshots", "saved-state"],
    ),
    ("fork", &["pure"]),
    ("hang-when-opened", &["opens"]),
    ("infinite-loop", &["in-time"]),
    (
        "never-renews",
        &["leases", "extra-snapshots", "saved-state"],
    ),
    (
        "non-deterministic",
        &[
            "pure",
            "envelope",
            "deterministic",
            "side-by-side",
            "extra-snapshots",
            "saved-state",
        ],
    ),
    ("open-gpiochip", &["pure"]),
    ("open-socket", &["pure"]),
    ("out-of-memory", &["memory", "answers"]),
    ("panic", &["answers"]),
    ("raise-priority", &["pure"]),
    ("refuse-to-begin", &["parameters"]),
    ("segfault", &["answers"]),
    ("sleep", &["pure"]),
    ("stack-overflow", &["answers"]),
    ("stale-sequence", &["well-formed"]),
    ("thread", &["pure"]),
    ("wrong-abi", &["abi"]),
    ("wrong-size", &["well-formed", "extra-snapshots"]),
];

#[test]
fn each_guest_is_named_by_the_check_whose_rule_it_breaks() {
    let mut wrong = Vec::new();
    for (guest, checks) in GUESTS {
        let report = report(&library(&format!("zoo-{guest}")), &[]);
        let failed = report.failed();
        println!("{guest}: {failed:?}\n{}", told(&report));
        if report.is_good() || failed != *checks {
            wrong.push(format!("{guest}: {failed:?}, not {checks:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// It breaks no rule in any fixed story: `rules.rs` finds it by chance.
const FOUND_BY_CHANCE: &str = "lockout-off-by-one";

#[test]
fn every_guest_is_listed_here() {
    let zoo = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../strategies/zoo");
    let mut there: Vec<String> = std::fs::read_dir(zoo)
        .expect("the zoo")
        .flatten()
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    there.sort();
    let mut listed: Vec<&str> = GUESTS.iter().map(|(guest, _)| *guest).collect();
    listed.push(FOUND_BY_CHANCE);
    listed.sort_unstable();
    assert_eq!(there, listed);
}

#[test]
fn the_packaged_strategies_keep_every_rule() {
    for name in [
        "continuous",
        "day-profile",
        "intermittent-bolus",
        "loading",
        "pca",
        "pieb",
        "pulse-train",
        "taper",
    ] {
        let report = report(&library(name), &[]);
        println!("{name}\n{}", told(&report));
        assert!(report.is_good(), "{name}\n{}", told(&report));
    }
}
