//! A plugin that was built against the first release of the contract is served as on its first
//! day; one of a version that this host does not know is refused with both versions named.
//!
//! The guests are kept with their source, the header of that day and the build line in
//! `strategies/abi/tests/release-1.0`. Where they are not for this machine, they are built from
//! that.

mod fixtures;

use std::path::{Path, PathBuf};
use std::process::Command;

use fixtures::hosted::{Answer, Hosted};
use fixtures::{Bench, assert_refused, probe};
use strategy_abi::{ABI_MAJOR, ABI_MINOR, Fraction, Message as _, Order, Snapshot};
use strategy_host::Instance;
use strategy_link::{ORDER_SIZES, read_order, written};

fn release() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../strategies/abi/tests/release-1.0")
}

/// The guests, built into `bench` against the header in `headers`.
fn built(bench: &Bench, headers: &Path) -> PathBuf {
    let output = Command::new("sh")
        .arg(release().join("build"))
        .args([bench.path(), headers])
        .env("CC", fixtures::CC)
        .output()
        .expect("a shell");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    bench.path().to_owned()
}

/// The folder with the guests as they were built on that day.
fn kept(bench: &Bench) -> PathBuf {
    match std::env::consts::ARCH {
        arch @ "x86_64" => release().join(arch),
        _ => built(bench, &release()),
    }
}

/// What a guest was shown on its first day, and what it answered.
struct Talk {
    values: Vec<Fraction>,
    lines: Vec<(Snapshot, Order, Vec<u8>)>,
}

impl Talk {
    fn read() -> Self {
        let text = std::fs::read_to_string(release().join("story")).expect("the story");
        let mut lines = text.lines().filter(|line| !line.starts_with('#'));
        let values = lines.next().expect("the values").split(' ');
        let values = values.map(|value| {
            let (num, den) = value.split_once('/').expect("a fraction");
            Fraction {
                num: num.parse().expect("a number"),
                den: den.parse().expect("a number"),
            }
        });
        Self {
            values: values.collect(),
            lines: lines.map(line).collect(),
        }
    }
}

/// The numbers of one message, in the order of its fields.
struct Numbers<'a>(std::str::SplitWhitespace<'a>);

impl Numbers<'_> {
    fn u64(&mut self) -> u64 {
        self.0.next().expect("a number").parse().expect("a number")
    }

    fn u32(&mut self) -> u32 {
        self.0.next().expect("a number").parse().expect("a number")
    }

    fn fraction(&mut self) -> Fraction {
        Fraction {
            num: self.u64(),
            den: self.u64(),
        }
    }
}

fn line(line: &str) -> (Snapshot, Order, Vec<u8>) {
    let mut parts = line.split('|');
    let mut part = || Numbers(parts.next().expect("three parts").split_whitespace());
    let mut n = part();
    let snapshot = Snapshot {
        size: size_of::<Snapshot>() as u32,
        clock_good: n.u32(),
        seq: n.u64(),
        now_ns: n.u64(),
        demand_id: n.u64(),
        lockout_left_ns: n.u64(),
        basal_granted: n.fraction(),
        delivered_nl: n.u64(),
        bolus_seq: n.u64(),
        bolus_kind: n.u32(),
        bolus_outcome: n.u32(),
        bolus_reason: n.u32(),
        bolus_running: n.u32(),
        bolus_started_ns: n.u64(),
        bolus_ended_ns: n.u64(),
        bolus_delivered_nl: n.u64(),
        utc_s: n.u64(),
        local_offset_plus_day_s: n.u64(),
        next_offset_change_utc_s: n.u64(),
    };
    let mut n = part();
    let order = Order {
        size: n.u32(),
        bolus_kind: n.u32(),
        seq: n.u64(),
        basal: n.fraction(),
        bolus_volume: n.fraction(),
        bolus_over_ns: n.u64(),
        demand_id: n.u64(),
        refusal: n.u32(),
        reserved: n.u32(),
        valid_for_ns: n.u64(),
        wake_in_ns: n.u64(),
    };
    let state = part().0.next().expect("a state");
    let bytes = (0..state.len()).step_by(2).map(|at| {
        let byte = state.get(at..at + 2).expect("two digits");
        u8::from_str_radix(byte, 16).expect("two digits")
    });
    (snapshot, order, bytes.collect())
}

fn instance(guests: &Path, values: &[Fraction]) -> Instance {
    let probed = probe(&guests.join("libguest.so")).unwrap_or_else(|error| panic!("{error}"));
    let plugin = probed.load().unwrap_or_else(|error| panic!("{error}"));
    plugin.create(values).expect("it takes its values")
}

/// Asserts that the guest there says in this process what it said on its first day.
fn assert_as_ever(guests: &Path) {
    let talk = Talk::read();
    let mut instance = instance(guests, &talk.values);
    for (number, (snapshot, order, state)) in talk.lines.iter().enumerate() {
        assert_eq!(instance.step(snapshot).as_ref(), Ok(order), "line {number}");
        assert_eq!(instance.save().as_ref(), Ok(state), "line {number}");
    }
}

#[test]
fn the_story_is_worth_telling() {
    let talk = Talk::read();
    assert_eq!((talk.values.len(), talk.lines.len()), (9, 40));
    let orders = || talk.lines.iter().map(|(_, order, _)| order);
    for kind in [strategy_abi::BOLUS_DEMAND, strategy_abi::BOLUS_SCHEDULED] {
        assert!(orders().any(|order| order.bolus_kind == kind));
    }
    for reason in [
        strategy_abi::REASON_LOCKOUT,
        strategy_abi::REASON_BOLUS_RUNNING,
    ] {
        assert!(orders().any(|order| order.refusal == reason));
    }
}

