//! What the pump watches: the lines, the reservoir, itself, and what others say of it.

use crate::alarm::{ALARMS, ActiveAlarms, Alarm, Clears};
use crate::event::EventKind;
use crate::prescription::Prescription;
use crate::pump::{Pump, State, Watch};
use crate::quantity::{MonoNs, Nanoseconds, Steps};
use crate::reason::Reason;
use crate::sensor::{Sensor, Sensors};
use crate::twin::{Twin, broken};

/// So many stops by one alarm within so long, and the pump does not start again (W10).
const STOPS: usize = 3;
const WITHIN: Nanoseconds = Nanoseconds::from_mins(10);

/// When each alarm last stopped a pump that was delivering, the newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stops([[Option<MonoNs>; STOPS]; ALARMS.len()]);

impl Stops {
    pub(crate) const NONE: Self = Self([[None; STOPS]; ALARMS.len()]);

    /// Remembers one more. Whether it is one too many.
    fn one_more(&mut self, alarm: Alarm, now: MonoNs) -> bool {
        let place = ALARMS.iter().position(|row| row.alarm == alarm);
        let Some(times) = place.and_then(|place| self.0.get_mut(place)) else {
            return false;
        };
        times.rotate_right(1);
        if let Some(newest) = times.first_mut() {
            *newest = Some(now);
        }
        times
            .last()
            .copied()
            .flatten()
            .is_some_and(|oldest| now.since(oldest) <= WITHIN)
    }
}

impl Pump {
    /// An alarm that stops: at once, without waiting for the edge that is due.
    pub(crate) fn fault(&mut self, alarm: Alarm) {
        self.raise(alarm);
        if self.state == State::Infusing
            && self.stops.one_more(alarm, self.now)
            && !broken(Twin::StopsForgotten)
        {
            self.raise(Alarm::RepeatedStop);
        }
        if matches!(self.state, State::Armed | State::Infusing | State::Paused) {
            self.halt(State::Faulted, Reason::Alarm);
        }
    }

    pub(crate) fn watch_sensors(&mut self, sensors: Sensors, trapped: Steps) {
        for sensor in Sensor::ALL {
            let bad = sensor.read(&sensors);
            if bad != sensor.read(&self.sensors) {
                self.tell(EventKind::Line { sensor, bad });
            }
        }
        self.sensors = sensors;
        if !sensors.air {
            self.memory.air.passed();
        }
        // Also in a pump that another alarm has stopped: a cause that is told hides no other.
        if !matches!(self.state, State::Infusing | State::Paused | State::Faulted) {
            return;
        }
        if sensors.occlusion && self.state != State::Faulted {
            self.tell(EventKind::Occluded { trapped });
        }
        // With limits it is the step beyond them that stops, where it would be given.
        let air = sensors.air && self.armed.is_none_or(|p| p.air.is_none());
        self.fault_by(&Sensors { air, ..sensors });
    }

    /// A fault for each sensor that is bad in this reading.
    pub(crate) fn fault_by(&mut self, causes: &Sensors) {
        for sensor in Sensor::ALL {
            if sensor.read(causes) {
                self.fault(sensor.alarm());
            }
        }
    }

    /// Whether so many more steps of air stay within what the device allows.
    pub(crate) fn air_may_pass(&mut self, now: MonoNs, p: &Prescription, steps: Steps) -> bool {
        p.air
            .is_some_and(|limits| self.memory.air.allows(now, limits, steps))
    }

    /// Takes in what is known from outside.
    pub(crate) fn heed(&mut self, watch: Watch) {
        if self.watch == watch && watch == Watch::NOTHING_BAD {
            return;
        }
        self.watch = watch;
        let Watch {
            sensor_lost,
            inputs_stalled,
            journal_stalled,
            link_stalled,
            control_stalled,
            loop_stalled,
            count_differs,
            internal_error,
            self_test_failed,
            records_lost,
        } = watch;
        if sensor_lost && matches!(self.state, State::Infusing | State::Paused | State::Faulted) {
            self.fault(Alarm::SensorLost);
        }
        for (bad, alarm) in [
            (loop_stalled, Alarm::LoopStalled),
            (count_differs, Alarm::CountDiffers),
            (internal_error, Alarm::InternalError),
        ] {
            if bad {
                self.fault(alarm);
            }
        }
        // What is missing in the log stays missing: nothing but an arming clears it.
        if records_lost {
            self.raise(Alarm::RecordsLost);
        }
        for (bad, alarm) in [
            (inputs_stalled, Alarm::InputsStalled),
            (journal_stalled, Alarm::JournalStalled),
            (link_stalled, Alarm::LinkStalled),
            (control_stalled, Alarm::ControlStalled),
            (self_test_failed, Alarm::SelfTestFailed),
        ] {
            if bad {
                self.raise(alarm);
            } else {
                self.clear_alarm(alarm);
            }
        }
    }

    /// The active alarms whose cause is still there, as far as the pump is told. Of the others
    /// nothing is left but the alarm, and that waits for what its row says.
    pub fn lasting_alarms(&self) -> ActiveAlarms {
        let active = self.alarms.iter();
        active.filter(|alarm| self.lasts(*alarm)).collect()
    }

    fn lasts(&self, alarm: Alarm) -> bool {
        let mut sensors = Sensor::ALL.iter().filter(|sensor| sensor.alarm() == alarm);
        let told = sensors.any(|sensor| sensor.read(&self.sensors));
        match alarm {
            Alarm::Occlusion | Alarm::AirInLine | Alarm::Stall | Alarm::DoorOpen => told,
            Alarm::ReservoirEmpty => {
                let empty = |p: &Prescription| self.memory.content() <= p.reservoir.empty;
                told || self.armed.as_ref().is_some_and(empty)
            }
            Alarm::SensorLost => self.watch.sensor_lost,
            Alarm::InternalError => self.watch.internal_error,
            Alarm::LoopStalled => self.watch.loop_stalled,
            Alarm::CountDiffers => self.watch.count_differs,
            Alarm::RecordsLost => self.watch.records_lost,
            Alarm::ResidueDiffers => self.memory.residue.is_some(),
            // What has happened has happened; and the rest goes with its condition.
            _ => alarm.row().clears == Clears::WithItsCondition,
        }
    }

    /// A minute of delivery is full: what was given in the last fifteen is held against what
    /// fell due in them (W02).
    pub(crate) fn judge_shortfall(&mut self) {
        if self.shortfall.judge() {
            self.raise(Alarm::UnderInfusion);
        } else {
            self.clear_alarm(Alarm::UnderInfusion);
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
