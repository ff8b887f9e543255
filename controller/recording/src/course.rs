//! Where a run is: what is called next if nothing happens, and what it has come to.

use pump_core::event::{Event, EventKind};
use pump_core::order::RegimenId;
use pump_core::prescription::MAX_REGIMENS;
use pump_core::pump::{EdgeFate, Inputs, Sensors, Watch};
use pump_core::quantity::MonoNs;

use crate::call::{Answer, Call, Clock, Told};
use crate::edge::{Digest, Edge, Edges, Instants};

/// What a run has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Totals {
    /// Calls of the control law since the arming.
    pub calls: u64,
    /// Edges whose fate is known.
    pub edges: u64,
    /// Those of them that were not accepted.
    pub uncertain_edges: u64,
    /// Boluses that were started.
    pub boluses: u64,
    /// Demands that were given.
    pub demands_given: u64,
    /// Demands that were refused.
    pub demands_refused: u64,
    /// The last instant that was told.
    pub until: MonoNs,
    /// All edges, each with its planned instant and its fate.
    pub digest: Digest,
    /// All instants that were told.
    pub told: Digest,
}

/// What a call was foretold as.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Course {
    lines: Sensors,
    watch: Watch,
    now: MonoNs,
    shows: [bool; MAX_REGIMENS],
    /// The instant at which the edge that was asked for was due.
    due: Option<MonoNs>,
    wake_at: MonoNs,
    calls: u64,
    boluses: u64,
    demands_given: u64,
    demands_refused: u64,
}

/// A run under way.
#[derive(Clone, Debug)]
pub(crate) struct Progress {
    course: Course,
    edges: Edges,
    instants: Instants,
    count: u64,
    uncertain: u64,
}

impl Progress {
    pub(crate) fn new(at: MonoNs, lines: Sensors, watch: Watch) -> Self {
        Self {
            course: Course {
                lines,
                watch,
                now: at,
                shows: [false; MAX_REGIMENS],
                due: None,
                wake_at: MonoNs::NEVER,
                calls: 0,
                boluses: 0,
                demands_given: 0,
                demands_refused: 0,
            },
            edges: Edges::default(),
            instants: Instants::default(),
            count: 0,
            uncertain: 0,
        }
    }

    /// What is called next if nothing happens from outside: strategies that are to be asked
    /// are shown how things are, an edge is accepted at once, and the control law is called
    /// when it wants to be. `None`: it does not want to be.
    pub(crate) fn foretold(&self) -> Option<Call> {
        let course = &self.course;
        if let Some(place) = course.shows.iter().position(|shows| *shows) {
            let place = u8::try_from(place).ok()?;
            return Some(Call::Shown(RegimenId(place)));
        }
        let (now, edge) = match course.due {
            Some(_) => (course.now, EdgeFate::Accepted),
            None if course.wake_at == MonoNs::NEVER => return None,
            None => (course.wake_at, EdgeFate::None),
        };
        Some(Call::Tick(Told {
            now,
            inputs: Inputs {
                edge,
                sensors: course.lines,
                watch: course.watch,
                ..Inputs::default()
            },
            clocks: [Clock::default(); MAX_REGIMENS],
        }))
    }

    pub(crate) const fn calls(&self) -> u64 {
        self.course.calls
    }

    /// The last instant that was told.
    pub(crate) const fn now(&self) -> MonoNs {
        self.course.now
    }

    /// Whether the control law has asked for an edge whose fate it was not told yet.
    pub(crate) const fn has_open_edge(&self) -> bool {
        self.course.due.is_some()
    }

    pub(crate) const fn edges(&self) -> u64 {
        self.count
    }

    pub(crate) fn digest(&self) -> Digest {
        self.edges.digest()
    }

    /// A call was made. The edge that it settles.
    pub(crate) fn take(&mut self, call: &Call, answer: &Answer, events: &[Event]) -> Option<Edge> {
        let course = &mut self.course;
        course.calls = course.calls.saturating_add(1);
        let mut settled = None;
        match call {
            Call::Tick(told) => {
                settled = course.due.take().map(|due| Edge {
                    due,
                    asked_at: course.now,
                    fate: told.inputs.edge,
                });
                course.now = told.now;
                self.instants.push(told.now);
                course.lines = told.inputs.sensors;
                course.watch = told.inputs.watch;
            }
            Call::Shown(regimen) => {
                if let Some(shows) = course.shows.get_mut(usize::from(regimen.0)) {
                    *shows = false;
                }
            }
            Call::Disarmed(at) => {
                course.now = *at;
                self.instants.push(*at);
            }
        }
        match answer {
            Answer::Outputs(outputs) => {
                course.shows = outputs.wants_order;
                course.due = outputs.step.then_some(outputs.step_due);
                course.wake_at = outputs.wake_at;
                self.count_events(events);
            }
            Answer::Disarmed(true) => {
                course.wake_at = MonoNs::NEVER;
                self.count_events(events);
            }
            // What the last tick told is not told again.
            Answer::Disarmed(false) | Answer::Snapshot(_) => {}
        }
        if let Some(edge) = &settled {
            self.edges.push(edge);
            self.count = self.count.saturating_add(1);
            let uncertain = u64::from(edge.fate != EdgeFate::Accepted);
            self.uncertain = self.uncertain.saturating_add(uncertain);
        }
        settled
    }

    fn count_events(&mut self, events: &[Event]) {
        for event in events {
            let count = match event.kind {
                EventKind::BolusStarted { .. } => &mut self.course.boluses,
                EventKind::DemandGiven { .. } => &mut self.course.demands_given,
                EventKind::DemandRefused { .. } => &mut self.course.demands_refused,
                _ => continue,
            };
            *count = count.saturating_add(1);
        }
    }

    pub(crate) fn totals(&self) -> Totals {
        Totals {
            calls: self.course.calls,
            edges: self.count,
            uncertain_edges: self.uncertain,
            boluses: self.course.boluses,
            demands_given: self.course.demands_given,
            demands_refused: self.course.demands_refused,
            until: self.course.now,
            digest: self.edges.digest(),
            told: self.instants.digest(),
        }
    }
}
