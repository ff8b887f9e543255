//! The control law's words and the contract's messages say the same.

use proptest::prelude::*;
use pump_core::bolus::{BolusKind, BolusOutcome};
use pump_core::order::{Answer, BolusReport, BolusRequest, DemandId, Snapshot};
use pump_core::quantity::{MonoNs, Nanoseconds, Rate, Volume};
use pump_core::reason::Reason;
use strategy_abi::{self as abi, Fraction};
use strategy_link::{
    BadOrder, FRACTION_ZERO, ORDER_SIZES, WallClock, read_order, snapshot_message, written,
};

/// Every reason of the contract, by the name of its constant.
macro_rules! reasons {
    ($($code:ident),* $(,)?) => { [$((stringify!($code), abi::$code)),*] };
}

const REASONS: [(&str, u32); 23] = reasons![
    REASON_LOCKOUT,
    REASON_BOLUS_RUNNING,
    REASON_MAX_PER_1H,
    REASON_MAX_PER_24H,
    REASON_MAX_PER_PERIOD,
    REASON_WINDOW_1H,
    REASON_WINDOW_4H,
    REASON_WINDOW_24H,
    REASON_MAX_RATE,
    REASON_MAX_BOLUS,
    REASON_ENVELOPE,
    REASON_ALARM,
    REASON_RESERVOIR,
    REASON_VTBI,
    REASON_PAUSED,
    REASON_STOPPED,
    REASON_LEASE,
    REASON_CREDIT,
    REASON_CREDIT_LATE,
    REASON_STRATEGY,
    REASON_TOO_SMALL,
    REASON_RESOLUTION,
    REASON_INFUSING,
];

#[test]
fn the_contracts_reasons_are_the_control_laws() {
    let ours = Reason::ALL.iter().map(|reason| {
        let name = reason.name().to_uppercase().replace('-', "_");
        (format!("REASON_{name}"), reason.code())
    });
    let theirs = REASONS
        .iter()
        .map(|(name, code)| ((*name).to_owned(), *code));
    assert_eq!(ours.collect::<Vec<_>>(), theirs.collect::<Vec<_>>());
}

fn clock() -> WallClock {
    WallClock {
        good: true,
        utc_s: 1_800_000_000,
        local_offset_s: -3600,
        next_offset_change_utc_s: Some(1_900_000_000),
    }
}

fn shown() -> Snapshot {
    Snapshot {
        seq: 4,
        now: Nanoseconds::from_mins(10),
        demand: Some(DemandId(7)),
        lockout_left: Nanoseconds::from_secs(3),
        bolus_running: true,
        basal_granted: Rate::new(1, 604_800_000).unwrap(),
        bolus: Some(BolusReport {
            seq: 3,
            kind: BolusKind::Demand,
            outcome: BolusOutcome::Cut,
            reason: Some(Reason::Alarm),
            started_at: MonoNs(11),
            ended_at: MonoNs(12),
            delivered_nl: 13,
        }),
        delivered_nl: 99,
    }
}

#[test]
fn a_snapshot_is_written_whole() {
    let expected = abi::Snapshot {
        size: 136,
        clock_good: 1,
        seq: 4,
        now_ns: 600_000_000_000,
        demand_id: 7,
        lockout_left_ns: 3_000_000_000,
        basal_granted: Fraction {
            num: 1,
            den: 604_800_000,
        },
        delivered_nl: 99,
        bolus_seq: 3,
        bolus_kind: abi::BOLUS_DEMAND,
        bolus_outcome: abi::OUTCOME_CUT,
        bolus_reason: abi::REASON_ALARM,
        bolus_running: 1,
        bolus_started_ns: 11,
        bolus_ended_ns: 12,
        bolus_delivered_nl: 13,
        utc_s: 1_800_000_000,
        local_offset_plus_day_s: 82_800,
        next_offset_change_utc_s: 1_900_000_000,
    };
    assert_eq!(snapshot_message(&shown(), &clock()), expected);
}

