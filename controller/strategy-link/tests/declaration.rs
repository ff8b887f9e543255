//! What a descriptor must be: from one that is sound, each test breaks one thing.

use std::time::Duration;
use strategy_abi::{self as abi, Descriptor, Fraction};
use strategy_link::{Declaration, Kind, Role};
use strategy_sdk::{Param, Rate, Volume};

const HOUR: Duration = Duration::from_hours(1);
const HOUR_NS: u64 = 3_600_000_000_000;

/// A demand strategy with everything: parameters 0 to 8.
fn sound() -> Descriptor {
    use strategy_sdk::{Declaration, Role, Value};
    *Declaration::new("a-demand-1", "0.1.0", "Gives what is asked for")
        .param(Param::dose("dose", "d", Volume::nl(1), Volume::ml(5)).role(Role::MaxBolus))
        .param(Param::time("over", "o", Duration::from_secs(1), 6 * HOUR).role(Role::BolusDuration))
        .param(Param::time("lockout", "l", HOUR / 60, 24 * HOUR).role(Role::Lockout))
        .param(
            Param::choice("lockout_edge", "e", &["start-to-start", "end-to-start"])
                .role(Role::LockoutEdge),
        )
        .param(Param::flag("restart", "r").role(Role::OthersRestartLockout))
        .param(Param::flag("count", "c").role(Role::OthersCount))
        .param(Param::count("max_1h", "m", 1, 60).role(Role::MaxCount(HOUR)))
        .param(Param::count("max_24h", "m", 1, 1440).role(Role::MaxCount(24 * HOUR)))
        .param(
            Param::rate("basal", "b", Rate::ZERO, Rate::ml_per_h(9))
                .role(Role::MaxBasal)
                .default(Value::Rate(Rate::ZERO)),
        )
        .descriptor()
}

const DOSE: usize = 0;
const OVER: usize = 1;
const LOCKOUT: usize = 2;
const EDGE: usize = 3;
const RESTART: usize = 4;
const MAX_1H: usize = 6;
const MAX_24H: usize = 7;
const BASAL: usize = 8;

fn text<const N: usize>(text: &str) -> [u8; N] {
    let mut bytes = [0; N];
    bytes[..text.len()].copy_from_slice(text.as_bytes());
    bytes
}

/// The error that this change makes.
fn refusal(change: impl FnOnce(&mut Descriptor)) -> String {
    let mut descriptor = sound();
    change(&mut descriptor);
    Declaration::from_descriptor(&descriptor)
        .expect_err("it was accepted")
        .to_string()
}

/// The error that this change of a parameter makes.
fn param_refusal(index: usize, change: impl FnOnce(&mut abi::Param)) -> String {
    refusal(|descriptor| change(&mut descriptor.params[index]))
}

#[test]
fn a_sound_descriptor_is_read_whole() {
    let declaration = Declaration::from_descriptor(&sound()).unwrap();
    assert_eq!(declaration.name, "a-demand-1");
    assert_eq!(declaration.params.len(), 9);
    assert!(declaration.answers_demands());
    let edge = &declaration.params[EDGE];
    assert_eq!((edge.kind, edge.role), (Kind::Choice, Role::LockoutEdge));
    assert_eq!(edge.choices, ["start-to-start", "end-to-start"]);
    assert_eq!(edge.max, Fraction { num: 1, den: 1 });
    let basal = &declaration.params[BASAL];
    assert_eq!(
        (basal.required, basal.default),
        (false, Some(Fraction { num: 0, den: 1 }))
    );
    assert_eq!(declaration.params[MAX_24H].period.0, 24 * HOUR_NS);
}

#[test]
fn a_size_of_another_version_is_refused() {
    assert_eq!(
        refusal(|d| d.size = 12),
        "descriptor: its size is 12, but this version's is 6504"
    );
}

#[test]
fn too_many_parameters_are_refused() {
    for count in [17, u32::MAX] {
        let expected = format!("descriptor: it has {count} parameters; at most 16");
        assert_eq!(refusal(|d| d.param_count = count), expected);
    }
}

