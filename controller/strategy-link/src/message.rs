//! A snapshot written as a message, and an order read from one.

use pump_core::bolus::{BolusKind, BolusOutcome};
use pump_core::order::{Answer, BolusRequest, DemandId, Order, Snapshot};
use pump_core::quantity::{Nanoseconds, Rate, Volume};
use pump_core::reason::Reason;
use std::fmt;
use strategy_abi as abi;
use strategy_abi::Message as _;

/// The wall clock as a strategy is shown it. It serves schedules by time of day; no
/// lockout, window or lease hangs on it. By default nothing is known of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WallClock {
    /// Whether it is known good (a battery-backed clock, or synchronised).
    pub good: bool,
    /// Seconds since 1970-01-01 UTC.
    pub utc_s: u64,
    /// Local time less UTC, in seconds; within one day either way.
    pub local_offset_s: i32,
    /// When the offset changes next, in seconds since 1970 UTC; absent: never.
    pub next_offset_change_utc_s: Option<u64>,
}

const DAY_S: i64 = 86_400;

/// Writes what a strategy is shown.
pub fn snapshot_message(snapshot: &Snapshot, clock: &WallClock) -> abi::Snapshot {
    let offset = i64::from(clock.local_offset_s)
        .clamp(-DAY_S, DAY_S)
        .saturating_add(DAY_S);
    let bolus = snapshot.bolus;
    abi::Snapshot {
        size: size_of::<abi::Snapshot>() as u32,
        clock_good: u32::from(clock.good),
        seq: snapshot.seq,
        now_ns: snapshot.now.0,
        demand_id: snapshot.demand.map_or(0, |demand| demand.0),
        lockout_left_ns: snapshot.lockout_left.0,
        basal_granted: abi::Fraction {
            num: snapshot.basal_granted.num(),
            den: snapshot.basal_granted.den(),
        },
        delivered_nl: snapshot.delivered_nl,
        bolus_seq: bolus.map_or(0, |bolus| bolus.seq),
        bolus_kind: bolus.map_or(0, |bolus| kind_code(bolus.kind)),
        bolus_outcome: bolus.map_or(abi::OUTCOME_NONE, |bolus| outcome_code(bolus.outcome)),
        bolus_reason: bolus
            .and_then(|bolus| bolus.reason)
            .map_or(abi::REASON_NONE, Reason::code),
        bolus_running: u32::from(snapshot.bolus_running),
        bolus_started_ns: bolus.map_or(0, |bolus| bolus.started_at.0),
        bolus_ended_ns: bolus.map_or(0, |bolus| bolus.ended_at.0),
        bolus_delivered_nl: bolus.map_or(0, |bolus| bolus.delivered_nl),
        utc_s: clock.utc_s,
        local_offset_plus_day_s: u64::try_from(offset).unwrap_or(0),
        next_offset_change_utc_s: clock.next_offset_change_utc_s.unwrap_or(abi::FOREVER),
    }
}

const fn kind_code(kind: BolusKind) -> u32 {
    match kind {
        BolusKind::Demand => abi::BOLUS_DEMAND,
        BolusKind::Scheduled => abi::BOLUS_SCHEDULED,
        BolusKind::Loading => abi::BOLUS_LOADING,
        BolusKind::Clinician => abi::BOLUS_CLINICIAN,
    }
}

const fn outcome_code(outcome: BolusOutcome) -> u32 {
    match outcome {
        BolusOutcome::Pending => abi::OUTCOME_PENDING,
        BolusOutcome::Running => abi::OUTCOME_RUNNING,
        BolusOutcome::Suspended => abi::OUTCOME_SUSPENDED,
        BolusOutcome::Completed => abi::OUTCOME_COMPLETED,
        BolusOutcome::Cut => abi::OUTCOME_CUT,
        BolusOutcome::Refused => abi::OUTCOME_REFUSED,
    }
}

/// Why a message is no order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadOrder {
    /// Its `size` is that of no version's order.
    Size(u32),
    /// A reserved field is not zero.
    Reserved,
    /// The basal rate's denominator is zero.
    Basal,
    /// The bolus volume's denominator is zero.
    BolusVolume,
    /// No such kind of bolus, or one that a strategy can't ask for.
    BolusKind(u32),
    /// A demand bolus that names no demand.
    DemandBolusWithoutDemand,
    /// It names a demand, but neither gives nor refuses it.
    Unanswered,
    /// It refuses a demand and carries a bolus.
    RefusedWithBolus,
    /// It refuses a demand without naming it.
    RefusalWithoutDemand,
    /// No reason has this number, or none that a strategy may give.
    Reason(u32),
}

