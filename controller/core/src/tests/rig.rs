//! A pump on the bench of a test: virtual time, strategies as closures, a witness of every
//! edge that knows nothing of the pump's own counts.

extern crate std;

use std::boxed::Box;
use std::vec::Vec;

use crate::checkpoint::Checkpoint;
use crate::event::{Event, EventKind};
use crate::order::{Answer, BolusRequest, Order, RegimenId, Snapshot};
use crate::prescription::*;
use crate::pump::{Command, EdgeFate, Inputs, NotStill, Outputs, Pump, Sensors, Watch};
use crate::quantity::{MonoNs, Nanoseconds, Rate, Steps, Volume};
use crate::reason::Reason;

pub(crate) const MS: u64 = 1_000_000;
pub(crate) const S: u64 = 1000 * MS;
pub(crate) const MIN: u64 = 60 * S;
pub(crate) const H: u64 = 60 * MIN;
pub(crate) const DAY: u64 = 24 * H;

/// A strategy: `None` is silence.
pub(crate) type Plan = Box<dyn FnMut(&Snapshot) -> Option<Order>>;

pub(crate) struct Rig {
    pub(crate) pump: Box<Pump>,
    pub(crate) strategies: [Option<Plan>; MAX_REGIMENS],
    /// The witness: the instant of every edge.
    pub(crate) edges: Vec<u64>,
    pub(crate) events: Vec<Event>,
    pub(crate) now: u64,
    pub(crate) sensors: Sensors,
    /// What is known from outside, where a tick does not say something else.
    pub(crate) watch: Watch,
    /// A checkpoint is kept with each credit, so that the power may be lost.
    pub(crate) saves: bool,
    /// The journal answers at once.
    pub(crate) journal: bool,
    pub(crate) credit: Steps,
    pub(crate) saved: Checkpoint,
    /// How far the pump's clock is behind the witness's: time in which it had no power.
    pub(crate) behind: u64,
    saved_at: u64,
    /// For every edge: its number in the arming, the credit then durable, its instant.
    pub(crate) bills: Vec<(u64, u64, u64)>,
    issued: u64,
    wake: u64,
    fate: EdgeFate,
    refuses: bool,
    /// How long a sync takes, and the one under way: when it is done, and what it makes
    /// durable.
    pub(crate) sync_takes: u64,
    syncing: Option<(u64, Steps, Box<Checkpoint>, u64)>,
    /// The loop wakes up to so much late, now and then.
    pub(crate) late_by: u64,
    dice: u64,
}

/// mL/h as an exact rate.
pub(crate) fn ul_per_h(ul: u64) -> Rate {
    Rate::new(ul * 1000, H).unwrap()
}

pub(crate) fn volume_ul(ul: u64) -> Volume {
    Volume::from_nl(ul * 1000)
}

/// 50 nL a step, wide limits, no regimen.
pub(crate) fn roomy() -> Prescription {
    Prescription {
        volume_per_step: Volume::from_nl(50),
        full_step: Steps(0),
        max_rate: ul_per_h(150_000),
        max_bolus: volume_ul(5_000),
        max_clinician_bolus: Some(volume_ul(100)),
        caps: Caps::default(),
        drugs: [None; MAX_DRUGS],
        regimens: [None; MAX_REGIMENS],
        vtbi: None,
        reservoir: Reservoir {
            volume: Steps(20_000_000),
            low: Steps(40_000),
            empty: Steps(10_000),
        },
        air: None,
        order_lease: Nanoseconds::from_secs(2),
        on_strategy_loss: OnStrategyLoss::Stop,
    }
}

pub(crate) fn basal(rate: Rate) -> Envelope {
    Envelope {
        basal: rate,
        bolus: None,
    }
}

pub(crate) fn demand(max: Volume, over: u64, lockout: u64) -> Envelope {
    Envelope {
        basal: Rate::ZERO,
        bolus: Some(BolusEnvelope {
            max,
            over: Nanoseconds(over),
            demand: Some(DemandEnvelope {
                lockout: Nanoseconds(lockout),
                edge: LockoutEdge::StartToStart,
                others_restart_lockout: true,
                others_count: false,
                counts: [None; MAX_COUNTS],
            }),
            interval: None,
        }),
    }
}

pub(crate) fn order(snapshot: &Snapshot, basal: Rate) -> Order {
    Order {
        seq: snapshot.seq,
        basal,
        bolus: None,
        answer: None,
        valid_for: Nanoseconds::MAX,
        wake_in: None,
    }
}

/// Keeps a rate.
pub(crate) fn steady(rate: Rate) -> Plan {
    Box::new(move |snapshot| Some(order(snapshot, rate)))
}

