//! What the rigs of the suite share.

use std::time::Duration;

use pump_core::pump::Sensors;
use pump_core::quantity::Nanoseconds;
use pump_hal::{FluidPath, LiveMotor, Mechanics, Motor, MotorFault, SensorLost};

/// A motor and its sensors, as one pump.
pub(crate) struct Pump<M, F> {
    pub(crate) motor: M,
    pub(crate) path: F,
}

impl<M: Motor, F> Motor for Pump<M, F> {
    fn set_enabled(&mut self, enabled: bool) -> Result<(), MotorFault> {
        self.motor.set_enabled(enabled)
    }

    fn step(&mut self) -> Result<(), MotorFault> {
        self.motor.step()
    }
}

impl<M, F: FluidPath> FluidPath for Pump<M, F> {
    fn sensors(&mut self) -> Result<Sensors, SensorLost> {
        self.path.sensors()
    }
}

/// Short, so that the suite is quick, and long enough to be refused before.
pub(crate) const MECHANICS: Mechanics = Mechanics {
    step_pulse: Nanoseconds(1_000),
    dir_setup: Nanoseconds(0),
    enable_settle: Nanoseconds(200_000),
};

/// Waits for what the motor itself says.
pub(crate) fn settle(motor: &impl LiveMotor) {
    while pump_hal::now() < motor.ready_at() {
        std::thread::sleep(Duration::from_micros(50));
    }
}
