//! What the operator does, and the states it leads to: one `match` for all transitions
//! that a command makes.

use crate::alarm::{ALARMS, Action, Alarm, Clears};
use crate::bolus::BolusKind;
use crate::event::EventKind;
use crate::order::BolusRequest;
use crate::pump::{Command, Pump, Sensors, State};
use crate::quantity::MonoNs;
use crate::reason::Reason;

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
            (Command::Refill { content }, _) => {
                let content = self.memory.refill(content);
                self.tell(EventKind::Refilled { content });
                self.watch_reservoir();
                self.stale = true;
                if self.armed.is_some_and(|p| content <= p.reservoir.empty) {
                    self.fault(Alarm::ReservoirEmpty);
                }
            }
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
        let Sensors {
            occlusion,
            air,
            stall,
            door,
            reservoir,
        } = self.sensors;
        let empty = reservoir || self.memory.content() <= p.reservoir.empty;
        let until_armed = self.alarms.iter().any(|alarm| {
            alarm.row().action >= Action::Stop && alarm.row().clears == Clears::WhenArmed
        });
        let lost = self.watch.sensor_lost;
        let air = air && !self.air_may_pass(now, &p);
        if occlusion || air || stall || door || empty || lost || until_armed {
            self.tell(EventKind::CommandRefused {
                reason: Reason::Alarm,
            });
            if empty {
                self.fault(Alarm::ReservoirEmpty);
            }
            return;
        }
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
