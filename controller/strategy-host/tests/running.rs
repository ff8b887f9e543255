//! A plugin behind its socket says what it says when called directly.

mod fixtures;

use fixtures::hosted::{Answer, Hosted, command, hash_of, pair};
use fixtures::{Bench, build_folder, helper, probe, snapshot};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use strategy_abi::{Fraction, Order, Snapshot};
use strategy_host::Instance;
use strategy_link::Sha256;
use strategy_link::protocol::{Cause, ToHost, Values};

const fn n(num: u64) -> Fraction {
    Fraction { num, den: 1 }
}

const fn minutes(minutes: u64) -> Fraction {
    n(minutes * 60_000_000_000)
}

fn plugin(name: &str) -> PathBuf {
    build_folder().join(format!("lib{name}.so"))
}

fn direct(path: &std::path::Path, values: &[Fraction]) -> Instance {
    let plugin = probe(path).unwrap().load().unwrap();
    plugin.create(values).unwrap()
}

/// Snapshots of a day with a press every 20 minutes, every second of them in the lockout.
fn day() -> impl Iterator<Item = Snapshot> {
    (1..=144).map(|seq| Snapshot {
        seq,
        now_ns: seq * 600_000_000_000,
        demand_id: if seq % 2 == 0 { seq / 2 } else { 0 },
        lockout_left_ns: if seq % 4 == 0 { 600_000_000_000 } else { 0 },
        delivered_nl: seq * 977,
        ..snapshot()
    })
}

/// Asserts the same orders, and returns how many different ones there were.
fn assert_same(name: &str, values: &[Fraction]) -> usize {
    let path = plugin(name);
    let mut hosted = Hosted::begun(&path, values);
    let mut direct = direct(&path, values);
    let mut seen: Vec<Order> = Vec::new();
    for snapshot in day() {
        let expected = Answer::Stepped {
            answers: snapshot.seq,
            order: direct.step(&snapshot).unwrap(),
            state: direct.save().unwrap(),
        };
        let answer = hosted.step(&snapshot);
        assert_eq!(answer, expected);
        if let Answer::Stepped { order, .. } = answer {
            let order = Order { seq: 0, ..order };
            if !seen.contains(&order) {
                seen.push(order);
            }
        }
    }
    assert_eq!(hosted.end_of().code(), Some(0));
    seen.len()
}

const PCA: [Fraction; 9] = [
    n(50_000),
    minutes(2),
    minutes(30),
    n(0),
    n(1),
    n(0),
    n(2),
    n(12),
    n(0),
];
const INTERMITTENT: [Fraction; 4] = [n(100_000), minutes(5), minutes(60), minutes(10)];

#[test]
fn the_orders_are_those_of_direct_calls() {
    let rate = Fraction {
        num: 1,
        den: 604_800_000,
    };
    assert_eq!(assert_same("continuous", &[rate]), 1);
    assert!(assert_same("pca", &PCA) > 70);
}

#[test]
fn a_state_goes_on_in_the_next_host() {
    let path = plugin("intermittent_bolus");
    let mut direct = direct(&path, &INTERMITTENT);
    let mut kept = Vec::new();
    for snapshot in day().take(40) {
        let mut hosted = Hosted::start(&path);
        let ready = hosted.begin(&INTERMITTENT, &kept);
        assert!(matches!(ready, Answer::Ready(_)), "{ready:?}");
        let Answer::Stepped { order, state, .. } = hosted.step(&snapshot) else {
            panic!("no order");
        };
        assert_eq!(order, direct.step(&snapshot).unwrap());
        kept = state;
        assert!(!kept.is_empty());
    }
}

#[test]
fn a_plugin_in_c_runs_too() {
    let bench = Bench::new();
    let source = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../strategies/abi/examples/steady.c");
    let path = bench.compile("libsteady_c.so", &source, &[]);
    let mut hosted = Hosted::begun(&path, &[n(1)]);
    let Answer::Stepped { order, .. } = hosted.step(&snapshot()) else {
        panic!("no order");
    };
    assert_eq!(order.basal, n(1));
}

