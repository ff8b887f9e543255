//! What comes in: the patient's button and the sensors, as events.

use std::fmt;
use std::time::Duration;

use pump_core::quantity::MonoNs;

use crate::{FluidPath, Sensor};

/// A line that comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Input {
    /// The patient's button.
    Button,
    /// A sensor of the fluid path.
    Sensor(Sensor),
}

impl Input {
    /// Every input.
    pub const ALL: [Self; 6] = [
        Self::Button,
        Self::Sensor(Sensor::Occlusion),
        Self::Sensor(Sensor::Air),
        Self::Sensor(Sensor::Stall),
        Self::Sensor(Sensor::Door),
        Self::Sensor(Sensor::Reservoir),
    ];

    /// The name an operator knows it by.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Button => "button",
            Self::Sensor(sensor) => sensor.name(),
        }
    }

    /// Its place in [`Input::ALL`].
    pub const fn index(self) -> usize {
        match self {
            Self::Button => 0,
            Self::Sensor(Sensor::Occlusion) => 1,
            Self::Sensor(Sensor::Air) => 2,
            Self::Sensor(Sensor::Stall) => 3,
            Self::Sensor(Sensor::Door) => 4,
            Self::Sensor(Sensor::Reservoir) => 5,
        }
    }
}

/// Why a line says nothing any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// It changes faster than anything that it could mean.
    Flood,
    /// It can't be read; what the kernel answered.
    Unreadable {
        /// The error number; 0 where there is none.
        errno: i32,
    },
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flood => f.write_str("the line changes faster than is possible"),
            Self::Unreadable { errno: 0 } => f.write_str("the line can't be read"),
            Self::Unreadable { errno } => {
                let error = std::io::Error::from_raw_os_error(*errno);
                write!(f, "the line can't be read: {error}")
            }
        }
    }
}

/// What a line says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// The button is up, the sensor sees nothing bad.
    Inactive,
    /// The button is down, the sensor sees what it watches for.
    Active,
    /// Neither is known. Never to be taken for [`Reading::Inactive`] (W11).
    Lost(Loss),
}

impl Reading {
    /// A reading from the state of the line.
    pub const fn of(active: bool) -> Self {
        if active { Self::Active } else { Self::Inactive }
    }
}

/// A line says something else than before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InputEvent {
    /// Which line.
    pub input: Input,
    /// What it says now.
    pub reading: Reading,
    /// Since when, by `CLOCK_MONOTONIC`: the first edge of the new state as the kernel
    /// stamped it, not the end of the time it had to hold.
    pub at: MonoNs,
}

/// The most events of one batch.
const BATCH: usize = 16;

/// A few events, oldest first for each line. On the stack: waiting allocates nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct InputBatch {
    events: [Option<InputEvent>; BATCH],
    len: usize,
}

impl InputBatch {
    /// How many more events fit.
    pub(crate) const fn room(&self) -> usize {
        BATCH - self.len
    }

    /// Whether nothing happened.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds an event. Whether there was room.
    pub(crate) fn push(&mut self, event: InputEvent) -> bool {
        let Some(slot) = self.events.get_mut(self.len) else {
            return false;
        };
        *slot = Some(event);
        self.len += 1;
        true
    }

    /// The events.
    pub fn iter(&self) -> impl Iterator<Item = InputEvent> + '_ {
        self.events.iter().flatten().copied()
    }

    /// How often the button went down.
    pub fn presses(&self) -> usize {
        self.iter()
            .filter(|event| event.input == Input::Button && event.reading == Reading::Active)
            .count()
    }
}

/// Where input events come from.
///
/// Between two waits nothing is lost for longer than the source needs to read its lines
/// again. [`FluidPath::sensors`] is the state after the last wait; a sensor that a rig does
/// not have reads as sound, so which ones it has ([`InputSource::has`]) is for preflight to
/// show.
pub trait InputSource: FluidPath + Send {
    /// Waits until a line says something else than before, at most so long. The first call
    /// reports every line that is not [`Reading::Inactive`].
    ///
    /// A line that fails is an event like any other ([`Reading::Lost`]), so that one broken
    /// line hides nothing that another has to say.
    fn wait(&mut self, timeout: Duration) -> InputBatch;

    /// What a line says now; [`Reading::Inactive`] for one that the rig does not have.
    fn reading(&self, input: Input) -> Reading;

    /// Whether the rig has this line.
    fn has(&self, input: Input) -> bool;
}

impl<S: InputSource + ?Sized> InputSource for Box<S> {
    fn wait(&mut self, timeout: Duration) -> InputBatch {
        (**self).wait(timeout)
    }

    fn reading(&self, input: Input) -> Reading {
        (**self).reading(input)
    }

    fn has(&self, input: Input) -> bool {
        (**self).has(input)
    }
}
