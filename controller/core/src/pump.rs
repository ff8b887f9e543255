//! The pump: its state, what it is told and what it wants.
//!
//! The tick itself is in `tick.rs`.

use crate::alarm::{ActiveAlarms, Alarm};
use crate::bolus::{Bolus, BolusId, BolusKind, Pending};
use crate::event::{Event, EventKind, Events};
use crate::grid::Flow;
use crate::ledger::{Counts, Ledger};
use crate::memory::Memory;
use crate::order::{BolusRequest, DemandId, DemandWait, Order, RegimenId, Snapshot};
use crate::planner::Planner;
use crate::prescription::{DemandEnvelope, MAX_REGIMENS, Prescription};
use crate::quantity::{MonoNs, Nanoseconds, Rate, Steps, Volume};
use crate::reason::Reason;
use crate::regimen::Regimen;
use crate::shortfall::Shortfall;
use crate::watch::Stops;
use crate::window::caps_by_span;

pub use crate::arming::{ArmError, NotStill};
pub use crate::sensor::Sensors;

/// The grid of the therapy clock on which inputs are answered and strategies are asked.
pub const TICK: Nanoseconds = Nanoseconds::from_millis(10);

/// Where the pump is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// No prescription is armed.
    Disarmed,
    /// A prescription is armed and nothing is given yet.
    Armed,
    /// Delivering.
    Infusing,
    /// Halted by the operator, to be resumed.
    Paused,
    /// Ended by the operator.
    Stopped,
    /// The volume to be infused was reached.
    Complete,
    /// An alarm stopped delivery.
    Faulted,
}

impl State {
    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Disarmed => "disarmed",
            Self::Armed => "armed",
            Self::Infusing => "infusing",
            Self::Paused => "paused",
            Self::Stopped => "stopped",
            Self::Complete => "complete",
            Self::Faulted => "faulted",
        }
    }
}

/// What became of the step that the last [`Outputs::step`] asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EdgeFate {
    /// None was asked for.
    #[default]
    None,
    /// The driver accepted it: it counts as delivered.
    Accepted,
    /// The driver refused it: it counts as uncertain, and the motor is at fault.
    Refused,
}

/// What the operator does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Begin delivery from `Armed`; from `Paused` and `Faulted` as [`Command::Resume`].
    Start,
    /// Halt delivery.
    Pause,
    /// Go on, from `Paused`, or from `Faulted` once the cause is gone.
    Resume,
    /// End the run.
    Stop,
    /// Give a clinician bolus.
    ClinicianBolus {
        /// The volume.
        volume: Volume,
        /// The time over which it is given.
        over: Nanoseconds,
    },
    /// The reservoir was emptied and now holds this much.
    Refill {
        /// What was found in it, where that was measured. It is held against the ledger (W06),
        /// and then the pump must be at rest and the content no more than the reservoir's
        /// volume. Without it nothing is judged, as in a simulation.
        residue: Option<Volume>,
        /// The new content.
        content: Volume,
    },
    /// Somebody answers for a residue that differs from the ledger.
    AcknowledgeResidue,
}

/// What watches the pump from outside of the control law has found; true is bad.
///
/// The control law can't see its own thread, nor the others that feed it. Whoever can says
/// so here, at each tick, and the alarms follow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Watch {
    /// A sensor can't be read: a fault, never a reading of "all is well" (W11).
    pub sensor_lost: bool,
    /// The thread that reads the lines does not report.
    pub inputs_stalled: bool,
    /// The thread that makes volume durable does not report.
    pub journal_stalled: bool,
    /// A thread that speaks with a strategy does not report.
    pub link_stalled: bool,
    /// The thread that the operator speaks to does not report.
    pub control_stalled: bool,
    /// The loop stood still or ran wild, and the motor was disabled over its head (W08).
    pub loop_stalled: bool,
    /// A counter in hardware has seen other steps than the ledger (W12).
    pub count_differs: bool,
    /// The loop did what it must not do: it allocated (I7).
    pub internal_error: bool,
    /// A self-test that is repeated while the pump runs has failed (W07).
    pub self_test_failed: bool,
    /// What the loop had to tell the journal found no room: the log has a gap (P04).
    pub records_lost: bool,
}

impl Watch {
    /// Nothing is found to be bad; the default.
    pub const NOTHING_BAD: Self = Self {
        sensor_lost: false,
        inputs_stalled: false,
        journal_stalled: false,
        link_stalled: false,
        control_stalled: false,
        loop_stalled: false,
        count_differs: false,
        internal_error: false,
        self_test_failed: false,
        records_lost: false,
    };
}

