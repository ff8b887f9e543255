//! The envelope follows from roles and values, and from nothing else.

use pump_core::prescription::{BolusEnvelope, CountLimit, DemandEnvelope, Envelope, LockoutEdge};
use pump_core::quantity::{Nanoseconds, Rate, Volume};
use std::time::Duration;
use strategy_abi::Fraction;
use strategy_link::{Declaration, EnvelopeError, ProfileFault, ValueFault};
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
    assert_eq!(error.to_string(), "1 values were given where 7 are needed");
}

/// A profile beside a count, so that its steps stand behind both.
fn week() -> Declaration {
    let (min, max) = (
        strategy_sdk::Rate::ml_per_h(1),
        strategy_sdk::Rate::ml_per_h(9),
    );
    read(
        declare()
            .param(Param::profile("profile", "p", min, max).role(Role::MaxBasal))
            .param(Param::count("count", "c", 0, 9)),
    )
}

const fn ml_per_h(num: u64) -> Fraction {
    let den = 3_600_000;
    Fraction { num, den }
}

const DAY_S: u64 = 86_400;

/// A week of one step each midnight, and one at noon of the last day.
fn steps() -> Vec<[Fraction; 2]> {
    let midnights = (0..7).map(|day| [n(day * DAY_S), ml_per_h(day + 1)]);
    midnights
        .chain([[n(6 * DAY_S + DAY_S / 2), ml_per_h(2)]])
        .collect()
}

fn values(steps: &[[Fraction; 2]]) -> Vec<Fraction> {
    let first = [n(steps.len() as u64), n(4)];
    first
        .into_iter()
        .chain(steps.iter().flatten().copied())
        .collect()
}

#[test]
fn the_highest_rate_of_a_profile_bounds_the_basal() {
    let (week, values) = (week(), values(&steps()));
    let envelope = week.envelope(&values).unwrap();
    assert_eq!(envelope.basal, Rate::new(7, 3_600_000).unwrap());
    assert!(envelope.bolus.is_none());
    assert_eq!(week.steps(&values), steps());
    assert_eq!(week.value_count(&values), values.len());
}

#[test]
fn each_step_of_a_profile_is_checked_for_itself_and_for_its_place() {
    use ProfileFault as Fault;
    let refusal = |change: &dyn Fn(&mut Vec<[Fraction; 2]>)| {
        let mut steps = steps();
        change(&mut steps);
        match week().envelope(&values(&steps)) {
            Err(EnvelopeError::Step {
                index: 0,
                name,
                step,
                fault,
            }) if name == "profile" => (step, fault),
            other => panic!("{other:?}"),
        }
    };
    let half = Fraction { num: 1, den: 2 };
    let none = Fraction { num: 1, den: 0 };
    assert_eq!(refusal(&|s| s[1][0] = half), (1, Fault::NoTime));
    assert_eq!(refusal(&|s| s[7][0] = n(7 * DAY_S)), (7, Fault::NoTime));
    assert_eq!(refusal(&|s| s[2][0] = s[1][0]), (2, Fault::NotLater));
    assert_eq!(refusal(&|s| s.swap(3, 4)), (3, Fault::NoMidnight(3)));
    assert_eq!(refusal(&|s| s[0][0] = n(1)), (0, Fault::NoMidnight(0)));
    let without_saturday = |s: &mut Vec<[Fraction; 2]>| s.retain(|[at, _]| *at != n(5 * DAY_S));
    assert_eq!(refusal(&without_saturday), (5, Fault::NoMidnight(5)));
    // The last day has no beginning: what is missing stands behind the last step.
    let without_sunday = |s: &mut Vec<[Fraction; 2]>| {
        s.truncate(6);
        s.push([n(5 * DAY_S + 60), ml_per_h(2)]);
    };
    assert_eq!(refusal(&without_sunday), (7, Fault::NoMidnight(6)));
    assert_eq!(refusal(&|s| s[4][1] = none), (4, Fault::NoRate));
    assert_eq!(refusal(&|s| s[4][1] = ml_per_h(0)), (4, Fault::TooSmall));
    assert_eq!(refusal(&|s| s[4][1] = ml_per_h(10)), (4, Fault::TooLarge));
}

#[test]
fn a_profile_has_as_many_values_as_it_says_and_from_seven_to_336_steps() {
    let fault = |mut values: Vec<Fraction>, steps: Fraction| {
        values[0] = steps;
        week().envelope(&values).unwrap_err()
    };
    let sound = values(&steps());
    for (steps, expected) in [(7, 16), (9, 20), (u64::MAX, usize::MAX)] {
        let given = sound.len();
        let wrong = EnvelopeError::WrongCount { expected, given };
        assert_eq!(fault(sound.clone(), n(steps)), wrong);
    }
    let of_value = |fault| EnvelopeError::Value {
        index: 0,
        name: "profile".into(),
        fault,
    };
    let few = values(&steps()[..6]);
    assert_eq!(fault(few, n(6)), of_value(ValueFault::TooSmall));
    let minutes = (0..337).map(|minute| [n(minute * 60), ml_per_h(1)]);
    let many = values(&minutes.collect::<Vec<_>>());
    assert_eq!(fault(many, n(337)), of_value(ValueFault::TooLarge));
}
