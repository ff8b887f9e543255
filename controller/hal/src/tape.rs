//! A pump whose every call is written down.

use std::sync::Arc;

use pump_core::pump::Sensors;
use pump_core::quantity::MonoNs;

use crate::clock;
use crate::{Brake, FluidPath, LiveMotor, Motor, MotorFault, SensorLost};

/// A call and its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// [`Motor::set_enabled`].
    SetEnabled {
        /// What was asked for.
        enabled: bool,
        /// What it answered.
        answer: Result<(), MotorFault>,
    },
    /// [`Motor::step`].
    Step(Result<(), MotorFault>),
    /// [`FluidPath::sensors`].
    Sensors(Result<Sensors, SensorLost>),
}

/// A line of a tape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When the call began.
    pub began: MonoNs,
    /// When it had its answer.
    pub ended: MonoNs,
    /// What was called and answered.
    pub call: Call,
}

/// Where entries go. It is called in the loop, so it must be short and off the heap.
pub trait Recorder {
    /// Takes one.
    fn record(&mut self, entry: Entry);
}

impl<F: FnMut(Entry)> Recorder for F {
    fn record(&mut self, entry: Entry) {
        self(entry);
    }
}

/// A recorder of a fixed length. What comes when it is full is counted and not kept.
#[derive(Clone, Debug, Default)]
pub struct Reel {
    entries: Vec<Entry>,
    lost: u64,
}

impl Reel {
    /// Room for so many entries, all of it taken now.
    pub fn new(capacity: usize) -> Self {
        Self {
            entries: Vec::with_capacity(capacity),
            lost: 0,
        }
    }

    /// What was recorded, oldest first.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// How many entries had no room.
    pub const fn lost(&self) -> u64 {
        self.lost
    }
}

impl Recorder for Reel {
    fn record(&mut self, entry: Entry) {
        if self.entries.len() < self.entries.capacity() {
            self.entries.push(entry);
        } else {
            self.lost = self.lost.saturating_add(1);
        }
    }
}

/// A pump, a motor or sensors, with a tape running. Time is `CLOCK_MONOTONIC` or what the
/// given clock says.
///
/// ```
/// use pump_core::quantity::{MonoNs, Steps};
/// use pump_hal::tape::{Call, Reel, Tape};
/// use pump_hal::{Motor, MotorFault, SimulatedPump};
///
/// let mut pump = Tape::with_clock(SimulatedPump::new(Steps(9)), Reel::new(100), || MonoNs(7));
/// pump.set_enabled(true)?;
/// pump.step()?;
/// let last = pump.recorder().entries().last().expect("two calls");
/// assert_eq!((last.began, last.call), (MonoNs(7), Call::Step(Ok(()))));
/// # Ok::<(), MotorFault>(())
/// ```
#[derive(Debug)]
pub struct Tape<H, R = Reel, C = fn() -> MonoNs> {
    inner: H,
    recorder: R,
    clock: C,
}

impl<H, R: Recorder> Tape<H, R> {
    /// Records in real time.
    pub fn new(inner: H, recorder: R) -> Self {
        Self::with_clock(inner, recorder, clock::now)
    }
}

impl<H, R: Recorder, C: FnMut() -> MonoNs> Tape<H, R, C> {
    /// Records by a clock of the caller's.
    pub const fn with_clock(inner: H, recorder: R, clock: C) -> Self {
        Self {
            inner,
            recorder,
            clock,
        }
    }

    /// What is recorded.
    pub const fn inner(&self) -> &H {
        &self.inner
    }

    /// What is recorded, off the record.
    pub const fn inner_mut(&mut self) -> &mut H {
        &mut self.inner
    }

    /// The tape so far.
    pub const fn recorder(&self) -> &R {
        &self.recorder
    }

    fn record<T: Copy>(&mut self, call: impl FnOnce(&mut H) -> T, as_call: fn(T) -> Call) -> T {
        let began = (self.clock)();
        let answer = call(&mut self.inner);
        let ended = (self.clock)();
        let call = as_call(answer);
        self.recorder.record(Entry { began, ended, call });
        answer
    }
}

impl<H: Motor, R: Recorder, C: FnMut() -> MonoNs> Motor for Tape<H, R, C> {
    fn set_enabled(&mut self, enabled: bool) -> Result<(), MotorFault> {
        let as_call = if enabled {
            |answer| Call::SetEnabled {
                enabled: true,
                answer,
            }
        } else {
            |answer| Call::SetEnabled {
                enabled: false,
                answer,
            }
        };
        self.record(|inner| inner.set_enabled(enabled), as_call)
    }

    fn step(&mut self) -> Result<(), MotorFault> {
        self.record(Motor::step, Call::Step)
    }
}

impl<H, R, C> LiveMotor for Tape<H, R, C>
where
    H: LiveMotor,
    R: Recorder + Send,
    C: FnMut() -> MonoNs + Send,
{
    fn brake(&self) -> Arc<dyn Brake> {
        self.inner.brake()
    }

    fn ready_at(&self) -> MonoNs {
        self.inner.ready_at()
    }
}

impl<H: FluidPath, R: Recorder, C: FnMut() -> MonoNs> FluidPath for Tape<H, R, C> {
    fn sensors(&mut self) -> Result<Sensors, SensorLost> {
        self.record(FluidPath::sensors, Call::Sensors)
    }
}