/// Everything the control law is told in one tick.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Inputs {
    /// The fate of the last step asked for.
    pub edge: EdgeFate,
    /// Steps of the current arming that the journal has made durable, ever rising.
    pub credit: Option<Steps>,
    /// The state of the lines.
    pub sensors: Sensors,
    /// Steps that were issued since the occlusion line first changed: a driver that waits for
    /// a line to settle has stepped against the blockage meanwhile. It is only reported.
    pub trapped: Steps,
    /// What is known from outside of the control law.
    pub watch: Watch,
    /// What the operator does. One at a time: tick again at the same instant for more.
    pub command: Option<Command>,
    /// The patient pressed the button.
    pub press: bool,
    /// Orders that arrived, by regimen.
    pub orders: [Option<Order>; MAX_REGIMENS],
    /// Strategies that are known dead: their lease lapses now.
    pub lost: [bool; MAX_REGIMENS],
}

/// What the control law wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outputs {
    /// Issue one step now, and say its fate in the next tick.
    pub step: bool,
    /// When that step fell due: not after now. What it is late by is the driver's to measure.
    pub step_due: MonoNs,
    /// The motor is to be enabled; where it no longer is, after this tick's step.
    pub motor_enabled: bool,
    /// These regimens' strategies are to be shown a fresh [`Pump::snapshot`].
    pub wants_order: [bool; MAX_REGIMENS],
    /// Make this many steps of the arming durable, then say so in [`Inputs::credit`].
    pub credit_wanted: Option<Steps>,
    /// Call again at this instant at the latest, or when an input arrives. After a step
    /// there is always a next call, to say what became of it.
    pub wake_at: MonoNs,
}

/// A press that waits for a strategy's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Demand {
    pub(crate) id: DemandId,
    pub(crate) asked_at: MonoNs,
    pub(crate) regimen: RegimenId,
    /// The snapshot that showed it.
    pub(crate) shown: Option<u64>,
    pub(crate) deadline: MonoNs,
    /// A strategy's answer that waits until a scheduled bolus, which waits for its credit,
    /// has started or was refused: a demand goes before it, but not between the two.
    pub(crate) answer: Option<BolusRequest>,
    /// The first regimen that was asked and could not give it, how much, and why.
    pub(crate) refused: Option<(RegimenId, Steps, Reason)>,
}

/// The control law and everything it knows. Less than 81 kB: keep it in a box.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pump {
    pub(crate) now: MonoNs,
    pub(crate) state: State,
    pub(crate) armed: Option<Prescription>,
    pub(crate) planner: Option<Planner>,
    pub(crate) memory: Memory,
    pub(crate) regimens: [Option<Regimen>; MAX_REGIMENS],
    /// The highest flow, the granted basal, and whether they are to be worked out anew.
    pub(crate) highest: Flow,
    pub(crate) basal: Flow,
    pub(crate) stale: bool,
    /// What was given before leaves room for the basal of all envelopes.
    pub(crate) windows_fit: bool,
    pub(crate) running: Option<Bolus>,
    pub(crate) suspended: Option<Bolus>,
    /// A bolus that has flowed whole, whose last edge is yet to be issued.
    pub(crate) last_edge_of: Option<Bolus>,
    pub(crate) pending: Option<Pending>,
    pub(crate) demand: Option<Demand>,
    pub(crate) counts: Counts,
    pub(crate) in_flight: bool,
    pub(crate) issued_at: MonoNs,
    /// Steps of this arming that are durable, asked for, and worth asking for at a time.
    pub(crate) credit: Steps,
    pub(crate) credit_wanted: Steps,
    pub(crate) credit_size: Steps,
    /// Since when the pump has rested because its credit is spent.
    pub(crate) resting_since: Option<MonoNs>,
    /// Whether the arming has ever infused, and since when.
    pub(crate) begun: bool,
    pub(crate) started_at: MonoNs,
    pub(crate) sensors: Sensors,
    pub(crate) watch: Watch,
    pub(crate) stops: Stops,
    pub(crate) shortfall: Shortfall,
    pub(crate) alarms: ActiveAlarms,
    pub(crate) last_bolus: BolusId,
    pub(crate) last_demand: DemandId,
    pub(crate) events: Events,
}

impl Default for Pump {
    fn default() -> Self {
        Self::new()
    }
}

