//! A whole pump in memory, in real time and shared between threads.
//!
//! [`bench()`] makes a motor for the loop, inputs for their thread, a heartbeat, and a
//! [`Bench`]: the hand that switches sensors, presses the button and counts what came out.
//! The motor is the same [`Stepper`] that drives GPIO lines, so a simulation runs the very
//! code of the hardware, down to the lines:
//!
//! ```
//! use std::time::Duration;
//! use pump_core::quantity::Steps;
//! use pump_hal::{Brake, InputSource, LiveMotor, Mechanics, Motor, MotorFault, Sensor};
//! use pump_hal::bench::bench;
//!
//! let (mut motor, mut inputs, _heart, bench) = bench(Steps(1_000), Mechanics::default());
//! motor.set_enabled(true)?;
//! motor.step()?;
//! assert_eq!((bench.edges(), bench.content()), (1, Steps(999)));
//!
//! motor.brake().cut()?;
//! assert_eq!(motor.step(), Err(MotorFault::Braked));
//! assert!(!bench.enabled());
//!
//! bench.switch(Sensor::Air, true);
//! bench.press();
//! let batch = inputs.wait(Duration::ZERO);
//! assert_eq!((batch.iter().count(), batch.presses()), (3, 1), "air, and down and up");
//! # Ok::<(), MotorFault>(())
//! ```

use std::collections::VecDeque;
use std::fs::File;
use std::io::Write as _;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use pump_core::pump::Sensors;
use pump_core::quantity::Steps;

use crate::clock;
use crate::{FluidPath, HeartbeatLine, Input, InputBatch, InputEvent, InputSource, Level};
use crate::{LineError, Mechanics, OutputLine, Polarity, Reading, Sensor, SensorLost};
use crate::{SharedLine, Stepper, StepperLines};

/// The motor of a bench: the logic of the hardware over lines in memory.
pub type BenchMotor = Stepper<BenchStep, BenchEnable>;

/// The heartbeat of a bench.
pub type BenchHeartbeat = HeartbeatLine<BenchBeats>;

/// The most events that wait for a reader. A rig that nobody reads forgets the oldest, as
/// the kernel does.
const WAITING: usize = 1_024;

/// What all the parts share. The side of the motor is atomics alone: the loop never waits.
#[derive(Debug)]
struct Rig {
    enabled: AtomicBool,
    edges: AtomicU64,
    given: AtomicU64,
    content: AtomicU64,
    /// An occlusion or a stall: the motor's pulses move nothing.
    jammed: AtomicBool,
    beats: AtomicU64,
    witness: OnceLock<File>,
    inputs: Mutex<Inputs>,
    changed: Condvar,
}

#[derive(Debug)]
struct Inputs {
    readings: [Reading; Input::ALL.len()],
    events: VecDeque<InputEvent>,
}

impl Rig {
    fn inputs(&self) -> MutexGuard<'_, Inputs> {
        self.inputs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn say(&self, input: Input, reading: Reading) {
        let mut inputs = self.inputs();
        if let Some(said) = inputs.readings.get_mut(input.index()) {
            if *said == reading {
                return;
            }
            *said = reading;
        }
        if inputs.events.len() == WAITING {
            inputs.events.pop_front();
        }
        let at = clock::now();
        inputs.events.push_back(InputEvent { input, reading, at });
        let bad =
            |sensor| inputs.readings.get(Input::Sensor(sensor).index()) == Some(&Reading::Active);
        let jammed = bad(Sensor::Occlusion) || bad(Sensor::Stall);
        self.jammed.store(jammed, Ordering::SeqCst);
        drop(inputs);
        self.changed.notify_all();
    }
}

/// A pump on the bench at rest: disabled, its line sound, its reservoir holding `content`.
///
/// The mechanics are kept as on hardware: with [`Mechanics::default`] no pulse takes time.
pub fn bench(
    content: Steps,
    mechanics: Mechanics,
) -> (BenchMotor, BenchInputs, BenchHeartbeat, Bench) {
    let rig = Arc::new(Rig {
        enabled: AtomicBool::new(false),
        edges: AtomicU64::new(0),
        given: AtomicU64::new(0),
        content: AtomicU64::new(content.0),
        jammed: AtomicBool::new(false),
        beats: AtomicU64::new(0),
        witness: OnceLock::new(),
        inputs: Mutex::new(Inputs {
            readings: [Reading::Inactive; Input::ALL.len()],
            events: VecDeque::with_capacity(WAITING),
        }),
        changed: Condvar::new(),
    });
    let lines = StepperLines {
        step: (
            BenchStep {
                rig: Arc::clone(&rig),
                level: Level::Low,
            },
            Polarity::ActiveHigh,
        ),
        // As on most drivers, so that a polarity lost on the way shows here too.
        enable: (
            BenchEnable {
                rig: Arc::clone(&rig),
            },
            Polarity::ActiveLow,
        ),
    };
    let motor = Stepper::on_sure_lines(lines, mechanics);
    let inputs = BenchInputs {
        rig: Arc::clone(&rig),
    };
    let heart = HeartbeatLine::new(BenchBeats {
        rig: Arc::clone(&rig),
    });
    (motor, inputs, heart, Bench { rig })
}

/// The STEP line of a bench. Active high.
#[derive(Debug)]
pub struct BenchStep {
    rig: Arc<Rig>,
    level: Level,
}

