//! What watches the line.

use std::error::Error;
use std::fmt;

use pump_core::pump::Sensors;

/// The sensors along the fluid path.
pub trait FluidPath {
    /// The state of the lines now; true is bad.
    ///
    /// # Errors
    ///
    /// [`SensorLost`] where any of them can't be read.
    fn sensors(&mut self) -> Result<Sensors, SensorLost>;
}

impl<F: FluidPath + ?Sized> FluidPath for Box<F> {
    fn sensors(&mut self) -> Result<Sensors, SensorLost> {
        (**self).sensors()
    }
}

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
    /// The reservoir is empty, or not there.
    Reservoir,
}

impl Sensor {
    /// Every sensor.
    pub const ALL: [Self; 5] = [
        Self::Occlusion,
        Self::Air,
        Self::Stall,
        Self::Door,
        Self::Reservoir,
    ];

    /// The name an operator knows it by.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Occlusion => "occlusion",
            Self::Air => "air",
            Self::Stall => "stall",
            Self::Door => "door",
            Self::Reservoir => "reservoir",
        }
    }

    /// Its line in a reading.
    pub const fn read(self, lines: &Sensors) -> bool {
        match self {
            Self::Occlusion => lines.occlusion,
            Self::Air => lines.air,
            Self::Stall => lines.stall,
            Self::Door => lines.door,
            Self::Reservoir => lines.reservoir,
        }
    }

    /// Sets its line in a reading.
    pub const fn write(self, lines: &mut Sensors, bad: bool) {
        match self {
            Self::Occlusion => lines.occlusion = bad,
            Self::Air => lines.air = bad,
            Self::Stall => lines.stall = bad,
            Self::Door => lines.door = bad,
            Self::Reservoir => lines.reservoir = bad,
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