#[test]
fn an_absent_bolus_demand_or_clock_change_is_written_as_none() {
    let snapshot = Snapshot {
        demand: None,
        bolus: None,
        ..shown()
    };
    let clock = WallClock {
        good: false,
        next_offset_change_utc_s: None,
        ..clock()
    };
    let message = snapshot_message(&snapshot, &clock);
    assert_eq!(
        (message.demand_id, message.bolus_seq, message.bolus_kind),
        (0, 0, 0)
    );
    assert_eq!(
        (message.bolus_outcome, message.bolus_reason),
        (abi::OUTCOME_NONE, 0)
    );
    assert_eq!(
        (message.clock_good, message.next_offset_change_utc_s),
        (0, abi::FOREVER)
    );
}

#[test]
fn a_message_goes_through_bytes() {
    use abi::Message as _;
    let message = snapshot_message(&shown(), &clock());
    let bytes = message.as_bytes();
    assert_eq!(abi::Snapshot::from_bytes(bytes), Some(message));
    assert_eq!(abi::Snapshot::from_bytes(&bytes[1..]), None);
    assert_eq!(abi::Order::from_bytes(bytes), None);
}

fn plain() -> abi::Order {
    abi::Order {
        size: size_of::<abi::Order>() as u32,
        bolus_kind: 0,
        seq: 4,
        basal: Fraction {
            num: 2,
            den: 1_209_600_000,
        },
        bolus_volume: Fraction { num: 100, den: 3 },
        bolus_over_ns: 60,
        demand_id: 0,
        refusal: 0,
        reserved: 0,
        valid_for_ns: 5,
        wake_in_ns: abi::FOREVER,
    }
}

#[test]
fn an_order_is_read_whole() {
    let order = read_order(&plain()).unwrap();
    assert_eq!(
        (order.seq, order.basal),
        (4, Rate::new(1, 604_800_000).unwrap())
    );
    assert_eq!(
        (order.bolus, order.answer, order.wake_in),
        (None, None, None)
    );
    assert_eq!(order.valid_for, Nanoseconds(5));
    let wake = read_order(&abi::Order {
        wake_in_ns: 6,
        ..plain()
    })
    .unwrap();
    assert_eq!(wake.wake_in, Some(Nanoseconds(6)));
}

#[test]
fn the_kinds_of_bolus_are_told_apart() {
    let request = |loading| {
        let volume = Volume::new(100, 3).unwrap();
        Some(BolusRequest {
            volume,
            over: Nanoseconds(60),
            loading,
        })
    };
    let read = |bolus_kind, demand_id, refusal| {
        let order = read_order(&abi::Order {
            bolus_kind,
            demand_id,
            refusal,
            ..plain()
        })
        .unwrap();
        (order.bolus, order.answer)
    };
    let demand = DemandId(8);
    assert_eq!(read(abi::BOLUS_SCHEDULED, 0, 0), (request(false), None));
    assert_eq!(read(abi::BOLUS_LOADING, 0, 0), (request(true), None));
    assert_eq!(
        read(abi::BOLUS_DEMAND, 8, 0),
        (request(false), Some(Answer::Give(demand)))
    );
    let refused = Some(Answer::Refuse(demand, Reason::Lockout));
    assert_eq!(read(0, 8, abi::REASON_LOCKOUT), (None, refused));
}

#[test]
fn a_message_that_means_nothing_is_refused() {
    let fault = |change: fn(&mut abi::Order)| {
        let mut message = plain();
        change(&mut message);
        read_order(&message).unwrap_err()
    };
    assert_eq!(fault(|o| o.size = 80), BadOrder::Size(80));
    assert_eq!(fault(|o| o.size = 96), BadOrder::Size(96));
    assert_eq!(fault(|o| o.reserved = 1), BadOrder::Reserved);
    assert_eq!(fault(|o| o.basal.den = 0), BadOrder::Basal);
    assert_eq!(
        fault(|o| o.bolus_kind = abi::BOLUS_CLINICIAN),
        BadOrder::BolusKind(4)
    );
    assert_eq!(
        fault(|o| (o.bolus_kind, o.bolus_volume.den) = (abi::BOLUS_SCHEDULED, 0)),
        BadOrder::BolusVolume
    );
    assert_eq!(
        fault(|o| o.bolus_kind = abi::BOLUS_DEMAND),
        BadOrder::DemandBolusWithoutDemand
    );
    assert_eq!(fault(|o| o.demand_id = 8), BadOrder::Unanswered);
    assert_eq!(
        fault(|o| (o.demand_id, o.bolus_kind) = (8, abi::BOLUS_SCHEDULED)),
        BadOrder::Unanswered
    );
    assert_eq!(
        fault(|o| (o.demand_id, o.bolus_kind, o.refusal) = (8, abi::BOLUS_DEMAND, 1)),
        BadOrder::RefusedWithBolus
    );
    assert_eq!(
        fault(|o| (o.demand_id, o.bolus_kind, o.refusal) = (8, abi::BOLUS_SCHEDULED, 1)),
        BadOrder::RefusedWithBolus
    );
    assert_eq!(fault(|o| o.refusal = 1), BadOrder::RefusalWithoutDemand);
    assert_eq!(
        fault(|o| (o.demand_id, o.refusal) = (8, 999)),
        BadOrder::Reason(999)
    );
    assert_eq!(
        fault(|o| (o.demand_id, o.refusal) = (8, abi::REASON_ALARM)),
        BadOrder::Reason(abi::REASON_ALARM)
    );
}