/// The same profile by the plugin in C, in the sandbox, and by the one in Rust: as long as a
/// profile may be, at each of many times of the week.
#[test]
fn the_longest_profile_goes_through_the_sandbox_and_means_the_same_in_c_and_in_rust() {
    let bench = Bench::new();
    let source = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../strategies/abi/examples/week.c");
    let path = bench.compile("libweek_c.so", &source, &[]);
    let rate = |step: u64| Fraction {
        num: step * 7 % 50,
        den: 3_600_000_000 + step,
    };
    let half_hours = strategy_abi::MAX_STEPS as u64;
    let steps = (0..half_hours).flat_map(|step| [n(step * 1_800), rate(step)]);
    let steps: Vec<Fraction> = steps.collect();
    let in_c = [&[n(half_hours)], steps.as_slice()].concat();
    let in_rust = [&[n(half_hours), n(0), n(0)], steps.as_slice()].concat();
    let mut hosted = Hosted::begun(&path, &in_c);
    let mut direct = direct(&plugin("day_profile"), &in_rust);
    // A Monday at 00:00, two hours ahead of UTC.
    let monday = 1_767_571_200 - 7_200;
    for seq in 1..600 {
        let time = (seq * 1_017) % (7 * 86_400);
        let shown = Snapshot {
            clock_good: 1,
            seq,
            utc_s: monday + time,
            local_offset_plus_day_s: 86_400 + 7_200,
            next_offset_change_utc_s: strategy_abi::FOREVER,
            ..snapshot()
        };
        let Answer::Stepped { order, .. } = hosted.step(&shown) else {
            panic!("no order");
        };
        assert_eq!(order.basal, rate(time / 1_800), "{time} s into the week");
        assert_eq!(order, direct.step(&shown).unwrap());
    }
}

#[test]
fn a_profile_with_other_than_its_own_count_of_values_is_refused_before_the_plugin_sees_it() {
    let mut values = vec![n(7), n(0), n(0)];
    values.extend((0..7).flat_map(|day| [n(day * 86_400), n(0)]));
    let path = plugin("day_profile");
    let plugin = probe(&path).unwrap().load().unwrap();
    assert!(plugin.create(&values).is_ok());
    for wrong in [
        &values[..16],
        &values[..3],
        &[values.as_slice(), &[n(0)]].concat(),
    ] {
        assert!(plugin.create(wrong).is_err(), "{} values", wrong.len());
    }
}

