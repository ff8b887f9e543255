//! What was probed is what is loaded, and a loaded plugin is held to the contract.

mod fixtures;

use fixtures::{Bench, build_folder, helper, probe, snapshot};
use pump_core::order::{Answer, DemandId};
use pump_core::prescription::{BolusEnvelope, CountLimit, DemandEnvelope, Envelope, LockoutEdge};
use pump_core::quantity::{Nanoseconds, Rate, Volume};
use pump_core::reason::Reason;
use sha2::Digest as _;
use std::path::Path;
use strategy_abi::{Fraction, Snapshot};
use strategy_host::{CallError, Instance, StrategyFolders};
use strategy_link::read_order;

/// The behaviour that `plugin.c` takes from its one value.
const fn behave(how: u64) -> [Fraction; 1] {
    [Fraction { num: how, den: 1 }]
}
const WELL: u64 = 1;
const PANICKED: u64 = 2;
const ODD_STATUS: u64 = 3;
const NO_INSTANCE: u64 = 4;
const REFUSE: u64 = 5;
const HUGE_STATE: u64 = 6;

#[test]
fn the_three_plugins_are_found_by_their_names() {
    let mut folders = StrategyFolders::new(helper());
    folders.add(build_folder()).unwrap();
    let names = folders.names();
    for name in ["continuous", "intermittent-bolus", "pca"] {
        assert!(
            names.iter().any(|other| other == name),
            "{name} is not in {names:?}"
        );
        let declaration = folders.declaration(name).unwrap();
        assert_eq!(declaration.name, name);
    }
}

/// A regimen of a plugin of this workspace: its envelope, and an instance of it.
fn regimen(name: &str, values: &[(&str, Fraction)]) -> (Envelope, Instance) {
    let mut folders = StrategyFolders::new(helper());
    folders.add(build_folder()).unwrap();
    let plugin = folders.load(name).unwrap();
    let declaration = plugin.declaration();
    let value_of = |param: &strategy_link::Param| {
        let written = values.iter().find(|(name, _)| *name == param.name);
        let value = written.map(|(_, value)| *value).or(param.default);
        value.unwrap_or_else(|| panic!("`{}` is required", param.name))
    };
    let values: Vec<Fraction> = declaration.params.iter().map(value_of).collect();
    (
        declaration.envelope(&values).unwrap(),
        plugin.create(&values).unwrap(),
    )
}

const fn n(num: u64) -> Fraction {
    Fraction { num, den: 1 }
}

const fn minutes(minutes: u64) -> Fraction {
    n(minutes * 60_000_000_000)
}

#[test]
fn the_pca_plugin_is_held_to_its_dose_lockout_and_counts() {
    let (envelope, mut instance) = regimen(
        "pca",
        &[
            ("dose", n(50_000)),
            ("over", minutes(2)),
            ("lockout", minutes(30)),
            ("lockout_edge", n(0)),
            ("other_boluses_restart_lockout", n(1)),
            ("other_boluses_count", n(0)),
            ("max_per_1h", n(2)),
            ("max_per_24h", n(12)),
        ],
    );
    let count = |max, hours| {
        Some(CountLimit {
            max,
            period: Nanoseconds::from_hours(hours),
        })
    };
    let demand = DemandEnvelope {
        lockout: Nanoseconds::from_mins(30),
        edge: LockoutEdge::StartToStart,
        others_restart_lockout: true,
        others_count: false,
        counts: [count(2, 1), count(12, 24)],
    };
    let bolus = BolusEnvelope {
        max: Volume::from_nl(50_000),
        over: Nanoseconds::from_mins(2),
        demand: Some(demand),
        interval: None,
    };
    assert_eq!(
        envelope,
        Envelope {
            basal: Rate::ZERO,
            bolus: Some(bolus)
        }
    );

    let asked = Snapshot {
        demand_id: 3,
        ..snapshot()
    };
    let order = read_order(&instance.step(&asked).unwrap()).unwrap();
    assert_eq!(order.answer, Some(Answer::Give(DemandId(3))));
    assert_eq!(order.bolus.unwrap().volume, Volume::from_nl(50_000));
    let closed = Snapshot {
        lockout_left_ns: 1,
        seq: 2,
        ..asked
    };
    let order = read_order(&instance.step(&closed).unwrap()).unwrap();
    assert_eq!(
        order.answer,
        Some(Answer::Refuse(DemandId(3), Reason::Lockout))
    );
}

#[test]
fn the_intermittent_plugin_is_held_to_its_dose_and_period() {
    let values = [
        ("dose", n(100_000)),
        ("over", minutes(5)),
        ("every", minutes(60)),
        ("first_after", minutes(10)),
    ];
    let (envelope, mut instance) = regimen("intermittent-bolus", &values);
    let bolus = BolusEnvelope {
        max: Volume::from_nl(100_000),
        over: Nanoseconds::from_mins(5),
        demand: None,
        interval: Some(Nanoseconds::from_hours(1)),
    };
    assert_eq!(
        envelope,
        Envelope {
            basal: Rate::ZERO,
            bolus: Some(bolus)
        }
    );

    let order = read_order(&instance.step(&snapshot()).unwrap()).unwrap();
    assert_eq!(
        (order.bolus, order.wake_in),
        (None, Some(Nanoseconds::from_mins(10)))
    );
    let due = Snapshot {
        seq: 2,
        now_ns: 600_000_000_000,
        ..snapshot()
    };
    let order = read_order(&instance.step(&due).unwrap()).unwrap();
    assert_eq!(order.bolus.unwrap().volume, Volume::from_nl(100_000));
    assert_eq!(order.wake_in, Some(Nanoseconds::from_hours(1)));

    // The state goes on in a new instance, which does not ask again.
    let state = instance.save().unwrap();
    let (_, mut fresh) = regimen("intermittent-bolus", &values);
    fresh.load(&state).unwrap();
    let later = Snapshot {
        seq: 3,
        now_ns: 660_000_000_000,
        ..snapshot()
    };
    let order = read_order(&fresh.step(&later).unwrap()).unwrap();
    assert_eq!(
        (order.bolus, order.wake_in),
        (None, Some(Nanoseconds::from_mins(59)))
    );
}

