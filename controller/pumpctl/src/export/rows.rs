//! From the entries of a run to the rows of its tables.

use std::collections::BTreeMap;

use pump_journal::{Row, Stamp};
use pump_prescription::Exact;

use super::table::{Cell, Sink, TABLES, instant};
use crate::fact::{Event, Fact, OpenBolus, Status};
use crate::failure::Failure;
use crate::output::Ready;
use crate::runs::{CapPapers, Papers};

/// A bolus that has not ended.
struct Started {
    row: Row,
    event: Event,
    delivered: u64,
}

/// An alarm that is active.
struct Raised {
    stamp: Stamp,
    event: Event,
}

/// Makes rows.
pub(super) struct Rows<'a> {
    sinks: [Box<dyn Sink>; TABLES.len()],
    papers: &'a Papers,
    per_step: Exact,
    boluses: BTreeMap<u64, Started>,
    alarms: BTreeMap<String, Raised>,
}

impl<'a> Rows<'a> {
    /// Into these sinks, which are those of [`TABLES`].
    pub(super) fn new(sinks: [Box<dyn Sink>; TABLES.len()], papers: &'a Papers) -> Self {
        Self {
            sinks,
            per_step: papers.nl_per_step.0,
            papers,
            boluses: BTreeMap::new(),
            alarms: BTreeMap::new(),
        }
    }

    /// Takes an entry.
    pub(super) fn take(&mut self, row: &Row, fact: &Fact) -> Result<(), Failure> {
        match fact {
            Fact::Event(event) => {
                self.event(row, event)?;
                match row.kind.as_str() {
                    "bolus-started" | "bolus-ended" | "bolus-refused" | "demand-refused" => {
                        self.bolus(row, event)
                    }
                    "alarm-raised" | "alarm-cleared" => self.alarm(row, event),
                    _ => Ok(()),
                }
            }
            Fact::Operator(deed) => {
                let event = Event {
                    text: deed.did.clone(),
                    reason: deed.reason.clone(),
                    alarm: deed.alarm.clone(),
                    ..Event::default()
                };
                self.put_event(row, &event, Some(&deed.who))
            }
            Fact::SelfTestFailed(check, found) => {
                let text = format!("{check}: {found}");
                let event = Event {
                    text,
                    ..Event::default()
                };
                self.put_event(row, &event, None)
            }
            Fact::Status(status) => {
                self.know(&status.open_boluses);
                self.state(row, status)
            }
            Fact::Bookkeeping | Fact::Armed(_) => Ok(()),
            Fact::Disarmed
            | Fact::Started(_)
            | Fact::Ended
            | Fact::RowsGivenUp(_)
            | Fact::Other => self.put_event(row, &Event::default(), None),
        }
    }

    /// There are no more entries.
    pub(super) fn end(mut self) -> Result<Vec<Ready>, Failure> {
        for started in std::mem::take(&mut self.boluses).into_values() {
            self.put_bolus(&started, "open", None, None)?;
        }
        for raised in std::mem::take(&mut self.alarms).into_values() {
            self.put_alarm(&raised, None)?;
        }
        self.prescription()?;
        self.sinks.into_iter().map(|sink| sink.end()).collect()
    }

    fn put(&mut self, table: usize, cells: &[Cell]) -> Result<(), Failure> {
        match self.sinks.get_mut(table) {
            Some(sink) => sink.row(cells),
            None => Ok(()),
        }
    }

    fn nl(&self, steps: Option<u64>) -> Cell {
        let steps = steps.map(|steps| Exact::whole(steps.into()));
        steps.and_then(|steps| self.per_step.times(steps)).into()
    }

    fn event(&mut self, row: &Row, event: &Event) -> Result<(), Failure> {
        self.put_event(row, event, None)
    }

    fn put_event(&mut self, row: &Row, event: &Event, who: Option<&str>) -> Result<(), Failure> {
        // What the control law did not tell has no instant of its clock.
        let clock = |ns: u64| match event.pump_ns {
            0 => Cell::Nothing,
            _ => Cell::Count(ns),
        };
        let steps = event
            .delivered_steps
            .or(event.steps)
            .or(event.content_steps)
            .or(event.trapped_steps);
        let [t_utc, t_mono, boot] = instant(&row.stamp);
        let cells = [
            row.seq.into(),
            t_utc,
            t_mono,
            boot,
            clock(event.pump_ns),
            clock(event.at_ns),
            row.kind.as_str().into(),
            event.text.as_str().into(),
            event.regimen.as_deref().into(),
            event.reason.as_deref().into(),
            event.alarm.as_deref().into(),
            event.priority.as_deref().into(),
            who.into(),
            event.demand.into(),
            event.bolus.into(),
            steps.into(),
            self.nl(steps),
            event
                .granted_nl_per_ns
                .map(|rate| rate.to_string())
                .as_deref()
                .into(),
        ];
        self.put(0, &cells)
    }

    fn bolus(&mut self, row: &Row, event: &Event) -> Result<(), Failure> {
        let started = Started {
            row: row.clone(),
            event: event.clone(),
            delivered: 0,
        };
        match (row.kind.as_str(), event.bolus) {
            ("bolus-started", Some(bolus)) => {
                self.boluses.insert(bolus, started);
                Ok(())
            }
            ("bolus-ended", Some(bolus)) => {
                let Some(mut started) = self.boluses.remove(&bolus) else {
                    return Ok(());
                };
                started.delivered = event.delivered_steps.unwrap_or(started.delivered);
                let outcome = match event.reason {
                    None => "complete",
                    Some(_) => "cut",
                };
                let end = (&row.stamp, event.pump_ns);
                self.put_bolus(&started, outcome, event.reason.as_deref(), Some(end))
            }
            _ => self.put_bolus(&started, "refused", event.reason.as_deref(), None),
        }
    }

