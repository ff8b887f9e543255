//! What must hold of every single order, whatever the story.

use std::fmt;

use pump_core::prescription::Envelope;
use strategy_abi as abi;
use strategy_abi::{Fraction, Order, Snapshot};
use strategy_link::{compare, read_order};

/// An order must live long enough to be renewed: the pump asks anew before it ends, and the
/// answer may take 100 ms.
const SHORTEST_LIFE_NS: u64 = 200_000_000;

/// A rule that an order broke, and the check that it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Breach {
    pub(crate) check: &'static str,
    pub(crate) what: String,
}

impl Breach {
    pub(crate) fn new(check: &'static str, what: impl fmt::Display) -> Self {
        let what = what.to_string();
        Self { check, what }
    }
}

/// An instant of a story.
pub(crate) struct At(pub(crate) u64);

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (s, ms) = (self.0 / 1_000_000_000, self.0 / 1_000_000 % 1_000);
        let (h, m, s) = (s / 3_600, s / 60 % 60, s % 60);
        write!(f, "{h}h{m:02}m{s:02}.{ms:03}s")
    }
}

/// As [`breach`], for snapshots or states that no story brings: a refusal can then not be
/// measured by what the snapshot shows.
pub(crate) fn breach_in_the_strange(
    envelope: &Envelope,
    snapshot: &Snapshot,
    order: &Order,
) -> Option<Breach> {
    breach(envelope, snapshot, order).filter(|breach| breach.check != "refusals")
}

/// The first rule that this answer to this snapshot breaks.
pub(crate) fn breach(envelope: &Envelope, snapshot: &Snapshot, order: &Order) -> Option<Breach> {
    let at = At(snapshot.now_ns);
    if let Err(bad) = read_order(order) {
        return Some(Breach::new("well-formed", format_args!("at {at}: {bad}")));
    }
    if order.seq != snapshot.seq {
        let what = format!(
            "at {at}: the order answers the snapshot {}, but was asked about {}",
            order.seq, snapshot.seq
        );
        return Some(Breach::new("well-formed", what));
    }
    if order.demand_id != 0 && order.demand_id != snapshot.demand_id {
        let what = format!("at {at}: the order answers a demand that it was not shown");
        return Some(Breach::new("well-formed", what));
    }
    if order.valid_for_ns < SHORTEST_LIFE_NS {
        let what = format!(
            "at {at}: the order lives for {} ms, which is too short to be renewed in time",
            order.valid_for_ns / 1_000_000
        );
        return Some(Breach::new("leases", what));
    }
    if let Some(beyond) = beyond(envelope, order) {
        return Some(Breach::new("envelope", format_args!("at {at}: {beyond}")));
    }
    refused_wrongly(snapshot, order)
        .map(|what| Breach::new("refusals", format_args!("at {at}: {what}")))
}

/// What of the order its own envelope does not hold.
fn beyond(envelope: &Envelope, order: &Order) -> Option<&'static str> {
    let fraction = |num, den| Fraction { num, den };
    let above = |a, b| compare(a, b) == Some(std::cmp::Ordering::Greater);
    let basal = envelope.basal;
    if above(order.basal, fraction(basal.num(), basal.den())) {
        return Some("the basal rate is above what its parameter of the role max-basal allows");
    }
    if order.bolus_kind == 0 {
        return None;
    }
    let Some(bolus) = envelope.bolus else {
        return Some("a bolus, but no parameter has the role max-bolus");
    };
    match order.bolus_kind {
        abi::BOLUS_DEMAND if bolus.demand.is_none() => {
            return Some("a bolus on demand, but no parameter has the role lockout");
        }
        abi::BOLUS_SCHEDULED | abi::BOLUS_LOADING if bolus.interval.is_none() => {
            return Some("a bolus unasked, but no parameter has the role interval");
        }
        _ => {}
    }
    let max = fraction(bolus.max.num(), bolus.max.den());
    if order.bolus_volume.num == 0 || order.bolus_over_ns == 0 {
        return Some("a bolus of no volume or in no time");
    }
    if above(order.bolus_volume, max) {
        return Some("the bolus is larger than its parameter of the role max-bolus allows");
    }
    // volume / over <= max / shortest. Where a product does not fit, it is too large.
    let wide = |fraction: Fraction, time: u64, other: Fraction| {
        u128::from(fraction.num)
            .checked_mul(u128::from(time))
            .and_then(|n| n.checked_mul(u128::from(other.den)))
    };
    let given = wide(order.bolus_volume, bolus.over.0, max);
    let allowed = wide(max, order.bolus_over_ns, order.bolus_volume);
    match (given, allowed) {
        (Some(given), Some(allowed)) if given > allowed => {
            Some("the bolus is faster than its roles max-bolus and bolus-duration allow")
        }
        _ => None,
    }
}

/// A refusal that the snapshot itself contradicts. A demand at exactly the end of the lockout
/// is allowed.
fn refused_wrongly(snapshot: &Snapshot, order: &Order) -> Option<&'static str> {
    match order.refusal {
        abi::REASON_LOCKOUT if snapshot.lockout_left_ns == 0 => Some(
            "it refuses a demand because of the lockout, but the snapshot says that nothing of \
             the lockout is left (its very end is allowed)",
        ),
        abi::REASON_BOLUS_RUNNING if snapshot.bolus_running == 0 => Some(
            "it refuses a demand because of a running bolus, but the snapshot says that none is \
             running",
        ),
        _ => None,
    }
}
