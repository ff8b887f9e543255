//! What a prescription may give is never less than the greediest of pumps gives, and for simple
//! prescriptions it is just that.

mod greedy;

use greedy::{Habits, edges, peak};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use pump_core::prescription::{
    BolusEnvelope, Caps, CountLimit, DemandEnvelope, Drug, DrugId, Envelope, LockoutEdge,
    MAX_COUNTS, MAX_DRUGS, MAX_REGIMENS, OnStrategyLoss, Prescription, Reservoir,
};
use pump_core::quantity::{Nanoseconds, Rate, Steps, Volume};
use pump_prescription::{Appetite, Held};

const S: u64 = 1_000_000_000;
const MIN: u64 = 60 * S;
const H: u64 = 60 * MIN;
/// A step of 1 µL, so that a day has few.
const STEP: Volume = Volume::from_nl(1_000);

const fn hours(h: u64) -> Nanoseconds {
    Nanoseconds(h * H)
}

/// So many steps in an hour.
fn per_hour(steps: u64) -> Rate {
    Rate::of(Volume::from_nl(steps * 1_000), hours(1)).expect("a rate")
}

fn rx() -> Prescription {
    Prescription {
        volume_per_step: STEP,
        full_step: Steps::ZERO,
        max_rate: per_hour(60_000),
        max_bolus: Volume::from_nl(1_000_000),
        max_clinician_bolus: None,
        caps: Caps::default(),
        drugs: [None; MAX_DRUGS],
        regimens: [None; MAX_REGIMENS],
        vtbi: None,
        air: None,
        reservoir: Reservoir {
            volume: Steps(10_000_000),
            low: Steps(40_000),
            empty: Steps(10_000),
        },
        order_lease: Nanoseconds::from_hours(24 * 7),
        on_strategy_loss: OnStrategyLoss::Stop,
    }
}

fn basal(steps: u64) -> Envelope {
    Envelope {
        basal: per_hour(steps),
        bolus: None,
    }
}

fn demand(steps: u64, over: u64, lockout: u64, counts: &[(u32, u64)]) -> Envelope {
    let mut limits = [None; MAX_COUNTS];
    for (to, (max, period)) in limits.iter_mut().zip(counts) {
        *to = Some(CountLimit {
            max: *max,
            period: Nanoseconds(*period),
        });
    }
    Envelope {
        basal: Rate::ZERO,
        bolus: Some(BolusEnvelope {
            max: Volume::from_nl(steps * 1_000),
            over: Nanoseconds(over),
            demand: Some(DemandEnvelope {
                lockout: Nanoseconds(lockout),
                edge: LockoutEdge::StartToStart,
                others_restart_lockout: true,
                others_count: false,
                counts: limits,
            }),
            interval: None,
        }),
    }
}

fn scheduled(steps: u64, over: u64, every: u64) -> Envelope {
    let mut envelope = demand(steps, over, MIN, &[]);
    if let Some(bolus) = &mut envelope.bolus {
        (bolus.demand, bolus.interval) = (None, Some(Nanoseconds(every)));
    }
    envelope
}

fn with(regimens: &[Envelope]) -> Prescription {
    let mut rx = rx();
    for (to, envelope) in rx.regimens.iter_mut().zip(regimens) {
        *to = Some(*envelope);
    }
    rx
}

