//! The pump as traits: what turns, what stops it from outside, and what watches the line.
//!
//! A [`Motor`] takes single steps. A [`FluidPath`] says whether the way to the patient is
//! sound. They are two traits because two threads own them in the daemon: the loop steps,
//! another thread waits for the line events of an [`InputSource`]. A third, above both in
//! priority, holds the motor's [`Brake`]: it drops ENABLE whatever the loop is doing. Whoever
//! drives a pump (the simulator in virtual time, the daemon in real time) is generic over
//! the traits and knows nothing of pins.
//!
//! Four rules hold for every implementation, and [`conformance`] tests them on each:
//!
//! - **The edge is the truth.** [`Motor::step`] answers `Ok` if and only if one pulse went
//!   out on the STEP line. The ledger counts these answers and nothing else, so an
//!   implementation never swallows an error and never repeats a pulse to be sure.
//! - **Disabled means still.** A step of a disabled motor is refused, and no pulse goes out.
//! - **A brake holds.** Once cut, the motor stays disabled until the brake is released *and*
//!   the motor is enabled anew, also where both happen at the same instant.
//! - **A sensor that can't be read is a fault** ([`SensorLost`], [`Reading::Lost`]), never a
//!   reading of "all is well" (W11).
//!
//! This crate decides nothing: no retries, no pacing, no limits. When a step is due, and
//! whether one may be given at all, is the control law's business.
//!
//! # The implementations
//!
//! | | |
//! |---|---|
//! | [`SimulatedPump`] | in memory, without time of its own: the pump of the simulator |
//! | [`Stepper`] | the logic of a STEP/DIR/ENABLE driver, over any lines: polarity, pulse, settling, brake |
//! | [`bench`](mod@bench) | simulated lines under a [`Stepper`], shared with a test or an operator in real time |
//! | [`cdev`] | lines of `/dev/gpiochip*`, for output and as line events |
//! | [`Faulty`], [`Tape`] | around any of them: refuses by script; records every call |
//!
//! [`SimulatedPump`] counts the edges on its line by itself, so that a test can hold that
//! count against the ledger's, and its reservoir runs empty whatever the ledger believes:
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

pub mod bench;
mod brake;
pub mod cdev;
mod clock;
pub mod conformance;
mod debounce;
mod faulty;
mod heartbeat;
mod input;
mod line;
mod motor;
mod sensor;
mod simulated;
mod stepper;
pub mod tape;
mod watcher;

pub use brake::Brake;
pub use clock::now;
pub use faulty::{Faults, Faulty};
pub use heartbeat::{Heartbeat, HeartbeatLine};
pub use input::{Input, InputBatch, InputEvent, InputSource, Loss, Reading};
pub use line::{Level, LineError, OutputLine, Polarity, SharedLine};
pub use motor::{LiveMotor, Motor, MotorFault};
pub use sensor::{FluidPath, Sensor, SensorLost};
pub use simulated::SimulatedPump;
pub use stepper::{DriverLine, Mechanics, Stepper, StepperLines};
pub use tape::Tape;
