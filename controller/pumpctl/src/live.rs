//! The run as it happens: a line for each event, and on a terminal a line that says where
//! the pump is now.

use std::collections::BTreeMap;
use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use pump_core::event::EventKind;
use pump_core::order::RegimenId;
use pump_core::pump::State;
use pump_core::quantity::{Nanoseconds, Rate, Steps, Volume};
use pump_simulator::Infusion;

use crate::units::{self, number, volume};

/// How often the line at the bottom is drawn.
const DRAWN_EVERY: Duration = Duration::from_millis(100);
/// Edges may come by the thousand in a second: sleeping for less is not worth it.
const LEAST_SLEEP: Duration = Duration::from_millis(2);

/// Paces a run and tells of it.
pub(crate) struct Live {
    /// Simulated nanoseconds in one of the wall clock's.
    speed: f64,
    began: Instant,
    drawn: Instant,
    terminal: bool,
    regimens: Vec<String>,
    per_step: Volume,
    state: State,
    edges: u64,
    basal: BTreeMap<RegimenId, Rate>,
}

impl Live {
    pub(crate) fn new(pace: Nanoseconds, infusion: &Infusion) -> Self {
        Self {
            speed: pace.0 as f64 / 1e9,
            began: Instant::now(),
            drawn: Instant::now(),
            terminal: std::io::stdout().is_terminal(),
            regimens: infusion.regimens.clone(),
            per_step: infusion.prescription.volume_per_step,
            state: State::Disarmed,
            edges: 0,
            basal: BTreeMap::new(),
        }
    }

    /// Waits until the wall clock has come so far.
    pub(crate) fn instant(&mut self, now: Nanoseconds) {
        let due = self.began + Duration::from_secs_f64(now.0 as f64 / 1e9 / self.speed);
        let early = due.saturating_duration_since(Instant::now());
        if early >= LEAST_SLEEP {
            std::thread::sleep(early);
        }
        if self.terminal && self.drawn.elapsed() >= DRAWN_EVERY {
            self.drawn = Instant::now();
            let basal: f64 = self.basal.values().map(|rate| ml_per_h(*rate)).sum();
            self.write(&format!(
                "\r\x1b[K{}  {}  basal {} mL/h  {} given",
                clock(now),
                self.state.name(),
                number(basal),
                volume(self.per_step.times_floor_nl(Steps(self.edges)))
            ));
        }
    }

    pub(crate) fn edge(&mut self) {
        self.edges += 1;
    }

    pub(crate) fn event(&mut self, at: Nanoseconds, event: &EventKind) {
        match event {
            EventKind::State { to, .. } => self.state = *to,
            EventKind::Basal {
                regimen, granted, ..
            } => {
                self.basal.insert(*regimen, *granted);
            }
            _ => {}
        }
        if let Some(text) = self.tell(event) {
            let clear = if self.terminal { "\r\x1b[K" } else { "" };
            self.write(&format!("{clear}{}  {text}\n", clock(at)));
        }
    }

    /// Takes the line at the bottom away again.
    pub(crate) fn finish(&mut self) {
        let clear = if self.terminal { "\r\x1b[K" } else { "" };
        self.write(&format!("{clear}\n"));
    }

    /// Whoever has closed the pipe has seen enough; the report will say so.
    fn write(&self, text: &str) {
        let mut out = std::io::stdout().lock();
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }

    fn name(&self, regimen: Option<RegimenId>) -> &str {
        let name = regimen.and_then(|id| self.regimens.get(usize::from(id.0)));
        name.map_or("the operator", String::as_str)
    }

    fn nl(&self, steps: Steps) -> String {
        volume(self.per_step.times_floor_nl(steps))
    }

