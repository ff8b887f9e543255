//! The control law's events, gathered into what the report tells.

use std::collections::BTreeMap;

use pump_core::alarm::Alarm;
use pump_core::bolus::{BolusId, BolusKind};
use pump_core::event::{Event, EventKind};
use pump_core::order::{DemandId, RegimenId};
use pump_core::prescription::MAX_REGIMENS;
use pump_core::quantity::{MonoNs, Nanoseconds, Rate, Steps};
use pump_core::reason::Reason;

/// How a bolus stands at the end of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Running,
    Completed,
    /// By the power cut where there is no reason.
    Cut(Option<Reason>),
    Refused(Reason),
}

/// A bolus, given or refused. Instants are the simulation's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BolusEntry {
    pub(crate) kind: BolusKind,
    pub(crate) regimen: Option<RegimenId>,
    pub(crate) asked_at: Nanoseconds,
    pub(crate) started_at: Nanoseconds,
    pub(crate) ended_at: Nanoseconds,
    pub(crate) steps: Steps,
    pub(crate) delivered: Steps,
    pub(crate) stretched: Option<Reason>,
    pub(crate) fate: Fate,
}

/// An alarm. Instants are the simulation's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AlarmEntry {
    pub(crate) alarm: Alarm,
    pub(crate) at: Nanoseconds,
    pub(crate) cleared_at: Option<Nanoseconds>,
}

/// Everything gathered so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Story {
    pub(crate) boluses: Vec<BolusEntry>,
    pub(crate) alarms: Vec<AlarmEntry>,
    /// Stops by a blocked line, and what was given against each.
    pub(crate) occlusions: Vec<(Nanoseconds, Steps)>,
    pub(crate) attempted: u64,
    pub(crate) given: u64,
    pub(crate) refusals: BTreeMap<&'static str, u64>,
    pub(crate) uncertain: Steps,
    pub(crate) orders_dropped: u64,
    pub(crate) commands_refused: Vec<(Nanoseconds, Reason)>,
    pub(crate) basal: [Rate; MAX_REGIMENS],
    /// Boluses under way, with their place in `boluses`.
    open: Vec<(BolusId, usize)>,
    /// Demands that wait for their answer.
    asked: Vec<(DemandId, Nanoseconds)>,
}

impl Story {
    /// Takes in an event. `sim` turns the pump's clock into the simulation's.
    pub(crate) fn hear(&mut self, event: &Event, sim: impl Fn(MonoNs) -> Nanoseconds) {
        let at = sim(event.at);
        match event.kind {
            EventKind::DemandAsked { demand } => {
                self.attempted += 1;
                self.asked.push((demand, at));
            }
            EventKind::DemandGiven { demand, .. } => {
                self.given += 1;
                self.asked.retain(|(other, _)| *other != demand);
            }
            EventKind::DemandRefused {
                demand,
                regimen,
                steps,
                reason,
            } => {
                let asked_at = self.asked.iter().find(|(other, _)| *other == demand);
                let asked_at = asked_at.map_or(at, |(_, asked_at)| *asked_at);
                self.asked.retain(|(other, _)| *other != demand);
                self.refuse(BolusKind::Demand, regimen, steps, (asked_at, at), reason);
            }
            EventKind::BolusRefused {
                kind,
                regimen,
                steps,
                asked_at,
                reason,
            } => {
                self.refuse(kind, regimen, steps, (sim(asked_at), at), reason);
            }
            EventKind::BolusStarted {
                bolus,
                kind,
                regimen,
                steps,
                asked_at,
                ..
            } => {
                self.open.push((bolus, self.boluses.len()));
                self.boluses.push(BolusEntry {
                    kind,
                    regimen,
                    asked_at: sim(asked_at),
                    started_at: at,
                    ended_at: at,
                    steps,
                    delivered: Steps::ZERO,
                    stretched: None,
                    fate: Fate::Running,
                });
            }
            EventKind::BolusStretched { bolus, reason } => {
                if let Some(entry) = self.open_bolus(bolus) {
                    entry.stretched = Some(reason);
                }
            }
            EventKind::BolusEnded {
                bolus,
                delivered,
                ended_at,
                cut,
            } => {
                if let Some(entry) = self.open_bolus(bolus) {
                    entry.delivered = delivered;
                    entry.ended_at = sim(ended_at);
                    entry.fate = match cut {
                        None => Fate::Completed,
                        Some(reason) => Fate::Cut(Some(reason)),
                    };
                }
                self.open.retain(|(other, _)| *other != bolus);
            }
            EventKind::Basal {
                regimen, granted, ..
            } => {
                if let Some(basal) = self.basal.get_mut(usize::from(regimen.0)) {
                    *basal = granted;
                }
            }
            EventKind::AlarmRaised { alarm } => {
                self.alarms.push(AlarmEntry {
                    alarm,
                    at,
                    cleared_at: None,
                });
            }
            EventKind::Occluded { trapped } => self.occlusions.push((at, trapped)),
            EventKind::AlarmCleared { alarm } => {
                let mut newest_first = self.alarms.iter_mut().rev();
                if let Some(entry) = newest_first.find(|entry| entry.alarm == alarm) {
                    entry.cleared_at = Some(at);
                }
            }
            EventKind::Uncertain { steps } => {
                self.uncertain = self.uncertain.saturating_add(steps);
            }
            EventKind::OrderDropped { .. } => self.orders_dropped += 1,
            EventKind::CommandRefused { reason } => self.commands_refused.push((at, reason)),
            // Told by the ledger, the state or the boluses themselves.
            EventKind::State { .. }
            | EventKind::BolusSuspended { .. }
            | EventKind::BolusResumed { .. }
            | EventKind::StrategyLost { .. }
            | EventKind::StrategyBack { .. }
            | EventKind::Line { .. }
            | EventKind::Missed { .. }
            | EventKind::Displaced { .. }
            | EventKind::Refilled { .. }
            | EventKind::Reconciled { .. }
            | EventKind::NewSubject { .. } => {}
        }
    }

