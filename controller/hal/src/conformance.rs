//! What every pump must do, as one suite that runs against each implementation.
//!
//! An implementation brings a [`Rig`]: a pump together with an independent witness of its
//! STEP line and a hand on its sensors. Then its test is one line:
//!
//! ```
//! use pump_core::quantity::Steps;
//! use pump_hal::conformance::{Rig, every_pump_conforms};
//! use pump_hal::{Sensor, SimulatedPump};
//!
//! struct Bench(SimulatedPump);
//!
//! impl Rig for Bench {
//!     type Pump = SimulatedPump;
//!     fn pump(&mut self) -> &mut SimulatedPump { &mut self.0 }
//!     fn edges_on_the_line(&mut self) -> u64 { self.0.edges() }
//!     fn switch(&mut self, sensor: Sensor, bad: bool) { self.0.switch(sensor, bad) }
//! }
//!
//! every_pump_conforms(|| Bench(SimulatedPump::new(Steps(1_000))));
//! ```

use pump_core::pump::Sensors;

use crate::{FluidPath, LiveMotor, Motor, MotorFault, Sensor};

/// A pump on the bench, wired so that a test can see and touch what the pump can't.
pub trait Rig {
    /// The implementation under test.
    type Pump: Motor + FluidPath;

    /// The pump.
    fn pump(&mut self) -> &mut Self::Pump;

    /// Pulses seen on the STEP line since the rig was made, counted without the pump's help
    /// where that is possible.
    fn edges_on_the_line(&mut self) -> u64;

    /// Makes the line bad or sound again, as seen by a sensor.
    fn switch(&mut self, sensor: Sensor, bad: bool);

    /// Waits until an enabled motor takes a step, where it needs time for that.
    fn settle(&mut self) {}
}

/// A [`Rig`] around a motor in real time.
pub trait LiveRig: Rig {
    /// That motor.
    type Motor: LiveMotor;

    /// The motor inside the pump.
    fn motor(&mut self) -> &mut Self::Motor;

    /// Whether the motor is energised, seen on its ENABLE line.
    fn enable_line(&mut self) -> bool;
}

/// Runs the whole suite, each test on a fresh rig.
///
/// # Panics
///
/// Where the pump does not conform; the message says to what.
pub fn every_pump_conforms<R: Rig>(new_rig: impl Fn() -> R) {
    a_new_pump_is_disabled_and_still(new_rig());
    a_disabled_motor_refuses_and_sends_nothing(new_rig());
    an_accepted_step_is_exactly_one_edge(new_rig());
    enabling_twice_is_enabling_once(new_rig());
    enabling_sends_no_edge(new_rig());
    each_sensor_shows_its_own_condition_and_no_other(new_rig());
}

/// Runs that suite and the one of motors in real time, each test on a fresh rig.
///
/// # Panics
///
/// Where the pump does not conform; the message says to what.
pub fn every_live_pump_conforms<R: LiveRig>(new_rig: impl Fn() -> R) {
    every_pump_conforms(&new_rig);
    the_enable_line_follows_the_motor(new_rig());
    a_cut_motor_is_off_and_refuses_everything(new_rig());
    a_released_brake_enables_nothing_by_itself(new_rig());
    every_brake_of_a_motor_is_the_same(new_rig());
    a_brake_cut_from_another_thread_always_has_the_last_word(new_rig());
}

fn enable<R: Rig>(rig: &mut R) {
    assert_eq!(rig.pump().set_enabled(true), Ok(()), "it can be enabled");
    rig.settle();
}

fn the_enable_line_follows_the_motor<R: LiveRig>(mut rig: R) {
    assert!(!rig.enable_line(), "a new motor is off");
    for enabled in [true, true, false, false, true, false] {
        assert_eq!(rig.pump().set_enabled(enabled), Ok(()));
        assert_eq!(rig.enable_line(), enabled, "the line is as the motor says");
    }
}

fn a_cut_motor_is_off_and_refuses_everything<R: LiveRig>(mut rig: R) {
    let brake = rig.motor().brake();
    enable(&mut rig);
    assert_eq!(rig.pump().step(), Ok(()));
    for _ in 0..2 {
        assert_eq!(brake.cut(), Ok(()), "cutting twice is cutting");
        assert!(brake.is_cut() && !rig.enable_line(), "a cut is immediate");
        assert_eq!(rig.pump().step(), Err(MotorFault::Braked));
        let enabled = rig.pump().set_enabled(true);
        assert_eq!(enabled, Err(MotorFault::Braked));
        assert!(!rig.enable_line(), "a brake holds");
    }
    assert_eq!(rig.pump().set_enabled(false), Ok(()), "off is always fine");
    assert_eq!(rig.edges_on_the_line(), 1, "nothing came after the cut");
}