impl OutputLine for BenchStep {
    fn drive(&mut self, level: Level) -> Result<(), LineError> {
        let rises = self.level == Level::Low && level == Level::High;
        self.level = level;
        if !rises {
            return Ok(());
        }
        let rig = &self.rig;
        rig.edges.fetch_add(1, Ordering::SeqCst);
        let turns = rig.enabled.load(Ordering::SeqCst) && !rig.jammed.load(Ordering::SeqCst);
        if turns && let Some(mut witness) = rig.witness.get() {
            // A step that nobody would know of is none.
            let seen = witness.write_all(&clock::now().0.to_le_bytes());
            seen.map_err(|error| LineError {
                errno: error.raw_os_error().unwrap_or(0),
            })?;
        }
        let took = |content: u64| content.checked_sub(1);
        if turns
            && rig
                .content
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, took)
                .is_ok()
        {
            rig.given.fetch_add(1, Ordering::SeqCst);
        }
        Ok(())
    }
}

/// The ENABLE line of a bench. Active low.
#[derive(Debug)]
pub struct BenchEnable {
    rig: Arc<Rig>,
}

impl SharedLine for BenchEnable {
    fn drive(&self, level: Level) -> Result<(), LineError> {
        self.rig
            .enabled
            .store(level == Level::Low, Ordering::SeqCst);
        Ok(())
    }
}

/// The heartbeat line of a bench.
#[derive(Debug)]
pub struct BenchBeats {
    rig: Arc<Rig>,
}

impl OutputLine for BenchBeats {
    fn drive(&mut self, _: Level) -> Result<(), LineError> {
        self.rig.beats.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

/// The inputs of a bench: what the [`Bench`] does, at once and without bouncing.
#[derive(Debug)]
pub struct BenchInputs {
    rig: Arc<Rig>,
}

impl FluidPath for BenchInputs {
    fn sensors(&mut self) -> Result<Sensors, SensorLost> {
        let inputs = self.rig.inputs();
        let mut lines = Sensors::default();
        for sensor in Sensor::ALL {
            match inputs.readings.get(Input::Sensor(sensor).index()) {
                Some(Reading::Inactive) => sensor.write(&mut lines, false),
                Some(Reading::Active) => sensor.write(&mut lines, true),
                Some(Reading::Lost(_)) | None => return Err(SensorLost(sensor)),
            }
        }
        Ok(lines)
    }
}

impl InputSource for BenchInputs {
    fn wait(&mut self, timeout: Duration) -> InputBatch {
        let mut batch = InputBatch::default();
        let until = Instant::now().checked_add(timeout);
        let mut inputs = self.rig.inputs();
        while inputs.events.is_empty() {
            let left = until.map_or(Duration::MAX, |until| {
                until.saturating_duration_since(Instant::now())
            });
            if left.is_zero() {
                return batch;
            }
            inputs = self
                .rig
                .changed
                .wait_timeout(inputs, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        while batch.room() > 0
            && let Some(event) = inputs.events.pop_front()
        {
            batch.push(event);
        }
        batch
    }

    fn reading(&self, input: Input) -> Reading {
        self.rig
            .inputs()
            .readings
            .get(input.index())
            .copied()
            .unwrap_or(Reading::Inactive)
    }

    fn has(&self, _: Input) -> bool {
        true
    }
}

/// The hand on a bench and the witness of its lines. Clones share the bench.
#[derive(Clone, Debug)]
pub struct Bench {
    rig: Arc<Rig>,
}

impl Bench {
    /// Turns the condition that a sensor watches for on or off.
    pub fn switch(&self, sensor: Sensor, bad: bool) {
        self.say(Input::Sensor(sensor), Reading::of(bad));
    }

    /// Presses the button and lets it go.
    pub fn press(&self) {
        self.say(Input::Button, Reading::Active);
        self.say(Input::Button, Reading::Inactive);
    }

    /// Makes a line say this, losing it for example.
    pub fn say(&self, input: Input, reading: Reading) {
        self.rig.say(input, reading);
    }

    /// Has every step that turns the motor written to a file, from now on: its instant of the
    /// monotonic clock in nanoseconds, eight bytes, the least significant first. Each is a
    /// system call of its own, as on hardware, so the file knows all that was given when the
    /// process is killed. Once: a bench has one witness.
    pub fn witness(&self, file: File) {
        let _ = self.rig.witness.set(file);
    }

    /// Empties the reservoir and fills it anew.
    pub fn refill(&self, content: Steps) {
        self.rig.content.store(content.0, Ordering::SeqCst);
    }

    /// The pulses that went out on the STEP line since the bench was made: what a counter
    /// on the line would read.
    pub fn edges(&self) -> u64 {
        self.rig.edges.load(Ordering::SeqCst)
    }

    /// The steps' worth of volume that really left the reservoir.
    pub fn given(&self) -> Steps {
        Steps(self.rig.given.load(Ordering::SeqCst))
    }

    /// What the reservoir holds.
    pub fn content(&self) -> Steps {
        Steps(self.rig.content.load(Ordering::SeqCst))
    }

    /// Whether the motor is energised, as its ENABLE line says.
    pub fn enabled(&self) -> bool {
        self.rig.enabled.load(Ordering::SeqCst)
    }

    /// The beats of the heartbeat line.
    pub fn beats(&self) -> u64 {
        self.rig.beats.load(Ordering::SeqCst)
    }
}