#[test]
fn no_size_of_the_first_release_is_forgotten() {
    assert_eq!(ORDER_SIZES.first(), Some(&88));
    assert!(ORDER_SIZES.is_sorted());
}

/// As if an order had grown twice, from 8 bytes to 16 and to 24.
#[test]
fn of_a_shorter_message_what_lies_behind_its_size_reads_as_zeros() {
    let sizes = [8_usize, 16, 24];
    let message = |size: u32| {
        let mut bytes = [0xa5_u8; 24];
        bytes[..4].copy_from_slice(&size.to_ne_bytes());
        bytes
    };
    for size in sizes {
        let known = written(message(size as u32), &sizes).expect("a version's size");
        assert_eq!(known[4..size], [0xa5].repeat(size - 4));
        assert_eq!(known[size..], [0].repeat(24 - size));
    }
    for size in [0, 4, 7, 9, 15, 17, 23, 25, 32, u32::MAX] {
        assert_eq!(written(message(size), &sizes), None, "{size}");
    }
    // A list that names more than there is doesn't reach behind the message.
    assert_eq!(written(message(32), &[8, 32]), None);
}

#[test]
fn the_fields_of_a_bolus_are_not_read_where_there_is_none() {
    let message = abi::Order {
        bolus_volume: Fraction { num: 0, den: 0 },
        ..plain()
    };
    assert_eq!(read_order(&message).unwrap().bolus, None);
}

proptest! {
    #[test]
    fn no_message_is_too_odd_to_be_read_or_refused(
        size in prop_oneof![Just(88_u32), any::<u32>()],
        small in proptest::array::uniform3(0_u32..25),
        numbers in proptest::array::uniform9(any::<u64>()),
        demand_id in 0_u64..3,
    ) {
        let [bolus_kind, refusal, reserved] = small;
        let [seq, a, b, c, d, bolus_over_ns, valid_for_ns, wake_in_ns, _] = numbers;
        let message = abi::Order {
            size, bolus_kind, seq, basal: Fraction { num: a, den: b },
            bolus_volume: Fraction { num: c, den: d }, bolus_over_ns, demand_id, refusal,
            reserved: reserved / 20, valid_for_ns, wake_in_ns,
        };
        if let Ok(order) = read_order(&message) {
            prop_assert_eq!(order.seq, seq);
            let product = |x: u64, y: u64| u128::from(x) * u128::from(y);
            prop_assert_eq!(product(order.basal.num(), b), product(a, order.basal.den()));
            prop_assert_eq!(order.bolus.is_some(), bolus_kind != 0);
            prop_assert_eq!(order.answer.is_some(), demand_id != 0);
        }
    }
}

#[test]
fn fractions_compare_without_overflow() {
    let huge = Fraction {
        num: u64::MAX,
        den: 1,
    };
    let tiny = Fraction {
        num: 1,
        den: u64::MAX,
    };
    assert_eq!(
        strategy_link::compare(huge, tiny),
        Some(std::cmp::Ordering::Greater)
    );
    assert_eq!(
        strategy_link::compare(huge, Fraction { num: 0, den: 0 }),
        None
    );
    assert_eq!(strategy_link::whole(Fraction { num: 6, den: 3 }), Some(2));
    assert_eq!(strategy_link::whole(Fraction { num: 7, den: 3 }), None);
    assert_eq!(strategy_link::whole(FRACTION_ZERO), Some(0));
}