#[test]
fn a_text_must_end_and_be_a_plain_line_of_utf8() {
    assert_eq!(
        refusal(|d| d.name = [b'a'; 32]),
        "descriptor: `name` has no ending zero"
    );
    assert_eq!(
        refusal(|d| d.version = text("")),
        "descriptor: `version` is empty"
    );
    assert_eq!(
        refusal(|d| d.summary[0] = 0xff),
        "descriptor: `summary` is not UTF-8"
    );
    let control = "holds a control character; write one plain line";
    for line in ["two\nlines", "\u{1b}[31mred", "\u{2028}"] {
        assert_eq!(
            refusal(|d| d.summary = text(line)),
            format!("descriptor: `summary` {control}")
        );
    }
    assert_eq!(
        param_refusal(DOSE, |p| p.help = [b'h'; 160]),
        "parameter 1 (`dose`): `help` has no ending zero"
    );
    assert_eq!(
        param_refusal(DOSE, |p| p.name = text("")),
        "parameter 1: `name` is empty"
    );
}

#[test]
fn a_name_follows_its_pattern() {
    for name in ["A", "1a", "-a", "a-", "a--b", "a_b", "a b", "é", "../a"] {
        let error = refusal(|d| d.name = text(name));
        assert!(
            error.contains("joined by single `-`, a letter first"),
            "{error}"
        );
    }
    for name in ["A", "1a", "_a", "a_", "a__b", "a-b", "a.b"] {
        let error = param_refusal(DOSE, |p| p.name = text(name));
        assert!(
            error.contains("joined by single `_`, a letter first"),
            "{error}"
        );
    }
}

#[test]
fn names_are_unique_and_not_those_of_every_regimen() {
    assert_eq!(
        param_refusal(OVER, |p| p.name = text("dose")),
        "parameter 2: another parameter is called `dose` too"
    );
    for name in ["name", "strategy"] {
        let expected =
            format!("parameter 1: `{name}` is a key of every regimen; choose another name");
        assert_eq!(param_refusal(DOSE, |p| p.name = text(name)), expected);
    }
}

#[test]
fn numbers_without_a_meaning_are_refused() {
    assert_eq!(
        param_refusal(DOSE, |p| p.kind = 0),
        "parameter 1 (`dose`): there is no kind 0"
    );
    assert_eq!(
        param_refusal(DOSE, |p| p.kind = 8),
        "parameter 1 (`dose`): there is no kind 8"
    );
    assert_eq!(
        param_refusal(DOSE, |p| p.role = 10),
        "parameter 1 (`dose`): there is no role 10"
    );
    assert_eq!(
        param_refusal(DOSE, |p| p.required = 2),
        "parameter 1 (`dose`): `required` is 2; it must be 0 or 1"
    );
}

#[test]
fn a_range_holds_something() {
    let zero = Fraction { num: 1, den: 0 };
    assert_eq!(
        param_refusal(DOSE, |p| p.min = zero),
        "parameter 1 (`dose`): `min` has the denominator 0"
    );
    assert_eq!(
        param_refusal(DOSE, |p| p.max = zero),
        "parameter 1 (`dose`): `max` has the denominator 0"
    );
    assert_eq!(
        param_refusal(DOSE, |p| p.min = Fraction {
            num: 5_000_001,
            den: 1
        }),
        "parameter 1 (`dose`): `min` is above `max`"
    );
    assert_eq!(
        param_refusal(OVER, |p| p.max = Fraction {
            num: 3 * HOUR_NS + 1,
            den: 2
        }),
        "parameter 2 (`over`): `max` must be a whole number for a time or a count"
    );
    assert_eq!(
        param_refusal(MAX_1H, |p| p.max = Fraction {
            num: 1 << 32,
            den: 1
        }),
        "parameter 7 (`max_1h`): `max` of a count is at most 4294967295"
    );
}

#[test]
fn a_whole_number_need_not_be_in_lowest_terms() {
    let mut descriptor = sound();
    descriptor.params[MAX_1H].max = Fraction { num: 120, den: 2 };
    assert!(Declaration::from_descriptor(&descriptor).is_ok());
}

#[test]
fn a_default_is_in_range_and_read_only_where_there_is_one() {
    assert_eq!(
        param_refusal(BASAL, |p| p.default_value = Fraction { num: 1, den: 1 }),
        "parameter 9 (`basal`): `default` lies outside `min` to `max`"
    );
    assert_eq!(
        param_refusal(BASAL, |p| p.default_value = Fraction { num: 1, den: 0 }),
        "parameter 9 (`basal`): `default` has the denominator 0"
    );
    let mut descriptor = sound();
    descriptor.params[DOSE].default_value = Fraction { num: 1, den: 0 };
    assert!(Declaration::from_descriptor(&descriptor).is_ok());
}

