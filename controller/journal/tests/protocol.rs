//! The credit protocol (I1), in every order in which its parts can move.
//!
//! The loop steps below the credit that it was handed. What it did reaches the journal late.
//! The journal asks the disk for a checkpoint and a credit in one sync, and hands the credit
//! on when the disk has answered. The power may go at any point, and what the disk was asked
//! for and has not answered is then there or not. After a restart, the credit that is not in
//! the checkpoint is booked as uncertain.
//!
//! This walks through every state that can be reached with a few steps and power cuts, and
//! through those of protocols that are wrong in one place, whose mistake it must find.

use std::collections::{HashMap, VecDeque};

/// Steps that the motor makes at most.
const MOST_STEPS: u8 = 12;
const MOST_CUTS: u8 = 4;
/// How far beyond what the journal knows of it asks for.
const AHEAD: u8 = 3;

/// What is done differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Protocol {
    Right,
    /// The credit is handed on when the disk is asked, not when it has answered.
    HandedBeforeTheSync,
    /// The checkpoint counts steps as delivered that were only allowed.
    CheckpointAhead,
    /// A smaller credit takes the place of the one that the loop has.
    CreditTakenBack,
    /// Only what is in the checkpoint counts after a restart.
    NothingUncertain,
}

/// What is known after a loss of power. All counts are since the pump was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Durable {
    delivered: u8,
    uncertain: u8,
    /// How many steps may have left at most.
    credit: u8,
}

impl Durable {
    fn issued(self) -> u8 {
        self.delivered + self.uncertain
    }

    /// As it is booked at a restart.
    fn booked(self, protocol: Protocol) -> Self {
        let gap = match protocol {
            Protocol::NothingUncertain => 0,
            _ => self.credit - self.issued(),
        };
        Self {
            uncertain: self.uncertain + gap,
            ..self
        }
    }
}

/// A daemon that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Running {
    /// Steps that left or may have left, as the loop counts.
    issued: u8,
    /// What the loop may not pass.
    credit: u8,
    /// The same as the journal knows it.
    heard: u8,
    /// Uncertain since the restart.
    uncertain: u8,
    /// What the disk was asked for and has not answered.
    asked: Option<Durable>,
    /// What it has answered, on its way to the loop.
    answered: Option<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct State {
    /// Steps that the motor made.
    truth: u8,
    cuts: u8,
    disk: Durable,
    /// `None`: without power.
    running: Option<Running>,
}

const START: State = State {
    truth: 0,
    cuts: 0,
    disk: Durable {
        delivered: 0,
        uncertain: 0,
        credit: 0,
    },
    running: None,
};

/// Everything that can happen next, with its name.
fn next(state: State, protocol: Protocol) -> Vec<(&'static str, State)> {
    let mut next = Vec::new();
    let Some(running) = state.running else {
        let booked = state.disk.booked(protocol);
        let running = Running {
            issued: booked.issued(),
            credit: booked.issued(),
            heard: booked.issued(),
            uncertain: booked.uncertain,
            asked: None,
            answered: None,
        };
        next.push((
            "the daemon starts",
            State {
                running: Some(running),
                ..state
            },
        ));
        return next;
    };
    let mut goes_on = |what, truth, disk, running| {
        next.push((
            what,
            State {
                truth,
                disk,
                running: Some(running),
                ..state
            },
        ));
    };
    let (truth, disk) = (state.truth, state.disk);
    if running.issued < running.credit && truth < MOST_STEPS {
        let issued = running.issued + 1;
        goes_on("a step", truth + 1, disk, Running { issued, ..running });
    }
    if running.heard < running.issued {
        let heard = running.heard + 1;
        goes_on(
            "the journal hears of a step",
            truth,
            disk,
            Running { heard, ..running },
        );
    }
    if running.asked.is_none() && running.answered.is_none() {
        for (what, asked) in asks(&running, disk, protocol) {
            let answered = (protocol == Protocol::HandedBeforeTheSync).then_some(asked.credit);
            let asked = Some(asked);
            goes_on(
                what,
                truth,
                disk,
                Running {
                    asked,
                    answered,
                    ..running
                },
            );
        }
    }
    if let Some(asked) = running.asked {
        goes_on("the disk writes, and says nothing", truth, asked, running);
        let answered = match protocol {
            Protocol::HandedBeforeTheSync => running.answered,
            _ => Some(asked.credit),
        };
        let synced = Running {
            asked: None,
            answered,
            ..running
        };
        goes_on("the disk answers", truth, asked, synced);
    }
    if let Some(credit) = running.answered {
        let handed = Running {
            answered: None,
            credit: running.credit.max(credit),
            ..running
        };
        goes_on("the loop has the credit", truth, disk, handed);
    }
    if state.cuts < MOST_CUTS {
        let lost = |disk| State {
            truth,
            cuts: state.cuts + 1,
            disk,
            running: None,
        };
        next.push(("the power goes", lost(disk)));
        if let Some(asked) = running.asked {
            next.push(("the power goes, and the disk has written", lost(asked)));
        }
    }
    next
}

