//! Lines, reservoir and motor: what stops the pump, what it answers then, and how it goes on.

extern crate std;

use std::vec;
use std::vec::Vec;

use super::rig::*;
use crate::alarm::Alarm;
use crate::event::EventKind;
use crate::prescription::*;
use crate::pump::{Command, EdgeFate, Inputs, NotStill, Pump, Sensors, State};
use crate::quantity::{MonoNs, Steps, Volume};
use crate::reason::Reason;

fn alarms(rig: &Rig) -> Vec<Alarm> {
    let raised = |event: &crate::event::Event| match event.kind {
        EventKind::AlarmRaised { alarm } => Some(alarm),
        _ => None,
    };
    rig.events.iter().filter_map(raised).collect()
}

/// D08.
#[test]
fn every_state_answers_a_demand_with_its_reason() {
    let mut p = roomy();
    p.vtbi = Some(Steps(100));
    p.regimens[0] = Some(demand(volume_ul(5), MIN, MIN));
    let new = || Rig::new(&p, [Some(generous(volume_ul(5), MIN)), None, None, None]);
    let mut rig = new();
    rig.command(Command::Pause);
    rig.press();
    rig.command(Command::Stop);
    rig.press();
    assert_eq!(rig.refusals(), vec![Reason::Paused, Reason::Stopped]);
    let mut rig = new();
    rig.press();
    rig.run_until(5 * MIN);
    assert_eq!(rig.pump.state(), State::Complete);
    rig.press();
    assert_eq!(rig.refusals(), vec![Reason::Vtbi]);
    let mut rig = new();
    rig.sensors.occlusion = true;
    rig.press();
    assert_eq!(rig.refusals(), vec![Reason::Alarm]);
}

/// W03.
#[test]
fn each_line_stops_the_pump_at_once_and_it_goes_on_only_when_told() {
    let rate = ul_per_h(360);
    let clear = Sensors::default();
    for (sensors, alarm) in [
        (
            Sensors {
                occlusion: true,
                ..clear
            },
            Alarm::Occlusion,
        ),
        (Sensors { air: true, ..clear }, Alarm::AirInLine),
        (
            Sensors {
                stall: true,
                ..clear
            },
            Alarm::Stall,
        ),
        (
            Sensors {
                door: true,
                ..clear
            },
            Alarm::DoorOpen,
        ),
        (
            Sensors {
                reservoir: true,
                ..clear
            },
            Alarm::ReservoirEmpty,
        ),
    ] {
        let mut p = roomy();
        p.regimens[0] = Some(basal(rate));
        let mut rig = Rig::new(&p, [Some(steady(rate)), None, None, None]);
        rig.run_until(MIN);
        rig.sensors = sensors;
        rig.tick(Inputs::default());
        rig.run_until(2 * MIN);
        assert_eq!(rig.edges.len(), 120);
        assert_eq!(
            (rig.pump.state(), alarms(&rig)),
            (State::Faulted, vec![alarm])
        );
        rig.command(Command::Resume);
        assert_eq!(rig.pump.state(), State::Faulted, "the cause is still there");
        rig.sensors = clear;
        rig.run_until(3 * MIN);
        assert_eq!(rig.edges.len(), 120, "nothing resumes by itself");
        rig.command(Command::Resume);
        rig.run_until(4 * MIN);
        assert_eq!(rig.edges.len(), 240);
    }
}

/// D12, a fault stop.
#[test]
fn an_edge_due_at_the_instant_of_a_fault_is_given_and_a_late_one_is_missed() {
    let rate = ul_per_h(360);
    for (late, given, missed) in [(0, 120, 0), (1, 119, 1)] {
        let mut p = roomy();
        p.regimens[0] = Some(basal(rate));
        let mut rig = Rig::new(&p, [Some(steady(rate)), None, None, None]);
        rig.run_until(MIN - 1);
        rig.sensors.occlusion = true;
        rig.oversleep_until(MIN + late);
        rig.run_until(2 * MIN);
        let ledger = rig.pump.ledger().unwrap();
        assert_eq!((rig.edges.len(), ledger.missed), (given, Steps(missed)));
    }
}

#[test]
fn a_refused_edge_is_uncertain_and_a_motor_fault_that_only_arming_clears() {
    let rate = ul_per_h(360);
    let mut p = roomy();
    p.regimens[0] = Some(basal(rate));
    let mut rig = Rig::new(&p, [Some(steady(rate)), None, None, None]);
    rig.run_until(MIN);
    rig.refuse_next_edge();
    rig.run_until(2 * MIN);
    assert_eq!(rig.pump.state(), State::Faulted);
    assert_eq!(rig.pump.ledger().unwrap().uncertain, Steps(1));
    rig.command(Command::Resume);
    assert_eq!(rig.pump.state(), State::Faulted);
    rig.arm(&p);
    assert_eq!(rig.pump.state(), State::Armed);
}

