//! The driver: it gives the control law its time, its inputs and a pump to step.

mod happenings;
mod recorded;

use pump_core::event::EventKind;
use pump_core::order::RegimenId;
use pump_core::prescription::{MAX_REGIMENS, Prescription};
use pump_core::pump::{ArmError, Command, EdgeFate, Inputs, Outputs, State};
use pump_core::quantity::{MonoNs, Nanoseconds, Steps};
use pump_core::reason::Reason;
use pump_hal::{FluidPath, Motor, Sensor, SensorLost, SimulatedPump};

use pump_recording::row::Dossier;

use crate::clock::{Clocks, on_grid};
use crate::gather::Gathered;
use crate::guests::Guests;
use crate::journal::Journal;
use crate::report::{Note, Report, RestartReport};
use crate::scenario::Scenario;
use crate::script::{Happening, Script};
use crate::shares::Shares;
use crate::story::{Fate, Story};
use crate::tally::Tally;
use crate::windows::WindowSums;
use crate::{Infusion, Leases, Observer, Options, SimulationError, StrategySource};
use recorded::Recorded;

/// So many ticks at one instant, with nothing new from the scenario, are a control law that
/// asks for ever.
const MAX_TICKS_AT_ONCE: u32 = 100_000;

/// A line that is blocked, seen or not.
#[derive(Clone, Copy, Debug)]
struct Blocked {
    /// The edges before it was.
    edges: u64,
    seen_at: Nanoseconds,
}

/// A run in virtual time. See the [crate] for what it means and an example.
pub struct Simulation<'a> {
    infusion: &'a Infusion,
    options: Options,
    observer: &'a mut dyn Observer,
    /// What is armed: the infusion's, with the lease that the run goes by.
    armed: Prescription,

    pump: Recorded,
    hardware: SimulatedPump,
    journal: Journal,
    guests: Guests,
    script: Script,
    clocks: Clocks,

    now: Nanoseconds,
    wake_at: Nanoseconds,
    powered: bool,
    ticks_at_once: u32,
    inputs: Inputs,
    fate: EdgeFate,
    bad_until: [Nanoseconds; Sensor::ALL.len()],
    blocked: Option<Blocked>,

    story: Story,
    shares: Shares,
    tally: Tally,
    windows: WindowSums,
    restarts: Vec<RestartReport>,
    notes: Vec<Note>,
}

impl<'a> Simulation<'a> {
    /// Sets up a run; nothing happens yet.
    ///
    /// `strategies` makes the strategy of each regimen, in the prescription's order.
    ///
    /// # Errors
    ///
    /// [`SimulationError::Strategies`] where there are not as many strategies as regimens.
    pub fn new(
        infusion: &'a Infusion,
        strategies: Vec<Box<dyn StrategySource>>,
        scenario: &Scenario,
        options: Options,
        observer: &'a mut dyn Observer,
    ) -> Result<Self, SimulationError> {
        let regimens = infusion.prescription.regimens.iter().flatten().count();
        if regimens != strategies.len() {
            return Err(SimulationError::Strategies {
                regimens,
                strategies: strategies.len(),
            });
        }
        let mut armed = infusion.prescription;
        if options.leases == Leases::Vouched {
            armed.order_lease = Nanoseconds::MAX;
        }
        let pump = Recorded::new();
        Ok(Self {
            infusion,
            options,
            observer,
            armed,
            journal: Journal::new(&pump),
            pump,
            hardware: SimulatedPump::new(armed.reservoir.volume),
            guests: Guests::new(strategies),
            script: Script::new(scenario),
            clocks: Clocks::new(options.wall_clock_start_utc_s, infusion.time_zone.clone()),
            now: Nanoseconds::ZERO,
            wake_at: Nanoseconds::MAX,
            powered: true,
            ticks_at_once: 0,
            inputs: Inputs::default(),
            fate: EdgeFate::None,
            bad_until: [Nanoseconds::ZERO; Sensor::ALL.len()],
            blocked: None,
            story: Story::default(),
            shares: Shares::default(),
            tally: Tally::default(),
            windows: WindowSums::new(),
            restarts: Vec::new(),
            notes: Vec::new(),
        })
    }

    /// Records the run: its rows go to the observer, as the daemon's go to its journal.
    #[must_use]
    pub fn recorded(mut self, dossier: Dossier) -> Self {
        self.pump.record(dossier);
        self
    }

