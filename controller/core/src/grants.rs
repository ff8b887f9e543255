//! The grants: what flows, up to which step, and how much credit that takes.

use crate::alarm::Alarm;
use crate::delivery::CREDIT_AHEAD;
use crate::event::EventKind;
use crate::grid::Flow;
use crate::prescription::Prescription;
use crate::pump::{Pump, State};
use crate::quantity::{MonoNs, Rate, Steps};
use crate::reason::Reason;
use crate::regimen::regimen_ids;
use crate::twin::{Twin, broken};

/// The least credit worth a sync.
const LEAST_CREDIT: Steps = Steps(2);

impl Pump {
    /// Works out every grant anew, where something changed.
    pub(crate) fn grant(&mut self, now: MonoNs) {
        if self.stale || (self.state == State::Infusing && !self.windows_fit) {
            self.stale = false;
            if let Some(p) = self.armed {
                self.grant_all(now, &p);
            }
        }
    }

    pub(crate) fn grant_all(&mut self, now: MonoNs, p: &Prescription) {
        let infusing = self.state == State::Infusing;
        let mut withheld = None;
        if infusing && !self.windows_fit {
            withheld = self.judge_windows(now, p, self.unfinished()).err();
            self.windows_fit = withheld.is_none();
            if withheld.is_some() {
                self.raise(Alarm::WindowsFull);
            } else {
                self.clear_alarm(Alarm::WindowsFull);
            }
        }
        let Some(grid) = self.planner.as_ref().map(|planner| *planner.grid()) else {
            return;
        };
        let mut basal = Flow::ZERO;
        for id in regimen_ids() {
            let Some(regimen) = self.regimen_mut(id) else {
                continue;
            };
            let ordered = if infusing {
                regimen.ordered
            } else {
                Rate::ZERO
            };
            let (granted, mut reason) = match withheld {
                Some(reason) => (Rate::ZERO, Some(reason).filter(|_| !ordered.is_zero())),
                None if ordered > regimen.envelope.basal && !broken(Twin::EnvelopeIgnored) => {
                    (regimen.envelope.basal, Some(Reason::Envelope))
                }
                None => (ordered, None),
            };
            let (flow, exact) = grid.flow(granted);
            if !exact {
                reason = reason.or(Some(Reason::Resolution));
            }
            basal = basal.plus(flow);
            regimen.granted = granted;
            let told = (ordered, granted, reason);
            let silent = regimen.told.is_none() && ordered.is_zero();
            if infusing && !silent && regimen.told != Some(told) {
                regimen.told = Some(told);
                self.tell(EventKind::Basal {
                    regimen: id,
                    ordered,
                    granted,
                    reason,
                });
            }
        }
        self.basal = basal;
        let room = self.highest.less(basal);
        let limit = self.limit(p);
        let Some(planner) = &mut self.planner else {
            return;
        };
        planner.set_basal(basal);
        if let Some(bolus) = &mut self.running {
            let flow = grid.flow_of(bolus.steps, bolus.over);
            planner.set_bolus_flow(flow.min(room));
            if flow > room && !bolus.stretched {
                bolus.stretched = true;
                let (bolus, reason) = (bolus.id, Reason::MaxRate);
                self.tell(EventKind::BolusStretched { bolus, reason });
            }
        }
        let Some(planner) = &mut self.planner else {
            return;
        };
        planner.set_limit(limit);
        let ahead = planner.ahead(CREDIT_AHEAD).unwrap_or(LEAST_CREDIT);
        self.credit_size = ahead.max(LEAST_CREDIT);
    }

    /// The step past which nothing may fall due: credit, reservoir, volume to be infused.
    pub(crate) fn limit(&self, p: &Prescription) -> Steps {
        let issued = self.issued();
        let content = self.memory.content().saturating_sub(p.reservoir.empty);
        let mut limit = issued
            .saturating_add(content)
            .min(p.vtbi.unwrap_or(Steps::MAX));
        if !broken(Twin::CreditForgotten) {
            limit = limit.min(self.credit);
        }
        limit.saturating_add(self.counts.missed)
    }

    /// Two thirds of the credit are used: ask for more.
    pub(crate) fn ask_for_credit(&mut self) {
        if self.state != State::Infusing {
            return;
        }
        let issued = self.issued();
        let left = self.credit.saturating_sub(issued);
        if left.0.saturating_mul(3) <= self.credit_size.0 {
            // A bolus near its end needs no more than it has left.
            let ahead = self
                .planner
                .as_ref()
                .and_then(|planner| planner.ahead(CREDIT_AHEAD));
            let size = ahead.unwrap_or(LEAST_CREDIT).max(LEAST_CREDIT);
            self.credit_wanted = self.credit_wanted.max(issued.saturating_add(size));
        }
    }

    /// The pump rests where its credit ends; when it has rested for long, that is an alarm.
    pub(crate) fn watch_credit(&mut self) {
        let Some(planner) = &self.planner else { return };
        let spent = planner.due() >= self.credit.saturating_add(self.counts.missed);
        if spent && !planner.granted().is_zero() && self.state == State::Infusing {
            self.resting_since.get_or_insert(self.now);
        } else if self.resting_since.take().is_some() {
            self.clear_alarm(Alarm::CreditSpent);
            self.stale = true;
        }
    }

    /// The pump has rested for long: an alarm, and every grant says why it is nothing.
    pub(crate) fn rest_for_long(&mut self) {
        self.raise(Alarm::CreditSpent);
        self.resting_since = Some(MonoNs::NEVER);
        for id in regimen_ids() {
            let Some(regimen) = self.regimen_mut(id) else {
                continue;
            };
            let (ordered, granted) = (regimen.ordered, Rate::ZERO);
            let reason = Some(Reason::Credit);
            if !regimen.granted.is_zero() {
                regimen.told = Some((ordered, granted, reason));
                self.tell(EventKind::Basal {
                    regimen: id,
                    ordered,
                    granted,
                    reason,
                });
            }
        }
    }
}
