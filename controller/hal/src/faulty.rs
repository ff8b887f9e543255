//! A pump that fails when it is told to.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};

use pump_core::pump::Sensors;
use pump_core::quantity::MonoNs;

use crate::{Brake, FluidPath, LiveMotor, Motor, MotorFault, Sensor, SensorLost};

/// What a [`Faulty`] pump is to do wrong; shared, so that it can be changed while the pump
/// runs. A new one does nothing wrong. Steps are counted from 1, from when the pump was made.
#[derive(Debug)]
pub struct Faults {
    step: AtomicU64,
    from: AtomicU64,
    silent: AtomicBool,
    enabling: AtomicBool,
    disabling: AtomicBool,
    braking: AtomicBool,
    lost: AtomicU8,
}

impl Faults {
    fn none() -> Self {
        Self {
            step: AtomicU64::new(u64::MAX),
            from: AtomicU64::new(u64::MAX),
            silent: AtomicBool::new(true),
            enabling: AtomicBool::new(false),
            disabling: AtomicBool::new(false),
            braking: AtomicBool::new(false),
            lost: AtomicU8::new(0),
        }
    }

    /// Refuses this step, and no other.
    pub fn refuse_step(&self, n: u64) -> &Self {
        self.step.store(n, Ordering::SeqCst);
        self
    }

    /// Refuses this step and all that follow.
    pub fn refuse_steps_from(&self, n: u64) -> &Self {
        self.from.store(n, Ordering::SeqCst);
        self
    }

    /// Whether a refused step sends its pulse all the same, as a driver does whose second
    /// change of the line fails. At first it sends none.
    pub fn pulse_when_refusing(&self, pulses: bool) -> &Self {
        self.silent.store(!pulses, Ordering::SeqCst);
        self
    }

    /// Refuses to be enabled.
    pub fn refuse_enabling(&self, refuses: bool) -> &Self {
        self.enabling.store(refuses, Ordering::SeqCst);
        self
    }

    /// Refuses to be disabled by its owner: it stays energised.
    pub fn refuse_disabling(&self, refuses: bool) -> &Self {
        self.disabling.store(refuses, Ordering::SeqCst);
        self
    }

    /// Lets the brake answer that the line did not take the change. The latch holds and the
    /// line is driven, so this is a report of a failure and not the failure.
    pub fn refuse_braking(&self, refuses: bool) -> &Self {
        self.braking.store(refuses, Ordering::SeqCst);
        self
    }

    /// Loses a sensor, or finds it again.
    pub fn lose(&self, sensor: Sensor, lost: bool) -> &Self {
        let bit = 1 << sensor as u8;
        if lost {
            self.lost.fetch_or(bit, Ordering::SeqCst);
        } else {
            self.lost.fetch_and(!bit, Ordering::SeqCst);
        }
        self
    }

    fn refuses(&self, n: u64) -> bool {
        n == self.step.load(Ordering::SeqCst) || n >= self.from.load(Ordering::SeqCst)
    }
}

/// A pump, a motor or sensors, with [`Faults`] in front.
///
/// Without a fault it is what it wraps. It only ever fails in ways that a driver reports:
/// a pulse that a driver lost and called sent is for a counter in hardware to find.
///
/// ```
/// use pump_core::quantity::Steps;
/// use pump_hal::{Faulty, Motor, MotorFault, SimulatedPump};
///
/// let mut pump = Faulty::new(SimulatedPump::new(Steps(10)));
/// pump.faults().refuse_step(2);
/// pump.set_enabled(true)?;
/// assert_eq!([pump.step(), pump.step(), pump.step()], [Ok(()), Err(MotorFault::Refused), Ok(())]);
/// assert_eq!(pump.inner().edges(), 2);
/// # Ok::<(), MotorFault>(())
/// ```
#[derive(Debug)]
pub struct Faulty<H> {
    inner: H,
    faults: Arc<Faults>,
    steps: u64,
}

impl<H> Faulty<H> {
    /// Without a fault so far.
    pub fn new(inner: H) -> Self {
        Self {
            inner,
            faults: Arc::new(Faults::none()),
            steps: 0,
        }
    }

    /// The hand on what goes wrong.
    pub fn faults(&self) -> Arc<Faults> {
        Arc::clone(&self.faults)
    }

    /// What is wrapped.
    pub const fn inner(&self) -> &H {
        &self.inner
    }

    /// What is wrapped, past every fault.
    pub const fn inner_mut(&mut self) -> &mut H {
        &mut self.inner
    }
}

impl<H: Motor> Motor for Faulty<H> {
    fn set_enabled(&mut self, enabled: bool) -> Result<(), MotorFault> {
        let refuses = if enabled {
            &self.faults.enabling
        } else {
            &self.faults.disabling
        };
        if refuses.load(Ordering::SeqCst) {
            return Err(MotorFault::Refused);
        }
        self.inner.set_enabled(enabled)
    }

    fn step(&mut self) -> Result<(), MotorFault> {
        self.steps = self.steps.saturating_add(1);
        if !self.faults.refuses(self.steps) {
            return self.inner.step();
        }
        if !self.faults.silent.load(Ordering::SeqCst) {
            self.inner.step()?;
        }
        Err(MotorFault::Refused)
    }
}

impl<H: LiveMotor> LiveMotor for Faulty<H> {
    fn brake(&self) -> Arc<dyn Brake> {
        Arc::new(FaultyBrake {
            inner: self.inner.brake(),
            faults: Arc::clone(&self.faults),
        })
    }

    fn ready_at(&self) -> MonoNs {
        self.inner.ready_at()
    }
}

struct FaultyBrake {
    inner: Arc<dyn Brake>,
    faults: Arc<Faults>,
}

impl Brake for FaultyBrake {
    fn cut(&self) -> Result<(), MotorFault> {
        self.inner.cut()?;
        if self.faults.braking.load(Ordering::SeqCst) {
            return Err(MotorFault::Refused);
        }
        Ok(())
    }

    fn is_cut(&self) -> bool {
        self.inner.is_cut()
    }

    fn release(&self) {
        self.inner.release();
    }
}

impl<H: FluidPath> FluidPath for Faulty<H> {
    fn sensors(&mut self) -> Result<Sensors, SensorLost> {
        let lost = self.faults.lost.load(Ordering::SeqCst);
        match Sensor::ALL.iter().find(|s| lost & (1 << **s as u8) != 0) {
            Some(sensor) => Err(SensorLost(*sensor)),
            None => self.inner.sensors(),
        }
    }
}
