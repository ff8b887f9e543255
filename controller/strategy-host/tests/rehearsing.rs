//! A plugin that does as it is told, and what is said of it when it does not.

mod fixtures;

use fixtures::{build_folder, helper, probe, snapshot};
use std::time::Duration;
use strategy_abi::{Fraction, Snapshot};
use strategy_host::{Allowed, CallError, Ended, Rehearsal};

const PATIENCE: Duration = Duration::from_secs(60);
/// 10 mL/h.
const RATE: Fraction = Fraction {
    num: 10,
    den: 3_600_000,
};

fn rehearse(library: &str, allowed: Allowed, patience: Duration) -> Rehearsal {
    let probed = probe(&build_folder().join(library)).expect("a sound plugin");
    Rehearsal::start(&probed, &helper(), allowed, patience).expect("it is opened")
}

fn at(seq: u64) -> Snapshot {
    Snapshot {
        seq,
        now_ns: seq * 1_000_000_000,
        ..snapshot()
    }
}

#[test]
fn two_instances_live_side_by_side_and_end_one_by_one() {
    for (allowed, _) in Allowed::ALL {
        let mut it = rehearse("libcontinuous.so", allowed, PATIENCE);
        it.create(0, &[RATE]).unwrap();
        let double = Fraction { num: 20, ..RATE };
        it.create(1, &[double]).unwrap();
        assert_eq!(it.step(0, &at(1)).unwrap().basal, RATE, "{allowed:?}");
        assert_eq!(it.step(1, &at(1)).unwrap().basal, double, "{allowed:?}");
        it.discard(0).unwrap();
        assert_eq!(it.step(1, &at(2)).unwrap().seq, 2, "{allowed:?}");
        let gone = it.step(0, &at(2));
        assert_eq!(gone, Err(Ended::Failed(CallError::NoInstance)));
    }
}

#[test]
fn a_state_goes_from_one_instance_to_another_and_a_foreign_one_is_refused() {
    let mut it = rehearse("libintermittent_bolus.so", Allowed::Running, PATIENCE);
    let ns = |s: u64| Fraction {
        num: s * 1_000_000_000,
        den: 1,
    };
    let values = [Fraction { num: 100, den: 1 }, ns(60), ns(3_600), ns(600)];
    it.create(0, &values).unwrap();
    it.step(0, &at(700)).unwrap();
    let state = it.save(0).unwrap();
    it.create(1, &values).unwrap();
    assert_ne!(it.save(1).unwrap(), state);
    it.load(1, &state).unwrap();
    assert_eq!(it.save(1).unwrap(), state);
    let refused = it.load(0, b"no state");
    assert_eq!(refused, Err(Ended::Failed(CallError::Refused)));
}

#[test]
fn the_call_that_is_not_allowed_is_named_and_nothing_is_answered_after_it() {
    let mut it = rehearse("libzoo_open_socket.so", Allowed::Running, PATIENCE);
    it.create(0, &[]).unwrap();
    for seq in 1..=3 {
        it.step(0, &at(seq)).unwrap();
    }
    let called = Err(Ended::Call("socket".to_owned()));
    assert_eq!(it.step(0, &at(4)), called);
    assert_eq!(it.step(0, &at(5)), called);
}

#[test]
fn a_random_number_is_to_be_had_in_a_run_and_not_where_only_computing_is_allowed() {
    let zero = Fraction { num: 0, den: 1 };
    for (allowed, called) in [
        (Allowed::Running, None),
        (
            Allowed::Computing,
            Some(Ended::Call("getrandom".to_owned())),
        ),
    ] {
        let mut it = rehearse("libzoo_non_deterministic.so", allowed, PATIENCE);
        it.create(0, &[zero]).unwrap();
        assert_eq!(it.step(0, &at(1)).err(), called);
    }
}

#[test]
fn crashes_exits_and_words_are_told_and_silence_is_ended() {
    for (library, expected) in [
        ("libzoo_segfault.so", Ended::Signal(11)),
        ("libzoo_exit.so", Ended::Exit(0)),
        ("libzoo_panic.so", Ended::Failed(CallError::Panicked)),
    ] {
        let mut it = rehearse(library, Allowed::Running, PATIENCE);
        it.create(0, &[]).unwrap();
        let ended = (1..=4).find_map(|seq| it.step(0, &at(seq)).err());
        assert_eq!(ended, Some(expected), "{library}");
        if library == "libzoo_panic.so" {
            let said = it.said().expect("a panic prints");
            assert!(said.contains("on purpose"), "{said}");
        }
    }
    let short = Duration::from_secs(3);
    let mut it = rehearse("libzoo_infinite_loop.so", Allowed::Running, short);
    it.create(0, &[]).unwrap();
    let ended = (1..=4).find_map(|seq| it.step(0, &at(seq)).err());
    assert_eq!(ended, Some(Ended::Silent(short)));
}

#[test]
fn the_heap_is_as_large_after_a_thousand_steps_as_after_the_first() {
    let mut it = rehearse("libpca.so", Allowed::Frugal, PATIENCE);
    let whole = |num| Fraction { num, den: 1 };
    let values = [
        whole(100),
        whole(60_000_000_000),
        whole(600_000_000_000),
        whole(0),
        whole(1),
        whole(0),
        whole(2),
        whole(12),
        RATE,
    ];
    it.create(0, &values).unwrap();
    it.step(0, &at(1)).unwrap();
    let first = it.heap();
    for seq in 2..1_000 {
        it.step(0, &at(seq)).unwrap();
    }
    assert_eq!(it.heap(), first);
    assert!(first > 0 || cfg!(not(target_env = "gnu")));
}