/// Starts a host for a fixture, and returns why it fails to begin.
fn refusal(hosted: &mut Hosted, state: &[u8]) -> (Cause, String) {
    match hosted.begin(&[n(1)], state) {
        Answer::Failed(cause, text) => (cause, text),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_file_with_another_hash_is_not_opened() {
    let bench = Bench::new();
    let note = bench.path().join("opened");
    let constructor = format!("CONSTRUCTOR=fopen(\"{}\",\"w\")", note.display());
    let path = bench.plugin(&[&constructor]);
    let mut hosted = Hosted::of(command(&path, Sha256([7; 32])));
    let (cause, text) = refusal(&mut hosted, &[]);
    assert_eq!(cause, Cause::Plugin);
    let expected = format!(
        "{}: it is not the file that was pinned; its SHA-256 is now {}",
        path.display(),
        hash_of(&path)
    );
    assert_eq!(text, expected);
    assert_eq!(hosted.end_of().code(), Some(1));
    assert!(!note.exists());
}

#[test]
fn a_file_that_is_no_plugin_is_refused_with_the_cause() {
    let bench = Bench::new();
    let text = bench.file("libtext.so", b"#!/bin/sh\n");
    let (cause, said) = refusal(&mut Hosted::start(&text), &[]);
    assert_eq!(cause, Cause::Plugin);
    assert!(
        said.ends_with("it is no shared library (no ELF file)"),
        "{said}"
    );

    let other = bench.plugin(&["MAJOR=2"]);
    let (cause, said) = refusal(&mut Hosted::start(&other), &[]);
    assert_eq!(cause, Cause::Plugin);
    assert!(said.contains("it is built for version 2."), "{said}");

    let hash = hash_of(&text);
    std::fs::remove_file(&text).unwrap();
    let (cause, said) = refusal(&mut Hosted::of(command(&text, hash)), &[]);
    assert_eq!(cause, Cause::Plugin);
    assert!(said.contains("can't be read"), "{said}");
}

#[test]
fn what_the_strategy_refuses_is_told_apart() {
    let bench = Bench::new();
    let path = bench.plugin(&[]);
    let refuse = n(5);
    let answer = Hosted::start(&path).begin(&[refuse], &[]);
    let text = "the strategy refuses these values or this state".to_owned();
    assert_eq!(answer, Answer::Failed(Cause::Values, text.clone()));
    let answer = Hosted::start(&path).begin(&[n(1)], b"other");
    assert_eq!(answer, Answer::Failed(Cause::State, text));
    assert!(matches!(
        Hosted::start(&path).begin(&[n(1)], b"kept"),
        Answer::Ready(_)
    ));
}

#[test]
fn a_failing_step_is_told_with_what_the_plugin_printed() {
    let mut hosted = Hosted::begun(&plugin("zoo_panic"), &[]);
    let failed = (1..9).find_map(|seq| match hosted.step(&Snapshot { seq, ..snapshot() }) {
        Answer::Stepped { .. } => None,
        other => Some(other),
    });
    let Some(Answer::Failed(Cause::Step, text)) = failed else {
        panic!("{failed:?}");
    };
    assert!(
        text.starts_with("the strategy panicked (it said: "),
        "{text}"
    );
    assert!(text.contains("on purpose"), "{text}");
    assert_eq!(hosted.end_of().code(), Some(1));
}

#[test]
fn a_plugin_that_prints_for_ever_blocks_nobody_and_forges_nothing() {
    let bench = Bench::new();
    let flood =
        "CONSTRUCTOR=int i;for(i=0;i<100000;i++)if(write(1+i%2,\"\\33[31m forged\\n\",13)){}";
    let mut hosted = Hosted::begun(&bench.plugin(&[flood]), &[n(2)]);
    let Answer::Failed(Cause::Step, text) = hosted.step(&snapshot()) else {
        panic!("no failure");
    };
    assert!(text.contains("the strategy panicked"), "{text}");
    assert!(!text.contains('\u{1b}'), "{text}");
}

#[test]
fn a_message_that_is_none_ends_the_host() {
    let bench = Bench::new();
    let path = bench.plugin(&[]);
    let mut hosted = Hosted::start(&path);
    hosted.send(b"hello");
    let Answer::Failed(Cause::Host, text) = hosted.answer(60) else {
        panic!("no failure");
    };
    assert_eq!(text, "a message from the daemon: its length is wrong");

    let mut hosted = Hosted::start(&path);
    let answer = hosted.step(&snapshot());
    let text = "a step came before the beginning".to_owned();
    assert_eq!(answer, Answer::Failed(Cause::Host, text));

    let mut hosted = Hosted::begun(&path, &[n(1)]);
    let values = Values::new(&[n(1)]).unwrap();
    let answer = hosted.ask(&ToHost::Begin { values, state: &[] });
    let text = "it was told to begin twice".to_owned();
    assert_eq!(answer, Answer::Failed(Cause::Host, text));
}

#[test]
fn without_a_socket_it_says_what_it_needs() {
    let path = plugin("continuous");
    let mut command = command(&path, hash_of(&path));
    let output = command.stdin(Stdio::null()).stderr(Stdio::piped());
    let output = output.output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(
        said,
        "strategy-host: run: standard input must be a SOCK_SEQPACKET socket\n"
    );
}

#[test]
fn a_host_that_was_started_by_somebody_else_does_not_run() {
    // The pair is this process's, the parent is the shell.
    let path = plugin("continuous");
    let (ours, theirs) = pair();
    let script = format!(
        "{} run --plugin {} --sha256 {}; exit $?",
        helper().path().display(),
        path.display(),
        hash_of(&path)
    );
    let child = Command::new("sh")
        .args(["-c", &script])
        .stdin(Stdio::from(theirs))
        .spawn()
        .unwrap();
    let mut hosted = Hosted {
        child,
        socket: Some(ours),
    };
    let (cause, text) = refusal(&mut hosted, &[]);
    assert_eq!(cause, Cause::Host);
    assert!(text.ends_with("the parent is gone already"), "{text}");
}

#[test]
fn mistakes_in_the_command_line_exit_with_2_and_help_with_0() {
    let run = |arguments: &[&str]| {
        let output = Command::new(helper().path())
            .args(arguments)
            .output()
            .unwrap();
        (
            output.status.code(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    for (arguments, said) in [
        (&[][..], "a command is missing"),
        (&["walk"], "no command is called walk"),
        (&["run"], "--sha256 is missing"),
        (&["run", "--sha256", "12"], "--plugin is missing"),
        (&["run", "--plugin"], "the value of --plugin is missing"),
        (&["run", "--plugin", "a", "--sha256", "12"], "64 lower-case"),
        (&["rehearse", "--allow", "all"], "--allow knows no all"),
        (&["declare", "pca"], "--strategies is missing"),
        (&["declare", "--strategies", "."], "name is missing"),
        (&["declare", "a", "b"], "b is not expected here"),
        (&["probe", "it"], "it is not expected here"),
    ] {
        let (code, stderr) = run(arguments);
        assert_eq!(code, Some(2), "{arguments:?}: {stderr}");
        assert!(stderr.contains(said), "{arguments:?}: {stderr}");
    }
    let output = Command::new(helper().path())
        .arg("--help")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stdout.starts_with(b"Opens strategy plugins"));
}