/// W05.
#[test]
fn every_allowed_bolus_is_used_and_lockouts_counts_and_caps_hold_them_back() {
    let mut p = with(&[basal(7_200), demand(100, MIN, 30 * MIN, &[(3, 4 * H)])]);
    p.full_step = Steps(16);
    let most = |p: &Prescription, h: u64| Appetite::of(p).most(hours(h)).0.0;
    // The rotor's full step; boluses at 0 and 30 min, and the count's third.
    assert_eq!(most(&p, 1), 16 + 7_200 + 2 * 100);
    assert_eq!(most(&p, 3), 16 + 3 * 7_200 + 3 * 100);
    assert_eq!(most(&p, 4), 16 + 4 * 7_200 + 3 * 100);
    assert_eq!(most(&p, 5), 16 + 5 * 7_200 + 6 * 100);
    assert_eq!(Appetite::of(&p).boluses(hours(5)), 6);
    assert_eq!(Appetite::of_basals(&p).most(hours(5)).0.0, 16 + 5 * 7_200);
    p.caps.h1 = Some(Steps(7_250));
    assert_eq!(
        Appetite::of(&p).most(hours(3)),
        (
            Steps(3 * 7_250),
            Held::ByCap {
                hours: 1,
                drug: None
            }
        ),
        "three of the cap's hours"
    );
    assert_eq!(Appetite::of(&p).uncapped(hours(3)).0.0, most_of_three());
    p.caps.h24 = Some(Steps(100_000));
    assert_eq!(most(&p, 23), 100_000);
    p.regimens[1] = None;
    p.max_rate = per_hour(3_600);
    let (steps, held) = Appetite::of(&p).most(hours(2));
    assert_eq!((steps.0, held), (16 + 7_200, Held::ByRate));
}

const fn most_of_three() -> u64 {
    16 + 3 * 7_200 + 3 * 100
}

/// W05.
#[test]
fn the_soonest_instant_is_the_first_at_which_so_much_may_have_been_given() {
    let p = with(&[basal(7_200), demand(100, MIN, 30 * MIN, &[])]);
    let appetite = Appetite::of(&p);
    for steps in [1, 99, 100, 7_300, 123_456, 10_000_000] {
        let Some(at) = appetite.soonest(Steps(steps)) else {
            panic!("{steps} steps are never given");
        };
        let with_its_begin = Nanoseconds(at.0 + 1);
        assert!(appetite.most(with_its_begin).0 >= Steps(steps), "{steps}");
        assert!(appetite.most(at).0 < Steps(steps), "{steps}");
    }
    assert_eq!(appetite.soonest(Steps::ZERO), Some(Nanoseconds::ZERO));
    assert_eq!(appetite.soonest(Steps::MAX), None, "not within ten years");
    let mut nothing = rx();
    nothing.full_step = Steps(16);
    let nothing = Appetite::of(&nothing);
    assert_eq!(nothing.soonest(Steps(17)), None, "but for the rotor");
}

/// The figure is not only safe: there is a pump that comes to it.
#[test]
fn simple_prescriptions_come_to_just_as_much() {
    let mut to_the_cap = with(&[demand(20, 2 * MIN, 10 * MIN, &[])]);
    to_the_cap.caps.h4 = Some(Steps(100));
    let mut by_the_rate = with(&[basal(40), demand(120, H, 3 * H, &[])]);
    by_the_rate.max_rate = per_hour(100);
    let mut rotor = with(&[demand(20, 2 * MIN, 30 * MIN, &[])]);
    rotor.full_step = Steps(8);
    let mut from_its_end = with(&[demand(20, 5 * MIN, 22 * MIN, &[])]);
    if let Some(bolus) = &mut from_its_end.regimens[0].as_mut().expect("one").bolus
        && let Some(demand) = &mut bolus.demand
    {
        demand.edge = LockoutEdge::EndToStart;
    }
    let mut drug = with(&[basal(10), demand(10, MIN, 30 * MIN, &[])]);
    drug.drugs[0] = Some(Drug {
        id: DrugId([1; 16]),
        fg_per_step: 1,
        caps: Caps {
            h24: Some(Steps(10 * 24 + 10 * 40)),
            ..Caps::default()
        },
    });
    let simple = [
        ("a basal", with(&[basal(50)])),
        (
            "two basals that come to no whole steps",
            with(&[basal(7), basal(3)]),
        ),
        ("pulses", with(&[scheduled(20, 10 * MIN, H)])),
        (
            "a basal and pulses",
            with(&[basal(12), scheduled(20, 10 * MIN, 3 * H)]),
        ),
        ("a lockout", with(&[demand(20, 2 * MIN, 30 * MIN, &[])])),
        (
            "a basal, a lockout and counts",
            with(&[
                basal(12),
                demand(20, 2 * MIN, 30 * MIN, &[(2, H), (12, 24 * H)]),
            ]),
        ),
        (
            "a count that binds",
            with(&[demand(20, 2 * MIN, 10 * MIN, &[(3, H)])]),
        ),
        ("a lockout from the end", from_its_end),
        ("a cap", to_the_cap),
        ("the highest rate", by_the_rate),
        ("the rotor", rotor),
        ("a cap of a drug", drug),
    ];
    for (what, p) in simple {
        let given = edges(&p, &Habits::default(), 49 * H);
        let appetite = Appetite::of(&p);
        let windows = match what {
            // The cap of 4 h says nothing exact of an hour; a drug's of a day likewise.
            "a cap" => vec![4],
            "a cap of a drug" => vec![24],
            // Between two boluses there is a tick at the basal alone.
            "the highest rate" => vec![1],
            _ => vec![1, 4, 24],
        };
        for window in windows {
            let (most, held) = appetite.most(hours(window));
            let peak = peak(&given, hours(window));
            let short = if what.starts_with("a cap") {
                // The governor counts by the minute, on the safe side, and gives boluses whole.
                assert!(matches!(held, Held::ByCap { .. }), "{what}: {held:?}");
                20
            } else {
                0
            };
            assert!(peak <= most.0, "{what}, {window} h: {peak} of {most:?}");
            assert!(
                peak + short >= most.0,
                "{what}, {window} h: {peak} of {most:?} {held:?}"
            );
        }
    }
}