#[test]
fn a_guest_of_the_first_release_answers_as_on_its_first_day() {
    let bench = Bench::new();
    assert_as_ever(&kept(&bench));
}

#[test]
fn its_source_built_against_either_header_answers_the_same() {
    let (then, now) = (Bench::new(), Bench::new());
    assert_as_ever(&built(&then, &release()));
    let today = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../strategies/abi");
    assert_as_ever(&built(&now, &today));
}

#[test]
fn in_the_sandbox_it_answers_the_same_and_goes_on_from_its_state() {
    let bench = Bench::new();
    let guest = kept(&bench).join("libguest.so");
    let talk = Talk::read();
    let (before, after) = talk.lines.split_at(talk.lines.len() / 2);
    let mut kept = Vec::new();
    for half in [before, after] {
        let mut hosted = Hosted::start(&guest);
        let ready = hosted.begin(&talk.values, &kept);
        assert!(matches!(ready, Answer::Ready(_)), "{ready:?}");
        for (snapshot, order, state) in half {
            let expected = Answer::Stepped {
                answers: snapshot.seq,
                order: *order,
                state: state.clone(),
            };
            assert_eq!(hosted.step(snapshot), expected);
            kept.clone_from(state);
        }
    }
}

#[test]
fn what_it_refused_it_refuses() {
    let bench = Bench::new();
    let guest = kept(&bench).join("libguest.so");
    let mut values = Talk::read().values;
    let mut hosted = Hosted::start(&guest);
    let answer = hosted.begin(&values, b"no state of it");
    assert!(matches!(answer, Answer::Failed(..)), "{answer:?}");
    // The interval is as long as the dose takes, and then shorter.
    values[7] = values[1];
    let answer = Hosted::start(&guest).begin(&values, &[]);
    assert!(matches!(answer, Answer::Ready(_)), "{answer:?}");
    values[7].num -= 1;
    let answer = Hosted::start(&guest).begin(&values, &[]);
    assert!(matches!(answer, Answer::Failed(..)), "{answer:?}");
}

#[test]
fn a_guest_of_a_later_version_is_refused_with_both_versions_named() {
    let bench = Bench::new();
    let guests = kept(&bench);
    for (name, version) in [
        ("liblater_major.so", "2.0"),
        ("liblater_minor.so", "1.1000"),
    ] {
        assert_refused(
            &guests.join(name),
            &format!(
                "it is built for version {version} of the strategy contract; this program serves \
                 {ABI_MAJOR}.0 to {ABI_MAJOR}.{ABI_MINOR}: build the plugin against its strategy.h"
            ),
        );
    }
}

/// A message with fields behind those that the first release knows.
#[repr(C)]
struct Longer<T> {
    known: T,
    appended: [u64; 4],
}

/// What a later minor version of the host will do.
#[test]
fn shown_longer_messages_it_reads_and_writes_the_part_that_it_knows() {
    const LEFT_ALONE: [u64; 4] = [0xa5a5_a5a5_a5a5_a5a5; 4];
    let bench = Bench::new();
    let talk = Talk::read();
    let guest = kept(&bench).join("libguest.so");
    // SAFETY: a guest of ours, without constructors; it is never closed.
    let library = unsafe { libloading::Library::new(&guest) }.expect("it can be opened");
    // SAFETY: the guest's source says that the symbol is an entry.
    let entry = unsafe { library.get::<*const strategy_abi::Entry>(strategy_abi::ENTRY_SYMBOL) };
    // SAFETY: as above; the library stays open below.
    let entry = unsafe { **entry.expect("its entry") };
    let (create, step) = (entry.create.expect("create"), entry.step.expect("step"));
    let mut instance = std::ptr::null_mut();
    let count = u32::try_from(talk.values.len()).expect("a few");
    // SAFETY: the values are as many as is said.
    let status = unsafe { create(talk.values.as_ptr(), count, &raw mut instance) };
    assert_eq!(status, strategy_abi::STATUS_OK);
    let unwritten = Order::from_bytes(&[0xa5; size_of::<Order>()]).expect("as many bytes");
    let sizes = [ORDER_SIZES.as_slice(), &[size_of::<Longer<Order>>()]].concat();
    for (snapshot, expected, _) in &talk.lines {
        let longer = Longer {
            known: Snapshot {
                size: size_of::<Longer<Snapshot>>() as u32,
                ..*snapshot
            },
            appended: LEFT_ALONE,
        };
        let mut order = Longer {
            known: Order {
                size: size_of::<Longer<Order>>() as u32,
                ..unwritten
            },
            appended: LEFT_ALONE,
        };
        // SAFETY: both begin with the known message and say how long they are.
        let status = unsafe {
            let order = (&raw mut order).cast();
            step(instance, (&raw const longer).cast(), order)
        };
        assert_eq!(status, strategy_abi::STATUS_OK);
        // It leaves the size of what it has written.
        assert_eq!(order.known, *expected);
        assert_eq!(order.appended, LEFT_ALONE);
        // The host takes it for what it is: the order that was written, and nothing appended.
        let mut bytes = [0; size_of::<Longer<Order>>()];
        let (known, appended) = bytes.split_at_mut(size_of::<Order>());
        known.copy_from_slice(order.known.as_bytes());
        appended.copy_from_slice(order.appended.map(u64::to_ne_bytes).as_flattened());
        let taken = written(bytes, &sizes).expect("a size of the first release");
        let (known, appended) = taken.split_at(size_of::<Order>());
        assert_eq!(known, expected.as_bytes());
        assert!(appended.iter().all(|byte| *byte == 0));
        assert_eq!(read_order(&order.known), read_order(expected));
        assert!(read_order(expected).is_ok());
    }
    std::mem::forget(library);
}