fn a_released_brake_enables_nothing_by_itself<R: LiveRig>(mut rig: R) {
    let brake = rig.motor().brake();
    enable(&mut rig);
    assert_eq!(brake.cut(), Ok(()));
    brake.release();
    assert!(
        !brake.is_cut() && !rig.enable_line(),
        "a release is no wish"
    );
    assert_eq!(
        rig.pump().step(),
        Err(MotorFault::Disabled),
        "the motor was let go meanwhile"
    );
    enable(&mut rig);
    assert_eq!(rig.pump().step(), Ok(()), "enabled anew it runs");
    assert_eq!(rig.edges_on_the_line(), 1);
}

fn every_brake_of_a_motor_is_the_same<R: LiveRig>(mut rig: R) {
    let (one, other) = (rig.motor().brake(), rig.motor().brake());
    assert_eq!(one.cut(), Ok(()));
    assert!(other.is_cut());
    other.release();
    assert!(!one.is_cut());
}

fn a_brake_cut_from_another_thread_always_has_the_last_word<R: LiveRig>(mut rig: R) {
    let brake = rig.motor().brake();
    for _ in 0..200 {
        brake.release();
        std::thread::scope(|scope| {
            let cut = scope.spawn(|| brake.cut());
            // Whatever these answer depends on who was first.
            let _ = rig.pump().set_enabled(true);
            let _ = rig.pump().step();
            assert_eq!(cut.join().expect("a cut does not panic"), Ok(()));
        });
        assert!(!rig.enable_line(), "after a cut the line is off");
        assert_eq!(rig.pump().step(), Err(MotorFault::Braked));
    }
}

fn a_new_pump_is_disabled_and_still<R: Rig>(mut rig: R) {
    assert_eq!(rig.edges_on_the_line(), 0, "a new pump has sent nothing");
    assert_eq!(
        rig.pump().step(),
        Err(MotorFault::Disabled),
        "a new pump is disabled"
    );
}

fn a_disabled_motor_refuses_and_sends_nothing<R: Rig>(mut rig: R) {
    enable(&mut rig);
    assert_eq!(rig.pump().step(), Ok(()));
    assert_eq!(rig.pump().set_enabled(false), Ok(()));
    let before = rig.edges_on_the_line();
    for _ in 0..10 {
        assert_eq!(
            rig.pump().step(),
            Err(MotorFault::Disabled),
            "disabled means still"
        );
    }
    assert_eq!(
        rig.edges_on_the_line(),
        before,
        "a refused step leaves the line alone"
    );
}

fn an_accepted_step_is_exactly_one_edge<R: Rig>(mut rig: R) {
    enable(&mut rig);
    for n in 1..=100 {
        assert_eq!(rig.pump().step(), Ok(()));
        assert_eq!(rig.edges_on_the_line(), n, "one accepted step, one edge");
    }
}

fn enabling_twice_is_enabling_once<R: Rig>(mut rig: R) {
    for _ in 0..2 {
        enable(&mut rig);
    }
    assert_eq!(rig.pump().step(), Ok(()));
    assert_eq!(rig.pump().set_enabled(false), Ok(()));
    assert_eq!(
        rig.pump().step(),
        Err(MotorFault::Disabled),
        "one call disables, however many enabled"
    );
}

fn enabling_sends_no_edge<R: Rig>(mut rig: R) {
    for enabled in [true, false, true, true, false] {
        assert_eq!(rig.pump().set_enabled(enabled), Ok(()));
    }
    assert_eq!(
        rig.edges_on_the_line(),
        0,
        "the ENABLE line is not the STEP line"
    );
}

fn each_sensor_shows_its_own_condition_and_no_other<R: Rig>(mut rig: R) {
    assert_eq!(
        rig.pump().sensors(),
        Ok(Sensors::default()),
        "a new line is sound"
    );
    for bad in Sensor::ALL {
        rig.switch(bad, true);
        let lines = rig.pump().sensors();
        for sensor in Sensor::ALL {
            assert_eq!(
                lines.map(|lines| sensor.read(&lines)),
                Ok(sensor == bad),
                "the {} line while the {} sensor is bad",
                sensor.name(),
                bad.name()
            );
        }
        rig.switch(bad, false);
        assert_eq!(
            rig.pump().sensors(),
            Ok(Sensors::default()),
            "and it is sound again"
        );
    }
}