/// A scheduled bolus that a demand suspended ends later than its own time: a window may hold
/// more of them than start in it.
#[test]
fn a_suspended_bolus_may_end_in_a_window_in_which_others_start() {
    let p = with(&[scheduled(60, 30 * MIN, 2 * H), demand(30, H, 3 * H, &[])]);
    // Pressed as the scheduled one has just begun.
    let habits = Habits {
        waits: vec![S],
        ..Habits::default()
    };
    let given = edges(&p, &habits, 30 * H);
    let window = Nanoseconds(H + 29 * MIN);
    let peak = peak(&given, window);
    assert!(peak > 60 + 30, "{peak}: it would not show");
    assert!(peak <= Appetite::of(&p).most(window).0.0);
}

/// A lockout from the end counts from the last step of a bolus, which is sooner than the bolus
/// has taken its time where a basal has begun that step.
#[test]
fn a_step_that_the_basal_has_begun_lets_the_next_bolus_come_sooner() {
    let mut p = with(&[basal(1), demand(1, MIN, MIN, &[])]);
    if let Some(bolus) = &mut p.regimens[1].as_mut().expect("the second").bolus
        && let Some(demand) = &mut bolus.demand
    {
        demand.edge = LockoutEdge::EndToStart;
    }
    let peak = peak(&edges(&p, &Habits::default(), 50 * H), Nanoseconds(7 * MIN));
    assert!(peak > 5, "{peak}: it would not show");
    assert!(peak <= Appetite::of(&p).most(Nanoseconds(7 * MIN)).0.0);
}

/// What the note on a bolus that has no minute of basal to spare says of the governor.
#[test]
fn a_bolus_without_a_minute_of_basal_to_spare_is_granted_only_while_the_window_fills() {
    let given = |cap: u64| {
        let mut p = with(&[basal(600), demand(10, MIN, 5 * MIN, &[])]);
        p.caps.h1 = Some(Steps(cap));
        let edges = edges(&p, &Habits::default(), 5 * H);
        let late = edges.iter().filter(|at| **at > 2 * H).count();
        (edges.len() - late, late)
    };
    let (early, late) = given(600 + 10 + 10 - 2);
    assert!(early > 1_200, "{early}: some are granted at first");
    assert_eq!(late, 1_800, "the basal alone");
    let (_, late) = given(600 + 10 + 10 + 1);
    assert!(
        late > 1_800,
        "{late}: with a minute to spare some are granted"
    );
}

