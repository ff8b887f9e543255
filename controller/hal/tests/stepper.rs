//! The logic of a driver over lines that remember everything and fail when told to.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use pump_core::quantity::{MonoNs, Nanoseconds};
use pump_hal::StepperLines;
use pump_hal::bench::bench;
use pump_hal::{Brake, DriverLine, Heartbeat, HeartbeatLine, Level, LineError, LiveMotor};
use pump_hal::{Mechanics, Motor, MotorFault, OutputLine, Polarity, SharedLine, Stepper};

const BUSY: LineError = LineError { errno: 16 };

/// What to do the next time the line is driven.
type Hook = Box<dyn FnOnce() + Send>;

#[derive(Default)]
struct State {
    driven: Vec<Level>,
    /// The answers to come; `Ok` when there is none left.
    answers: VecDeque<Result<(), LineError>>,
    before: Option<Hook>,
    after: Option<Hook>,
}

/// A line and the hand on it.
#[derive(Clone, Default)]
struct Fake(Arc<Mutex<State>>);

impl Fake {
    fn with<T>(&self, with: impl FnOnce(&mut State) -> T) -> T {
        with(&mut self.0.lock().expect("no test panics while it holds it"))
    }

    /// What it was driven to since it was last asked.
    fn driven(&self) -> Vec<Level> {
        self.with(|state| std::mem::take(&mut state.driven))
    }

    fn will_answer(&self, answers: &[Result<(), LineError>]) {
        self.with(|state| state.answers.extend(answers));
    }

    fn drive_it(&self, level: Level) -> Result<(), LineError> {
        if let Some(before) = self.with(|state| state.before.take()) {
            before();
        }
        let answer = self.with(|state| {
            let answer = state.answers.pop_front().unwrap_or(Ok(()));
            if answer.is_ok() {
                state.driven.push(level);
            }
            answer
        });
        if let Some(after) = self.with(|state| state.after.take()) {
            after();
        }
        answer
    }
}

impl OutputLine for Fake {
    fn drive(&mut self, level: Level) -> Result<(), LineError> {
        self.drive_it(level)
    }
}

impl SharedLine for Fake {
    fn drive(&self, level: Level) -> Result<(), LineError> {
        self.drive_it(level)
    }
}

struct Rig {
    motor: Stepper<Fake, Fake>,
    step: Fake,
    enable: Fake,
}

fn rig(step_polarity: Polarity, enable_polarity: Polarity, mechanics: Mechanics) -> Rig {
    let (step, enable) = (Fake::default(), Fake::default());
    let lines = StepperLines {
        step: (step.clone(), step_polarity),
        enable: (enable.clone(), enable_polarity),
    };
    let motor = Stepper::new(lines, None, mechanics).expect("sound lines");
    Rig {
        motor,
        step,
        enable,
    }
}

/// A motor as most are: STEP active high, ENABLE active low.
fn usual() -> Rig {
    let rig = rig(
        Polarity::ActiveHigh,
        Polarity::ActiveLow,
        Mechanics::default(),
    );
    let _ = (rig.step.driven(), rig.enable.driven());
    rig
}

const ON: Level = Level::Low;
const OFF: Level = Level::High;

#[test]
fn every_polarity_means_what_it_says() {
    use Level::{High, Low};
    use Polarity::{ActiveHigh, ActiveLow};
    for (step_polarity, on, off) in [(ActiveHigh, High, Low), (ActiveLow, Low, High)] {
        for (enable_polarity, energised, free) in [(ActiveHigh, High, Low), (ActiveLow, Low, High)]
        {
            let mut rig = rig(step_polarity, enable_polarity, Mechanics::default());
            assert_eq!(rig.step.driven(), [off], "a new motor is still");
            assert_eq!(rig.enable.driven(), [free], "and off");
            assert_eq!(rig.motor.set_enabled(true), Ok(()));
            assert_eq!(rig.motor.step(), Ok(()));
            assert_eq!(rig.step.driven(), [on, off]);
            assert_eq!(rig.enable.driven(), [energised]);
            assert_eq!(rig.motor.brake().cut(), Ok(()));
            assert_eq!(rig.enable.driven(), [free]);
        }
    }
    for polarity in [ActiveHigh, ActiveLow] {
        for on in [true, false] {
            assert_eq!(polarity.is_on(polarity.level(on)), on);
        }
    }
}

