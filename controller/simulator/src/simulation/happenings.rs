//! What the scenario does to the pump.

use pump_core::order::RegimenId;
use pump_core::pump::{Command, EdgeFate, Inputs, State};
use pump_core::quantity::Nanoseconds;
use pump_hal::Sensor;

use super::{Blocked, Simulation};
use crate::SimulationError;
use crate::clock::on_grid;
use crate::report::RestartReport;
use crate::scenario::Action;
use crate::script::Happening;
use crate::story::Fate;

impl Simulation<'_> {
    pub(super) fn happens(&mut self, happening: Happening) -> Result<(), SimulationError> {
        match happening {
            Happening::Clears(sensor) => {
                if self.bad_until[sensor as usize] <= self.now {
                    self.hardware.switch(sensor, false);
                    if sensor == Sensor::Occlusion {
                        self.blocked = None;
                    }
                }
                self.settle()
            }
            Happening::Shows => self.settle(),
            Happening::Lapses(regimen) => {
                self.guests.lapse(regimen, self.now);
                self.settle()
            }
            Happening::Returns(regimen) => {
                if self.powered && self.pump.state() == State::Infusing {
                    // The control law would ask again within a second; the daemon's link
                    // does not wait for that either.
                    self.ask_strategy(regimen);
                }
                self.settle()
            }
            Happening::WallClockReturns => self.show_the_wall_clock(),
            Happening::PowerReturns => self.power_returns(),
            Happening::Journals => {
                // The pump's clock is that of its last tick.
                self.settle()?;
                if self.powered {
                    self.journal.write(&self.pump);
                }
                Ok(())
            }
            Happening::Acts(action) => self.act(action),
        }
    }

    /// The wall clock goes otherwise than it went. Every strategy sees it: on a pump a lease
    /// would be renewed within a second or two, and here it may have been vouched for.
    fn show_the_wall_clock(&mut self) -> Result<(), SimulationError> {
        // The pump's clock is that of its last tick.
        self.settle()?;
        if self.powered && self.pump.state() == State::Infusing {
            let regimens = self.armed.regimens.iter().flatten().count();
            for (n, _) in (0..).zip(0..regimens) {
                self.ask_strategy(RegimenId(n));
            }
        }
        self.settle()
    }

    fn act(&mut self, action: Action) -> Result<(), SimulationError> {
        let refused_before = self.story.commands_refused.len();
        match action {
            Action::Occlude { span, seen_after } => self.block(span, seen_after)?,
            Action::Air(span) => self.spoil(Sensor::Air, span)?,
            Action::Stall(span) => self.spoil(Sensor::Stall, span)?,
            Action::Door(span) => self.spoil(Sensor::Door, span)?,
            Action::WallClockJump { by_ms } => {
                self.clocks.jump(by_ms);
                self.show_the_wall_clock()?;
            }
            Action::LoseWallClock(span) => {
                let span = span.unwrap_or(Nanoseconds::MAX);
                let until = self.now.saturating_add(span);
                self.clocks.lose_wall(until);
                if until < Nanoseconds::MAX {
                    self.script
                        .will(on_grid(until), Happening::WallClockReturns);
                }
                self.show_the_wall_clock()?;
            }
            Action::LoseStrategy { regimen, span } => self.lose_strategy(regimen, span),
            _ if !self.powered => {
                self.note(format!(
                    "{}: without effect, the controller has no power",
                    action.name()
                ));
            }
            Action::Press => {
                self.inputs.press = true;
                self.settle()?;
            }
            Action::ClinicianBolus { volume, over } => {
                self.command(Command::ClinicianBolus { volume, over })?;
            }
            Action::Pause => self.command(Command::Pause)?,
            Action::Resume => self.command(Command::Resume)?,
            Action::Stop => self.command(Command::Stop)?,
            Action::Start => self.command(Command::Start)?,
            Action::Arm => match self.arm()? {
                Ok(()) => self.settle()?,
                Err(error) => self.note(format!("arm: refused, {error}")),
            },
            Action::Refill(volume) => {
                if let Some(content) = volume.steps(self.armed.volume_per_step) {
                    self.hardware.refill(content);
                }
                self.command(Command::Refill {
                    residue: None,
                    content: volume,
                })?;
            }
            Action::Restart { off_for } => self.power_fails(off_for)?,
        }
        // A refused bolus is an entry of its own; any other refused command would be lost.
        let refused = self
            .story
            .commands_refused
            .get(refused_before..)
            .unwrap_or_default();
        let texts: Vec<String> = refused
            .iter()
            .map(|(_, reason)| format!("{}: refused, {}", action.name(), reason.text()))
            .collect();
        for text in texts {
            self.note(text);
        }
        Ok(())
    }

    fn block(
        &mut self,
        span: Option<Nanoseconds>,
        seen_after: Nanoseconds,
    ) -> Result<(), SimulationError> {
        // What is due at this very instant still passes.
        self.settle()?;
        let seen_at = on_grid(self.now.saturating_add(seen_after));
        let blocked = self.blocked.get_or_insert(Blocked {
            edges: self.hardware.edges(),
            seen_at,
        });
        blocked.seen_at = blocked.seen_at.min(seen_at);
        self.script.will(blocked.seen_at, Happening::Shows);
        self.spoil(Sensor::Occlusion, span)
    }

    fn spoil(&mut self, sensor: Sensor, span: Option<Nanoseconds>) -> Result<(), SimulationError> {
        self.hardware.switch(sensor, true);
        let until = span.map_or(Nanoseconds::MAX, |span| self.now.saturating_add(span));
        let bad_until = &mut self.bad_until[sensor as usize];
        *bad_until = (*bad_until).max(until);
        if *bad_until < Nanoseconds::MAX {
            self.script
                .will(on_grid(*bad_until), Happening::Clears(sensor));
        }
        self.settle()
    }

    fn lose_strategy(&mut self, regimen: RegimenId, span: Nanoseconds) {
        let until = self.now.saturating_add(span);
        let lapses_at = self.lapse_from_now();
        self.guests.leave(regimen, self.now, until, lapses_at);
        self.await_lapse(regimen, lapses_at);
        self.script
            .will(on_grid(until), Happening::Returns(regimen));
    }

    fn power_fails(&mut self, off_for: Nanoseconds) -> Result<(), SimulationError> {
        // What is due at this very instant still happens.
        self.settle()?;
        self.report_last_edge();
        let state = self.pump.state();
        if !matches!(state, State::Infusing | State::Paused | State::Faulted) {
            // Nothing was on its way: the journal has long written down how it ended.
            self.journal.begin(&self.pump);
        }
        self.tally.close(self.pump.ledger().as_ref());
        self.observer
            .commanded(self.now, self.tally.closed_for_pictures());
        self.close_boluses(Fate::Cut(None));
        self.pump.end("power-lost", true, self.observer);
        self.story.lose_power(self.now);
        self.shares.close(self.now);
        self.hardware.lose_power();
        self.fate = EdgeFate::None;
        self.inputs = Inputs::default();
        self.powered = false;
        self.wake_at = Nanoseconds::MAX;
        let back_at = on_grid(self.now.saturating_add(off_for));
        self.restarts.push(RestartReport {
            at_ns: self.now.0,
            back_at_ns: back_at.0,
            uncertain_nl: 0,
        });
        self.script.will(back_at, Happening::PowerReturns);
        Ok(())
    }

    fn power_returns(&mut self) -> Result<(), SimulationError> {
        let (pump, clock) = self.journal.restore();
        self.pump.come_back(pump);
        self.clocks.power_returns(self.now, clock);
        self.powered = true;
        let before = self.story.uncertain;
        self.hear();
        // What was in doubt is booked, and not in doubt again.
        self.journal.begin(&self.pump);
        self.settle()?;
        let booked = self.story.uncertain.saturating_sub(before);
        let booked_nl = self.armed.volume_per_step.times_floor_nl(booked);
        if let Some(restart) = self.restarts.last_mut() {
            restart.uncertain_nl = booked_nl;
        }
        Ok(())
    }
}
