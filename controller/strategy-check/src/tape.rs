//! What a strategy was shown and what it answered.

use std::cell::RefCell;
use std::rc::Rc;

use pump_core::prescription::Envelope;
use pump_simulator::{
    Leases, Options, Simulation, Strategy, StrategyFault, StrategySource, Unseen,
};
use strategy_abi::{Order, Snapshot};
use strategy_host::{Allowed, Ended, Rehearsal};

use crate::rules::{At, Breach, breach};
use crate::story::Story;
use crate::subject::Subject;
use crate::values::Values;

/// What an instance was shown, and its answers.
pub(crate) type Segment = Vec<(Snapshot, Order)>;

/// A whole run: one segment for each time that the prescription was armed.
#[derive(Clone, Debug)]
pub(crate) struct Tape {
    pub(crate) values: Values,
    pub(crate) envelope: Envelope,
    pub(crate) segments: Vec<Segment>,
    /// How the plugin ended, if it did.
    pub(crate) end: Option<End>,
    /// The first rule that an order broke.
    pub(crate) breach: Option<Breach>,
}

/// The end of a plugin that did not live to the end of the story.
#[derive(Clone, Debug)]
pub(crate) struct End {
    /// At this snapshot; absent: when it was made.
    pub(crate) at: Option<Box<Snapshot>>,
    pub(crate) ended: Ended,
    pub(crate) said: Option<String>,
}

impl End {
    /// The check that it is for to name this end.
    pub(crate) fn owner(&self) -> &'static str {
        match self.ended {
            _ if self.ended.reached_out() => "pure",
            Ended::Silent(_) => "in-time",
            _ => "answers",
        }
    }

    pub(crate) fn told(&self) -> String {
        let when = match &self.at {
            Some(snapshot) => format!("at {}", At(snapshot.now_ns)),
            None => "when it was made".to_owned(),
        };
        match &self.said {
            Some(said) => format!("{when}: {} (it said: {said})", self.ended),
            None => format!("{when}: {}", self.ended),
        }
    }
}

impl Tape {
    /// How many snapshots there were.
    pub(crate) fn len(&self) -> usize {
        self.segments.iter().map(Vec::len).sum()
    }
}

struct Recorder {
    rehearsal: Rehearsal,
    tape: Tape,
}

impl Recorder {
    fn end(&mut self, at: Option<&Snapshot>, ended: Ended) -> StrategyFault {
        let fault = StrategyFault(ended.to_string());
        let said = self.rehearsal.said();
        self.tape.end.get_or_insert(End {
            at: at.copied().map(Box::new),
            ended,
            said,
        });
        fault
    }
}

/// The strategy as the simulator asks it.
struct Recorded(Rc<RefCell<Recorder>>);

impl Strategy for Recorded {
    fn step(&mut self, snapshot: &Snapshot) -> Result<Order, StrategyFault> {
        let recorder = &mut *self.0.borrow_mut();
        let order = match recorder.rehearsal.step(0, snapshot) {
            Ok(order) => order,
            Err(ended) => return Err(recorder.end(Some(snapshot), ended)),
        };
        let tape = &mut recorder.tape;
        if tape.breach.is_none() {
            tape.breach = breach(&tape.envelope, snapshot, &order);
        }
        if let Some(segment) = tape.segments.last_mut() {
            segment.push((*snapshot, order));
        }
        Ok(order)
    }
}

/// Lets a story happen to the plugin and the real control law.
///
/// # Errors
/// Why the story could not be told; not the plugin's fault.
pub(crate) fn record(subject: &Subject, envelope: Envelope, story: &Story) -> Result<Tape, String> {
    let rehearsal = subject.rehearse(Allowed::Running).map_err(told)?;
    record_in(rehearsal, envelope, story).map(|(tape, _)| tape)
}

/// As [`record`], in a child that is there already. It comes back for another story.
pub(crate) fn record_in(
    rehearsal: Rehearsal,
    envelope: Envelope,
    story: &Story,
) -> Result<(Tape, Rehearsal), String> {
    let infusion = story.infusion(envelope);
    let recorder = Rc::new(RefCell::new(Recorder {
        rehearsal,
        tape: Tape {
            values: story.values.clone(),
            envelope,
            segments: Vec::new(),
            end: None,
            breach: None,
        },
    }));
    let shared = Rc::clone(&recorder);
    let create = move || {
        let recorder = &mut *shared.borrow_mut();
        recorder.tape.segments.push(Segment::new());
        let values = recorder.tape.values.clone();
        match recorder.rehearsal.create(0, &values) {
            Ok(()) => Ok(Recorded(Rc::clone(&shared))),
            Err(ended) => Err(recorder.end(None, ended)),
        }
    };
    let sources: Vec<Box<dyn StrategySource>> = vec![Box::new(create)];
    let options = Options {
        leases: Leases::Real,
        ..Options::lasting(story.duration)
    };
    let scenario = story.scenario();
    let mut nobody = Unseen;
    let ran = Simulation::new(&infusion, sources, &scenario, options, &mut nobody)
        .and_then(Simulation::run);
    // Both ends of the closure are gone with the simulation.
    let recorder = Rc::into_inner(recorder).ok_or("the simulation still holds the strategy")?;
    let Recorder { rehearsal, tape } = recorder.into_inner();
    match ran {
        Err(error) if tape.end.is_none() => Err(format!("the story can't be simulated: {error}")),
        _ => Ok((tape, rehearsal)),
    }
}

fn told(ended: Ended) -> String {
    ended.to_string()
}

/// Where a replay left the tape.
#[derive(Debug)]
pub(crate) enum Departure {
    /// The plugin ended at this snapshot.
    Ended(Box<Snapshot>, Ended),
    /// It gave another order.
    Differs(Box<Snapshot>, String),
}

impl Departure {
    pub(crate) fn told(&self) -> String {
        match self {
            Self::Ended(snapshot, ended) => format!("at {}: {ended}", At(snapshot.now_ns)),
            Self::Differs(snapshot, how) => format!("at {}: {how}", At(snapshot.now_ns)),
        }
    }
}

/// In which fields two orders differ; `None`: in none but `seq`.
pub(crate) fn difference(one: &Order, other: &Order) -> Option<String> {
    let fields = [
        ("basal", one.basal == other.basal),
        (
            "bolus",
            one.bolus_kind == other.bolus_kind
                && one.bolus_volume == other.bolus_volume
                && one.bolus_over_ns == other.bolus_over_ns,
        ),
        (
            "answer to the demand",
            one.demand_id == other.demand_id && one.refusal == other.refusal,
        ),
        ("valid_for", one.valid_for_ns == other.valid_for_ns),
        ("wake_in", one.wake_in_ns == other.wake_in_ns),
        ("size", one.size == other.size),
    ];
    let differing = fields.iter().filter(|(_, same)| !same);
    let differing: Vec<&str> = differing.map(|(name, _)| *name).collect();
    match differing.as_slice() {
        [] => None,
        names => Some(format!("another {} than before", names.join(", another "))),
    }
}

/// Shows the instance in a slot a snapshot of the tape, which must bring the same order.
pub(crate) fn again(
    rehearsal: &mut Rehearsal,
    slot: u8,
    (snapshot, order): &(Snapshot, Order),
) -> Result<(), Departure> {
    let ended = |ended| Departure::Ended(Box::new(*snapshot), ended);
    let now = rehearsal.step(slot, snapshot).map_err(ended)?;
    match difference(order, &now) {
        Some(how) => Err(Departure::Differs(Box::new(*snapshot), how)),
        None => Ok(()),
    }
}
