//! What the operator does, and the states it leads to: one `match` for all transitions
//! that a command makes.

use crate::alarm::{ALARMS, Action, Alarm, Clears};
use crate::bolus::BolusKind;
use crate::event::EventKind;
use crate::order::BolusRequest;
use crate::prescription::Prescription;
use crate::pump::{Command, Pump, Sensors, State};
use crate::quantity::{MonoNs, Steps};
use crate::reason::Reason;
use crate::twin::{Twin, broken};

impl Pump {
    pub(crate) fn obey(&mut self, now: MonoNs, command: Command) {
        match (command, self.state) {
            (Command::Start, State::Armed)
            | (Command::Start | Command::Resume, State::Paused | State::Faulted) => self.begin(now),
            (Command::Pause, State::Infusing) => self.halt(State::Paused, Reason::Paused),
            (Command::Stop, State::Armed | State::Infusing | State::Paused | State::Faulted) => {
                self.halt(State::Stopped, Reason::Stopped)
            }
            (Command::ClinicianBolus { volume, over }, _) => {
                let request = BolusRequest {
                    volume,
                    over,
                    loading: false,
                };
                self.ask_bolus(now, BolusKind::Clinician, None, request);
            }
            (Command::Refill { residue, content }, _) => self.refill(residue, content),
            (Command::AcknowledgeResidue, _) => self.acknowledge_residue(),
            (Command::Start | Command::Resume | Command::Pause | Command::Stop, _) => {
                let reason = match self.state {
                    State::Paused => Reason::Paused,
                    State::Complete => Reason::Vtbi,
                    State::Infusing => Reason::Infusing,
                    _ => Reason::Stopped,
                };
                self.tell(EventKind::CommandRefused { reason });
            }
        }
    }

    /// Delivery begins or goes on, if no cause of a stop is left.
    pub(crate) fn begin(&mut self, now: MonoNs) {
        let Some(p) = self.armed else { return };
        let moved = self.may_have_moved(&p);
        let content = self.memory.content().saturating_sub(moved);
        let empty = self.sensors.reservoir || content <= p.reservoir.empty;
        let until_armed = self.alarms.iter().any(|alarm| {
            let row = alarm.row();
            let stays = [Clears::WhenArmed, Clears::WhenAcknowledged];
            row.action >= Action::Stop && stays.contains(&row.clears)
        });
        let lost = self.watch.sensor_lost;
        let air = self.sensors.air && !self.air_may_pass(now, &p, moved.saturating_add(Steps(1)));
        let causes = Sensors {
            air,
            reservoir: empty,
            ..self.sensors
        };
        if causes != Sensors::SOUND || lost || until_armed {
            self.tell(EventKind::CommandRefused {
                reason: Reason::Alarm,
            });
            self.fault_by(&causes);
            if lost {
                self.fault(Alarm::SensorLost);
            }
            return;
        }
        if let Some(reason) = self.memory.could_pass(&p, moved)
            && moved > Steps::ZERO
        {
            self.tell(EventKind::CommandRefused { reason });
            return;
        }
        self.book_displaced(now, moved);
        for row in ALARMS
            .iter()
            .filter(|row| row.clears == Clears::WhenRestarted)
        {
            self.clear_alarm(row.alarm);
        }
        for regimen in self.regimens.iter_mut().flatten() {
            regimen.begin(now, p.order_lease, p.on_strategy_loss);
        }
        if !self.begun {
            self.begun = true;
            self.started_at = now;
        }
        self.go(State::Infusing);
    }

    /// What the rotor may have moved since the motor was disabled.
    pub(crate) fn may_have_moved(&self, p: &Prescription) -> Steps {
        match self.state {
            State::Infusing | State::Paused => Steps::ZERO,
            _ => p.full_step,
        }
    }

    /// Books it as given, from the instant on at which nothing more can move by itself.
    fn book_displaced(&mut self, now: MonoNs, steps: Steps) {
        if steps == Steps::ZERO {
            return;
        }
        self.counts.displaced = self.counts.displaced.saturating_add(steps);
        self.tell(EventKind::Displaced { steps });
        if broken(Twin::DisplacedForgotten) {
            return;
        }
        self.memory.give(steps);
        if self.sensors.air {
            self.memory.air.give(now, steps);
        }
        self.windows_fit = false;
        self.watch_reservoir();
    }

    /// Delivery ends, for now or for good; a running bolus is cut.
    pub(crate) fn halt(&mut self, to: State, reason: Reason) {
        let now = self.now;
        self.go(to);
        self.cut_boluses(now, None, reason);
        for regimen in self.regimens.iter_mut().flatten() {
            regimen.halt(now);
        }
    }
}
