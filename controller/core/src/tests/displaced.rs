//! What a rotor may move while the motor is disabled: booked as given at the next start.

extern crate std;

use std::vec;
use std::vec::Vec;

use super::rig::*;
use crate::alarm::Alarm;
use crate::event::EventKind;
use crate::prescription::*;
use crate::pump::{Command, Sensors, State};
use crate::quantity::Steps;
use crate::reason::Reason;

/// Two steps a second, and 16 steps in a full one.
fn stepper() -> Prescription {
    let mut p = roomy();
    p.full_step = Steps(16);
    p.regimens[0] = Some(basal(ul_per_h(360)));
    p
}

fn rig(p: &Prescription) -> Rig {
    Rig::new(p, [Some(steady(ul_per_h(360))), None, None, None])
}

fn displaced(rig: &Rig) -> Vec<(u64, u64)> {
    let displaced = |event: &crate::event::Event| match event.kind {
        EventKind::Displaced { steps } => Some((event.at.0, steps.0)),
        _ => None,
    };
    rig.events.iter().filter_map(displaced).collect()
}

fn refused(rig: &Rig) -> Vec<Reason> {
    let refused = |event: &crate::event::Event| match event.kind {
        EventKind::CommandRefused { reason } => Some(reason),
        _ => None,
    };
    rig.events.iter().filter_map(refused).collect()
}

#[test]
fn each_start_after_the_motor_was_disabled_books_a_full_step() {
    let p = stepper();
    let mut rig = rig(&p);
    rig.run_until(MIN);
    // A pause holds the rotor.
    rig.command(Command::Pause);
    rig.command(Command::Resume);
    rig.run_until(2 * MIN);
    // A fault lets it go.
    rig.sensors.door = true;
    rig.run_until(3 * MIN);
    rig.sensors = Sensors::default();
    rig.command(Command::Resume);
    rig.run_until(4 * MIN);
    assert_eq!(displaced(&rig), [(0, 16), (3 * MIN, 16)]);
    let ledger = rig.pump.ledger().expect("it is armed");
    assert_eq!(ledger.displaced, Steps(32));
    // It is outside of what was commanded, and inside of everything with a maximum.
    let booked = ledger.delivered.0 + ledger.missed.0 + ledger.uncertain.0;
    assert!(ledger.commanded.0 - booked <= 1);
    let given = rig.edges.len() as u64 + 32;
    assert_eq!(ledger.reservoir.0, 20_000_000 - given);
    let windows = rig.pump.windows().expect("it is armed");
    assert_eq!(windows.map(|(held, _)| held), [Steps(given); 3]);
    // Another arming is another ledger, and another start.
    rig.command(Command::Stop);
    rig.arm(&p);
    assert_eq!(rig.pump.ledger().expect("armed").displaced, Steps::ZERO);
    rig.command(Command::Start);
    assert_eq!(displaced(&rig).len(), 3);
}

#[test]
fn a_start_that_a_cap_has_no_room_for_is_refused_and_comes_when_there_is() {
    for (cap, refusals) in [(16, vec![]), (15, vec![Reason::Window1h])] {
        let mut p = stepper();
        p.regimens[0] = Some(basal(ul_per_h(0)));
        p.caps.h1 = Some(Steps(cap));
        let rig = rig(&p);
        assert_eq!(refused(&rig), refusals, "a cap of {cap}");
        let starts = rig.pump.state() == State::Infusing;
        assert_eq!(starts, refusals.is_empty());
    }
    // One start is in the window until the hour, and the minute it touches, is over.
    let mut p = stepper();
    p.regimens[0] = Some(basal(ul_per_h(0)));
    p.caps.h1 = Some(Steps(31));
    let mut rig = rig(&p);
    rig.sensors.door = true;
    rig.run_until(MIN);
    rig.sensors.door = false;
    for (at, state) in [
        (2 * MIN, State::Faulted),
        (H + MIN - S, State::Faulted),
        (H + MIN, State::Infusing),
    ] {
        rig.run_until(at);
        rig.command(Command::Resume);
        assert_eq!(rig.pump.state(), state, "at {} s", at / S);
    }
    assert_eq!(displaced(&rig).len(), 2);
}

