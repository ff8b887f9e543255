//! What becomes of each guest of the zoo in its own process.

mod fixtures;

use fixtures::hosted::{Answer, Hosted};
use fixtures::{build_folder, probe, snapshot};
use rustix::process::Signal;
use std::path::PathBuf;
use strategy_abi::{FOREVER, Fraction, Order, Snapshot};
use strategy_link::protocol::Cause;
use strategy_link::{BadOrder, read_order};

fn guest(name: &str) -> PathBuf {
    let file = format!("libzoo_{}.so", name.replace('-', "_"));
    let path = build_folder().join(file);
    assert!(
        path.is_file(),
        "{} is missing: run `cargo check-all`, which builds the plugins first",
        path.display()
    );
    path
}

/// A host that has taken three good steps with the default values.
fn running(name: &str) -> Hosted {
    let path = guest(name);
    let declared = probe(&path).expect("a sound declaration");
    let params = &declared.declaration().params;
    let values: Vec<Fraction> = params.iter().filter_map(|param| param.default).collect();
    assert_eq!(
        values.len(),
        params.len(),
        "{name}: every value has a default"
    );
    let envelope = declared
        .declaration()
        .envelope(&values)
        .expect("an envelope");
    assert!(
        envelope.basal.is_zero(),
        "{name}: the default gives nothing"
    );
    assert!(
        envelope.bolus.is_none_or(|bolus| bolus.max.is_zero()),
        "{name}"
    );
    let mut hosted = Hosted::begun(&path, &values);
    for seq in 1..=3 {
        let order = order(hosted.step(&at(seq)));
        assert_eq!(order.seq, seq, "{name}");
        assert!(read_order(&order).is_ok(), "{name}");
    }
    hosted
}

fn at(seq: u64) -> Snapshot {
    let now_ns = seq * 1_000_000_000;
    Snapshot {
        seq,
        now_ns,
        ..snapshot()
    }
}

fn order(answer: Answer) -> Order {
    match answer {
        Answer::Stepped { order, .. } => order,
        other => panic!("{other:?}"),
    }
}

fn assert_killed(name: &str, by: &[Signal]) {
    let mut hosted = running(name);
    assert_eq!(hosted.step(&at(4)), Answer::Gone, "{name}");
    let signal = hosted.signal().unwrap_or_default();
    assert!(
        by.iter().any(|allowed| allowed.as_raw() == signal),
        "{name} was killed by {signal}"
    );
}

#[test]
fn what_reaches_out_is_killed_at_the_first_call() {
    for name in [
        "fork",
        "thread",
        "sleep",
        "open-gpiochip",
        "open-socket",
        "raise-priority",
    ] {
        assert_killed(name, &[Signal::SYS]);
    }
}

#[test]
fn what_crashes_takes_nobody_with_it() {
    assert_killed("abort", &[Signal::ABORT]);
    assert_killed("out-of-memory", &[Signal::ABORT]);
    assert_killed("segfault", &[Signal::SEGV]);
    assert_killed("stack-overflow", &[Signal::SEGV, Signal::ABORT]);
}

#[test]
fn a_panic_is_told() {
    let mut hosted = running("panic");
    let answer = hosted.step(&at(4));
    assert!(
        matches!(answer, Answer::Failed(Cause::Step, _)),
        "{answer:?}"
    );
}

#[test]
fn an_orderly_exit_is_a_death_like_any_other() {
    let mut hosted = running("exit");
    assert_eq!(hosted.step(&at(4)), Answer::Gone);
    assert_eq!(hosted.end_of().code(), Some(0));
}

#[test]
fn a_loop_is_ended_from_outside_only() {
    let mut hosted = running("infinite-loop");
    hosted.say(&strategy_link::protocol::ToHost::Step { snapshot: at(4) });
    assert_eq!(hosted.answer(1), Answer::Silence);
    hosted.child.kill().unwrap();
    assert_eq!(hosted.signal(), Some(Signal::KILL.as_raw()));
}

#[test]
fn what_lies_is_read_as_it_speaks() {
    // These answer; what of it is given is for the governor.
    let stale = order(running("stale-sequence").step(&at(4)));
    assert_eq!(stale.seq, 1);
    let short = order(running("wrong-size").step(&at(4)));
    assert_eq!(read_order(&short), Err(BadOrder::Size(4)));
    let rate = order(running("absurd-rate").step(&at(4)));
    assert_eq!((rate.basal.num, rate.basal.den), (u64::MAX, 1));
    let bolus = order(running("absurd-volume").step(&at(4)));
    assert_eq!((bolus.bolus_volume.num, bolus.bolus_over_ns), (u64::MAX, 1));
    let dead = order(running("never-renews").step(&at(4)));
    assert_eq!(dead.valid_for_ns, 0);
    let mut flips = running("flips-orders");
    let (fourth, fifth) = (order(flips.step(&at(4))), order(flips.step(&at(5))));
    assert_ne!(fourth.basal, fifth.basal);
    assert_eq!(fourth.wake_in_ns, 1);
    let mut random = running("non-deterministic");
    let first = order(random.step(&at(4))).basal;
    let differs = |_| order(random.step(&at(4))).basal != first;
    assert!((0..20).any(differs));
    assert_ne!(first.num, FOREVER);
}

#[test]
fn a_plugin_of_another_contract_is_not_run() {
    let path = guest("wrong-abi");
    let error = probe(&path).unwrap_err();
    assert!(error.contains("it is built for version 99."), "{error}");
    let answer = Hosted::start(&path).begin(&[], &[]);
    let Answer::Failed(Cause::Plugin, text) = answer else {
        panic!("{answer:?}");
    };
    assert!(text.contains("it is built for version 99."), "{text}");
}
