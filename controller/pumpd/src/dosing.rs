//! The loop: the control law in real time.
//!
//! It wakes for the 10 ms grid and for every edge, tells the control law what has arrived,
//! and does what that wants. It waits for nothing but its own absolute sleep (I7): all it
//! hears and says goes over lanes, and a lane that is full is counted, not waited for.
//!
//! The control law is told the *nominal* instant as long as the wake-up was late by no more
//! than its tolerance, so that the same inputs give the same planned edges to the nanosecond
//! whatever the machine's jitter (I11). A later wake-up is told as late as it is (I6).
//!
//! To have its thinking behind it when a step is due, it wakes a moment early while the motor
//! runs, and waits out the rest awake: the edge then is as late as its own call takes, and not
//! as late as the wake-up and the tick.
//!
//! Its instants are those of the pump's clock; the threads' beats and the motor's are by the
//! monotonic one (see [`PumpClock`]).

mod ends;
mod recent;
mod recorded;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use pump_core::order::{Order, RegimenId};
use pump_core::pump::{
    ArmError, Command, EdgeFate, Inputs, NotStill, Outputs, Pump, Sensors, State, TICK, Watch,
};
use pump_core::quantity::{MonoNs, Nanoseconds, Steps};
use pump_hal::{Brake, Heartbeat, LiveMotor};
use pump_rt::{clock, guard};

use crate::clock::PumpClock;
use crate::faults::{Faults, Victim};
use crate::messages::{FromLink, News, Record, Task, View, Waits, What};
use crate::vitals::{Stalled, Vitals};

use ends::LoopEnds;
use recent::RecentEdges;
use recorded::Recorded;

pub(crate) use ends::{Ends, LinkEnds};

/// A later wake-up is never told as if it had been on time.
const MOST_TOLERANCE: Nanoseconds = Nanoseconds::from_millis(1);
/// So much before a step is due the loop wakes, and at most so long it waits awake. A wake-up
/// and a tick fit in; at 1000 steps a second it is less than a twentieth of the processor.
const LEAD: Nanoseconds = Nanoseconds(40_000);
/// So often the operators are told how things are, though nothing happens.
const VIEW_EVERY: Nanoseconds = Nanoseconds::from_millis(250);
/// So many tasks and orders are taken in one tick of the grid.
const AT_ONCE: usize = 4;

/// What the loop begins with.
pub(crate) struct Begin {
    /// The control law: new, or what came back from a loss of power.
    pub(crate) pump: Box<Pump>,
    pub(crate) clock: PumpClock,
    /// The last arming that the journal knows of.
    pub(crate) arming: u64,
    /// Whether each edge is recorded by itself.
    pub(crate) tape: bool,
}

/// The loop and all it owns.
pub(crate) struct Dosing<M, H> {
    pump: Recorded,
    clock: PumpClock,
    motor: M,
    brake: Arc<dyn Brake>,
    heart: Option<H>,
    ends: LoopEnds,
    vitals: Arc<Vitals>,
    faults: Arc<Faults>,
    /// The lines as they were last said to be, and as the control law was last told.
    sensors: Sensors,
    told: Sensors,
    lost_line: bool,
    /// When the line was blocked, by the monotonic clock.
    occluded_at: Option<MonoNs>,
    recent: RecentEdges,
    /// Presses that came while the motor settled.
    waiting_presses: u8,
    /// What the motor was last told.
    enabled: bool,
    arming: u64,
    tape: bool,
    started_at: Option<MonoNs>,
    /// When the control law wants to be called.
    wake_at: MonoNs,
    view_at: MonoNs,
    ticks: u64,
    watch: Watch,
}

impl<M: LiveMotor, H: Heartbeat> Dosing<M, H> {
    pub(crate) fn new(
        begin: Begin,
        motor: M,
        heart: Option<H>,
        ends: Ends,
        vitals: Arc<Vitals>,
        faults: Arc<Faults>,
    ) -> Self {
        let brake = motor.brake();
        let (records, ends) = ends.split();
        Self {
            pump: Recorded::new(begin.pump, records, Arc::clone(&vitals)),
            clock: begin.clock,
            motor,
            brake,
            heart,
            ends,
            vitals,
            faults,
            sensors: Sensors::default(),
            told: Sensors::default(),
            lost_line: false,
            occluded_at: None,
            recent: RecentEdges::new(),
            waiting_presses: 0,
            enabled: false,
            arming: begin.arming,
            tape: begin.tape,
            started_at: None,
            wake_at: MonoNs::NEVER,
            view_at: MonoNs(0),
            ticks: 0,
            watch: Watch::default(),
        }
    }

