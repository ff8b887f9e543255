//! What the pump makes of its strategies: their orders, their silence, their return.

use crate::alarm::Alarm;
use crate::bolus::BolusKind;
use crate::event::{EventKind, OrderFault};
use crate::order::{Answer, BolusRequest, Order, RegimenId};
use crate::pump::{Pump, State};
use crate::quantity::{MonoNs, Nanoseconds};
use crate::reason::Reason;
use crate::regimen::Source;

impl Pump {
    pub(crate) fn lose(&mut self, id: RegimenId) {
        let Some(policy) = self.armed.map(|p| p.on_strategy_loss) else {
            return;
        };
        let now = self.now;
        let Some(regimen) = self.regimen_mut(id) else {
            return;
        };
        if regimen.is_lost() {
            return;
        }
        regimen.lose(now, policy);
        let holding = matches!(regimen.source, Source::Holding { .. });
        self.stale = true;
        self.tell(EventKind::StrategyLost { regimen: id });
        if !holding {
            self.cut_boluses(now, Some(id), Reason::Lease);
        }
        self.answer_unaskable(now);
        self.watch_strategies();
    }

    pub(crate) fn give_up_holding(&mut self, id: RegimenId) {
        let now = self.now;
        if let Some(regimen) = self.regimen_mut(id) {
            regimen.give_up_holding(now);
        }
        self.stale = true;
        self.cut_boluses(now, Some(id), Reason::Lease);
        self.watch_strategies();
    }

    pub(crate) fn take_order(&mut self, now: MonoNs, id: RegimenId, order: &Order) {
        let lease = self.armed.map_or(Nanoseconds::ZERO, |p| p.order_lease);
        let demand = self.demand.filter(|demand| demand.regimen == id);
        let infusing = self.state == State::Infusing;
        let Some(regimen) = self.regimen_mut(id) else {
            self.tell(EventKind::OrderDropped {
                regimen: id,
                fault: OrderFault::NoSuchRegimen,
            });
            return;
        };
        if order.seq <= regimen.answered || order.seq > regimen.sent {
            self.tell(EventKind::OrderDropped {
                regimen: id,
                fault: OrderFault::WrongSequence,
            });
            return;
        }
        if !infusing {
            regimen.answered = order.seq;
            return;
        }
        let was_lost = regimen.take(now, order, lease);
        self.stale = true;
        if was_lost {
            self.tell(EventKind::StrategyBack { regimen: id });
            self.watch_strategies();
        }
        let fault = |fault| EventKind::OrderDropped { regimen: id, fault };
        let empty = |bolus: &BolusRequest| bolus.volume.is_zero() || bolus.over.0 == 0;
        let bolus = order.bolus.filter(|bolus| !empty(bolus));
        if order.bolus.is_some() && bolus.is_none() {
            self.tell(fault(OrderFault::EmptyBolus));
        }
        match (order.answer, demand) {
            (Some(Answer::Give(answered)), Some(demand)) if answered == demand.id => {
                self.answer_demand(now, bolus.ok_or(Reason::Strategy));
            }
            (Some(Answer::Refuse(answered, reason)), Some(demand)) if answered == demand.id => {
                self.answer_demand(now, Err(reason));
            }
            (Some(_), _) => self.tell(fault(OrderFault::WrongDemand)),
            (None, demand) => {
                // A strategy that was shown a demand and passes over it has refused it.
                let shown = demand.and_then(|demand| demand.shown);
                if shown.is_some_and(|shown| order.seq >= shown) {
                    self.answer_demand(now, Err(Reason::Strategy));
                }
                if let Some(bolus) = bolus {
                    let loading = bolus.loading;
                    let kind = if loading {
                        BolusKind::Loading
                    } else {
                        BolusKind::Scheduled
                    };
                    self.ask_bolus(now, kind, Some(id), bolus);
                }
            }
        }
        self.answer_unaskable(now);
    }

    /// One alarm for each way of being without a strategy.
    pub(crate) fn watch_strategies(&mut self) {
        let regimens = self.regimens;
        let any = |wanted: fn(&Source) -> bool| {
            regimens
                .iter()
                .flatten()
                .any(|regimen| wanted(&regimen.source))
        };
        for (active, alarm) in [
            (
                any(|s| matches!(s, Source::Nothing)),
                Alarm::StrategyLostStop,
            ),
            (any(|s| matches!(s, Source::Kvo)), Alarm::StrategyLostKvo),
            (
                any(|s| matches!(s, Source::Holding { .. })),
                Alarm::StrategyLostHold,
            ),
        ] {
            if active {
                self.raise(alarm);
            } else {
                self.clear_alarm(alarm);
            }
        }
    }
}
