//! `latency`, with a cyclictest of the tests' own.

use std::path::Path;

use pump_control::Request;
use serde_json::Value;

use super::bench::Daemon;
use crate::rig::Done;

/// Runs `pumpctl latency` for a second. The cyclictest of `tests/fake` writes down how it was
/// called, and then either measures or says why it can't.
fn measure(daemon: &Daemon, words: &[&str], fake: &str) -> Done {
    let fakes = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fake");
    let mut command = daemon.command(&["latency", "--for", "1s"]);
    command
        .args(words)
        .env("PATH", format!("{}:/usr/bin:/bin", fakes.display()))
        .env("FAKE_CYCLICTEST", fake)
        .env("FAKE_WORDS", daemon.folder.path().join("words"));
    Done(command.output().expect("the program runs"))
}

fn words(daemon: &Daemon) -> String {
    std::fs::read_to_string(daemon.folder.path().join("words")).expect("it ran")
}

#[test]
fn the_loop_is_measured_beside_cyclictest_of_its_priority_and_interval() {
    let daemon = Daemon::new();
    *daemon.shared.priority.lock().unwrap() = Some(80);
    let done = measure(&daemon, &["--load"], "measures");
    assert_eq!(done.code(), 0, "{}", done.err());
    for line in [
        "wake-lateness         6\u{202f}000      20 µs      40 µs      60 µs      80 µs",
        "ioctl-time                0          –          –          –          –",
        "cyclictest            1\u{202f}000      10 µs      10 µs      20 µs      40 µs",
        "wake-lateness                     2.00       4.00       3.00       2.00",
        "edge-lateness                     3.00       6.00       4.50       3.00",
    ] {
        assert!(
            done.out().lines().any(|told| told == line),
            "{}",
            done.out()
        );
    }
    assert!(
        done.out().contains(" under load, tick 10 ms, fifo 80\n"),
        "{}",
        done.out()
    );
    let words = words(&daemon);
    for word in [
        "--policy=fifo",
        "--priority=80",
        "--interval=10000",
        "--duration=1",
    ] {
        assert!(words.contains(word), "{words}");
    }
    let reset = |reset| Request::Latency { reset };
    assert_eq!(daemon.asked(), [reset(true), reset(false)]);
}

#[test]
fn for_programs_the_figures_are_one_document() {
    let daemon = Daemon::new();
    let done = measure(&daemon, &["--json"], "measures");
    assert_eq!(done.code(), 0, "{}", done.err());
    let read: Value = serde_json::from_str(&done.out()).expect("one document");
    assert_eq!(read["histograms"][0]["p99_ns"], 40_000);
    assert_eq!(read["cyclictest"]["p999_ns"], 20_000);
    assert_eq!(read["ratios"][1]["name"], "edge-lateness");
    assert_eq!(read["ratios"][1]["p99"], 6.0);
    assert_eq!(read["load"], false);
    // An ordinary thread is compared with an ordinary thread.
    assert!(words(&daemon).contains("--policy=other"));
}

#[test]
fn where_cyclictest_can_not_measure_it_is_said_why_and_the_loop_is_measured_all_the_same() {
    let daemon = Daemon::new();
    let done = measure(&daemon, &[], "may-not");
    assert_eq!(done.code(), 0, "{}", done.err());
    for part in [
        "wake-lateness",
        "Unable to change scheduling policy!",
        "ulimit -r",
    ] {
        assert!(done.out().contains(part), "{}", done.out());
    }
    assert!(!done.out().contains("to cyclictest"), "{}", done.out());

    let mut command = daemon.command(&["latency", "--for", "1s", "--json"]);
    command.env("PATH", "/nowhere");
    let done = Done(command.output().expect("the program runs"));
    let read: Value = serde_json::from_str(&done.out()).expect("one document");
    assert!(read["cyclictest"].is_null());
    let notes = read["notes"].to_string();
    assert!(notes.contains("apt-get install rt-tests"), "{notes}");
}

#[test]
fn the_real_cyclictest_is_understood_where_it_is_installed() {
    let daemon = Daemon::new();
    let done = daemon.run(&["latency", "--for", "1s", "--json"]);
    assert_eq!(done.code(), 0, "{}", done.err());
    let read: Value = serde_json::from_str(&done.out()).expect("one document");
    let notes = read["notes"].to_string();
    if notes.contains("apt-get install rt-tests") {
        println!("skipped: {notes}");
        return;
    }
    assert!(read["cyclictest"]["count"].as_u64() > Some(0), "{notes}");
    assert!(read["cyclictest"]["p50_ns"].as_u64() > Some(0), "{notes}");
}