#[test]
fn only_a_choice_has_choices_and_they_differ() {
    assert_eq!(
        param_refusal(EDGE, |p| p.choice_count = 1),
        "parameter 4 (`lockout_edge`): it has 1 choices; a choice has 2 to 4"
    );
    assert_eq!(
        param_refusal(EDGE, |p| p.choice_count = 5),
        "parameter 4 (`lockout_edge`): it has 5 choices; a choice has 2 to 4"
    );
    assert_eq!(
        param_refusal(DOSE, |p| p.choice_count = 2),
        "parameter 1 (`dose`): it has 2 choices, but a dose has none"
    );
    assert_eq!(
        param_refusal(EDGE, |p| p.choices[1] = text("start-to-start")),
        "parameter 4 (`lockout_edge`): it has the choice `start-to-start` twice"
    );
}

#[test]
fn a_role_sits_on_its_kind() {
    assert_eq!(
        param_refusal(BASAL, |p| p.kind = abi::KIND_DOSE),
        "parameter 9 (`basal`): the role max-basal needs a rate, but this is a dose"
    );
    assert_eq!(
        param_refusal(RESTART, |p| p.kind = abi::KIND_COUNT),
        "parameter 5 (`restart`): the role others-restart-lockout needs a flag, but this is a \
         count"
    );
}

#[test]
fn a_profile_is_required_is_the_only_one_and_may_bound_the_basal() {
    let profile = |p: &mut abi::Param| {
        p.kind = abi::KIND_PROFILE;
        p.required = 1;
    };
    let mut descriptor = sound();
    profile(&mut descriptor.params[BASAL]);
    let declaration = Declaration::from_descriptor(&descriptor).unwrap();
    let (index, param) = declaration.profile().unwrap();
    assert_eq!((index, param.role), (BASAL, Role::MaxBasal));
    assert_eq!(
        param_refusal(BASAL, |p| p.kind = abi::KIND_PROFILE),
        "parameter 9 (`basal`): a profile has no default: `required` must be 1"
    );
    assert_eq!(
        param_refusal(DOSE, profile),
        "parameter 1 (`dose`): the role max-bolus needs a dose, but this is a profile"
    );
    let second = refusal(|d| {
        d.params[DOSE].role = abi::ROLE_NONE;
        profile(&mut d.params[DOSE]);
        profile(&mut d.params[BASAL]);
    });
    assert_eq!(
        second,
        "parameter 9 (`basal`): another parameter is a profile already; only one may be"
    );
}

#[test]
fn a_role_is_there_once() {
    assert_eq!(
        param_refusal(LOCKOUT, |p| p.role = abi::ROLE_BOLUS_DURATION),
        "parameter 3 (`lockout`): another parameter has the role bolus-duration already; only one \
         may"
    );
}

#[test]
fn counts_have_periods_and_nothing_else_has() {
    let bad = "the role max-count needs a period of more than 0 and at most 24 h";
    for period in [0, 24 * HOUR_NS + 1] {
        let error = param_refusal(MAX_1H, |p| p.period_ns = period);
        assert_eq!(error, format!("parameter 7 (`max_1h`): {bad}"));
    }
    assert_eq!(
        param_refusal(MAX_24H, |p| p.period_ns = HOUR_NS),
        "parameter 8 (`max_24h`): another max-count has the same period"
    );
    assert_eq!(
        param_refusal(DOSE, |p| p.period_ns = 1),
        "parameter 1 (`dose`): it has a period, but only the role max-count uses one"
    );
    let third = refusal(|d| {
        let count = d.params[MAX_1H];
        d.params[9] = abi::Param {
            name: text("max_4h"),
            period_ns: 4 * HOUR_NS,
            ..count
        };
        d.param_count = 10;
    });
    assert_eq!(
        third,
        "parameter 10 (`max_4h`): more than 2 parameters have the role max-count"
    );
}

#[test]
fn the_edges_are_the_two_in_their_order() {
    let error = param_refusal(EDGE, |p| p.choices.swap(0, 1));
    assert_eq!(
        error,
        "parameter 4 (`lockout_edge`): the choices of a lockout-edge must be `start-to-start` and \
         `end-to-start`, in this order"
    );
}