#[test]
fn the_reservoir_warns_when_low_and_stops_when_empty() {
    let rate = ul_per_h(3600); // 20 steps a second
    let mut p = roomy();
    p.reservoir = Reservoir {
        volume: Steps(1000),
        low: Steps(400),
        empty: Steps(100),
    };
    p.regimens[0] = Some(basal(rate));
    let mut rig = Rig::new(&p, [Some(steady(rate)), None, None, None]);
    rig.run_until(H);
    assert_eq!(rig.edges.len(), 900);
    assert_eq!(
        alarms(&rig),
        vec![Alarm::ReservoirLow, Alarm::ReservoirEmpty]
    );
    assert_eq!(rig.pump.state(), State::Faulted);
    rig.command(Command::Refill {
        residue: None,
        content: Volume::from_nl(50_000),
    });
    rig.command(Command::Start);
    rig.run_until(2 * H);
    assert_eq!(rig.edges.len(), 1800);
}

#[test]
fn the_same_inputs_give_the_same_outputs() {
    let rate = ul_per_h(3000);
    let mut p = roomy();
    p.regimens[0] = Some(basal(rate));
    let mut rig = Rig::new(&p, [Some(steady(rate)), None, None, None]);
    rig.run_until(MIN);
    let mut one = rig.pump.clone();
    let mut other = rig.pump.clone();
    for n in 0..10_000_u64 {
        let inputs = Inputs {
            edge: EdgeFate::Accepted,
            press: n % 97 == 0,
            command: (n % 701 == 0).then_some(clinician(n % 90, S)),
            credit: Some(Steps(n * 3)),
            ..Inputs::default()
        };
        let now = MonoNs(MIN + n * 10 * MS);
        let tick = |pump: &mut Pump| (pump.tick(now, &inputs), Vec::from(pump.events()));
        assert_eq!(tick(&mut one), tick(&mut other));
    }
    assert_eq!(one, other);
}

#[test]
fn a_pump_is_disarmed_only_while_it_is_still() {
    let rate = ul_per_h(360);
    let mut p = roomy();
    p.regimens[0] = Some(basal(rate));
    let mut rig = Rig::new(&p, [Some(steady(rate)), None, None, None]);
    rig.run_until(MIN);
    let before = rig.pump.clone();
    assert_eq!(rig.disarm(), Err(NotStill));
    assert_eq!(rig.pump, before);
    rig.command(Command::Pause);
    assert_eq!(rig.disarm(), Err(NotStill));
    rig.command(Command::Stop);
    assert_eq!(rig.disarm(), Ok(()));
    assert_eq!(rig.pump.state(), State::Disarmed);
    assert_eq!((rig.pump.armed(), rig.pump.ledger()), (None, None));
    let told = |event: &crate::event::Event| {
        let (from, to) = (State::Stopped, State::Disarmed);
        event.kind == EventKind::State { from, to }
    };
    assert!(rig.events.iter().any(told));
    // Nothing runs, and nothing is asked for, until another prescription is armed.
    rig.command(Command::Start);
    rig.run_for(H);
    assert_eq!(rig.edges.len(), 120);
    assert_eq!(rig.disarm(), Ok(()));
    rig.arm(&p);
    assert_eq!(rig.disarm(), Ok(()), "an arming that failed half-way");
    rig.arm(&p);
    rig.command(Command::Start);
    rig.run_for(MIN);
    assert!(rig.edges.len() > 200);
}

#[test]
fn disarming_keeps_what_the_reservoir_holds_and_the_alarms_about_the_pump() {
    let rate = ul_per_h(360);
    let mut p = roomy();
    p.reservoir.low = Steps(20_000_000);
    p.regimens[0] = Some(basal(rate));
    let mut rig = Rig::new(&p, [Some(steady(rate)), None, None, None]);
    rig.run_until(MIN);
    rig.refuse_next_edge();
    rig.run_for(MIN);
    let content = rig.pump.memory.content();
    assert_eq!(rig.pump.state(), State::Faulted);
    rig.disarm().expect("a pump that stands still");
    assert_eq!(rig.pump.memory.content(), content);
    assert!(content < Steps(20_000_000));
    let left: Vec<Alarm> = rig.pump.alarms().iter().collect();
    assert_eq!(left, vec![Alarm::MotorFault]);
}

#[test]
fn nothing_is_disarmed_while_an_edge_is_on_its_way() {
    let rate = ul_per_h(360);
    let mut p = roomy();
    p.vtbi = Some(Steps(1));
    p.regimens[0] = Some(basal(rate));
    let mut rig = Rig::new(&p, [Some(steady(rate)), None, None, None]);
    rig.run_until(499 * MS);
    assert!(rig.pump.tick(MonoNs(500 * MS), &Inputs::default()).step);
    assert_eq!(rig.pump.state(), State::Complete);
    assert_eq!(rig.pump.disarm(MonoNs(501 * MS)), Err(NotStill));
}
