//! The thread that waits for the lines: button and sensors.

use std::sync::Arc;
use std::time::Duration;

use pump_core::pump::Sensors;
use pump_hal::{Input, InputSource, Reading, Sensor};
use pump_lane::Producer;
use pump_rt::clock;

use crate::faults::{Faults, Victim};
use crate::messages::Lines;
use crate::vitals::Vitals;

/// So often the thread shows itself though no line changes.
const WAIT: Duration = Duration::from_millis(200);

pub(crate) struct Inputs<S> {
    pub(crate) source: S,
    pub(crate) to_loop: Producer<Lines>,
    pub(crate) vitals: Arc<Vitals>,
    pub(crate) faults: Arc<Faults>,
}

impl<S: InputSource> Inputs<S> {
    pub(crate) fn run(mut self) {
        let mut unsaid = 0_u8;
        let mut said = None;
        let mut occluded_at = None;
        while !self.vitals.is_ending() {
            let batch = self.source.wait(WAIT);
            self.vitals.inputs.show(clock::now());
            self.faults
                .visit(Victim::Inputs, clock::now(), &self.vitals);
            let presses = u8::try_from(batch.presses()).unwrap_or(u8::MAX);
            unsaid = unsaid.saturating_add(presses);
            for event in batch.iter() {
                if event.input == Input::Sensor(Sensor::Occlusion) {
                    occluded_at = (event.reading == Reading::Active).then_some(event.at);
                }
            }
            let mut sensors = Sensors::default();
            let mut lost = false;
            for input in Input::ALL {
                let reading = self.source.reading(input);
                lost |= matches!(reading, Reading::Lost(_));
                if let Input::Sensor(sensor) = input {
                    sensor.write(&mut sensors, reading == Reading::Active);
                }
            }
            if unsaid == 0 && said == Some((sensors, lost)) {
                continue;
            }
            let lines = Lines {
                presses: unsaid,
                sensors,
                lost,
                occluded_at,
            };
            // Where there is no room it is said again with the next wait.
            if self.to_loop.send(lines).is_ok() {
                unsaid = 0;
                said = Some((sensors, lost));
            }
        }
    }
}