#[test]
fn d13_dir_is_set_forward_once_and_never_again() {
    let (step, enable, dir) = (Fake::default(), Fake::default(), Fake::default());
    let lines = StepperLines {
        step: (step, Polarity::ActiveHigh),
        enable: (enable, Polarity::ActiveLow),
    };
    let forward = Some((dir.clone(), Level::High));
    let mut motor = Stepper::new(lines, forward, Mechanics::default()).expect("sound lines");
    assert_eq!(motor.set_enabled(true), Ok(()));
    for _ in 0..10 {
        assert_eq!(motor.step(), Ok(()));
    }
    assert_eq!(dir.driven(), [Level::High]);
}

#[test]
fn a_line_that_takes_no_change_is_found_when_the_motor_is_made() {
    for broken in [DriverLine::Enable, DriverLine::Step, DriverLine::Dir] {
        let (step, enable, dir) = (Fake::default(), Fake::default(), Fake::default());
        match broken {
            DriverLine::Step => step.will_answer(&[Err(BUSY)]),
            DriverLine::Enable => enable.will_answer(&[Err(BUSY)]),
            DriverLine::Dir => dir.will_answer(&[Err(BUSY)]),
        }
        let lines = StepperLines {
            step: (step, Polarity::ActiveHigh),
            enable: (enable, Polarity::ActiveLow),
        };
        let made = Stepper::new(lines, Some((dir, Level::High)), Mechanics::default());
        assert_eq!(made.err(), Some((broken, BUSY)));
    }
}

#[test]
fn a_pulse_that_never_rose_is_refused_and_the_reason_kept() {
    let mut rig = usual();
    assert_eq!(rig.motor.set_enabled(true), Ok(()));
    rig.step.will_answer(&[Err(BUSY)]);
    assert_eq!(rig.motor.step(), Err(MotorFault::Refused));
    assert_eq!(rig.motor.last_error(), Some(BUSY));
    assert_eq!(rig.step.driven(), [], "it is not repeated to be sure");
}

#[test]
fn a_pulse_that_never_fell_is_refused_and_the_next_makes_a_real_edge() {
    let mut rig = usual();
    assert_eq!(rig.motor.set_enabled(true), Ok(()));
    rig.step.will_answer(&[Ok(()), Err(BUSY)]);
    assert_eq!(rig.motor.step(), Err(MotorFault::Refused));
    assert_eq!(rig.step.driven(), [Level::High], "the line hangs");

    rig.step.will_answer(&[Err(BUSY)]);
    assert_eq!(rig.motor.step(), Err(MotorFault::Refused));
    assert_eq!(rig.step.driven(), [], "without an edge there is no step");

    assert_eq!(rig.motor.step(), Ok(()));
    assert_eq!(rig.step.driven(), [Level::Low, Level::High, Level::Low]);
}

#[test]
fn a_motor_that_would_not_go_off_is_told_again() {
    let mut rig = usual();
    assert_eq!(rig.motor.set_enabled(true), Ok(()));
    rig.enable.will_answer(&[Err(BUSY)]);
    assert_eq!(rig.motor.set_enabled(false), Err(MotorFault::Refused));
    assert_eq!(rig.motor.step(), Err(MotorFault::Disabled));
    assert_eq!(rig.motor.set_enabled(false), Ok(()));
    assert_eq!(rig.enable.driven(), [ON, OFF]);
}

#[test]
fn a_motor_that_would_not_go_on_takes_no_step_and_can_be_let_go() {
    let mut rig = usual();
    rig.enable.will_answer(&[Err(BUSY)]);
    assert_eq!(rig.motor.set_enabled(true), Err(MotorFault::Refused));
    assert_eq!(rig.motor.step(), Err(MotorFault::Disabled));
    assert_eq!(rig.motor.set_enabled(false), Ok(()));
    assert_eq!(
        rig.enable.driven(),
        [OFF],
        "what is unknown is driven, not assumed"
    );
}

#[test]
fn a_brake_that_could_not_drive_the_line_still_holds() {
    let mut rig = usual();
    assert_eq!(rig.motor.set_enabled(true), Ok(()));
    let brake = rig.motor.brake();
    rig.enable.will_answer(&[Err(BUSY)]);
    assert_eq!(brake.cut(), Err(MotorFault::Refused));
    assert!(brake.is_cut());
    assert_eq!(rig.motor.step(), Err(MotorFault::Braked));
    assert_eq!(brake.cut(), Ok(()), "cutting again drives again");
    assert_eq!(rig.enable.driven(), [ON, OFF]);
}

/// Runs `race` at one of the two points at which enabling can be raced.
fn enabling_raced(before: bool, race: impl FnOnce(&dyn Brake) + Send + 'static) -> Rig {
    let mut rig = usual();
    let brake = rig.motor.brake();
    let hook: Hook = Box::new(move || race(&*brake));
    rig.enable.with(|state| {
        if before {
            state.before = Some(hook);
        } else {
            state.after = Some(hook);
        }
    });
    assert_eq!(rig.motor.set_enabled(true), Err(MotorFault::Braked));
    rig
}

