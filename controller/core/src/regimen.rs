//! A regimen in the loop: its live order, its lease, and what it does without one.

use crate::bolus::BolusKind;
use crate::order::{BolusReport, Order, RegimenId};
use crate::prescription::{Envelope, MAX_REGIMENS, OnStrategyLoss};
use crate::pump::TICK;
use crate::quantity::{MonoNs, Nanoseconds, Rate};
use crate::reason::Reason;

/// A strategy that was live this long has its time in `hold-basal` forgiven.
const FORGIVEN_AFTER: Nanoseconds = Nanoseconds::from_hours(1);
/// The longest time between two snapshots to a strategy that does not answer.
const ASK_AGAIN: Nanoseconds = Nanoseconds::from_secs(1);

/// The places of a prescription's regimens.
pub(crate) fn regimen_ids() -> impl Iterator<Item = RegimenId> {
    (0..MAX_REGIMENS)
        .filter_map(|id| u8::try_from(id).ok())
        .map(RegimenId)
}

/// Where a regimen's rate comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// No order has come since the start or the resumption.
    Waiting,
    /// The strategy's order.
    Live,
    /// The strategy is lost: the last granted basal, until the time is used up.
    Holding { until: MonoNs },
    /// The strategy is lost: keep-vein-open.
    Kvo,
    /// The strategy is lost: nothing.
    Nothing,
}

/// One regimen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Regimen {
    pub(crate) envelope: Envelope,
    pub(crate) source: Source,
    /// The rate of the live order, or the one held.
    pub(crate) ordered: Rate,
    pub(crate) granted: Rate,
    /// What was last told of it: ordered, granted, and by what it was narrowed.
    pub(crate) told: Option<(Rate, Rate, Option<Reason>)>,
    pub(crate) lease_until: MonoNs,
    live_since: MonoNs,
    held_since: MonoNs,
    held: Nanoseconds,
    /// The number of the last snapshot, and its instant.
    pub(crate) sent: u64,
    pub(crate) sent_at: MonoNs,
    pub(crate) answered: u64,
    /// Something happened that the strategy has not been shown.
    pub(crate) news: bool,
    pub(crate) wake_at: MonoNs,
    pub(crate) not_before: MonoNs,
    pub(crate) report: Option<BolusReport>,
    /// The start of the last bolus given unasked.
    pub(crate) last_unasked: Option<MonoNs>,
}

impl Regimen {
    pub(crate) const fn new(envelope: Envelope) -> Self {
        Self {
            envelope,
            source: Source::Waiting,
            ordered: Rate::ZERO,
            granted: Rate::ZERO,
            told: None,
            lease_until: MonoNs::NEVER,
            live_since: MonoNs(0),
            held_since: MonoNs(0),
            held: Nanoseconds::ZERO,
            sent: 0,
            sent_at: MonoNs(0),
            answered: 0,
            news: false,
            wake_at: MonoNs::NEVER,
            not_before: MonoNs(0),
            report: None,
            last_unasked: None,
        }
    }

    pub(crate) const fn is_lost(&self) -> bool {
        matches!(
            self.source,
            Source::Holding { .. } | Source::Kvo | Source::Nothing
        )
    }

    /// Delivery begins or goes on: the strategy is asked at once and has one lease to answer.
    pub(crate) fn begin(&mut self, now: MonoNs, lease: Nanoseconds, policy: OnStrategyLoss) {
        self.news = true;
        self.not_before = now;
        if let (Source::Holding { .. }, OnStrategyLoss::HoldBasal(longest)) = (self.source, policy)
        {
            self.source = self.hold(now, longest);
        }
        if !self.is_lost() {
            self.source = Source::Waiting;
            self.ordered = Rate::ZERO;
            self.lease_until = now.after(lease);
            self.live_since = now;
        }
    }

    /// Delivery halts: no order outlives it.
    pub(crate) fn halt(&mut self, now: MonoNs) {
        self.lease_until = MonoNs::NEVER;
        self.wake_at = MonoNs::NEVER;
        if let Source::Holding { .. } = self.source {
            // Nothing is held while nothing is given.
            self.held = self.held.saturating_add(now.since(self.held_since));
        }
        if !self.is_lost() {
            self.source = Source::Waiting;
            self.ordered = Rate::ZERO;
        }
        self.granted = Rate::ZERO;
        self.told = None;
    }