    fn know(&mut self, boluses: &[OpenBolus]) {
        for bolus in boluses {
            if let Some(started) = self.boluses.get_mut(&bolus.bolus) {
                started.delivered = bolus.delivered;
            }
        }
    }

    fn put_bolus(
        &mut self,
        started: &Started,
        outcome: &str,
        reason: Option<&str>,
        end: Option<(&Stamp, u64)>,
    ) -> Result<(), Failure> {
        let Started {
            row,
            event,
            delivered,
        } = started;
        let kind = event.bolus_kind.as_deref();
        let [t_utc, t_mono, boot] = instant(&row.stamp);
        let [end_utc, end_mono, end_boot] = match end {
            Some((stamp, _)) => instant(stamp),
            None => [Cell::Nothing, Cell::Nothing, Cell::Nothing],
        };
        let cells = [
            event.bolus.into(),
            event.demand.into(),
            kind.or((row.kind == "demand-refused").then_some("demand"))
                .into(),
            event.regimen.as_deref().into(),
            outcome.into(),
            reason.into(),
            event.steps.into(),
            self.nl(event.steps),
            event.over_ns.into(),
            Cell::Count(*delivered),
            self.nl(Some(*delivered)),
            row.seq.into(),
            t_utc,
            t_mono,
            boot,
            event.pump_ns.into(),
            end_utc,
            end_mono,
            end_boot,
            end.map(|(_, pump_ns)| pump_ns).into(),
        ];
        self.put(1, &cells)
    }

    fn alarm(&mut self, row: &Row, event: &Event) -> Result<(), Failure> {
        let name = event.alarm.clone().unwrap_or_default();
        if row.kind == "alarm-raised" {
            let raised = Raised {
                stamp: row.stamp,
                event: event.clone(),
            };
            self.alarms.insert(name, raised);
            return Ok(());
        }
        match self.alarms.remove(&name) {
            Some(raised) => self.put_alarm(&raised, Some((&row.stamp, event.pump_ns))),
            // It was raised before the run.
            None => Ok(()),
        }
    }

    fn put_alarm(&mut self, raised: &Raised, end: Option<(&Stamp, u64)>) -> Result<(), Failure> {
        let Raised { stamp, event } = raised;
        let [t_utc, t_mono, boot] = instant(stamp);
        let [end_utc, end_mono, end_boot] = match end {
            Some((stamp, _)) => instant(stamp),
            None => [Cell::Nothing, Cell::Nothing, Cell::Nothing],
        };
        let ended = end.map(|(_, pump_ns)| pump_ns);
        let cells = [
            event.alarm.as_deref().into(),
            event.priority.as_deref().into(),
            t_utc,
            t_mono,
            boot,
            event.pump_ns.into(),
            end_utc,
            end_mono,
            end_boot,
            ended.into(),
            ended
                .map(|ended| ended.saturating_sub(event.pump_ns))
                .into(),
        ];
        self.put(2, &cells)
    }

    fn state(&mut self, row: &Row, status: &Status) -> Result<(), Failure> {
        let [t_utc, t_mono, boot] = instant(&row.stamp);
        let ledger = status.ledger;
        let steps = |of: fn(&crate::fact::Ledger) -> u64| ledger.as_ref().map(of);
        let (delivered, reservoir) = (steps(|it| it.delivered), steps(|it| it.reservoir));
        let mut cells = vec![
            row.seq.into(),
            t_utc,
            t_mono,
            boot,
            status.pump_ns.into(),
            status.state.as_str().into(),
            status.alarms.join(" ").as_str().into(),
            steps(|it| it.commanded).into(),
            delivered.into(),
            self.nl(delivered),
            steps(|it| it.missed).into(),
            steps(|it| it.uncertain).into(),
            steps(|it| it.displaced).into(),
            reservoir.into(),
            self.nl(reservoir),
        ];
        for place in 0..3 {
            let window = status.windows.and_then(|all| all.get(place).copied());
            cells.push(window.map(|window| window.given).into());
            cells.push(window.and_then(|window| window.cap).into());
        }
        self.put(3, &cells)
    }

    fn prescription(&mut self) -> Result<(), Failure> {
        let papers = self.papers;
        let mut lines: Vec<[String; 4]> = Vec::new();
        let mut line = |what: &str, name: &str, figure: &str, value: &str| {
            lines.push([what, name, figure, value].map(str::to_owned));
        };
        line("prescription", &papers.id, "sha256", &papers.sha256);
        let per_step = papers.nl_per_step.to_string();
        line("prescription", &papers.id, "nl_per_step", &per_step);
        for regimen in &papers.regimens {
            let name = &regimen.name;
            line("regimen", name, "strategy", &regimen.strategy);
            line("regimen", name, "version", &regimen.version);
            line("regimen", name, "plugin_sha256", &regimen.plugin_sha256);
        }
        for drug in &papers.drugs {
            line("drug", &drug.name, "ng_per_nl", &drug.ng_per_nl.to_string());
            line("drug", &drug.name, "unit", &drug.unit);
        }
        let CapPapers { h1, h4, h24 } = papers.caps_steps;
        for (name, cap) in [("1 h", h1), ("4 h", h4), ("24 h", h24)] {
            if let Some(cap) = cap {
                line("cap", name, "steps", &cap.to_string());
            }
        }
        line("file", "device", "sha256", &papers.device_sha256);
        line(
            "file",
            "drug library",
            "sha256",
            &papers.drug_library_sha256,
        );
        let edition = &papers.drug_library_version;
        line("file", "drug library", "version", edition);
        for cells in lines {
            self.put(4, &cells.map(Cell::Text))?;
        }
        Ok(())
    }
}
