//! Every alarm, in every state of the pump, through its own cause and under everything that an
//! operator may do: it acts within a tick, and latches and clears as its row says.

extern crate std;

use std::string::String;
use std::vec::Vec;

use super::rig::*;
use super::scenarios::*;
use crate::alarm::{ALARMS, Action, Alarm, Clears};
use crate::pump::{Command, Inputs, State};

/// What an operator may do about an alarm. The pump's memory is not theirs to clear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Nothing,
    Resume,
    Start,
    Pause,
    Stop,
    Acknowledge,
    Disarm,
    Arm,
}

const ACTS: [Act; 8] = [
    Act::Nothing,
    Act::Resume,
    Act::Start,
    Act::Pause,
    Act::Stop,
    Act::Acknowledge,
    Act::Disarm,
    Act::Arm,
];

fn act(rig: &mut Rig, act: Act, cause: Cause) {
    match act {
        Act::Nothing => {}
        Act::Resume => rig.command(Command::Resume),
        Act::Start => rig.command(Command::Start),
        Act::Pause => rig.command(Command::Pause),
        Act::Stop => rig.command(Command::Stop),
        Act::Acknowledge => rig.command(Command::AcknowledgeResidue),
        Act::Disarm => {
            rig.command(Command::Stop);
            rig.disarm().expect("a pump that stands still");
        }
        Act::Arm => {
            rig.command(Command::Stop);
            rig.arm(&prescribed(cause, State::Infusing));
        }
    }
    rig.tick(Inputs::default());
}

/// Whether what makes the alarm is there for as long as nobody mends it.
fn lasts(cause: Cause) -> bool {
    !matches!(
        cause,
        Cause::RefusedEdge | Cause::Unseen | Cause::PowerCut | Cause::ThreeStops | Cause::Residue
    )
}

/// Whether the alarm stays on, by the rule that its row names; where the cause is still there
/// a cleared one may have come back at once.
fn stays(clears: Clears, cause: Cause, mended: bool, act: Act) -> bool {
    let there = lasts(cause) && !mended;
    let told_anew = there && matches!(cause, Cause::Told(_));
    match clears {
        Clears::WithItsCondition => match act {
            // The condition is one of a pump that delivers, or at least of an armed one.
            Act::Arm => told_anew || there && matches!(cause, Cause::Low),
            Act::Disarm => told_anew,
            Act::Pause | Act::Stop => there && !matches!(cause, Cause::NoJournal),
            _ => there,
        },
        Clears::WhenRestarted => match act {
            Act::Resume | Act::Start => there,
            Act::Arm | Act::Disarm => false,
            _ => true,
        },
        Clears::WhenArmed => act != Act::Arm || told_anew,
        Clears::WhenAcknowledged => act != Act::Acknowledge,
    }
}

fn is_on(rig: &Rig, alarm: Alarm) -> bool {
    rig.pump.alarms().contains(alarm)
}

fn motor_enabled(rig: &mut Rig) -> bool {
    let (now, sensors) = (rig.pump_now(), rig.sensors);
    let watch = rig.watch;
    let told = Inputs {
        sensors,
        watch,
        ..Inputs::default()
    };
    rig.pump.clone().tick(now, &told).motor_enabled
}

/// W09.
#[test]
fn each_alarm_acts_within_a_tick_in_each_state_in_which_its_cause_can_be() {
    for row in ALARMS {
        let scenario = scenario(row.alarm);
        let mut reached = 0;
        for state in STATES {
            if !scenario.may_be_in.contains(&state) {
                continue;
            }
            let what = std::format!("{} while {}", row.name, state.name());
            let mut rig = brought_to(state, scenario.cause);
            strike(&mut rig, scenario.cause);
            let raised = scenario.alarms_in.contains(&state);
            assert_eq!(is_on(&rig, row.alarm), raised, "{what}");
            reached += usize::from(raised);
            let after = rig.pump.state();
            if raised {
                assert!(rig.pump.alarms().action() >= row.action, "{what}");
                if row.action >= Action::Stop {
                    assert!(!motor_enabled(&mut rig), "{what}: {}", after.name());
                } else if !matches!(scenario.cause, Cause::PowerCut) {
                    assert_eq!(after, state, "{what}");
                }
            } else if !matches!(scenario.cause, Cause::PowerCut) {
                assert_eq!(after, state, "{what}");
            }
            let before = rig.edges.len();
            rig.run_for(MIN);
            let wanted = match state {
                State::Infusing => scenario.goes_on_with,
                _ => 0,
            };
            assert_eq!(rig.edges.len() - before, wanted, "{what}");
        }
        assert!(reached > 0, "{} is never raised", row.name);
    }
}