    /// Whether a bolus is under way.
    pub(crate) fn has_open_boluses(&self) -> bool {
        !self.open.is_empty()
    }

    /// How far the boluses under way have come, from the events of a pump that was stopped
    /// to learn it. `fate` is what became of them.
    pub(crate) fn close_boluses(&mut self, at: Nanoseconds, last_words: &[Event], fate: Fate) {
        for (bolus, place) in std::mem::take(&mut self.open) {
            let delivered = last_words.iter().find_map(|event| match event.kind {
                EventKind::BolusEnded {
                    bolus: ended,
                    delivered,
                    ..
                } if ended == bolus => Some(delivered),
                _ => None,
            });
            if let Some(entry) = self.boluses.get_mut(place) {
                entry.delivered = delivered.unwrap_or(Steps::ZERO);
                entry.ended_at = at;
                entry.fate = fate;
            }
        }
    }

    /// The power is gone: no basal is granted, no alarm sounds, and no demand waits.
    pub(crate) fn lose_power(&mut self, at: Nanoseconds) {
        self.basal = [Rate::ZERO; MAX_REGIMENS];
        for alarm in self
            .alarms
            .iter_mut()
            .filter(|alarm| alarm.cleared_at.is_none())
        {
            alarm.cleared_at = Some(at);
        }
        self.close_demands(at, Reason::Stopped);
    }

    /// Nobody will answer the demands that still wait.
    pub(crate) fn close_demands(&mut self, at: Nanoseconds, reason: Reason) {
        for (_, asked_at) in std::mem::take(&mut self.asked) {
            self.refuse(BolusKind::Demand, None, Steps::ZERO, (asked_at, at), reason);
        }
    }

    fn open_bolus(&mut self, bolus: BolusId) -> Option<&mut BolusEntry> {
        let (_, place) = self.open.iter().find(|(other, _)| *other == bolus)?;
        self.boluses.get_mut(*place)
    }

    fn refuse(
        &mut self,
        kind: BolusKind,
        regimen: Option<RegimenId>,
        steps: Steps,
        (asked_at, at): (Nanoseconds, Nanoseconds),
        reason: Reason,
    ) {
        *self.refusals.entry(reason.name()).or_insert(0) += 1;
        self.boluses.push(BolusEntry {
            kind,
            regimen,
            asked_at,
            started_at: at,
            ended_at: at,
            steps,
            delivered: Steps::ZERO,
            stretched: None,
            fate: Fate::Refused(reason),
        });
    }
}