    /// The lease has lapsed.
    pub(crate) fn lose(&mut self, now: MonoNs, policy: OnStrategyLoss) {
        if now.since(self.live_since) >= FORGIVEN_AFTER {
            self.held = Nanoseconds::ZERO;
        }
        self.lease_until = MonoNs::NEVER;
        self.wake_at = MonoNs::NEVER;
        // It may be born again, or mend its ways: it is asked again, but not at once.
        self.news = true;
        self.not_before = now.after(ASK_AGAIN);
        self.source = match policy {
            OnStrategyLoss::Stop => Source::Nothing,
            OnStrategyLoss::Kvo(rate) => {
                self.ordered = rate.min(self.envelope.basal);
                Source::Kvo
            }
            OnStrategyLoss::HoldBasal(longest) if self.held < longest => {
                self.ordered = self.granted;
                self.hold(now, longest)
            }
            OnStrategyLoss::HoldBasal(_) => Source::Nothing,
        };
        if self.source == Source::Nothing {
            self.ordered = Rate::ZERO;
        }
    }

    /// Holds for what is left of the longest time.
    fn hold(&mut self, now: MonoNs, longest: Nanoseconds) -> Source {
        self.held_since = now;
        let left = Nanoseconds(longest.0.saturating_sub(self.held.0));
        Source::Holding {
            until: now.after(left),
        }
    }

    /// The time in `hold-basal` is used up.
    pub(crate) fn give_up_holding(&mut self, now: MonoNs) {
        self.held = self.held.saturating_add(now.since(self.held_since));
        self.source = Source::Nothing;
        self.ordered = Rate::ZERO;
    }

    /// An order arrived. Whether the strategy had been lost.
    pub(crate) fn take(&mut self, now: MonoNs, order: &Order, lease: Nanoseconds) -> bool {
        let was_lost = self.is_lost();
        if let Source::Holding { .. } = self.source {
            self.held = self.held.saturating_add(now.since(self.held_since));
        }
        if was_lost {
            self.live_since = now;
        }
        self.source = Source::Live;
        self.ordered = order.basal;
        self.answered = order.seq;
        self.lease_until = now.after(order.valid_for.min(lease));
        self.not_before = now.after(TICK);
        self.wake_at = match order.wake_in {
            Some(span) => self.sent_at.after(span),
            None => MonoNs::NEVER,
        };
        was_lost
    }

    /// When the strategy is to be shown a snapshot next.
    pub(crate) fn asks_at(&self, lease: Nanoseconds) -> MonoNs {
        if self.sent > self.answered {
            // It was asked and has not answered: it may be a child that was born again.
            return self.sent_at.after(Self::patience(lease));
        }
        let renewal = match self.lease_until {
            MonoNs::NEVER => MonoNs::NEVER,
            until => MonoNs(until.0.saturating_sub(until.since(self.sent_at).0 >> 1)),
        };
        let due = if self.news {
            MonoNs(0)
        } else {
            self.wake_at.min(renewal)
        };
        due.max(self.not_before)
    }

    /// How long a strategy has to answer before it is asked again.
    pub(crate) fn patience(lease: Nanoseconds) -> Nanoseconds {
        Nanoseconds(lease.0 >> 2).min(ASK_AGAIN).max(TICK)
    }

    /// A strategy that asks for what it can't have is not asked again at once.
    pub(crate) fn cool_down(&mut self, now: MonoNs) {
        self.not_before = self.not_before.max(now.after(ASK_AGAIN));
    }

    /// A bolus of this regimen is now so far.
    pub(crate) fn report(&mut self, report: BolusReport) {
        self.report = Some(report);
        self.news = true;
    }

    /// Whether the envelope lets a bolus of `kind` be given at all, and unasked ones so soon.
    pub(crate) fn may_give(&self, kind: BolusKind, now: MonoNs) -> bool {
        let Some(bolus) = self.envelope.bolus else {
            return false;
        };
        match kind {
            BolusKind::Demand => bolus.demand.is_some(),
            BolusKind::Scheduled | BolusKind::Loading => {
                match (bolus.interval, self.last_unasked) {
                    (Some(interval), Some(last)) => now.since(last) >= interval,
                    (Some(_), None) => true,
                    (None, _) => false,
                }
            }
            BolusKind::Clinician => false,
        }
    }
}
