//! How each alarm comes about: by its own cause, in each state of the pump in which that can be.
//!
//! The `match` has no arm for "any other", so an alarm without a scenario does not compile.

use super::rig::*;
use crate::alarm::Alarm;
use crate::prescription::*;
use crate::pump::{Command, Inputs, State, Watch};
use crate::quantity::{Nanoseconds, Steps, Volume};
use crate::sensor::Sensor;

pub(super) const STATES: [State; 7] = [
    State::Disarmed,
    State::Armed,
    State::Infusing,
    State::Paused,
    State::Stopped,
    State::Complete,
    State::Faulted,
];

/// In these a line that is bad is an alarm; in the others a start names it.
const DRIVEN: &[State] = &[State::Infusing, State::Paused, State::Faulted];
const INFUSING: &[State] = &[State::Infusing];

/// Content and capacity of the reservoir \[nL\].
const FULL: u64 = 1_000_000_000;

/// What makes an alarm.
#[derive(Clone, Copy)]
pub(super) enum Cause {
    /// A line is bad.
    Line(Sensor),
    /// Somebody outside of the control law says so: it can't see that itself.
    Told(fn(&mut Watch)),
    /// The driver refuses an edge.
    RefusedEdge,
    /// Something was given that no governor has seen.
    Unseen,
    /// The reservoir holds no more than its low mark.
    Low,
    /// The strategy is silent.
    Silence(OnStrategyLoss),
    /// Another prescription with a cap that what was given has passed already.
    LowerCap,
    /// The journal makes nothing durable.
    NoJournal,
    /// The power fails.
    PowerCut,
    /// The same line is bad again and again.
    ThreeStops,
    /// Less is found in the reservoir than the ledger has.
    Residue,
    /// The loop sleeps through every other second.
    Naps,
}

pub(super) struct Scenario {
    pub(super) cause: Cause,
    /// The states in which the cause can be.
    pub(super) may_be_in: &'static [State],
    /// Those of them in which it is an alarm.
    pub(super) alarms_in: &'static [State],
    /// Steps of the minute after it, of a pump that was infusing 120 a minute.
    pub(super) goes_on_with: usize,
}

pub(super) fn scenario(alarm: Alarm) -> Scenario {
    use State::*;
    let of = |cause, may_be_in, alarms_in, goes_on_with| Scenario {
        cause,
        may_be_in,
        alarms_in,
        goes_on_with,
    };
    let line = |sensor| of(Cause::Line(sensor), &STATES, DRIVEN, 0);
    let stops = |told| of(Cause::Told(told), &STATES, &STATES, 0);
    let warns = |told| of(Cause::Told(told), &STATES, &STATES, 120);
    let infusing = |cause, goes_on_with| of(cause, INFUSING, INFUSING, goes_on_with);
    let kvo = OnStrategyLoss::Kvo(ul_per_h(90));
    let hold = OnStrategyLoss::HoldBasal(Nanoseconds::from_mins(30));
    match alarm {
        Alarm::Occlusion => line(Sensor::Occlusion),
        Alarm::AirInLine => line(Sensor::Air),
        Alarm::Stall => line(Sensor::Stall),
        Alarm::DoorOpen => line(Sensor::Door),
        Alarm::ReservoirEmpty => line(Sensor::Reservoir),
        Alarm::SensorLost => of(
            Cause::Told(|watch| watch.sensor_lost = true),
            &STATES,
            DRIVEN,
            0,
        ),
        Alarm::MotorFault => infusing(Cause::RefusedEdge, 0),
        Alarm::OverInfusion => infusing(Cause::Unseen, 0),
        Alarm::RepeatedStop => infusing(Cause::ThreeStops, 0),
        Alarm::InternalError => stops(|watch| watch.internal_error = true),
        Alarm::LoopStalled => stops(|watch| watch.loop_stalled = true),
        Alarm::CountDiffers => stops(|watch| watch.count_differs = true),
        Alarm::InputsStalled => warns(|watch| watch.inputs_stalled = true),
        Alarm::JournalStalled => warns(|watch| watch.journal_stalled = true),
        Alarm::LinkStalled => warns(|watch| watch.link_stalled = true),
        Alarm::ControlStalled => warns(|watch| watch.control_stalled = true),
        Alarm::SelfTestFailed => warns(|watch| watch.self_test_failed = true),
        Alarm::RecordsLost => warns(|watch| watch.records_lost = true),
        Alarm::ReservoirLow => {
            let armed = &[Armed, Infusing, Paused, Stopped, Complete, Faulted];
            of(Cause::Low, &STATES, armed, 120)
        }
        Alarm::StrategyLostStop => infusing(Cause::Silence(OnStrategyLoss::Stop), 0),
        Alarm::StrategyLostKvo => infusing(Cause::Silence(kvo), 30),
        Alarm::StrategyLostHold => infusing(Cause::Silence(hold), 120),
        Alarm::WindowsFull => infusing(Cause::LowerCap, 0),
        Alarm::CreditSpent => infusing(Cause::NoJournal, 0),
        Alarm::Restarted => of(Cause::PowerCut, &STATES, &STATES, 0),
        // Where nothing was on its way since the last credit there is nothing to be uncertain.
        Alarm::Uncertain => {
            let ran = &[Infusing, Paused, Stopped, Complete, Faulted];
            of(Cause::PowerCut, &STATES, ran, 0)
        }
        Alarm::ResidueDiffers => {
            let still = &[Disarmed, Armed, Stopped, Complete, Faulted];
            of(Cause::Residue, &STATES, still, 120)
        }
        Alarm::UnderInfusion => infusing(Cause::Naps, 120),
    }
}

