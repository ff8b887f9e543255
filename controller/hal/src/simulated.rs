//! A pump that exists only in memory.

use pump_core::pump::Sensors;
use pump_core::quantity::Steps;

use crate::{FluidPath, Motor, MotorFault, Sensor, SensorLost};

/// A motor, a reservoir and a line, without time of their own.
///
/// A pulse always counts as an edge once the motor is enabled, as it does on a real driver,
/// which can't know what the pulse moved. Volume is given only where there is some and the
/// rotor turns: not from an empty reservoir, not in a stall, not against an occlusion.
#[derive(Clone, Debug)]
pub struct SimulatedPump {
    enabled: bool,
    edges: u64,
    given: u64,
    content: u64,
    lines: Sensors,
}

impl SimulatedPump {
    /// A pump at rest, its motor disabled, its line sound, its reservoir holding `content`.
    pub fn new(content: Steps) -> Self {
        Self {
            enabled: false,
            edges: 0,
            given: 0,
            content: content.0,
            lines: Sensors::default(),
        }
    }

    /// Turns the condition that a sensor watches for on or off.
    pub fn switch(&mut self, sensor: Sensor, bad: bool) {
        sensor.write(&mut self.lines, bad);
    }

    /// Empties the reservoir and fills it anew.
    pub fn refill(&mut self, content: Steps) {
        self.content = content.0;
    }

    /// Takes the power away: the motor is let go. What was counted stays counted.
    pub fn lose_power(&mut self) {
        self.enabled = false;
    }

    /// The pulses that went out on the STEP line since this pump was made.
    pub fn edges(&self) -> u64 {
        self.edges
    }

    /// The steps' worth of volume that really left the reservoir.
    pub fn given(&self) -> Steps {
        Steps(self.given)
    }

    /// What the reservoir holds.
    pub fn content(&self) -> Steps {
        Steps(self.content)
    }

    /// Whether the motor is energised.
    pub fn enabled(&self) -> bool {
        self.enabled
    }
}

impl Motor for SimulatedPump {
    fn set_enabled(&mut self, enabled: bool) -> Result<(), MotorFault> {
        self.enabled = enabled;
        Ok(())
    }

    fn step(&mut self) -> Result<(), MotorFault> {
        if !self.enabled {
            return Err(MotorFault::Disabled);
        }
        self.edges = self.edges.saturating_add(1);
        let moves = !self.lines.stall && !self.lines.occlusion;
        if moves && self.content > 0 {
            self.content -= 1;
            self.given += 1;
        }
        Ok(())
    }
}

impl FluidPath for SimulatedPump {
    fn sensors(&mut self) -> Result<Sensors, SensorLost> {
        Ok(self.lines)
    }
}
