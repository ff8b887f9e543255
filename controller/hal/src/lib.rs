//! The pump as two traits: what turns, and what watches the line.
//!
//! A [`Motor`] takes single steps. A [`FluidPath`] says whether the way to the patient is
//! sound. They are two traits because two threads own them in the daemon: the loop steps,
//! another thread waits for the line events of occlusion, air, door and stall. Whoever
//! drives a pump (the simulator in virtual time, the daemon in real time) is generic over
//! them and knows nothing of pins.
//!
//! Three rules hold for every implementation, and [`conformance`] tests them on each:
//!
//! - **The edge is the truth.** [`Motor::step`] answers `Ok` if and only if one pulse went
//!   out on the STEP line. The ledger counts these answers and nothing else, so an
//!   implementation never swallows an error and never repeats a pulse to be sure.
//! - **Disabled means still.** A step of a disabled motor is refused, and no pulse goes out.
//! - **A sensor that can't be read is a fault** ([`SensorLost`]), never a reading of "all
//!   is well" (W11).
//!
//! This crate decides nothing: no retries, no pacing, no limits. When a step is due, and
//! whether one may be given at all, is the control law's business.
//!
//! [`SimulatedPump`] is the pump of the simulator. It counts the edges on its line by
//! itself, so that a test can hold that count against the ledger's, and its reservoir runs
//! empty whatever the ledger believes:
//!
//! ```
//! use pump_core::quantity::Steps;
//! use pump_hal::{FluidPath, Motor, MotorFault, Sensor, SimulatedPump};
//!
//! let mut pump = SimulatedPump::new(Steps(1));
//! assert_eq!(pump.step(), Err(MotorFault::Disabled));
//! pump.set_enabled(true)?;
//! pump.step()?;
//! pump.step()?;
//! assert_eq!(pump.edges(), 2, "both pulses went out");
//! assert_eq!(pump.given(), Steps(1), "but there was only one step's volume to give");
//!
//! pump.switch(Sensor::Door, true);
//! assert!(pump.sensors().is_ok_and(|lines| lines.door));
//! # Ok::<(), MotorFault>(())
//! ```
#![forbid(unsafe_code)]

pub mod conformance;
mod simulated;

use std::error::Error;
use std::fmt;

use pump_core::pump::Sensors;

pub use simulated::SimulatedPump;

/// A stepper motor that gives a fixed volume per step.
pub trait Motor {
    /// Energises the motor or lets it go. Asking for the state it is in does nothing.
    ///
    /// # Errors
    ///
    /// [`MotorFault::Refused`] where the driver did not take the change. The motor must
    /// then be taken for disabled *and* possibly energised.
    fn set_enabled(&mut self, enabled: bool) -> Result<(), MotorFault>;

    /// Sends one pulse, forward.
    ///
    /// # Errors
    ///
    /// [`MotorFault::Disabled`]: no pulse went out. [`MotorFault::Refused`]: the driver did
    /// not accept the pulse; whether the motor moved is unknown.
    fn step(&mut self) -> Result<(), MotorFault>;
}

/// The sensors along the fluid path.
pub trait FluidPath {
    /// The state of the lines now; true is bad.
    ///
    /// # Errors
    ///
    /// [`SensorLost`] where any of them can't be read.
    fn sensors(&mut self) -> Result<Sensors, SensorLost>;
}

/// Why a motor did not do what it was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MotorFault {
    /// The motor is not enabled; nothing moved.
    Disabled,
    /// The driver refused; whether anything moved is unknown.
    Refused,
}

impl fmt::Display for MotorFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Disabled => "the motor is not enabled",
            Self::Refused => "the motor's driver refused the change of a line",
        })
    }
}

impl Error for MotorFault {}

/// One of the lines of a [`FluidPath`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sensor {
    /// The line is blocked downstream.
    Occlusion,
    /// There is air in the line.
    Air,
    /// The motor does not turn.
    Stall,
    /// The door is open.
    Door,
}

impl Sensor {
    /// Every sensor.
    pub const ALL: [Self; 4] = [Self::Occlusion, Self::Air, Self::Stall, Self::Door];

    /// The name an operator knows it by.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Occlusion => "occlusion",
            Self::Air => "air",
            Self::Stall => "stall",
            Self::Door => "door",
        }
    }

    /// Its line in a reading.
    pub const fn read(self, lines: &Sensors) -> bool {
        match self {
            Self::Occlusion => lines.occlusion,
            Self::Air => lines.air,
            Self::Stall => lines.stall,
            Self::Door => lines.door,
        }
    }

    /// Sets its line in a reading.
    pub const fn write(self, lines: &mut Sensors, bad: bool) {
        match self {
            Self::Occlusion => lines.occlusion = bad,
            Self::Air => lines.air = bad,
            Self::Stall => lines.stall = bad,
            Self::Door => lines.door = bad,
        }
    }
}

/// A sensor could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SensorLost(pub Sensor);

impl fmt::Display for SensorLost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the {} sensor can't be read", self.0.name())
    }
}

impl Error for SensorLost {}