/// Gives `volume` over `over` for every demand, whatever the lockout.
pub(crate) fn generous(volume: Volume, over: u64) -> Plan {
    let request = BolusRequest {
        volume,
        over: Nanoseconds(over),
        loading: false,
    };
    Box::new(move |snapshot| {
        let mut order = order(snapshot, Rate::ZERO);
        if let Some(demand) = snapshot.demand {
            order.answer = Some(Answer::Give(demand));
            order.bolus = Some(request);
        }
        Some(order)
    })
}

/// The operator's bolus.
pub(crate) fn clinician(ul: u64, over: u64) -> Command {
    Command::ClinicianBolus {
        volume: volume_ul(ul),
        over: Nanoseconds(over),
    }
}

/// A checkpoint as it lies on the disk.
pub(crate) fn written(checkpoint: &Checkpoint) -> Vec<u8> {
    let mut bytes = std::vec![0; Checkpoint::MAX_BYTES];
    let len = checkpoint.encode(&mut bytes);
    bytes.truncate(len);
    bytes
}

/// Every bolus that ended: when, with how many steps delivered, and why it was cut.
pub(crate) fn ended(rig: &Rig) -> Vec<(u64, u64, Option<Reason>)> {
    let ended = |event: &Event| match event.kind {
        EventKind::BolusEnded {
            delivered,
            ended_at,
            cut,
            ..
        } => Some((ended_at.0, delivered.0, cut)),
        _ => None,
    };
    rig.events.iter().filter_map(ended).collect()
}

impl Rig {
    pub(crate) fn new(p: &Prescription, strategies: [Option<Plan>; MAX_REGIMENS]) -> Self {
        let mut pump = Box::new(Pump::new());
        pump.arm(MonoNs(0), p)
            .expect("a prescription that can be armed");
        let saved = pump.checkpoint();
        let mut rig = Self {
            pump,
            strategies,
            edges: Vec::new(),
            events: Vec::new(),
            now: 0,
            sensors: Sensors::default(),
            watch: Watch::NOTHING_BAD,
            saves: true,
            journal: true,
            credit: Steps::ZERO,
            saved,
            behind: 0,
            saved_at: 0,
            bills: Vec::new(),
            issued: 0,
            wake: u64::MAX,
            fate: EdgeFate::None,
            refuses: false,
            sync_takes: 0,
            syncing: None,
            late_by: 0,
            dice: 1,
        };
        rig.command(Command::Start);
        rig
    }

    /// One tick now, and everything that it asks for, at the same instant.
    pub(crate) fn tick(&mut self, inputs: Inputs) {
        let mut inputs = inputs;
        for _ in 0..32 {
            inputs.edge = core::mem::take(&mut self.fate);
            inputs.sensors = self.sensors;
            if inputs.watch == Watch::NOTHING_BAD {
                inputs.watch = self.watch;
            }
            let outputs = self.pump.tick(MonoNs(self.now - self.behind), &inputs);
            self.note_events();
            if outputs.step {
                self.edges.push(self.now);
                self.issued += 1;
                self.bills.push((self.issued, self.credit.0, self.now));
                self.fate = match core::mem::take(&mut self.refuses) {
                    true => EdgeFate::Refused,
                    false => EdgeFate::Accepted,
                };
            }
            self.wake = outputs.wake_at.0.saturating_add(self.behind);
            let Some(next) = self.serve(&outputs) else {
                return;
            };
            inputs = next;
        }
        panic!("the pump never comes to rest at {} ns", self.now);
    }

    fn serve(&mut self, outputs: &Outputs) -> Option<Inputs> {
        let mut inputs = Inputs::default();
        let mut something = false;
        if let Some(wanted) = outputs.credit_wanted
            && self.journal
        {
            if self.sync_takes == 0 {
                self.save();
                self.credit = wanted;
                inputs.credit = Some(wanted);
                something = true;
            } else if self.syncing.is_none() {
                let saved = Box::new(self.pump.checkpoint());
                let done_at = self.now + self.sync_takes;
                self.syncing = Some((done_at, wanted, saved, self.now - self.behind));
            }
        }
        for (id, wanted) in outputs.wants_order.iter().enumerate() {
            if !wanted {
                continue;
            }
            let snapshot = self.pump.snapshot(RegimenId(id as u8)).expect("a regimen");
            if let Some(plan) = &mut self.strategies[id] {
                inputs.orders[id] = plan(&snapshot);
                something |= inputs.orders[id].is_some();
            }
        }
        something.then_some(inputs)
    }

    /// A sync that is done by now.
    fn synced(&mut self) -> Inputs {
        let Some((_, credit, saved, at)) = self.syncing.take_if(|sync| sync.0 <= self.now) else {
            return Inputs::default();
        };
        (self.saved, self.saved_at, self.credit) = (*saved, at, credit);
        Inputs {
            credit: Some(credit),
            ..Inputs::default()
        }
    }