    /// Runs until the daemon ends; then the motor is disabled.
    pub(crate) fn run(mut self) {
        guard::forbid();
        let mut grid = next_grid(self.clock.now());
        while !self.vitals.is_ending() {
            // Before the motor has settled no edge can go out: it is planned late instead.
            let wake_at = self.wake_at.max(self.ready_at());
            let target = grid.min(wake_at);
            let tolerance = self.pump.tolerance().min(MOST_TOLERANCE);
            let alarm = target.min(earlier(wake_at, self.lead(tolerance)));
            self.clock.sleep_until(alarm);
            let mono = clock::now();
            let woken = self.clock.of(mono);
            self.vitals.wake_lateness.record(woken.since(alarm));
            self.vitals.pump_loop.show(mono);
            self.faults.visit(Victim::Loop, mono, &self.vitals);
            self.vitals.wakes.fetch_add(1, Ordering::Relaxed);
            let late = woken.since(target);
            let now = if late <= tolerance { target } else { woken };
            if target >= grid {
                self.on_grid(now);
                grid = next_grid(now);
            }
            if now >= self.wake_at && now >= self.ready_at() {
                self.tick(now, Inputs::default());
            }
        }
        self.end();
        guard::permit();
    }

    /// How much before a step is due it wakes: nothing while the motor is off, and never so
    /// early that steps would be closer together than they may.
    fn lead(&self, tolerance: Nanoseconds) -> Nanoseconds {
        if self.enabled {
            LEAD.min(tolerance)
        } else {
            Nanoseconds::ZERO
        }
    }

    /// When the motor takes a step at the earliest.
    fn ready_at(&self) -> MonoNs {
        self.clock.of(self.motor.ready_at())
    }

    /// The operator stops the daemon: the running stroke is at an end between two ticks.
    fn end(&mut self) {
        let now = self.clock.now();
        if matches!(self.pump.state(), State::Infusing | State::Paused) {
            let stop = Inputs {
                command: Some(Command::Stop),
                ..Inputs::default()
            };
            self.tick(now, stop);
        }
        // A motor that can't be told by the loop is told by the brake.
        if self.motor.set_enabled(false).is_err() {
            let _ = self.brake.cut();
        }
        self.publish(now);
        self.vitals.loop_ended.store(true, Ordering::Release);
    }

