//! What watches the line.

use std::error::Error;
use std::fmt;

pub use pump_core::sensor::Sensor;
use pump_core::sensor::Sensors;

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

/// A sensor could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SensorLost(pub Sensor);

impl fmt::Display for SensorLost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the {} sensor can't be read", self.0.name())
    }
}

impl Error for SensorLost {}