fn envelope() -> impl Strategy<Value = Envelope> {
    let count = (1u32..6, prop_oneof![Just(H), Just(4 * H), Just(6 * H)]);
    let counts = proptest::collection::vec(count, 0..=MAX_COUNTS);
    let edge = prop_oneof![
        Just(LockoutEdge::StartToStart),
        Just(LockoutEdge::EndToStart)
    ];
    let demands = (1u64..40, 1u64..40, 1u64..90, counts, edge).prop_map(
        |(steps, over, lockout, counts, edge)| {
            let mut envelope = demand(steps, over * MIN, lockout * MIN, &counts);
            if let Some(demand) = envelope.bolus.as_mut().and_then(|it| it.demand.as_mut()) {
                demand.edge = edge;
            }
            envelope
        },
    );
    let pulses = (1u64..40, 1u64..60, 0u64..300)
        .prop_map(|(steps, over, more)| scheduled(steps, over * MIN, (over + more) * MIN));
    prop_oneof![(1u64..60).prop_map(basal), demands, pulses]
}

fn any_rx() -> impl Strategy<Value = (Prescription, Habits)> {
    let cap = || proptest::option::weighted(0.3, 1u64..400);
    let rate = prop_oneof![2 => Just(60_000u64), 1 => 1u64..400];
    let waits = proptest::collection::vec(0..20 * MIN, 0..4);
    let turns = proptest::option::weighted(0.3, 10 * MIN..5 * H);
    (
        proptest::collection::vec(envelope(), 1..=MAX_REGIMENS),
        (cap(), cap(), cap(), cap()),
        (rate, 0u64..17),
        (waits, turns),
    )
        .prop_map(
            |(regimens, caps, (rate, full_step), (waits, basal_turns))| {
                let mut p = with(&regimens);
                p.full_step = Steps(full_step);
                // Whatever room a cap or the highest rate has, the basal alone fits.
                let basal = Appetite::of_basals(&p).most(hours(1)).0.0;
                let room =
                    |cap: Option<u64>, hours: u64| cap.map(|it| Steps(it + (basal + 1) * hours));
                p.max_rate = per_hour(rate + basal);
                p.caps = Caps {
                    h1: room(caps.0, 1),
                    h4: room(caps.1, 4),
                    h24: room(caps.2, 24),
                };
                p.drugs[0] = Some(Drug {
                    id: DrugId([1; 16]),
                    fg_per_step: 1,
                    caps: Caps {
                        h4: room(caps.3, 4),
                        ..Caps::default()
                    },
                });
                (p, Habits { waits, basal_turns })
            },
        )
}

/// `PROPTEST_CASES` sets the number of cases. The same cases come each time; another
/// `PUMP_SEED` gives others.
#[test]
fn no_window_ever_holds_more_however_greedy_patient_and_strategies_are() {
    let seed = std::env::var("PUMP_SEED").map_or(1, |it| it.parse::<u64>().expect("a number"));
    println!("PUMP_SEED={seed}");
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let mut config = Config {
        failure_persistence: None,
        ..Config::default()
    };
    // Each case is two days of a pump at work.
    config.cases = match std::env::var_os("PROPTEST_CASES") {
        None => 64,
        Some(_) => config.cases.min(2_000),
    };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let outcome = runner.run(&any_rx(), |(p, habits)| {
        let given = edges(&p, &habits, 50 * H);
        let appetite = Appetite::of(&p);
        for minutes in [1, 7, 30, 60, 61, 95, 150, 240, 360, 777, 1_440, 2_000] {
            let window = Nanoseconds(minutes * MIN);
            let (most, held) = appetite.most(window);
            let peak = peak(&given, window);
            prop_assert!(peak <= most.0, "{minutes} min: {peak} of {most:?} {held:?}");
        }
        // The reservoir is never emptier sooner than is told.
        for part in [3, 2, 1] {
            let steps = given.len() / part;
            if let Some(at) = steps.checked_sub(1).and_then(|last| given.get(last)) {
                let told = appetite.soonest(Steps(steps as u64));
                prop_assert!(told.is_some_and(|told| told.0 <= *at), "{told:?} {at}");
            }
        }
        Ok(())
    });
    if let Err(why) = outcome {
        panic!("PUMP_SEED={seed}: {why:#?}");
    }
}