/// What the journal may ask the disk for.
fn asks(running: &Running, disk: Durable, protocol: Protocol) -> Vec<(&'static str, Durable)> {
    let checkpoint = Durable {
        delivered: running.heard - running.uncertain,
        uncertain: running.uncertain,
        credit: disk.credit.max(running.heard),
    };
    let more = Durable {
        credit: checkpoint.credit.max(running.heard + AHEAD),
        ..checkpoint
    };
    let mut asks = vec![
        ("the journal asks for a checkpoint", checkpoint),
        ("the journal asks for credit", more),
    ];
    match protocol {
        Protocol::CreditTakenBack => asks.push((
            "the journal asks for less credit",
            Durable {
                credit: running.heard,
                ..checkpoint
            },
        )),
        Protocol::CheckpointAhead => asks.push((
            "the journal asks for a checkpoint of what is under way",
            Durable {
                delivered: more.credit - running.uncertain,
                ..more
            },
        )),
        _ => {}
    }
    asks
}

/// What is wrong with a state.
fn wrong(state: &State, protocol: Protocol) -> Option<&'static str> {
    let booked = state.disk.booked(protocol);
    if booked.delivered > state.truth {
        return Some("more is booked as delivered than was");
    }
    if booked.issued() < state.truth {
        return Some("more was delivered than a restart would book");
    }
    if state.disk.credit - state.disk.issued() > AHEAD {
        return Some("more would be uncertain than was ever asked for");
    }
    let running = state.running?;
    if running.issued > state.disk.credit {
        return Some("a step went past the durable credit");
    }
    if running.issued < state.truth {
        return Some("the loop has lost a step");
    }
    None
}

/// Walks through everything that can be reached. The number of states, or the way to a wrong
/// one.
fn explore(protocol: Protocol) -> Result<usize, (&'static str, Vec<&'static str>)> {
    let mut came_from: HashMap<State, Option<(State, &'static str)>> = HashMap::new();
    let mut open = VecDeque::from([START]);
    came_from.insert(START, None);
    while let Some(state) = open.pop_front() {
        if let Some(what) = wrong(&state, protocol) {
            return Err((what, way(&came_from, state)));
        }
        for (what, after) in next(state, protocol) {
            came_from.entry(after).or_insert_with(|| {
                open.push_back(after);
                Some((state, what))
            });
        }
    }
    Ok(came_from.len())
}

fn way(
    came_from: &HashMap<State, Option<(State, &'static str)>>,
    mut state: State,
) -> Vec<&'static str> {
    let mut way = Vec::new();
    while let Some((before, what)) = came_from[&state] {
        way.push(what);
        state = before;
    }
    way.reverse();
    way
}

/// I1, I8.
#[test]
fn no_order_of_things_gives_more_than_is_booked() {
    match explore(Protocol::Right) {
        Ok(states) => {
            eprintln!("{states} states");
            assert!(states > 100_000, "only {states} states were reached");
        }
        Err((what, way)) => panic!("{what}: {way:#?}"),
    }
}

#[test]
fn a_credit_that_is_handed_on_before_its_sync_is_found_out() {
    let (what, way) = explore(Protocol::HandedBeforeTheSync).expect_err("it is wrong");
    assert!(way.contains(&"a step"), "{what}: {way:#?}");
    assert!(!way.contains(&"the disk answers"), "{what}: {way:#?}");
}

#[test]
fn every_other_mistake_is_found_out_too() {
    for protocol in [
        Protocol::CheckpointAhead,
        Protocol::CreditTakenBack,
        Protocol::NothingUncertain,
    ] {
        let (what, way) = explore(protocol).expect_err("it is wrong");
        eprintln!("{protocol:?}: {what}: {way:?}");
    }
}
