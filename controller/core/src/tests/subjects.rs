//! A new subject, and what a restart leaves of the last one.

extern crate std;

use std::format;
use std::string::String;
use std::vec;

use super::cases::{case, play};
use super::properties::holds;
use super::rig::*;
use crate::alarm::Alarm;
use crate::checkpoint::Checkpoint;
use crate::event::EventKind;
use crate::prescription::*;
use crate::pump::{Command, NotStill, Pump, State};
use crate::quantity::Steps;
use crate::reason::Reason;
use crate::twin::{self, Twin};

/// Five microlitres for a press, once in half an hour and 20 steps short of twice an hour.
fn strict() -> Prescription {
    let mut p = roomy();
    p.caps.h1 = Some(Steps(180));
    p.regimens[0] = Some(demand(volume_ul(5), MIN, 30 * MIN));
    p
}

fn pressed(p: &Prescription) -> Rig {
    let mut rig = Rig::new(p, [Some(generous(volume_ul(5), MIN)), None, None, None]);
    rig.press();
    rig.run_until(10 * MIN);
    rig
}

/// I4, I5.
#[test]
fn a_new_subject_has_empty_windows_and_no_lockout() {
    let p = strict();
    let mut rig = pressed(&p);
    assert_eq!(rig.pump.remembered(rig.pump_now()).given, [Steps(100); 3]);
    assert_eq!(rig.new_subject(), Err(NotStill), "not while it infuses");
    rig.command(Command::Pause);
    assert_eq!(rig.new_subject(), Err(NotStill), "nor while it is paused");
    rig.command(Command::Stop);
    rig.new_subject().expect("a pump that was stopped");
    assert_eq!(rig.pump.state(), State::Disarmed);
    let told = rig.events.last().expect("it tells").kind;
    let (given, boluses) = (Steps(100), 1);
    assert_eq!(told, EventKind::NewSubject { given, boluses });
    rig.arm(&p);
    rig.command(Command::Start);
    rig.press();
    assert_eq!(rig.refusals(), vec![]);
}

/// What a new subject clears stays cleared over a loss of power, and nothing else is.
#[test]
fn after_a_restart_the_new_subject_is_still_new() {
    let p = strict();
    let mut rig = pressed(&p);
    rig.command(Command::Stop);
    let content = rig.pump.remembered(rig.pump_now()).reservoir;
    rig.new_subject().expect("a pump that was stopped");
    rig.lose_power(MIN);
    let now = rig.pump.remembered(rig.pump_now());
    assert_eq!((now.given, now.boluses), ([Steps(0); 3], 0));
    assert_eq!(now.reservoir, content, "the reservoir is the pump's");
    rig.arm(&p);
    rig.command(Command::Start);
    rig.press();
    assert_eq!(rig.refusals(), vec![]);
    rig.run_for(10 * MIN);
    rig.press();
    assert_eq!(
        rig.refusals(),
        vec![Reason::Lockout],
        "and counts from here"
    );
}

/// Whatever was before.
#[test]
fn i4_i5_after_a_new_subject_nothing_is_remembered_and_nothing_of_the_pumps_is_lost() {
    holds(case(), |case| {
        let mut rig = play(case).rig;
        rig.command(Command::Stop);
        let before = rig.pump.remembered(rig.pump_now());
        rig.new_subject()
            .map_err(|_| String::from("it is not still"))?;
        let bytes = written(&rig.pump.checkpoint());
        let saved = Checkpoint::decode(&bytes).map_err(|flaw| format!("{flaw}"))?;
        for pump in [&*rig.pump, &Pump::restore(&saved, Steps::ZERO, saved.at())] {
            let after = pump.remembered(rig.pump_now());
            let cleared = after.given == [Steps::ZERO; 3] && after.boluses == 0;
            let kept = (after.reservoir, after.residue, after.unacknowledged)
                == (before.reservoir, before.residue, before.unacknowledged);
            if !cleared || !kept {
                return Err(format!("{before:?} became {after:?}"));
            }
        }
        Ok(())
    });
}

/// Uncertain volume waits for somebody who arms, over any number of restarts.
#[test]
fn what_is_uncertain_stays_to_be_acknowledged_until_an_arming() {
    let rate = ul_per_h(360);
    let mut p = roomy();
    p.regimens[0] = Some(basal(rate));
    let mut rig = Rig::new(&p, [Some(steady(rate)), None, None, None]);
    rig.run_until(MIN);
    rig.lose_power(0);
    let first = rig.pump.remembered(rig.pump_now()).unacknowledged;
    assert!(first > Steps::ZERO);
    for _ in 0..3 {
        rig.lose_power(MIN);
        assert!(rig.pump.alarms().contains(Alarm::Uncertain));
        assert_eq!(rig.pump.remembered(rig.pump_now()).unacknowledged, first);
    }
    rig.arm(&p);
    assert!(!rig.pump.alarms().contains(Alarm::Uncertain));
    rig.lose_power(MIN);
    let alarms = rig.pump.alarms();
    assert!(alarms.contains(Alarm::Restarted) && !alarms.contains(Alarm::Uncertain));
}

/// The most steps of any hour, where the controller is started anew in the middle of a bolus
/// and what was given by then is only known as credit.
fn most_in_an_hour() -> usize {
    let mut p = roomy();
    p.caps.h1 = Some(Steps(105));
    p.regimens[0] = Some(demand(volume_ul(5), MIN, MIN));
    let slow = generous(volume_ul(5), 10 * MIN);
    let mut rig = Rig::new(&p, [Some(slow), None, None, None]);
    rig.press();
    // The journal answers once, for the first credit, and not again.
    rig.run_for(MIN);
    rig.journal = false;
    rig.run_until(9 * MIN + 30 * S);
    rig.journal = true;
    rig.lose_daemon(0);
    rig.strategies[0] = Some(generous(volume_ul(5), MIN));
    rig.arm(&p);
    rig.command(Command::Start);
    for _ in 0..70 {
        rig.run_for(MIN);
        rig.press();
    }
    let edges = &rig.edges;
    let hour = |last: &u64| {
        edges
            .iter()
            .filter(|at| *at <= last && **at + H > *last)
            .count()
    };
    edges.iter().map(hour).max().unwrap_or(0)
}

/// I4: U is dated at the restart, so nothing of it leaves a window too early.
#[test]
fn what_was_given_shortly_before_a_restart_fills_the_hour_after_it() {
    let most = most_in_an_hour();
    assert!(most <= 105, "{most} steps");
}

#[test]
fn a_twin_that_dates_the_uncertain_at_the_checkpoint_overfills_the_hour() {
    let most = twin::with(Twin::RestartUndated, most_in_an_hour);
    assert!(most > 105, "{most} steps");
}