/// Two steps a second. Of a run that shall complete there are two minutes.
pub(super) fn prescribed(cause: Cause, state: State) -> Prescription {
    let mut p = roomy();
    p.regimens[0] = Some(basal(ul_per_h(360)));
    p.caps.h1 = Some(Steps(8_000));
    if state == State::Complete {
        p.vtbi = Some(Steps(240));
    }
    if let Cause::Silence(policy) = cause {
        p.on_strategy_loss = policy;
    }
    p
}

/// A pump in this state, by the way an operator takes; faulted by a cause that is gone and is
/// not the one to be tried.
pub(super) fn brought_to(state: State, cause: Cause) -> Rig {
    let p = prescribed(cause, state);
    let mut rig = Rig::new(&p, [Some(steady(ul_per_h(360))), None, None, None]);
    rig.run_until(MIN);
    match state {
        State::Infusing => {}
        State::Paused => rig.command(Command::Pause),
        State::Stopped => rig.command(Command::Stop),
        State::Complete => rig.run_until(3 * MIN),
        State::Armed => {
            rig.command(Command::Stop);
            rig.arm(&p);
        }
        State::Disarmed => {
            rig.command(Command::Stop);
            rig.disarm().expect("a pump that stands still");
        }
        State::Faulted => {
            let other = match cause {
                Cause::Line(Sensor::Door) => Sensor::Stall,
                _ => Sensor::Door,
            };
            for bad in [true, false] {
                other.write(&mut rig.sensors, bad);
                rig.tick(Inputs::default());
            }
        }
    }
    assert_eq!(rig.pump.state(), state);
    rig
}

fn refill(residue: Option<u64>, content: u64) -> Command {
    Command::Refill {
        residue: residue.map(Volume::from_nl),
        content: Volume::from_nl(content),
    }
}

/// The cause comes, and one tick later the pump knows.
pub(super) fn strike(rig: &mut Rig, cause: Cause) {
    match cause {
        Cause::Line(sensor) => sensor.write(&mut rig.sensors, true),
        Cause::Told(tell) => tell(&mut rig.watch),
        Cause::RefusedEdge => {
            rig.refuse_next_edge();
            rig.run_for(S / 2);
        }
        Cause::Unseen => {
            rig.pump.memory.give(Steps(7_880));
            rig.run_for(S / 2);
        }
        Cause::Low => rig.command(refill(None, 50 * 40_000)),
        Cause::Silence(_) => {
            // Its orders live for ever; what ends one is that its process is known dead.
            rig.strategies[0] = None;
            let mut inputs = Inputs::default();
            inputs.lost[0] = true;
            rig.tick(inputs);
        }
        Cause::LowerCap => {
            rig.command(Command::Stop);
            let mut p = *rig.pump.armed().expect("it is armed");
            p.regimens[0] = Some(basal(ul_per_h(3)));
            p.caps.h1 = Some(Steps(100));
            rig.arm(&p);
            rig.command(Command::Start);
        }
        Cause::NoJournal => {
            rig.journal = false;
            rig.run_for(10 * MIN);
        }
        Cause::PowerCut => rig.lose_power(MIN),
        Cause::ThreeStops => {
            for stop in 0..3 {
                if stop > 0 {
                    rig.command(Command::Resume);
                }
                for bad in [true, false] {
                    rig.sensors.door = bad;
                    rig.tick(Inputs::default());
                }
            }
        }
        Cause::Residue => rig.command(refill(Some(FULL - 10_000_000), FULL)),
        Cause::Naps => {
            for _ in 0..8 * 60 {
                rig.oversleep_until(rig.now + S);
                rig.run_for(S);
            }
        }
    }
    rig.tick(Inputs::default());
}

/// The cause goes, where it can, and what has to pass until the pump knows.
pub(super) fn mend(rig: &mut Rig, cause: Cause) {
    match cause {
        Cause::Line(sensor) => sensor.write(&mut rig.sensors, false),
        Cause::Told(_) => rig.watch = Watch::NOTHING_BAD,
        Cause::Low => rig.command(refill(None, FULL)),
        Cause::Silence(_) => {
            rig.strategies[0] = Some(steady(ul_per_h(360)));
            rig.run_for(2 * S);
        }
        Cause::LowerCap => rig.run_for(2 * H),
        Cause::NoJournal => {
            rig.journal = true;
            rig.run_for(S);
        }
        Cause::Naps => rig.run_for(20 * MIN),
        // What has happened has happened.
        Cause::RefusedEdge
        | Cause::Unseen
        | Cause::PowerCut
        | Cause::ThreeStops
        | Cause::Residue => {}
    }
    rig.tick(Inputs::default());
}