    /// Arms and starts at 0, lets the scenario happen, and ends after the duration.
    ///
    /// # Errors
    ///
    /// [`SimulationError::Arm`] where the control law refuses the prescription,
    /// [`SimulationError::Strategy`] where a strategy can't be made at the start, and
    /// [`SimulationError::Stuck`] where time stands still.
    pub fn run(mut self) -> Result<Report, SimulationError> {
        self.arm()?.map_err(SimulationError::Arm)?;
        self.command(Command::Start)?;
        let end = self.options.duration;
        loop {
            let next = self.wake_at.min(self.script.next_at()).min(end);
            self.advance_to(next);
            self.observer.instant(next);
            if self.script.next_at() > next {
                self.settle()?;
            }
            while let Some(happening) = self.script.take(next) {
                self.ticks_at_once = 0;
                self.happens(happening)?;
            }
            if next >= end && self.wake_at > end {
                return self.finish();
            }
        }
    }

    fn advance_to(&mut self, next: Nanoseconds) {
        if next > self.now {
            self.now = next;
            self.ticks_at_once = 0;
        }
    }

    /// When the daemon would find a strategy dead that falls silent now: when the lease of
    /// its last order has run out.
    fn lapse_from_now(&self) -> Nanoseconds {
        on_grid(
            self.now
                .saturating_add(self.infusion.prescription.order_lease),
        )
    }

    /// With vouched leases nobody but the driver can say that a strategy is gone.
    fn await_lapse(&mut self, regimen: RegimenId, lapses_at: Nanoseconds) {
        if self.options.leases == Leases::Vouched {
            self.script.will(lapses_at, Happening::Lapses(regimen));
        }
    }

    fn arm(&mut self) -> Result<Result<(), ArmError>, SimulationError> {
        let before = self.pump.ledger();
        let now = self.clocks.pump(self.now);
        let armed = self.pump.arm(now, &self.armed, self.observer);
        if armed.is_ok() {
            self.tally.close(before.as_ref());
            self.tally.open();
            self.hear();
            self.journal.begin(&self.pump);
            self.guests
                .create()
                .map_err(|(regimen, fault)| SimulationError::Strategy {
                    regimen: self.infusion.regimen_name(regimen),
                    fault,
                })?;
        }
        Ok(armed)
    }

    fn command(&mut self, command: Command) -> Result<(), SimulationError> {
        self.inputs.command = Some(command);
        self.settle()
    }

    /// Ticks at this instant until the control law wants nothing more of it.
    fn settle(&mut self) -> Result<(), SimulationError> {
        if !self.powered {
            return Ok(());
        }
        loop {
            let outputs = self.tick();
            self.wake_at = self.clocks.sim(outputs.wake_at).max(self.now);
            // A pump that comes to rest with a step would not ask to be called again, and
            // still has to learn what became of it.
            let mut more = outputs.step && outputs.wake_at == MonoNs::NEVER;
            let keep = self.script.has_restarts_ahead();
            if let Some(credit) = outputs.credit_wanted {
                self.inputs.credit = Some(self.journal.sync(&self.pump, credit, keep));
                more = true;
            } else if keep && !self.pump.events().is_empty() {
                self.journal.write(&self.pump);
            }
            if outputs.wants_order.contains(&true) {
                more |= self.ask_strategies(&outputs);
            }
            self.ticks_at_once += 1;
            if self.ticks_at_once > MAX_TICKS_AT_ONCE {
                return Err(SimulationError::Stuck { at: self.now });
            }
            if !more {
                return Ok(());
            }
        }
    }

    /// Shows every strategy that the pump wants to hear what there is. Whether any answered.
    fn ask_strategies(&mut self, outputs: &Outputs) -> bool {
        let mut answered = false;
        for (n, wanted) in (0..).zip(outputs.wants_order) {
            if wanted {
                answered |= self.ask_strategy(RegimenId(n));
            }
        }
        answered
    }

    /// Shows a strategy what there is; its order waits for the next tick. Whether there is
    /// one.
    fn ask_strategy(&mut self, regimen: RegimenId) -> bool {
        let Some(snapshot) = self.pump.snapshot(regimen, self.observer) else {
            return false;
        };
        let wall = self.clocks.wall(self.now);
        self.pump.clocked(regimen, &wall);
        let lapses_at = self.lapse_from_now();
        match self
            .guests
            .ask(regimen, &snapshot, &wall, self.now, lapses_at)
        {
            Ok(None) => false,
            Ok(Some(order)) => {
                if let Some(place) = self.inputs.orders.get_mut(usize::from(regimen.0)) {
                    *place = Some(order);
                }
                true
            }
            Err(fault) => {
                let name = self.infusion.regimen_name(regimen);
                self.note(format!("the strategy of regimen {name:?} broke: {fault}"));
                self.await_lapse(regimen, lapses_at);
                false
            }
        }
    }

