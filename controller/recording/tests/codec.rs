//! Every sequence of items comes back from its bytes, and damaged bytes are refused.

use proptest::collection::vec;
use proptest::option::of as option;
use proptest::prelude::*;
use pump_core::order::{Answer, BolusRequest, DemandId, Order, RegimenId};
use pump_core::prescription::{
    AirLimits, BolusEnvelope, Caps, CountLimit, DemandEnvelope, Drug, DrugId, Envelope,
    LockoutEdge, OnStrategyLoss, Prescription, Reservoir,
};
use pump_core::pump::{Command, EdgeFate, Inputs, Sensors, Watch};
use pump_core::quantity::{MonoNs, Nanoseconds, Rate, Steps, Volume};
use pump_core::reason::Reason;
use pump_recording::codec::{Decoder, Encoder, Flaw, Item, Then};
use pump_recording::{Call, Clock, Digest, Told, prescription};

/// Small, large and round ones.
fn number() -> impl Strategy<Value = u64> + Clone {
    prop_oneof![
        0..200_u64,
        any::<u64>(),
        (0..1_000_000_u64).prop_map(|n| n * 10_000_000),
        Just(u64::MAX),
    ]
}

fn volume() -> impl Strategy<Value = Volume> + Clone {
    (number(), number()).prop_map(|(num, den)| Volume::new(num, den.max(1)).expect("a fraction"))
}

fn rate() -> impl Strategy<Value = Rate> + Clone {
    (number(), number()).prop_map(|(num, den)| Rate::new(num, den.max(1)).expect("a fraction"))
}

fn span() -> impl Strategy<Value = Nanoseconds> + Clone {
    number().prop_map(Nanoseconds)
}

fn order() -> impl Strategy<Value = Order> + Clone {
    let bolus =
        (volume(), span(), any::<bool>()).prop_map(|(volume, over, loading)| BolusRequest {
            volume,
            over,
            loading,
        });
    let reason = (0..Reason::ALL.len()).prop_map(|place| Reason::ALL[place]);
    let answer = prop_oneof![
        number().prop_map(|demand| Answer::Give(DemandId(demand))),
        (number(), reason).prop_map(|(demand, reason)| Answer::Refuse(DemandId(demand), reason)),
    ];
    let parts = (number(), rate(), option(bolus), option(answer));
    (parts, span(), option(span())).prop_map(|((seq, basal, bolus, answer), valid_for, wake_in)| {
        Order {
            seq,
            basal,
            bolus,
            answer,
            valid_for,
            wake_in,
        }
    })
}

fn clock() -> impl Strategy<Value = Clock> + Clone {
    let next = option(number());
    (any::<bool>(), number(), any::<i32>(), next).prop_map(
        |(good, utc_s, local_offset_s, next_offset_change_utc_s)| Clock {
            good,
            utc_s,
            local_offset_s,
            next_offset_change_utc_s,
        },
    )
}

fn command() -> impl Strategy<Value = Command> {
    prop_oneof![
        Just(Command::Start),
        Just(Command::Pause),
        Just(Command::Resume),
        Just(Command::Stop),
        (volume(), span()).prop_map(|(volume, over)| Command::ClinicianBolus { volume, over }),
        (proptest::option::of(volume()), volume())
            .prop_map(|(residue, content)| Command::Refill { residue, content }),
        Just(Command::AcknowledgeResidue),
    ]
}

fn lines() -> impl Strategy<Value = Sensors> {
    any::<[bool; 5]>().prop_map(|[occlusion, air, stall, door, reservoir]| Sensors {
        occlusion,
        air,
        stall,
        door,
        reservoir,
    })
}

fn watch() -> impl Strategy<Value = Watch> {
    prop_oneof![
        Just(Watch::default()),
        any::<[bool; 10]>().prop_map(|it| Watch {
            sensor_lost: it[0],
            inputs_stalled: it[1],
            journal_stalled: it[2],
            link_stalled: it[3],
            control_stalled: it[4],
            loop_stalled: it[5],
            count_differs: it[6],
            internal_error: it[7],
            self_test_failed: it[8],
            records_lost: it[9],
        }),
    ]
}

