//! What turns.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use pump_core::quantity::MonoNs;

use crate::Brake;

/// A stepper motor that gives a fixed volume per step.
pub trait Motor {
    /// Energises the motor or lets it go. Asking for the state it is in does nothing.
    ///
    /// # Errors
    ///
    /// [`MotorFault::Refused`] where the driver did not take the change. The motor must
    /// then be taken for disabled *and* possibly energised. [`MotorFault::Braked`] where the
    /// brake forbids to energise it; it is disabled.
    fn set_enabled(&mut self, enabled: bool) -> Result<(), MotorFault>;

    /// Sends one pulse, forward.
    ///
    /// # Errors
    ///
    /// [`MotorFault::Refused`]: the driver did not accept the pulse; whether the motor moved
    /// is unknown. Any other fault: no pulse went out.
    fn step(&mut self) -> Result<(), MotorFault>;
}

/// A motor in real time: it can be stopped from another thread, and it needs time to settle.
pub trait LiveMotor: Motor + Send {
    /// The hand that stops this motor from another thread. Every call gives the same brake.
    fn brake(&self) -> Arc<dyn Brake>;

    /// The instant of `CLOCK_MONOTONIC` from which on a step is taken, once the motor is
    /// enabled; an earlier one is refused ([`MotorFault::Settling`]) without a pulse.
    /// `MonoNs(0)` where there is nothing to wait for.
    ///
    /// The motor itself never waits for its settling: it may take seconds. Who drives it
    /// enables it early, or sleeps until here.
    fn ready_at(&self) -> MonoNs;
}

impl<M: Motor + ?Sized> Motor for Box<M> {
    fn set_enabled(&mut self, enabled: bool) -> Result<(), MotorFault> {
        (**self).set_enabled(enabled)
    }

    fn step(&mut self) -> Result<(), MotorFault> {
        (**self).step()
    }
}

impl<M: LiveMotor + ?Sized> LiveMotor for Box<M> {
    fn brake(&self) -> Arc<dyn Brake> {
        (**self).brake()
    }

    fn ready_at(&self) -> MonoNs {
        (**self).ready_at()
    }
}

/// Why a motor did not do what it was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MotorFault {
    /// The motor is not enabled; nothing moved.
    Disabled,
    /// Its brake is cut; it is disabled and nothing moved.
    Braked,
    /// It was enabled too short a time ago; nothing moved.
    Settling,
    /// The driver refused; whether anything moved is unknown.
    Refused,
}

impl MotorFault {
    /// Whether it is certain that nothing moved.
    pub const fn is_still(self) -> bool {
        !matches!(self, Self::Refused)
    }
}

impl fmt::Display for MotorFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Disabled => "the motor is not enabled",
            Self::Braked => "the motor's brake is cut",
            Self::Settling => "the motor has not settled since it was enabled",
            Self::Refused => "the motor's driver refused the change of a line",
        })
    }
}

impl Error for MotorFault {}