    /// What an operator wants to read of it; nothing for what only the journal needs.
    fn tell(&self, event: &EventKind) -> Option<String> {
        Some(match event {
            EventKind::State { to, .. } => to.name().to_owned(),
            EventKind::Basal {
                regimen,
                granted,
                reason,
                ..
            } => {
                let because = reason.map(|reason| format!(": {}", reason.text()));
                let because = because.unwrap_or_default();
                let rate = number(ml_per_h(*granted));
                format!("{} gives {rate} mL/h{because}", self.name(Some(*regimen)))
            }
            EventKind::DemandAsked { demand } => format!("press {}", demand.0),
            EventKind::DemandRefused { demand, reason, .. } => {
                format!(
                    "press {} refused, {}: {}",
                    demand.0,
                    reason.name(),
                    reason.text()
                )
            }
            EventKind::BolusRefused {
                kind,
                regimen,
                reason,
                ..
            } => {
                let name = self.name(*regimen);
                let (kind, reason, text) = (kind.name(), reason.name(), reason.text());
                format!("{kind} bolus of {name} refused, {reason}: {text}")
            }
            EventKind::BolusStarted {
                bolus,
                kind,
                regimen,
                steps,
                over,
                ..
            } => format!(
                "bolus {} starts: {}, {} over {}, {}",
                bolus.0,
                kind.name(),
                self.nl(*steps),
                units::time(over.0),
                self.name(*regimen)
            ),
            EventKind::BolusStretched { bolus, reason } => {
                format!("bolus {} is stretched: {}", bolus.0, reason.text())
            }
            EventKind::BolusSuspended { bolus } => format!("bolus {} is suspended", bolus.0),
            EventKind::BolusResumed { bolus } => format!("bolus {} goes on", bolus.0),
            EventKind::BolusEnded {
                bolus,
                delivered,
                cut,
                ..
            } => match cut {
                None => format!("bolus {} is complete", bolus.0),
                Some(reason) => {
                    let given = self.nl(*delivered);
                    format!("bolus {} is cut after {given}: {}", bolus.0, reason.text())
                }
            },
            EventKind::StrategyLost { regimen } => {
                format!("the strategy of {} is lost", self.name(Some(*regimen)))
            }
            EventKind::StrategyBack { regimen } => {
                format!("the strategy of {} is back", self.name(Some(*regimen)))
            }
            EventKind::Line { sensor, bad: true } => format!("the {} line is bad", sensor.name()),
            EventKind::Line { sensor, bad: false } => {
                format!("the {} line is sound again", sensor.name())
            }
            EventKind::Occluded { trapped } => {
                format!(
                    "stopped by the blockage with {} given against it",
                    self.nl(*trapped)
                )
            }
            EventKind::AlarmRaised { alarm } => {
                let row = alarm.row();
                format!("! {} ({}): {}", row.name, row.priority.name(), row.text)
            }
            EventKind::AlarmCleared { alarm } => format!("{} has cleared", alarm.row().name),
            EventKind::Missed { steps } => format!("{} missed", self.nl(*steps)),
            EventKind::Uncertain { steps } => format!("{} uncertain", self.nl(*steps)),
            EventKind::Displaced { steps } => {
                format!("{} may have moved while the motor was off", self.nl(*steps))
            }
            EventKind::CommandRefused { reason } => format!("command refused: {}", reason.text()),
            EventKind::Refilled { content } => {
                format!("the reservoir now holds {}", self.nl(*content))
            }
            EventKind::Reconciled {
                measured,
                expected,
                differs,
            } => {
                let (found, ledger) = (self.nl(*measured), self.nl(*expected));
                let verdict = match differs {
                    true => ", which is too far apart",
                    false => "",
                };
                format!("{found} found in the reservoir, {ledger} by the ledger{verdict}")
            }
            EventKind::NewSubject { given, boluses } => {
                let given = self.nl(*given);
                format!("a new subject: {given} and {boluses} boluses of 24 h are forgotten")
            }
            EventKind::DemandGiven { .. } | EventKind::OrderDropped { .. } => return None,
        })
    }
}

/// Hours, minutes and seconds since the start.
pub(crate) fn clock(at: Nanoseconds) -> String {
    let s = at.0 / 1_000_000_000;
    format!("{:02}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60)
}

fn ml_per_h(rate: Rate) -> f64 {
    rate.num() as f64 / rate.den() as f64 * 3.6e12 / 1e6
}
