//! The lines that say whether the fluid path is sound.

use crate::alarm::Alarm;

/// One of them.
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

    /// The alarm that it is the cause of.
    pub const fn alarm(self) -> Alarm {
        match self {
            Self::Occlusion => Alarm::Occlusion,
            Self::Air => Alarm::AirInLine,
            Self::Stall => Alarm::Stall,
            Self::Door => Alarm::DoorOpen,
            Self::Reservoir => Alarm::ReservoirEmpty,
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

/// A reading of all of them; true is bad.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sensors {
    /// Blocked downstream.
    pub occlusion: bool,
    /// Air in the line.
    pub air: bool,
    /// The motor does not turn.
    pub stall: bool,
    /// The door is open.
    pub door: bool,
    /// The reservoir's own sensor says that it is empty, or not there.
    pub reservoir: bool,
}

impl Sensors {
    /// Every line is sound.
    pub const SOUND: Self = Self {
        occlusion: false,
        air: false,
        stall: false,
        door: false,
        reservoir: false,
    };
}