#[test]
fn each_alarm_latches_and_clears_as_its_row_says_whatever_the_operator_does() {
    let mut wrong: Vec<String> = Vec::new();
    for row in ALARMS {
        let scenario = scenario(row.alarm);
        let cause = scenario.cause;
        let states = scenario.alarms_in.iter().copied();
        let mended = [false, true]
            .into_iter()
            .filter(|mended| *mended || lasts(cause));
        for (state, mended, deed) in states.flat_map(|state| {
            let mended = mended.clone();
            mended.flat_map(move |mended| ACTS.map(|deed| (state, mended, deed)))
        }) {
            let mut rig = brought_to(state, cause);
            strike(&mut rig, cause);
            if mended {
                mend(&mut rig, cause);
            }
            let there = lasts(cause) && !mended || matches!(cause, Cause::Residue);
            let lasting = rig.pump.lasting_alarms().contains(row.alarm);
            assert_eq!(lasting, there, "{} while {}", row.name, state.name());
            act(&mut rig, deed, cause);
            let wanted = stays(row.clears, cause, mended, deed);
            if is_on(&rig, row.alarm) != wanted {
                wrong.push(std::format!(
                    "{} while {}, mended: {mended}, {deed:?}: on should be {wanted}; {}",
                    row.name,
                    state.name(),
                    rig.pump.state().name()
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What is bad while nothing is driven is no alarm yet, but nothing starts against it, and the
/// refused start says what it is.
#[test]
fn a_start_against_a_cause_is_refused_and_names_it() {
    let mut named = 0;
    for row in ALARMS.iter().filter(|row| row.action >= Action::Stop) {
        let scenario = scenario(row.alarm);
        let armed = State::Armed;
        if scenario.may_be_in.contains(&armed) && !scenario.alarms_in.contains(&armed) {
            let mut rig = brought_to(armed, scenario.cause);
            strike(&mut rig, scenario.cause);
            let before = rig.edges.len();
            rig.command(Command::Start);
            rig.run_for(MIN);
            assert_eq!(rig.pump.state(), State::Faulted, "{}", row.name);
            assert!(is_on(&rig, row.alarm), "{}", row.name);
            assert_eq!(rig.edges.len(), before, "{}", row.name);
            mend(&mut rig, scenario.cause);
            rig.command(Command::Start);
            rig.run_for(MIN);
            assert!(!is_on(&rig, row.alarm), "{}", row.name);
            assert_eq!(rig.edges.len() - before, 120, "{}", row.name);
            named += 1;
        }
    }
    assert_eq!(named, 6, "five lines, and a sensor that is lost");
}

/// W09: all that are wrong are told, and the strongest action wins, in whatever order they
/// come.
#[test]
fn no_alarm_hides_another_and_the_strongest_acts() {
    let told = |row: &&crate::alarm::Row| {
        matches!(
            scenario(row.alarm).cause,
            Cause::Line(_) | Cause::Told(_) | Cause::Low
        )
    };
    for one in ALARMS.iter().filter(told) {
        for other in ALARMS.iter().filter(told) {
            let (first, second) = (scenario(one.alarm).cause, scenario(other.alarm).cause);
            let mut rig = brought_to(State::Infusing, first);
            strike(&mut rig, first);
            strike(&mut rig, second);
            let alarms = rig.pump.alarms();
            let what = std::format!("{}, then {}", one.name, other.name);
            assert!(alarms.contains(one.alarm), "{what}");
            assert!(alarms.contains(other.alarm), "{what}");
            assert_eq!(alarms.action(), one.action.max(other.action), "{what}");
            let runs = rig.pump.state() == State::Infusing;
            assert_eq!(runs, alarms.action() < Action::Stop, "{what}");
        }
    }
}
