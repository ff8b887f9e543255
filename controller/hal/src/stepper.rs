//! The logic of a STEP/DIR/ENABLE driver, over any three lines.

use std::sync::Arc;

use pump_core::quantity::{MonoNs, Nanoseconds};

use crate::brake::{Engaged, Latch, Leave};
use crate::clock;
use crate::{Brake, Level, LineError, LiveMotor, Motor, MotorFault, OutputLine};
use crate::{Polarity, SharedLine};

/// What the driver's data sheet asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mechanics {
    /// How long STEP is held on; up to 10 ms. It is waited for in the middle of a step.
    pub step_pulse: Nanoseconds,
    /// How long DIR is stable before the first step; waited for once, when it is set.
    pub dir_setup: Nanoseconds,
    /// How long after ENABLE the first step may come.
    pub enable_settle: Nanoseconds,
}

/// The lines of a driver, with the level that means on for each.
#[derive(Debug)]
pub struct StepperLines<S, E> {
    /// One pulse, one step. It is off now.
    pub step: (S, Polarity),
    /// Energises the motor. It is off now.
    pub enable: (E, Polarity),
}

/// Which of a driver's lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DriverLine {
    /// One pulse, one step.
    Step,
    /// Energises the motor.
    Enable,
    /// The direction.
    Dir,
}

/// What is known of the ENABLE line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Energy {
    Off,
    On(Leave),
    /// The line refused a change.
    Unknown,
}

/// Takes the time of each change of a line.
type Observer = Box<dyn FnMut(Nanoseconds) + Send>;

/// A motor on a STEP, a DIR and an ENABLE line.
///
/// A step is two changes of the STEP line with a busy wait of the pulse's length between
/// them; there is no other wait in it. A change that a line refuses is
/// [`MotorFault::Refused`], with the reason in [`Stepper::last_error`]; where STEP was left
/// on by such an error, the next step lets it off first, because a line that is on already
/// makes no edge.
///
/// DIR is set once, forward, before this is made ([`Stepper::new`]); nothing here can turn
/// the motor back (D13).
pub struct Stepper<S, E> {
    step: S,
    step_polarity: Polarity,
    /// Whether STEP may be on.
    step_hangs: bool,
    /// Held, so that it stays as it is.
    dir: Option<S>,
    latch: Arc<Latch<E>>,
    energy: Energy,
    ready_at: MonoNs,
    mechanics: Mechanics,
    last_error: Option<LineError>,
    observer: Option<Observer>,
}

