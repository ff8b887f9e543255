//! What a run came to, to lay two of them side by side.

use std::collections::BTreeMap;

use pump_core::bolus::BolusKind;
use pump_core::event::{Event, EventKind};
use pump_core::pump::{Pump, State};
use pump_core::quantity::Steps;
use pump_recording::{Answer, Call, Witness};
use serde::Serialize;

/// What a run came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// Steps that were given.
    pub delivered_steps: u64,
    /// What they hold, in nanolitres rounded down.
    pub delivered_nl: u64,
    /// Steps that may or may not have been given.
    pub uncertain_steps: u64,
    /// Steps that were missed.
    pub missed_steps: u64,
    /// Boluses that were started, by kind.
    pub boluses: BTreeMap<&'static str, u64>,
    /// Boluses that were cut.
    pub boluses_cut: u64,
    /// Presses of the patient's button.
    pub demands: u64,
    /// Those that were given.
    pub demands_given: u64,
    /// Those that were refused, by reason.
    pub demands_refused: BTreeMap<&'static str, u64>,
    /// Other boluses that were refused, by reason.
    pub boluses_refused: BTreeMap<&'static str, u64>,
    /// How often a strategy was lost.
    pub strategies_lost: u64,
    /// Alarms that were raised, by name.
    pub alarms: BTreeMap<&'static str, u64>,
    /// Where the pump was at the end.
    pub state: &'static str,
}

impl Outcome {
    /// Counts what a call has told.
    pub fn hear(&mut self, events: &[Event]) {
        let one_more = |counts: &mut BTreeMap<&'static str, u64>, name| {
            *counts.entry(name).or_default() += 1;
        };
        for event in events {
            match event.kind {
                EventKind::BolusStarted { kind, .. } => one_more(&mut self.boluses, kind.name()),
                EventKind::BolusEnded { cut: Some(_), .. } => self.boluses_cut += 1,
                EventKind::DemandAsked { .. } => self.demands += 1,
                EventKind::DemandGiven { .. } => self.demands_given += 1,
                EventKind::DemandRefused { reason, .. } => {
                    one_more(&mut self.demands_refused, reason.name());
                }
                EventKind::BolusRefused { reason, .. } => {
                    one_more(&mut self.boluses_refused, reason.name());
                }
                EventKind::StrategyLost { .. } => self.strategies_lost += 1,
                EventKind::AlarmRaised { alarm } => one_more(&mut self.alarms, alarm.row().name),
                _ => {}
            }
        }
    }

    /// Takes the volumes from the ledger, which is that of the arming.
    pub fn settle(&mut self, pump: &Pump) {
        self.state = pump.state().name();
        let Some(ledger) = pump.ledger() else { return };
        let Steps(delivered) = ledger.delivered;
        self.delivered_steps = delivered;
        self.delivered_nl = ledger.delivered_nl();
        self.uncertain_steps = ledger.uncertain.0;
        self.missed_steps = ledger.missed.0;
    }

    /// Boluses of every kind.
    pub fn all_boluses(&self) -> u64 {
        self.boluses.values().sum()
    }

    /// Boluses that answer a demand.
    pub fn demand_boluses(&self) -> u64 {
        let kind = BolusKind::Demand.name();
        self.boluses.get(kind).copied().unwrap_or_default()
    }
}

impl Witness for Outcome {
    fn called(&mut self, call: &Call, answer: &Answer, pump: &Pump) {
        match (call, answer) {
            (Call::Tick(_), _) => {
                self.hear(pump.events());
                if pump.state() != State::Disarmed {
                    self.settle(pump);
                }
            }
            (Call::Disarmed(_), Answer::Disarmed(true)) => {
                self.hear(pump.events());
                self.state = pump.state().name();
            }
            _ => {}
        }
    }
}