impl Pump {
    /// A pump that has never given anything: disarmed and still.
    pub const fn new() -> Self {
        Self {
            now: MonoNs(0),
            state: State::Disarmed,
            armed: None,
            planner: None,
            memory: Memory::new(),
            regimens: [None; MAX_REGIMENS],
            highest: Flow::ZERO,
            basal: Flow::ZERO,
            stale: false,
            windows_fit: false,
            running: None,
            suspended: None,
            last_edge_of: None,
            pending: None,
            demand: None,
            counts: Counts {
                delivered: Steps::ZERO,
                missed: Steps::ZERO,
                uncertain: Steps::ZERO,
                displaced: Steps::ZERO,
            },
            in_flight: false,
            issued_at: MonoNs(0),
            credit: Steps::ZERO,
            credit_wanted: Steps::ZERO,
            credit_size: Steps::ZERO,
            resting_since: None,
            begun: false,
            started_at: MonoNs(0),
            sensors: Sensors::SOUND,
            watch: Watch::NOTHING_BAD,
            stops: Stops::NONE,
            shortfall: Shortfall::NONE,
            alarms: ActiveAlarms::NONE,
            last_bolus: BolusId(0),
            last_demand: DemandId(0),
            events: Events::new(),
        }
    }

    /// Where the pump is.
    pub const fn state(&self) -> State {
        self.state
    }

    /// What is armed.
    pub const fn armed(&self) -> Option<&Prescription> {
        self.armed.as_ref()
    }

    /// The lines, as they were told last.
    pub const fn sensors(&self) -> Sensors {
        self.sensors
    }

    /// What watches the pump from outside, as it was told last.
    pub const fn watch(&self) -> Watch {
        self.watch
    }

    /// The active alarms.
    pub const fn alarms(&self) -> ActiveAlarms {
        self.alarms
    }

    /// How late a driver may be and still tell the time as if it had been on time: a quarter
    /// of the shortest nominal interval there is in what is armed. Then runs repeat to the
    /// nanosecond whatever the machine's jitter, and still no two edges come closer than 0.75
    /// of that interval (I6). Whoever is later says how late it really is.
    pub fn tolerance(&self) -> Nanoseconds {
        let shortest = self
            .planner
            .as_ref()
            .and_then(|planner| self.highest.time_for(planner.grid().parts_per_step()));
        Nanoseconds(shortest.unwrap_or(Nanoseconds::ZERO).0 >> 2)
    }

    /// What happened in the last call of `arm`, `disarm`, `tick` or `restore`.
    pub fn events(&self) -> &[Event] {
        self.events.list()
    }

    /// The ledger of what is armed; `None` while nothing is.
    pub fn ledger(&self) -> Option<Ledger> {
        let planner = self.planner.as_ref()?;
        let (remainder, parts_per_step) = planner.remainder();
        Some(Ledger {
            delivered: self.counts.delivered,
            missed: self.counts.missed,
            uncertain: self.counts.uncertain,
            displaced: self.counts.displaced,
            commanded: planner.due(),
            remainder,
            parts_per_step,
            reservoir: self.memory.content(),
            volume_per_step: planner.grid().volume_per_step(),
        })
    }

    /// The basal that is granted to all regimens together; zero while nothing is given.
    pub fn granted_basal(&self) -> Rate {
        if self.state != State::Infusing {
            return Rate::ZERO;
        }
        let granted = self.regimens.iter().flatten().map(|one| one.granted);
        granted
            .into_iter()
            .try_fold(Rate::ZERO, Rate::checked_add)
            .unwrap_or(Rate::ZERO)
    }

    /// The steps that this arming has come to, where it will never make another: it is stopped
    /// or complete, or nothing is armed. More credit than that is of no use to it.
    pub const fn final_steps(&self) -> Option<Steps> {
        match self.state {
            State::Disarmed | State::Stopped | State::Complete if !self.in_flight => {
                Some(self.counts.issued())
            }
            _ => None,
        }
    }

    /// The bolus that flows, and the steps of it that have been delivered.
    pub fn running_bolus(&self) -> Option<(BolusId, Steps)> {
        let running = self.running?;
        let left = self.planner.as_ref()?.bolus_left();
        Some((running.id, self.steps_given(&Bolus { left, ..running })))
    }

    /// The bolus that flows and the one that waits for it, with their kinds and the steps of
    /// each that have been delivered.
    pub fn open_boluses(&self) -> [Option<(BolusId, BolusKind, Steps)>; 2] {
        let running = self.running.and_then(|running| {
            let left = self.planner.as_ref()?.bolus_left();
            Some(Bolus { left, ..running })
        });
        [running, self.suspended]
            .map(|open| open.map(|bolus| (bolus.id, bolus.kind, self.steps_given(&bolus))))
    }

