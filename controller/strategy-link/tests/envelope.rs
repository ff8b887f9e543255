//! The envelope follows from roles and values, and from nothing else.

use pump_core::prescription::{BolusEnvelope, CountLimit, DemandEnvelope, Envelope, LockoutEdge};
use pump_core::quantity::{Nanoseconds, Rate, Volume};
use std::time::Duration;
use strategy_abi::Fraction;
use strategy_link::{Declaration, EnvelopeError, ValueFault};
use strategy_sdk::{Param, Role};

const HOUR: Duration = Duration::from_hours(1);

fn read(declared: strategy_sdk::Declaration) -> Declaration {
    Declaration::from_descriptor(declared.descriptor()).unwrap()
}

fn declare() -> strategy_sdk::Declaration {
    strategy_sdk::Declaration::new("test", "1", "of the tests")
}

fn dose() -> Param {
    let (min, max) = (strategy_sdk::Volume::nl(1), strategy_sdk::Volume::ml(5));
    Param::dose("dose", "d", min, max).role(Role::MaxBolus)
}

fn over() -> Param {
    Param::time("over", "o", Duration::from_secs(1), 6 * HOUR).role(Role::BolusDuration)
}

fn basal() -> Param {
    let (min, max) = (strategy_sdk::Rate::ZERO, strategy_sdk::Rate::ml_per_h(9));
    Param::rate("basal", "b", min, max).role(Role::MaxBasal)
}

fn every() -> Param {
    Param::time("every", "e", Duration::from_secs(1), 24 * HOUR).role(Role::Interval)
}

fn demand() -> strategy_sdk::Declaration {
    declare()
        .param(dose())
        .param(over())
        .param(Param::time("lockout", "l", HOUR / 60, 24 * HOUR).role(Role::Lockout))
        .param(
            Param::choice("edge", "e", &["start-to-start", "end-to-start"]).role(Role::LockoutEdge),
        )
        .param(Param::flag("restart", "r").role(Role::OthersRestartLockout))
        .param(Param::flag("count", "c").role(Role::OthersCount))
        .param(Param::count("max_4h", "m", 0, 99).role(Role::MaxCount(4 * HOUR)))
}

const fn n(num: u64) -> Fraction {
    Fraction { num, den: 1 }
}

const fn seconds(s: u64) -> Fraction {
    n(s * 1_000_000_000)
}

#[test]
fn a_basal_alone_gives_no_bolus() {
    let declaration = read(declare().param(basal()));
    let rate = Fraction {
        num: 2,
        den: 1_209_600_000,
    };
    let envelope = declaration.envelope(&[rate]).unwrap();
    let basal = Rate::new(1, 604_800_000).unwrap();
    assert_eq!(envelope, Envelope { basal, bolus: None });
}

#[test]
fn no_role_gives_nothing() {
    let wish = Param::dose(
        "wish",
        "w",
        strategy_sdk::Volume::nl(1),
        strategy_sdk::Volume::ml(5),
    );
    let declaration = read(declare().param(wish));
    assert_eq!(declaration.envelope(&[n(5)]).unwrap(), Envelope::default());
}

#[test]
fn a_demand_strategy_gets_its_lockout_and_counts() {
    let values = [
        n(50_000),
        seconds(120),
        seconds(1800),
        n(1),
        n(1),
        n(0),
        n(3),
    ];
    let bolus = BolusEnvelope {
        max: Volume::from_nl(50_000),
        over: Nanoseconds::from_mins(2),
        demand: Some(DemandEnvelope {
            lockout: Nanoseconds::from_mins(30),
            edge: LockoutEdge::EndToStart,
            others_restart_lockout: true,
            others_count: false,
            counts: [
                Some(CountLimit {
                    max: 3,
                    period: Nanoseconds::from_hours(4),
                }),
                None,
            ],
        }),
        interval: None,
    };
    let envelope = read(demand()).envelope(&values).unwrap();
    assert_eq!(
        envelope,
        Envelope {
            basal: Rate::ZERO,
            bolus: Some(bolus)
        }
    );
}

#[test]
fn an_unasked_bolus_needs_an_interval_not_shorter_than_itself() {
    let declaration = read(declare().param(dose()).param(every()).param(over()));
    let envelope = |every, over| declaration.envelope(&[n(7), seconds(every), seconds(over)]);
    let bolus = envelope(60, 60).unwrap().bolus.unwrap();
    assert_eq!(
        (bolus.interval, bolus.demand),
        (Some(Nanoseconds::from_secs(60)), None)
    );
    let error = envelope(59, 60).unwrap_err();
    assert_eq!(error.to_string(), "`every` is shorter than `over`");
    assert!(matches!(
        error,
        EnvelopeError::IntervalTooShort {
            interval: 1,
            duration: 2,
            ..
        }
    ));
}

#[test]
fn a_value_that_its_parameter_does_not_take_is_named() {
    let declaration = read(demand());
    let good = [
        n(50_000),
        seconds(120),
        seconds(1800),
        n(0),
        n(0),
        n(0),
        n(3),
    ];
    assert!(declaration.envelope(&good).is_ok());
    let fault_of = |index: usize, value| {
        let mut values = good;
        values[index] = value;
        match declaration.envelope(&values) {
            Err(EnvelopeError::Value {
                index: at, fault, ..
            }) if at == index => Some(fault),
            Err(other) => panic!("{other}"),
            Ok(_) => None,
        }
    };
    assert_eq!(
        fault_of(0, Fraction { num: 1, den: 0 }),
        Some(ValueFault::ZeroDenominator)
    );
    assert_eq!(
        fault_of(0, Fraction { num: 1, den: 2 }),
        Some(ValueFault::TooSmall)
    );
    assert_eq!(fault_of(0, Fraction { num: 3, den: 2 }), None);
    assert_eq!(fault_of(0, n(5_000_001)), Some(ValueFault::TooLarge));
    assert_eq!(fault_of(2, seconds(59)), Some(ValueFault::TooSmall));
    assert_eq!(
        fault_of(
            2,
            Fraction {
                num: 180_000_000_001,
                den: 2
            }
        ),
        Some(ValueFault::NotWhole)
    );
    assert_eq!(fault_of(3, n(2)), Some(ValueFault::TooLarge));
    assert_eq!(fault_of(5, n(2)), Some(ValueFault::TooLarge));
    assert_eq!(
        fault_of(6, Fraction { num: 7, den: 2 }),
        Some(ValueFault::NotWhole)
    );
    assert_eq!(fault_of(6, n(100)), Some(ValueFault::TooLarge));
}

#[test]
fn one_value_per_parameter() {
    let error = read(demand()).envelope(&[n(1)]).unwrap_err();
    assert_eq!(error.to_string(), "1 values were given for 7 parameters");
}