#[test]
fn the_continuous_plugin_answers_with_its_rate() {
    let mut folders = StrategyFolders::new(helper());
    folders.add(build_folder()).unwrap();
    let plugin = folders.load("continuous").unwrap();
    let rate = Fraction {
        num: 1,
        den: 604_800_000,
    };
    let mut instance = plugin.create(&[rate]).unwrap();
    let order = instance.step(&snapshot()).unwrap();
    assert_eq!(order.basal, rate);
    assert_eq!((order.seq, order.bolus_kind, order.demand_id), (1, 0, 0));
}

#[test]
fn the_example_in_c_runs() {
    let bench = Bench::new();
    let source =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../strategies/abi/examples/steady.c");
    bench.compile("libsteady_c.so", &source, &[]);
    let mut folders = StrategyFolders::new(helper());
    folders.add(bench.path()).unwrap();
    let plugin = folders.load("steady-c").unwrap();
    let rate = Fraction {
        num: 1,
        den: 3_600_000,
    };
    let order = plugin.create(&[rate]).unwrap().step(&snapshot()).unwrap();
    assert_eq!(order.basal, rate);
}

#[test]
fn the_hash_is_that_of_the_file() {
    let bench = Bench::new();
    let path = bench.plugin(&[]);
    let probed = probe(&path).unwrap();
    let expected: [u8; 32] = sha2::Sha256::digest(std::fs::read(path).unwrap()).into();
    assert_eq!(probed.sha256().0, expected);
    assert_eq!(probed.sha256().to_string().len(), 64);
}

#[test]
fn a_file_replaced_after_its_probe_is_not_the_one_that_is_loaded() {
    let bench = Bench::new();
    bench.plugin(&[]);
    let mut folders = StrategyFolders::new(helper());
    folders.add(bench.path()).unwrap();
    let before = folders.sha256("fixture").unwrap();
    bench.plugin(&["CONSTRUCTOR=abort()"]);
    let plugin = folders.load("fixture").unwrap();
    assert_eq!(plugin.sha256(), before);
}

#[test]
fn two_plugins_in_one_process_do_not_become_one() {
    let bench = Bench::new();
    let first = bench.named("libfirst.so", &["NAME=\"first\""]);
    let second = bench.named("libsecond.so", &["NAME=\"second\""]);
    // Each image is dropped after its load, so that its descriptor is free to be reused.
    for (path, name) in [(first, "first"), (second, "second")] {
        let plugin = probe(&path).unwrap().load().unwrap();
        assert_eq!(plugin.declaration().name, name);
    }
}

#[test]
fn a_plugin_that_shows_two_faces_is_not_loaded() {
    let bench = Bench::new();
    let faces = "CONSTRUCTOR=if(strcmp(program_invocation_short_name,\"strategy-host\"))\
                 descriptor.params[0].max.num=7";
    let probed = probe(&bench.plugin(&[faces])).unwrap();
    let error = probed.load().unwrap_err().to_string();
    assert!(
        error.contains("it declares something else here than in its probe"),
        "{error}"
    );
}

#[test]
fn a_failing_call_spends_the_instance() {
    let bench = Bench::new();
    let plugin = probe(&bench.plugin(&[])).unwrap().load().unwrap();
    for (how, error) in [
        (PANICKED, CallError::Panicked),
        (ODD_STATUS, CallError::UnknownStatus(77)),
    ] {
        let mut instance = plugin.create(&behave(how)).unwrap();
        assert_eq!(instance.step(&snapshot()), Err(error));
        assert_eq!(instance.step(&snapshot()), Err(CallError::Spent));
        assert_eq!(instance.save(), Err(CallError::Spent));
    }
}

#[test]
fn a_creation_that_gives_nothing_is_an_error() {
    let bench = Bench::new();
    let plugin = probe(&bench.plugin(&[])).unwrap().load().unwrap();
    assert_eq!(
        plugin.create(&behave(REFUSE)).err(),
        Some(CallError::Refused)
    );
    assert_eq!(
        plugin.create(&behave(NO_INSTANCE)).err(),
        Some(CallError::NoInstance)
    );
    assert_eq!(plugin.create(&[]).err(), Some(CallError::Refused));
}

#[test]
fn a_state_goes_out_and_in_again() {
    let bench = Bench::new();
    let plugin = probe(&bench.plugin(&[])).unwrap().load().unwrap();
    let mut instance = plugin.create(&behave(WELL)).unwrap();
    let state = instance.save().unwrap();
    assert_eq!(state, b"kept");
    let mut fresh = plugin.create(&behave(WELL)).unwrap();
    fresh.load(&state).unwrap();
    assert!(fresh.step(&snapshot()).is_ok());
    assert_eq!(fresh.load(b"other"), Err(CallError::Refused));
    assert_eq!(fresh.step(&snapshot()), Err(CallError::Spent));
}

#[test]
fn a_state_that_is_too_large_is_an_error() {
    let bench = Bench::new();
    let plugin = probe(&bench.plugin(&[])).unwrap().load().unwrap();
    let mut instance = plugin.create(&behave(HUGE_STATE)).unwrap();
    assert_eq!(instance.save(), Err(CallError::StateTooLarge(5000)));
}