fn told() -> impl Strategy<Value = Told> {
    let edge = prop_oneof![
        Just(EdgeFate::None),
        Just(EdgeFate::Accepted),
        Just(EdgeFate::Refused),
    ];
    let answered = option((order(), clock())).boxed();
    let answers = [(); 4].map(|()| answered.clone());
    let from_outside = (
        option(command()),
        any::<bool>(),
        answers,
        any::<[bool; 4]>(),
    );
    let seen = (lines(), number(), watch());
    (number(), edge, option(number()), seen, from_outside).prop_map(
        |(now, edge, credit, (sensors, trapped, watch), (command, press, answers, lost))| Told {
            now: MonoNs(now),
            inputs: Inputs {
                edge,
                credit: credit.map(Steps),
                sensors,
                trapped: Steps(trapped),
                watch,
                command,
                press,
                orders: answers.map(|it| it.map(|(order, _)| order)),
                lost,
            },
            clocks: answers.map(|it| it.map(|(_, clock)| clock).unwrap_or_default()),
        },
    )
}

fn item() -> impl Strategy<Value = Item> {
    let then = prop_oneof![
        1 => Just(Then::Nothing),
        8 => told().prop_map(|told| Then::Call(Call::Tick(told))).boxed(),
        1 => any::<u8>().prop_map(|place| Then::Call(Call::Shown(RegimenId(place)))),
        1 => number().prop_map(|at| Then::Call(Call::Disarmed(MonoNs(at)))),
        1 => (number(), any::<u64>()).prop_map(|(edges, digest)| Then::Mark {
            edges,
            digest: Digest(digest),
        }),
    ];
    (number(), then).prop_map(|(foretold, then)| Item { foretold, then })
}

fn written(items: &[Item]) -> Vec<u8> {
    let mut encoder = Encoder::new();
    items.iter().for_each(|item| encoder.push(item));
    encoder.finish()
}

fn read(bytes: &[u8]) -> Result<Vec<Item>, Flaw> {
    Decoder::new(bytes)?.collect()
}

