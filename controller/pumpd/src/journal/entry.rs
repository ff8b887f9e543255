//! What happens, as rows of the journal.

use pump_core::event::{Event, EventKind};
use pump_core::pump::{Pump, State};
use pump_core::quantity::{MonoNs, Volume};
use serde_json::{Value, json};

use super::expected::Expected;
use crate::words::{self, Teller};

/// Names and strategies of the regimens.
pub(crate) type Names = Vec<(String, String)>;

/// What an arming is about.
struct About {
    names: Names,
    per_step: Volume,
    papers: Value,
}

/// Who writes the rows, and what it needs to know for that.
#[derive(Default)]
pub(super) struct Scribe {
    expected: Expected<About>,
    names: Names,
    per_step: Option<Volume>,
    started_at: Option<MonoNs>,
    seq: u64,
}

impl Scribe {
    /// What a step is, as it was in the last run.
    pub(super) fn resume(&mut self, per_step: Option<Volume>) {
        self.per_step = per_step;
    }

    /// The loop is about to be asked to arm these.
    pub(super) fn expect(&mut self, id: u64, names: Names, per_step: Volume, papers: Value) {
        let about = About {
            names,
            per_step,
            papers,
        };
        self.expected.push(id, about);
    }

    /// The loop was asked to arm those of this task. The row that begins a run: what is armed,
    /// in full, and the number of the arming.
    pub(super) fn armed(&mut self, id: u64, arming: u64) -> Option<(&'static str, Value)> {
        let about = self.expected.take(id)?;
        self.names = about.names;
        self.per_step = Some(about.per_step);
        self.started_at = None;
        let mut papers = about.papers;
        if let Some(papers) = papers.as_object_mut() {
            papers.insert("arming".to_owned(), json!(arming));
        }
        Some(("armed", papers))
    }

    /// An event's kind and its row: the document that operators are shown, and the figures
    /// that programs want.
    pub(super) fn describe(&mut self, event: &Event) -> (&'static str, Value) {
        if let EventKind::State {
            from: State::Armed,
            to: State::Infusing,
        } = event.kind
        {
            self.started_at.get_or_insert(event.at);
        }
        self.seq = self.seq.saturating_add(1);
        let therapy = self.started_at.map_or(0, |start| event.at.since(start).0);
        let teller = Teller {
            regimens: &self.names,
            per_step: self.per_step,
        };
        let document = teller.document(self.seq, therapy, event);
        let mut body = serde_json::to_value(document).unwrap_or_default();
        if let Some(body) = body.as_object_mut() {
            body.insert("pump_ns".to_owned(), json!(event.at.0));
            if let Value::Object(figures) = figures(&event.kind) {
                body.extend(figures);
            }
        }
        (words::kind(&event.kind), body)
    }

    /// How things are.
    pub(super) fn state(&self, pump: &Pump, arming: u64, now: MonoNs) -> (&'static str, Value) {
        let ledger = pump.ledger().map(|ledger| {
            json!({
                "commanded_steps": ledger.commanded.0,
                "delivered_steps": ledger.delivered.0,
                "missed_steps": ledger.missed.0,
                "uncertain_steps": ledger.uncertain.0,
                "displaced_steps": ledger.displaced.0,
                "reservoir_steps": ledger.reservoir.0,
                "nl_per_step": words::exact(ledger.volume_per_step),
            })
        });
        let alarms: Vec<_> = pump.alarms().iter().map(|alarm| alarm.row().name).collect();
        let windows = pump.windows().map(|windows| {
            windows.map(
                |(given, cap)| json!({ "given_steps": given.0, "cap_steps": cap.map(|cap| cap.0) }),
            )
        });
        let boluses = pump.open_boluses().into_iter().flatten();
        let boluses = boluses.map(|(bolus, kind, delivered)| {
            json!({
                "bolus": bolus.0,
                "bolus_kind": kind.name(),
                "delivered_steps": delivered.0,
            })
        });
        let body = json!({
            "arming": arming,
            "pump_ns": now.0,
            "state": pump.state().name(),
            "alarms": alarms,
            "ledger": ledger,
            "windows_1_4_24h": windows,
            "open_boluses": boluses.collect::<Vec<_>>(),
        });
        ("status", body)
    }
}

/// The numbers of an event.
fn figures(kind: &EventKind) -> Value {
    match *kind {
        EventKind::State { from, to } => json!({ "from": from.name(), "to": to.name() }),
        EventKind::Basal {
            ordered, granted, ..
        } => json!({
            "ordered_nl_per_ns": words::fraction(ordered),
            "granted_nl_per_ns": words::fraction(granted),
        }),
        EventKind::DemandAsked { demand } => json!({ "demand": demand.0 }),
        EventKind::DemandGiven { demand, bolus } => {
            json!({ "demand": demand.0, "bolus": bolus.0 })
        }
        EventKind::DemandRefused { demand, steps, .. } => {
            json!({ "demand": demand.0, "steps": steps.0 })
        }
        EventKind::BolusRefused { kind, steps, .. } => {
            json!({ "bolus_kind": kind.name(), "steps": steps.0 })
        }
        EventKind::BolusStarted {
            bolus,
            kind,
            demand,
            steps,
            over,
            ..
        } => json!({
            "bolus": bolus.0,
            "bolus_kind": kind.name(),
            "demand": demand.map(|demand| demand.0),
            "steps": steps.0,
            "over_ns": over.0,
        }),
        EventKind::BolusStretched { bolus, .. }
        | EventKind::BolusSuspended { bolus }
        | EventKind::BolusResumed { bolus } => json!({ "bolus": bolus.0 }),
        EventKind::BolusEnded {
            bolus, delivered, ..
        } => json!({ "bolus": bolus.0, "delivered_steps": delivered.0 }),
        EventKind::Missed { steps }
        | EventKind::Uncertain { steps }
        | EventKind::Displaced { steps } => {
            json!({ "steps": steps.0 })
        }
        EventKind::Refilled { content } => json!({ "content_steps": content.0 }),
        EventKind::Reconciled {
            measured,
            expected,
            differs,
        } => json!({
            "measured_steps": measured.0,
            "expected_steps": expected.0,
            "differs": differs,
        }),
        EventKind::NewSubject { given, boluses } => {
            json!({ "given_24h_steps": given.0, "boluses_24h": boluses })
        }
        EventKind::Occluded { trapped } => json!({ "trapped_steps": trapped.0 }),
        EventKind::Line { sensor, bad } => json!({ "line": sensor.name(), "bad": bad }),
        EventKind::StrategyLost { .. }
        | EventKind::StrategyBack { .. }
        | EventKind::OrderDropped { .. }
        | EventKind::AlarmRaised { .. }
        | EventKind::AlarmCleared { .. }
        | EventKind::CommandRefused { .. } => json!({}),
    }
}
