//! The credit protocol (I1), in every order in which its parts can move.
//!
//! The loop steps below the credit that it was handed. What it did reaches the journal late.
//! The journal asks the disk for a checkpoint and a credit in one sync, and hands the credit
//! on when the disk has answered. The power may go at any point, and what the disk was asked
//! for and has not answered is then there or not. After a restart, the credit that is not in
//! the checkpoint is booked as uncertain.
//!
//! Between its runs the pump is armed anew: each arming counts its steps and its credit from
//! zero, while what was counted before goes on in the memory. Answers and steps of an older
//! arming may still be on their way then. A disk may also refuse what it was asked for, having
//! written it or not, and is asked again.
//!
//! This walks through every state that can be reached with a few steps and power cuts, and
//! through those of protocols that are wrong in one place, whose mistake it must find.

use std::collections::{HashMap, VecDeque};

/// Steps that the motor makes at most.
const MOST_STEPS: u8 = 7;
const MOST_CUTS: u8 = 2;
const MOST_ARMINGS: u8 = 3;
/// How far beyond what the journal knows of it asks for.
const AHEAD: u8 = 2;

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
    /// The loop takes a credit whatever arming it was asked for.
    CreditOfAnyArming,
    /// An arming begins with the credit that the one before had left.
    CreditInherited,
    /// What an older arming gave is forgotten with it.
    ArmingForgets,
    /// A disk that has refused is taken to have written.
    RefusalIsAnAnswer,
}

/// What is wrong in one place, all of it.
const WRONG: [Protocol; 8] = [
    Protocol::HandedBeforeTheSync,
    Protocol::CheckpointAhead,
    Protocol::CreditTakenBack,
    Protocol::NothingUncertain,
    Protocol::CreditOfAnyArming,
    Protocol::CreditInherited,
    Protocol::ArmingForgets,
    Protocol::RefusalIsAnAnswer,
];

/// What is known after a loss of power.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Durable {
    arming: u8,
    /// Steps of older armings and older daemons that left or may have left.
    before: u8,
    /// How many of them may also not have.
    uncertain: u8,
    /// Steps of this arming that left.
    delivered: u8,
    /// How many steps of this arming may have left at most.
    credit: u8,
}

impl Durable {
    fn known(self) -> u8 {
        self.before + self.delivered
    }

    /// What may have left besides, as it is booked at a restart.
    fn gap(self, protocol: Protocol) -> u8 {
        match protocol {
            Protocol::NothingUncertain => 0,
            _ => self.credit.saturating_sub(self.delivered),
        }
    }

    fn booked(self, protocol: Protocol) -> u8 {
        self.known() + self.gap(protocol)
    }
}

/// A credit of an arming, on its way to the loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Credit {
    arming: u8,
    steps: u8,
}

/// A control law: the loop's, and the journal's repetition of it, which is behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Law {
    arming: u8,
    before: u8,
    uncertain: u8,
    delivered: u8,
}

impl Law {
    /// Another arming: its steps are counted from zero.
    fn armed(self, protocol: Protocol) -> Self {
        Self {
            arming: self.arming + 1,
            before: match protocol {
                Protocol::ArmingForgets => self.before,
                _ => self.before + self.delivered,
            },
            delivered: 0,
            ..self
        }
    }

    fn known(self) -> u8 {
        self.before + self.delivered
    }
}

/// A daemon that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Running {
    law: Law,
    /// What this arming may not pass.
    credit: u8,
    /// The law as the journal knows it. It hears of one thing after the other.
    heard: Law,
    /// What the armings gave that are over and that the journal has not heard the end of.
    ended: [u8; 1 + MOST_ARMINGS as usize],
    /// What the disk was asked for and has not answered.
    asked: Option<Durable>,
    /// What it has answered, on its way to the loop.
    answered: Option<Credit>,
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
        arming: 0,
        before: 0,
        uncertain: 0,
        delivered: 0,
        credit: 0,
    },
    running: None,
};