#[test]
fn enabling_that_races_with_a_cut_ends_disabled() {
    for before in [true, false] {
        let mut rig = enabling_raced(before, |brake| assert_eq!(brake.cut(), Ok(())));
        assert_eq!(rig.enable.driven().last(), Some(&OFF), "before: {before}");
        assert_eq!(rig.motor.step(), Err(MotorFault::Braked));
    }
}

#[test]
fn enabling_that_races_with_a_cut_and_its_release_ends_disabled_too() {
    for before in [true, false] {
        let mut rig = enabling_raced(before, |brake| {
            assert_eq!(brake.cut(), Ok(()));
            brake.release();
        });
        assert_eq!(rig.enable.driven().last(), Some(&OFF), "before: {before}");
        assert_eq!(rig.motor.step(), Err(MotorFault::Disabled));
        assert_eq!(rig.motor.set_enabled(true), Ok(()));
        assert_eq!(rig.motor.step(), Ok(()));
    }
}

#[test]
fn a_step_cut_in_the_middle_of_its_pulse_is_uncertain() {
    let mut rig = usual();
    assert_eq!(rig.motor.set_enabled(true), Ok(()));
    let brake = rig.motor.brake();
    let cut: Hook = Box::new(move || assert_eq!(brake.cut(), Ok(())));
    rig.step.with(|state| state.after = Some(cut));
    assert_eq!(rig.motor.step(), Err(MotorFault::Refused));
    assert_eq!(rig.motor.step(), Err(MotorFault::Braked));
    assert_eq!(rig.step.driven(), [Level::High, Level::Low]);
}

#[test]
fn a_step_before_the_motor_has_settled_is_refused_at_once_and_nothing_moves() {
    let mechanics = Mechanics {
        enable_settle: Nanoseconds::from_mins(60),
        ..Mechanics::default()
    };
    let mut rig = rig(Polarity::ActiveHigh, Polarity::ActiveLow, mechanics);
    let _ = rig.step.driven();
    assert_eq!(rig.motor.ready_at(), MonoNs(0));
    assert_eq!(rig.motor.set_enabled(true), Ok(()));
    let ready_at = rig.motor.ready_at();
    assert!(ready_at >= MonoNs(Nanoseconds::from_mins(60).0));
    let fault = rig.motor.step();
    assert_eq!(fault, Err(MotorFault::Settling));
    assert!(fault.is_err_and(MotorFault::is_still));
    assert_eq!(rig.step.driven(), []);
    assert_eq!(rig.motor.set_enabled(true), Ok(()));
    assert_eq!(rig.motor.ready_at(), ready_at, "it is on: nothing anew");
}

#[test]
fn a_pulse_is_held_and_each_change_of_a_line_is_timed() {
    let (mut motor, _inputs, _heart, _bench) = bench(
        pump_core::quantity::Steps(10),
        Mechanics {
            step_pulse: Nanoseconds::from_millis(2),
            ..Mechanics::default()
        },
    );
    let times = Arc::new(Mutex::new(Vec::new()));
    let taken = Arc::clone(&times);
    motor.observe(move |time| taken.lock().expect("no panic").push(time));
    assert_eq!(motor.set_enabled(true), Ok(()));
    let began = std::time::Instant::now();
    assert_eq!(motor.step(), Ok(()));
    // A lower bound holds on any machine, however busy.
    assert!(began.elapsed() >= std::time::Duration::from_millis(2));
    assert!(motor.rehearse().is_ok());
    assert_eq!(motor.set_enabled(false), Ok(()));
    assert_eq!(times.lock().expect("no panic").len(), 5);
}

#[test]
fn each_beat_is_one_change_and_a_beat_that_failed_is_made_up() {
    let line = Fake::default();
    let mut heart = HeartbeatLine::new(line.clone());
    assert_eq!([heart.beat(), heart.beat()], [Ok(()), Ok(())]);
    line.will_answer(&[Err(BUSY)]);
    assert_eq!(heart.beat(), Err(BUSY));
    assert_eq!(heart.beat(), Ok(()));
    assert_eq!(line.driven(), [Level::High, Level::Low, Level::High]);
}

#[test]
fn the_motor_moves_to_its_thread_and_the_brake_to_another() {
    fn movable<T: Send + 'static>(_: &T) {}
    let (motor, inputs, heart, hand) = bench(pump_core::quantity::Steps(1), Mechanics::default());
    movable(&motor);
    movable(&motor.brake());
    movable(&inputs);
    movable(&heart);
    movable(&hand);
}