#[test]
fn a_drugs_cap_counts_it_too() {
    let mut p = stepper();
    p.regimens[0] = Some(basal(ul_per_h(0)));
    p.drugs[0] = Some(Drug {
        id: DrugId([1; 16]),
        fg_per_step: 7_000,
        caps: Caps {
            h24: Some(Steps(15)),
            ..Caps::default()
        },
    });
    assert_eq!(refused(&rig(&p)), [Reason::Window24h]);
}

/// The basal waits, by name, while what was displaced leaves it no room.
#[test]
fn a_basal_without_room_for_it_is_withheld_and_no_cap_is_passed() {
    let mut p = stepper();
    p.caps.h1 = Some(Steps(7_201)); // the basal's hour, and one
    let mut rig = rig(&p);
    rig.run_until(MIN);
    assert!(rig.edges.is_empty());
    assert!(rig.pump.alarms().contains(Alarm::WindowsFull));
    // After eight seconds, and the minute that counts whole, the basal's hour has room.
    rig.run_until(H);
    assert!(!rig.pump.alarms().contains(Alarm::WindowsFull));
    let given = rig.edges.len() + 16;
    assert!(
        (7_050..=7_201).contains(&given),
        "{given} steps in the first hour"
    );
}

#[test]
fn what_a_resumption_books_is_withheld_from_the_basal_and_no_cap_is_passed() {
    let mut p = stepper();
    p.caps.h1 = Some(Steps(7_201));
    let mut rig = rig(&p);
    rig.run_until(10 * MIN);
    rig.sensors.door = true;
    rig.run_for(S);
    rig.sensors.door = false;
    rig.command(Command::Resume);
    assert!(rig.pump.alarms().contains(Alarm::WindowsFull));
    for _ in 0..3 * 60 {
        rig.run_for(MIN);
        assert!(!rig.pump.alarms().contains(Alarm::OverInfusion));
    }
    assert!(rig.edges.len() > 7_201, "it has gone on");
}

#[test]
fn a_reservoir_that_it_may_have_emptied_gives_nothing() {
    let mut p = stepper();
    p.reservoir = Reservoir {
        volume: Steps(116),
        low: Steps(101),
        empty: Steps(100),
    };
    let empty = rig(&p);
    assert_eq!(empty.pump.state(), State::Faulted);
    assert!(displaced(&empty).is_empty());
    p.reservoir.volume = Steps(117);
    let mut rig = rig(&p);
    assert!(rig.pump.alarms().contains(Alarm::ReservoirLow));
    rig.run_until(MIN);
    assert_eq!(rig.edges.len(), 1, "all that is certainly left");
}

/// The start may have been after the last checkpoint of a pump that was armed.
#[test]
fn after_a_loss_of_power_a_start_that_nobody_wrote_down_is_booked_as_uncertain() {
    let p = stepper();
    let mut rig = rig(&p);
    rig.run_until(MIN);
    rig.command(Command::Stop);
    rig.arm(&p);
    rig.journal = false;
    rig.command(Command::Start);
    let before = rig.events.len();
    rig.lose_power(0);
    let uncertain = |event: &crate::event::Event| match event.kind {
        EventKind::Uncertain { steps } => Some(steps.0),
        _ => None,
    };
    let told: Vec<u64> = rig.events[before..].iter().filter_map(uncertain).collect();
    assert_eq!(told, [16]);
    let given = rig.edges.len() as u64 + 32;
    assert_eq!(rig.pump.memory.content().0, 20_000_000 - given);
}

#[test]
fn a_full_step_has_at_most_256_steps() {
    let mut p = stepper();
    p.full_step = Steps(256);
    assert_eq!(p.validate(), Ok(()));
    p.full_step = Steps(257);
    assert_eq!(p.validate(), Err(Flaw::FullStep));
}
