//! What the pump is told from outside of the control law, and stops that come again.

extern crate std;

use std::vec::Vec;

use super::rig::*;
use crate::alarm::{Action, Alarm};
use crate::event::{Event, EventKind};
use crate::pump::{Command, Inputs, Sensors, State, Watch};
use crate::quantity::Steps;
use crate::sensor::Sensor;
use crate::twin::{self, Twin};

/// Two steps a second.
fn infusing() -> Rig {
    let rate = ul_per_h(360);
    let mut p = roomy();
    p.regimens[0] = Some(basal(rate));
    let mut rig = Rig::new(&p, [Some(steady(rate)), None, None, None]);
    rig.run_until(MIN);
    rig
}

fn told(rig: &mut Rig, watch: Watch) {
    rig.tick(Inputs {
        watch,
        ..Inputs::default()
    });
}

fn alarms(rig: &Rig) -> Vec<Alarm> {
    rig.pump.alarms().iter().collect()
}

const FINE: Watch = Watch {
    sensor_lost: false,
    inputs_stalled: false,
    journal_stalled: false,
    link_stalled: false,
    control_stalled: false,
    loop_stalled: false,
    count_differs: false,
    internal_error: false,
    self_test_failed: false,
    records_lost: false,
};

/// W08, W12, I7.
#[test]
fn what_is_wrong_with_the_pump_itself_stops_it_until_it_is_armed_again() {
    for (watch, alarm) in [
        (
            Watch {
                loop_stalled: true,
                ..FINE
            },
            Alarm::LoopStalled,
        ),
        (
            Watch {
                count_differs: true,
                ..FINE
            },
            Alarm::CountDiffers,
        ),
        (
            Watch {
                internal_error: true,
                ..FINE
            },
            Alarm::InternalError,
        ),
    ] {
        let mut rig = infusing();
        let before = rig.edges.len();
        told(&mut rig, watch);
        assert_eq!(rig.pump.state(), State::Faulted);
        assert_eq!(alarms(&rig), [alarm]);
        told(&mut rig, FINE);
        rig.command(Command::Resume);
        rig.run_for(MIN);
        assert_eq!(rig.pump.state(), State::Faulted, "only arming clears it");
        assert_eq!(rig.edges.len(), before);
        let p = *rig.pump.armed().expect("it is armed");
        rig.arm(&p);
        rig.command(Command::Start);
        assert_eq!(rig.pump.state(), State::Infusing);
        assert_eq!(alarms(&rig), []);
    }
}

/// W11.
#[test]
fn a_lost_sensor_is_a_fault_and_the_pump_goes_on_only_once_it_is_back() {
    let mut rig = infusing();
    let lost = Watch {
        sensor_lost: true,
        ..FINE
    };
    told(&mut rig, lost);
    assert_eq!(alarms(&rig), [Alarm::SensorLost]);
    rig.tick(Inputs {
        watch: lost,
        command: Some(Command::Resume),
        ..Inputs::default()
    });
    assert_eq!(rig.pump.state(), State::Faulted, "it is still lost");
    told(&mut rig, FINE);
    rig.command(Command::Resume);
    assert_eq!(rig.pump.state(), State::Infusing);
}

/// The threads around the loop may hang; what was granted goes on.
#[test]
fn a_stalled_thread_is_an_alarm_and_moves_no_edge() {
    let planned = {
        let mut rig = infusing();
        rig.run_until(3 * MIN);
        rig.edges
    };
    for (watch, alarm) in [
        (
            Watch {
                inputs_stalled: true,
                ..FINE
            },
            Alarm::InputsStalled,
        ),
        (
            Watch {
                journal_stalled: true,
                ..FINE
            },
            Alarm::JournalStalled,
        ),
        (
            Watch {
                link_stalled: true,
                ..FINE
            },
            Alarm::LinkStalled,
        ),
        (
            Watch {
                control_stalled: true,
                ..FINE
            },
            Alarm::ControlStalled,
        ),
        (
            Watch {
                self_test_failed: true,
                ..FINE
            },
            Alarm::SelfTestFailed,
        ),
    ] {
        assert_eq!(alarm.row().action, Action::Warn);
        let mut rig = infusing();
        told(&mut rig, watch);
        assert_eq!(alarms(&rig), [alarm]);
        told(&mut rig, FINE);
        assert_eq!(alarms(&rig), [], "it clears with its condition");
        rig.run_until(3 * MIN);
        assert_eq!(rig.edges, planned);
    }
}

fn stopped_by_air_and_told_to_go_on(rig: &mut Rig) {
    rig.sensors = Sensors {
        air: true,
        ..Sensors::default()
    };
    rig.tick(Inputs::default());
    rig.sensors = Sensors::default();
    rig.run_for(MIN);
    rig.command(Command::Resume);
}

fn three_stops(gap: u64) -> State {
    let mut rig = infusing();
    for _ in 0..3 {
        rig.run_for(gap);
        stopped_by_air_and_told_to_go_on(&mut rig);
    }
    rig.pump.state()
}