    fn lateness(&mut self) -> u64 {
        if self.late_by == 0 {
            return 0;
        }
        self.dice = self
            .dice
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        if self.dice >> 62 == 0 {
            (self.dice >> 20) % self.late_by
        } else {
            0
        }
    }

    /// Virtual time up to `until`, waking whenever the pump asked for it.
    pub(crate) fn run_until(&mut self, until: u64) {
        loop {
            let done = self.syncing.as_ref().map_or(u64::MAX, |sync| sync.0);
            let wake = self.wake.min(done);
            if wake > until {
                break;
            }
            self.now = self.now.max(wake) + self.lateness();
            let inputs = self.synced();
            self.tick(inputs);
        }
        self.now = self.now.max(until);
        self.tick(Inputs::default());
    }

    /// The driver will refuse the next edge.
    pub(crate) fn refuse_next_edge(&mut self) {
        self.refuses = true;
    }

    /// When the pump wants to be woken.
    pub(crate) fn next_wake(&self) -> u64 {
        self.wake.max(self.now)
    }

    pub(crate) fn run_for(&mut self, span: u64) {
        self.run_until(self.now + span);
    }

    /// The loop sleeps through everything until `until`.
    pub(crate) fn oversleep_until(&mut self, until: u64) {
        self.now = self.now.max(until);
        self.tick(Inputs::default());
    }

    pub(crate) fn command(&mut self, command: Command) {
        self.tick(Inputs {
            command: Some(command),
            ..Inputs::default()
        });
    }

    pub(crate) fn press(&mut self) {
        self.tick(Inputs {
            press: true,
            ..Inputs::default()
        });
    }

    /// The power is lost and comes back: the pump knows only what was durable, to the byte,
    /// and nothing of the time that has passed since.
    pub(crate) fn lose_power(&mut self, off_for: u64) {
        self.behind = self.now + off_for - self.saved_at;
        self.lose_daemon(off_for);
    }

    /// The same, but the pump's clock has gone on: the daemon alone was lost, or a clock that is
    /// known good says for how long the power was off.
    pub(crate) fn lose_daemon(&mut self, off_for: u64) {
        self.fate = EdgeFate::None;
        self.syncing = None;
        self.now += off_for;
        let saved = Checkpoint::decode(&written(&self.saved)).expect("what was written");
        *self.pump = Pump::restore(&saved, self.credit, self.pump_now());
        self.credit = Steps::ZERO;
        self.note_events();
        self.save();
        self.wake = u64::MAX;
    }

    pub(crate) fn arm(&mut self, p: &Prescription) {
        self.pump
            .arm(MonoNs(self.now - self.behind), p)
            .expect("it can be armed");
        self.note_events();
        self.credit = Steps::ZERO;
        self.syncing = None;
        self.issued = 0;
        self.save();
    }

    pub(crate) fn disarm(&mut self) -> Result<(), NotStill> {
        self.pump.disarm(MonoNs(self.now - self.behind))?;
        self.note_events();
        self.credit = Steps::ZERO;
        self.syncing = None;
        self.issued = 0;
        self.save();
        Ok(())
    }

    /// Another subject, from now on.
    pub(crate) fn new_subject(&mut self) -> Result<(), NotStill> {
        self.pump.new_subject(self.pump_now())?;
        self.note_events();
        self.credit = Steps::ZERO;
        self.syncing = None;
        self.issued = 0;
        self.save();
        Ok(())
    }

    /// The pump's clock.
    pub(crate) fn pump_now(&self) -> MonoNs {
        MonoNs(self.now - self.behind)
    }

    fn save(&mut self) {
        if !self.saves {
            return;
        }
        self.saved = self.pump.checkpoint();
        self.saved_at = self.now - self.behind;
    }

    /// Keeps the events, on the witness's clock.
    fn note_events(&mut self) {
        let behind = self.behind;
        let shift = |event: &Event| Event {
            at: MonoNs(event.at.0 + behind),
            ..*event
        };
        self.events.extend(self.pump.events().iter().map(shift));
    }

    pub(crate) fn refusals(&self) -> Vec<Reason> {
        let refusal = |event: &Event| match event.kind {
            EventKind::DemandRefused { reason, .. } => Some(reason),
            EventKind::BolusRefused { reason, .. } => Some(reason),
            _ => None,
        };
        self.events.iter().filter_map(refusal).collect()
    }

    /// Instants at which boluses started.
    pub(crate) fn started(&self) -> Vec<u64> {
        let started = |event: &Event| match event.kind {
            EventKind::BolusStarted { .. } => Some(event.at.0),
            _ => None,
        };
        self.events.iter().filter_map(started).collect()
    }
}