impl<S: OutputLine, E: SharedLine + 'static> Stepper<S, E> {
    /// A disabled motor on lines that are off now. `dir` is driven forward, to the given
    /// level, waited for, and kept so.
    ///
    /// # Errors
    ///
    /// A line refused. ENABLE and STEP are driven off once more before anything else, so
    /// that a line that takes no change is found here and not at the first dose.
    pub fn new(
        lines: StepperLines<S, E>,
        dir: Option<(S, Level)>,
        mechanics: Mechanics,
    ) -> Result<Self, (DriverLine, LineError)> {
        let mut motor = Self::on_sure_lines(lines, mechanics);
        let enable = motor.latch.drive(false);
        enable.map_err(|error| (DriverLine::Enable, error))?;
        let step = motor.step.drive(motor.step_polarity.level(false));
        step.map_err(|error| (DriverLine::Step, error))?;
        if let Some((mut dir, forward)) = dir {
            let turned = dir.drive(forward);
            turned.map_err(|error| (DriverLine::Dir, error))?;
            wait(clock::now(), mechanics.dir_setup);
            motor.dir = Some(dir);
        }
        Ok(motor)
    }

    /// A disabled motor on lines that are known to be off.
    pub(crate) fn on_sure_lines(lines: StepperLines<S, E>, mechanics: Mechanics) -> Self {
        let StepperLines {
            step: (step, step_polarity),
            enable: (enable, enable_polarity),
        } = lines;
        Self {
            step,
            step_polarity,
            step_hangs: false,
            dir: None,
            latch: Arc::new(Latch::new(enable, enable_polarity)),
            energy: Energy::Off,
            ready_at: MonoNs(0),
            mechanics,
            last_error: None,
            observer: None,
        }
    }

    /// Tells somebody how long each change of a line took, from now on. Called in the middle
    /// of steps: it must be short and must not touch the heap.
    pub fn observe(&mut self, observer: impl FnMut(Nanoseconds) + Send + 'static) {
        self.observer = Some(Box::new(observer));
    }

    /// Drives STEP off once more, which is no edge: how long a change of a line takes here.
    ///
    /// # Errors
    ///
    /// [`MotorFault::Refused`] where the line did not take it.
    pub fn rehearse(&mut self) -> Result<Nanoseconds, MotorFault> {
        let began = clock::now();
        Ok(self.drive_step(false)?.since(began))
    }

    /// Why a line last refused.
    pub const fn last_error(&self) -> Option<LineError> {
        self.last_error
    }

    /// Whether the motor is energised as far as is known.
    pub fn is_enabled(&self) -> bool {
        matches!(self.energy, Energy::On(leave) if self.latch.allows(leave))
    }

    /// Now, where somebody wants to know how long a change takes: the clock is a system call
    /// on some boards.
    fn begin(&self) -> Option<MonoNs> {
        self.observer.is_some().then(clock::now)
    }

    /// A change that began then is over; now.
    fn end(&mut self, began: Option<MonoNs>) -> MonoNs {
        let ended = clock::now();
        if let (Some(observer), Some(began)) = (&mut self.observer, began) {
            observer(ended.since(began));
        }
        ended
    }

    fn refused(&mut self, error: LineError) -> MotorFault {
        self.last_error = Some(error);
        MotorFault::Refused
    }

    /// Drives STEP; when it was done.
    fn drive_step(&mut self, on: bool) -> Result<MonoNs, MotorFault> {
        let began = self.begin();
        let driven = self.step.drive(self.step_polarity.level(on));
        let ended = self.end(began);
        match driven {
            Ok(()) => {
                self.step_hangs = on;
                Ok(ended)
            }
            Err(error) => {
                self.step_hangs = true;
                Err(self.refused(error))
            }
        }
    }

    /// The leave under which a step may be sent now.
    fn leave(&self) -> Result<Leave, MotorFault> {
        match self.energy {
            Energy::On(leave) if self.latch.allows(leave) => Ok(leave),
            _ if self.latch.is_cut() => Err(MotorFault::Braked),
            _ => Err(MotorFault::Disabled),
        }
    }

    fn enable(&mut self) -> Result<(), MotorFault> {
        if self.is_enabled() {
            return Ok(());
        }
        let began = self.begin();
        let engaged = self.latch.engage();
        let ended = self.end(began);
        match engaged {
            Engaged::Yes(leave) => {
                self.energy = Energy::On(leave);
                self.ready_at = ended.after(self.mechanics.enable_settle);
                Ok(())
            }
            Engaged::Braked(Ok(())) => {
                self.energy = Energy::Off;
                Err(MotorFault::Braked)
            }
            Engaged::Braked(Err(error)) | Engaged::Refused(error) => {
                self.energy = Energy::Unknown;
                Err(self.refused(error))
            }
        }
    }

    fn disable(&mut self) -> Result<(), MotorFault> {
        if self.energy == Energy::Off {
            return Ok(());
        }
        let began = self.begin();
        let driven = self.latch.drive(false);
        self.end(began);
        match driven {
            Ok(()) => {
                self.energy = Energy::Off;
                Ok(())
            }
            Err(error) => {
                self.energy = Energy::Unknown;
                Err(self.refused(error))
            }
        }
    }
}

impl<S: OutputLine, E: SharedLine + 'static> Motor for Stepper<S, E> {
    fn set_enabled(&mut self, enabled: bool) -> Result<(), MotorFault> {
        if enabled {
            self.enable()
        } else {
            self.disable()
        }
    }

    fn step(&mut self) -> Result<(), MotorFault> {
        let leave = self.leave()?;
        if self.ready_at > MonoNs(0) {
            if clock::now() < self.ready_at {
                return Err(MotorFault::Settling);
            }
            self.ready_at = MonoNs(0);
        }
        if self.step_hangs {
            let off = self.drive_step(false)?;
            wait(off, self.mechanics.step_pulse);
        }
        let on = self.drive_step(true)?;
        wait(on, self.mechanics.step_pulse);
        self.drive_step(false)?;
        // A cut in the middle of the pulse: the driver may have missed it.
        if !self.latch.allows(leave) {
            return Err(MotorFault::Refused);
        }
        Ok(())
    }
}

impl<S: OutputLine, E: SharedLine + 'static> LiveMotor for Stepper<S, E> {
    fn brake(&self) -> Arc<dyn Brake> {
        Arc::clone(&self.latch) as Arc<dyn Brake>
    }

    fn ready_at(&self) -> MonoNs {
        self.ready_at
    }
}

impl<S, E> std::fmt::Debug for Stepper<S, E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stepper")
            .field("energy", &self.energy)
            .field("has_dir", &self.dir.is_some())
            .field("ready_at", &self.ready_at)
            .field("mechanics", &self.mechanics)
            .field("last_error", &self.last_error)
            .finish_non_exhaustive()
    }
}

/// Burns the time until `span` after `from`: a sleep is longer than a pulse.
fn wait(from: MonoNs, span: Nanoseconds) {
    let until = from.after(span);
    while span > Nanoseconds::ZERO && clock::now() < until {
        std::hint::spin_loop();
    }
}