    /// What the windows of 1, 4 and 24 h hold, with the cap of each. Never less than what was
    /// given in them, and more by one minute's worth at the most; it is as old as the last
    /// tick.
    pub fn windows(&self) -> Option<[(Steps, Option<Steps>); 3]> {
        let caps = caps_by_span(self.armed?.caps);
        let [h1, h4, h24] = self.memory.volume_sums();
        let [cap1, cap4, cap24] = caps;
        Some([(h1, cap1), (h4, cap4), (h24, cap24)])
    }

    /// What a strategy is to be shown. Answer it in a tick, at best at the same instant.
    /// It may be asked for at any time, for a strategy that was born again, say.
    /// `None` where there is no such regimen.
    pub fn snapshot(&mut self, id: RegimenId) -> Option<Snapshot> {
        let now = self.now;
        let lockout_left = match self.demand_envelope(Some(id)) {
            Some(envelope) => self.memory.boluses.lockout_left(&envelope, now),
            None => Nanoseconds::ZERO,
        };
        let bolus_running =
            self.running.is_some() || self.suspended.is_some() || self.pending.is_some();
        let delivered_nl = self.ledger().map_or(0, |ledger| ledger.delivered_nl());
        let started_at = self.started_at;
        let delivered_of_bolus = match self.regimen(id)?.report {
            Some(report) => self.delivered_of(&report),
            None => 0,
        };
        let regimen = self.regimen_mut(id)?;
        regimen.sent = regimen.sent.saturating_add(1);
        regimen.sent_at = now;
        regimen.news = false;
        let (seq, granted, report) = (regimen.sent, regimen.granted, regimen.report);
        let demand = self.demand.as_mut().filter(|demand| demand.regimen == id);
        let demand = demand.map(|demand| {
            demand.shown = Some(seq);
            demand.id
        });
        let therapy = |at: MonoNs| MonoNs(at.since(started_at).0);
        Some(Snapshot {
            seq,
            now: now.since(started_at),
            demand,
            lockout_left,
            bolus_running,
            basal_granted: granted,
            bolus: report.map(|report| crate::order::BolusReport {
                started_at: therapy(report.started_at),
                ended_at: therapy(report.ended_at),
                delivered_nl: delivered_of_bolus,
                ..report
            }),
            delivered_nl,
        })
    }

    /// For each regimen that answers demands: when its next one could be let through. As old as
    /// the last tick.
    pub fn demand_waits(&self) -> [Option<DemandWait>; MAX_REGIMENS] {
        let mut waits = [None; MAX_REGIMENS];
        for (wait, regimen) in waits.iter_mut().zip(&self.regimens) {
            let bolus = regimen.as_ref().and_then(|regimen| regimen.envelope.bolus);
            let envelope = bolus.and_then(|bolus| bolus.demand);
            *wait = envelope.map(|envelope| self.memory.boluses.demand_wait(&envelope, self.now));
        }
        waits
    }

    pub(crate) fn regimen(&self, id: RegimenId) -> Option<&Regimen> {
        self.regimens.get(usize::from(id.0))?.as_ref()
    }

    pub(crate) fn regimen_mut(&mut self, id: RegimenId) -> Option<&mut Regimen> {
        self.regimens.get_mut(usize::from(id.0))?.as_mut()
    }

    pub(crate) fn demand_envelope(&self, id: Option<RegimenId>) -> Option<DemandEnvelope> {
        self.regimen(id?)?.envelope.bolus?.demand
    }

    pub(crate) fn tell(&mut self, kind: EventKind) {
        if !self.events.push(self.now, kind) {
            self.alarms.raise(Alarm::InternalError);
        }
    }

    pub(crate) fn raise(&mut self, alarm: Alarm) {
        if self.alarms.raise(alarm) {
            self.tell(EventKind::AlarmRaised { alarm });
        }
    }

    pub(crate) fn clear_alarm(&mut self, alarm: Alarm) {
        if self.alarms.clear(alarm) {
            self.tell(EventKind::AlarmCleared { alarm });
        }
    }

    pub(crate) fn go(&mut self, to: State) {
        if self.state != to {
            self.tell(EventKind::State {
                from: self.state,
                to,
            });
            self.state = to;
            self.stale = true;
        }
    }
}