fn any_prescription() -> impl Strategy<Value = Prescription> {
    let steps = || number().prop_map(Steps as fn(u64) -> Steps);
    let caps = || {
        (option(steps()), option(steps()), option(steps())).prop_map(|(h1, h4, h24)| Caps {
            h1,
            h4,
            h24,
        })
    };
    let count = (any::<u32>(), span()).prop_map(|(max, period)| CountLimit { max, period });
    let demand = (
        span(),
        any::<[bool; 3]>(),
        [option(count.clone()), option(count)],
    )
        .prop_map(
            |(lockout, [end, others_restart_lockout, others_count], counts)| DemandEnvelope {
                lockout,
                edge: match end {
                    true => LockoutEdge::EndToStart,
                    false => LockoutEdge::StartToStart,
                },
                others_restart_lockout,
                others_count,
                counts,
            },
        );
    let bolus = (volume(), span(), option(demand), option(span())).prop_map(
        |(max, over, demand, interval)| BolusEnvelope {
            max,
            over,
            demand,
            interval,
        },
    );
    let envelope = (rate(), option(bolus)).prop_map(|(basal, bolus)| Envelope { basal, bolus });
    let envelope = option(envelope).boxed();
    let drug = (any::<[u8; 16]>(), number(), caps()).prop_map(|(id, fg_per_step, caps)| Drug {
        id: DrugId(id),
        fg_per_step,
        caps,
    });
    let drug = option(drug).boxed();
    let air = (steps(), steps(), span()).prop_map(|(max_bubble, max_total, within)| AirLimits {
        max_bubble,
        max_total,
        within,
    });
    let lost = prop_oneof![
        Just(OnStrategyLoss::Stop),
        rate().prop_map(OnStrategyLoss::Kvo),
        span().prop_map(OnStrategyLoss::HoldBasal),
    ];
    let reservoir = (steps(), steps(), steps()).prop_map(|(volume, low, empty)| Reservoir {
        volume,
        low,
        empty,
    });
    let drugs = [(); 4].map(|()| drug.clone());
    let regimens = [(); 4].map(|()| envelope.clone());
    let pump = (volume(), steps(), rate(), volume(), option(volume()));
    let rest = (caps(), drugs, regimens, option(steps()), reservoir);
    (pump, rest, option(air), span(), lost).prop_map(|(pump, rest, air, order_lease, lost)| {
        let (volume_per_step, full_step, max_rate, max_bolus, max_clinician_bolus) = pump;
        let (caps, drugs, regimens, vtbi, reservoir) = rest;
        Prescription {
            volume_per_step,
            full_step,
            max_rate,
            max_bolus,
            max_clinician_bolus,
            caps,
            drugs,
            regimens,
            vtbi,
            reservoir,
            air,
            order_lease,
            on_strategy_loss: lost,
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_sequence_of_items_comes_back(items in vec(item(), 0..12)) {
        let bytes = written(&items);
        prop_assert_eq!(read(&bytes), Ok(items));
    }

    #[test]
    fn a_changed_byte_is_refused(
        items in vec(item(), 0..6), at in any::<usize>(), by in 1..=255_u8,
    ) {
        let mut bytes = written(&items);
        let at = at % bytes.len();
        bytes[at] ^= by;
        let flaw = read(&bytes).expect_err("it is refused");
        prop_assert!(!flaw.to_string().is_empty());
    }

    #[test]
    fn a_cut_or_longer_block_is_refused(items in vec(item(), 0..6), at in any::<usize>()) {
        let mut bytes = written(&items);
        let end = at % bytes.len();
        prop_assert!(read(&bytes[..end]).is_err());
        bytes.push(0);
        prop_assert!(read(&bytes).is_err());
    }

    /// Also where somebody has sealed it.
    #[test]
    fn any_bytes_are_items_or_are_refused(bytes in vec(any::<u8>(), 0..200)) {
        use sha2::Digest as _;
        let mut sealed = [&[1][..], &bytes].concat();
        let seal = sha2::Sha256::digest(&sealed);
        sealed.extend(&seal[..8]);
        if let Ok(items) = read(&sealed) {
            prop_assert_eq!(read(&written(&items)), Ok(items));
        }
        prop_assert!(read(&bytes).is_err());
    }

    #[test]
    fn every_prescription_comes_back(rx in any_prescription(), at in any::<usize>()) {
        let bytes = prescription::encode(&rx);
        prop_assert_eq!(prescription::decode(&bytes), Ok(rx));
        let end = at % bytes.len();
        prop_assert!(prescription::decode(&bytes[..end]).is_err());
    }

    #[test]
    fn any_bytes_are_a_prescription_or_are_refused(bytes in vec(any::<u8>(), 0..200)) {
        let versioned = [&[1][..], &bytes].concat();
        if let Ok(rx) = prescription::decode(&versioned) {
            prop_assert_eq!(prescription::decode(&prescription::encode(&rx)), Ok(rx));
        }
    }
}

/// What a day at rest of one strategy is made of: an order as the one before.
#[test]
fn an_order_like_the_one_before_takes_four_bytes() {
    let order = Order {
        seq: 7,
        basal: Rate::new(10, 864_000_000).expect("a rate"),
        bolus: None,
        answer: None,
        valid_for: Nanoseconds::MAX,
        wake_in: None,
    };
    let item = |second: u64| {
        let mut told = Told {
            now: MonoNs(second * 1_000_000_000),
            inputs: Inputs::default(),
            clocks: Default::default(),
        };
        told.inputs.orders[1] = Some(Order {
            seq: order.seq + second,
            ..order
        });
        told.clocks[1].utc_s = 1_700_000_000 + second;
        Item {
            foretold: 3,
            then: Then::Call(Call::Tick(told)),
        }
    };
    let items: Vec<Item> = (0..100).map(item).collect();
    let (some, one_more) = (written(&items[..99]), written(&items));
    assert_eq!(one_more.len() - some.len(), 4);
}