    /// What is done on the 10 ms grid: the heartbeat, and what has arrived.
    fn on_grid(&mut self, now: MonoNs) {
        if let Some(heart) = &mut self.heart {
            // A heartbeat that fails stops the hardware's charge pump by itself.
            let _ = heart.beat();
        }
        let mut presses = std::mem::take(&mut self.waiting_presses);
        while let Some(lines) = self.ends.lines.receive() {
            self.sensors = lines.sensors;
            self.lost_line = lines.lost;
            self.occluded_at = lines.occluded_at;
            presses = presses.saturating_add(lines.presses);
        }
        let watch = self.watch();
        let mut something = watch != self.watch || self.sensors != self.told;
        self.watch = watch;
        if self.clock.now() < self.ready_at() {
            // While the motor settles only bad news is taken in: an edge could not go out.
            if something {
                self.tick(now, Inputs::default());
            }
            self.waiting_presses = presses;
            return;
        }
        let mut inputs = Inputs::default();
        while let Some(credit) = self.ends.credits.receive() {
            if credit.arming == self.arming {
                inputs.credit = Some(credit.steps);
                something = true;
            }
        }
        for (place, link) in self.ends.links.iter_mut().enumerate() {
            for _ in 0..AT_ONCE {
                match link.from.receive() {
                    Some(FromLink::Order { order, clock }) => {
                        set(&mut inputs.orders, place, Some(order));
                        set(&mut inputs.lost, place, false);
                        self.pump.clocked(place, clock);
                        something = true;
                        // The next one waits for its own tick: its strategy has gone on with
                        // each, and each is told.
                        break;
                    }
                    Some(FromLink::Lost) => {
                        set::<Option<Order>>(&mut inputs.orders, place, None);
                        set(&mut inputs.lost, place, true);
                        something = true;
                    }
                    // Before the start nobody is asked, and what an older arming would have
                    // shown is none of a new child's business: the start asks everybody.
                    Some(FromLink::Reborn) if self.pump.state() != State::Infusing => {}
                    Some(FromLink::Reborn) => {
                        let shown = u8::try_from(place).ok().map(RegimenId);
                        let snapshot = shown.and_then(|id| self.pump.snapshot(id));
                        if snapshot.is_some_and(|shown| link.snapshots.send(shown).is_err()) {
                            self.vitals.lost_to_links.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                    None => break,
                }
            }
        }
        if something {
            self.tick(now, inputs);
        }
        for _ in 0..presses {
            let press = Inputs {
                press: true,
                ..Inputs::default()
            };
            self.tick(now, press);
        }
        for _ in 0..AT_ONCE {
            let Some(task) = self.ends.tasks.receive() else {
                break;
            };
            self.perform(now, task);
        }
        if now >= self.view_at {
            self.publish(now);
        }
    }

    /// What the control law can't see by itself.
    fn watch(&self) -> Watch {
        let vitals = &self.vitals;
        Watch {
            sensor_lost: self.lost_line,
            inputs_stalled: vitals.is_stalled(Stalled::Inputs),
            journal_stalled: vitals.is_stalled(Stalled::Journal),
            link_stalled: vitals.is_stalled(Stalled::Link),
            control_stalled: vitals.is_stalled(Stalled::Control),
            loop_stalled: vitals.braked.load(Ordering::Acquire),
            count_differs: vitals.count_differs.load(Ordering::Acquire),
            internal_error: guard::violations() > 0 || vitals.discord.load(Ordering::Acquire),
            self_test_failed: vitals.self_test_failed.load(Ordering::Acquire),
            records_lost: vitals.lost_to_journal.load(Ordering::Relaxed) > 0,
        }
    }

    fn perform(&mut self, now: MonoNs, task: Task) {
        let result = match task.what {
            What::Arm(prescription) => {
                let armed = self.pump.arm(task.id, now, &prescription);
                if armed.is_ok() {
                    self.arming = self.arming.saturating_add(1);
                    self.started_at = None;
                    // What a strategy said before is an answer to another arming.
                    for link in &mut self.ends.links {
                        while link.from.receive().is_some() {}
                    }
                    self.vitals.recount.store(true, Ordering::Release);
                    self.vitals.count_differs.store(false, Ordering::Release);
                    self.watch.count_differs = false;
                    // Arming is what releases the sentinel's hand.
                    self.vitals.braked.store(false, Ordering::Release);
                    self.brake.release();
                    self.watch.loop_stalled = false;
                    self.tell_events();
                }
                armed
            }
            What::Disarm => {
                let disarmed = self.pump.disarm(now);
                self.forgotten(disarmed)
            }
            What::NewSubject => {
                let forgotten = self.pump.new_subject(now);
                self.forgotten(forgotten)
            }
            What::Obey(command) => {
                let inputs = Inputs {
                    command: Some(command),
                    ..Inputs::default()
                };
                self.tick(now, inputs);
                Ok(())
            }
            What::Press => {
                let inputs = Inputs {
                    press: true,
                    ..Inputs::default()
                };
                self.tick(now, inputs);
                Ok(())
            }
        };
        self.publish(now);
        self.say(News::Answer {
            id: task.id,
            result,
        });
    }

    /// What was armed is not any more, unless the pump was not still.
    fn forgotten(&mut self, outcome: Result<(), NotStill>) -> Result<(), ArmError> {
        outcome.map_err(|NotStill| ArmError::NotStill)?;
        // What it was granted is no credit of anything that comes later.
        self.arming = self.arming.saturating_add(1);
        self.started_at = None;
        self.tell_events();
        Ok(())
    }

    /// One tick of the control law, and everything that it wants.
    fn tick(&mut self, now: MonoNs, inputs: Inputs) {
        let mut outputs = self.think(now, inputs);
        // One edge a tick; the second round says what became of it.
        for _ in 0..2 {
            let enable = outputs.motor_enabled;
            if enable != self.enabled && enable {
                self.enabled = self.motor.set_enabled(true).is_ok();
            }
            let fate = if outputs.step {
                self.step(outputs.step_due)
            } else {
                EdgeFate::None
            };
            if !enable && self.enabled {
                self.enabled = false;
                if self.motor.set_enabled(false).is_err() {
                    let _ = self.brake.cut();
                }
            }
            self.serve(&outputs);
            if fate == EdgeFate::None {
                break;
            }
            let settled = Inputs {
                edge: fate,
                ..Inputs::default()
            };
            outputs = self.think(now, settled);
        }
        self.wake_at = outputs.wake_at;
    }

    fn think(&mut self, now: MonoNs, inputs: Inputs) -> Outputs {
        let began = clock::now();
        let inputs = Inputs {
            sensors: self.sensors,
            trapped: self.trapped(),
            watch: self.watch,
            ..inputs
        };
        self.told = self.sensors;
        let before = self.pump.state();
        let outputs = self.pump.tick(now, &inputs);
        if self.started_at.is_none()
            && before == State::Armed
            && self.pump.state() == State::Infusing
        {
            self.started_at = Some(now);
        }
        self.ticks = self.ticks.saturating_add(1);
        self.vitals.ticks.store(self.ticks, Ordering::Relaxed);
        self.vitals.tick_time.record(clock::now().since(began));
        if !self.pump.events().is_empty() {
            self.tell_events();
            self.publish(now);
        }
        outputs
    }

    /// What went out against a blockage that is told now for the first time.
    fn trapped(&self) -> Steps {
        match self.occluded_at {
            Some(at) if !self.told.occlusion => self.recent.after(at),
            _ => Steps::ZERO,
        }
    }

    fn step(&mut self, due: MonoNs) -> EdgeFate {
        let due = self.clock.mono(due);
        let begun = awake_until(due.max(self.motor.ready_at()));
        self.vitals.edge_lateness.record(begun.since(due));
        let taken = self.motor.step().is_ok();
        let issued = clock::now();
        self.vitals.ioctl_time.record(issued.since(begun));
        let count = if taken {
            &self.vitals.edges
        } else {
            &self.vitals.refused_edges
        };
        count.fetch_add(1, Ordering::Release);
        if taken {
            self.recent.push(issued);
        }
        if self.tape {
            self.pump.record(Record::Edge { due, issued, taken });
        }
        if taken {
            EdgeFate::Accepted
        } else {
            EdgeFate::Refused
        }
    }

    /// Snapshots to strategies.
    fn serve(&mut self, outputs: &Outputs) {
        for (place, link) in self.ends.links.iter_mut().enumerate() {
            if outputs.wants_order.get(place) != Some(&true) {
                continue;
            }
            let id = u8::try_from(place).ok().map(RegimenId);
            let snapshot = id.and_then(|id| self.pump.snapshot(id));
            if snapshot.is_some_and(|shown| link.snapshots.send(shown).is_err()) {
                // It is asked again within a second; until then its lease runs.
                self.vitals.lost_to_links.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    fn tell_events(&mut self) {
        for place in 0..self.pump.events().len() {
            let Some(event) = self.pump.events().get(place).copied() else {
                break;
            };
            self.say(News::Event(event));
        }
    }

    fn say(&mut self, news: News) {
        if self.ends.news.send(news).is_err() {
            self.vitals.lost_to_control.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn publish(&mut self, now: MonoNs) {
        self.view_at = now.after(VIEW_EVERY);
        self.pump.sum_up();
        self.vitals.signals.tell(self.pump.alarms());
        self.say(News::View(View {
            at: now,
            state: self.pump.state(),
            alarms: self.pump.alarms(),
            lasting: self.pump.lasting_alarms(),
            ledger: self.pump.ledger(),
            started_at: self.started_at,
            bolus: self.pump.running_bolus(),
            windows: self.pump.windows(),
            basal: self.pump.granted_basal(),
            remembered: self.pump.remembered(now),
        }));
        let waits = Waits {
            at: now,
            waits: self.pump.demand_waits(),
        };
        // Where nobody has read so many of them, the next one is soon enough.
        let _ = self.ends.waits.send(waits);
    }
}

fn set<T>(places: &mut [T], place: usize, value: T) {
    if let Some(slot) = places.get_mut(place) {
        *slot = value;
    }
}

const fn earlier(at: MonoNs, by: Nanoseconds) -> MonoNs {
    MonoNs(at.0.saturating_sub(by.0))
}

/// Waits out what is left of the lead, by the monotonic clock; then what it says.
fn awake_until(at: MonoNs) -> MonoNs {
    loop {
        let now = clock::now();
        if now >= at || at.since(now) > LEAD {
            return now;
        }
        std::hint::spin_loop();
    }
}

/// The next instant of the grid.
fn next_grid(now: MonoNs) -> MonoNs {
    let over = now.0.checked_rem(TICK.0).unwrap_or(0);
    now.after(Nanoseconds(TICK.0.saturating_sub(over)))
}
