//! Air in the line: what may pass, and the step at which it may not (W04).

extern crate std;

use std::vec::Vec;

use super::rig::*;
use crate::alarm::Alarm;
use crate::prescription::*;
use crate::pump::{Command, State};
use crate::quantity::{Nanoseconds, Steps};
use crate::twin::{self, Twin};

/// Two steps a second; 20 steps of air in a bubble, 50 in an hour.
fn with_limits() -> Rig {
    let rate = ul_per_h(360);
    let mut p = roomy();
    p.air = Some(AirLimits {
        max_bubble: Steps(20),
        max_total: Steps(50),
        within: Nanoseconds(H),
    });
    p.regimens[0] = Some(basal(rate));
    let mut rig = Rig::new(&p, [Some(steady(rate)), None, None, None]);
    rig.run_until(MIN);
    rig
}

/// Air is seen for so long, then none for a second.
fn bubble(rig: &mut Rig, long: u64) {
    rig.sensors.air = true;
    rig.run_for(long);
    rig.sensors.air = false;
    rig.run_for(S);
}

fn stopped(rig: &Rig) -> bool {
    let alarms: Vec<Alarm> = rig.pump.alarms().iter().collect();
    assert!(alarms.is_empty() || alarms == [Alarm::AirInLine]);
    !alarms.is_empty() && rig.pump.state() == State::Faulted
}

#[test]
fn a_bubble_of_the_limit_passes_and_the_step_beyond_it_is_not_given() {
    let mut rig = with_limits();
    bubble(&mut rig, 10 * S);
    assert!(!stopped(&rig), "20 steps of air");
    let mut rig = with_limits();
    let before = rig.edges.len();
    bubble(&mut rig, 10 * S + 500 * MS);
    assert!(stopped(&rig), "the 21st step of air");
    assert_eq!(rig.edges.len() - before, 20);
}

#[test]
fn bubbles_add_up_to_their_limit_and_an_hour_later_no_more() {
    let mut rig = with_limits();
    let from = rig.now;
    for _ in 0..5 {
        bubble(&mut rig, 5 * S);
    }
    assert!(!stopped(&rig), "50 steps of air");
    // Just inside the hour there is still room for none.
    rig.run_until(from + H);
    let before = rig.edges.len();
    bubble(&mut rig, 5 * S);
    assert!(stopped(&rig));
    assert_eq!(rig.edges.len(), before);
    // All of it has left, the slot that is partly inside too.
    rig.run_until(from + H + 3 * MIN);
    rig.command(Command::Resume);
    for _ in 0..5 {
        bubble(&mut rig, 5 * S);
    }
    assert!(!stopped(&rig));
}

#[test]
fn neither_arming_nor_a_loss_of_power_makes_room_for_more_air() {
    for power in [true, false] {
        let mut rig = with_limits();
        let p = *rig.pump.armed().expect("it is armed");
        for _ in 0..4 {
            bubble(&mut rig, 5 * S);
        }
        if power {
            rig.run_for(3 * MIN);
            rig.lose_power(0);
        } else {
            rig.command(Command::Stop);
        }
        rig.arm(&p);
        rig.command(Command::Start);
        rig.run_for(MIN);
        let before = rig.edges.len();
        rig.sensors.air = true;
        rig.run_for(MIN);
        assert!(stopped(&rig));
        assert!(rig.edges.len() - before <= 10);
    }
}

/// What may have been given when the power was lost may have been air, where some was passing.
#[test]
fn what_is_uncertain_in_a_bubble_counts_as_air() {
    let mut rig = with_limits();
    let p = *rig.pump.armed().expect("it is armed");
    rig.sensors.air = true;
    rig.run_for(2 * S);
    rig.command(clinician(1, MIN)); // its credit brings a checkpoint
    rig.run_for(S);
    rig.lose_power(0);
    rig.arm(&p);
    rig.command(Command::Start);
    assert_ne!(rig.pump.state(), State::Infusing);
}

#[test]
fn a_pause_in_a_bubble_may_end_and_a_stop_by_air_only_once_it_is_gone() {
    let mut rig = with_limits();
    rig.sensors.air = true;
    rig.run_for(5 * S);
    rig.command(Command::Pause);
    rig.run_for(MIN);
    rig.command(Command::Resume);
    assert_eq!(rig.pump.state(), State::Infusing, "ten steps are left");
    rig.run_for(MIN);
    assert!(stopped(&rig));
    rig.command(Command::Resume);
    assert!(stopped(&rig), "the bubble is still there");
    rig.sensors.air = false;
    rig.command(Command::Resume);
    assert_eq!(rig.pump.state(), State::Infusing);
}

#[test]
fn without_limits_any_air_stops_at_once() {
    let mut rig = with_limits();
    let mut p = *rig.pump.armed().expect("it is armed");
    rig.command(Command::Stop);
    p.air = None;
    rig.arm(&p);
    rig.command(Command::Start);
    rig.run_for(MIN + 100 * MS);
    let before = rig.edges.len();
    rig.sensors.air = true;
    rig.run_for(0);
    assert!(stopped(&rig));
    assert_eq!(rig.edges.len(), before);
}

#[test]
fn a_twin_that_does_not_count_air_is_caught() {
    twin::with(Twin::AirForgotten, || {
        let mut rig = with_limits();
        bubble(&mut rig, MIN);
        assert!(!stopped(&rig), "the twin is the pump it should not be");
    });
}

#[test]
fn the_time_of_the_sliding_count_has_its_range() {
    let mut p = roomy();
    for (within, good) in [(MIN - 1, false), (MIN, true), (DAY, true), (DAY + 1, false)] {
        p.air = Some(AirLimits {
            max_bubble: Steps(1),
            max_total: Steps(1),
            within: Nanoseconds(within),
        });
        assert_eq!(p.validate() == Ok(()), good, "{within} ns");
    }
}
