//! Lines of `/dev/gpiochip*`, through the kernel's character device.
//!
//! A line goes by its own name or by its chip's label and its offset. It is looked for on
//! every chip there is, and one that two chips have refuses: which was meant can't be known.
//!
//! Nothing here ever asks the kernel for ACTIVE_LOW; a level is the electrical one, and
//! [`Polarity`] says what it means. An output is requested with the level that means off, so
//! ENABLE does not flicker while a program starts. When the program ends, some drivers
//! (`gpio-omap`) turn its lines into inputs and others leave them as they are: what then holds
//! ENABLE off is a resistor, not this code.
//!
//! ```no_run
//! use pump_hal::cdev::{self, LineName, MotorWires, Wire};
//! use pump_hal::{LiveMotor, Mechanics, Motor, Polarity};
//!
//! let wire = |name: &str, polarity| Wire { line: LineName::Name(name.into()), polarity };
//! let wires = MotorWires {
//!     step: wire("P9_12", Polarity::ActiveHigh),
//!     enable: wire("P8_16", Polarity::ActiveLow),
//!     dir: None,
//! };
//! let mut motor = cdev::motor(&wires, Mechanics::default())?;
//! let brake = motor.brake();
//! motor.set_enabled(true)?;
//! motor.step()?;
//! brake.cut()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod find;
mod watch;

use std::error::Error;
use std::fmt;

use embedded_hal::digital::{OutputPin, PinState};
use gpio_cdev::{LineHandle, LineRequestFlags};
use linux_embedded_hal::CdevPin;

use crate::{HeartbeatLine, Level, LineError, Mechanics, OutputLine, Polarity, SharedLine};
use crate::{Stepper, StepperLines};

pub use watch::{InputEvents, InputWire, inputs};

/// The name under which the kernel lists our lines.
const CONSUMER: &str = "pumpd";

/// How a line is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LineName {
    /// By its own name, on whichever chip.
    Name(String),
    /// By the chip's label and the line's offset on it.
    Offset {
        /// The chip's label.
        chip: String,
        /// The offset.
        offset: u32,
    },
}

impl fmt::Display for LineName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Offset { chip, offset } => write!(f, "{chip}:{offset}"),
        }
    }
}

/// A line and the level that means on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wire {
    /// Which line.
    pub line: LineName,
    /// What its levels mean.
    pub polarity: Polarity,
}

/// The lines of a motor's driver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MotorWires {
    /// One pulse, one step.
    pub step: Wire,
    /// Energises the motor.
    pub enable: Wire,
    /// Its active level is forward.
    pub dir: Option<Wire>,
}

/// Why a line could not be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenError {
    /// Which line.
    pub line: LineName,
    /// What is wrong with it.
    pub trouble: Trouble,
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// No chip has it.
    NotFound {
        /// Chips that could not be looked at, each with the reason.
        unreadable: Vec<String>,
    },
    /// More than one has it: their paths.
    Ambiguous(Vec<String>),
    /// Something else uses it already, as far as the kernel says who.
    Taken(String),
    /// The kernel refused it.
    Refused(LineError),
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = &self.line;
        match &self.trouble {
            Trouble::NotFound { unreadable } if unreadable.is_empty() => write!(
                f,
                "no GPIO line `{line}` is there; `gpioinfo` lists those that are"
            ),
            Trouble::NotFound { unreadable } => write!(
                f,
                "no GPIO line `{line}` was found, and not every chip could be looked at: {}",
                unreadable.join("; ")
            ),
            Trouble::Ambiguous(chips) => write!(
                f,
                "the GPIO line `{line}` is there more than once ({}); name it by its chip's \
                 label and its offset",
                chips.join(", ")
            ),
            Trouble::Taken(by) => write!(f, "the GPIO line `{line}` is in use by {by}"),
            Trouble::Refused(error) => {
                write!(f, "the GPIO line `{line}` can't be used: {error}")
            }
        }
    }
}

impl Error for OpenError {}

/// An output with one owner.
pub struct CdevOutput(CdevPin);

impl OutputLine for CdevOutput {
    fn drive(&mut self, level: Level) -> Result<(), LineError> {
        let state = match level {
            Level::Low => PinState::Low,
            Level::High => PinState::High,
        };
        self.0.set_state(state).map_err(|_| LineError::last())
    }
}

impl fmt::Debug for CdevOutput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CdevOutput").field(self.0.line()).finish()
    }
}

/// An output that two threads share. Its handle takes a level by shared reference, where a
/// pin of `embedded-hal` wants to be owned.
#[derive(Debug)]
pub struct CdevShared(LineHandle);

impl SharedLine for CdevShared {
    fn drive(&self, level: Level) -> Result<(), LineError> {
        self.0
            .set_value(u8::from(level == Level::High))
            .map_err(|_| LineError::last())
    }
}

/// A motor on GPIO lines.
pub type CdevMotor = Stepper<CdevOutput, CdevShared>;

/// Asks for a line as an output that is off.
fn request(wire: &Wire) -> Result<LineHandle, OpenError> {
    let off = u8::from(wire.polarity.level(false) == Level::High);
    find::line(&wire.line)?
        .request(LineRequestFlags::OUTPUT, off, CONSUMER)
        .map_err(|_| refused(&wire.line, LineError::last()))
}

const fn of(line: LineName, trouble: Trouble) -> OpenError {
    OpenError { line, trouble }
}

fn refused(line: &LineName, error: LineError) -> OpenError {
    of(line.clone(), Trouble::Refused(error))
}

/// Opens an output, off.
///
/// # Errors
///
/// There is no such line, or the kernel does not give it.
pub fn output(wire: &Wire) -> Result<CdevOutput, OpenError> {
    let pin = CdevPin::new(request(wire)?);
    let pin = pin.map_err(|_| refused(&wire.line, LineError::last()))?;
    Ok(CdevOutput(pin))
}

/// Opens an output that two threads share, off.
///
/// # Errors
///
/// There is no such line, or the kernel does not give it.
pub fn shared(wire: &Wire) -> Result<CdevShared, OpenError> {
    request(wire).map(CdevShared)
}

/// Opens a motor: ENABLE first and off, then STEP off, then DIR forward and settled.
///
/// DIR stays as it is for as long as the motor lives.
///
/// # Errors
///
/// A line is not there, or does not take its first level.
pub fn motor(wires: &MotorWires, mechanics: Mechanics) -> Result<CdevMotor, OpenError> {
    let enable = shared(&wires.enable)?;
    let step = output(&wires.step)?;
    let lines = StepperLines {
        step: (step, wires.step.polarity),
        enable: (enable, wires.enable.polarity),
    };
    let dir = match &wires.dir {
        None => None,
        Some(wire) => Some((output(wire)?, wire.polarity.level(true))),
    };
    Stepper::new(lines, dir, mechanics).map_err(|(line, error)| {
        let wire = match line {
            crate::DriverLine::Step => &wires.step,
            crate::DriverLine::Enable => &wires.enable,
            crate::DriverLine::Dir => wires.dir.as_ref().unwrap_or(&wires.step),
        };
        refused(&wire.line, error)
    })
}

/// Opens a heartbeat line. Each beat is an edge, so its polarity means nothing.
///
/// # Errors
///
/// There is no such line, or the kernel does not give it.
pub fn heartbeat(line: &LineName) -> Result<HeartbeatLine<CdevOutput>, OpenError> {
    output(&Wire {
        line: line.clone(),
        polarity: Polarity::ActiveHigh,
    })
    .map(HeartbeatLine::new)
}
