//! What the pump watches: the lines, the reservoir, and itself.

use crate::alarm::Alarm;
use crate::pump::{Pump, Sensors, State};
use crate::reason::Reason;

impl Pump {
    /// An alarm that stops: at once, without waiting for the edge that is due.
    pub(crate) fn fault(&mut self, alarm: Alarm) {
        self.raise(alarm);
        if matches!(self.state, State::Armed | State::Infusing | State::Paused) {
            self.halt(State::Faulted, Reason::Alarm);
        }
    }

    pub(crate) fn watch_sensors(&mut self, sensors: Sensors) {
        self.sensors = sensors;
        if !matches!(self.state, State::Infusing | State::Paused) {
            return;
        }
        let Sensors {
            occlusion,
            air,
            stall,
            door,
        } = sensors;
        for (bad, alarm) in [
            (occlusion, Alarm::Occlusion),
            (air, Alarm::AirInLine),
            (stall, Alarm::Stall),
            (door, Alarm::DoorOpen),
        ] {
            if bad {
                self.fault(alarm);
            }
        }
    }

    pub(crate) fn watch_reservoir(&mut self) {
        let Some(low) = self.armed.map(|p| p.reservoir.low) else {
            return;
        };
        if self.memory.content() <= low {
            self.raise(Alarm::ReservoirLow);
        } else {
            self.clear_alarm(Alarm::ReservoirLow);
        }
    }
}