impl fmt::Display for BadOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Size(found) => {
                let [sizes @ .., this] = &ORDER_SIZES;
                write!(
                    f,
                    "the order's size is {found}, but this version's is {this}"
                )?;
                sizes
                    .iter()
                    .try_for_each(|size| write!(f, ", and an earlier one's {size}"))
            }
            Self::Reserved => f.write_str("a reserved field of the order is not 0"),
            Self::Basal => f.write_str("the basal rate has the denominator 0"),
            Self::BolusVolume => f.write_str("the bolus volume has the denominator 0"),
            Self::BolusKind(kind) => {
                write!(f, "a strategy can't ask for a bolus of the kind {kind}")
            }
            Self::DemandBolusWithoutDemand => {
                f.write_str("it gives a demand bolus, but names no demand")
            }
            Self::Unanswered => f.write_str("it names a demand, but neither gives nor refuses it"),
            Self::RefusedWithBolus => {
                f.write_str("it refuses a demand and carries a bolus; it can do only one of them")
            }
            Self::RefusalWithoutDemand => f.write_str("it refuses, but names no demand"),
            Self::Reason(code) => {
                write!(
                    f,
                    "{code} is no reason for which a strategy may refuse a demand"
                )
            }
        }
    }
}

impl std::error::Error for BadOrder {}

/// The sizes that an order has had, from the first release to this version, in rising order.
/// Whoever appends a field to it appends its new size here.
pub const ORDER_SIZES: [usize; 1] = [88];

const _: () = assert!(ORDER_SIZES[ORDER_SIZES.len() - 1] == size_of::<abi::Order>());

/// The part of a message that its writer knew, in the length of this version's: a plugin of a
/// lower minor version leaves a smaller size, and what lies behind that is not its word. It
/// reads as zeros, with which every appended field says nothing.
///
/// `None` where the size that the message begins with is none of `sizes`.
pub fn written<const N: usize>(mut message: [u8; N], sizes: &[usize]) -> Option<[u8; N]> {
    let size = u32::from_ne_bytes(*message.first_chunk()?);
    let size = usize::try_from(size).ok()?;
    if !sizes.contains(&size) {
        return None;
    }
    message.get_mut(size..)?.fill(0);
    Some(message)
}

/// Reads what a strategy proposes, also one that knows a shorter order than this version.
/// What it proposes may still be absurd: that is for the governor to narrow.
///
/// # Errors
/// What makes the message meaningless. The regimen then has no new order, as if its
/// strategy had not answered.
pub fn read_order(message: &abi::Order) -> Result<Order, BadOrder> {
    let mut bytes = [0; size_of::<abi::Order>()];
    bytes.copy_from_slice(message.as_bytes());
    let known = written(bytes, &ORDER_SIZES).and_then(|known| abi::Order::from_bytes(&known));
    let message = &known.ok_or(BadOrder::Size(message.size))?;
    if message.reserved != 0 {
        return Err(BadOrder::Reserved);
    }
    let basal = Rate::new(message.basal.num, message.basal.den).ok_or(BadOrder::Basal)?;
    let bolus = match message.bolus_kind {
        0 => None,
        abi::BOLUS_DEMAND | abi::BOLUS_SCHEDULED | abi::BOLUS_LOADING => {
            let abi::Fraction { num, den } = message.bolus_volume;
            Some(BolusRequest {
                volume: Volume::new(num, den).ok_or(BadOrder::BolusVolume)?,
                over: Nanoseconds(message.bolus_over_ns),
                loading: message.bolus_kind == abi::BOLUS_LOADING,
            })
        }
        kind => return Err(BadOrder::BolusKind(kind)),
    };
    Ok(Order {
        seq: message.seq,
        basal,
        bolus,
        answer: answer(message)?,
        valid_for: Nanoseconds(message.valid_for_ns),
        wake_in: match message.wake_in_ns {
            abi::FOREVER => None,
            wake_in => Some(Nanoseconds(wake_in)),
        },
    })
}

fn answer(message: &abi::Order) -> Result<Option<Answer>, BadOrder> {
    let demand = (message.demand_id != 0).then_some(DemandId(message.demand_id));
    let gives = message.bolus_kind == abi::BOLUS_DEMAND;
    match (demand, gives, message.refusal) {
        (None, false, abi::REASON_NONE) => Ok(None),
        (None, true, _) => Err(BadOrder::DemandBolusWithoutDemand),
        (None, false, _) => Err(BadOrder::RefusalWithoutDemand),
        (Some(demand), true, abi::REASON_NONE) => Ok(Some(Answer::Give(demand))),
        (Some(_), false, abi::REASON_NONE) => Err(BadOrder::Unanswered),
        (Some(_), ..) if message.bolus_kind != 0 => Err(BadOrder::RefusedWithBolus),
        (Some(demand), _, code) => match Reason::from_code(code) {
            // A strategy speaks for itself and for what its snapshot shows; "alarm" or
            // "reservoir" in the record is the governor's word alone.
            Some(
                reason @ (Reason::Lockout
                | Reason::BolusRunning
                | Reason::MaxPer1h
                | Reason::MaxPer24h
                | Reason::MaxPerPeriod
                | Reason::Strategy),
            ) => Ok(Some(Answer::Refuse(demand, reason))),
            _ => Err(BadOrder::Reason(code)),
        },
    }
}