/// W10.
#[test]
fn the_same_stop_for_the_third_time_in_ten_minutes_locks_the_restart_out() {
    assert_eq!(three_stops(MIN), State::Faulted);
    assert_eq!(
        three_stops(5 * MIN),
        State::Infusing,
        "the first is long ago"
    );

    let mut rig = infusing();
    for _ in 0..3 {
        stopped_by_air_and_told_to_go_on(&mut rig);
    }
    assert_eq!(alarms(&rig), [Alarm::AirInLine, Alarm::RepeatedStop]);
    let p = *rig.pump.armed().expect("it is armed");
    rig.arm(&p);
    rig.command(Command::Start);
    stopped_by_air_and_told_to_go_on(&mut rig);
    assert_eq!(rig.pump.state(), State::Infusing, "arming begins anew");
}

/// W10: a lockout is for one cause that comes back, and for a pump that was delivering.
#[test]
fn stops_of_different_causes_and_stops_at_rest_do_not_add_up() {
    let mut rig = infusing();
    stopped_by_air_and_told_to_go_on(&mut rig);
    stopped_by_air_and_told_to_go_on(&mut rig);
    rig.sensors.door = true;
    rig.tick(Inputs::default());
    rig.sensors = Sensors::default();
    rig.run_for(S);
    rig.command(Command::Resume);
    assert_eq!(rig.pump.state(), State::Infusing);
    rig.command(Command::Pause);
    rig.sensors.air = true;
    rig.tick(Inputs::default());
    rig.sensors = Sensors::default();
    rig.command(Command::Resume);
    assert_eq!(rig.pump.state(), State::Infusing);
}

#[test]
fn a_twin_that_forgets_its_stops_is_caught() {
    assert_eq!(
        twin::with(Twin::StopsForgotten, || three_stops(MIN)),
        State::Infusing
    );
}

/// I6: a driver that is late by the tolerance and says it was on time, and the next time is on
/// time, has left three quarters of the shortest interval.
#[test]
fn the_tolerance_is_a_quarter_of_the_shortest_interval() {
    let rig = infusing();
    // 150 mL/h in steps of 50 nL: 833 steps a second.
    assert_eq!(rig.pump.tolerance().0, 1_200_000 / 4);
}

/// P04: a gap in the log is told until somebody has armed again, and stops nothing.
#[test]
fn records_that_were_lost_are_an_alarm_until_the_pump_is_armed_again() {
    let mut rig = infusing();
    let lost = Watch {
        records_lost: true,
        ..FINE
    };
    told(&mut rig, lost);
    told(&mut rig, FINE);
    rig.run_for(MIN);
    assert_eq!(rig.pump.state(), State::Infusing);
    assert_eq!(rig.edges.len(), 240);
    assert_eq!(alarms(&rig), [Alarm::RecordsLost]);
    rig.command(Command::Stop);
    let p = *rig.pump.armed().expect("it is armed");
    rig.arm(&p);
    assert_eq!(alarms(&rig), []);
}

/// W03: the stop says what was given against the blockage; a line that is bad while nothing
/// is given stops nothing.
#[test]
fn a_stop_by_a_blockage_tells_what_was_given_against_it() {
    let mut rig = infusing();
    rig.sensors.occlusion = true;
    let bad = Inputs {
        trapped: Steps(7),
        ..Inputs::default()
    };
    rig.tick(bad);
    rig.tick(bad);
    let told = |event: &Event| match event.kind {
        EventKind::Occluded { trapped } => Some((event.at.0, trapped)),
        _ => None,
    };
    let told: Vec<_> = rig.events.iter().filter_map(told).collect();
    assert_eq!(told, [(MIN, Steps(7))]);
}

/// W12: in every state, armed or not, each change of a line is told once.
#[test]
fn a_stall_has_its_start_and_its_end_in_the_log_whatever_the_pump_does() {
    let line = |rig: &Rig| -> Vec<(u64, Sensor, bool)> {
        let line = |event: &Event| match event.kind {
            EventKind::Line { sensor, bad } => Some((event.at.0, sensor, bad)),
            _ => None,
        };
        rig.events.iter().filter_map(line).collect()
    };
    for (disarmed, sensor) in [true, false]
        .into_iter()
        .flat_map(|disarmed| Sensor::ALL.map(|sensor| (disarmed, sensor)))
    {
        let mut rig = infusing();
        if disarmed {
            rig.command(Command::Stop);
            rig.disarm().expect("a pump that was stopped");
        }
        sensor.write(&mut rig.sensors, true);
        rig.run_for(S);
        rig.run_for(S);
        sensor.write(&mut rig.sensors, false);
        rig.run_for(S);
        let (start, end) = (MIN, MIN + 2 * S);
        let told = line(&rig);
        let ends: Vec<bool> = told.iter().map(|(.., bad)| *bad).collect();
        assert_eq!(ends, [true, false], "{}", sensor.name());
        assert!(told.iter().all(|(_, of, _)| *of == sensor));
        assert!(told[0].0 > start && told[0].0 <= start + S, "{told:?}");
        assert!(told[1].0 > end && told[1].0 <= end + S, "{told:?}");
    }
}