#[test]
fn a_range_that_bounds_the_dose_is_one_that_the_pump_serves() {
    let one = |num| Fraction { num, den: 1 };
    for change in [
        |p: &mut abi::Param| {
            p.min = Fraction {
                num: 59_999_999_999,
                den: 1,
            }
        },
        |p: &mut abi::Param| {
            p.max = Fraction {
                num: 24 * HOUR_NS + 1,
                den: 1,
            }
        },
    ] {
        assert_eq!(
            param_refusal(LOCKOUT, change),
            "parameter 3 (`lockout`): the range of the role lockout must lie within 1 min to 24 h"
        );
    }
    assert_eq!(
        param_refusal(OVER, |p| p.min = one(0)),
        "parameter 2 (`over`): the range of the role bolus-duration must lie within 1 ns to 6 h"
    );
    let interval = param_refusal(LOCKOUT, |p| {
        p.role = abi::ROLE_INTERVAL;
        p.min = one(0);
    });
    assert!(
        interval.contains("the range of the role interval must lie within 1 ns upward"),
        "{interval}"
    );
}

#[test]
fn a_role_has_the_company_it_needs() {
    let without = |index: usize| {
        refusal(|d| {
            d.params[index].role = abi::ROLE_NONE;
            d.params[index].period_ns = 0;
        })
    };
    let needs = |index, error: &str| assert_eq!(without(index), error);
    needs(
        OVER,
        "parameter 1 (`dose`): the role max-bolus needs a bolus-duration",
    );
    needs(
        LOCKOUT,
        "parameter 1 (`dose`): the role max-bolus needs a lockout (to answer demands) or an \
         interval (to give boluses unasked)",
    );
    needs(
        DOSE,
        "parameter 2 (`over`): the role bolus-duration needs a max-bolus",
    );
    needs(
        EDGE,
        "parameter 3 (`lockout`): the role lockout needs a lockout-edge",
    );
    needs(
        RESTART,
        "parameter 3 (`lockout`): the role lockout needs an others-restart-lockout",
    );
    needs(
        5,
        "parameter 3 (`lockout`): the role lockout needs an others-count",
    );
    let edge_alone = refusal(|d| {
        d.params.swap(0, EDGE);
        d.param_count = 1;
    });
    assert_eq!(
        edge_alone,
        "parameter 1 (`lockout_edge`): the role lockout-edge needs a lockout"
    );
}

mod any_bytes {
    use super::sound;
    use proptest::prelude::*;
    use strategy_abi::{Descriptor, Fraction, Message as _};
    use strategy_link::{Declaration, Role};

    /// A sound descriptor with some bytes overwritten.
    fn damaged() -> impl Strategy<Value = Descriptor> {
        // Most of a descriptor is texts; the numbers of the parameters are where it hurts.
        let anywhere = 0..size_of::<Descriptor>();
        let numbers = (0..9_usize, 192..264_usize).prop_map(|(param, at)| 232 + param * 392 + at);
        let places = prop_oneof![anywhere, numbers];
        let byte = prop_oneof![0_u8..12, any::<u8>()];
        proptest::collection::vec((places, byte), 0..6).prop_map(|changes| {
            let mut bytes = sound().as_bytes().to_vec();
            for (at, byte) in changes {
                bytes[at] = byte;
            }
            Descriptor::from_bytes(&bytes).expect("as many bytes as before")
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            // Cheap enough for many; PROPTEST_CASES asks for more.
            cases: ProptestConfig::default().cases.max(4000),
            ..ProptestConfig::default()
        })]

        /// Whatever a plugin declares is refused, or is a promise that the governor can hold.
        #[test]
        fn are_refused_or_bound_the_dose(descriptor in damaged(), low in any::<bool>()) {
            let Ok(declaration) = Declaration::from_descriptor(&descriptor) else { return Ok(()) };
            let values: Vec<Fraction> =
                declaration.params.iter().map(|p| if low { p.min } else { p.max }).collect();
            let Ok(envelope) = declaration.envelope(&values) else { return Ok(()) };
            let has = |role| declaration.by_role(role).is_some();
            prop_assert_eq!(envelope.bolus.is_some(), has(Role::MaxBolus));
            prop_assert!(envelope.basal.is_zero() || has(Role::MaxBasal));
            if let Some(bolus) = envelope.bolus {
                prop_assert!(bolus.over.0 > 0);
                prop_assert!(bolus.demand.is_some() || bolus.interval.is_some());
                prop_assert_eq!(bolus.demand.is_some(), has(Role::Lockout));
                if let Some(demand) = bolus.demand {
                    prop_assert!(demand.lockout.0 >= 60_000_000_000);
                }
            }
        }
    }
}