    /// One call of the control law, and the step it asks for.
    fn tick(&mut self) -> Outputs {
        self.inputs.edge = std::mem::take(&mut self.fate);
        self.inputs.sensors = match self.hardware.sensors() {
            Ok(lines) => lines,
            Err(SensorLost(sensor)) => {
                // A lost sensor is a fault, never a reading of "all is well" (W11).
                let mut lines = self.inputs.sensors;
                sensor.write(&mut lines, true);
                lines
            }
        };
        self.inputs.trapped = Steps::ZERO;
        if let Some(blocked) = self.blocked {
            self.inputs.sensors.occlusion &= self.now >= blocked.seen_at;
            self.inputs.trapped = Steps(self.hardware.edges().saturating_sub(blocked.edges));
        }
        self.inputs.lost = self.guests.lost(self.now);
        let now = self.clocks.pump(self.now);
        let outputs = self.pump.tick(now, &self.inputs, self.observer);
        self.inputs.credit = None;
        self.inputs.command = None;
        self.inputs.press = false;
        self.inputs.orders = [None; MAX_REGIMENS];

        self.hear();
        self.drive(&outputs);
        outputs
    }

    /// Does to the motor what the control law wants.
    fn drive(&mut self, outputs: &Outputs) {
        // A last step may come with the order to disable: the motor is held until it is
        // done. A change that the driver refuses shows as a refused step, and the control
        // law hears of it there.
        let hold = outputs.motor_enabled || outputs.step;
        if hold != self.hardware.enabled() {
            let _ = self.hardware.set_enabled(hold);
        }
        if outputs.step {
            self.fate = match self.hardware.step() {
                Ok(()) => EdgeFate::Accepted,
                Err(_) => EdgeFate::Refused,
            };
            if self.fate == EdgeFate::Accepted {
                self.windows.push(self.now);
                self.observer.edge(self.now);
            }
        }
        if hold != outputs.motor_enabled {
            let _ = self.hardware.set_enabled(outputs.motor_enabled);
        }
    }

    /// Takes in what happened in the last call of the pump.
    fn hear(&mut self) {
        let events = self.pump.events();
        if events.is_empty() {
            return;
        }
        let mut begins = false;
        for event in events {
            self.story.hear(event, |at| self.clocks.sim(at));
            self.shares.hear(event, |at| self.clocks.sim(at));
            self.observer.event(self.clocks.sim(event.at), &event.kind);
            begins |= matches!(
                event.kind,
                EventKind::State {
                    to: State::Infusing,
                    ..
                }
            );
        }
        let commanded = self
            .tally
            .commanded_for_pictures(self.pump.ledger().as_ref());
        self.observer.commanded(self.now, commanded);
        if begins {
            let lapses_at = self.lapse_from_now();
            for regimen in self.guests.begin(self.now, lapses_at) {
                self.await_lapse(regimen, lapses_at);
            }
        }
    }

    /// Tells the ledger the fate of an edge that it has asked for and not yet heard of.
    fn report_last_edge(&mut self) {
        while self.fate != EdgeFate::None {
            self.tick();
        }
    }

    /// The pump is about to be dropped: stopping it makes it say how far its boluses are.
    fn close_boluses(&mut self, fate: Fate) {
        if self.story.has_open_boluses() {
            let stop = Inputs {
                command: Some(Command::Stop),
                ..Inputs::default()
            };
            let now = self.clocks.pump(self.now);
            self.pump.tick(now, &stop, self.observer);
            self.story.close_boluses(self.now, self.pump.events(), fate);
        }
    }

    fn finish(mut self) -> Result<Report, SimulationError> {
        let mut state = State::Disarmed;
        let mut content = self.hardware.content();
        if self.powered {
            // The integrals go to the very end, though nothing may be due there.
            self.settle()?;
            self.report_last_edge();
            state = self.pump.state();
            let ledger = self.pump.ledger();
            content = ledger.map_or(content, |ledger| ledger.reservoir);
            self.tally.close(ledger.as_ref());
            self.shares.close(self.now);
            self.close_boluses(Fate::Running);
            // Its strategy had not answered by the end: it has no live order.
            self.story.close_demands(self.now, Reason::Lease);
            self.pump.end("simulation-ended", true, self.observer);
        }
        self.observer
            .commanded(self.now, self.tally.closed_for_pictures());
        let gathered = Gathered {
            infusion: self.infusion,
            options: self.options,
            steps: Steps(self.hardware.edges()),
            content,
            state,
            story: self.story,
            basal_nl: self.shares.basal_nl(),
            tally: self.tally,
            peaks: self.windows.peaks(),
            restarts: self.restarts,
            notes: self.notes,
        };
        Ok(gathered.report())
    }

    fn note(&mut self, text: String) {
        self.notes.push(Note {
            at_ns: self.now.0,
            text,
        });
    }
}