/// Everything that can happen next, with its name.
fn next(state: State, protocol: Protocol) -> Vec<(&'static str, State)> {
    let mut next = Vec::new();
    let Some(running) = state.running else {
        let law = Law {
            arming: state.disk.arming,
            before: state.disk.booked(protocol),
            uncertain: state.disk.uncertain + state.disk.gap(protocol),
            delivered: 0,
        };
        let running = Running {
            law,
            credit: 0,
            heard: law,
            ended: [0; 1 + MOST_ARMINGS as usize],
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
    let law = running.law;
    if law.delivered < running.credit && truth < MOST_STEPS {
        let stepped = Law {
            delivered: law.delivered + 1,
            ..law
        };
        let running = Running {
            law: stepped,
            ..running
        };
        goes_on("a step", truth + 1, disk, running);
    }
    if law.arming < MOST_ARMINGS {
        let mut ended = running.ended;
        ended[usize::from(law.arming)] = law.delivered;
        let armed = Running {
            ended,
            law: law.armed(protocol),
            credit: match protocol {
                Protocol::CreditInherited => running.credit,
                _ => 0,
            },
            ..running
        };
        goes_on("it is armed anew", truth, disk, armed);
    }
    if let Some(hears) = hears(&running, protocol) {
        goes_on("the journal hears of it", truth, disk, hears);
    }
    if running.asked.is_none() && running.answered.is_none() {
        for (what, asked) in asks(&running, disk, protocol) {
            let answered = (protocol == Protocol::HandedBeforeTheSync).then_some(asked.credit());
            let asked = Some(asked);
            let running = Running {
                asked,
                answered,
                ..running
            };
            goes_on(what, truth, disk, running);
        }
    }
    if let Some(asked) = running.asked {
        goes_on("the disk writes, and says nothing", truth, asked, running);
        let answered = match protocol {
            Protocol::HandedBeforeTheSync => running.answered,
            _ => Some(asked.credit()),
        };
        let synced = Running {
            asked: None,
            answered,
            ..running
        };
        goes_on("the disk answers", truth, asked, synced);
        // It is asked again; only who takes a refusal for an answer goes on.
        if protocol == Protocol::RefusalIsAnAnswer {
            goes_on("the disk refuses", truth, disk, synced);
        }
    }
    if let Some(answered) = running.answered {
        let fits = answered.arming == law.arming || protocol == Protocol::CreditOfAnyArming;
        let handed = Running {
            answered: None,
            credit: match fits {
                true => running.credit.max(answered.steps),
                false => running.credit,
            },
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

/// The journal hears of the next thing: of a step, or, after those before it, of an arming.
fn hears(running: &Running, protocol: Protocol) -> Option<Running> {
    let Running { law, heard, .. } = *running;
    let current = heard.arming == law.arming;
    let place = usize::from(heard.arming);
    let given = match current {
        true => law.delivered,
        false => running.ended[place],
    };
    let mut next = *running;
    if heard.delivered < given {
        next.heard.delivered += 1;
    } else if current {
        return None;
    } else {
        next.ended[place] = 0;
        next.heard = heard.armed(protocol);
    }
    Some(next)
}

impl Durable {
    fn credit(self) -> Credit {
        Credit {
            arming: self.arming,
            steps: self.credit,
        }
    }
}

/// What the journal may ask the disk for.
fn asks(running: &Running, disk: Durable, protocol: Protocol) -> Vec<(&'static str, Durable)> {
    let heard = running.heard;
    // What was asked for of this arming stays granted; another one begins with none.
    let granted = match disk.arming == heard.arming && disk.before == heard.before {
        true => disk.credit,
        false => 0,
    };
    let checkpoint = Durable {
        arming: heard.arming,
        before: heard.before,
        uncertain: heard.uncertain,
        delivered: heard.delivered,
        credit: granted.max(heard.delivered),
    };
    let more = Durable {
        credit: checkpoint.credit.max(heard.delivered + AHEAD),
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
                credit: heard.delivered,
                ..checkpoint
            },
        )),
        Protocol::CheckpointAhead => asks.push((
            "the journal asks for a checkpoint of what is under way",
            Durable {
                delivered: more.credit,
                ..more
            },
        )),
        _ => {}
    }
    asks
}

/// What is wrong with a state.
fn wrong(state: &State, protocol: Protocol) -> Option<&'static str> {
    let disk = state.disk;
    if disk.booked(protocol) < state.truth {
        return Some("more was delivered than a restart would book");
    }
    if disk.known() - disk.uncertain > state.truth {
        return Some("more is booked as delivered than was");
    }
    if disk.credit.saturating_sub(disk.delivered) > AHEAD {
        return Some("more would be uncertain than was ever asked for");
    }
    let law = state.running?.law;
    if law.arming == disk.arming && law.before == disk.before && law.delivered > disk.credit {
        return Some("a step went past the durable credit");
    }
    if law.known() < state.truth {
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

/// Its step is one under a credit that was asked for before the journal had heard of the arming.
#[test]
fn a_credit_of_an_older_arming_is_found_out() {
    let (what, way) = explore(Protocol::CreditOfAnyArming).expect_err("it is wrong");
    let place = |what| way.iter().position(|step| *step == what);
    let armed = place("the journal hears of it");
    let credit = place("the journal asks for credit");
    assert!(credit < armed, "{what}: {way:#?}");
}

#[test]
fn every_mistake_is_found_out() {
    for protocol in WRONG {
        let Err((what, way)) = explore(protocol) else {
            panic!("{protocol:?} is not found out");
        };
        eprintln!("{protocol:?}: {what}: {way:?}");
    }
}
