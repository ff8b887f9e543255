//! A line that is driven, and which level means what.

use std::error::Error;
use std::{fmt, io};

/// The electrical level of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// At ground.
    Low,
    /// At the supply.
    High,
}

impl Level {
    /// The other one.
    pub const fn opposite(self) -> Self {
        match self {
            Self::Low => Self::High,
            Self::High => Self::Low,
        }
    }
}

/// Which level means "on".
///
/// It lives here and nowhere else. Neither the kernel's ACTIVE_LOW nor a pin's own notion of
/// it is ever used: `linux-embedded-hal` takes ACTIVE_LOW back again, and a motor that is
/// energised where it should be off is the last thing to leave to two opinions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Polarity {
    /// High is on.
    ActiveHigh,
    /// Low is on, as on the ENABLE input of most stepper drivers.
    ActiveLow,
}

impl Polarity {
    /// The level that means on, or off.
    pub const fn level(self, on: bool) -> Level {
        match (self, on) {
            (Self::ActiveHigh, true) | (Self::ActiveLow, false) => Level::High,
            (Self::ActiveHigh, false) | (Self::ActiveLow, true) => Level::Low,
        }
    }

    /// Whether this level means on.
    pub const fn is_on(self, level: Level) -> bool {
        matches!(
            (self, level),
            (Self::ActiveHigh, Level::High) | (Self::ActiveLow, Level::Low)
        )
    }
}

/// A line with one owner.
pub trait OutputLine: Send {
    /// Drives the line to a level. Bounded, and without the heap: the loop calls it.
    ///
    /// # Errors
    ///
    /// What the kernel said. The line's level is then unknown.
    fn drive(&mut self, level: Level) -> Result<(), LineError>;
}

/// A line that two threads drive: ENABLE, which the loop and the brake's holder share.
pub trait SharedLine: Send + Sync {
    /// Drives the line to a level. Bounded, and without the heap or a lock. When it returns,
    /// the change is made: of two calls one after the other, the second decides.
    ///
    /// # Errors
    ///
    /// What the kernel said. The line's level is then unknown.
    fn drive(&self, level: Level) -> Result<(), LineError>;
}

/// A line did not do what it was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineError {
    /// What the kernel answered; 0 where it answered nothing.
    pub errno: i32,
}

impl LineError {
    /// The error of the system call that this thread made last.
    pub(crate) fn last() -> Self {
        Self {
            errno: io::Error::last_os_error().raw_os_error().unwrap_or(0),
        }
    }
}

impl fmt::Display for LineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.errno {
            0 => f.write_str("the line refused"),
            errno => write!(f, "{}", io::Error::from_raw_os_error(errno)),
        }
    }
}

impl Error for LineError {}
