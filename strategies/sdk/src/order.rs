//! What a strategy proposes.

use crate::quantity::nanoseconds;
use crate::{Demand, Rate, Reason, Snapshot, Volume};
use std::time::Duration;
use strategy_abi as abi;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bolus {
    Demand(Demand),
    Scheduled,
    Loading,
}

/// What a strategy proposes: a steady rate, and at most one bolus or the refusal of the
/// demand it was shown. Of several of those the last one counts.
///
/// ```
/// use std::time::Duration;
/// use strategy_sdk::{Order, Rate, Volume};
/// let order = Order::basal(Rate::ul_per_h(50))
///     .bolus(Volume::ul(100), Duration::from_mins(2))
///     .wake_in(Duration::from_hours(6));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Order {
    basal: Rate,
    bolus: Option<(Bolus, Volume, Duration)>,
    refusal: Option<(Demand, Reason)>,
    valid_for: Option<Duration>,
    wake_in: Option<Duration>,
}

impl Order {
    /// A steady rate, and nothing else.
    pub const fn basal(rate: Rate) -> Self {
        Self {
            basal: rate,
            bolus: None,
            refusal: None,
            valid_for: None,
            wake_in: None,
        }
    }

    /// Nothing: no basal, no bolus.
    pub const fn nothing() -> Self {
        Self::basal(Rate::ZERO)
    }

    /// Gives a bolus unasked. Each order that carries one is a new request.
    pub const fn bolus(mut self, volume: Volume, over: Duration) -> Self {
        self.bolus = Some((Bolus::Scheduled, volume, over));
        self.refusal = None;
        self
    }

    /// Gives a loading bolus unasked.
    pub const fn loading_bolus(mut self, volume: Volume, over: Duration) -> Self {
        self.bolus = Some((Bolus::Loading, volume, over));
        self.refusal = None;
        self
    }

    /// Answers a demand with a bolus.
    pub const fn give(mut self, demand: Demand, volume: Volume, over: Duration) -> Self {
        self.bolus = Some((Bolus::Demand(demand), volume, over));
        self.refusal = None;
        self
    }

    /// Refuses a demand and gives no bolus, for one of the reasons that a strategy may give: an order with another
    /// one is dropped.
    pub const fn refuse(mut self, demand: Demand, reason: Reason) -> Self {
        self.refusal = Some((demand, reason));
        self.bolus = None;
        self
    }

    /// How long the order may live; the pump shortens it to its `order_lease`. Without
    /// this: as long as the pump allows.
    pub const fn valid_for(mut self, time: Duration) -> Self {
        self.valid_for = Some(time);
        self
    }

    /// When the next snapshot is wanted, counted from this one. Without this: when
    /// something happens.
    pub const fn wake_in(mut self, time: Duration) -> Self {
        self.wake_in = Some(time);
        self
    }

    /// The message that answers `snapshot`.
    pub fn message(&self, snapshot: &Snapshot) -> abi::Order {
        let time = |time: Option<Duration>| time.map_or(abi::FOREVER, nanoseconds);
        let (kind, volume, over) = match self.bolus {
            None => (0, Volume::ZERO, Duration::ZERO),
            Some((kind, volume, over)) => {
                let kind = match kind {
                    Bolus::Demand(_) => abi::BOLUS_DEMAND,
                    Bolus::Scheduled => abi::BOLUS_SCHEDULED,
                    Bolus::Loading => abi::BOLUS_LOADING,
                };
                (kind, volume, over)
            }
        };
        let given = match self.bolus {
            Some((Bolus::Demand(demand), ..)) => Some(demand),
            _ => None,
        };
        let refused = self.refusal.map(|(demand, _)| demand);
        abi::Order {
            size: size_of::<abi::Order>() as u32,
            bolus_kind: kind,
            seq: snapshot.seq(),
            basal: self.basal.fraction(),
            bolus_volume: volume.fraction(),
            bolus_over_ns: nanoseconds(over),
            demand_id: given.or(refused).map_or(0, Demand::id),
            refusal: self
                .refusal
                .map_or(abi::REASON_NONE, |(_, reason)| reason.code()),
            reserved: 0,
            valid_for_ns: time(self.valid_for),
            wake_in_ns: time(self.wake_in),
        }
    }
}
