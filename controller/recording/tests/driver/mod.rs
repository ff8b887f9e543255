//! A loop in virtual time that is recorded.

use pump_core::order::{Answer as Reply, BolusRequest, Order, RegimenId, Snapshot};
use pump_core::prescription::{
    BolusEnvelope, Caps, DemandEnvelope, Envelope, LockoutEdge, OnStrategyLoss, Prescription,
    Reservoir,
};
use pump_core::pump::{Command, EdgeFate, Inputs, Outputs, Pump, Sensors, Watch};
use pump_core::quantity::{MonoNs, Nanoseconds, Rate, Steps, Volume};
use pump_core::sensor::Sensor;
use pump_recording::row::{Block, Dossier, Opening};
use pump_recording::{Answer, Call, Clock, Edge, Recorder, Rest, Told};

const MS: u64 = 1_000_000;
const HOUR: Nanoseconds = Nanoseconds::from_hours(1);

/// What happens.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Act {
    Run(Nanoseconds),
    Press,
    Pause,
    Resume,
    Stop,
    Bolus,
    /// The loop wakes so much late.
    Late(Nanoseconds),
    /// The next edge is refused.
    Refuse,
    /// The strategy is lost and answers no more.
    Lose(usize),
    /// It is back, and shown how things are.
    Reborn(usize),
    /// This line changes.
    Line(u8),
    /// The journal stalls, or does not any more.
    Stalled(bool),
    CreditStops(bool),
    /// Stopped and armed anew: another run.
    Arm,
    /// The recording is written.
    Block,
}

/// A run as it was, and its recording.
pub(crate) struct Run {
    pub(crate) opening: Opening,
    pub(crate) blocks: Vec<Block>,
    pub(crate) edges: Vec<Edge>,
    /// The pump at its end.
    pub(crate) end: Option<Box<Pump>>,
}

fn rate(ul_per_h: u64) -> Rate {
    Rate::of(Volume::from_nl(ul_per_h * 1_000), HOUR).expect("a rate")
}

/// 1 mL/day.
pub(crate) fn millilitre_a_day() -> Rate {
    Rate::of(Volume::from_nl(1_000_000), Nanoseconds::from_hours(24)).expect("a rate")
}

fn prescription(basal: Rate) -> Prescription {
    let demand = DemandEnvelope {
        lockout: Nanoseconds::from_mins(1),
        edge: LockoutEdge::StartToStart,
        others_restart_lockout: false,
        others_count: false,
        counts: [None; 2],
    };
    let bolus = BolusEnvelope {
        max: Volume::from_nl(20_000),
        over: Nanoseconds::from_secs(20),
        demand: Some(demand),
        interval: None,
    };
    Prescription {
        volume_per_step: Volume::from_nl(50),
        full_step: Steps(16),
        max_rate: rate(20_000),
        max_bolus: Volume::from_nl(50_000),
        max_clinician_bolus: Some(Volume::from_nl(50_000)),
        caps: Caps {
            h1: Some(Steps(10_000)),
            ..Caps::default()
        },
        drugs: [None; 4],
        regimens: [
            Some(Envelope { basal, bolus: None }),
            Some(Envelope {
                basal: Rate::ZERO,
                bolus: Some(bolus),
            }),
            None,
            None,
        ],
        vtbi: None,
        reservoir: Reservoir {
            volume: Steps(400_000),
            low: Steps(40_000),
            empty: Steps(10_000),
        },
        air: None,
        order_lease: Nanoseconds::from_secs(2),
        on_strategy_loss: OnStrategyLoss::HoldBasal(Nanoseconds::from_mins(5)),
    }
}

struct Driver {
    basal: Rate,
    pump: Box<Pump>,
    recorder: Option<Recorder>,
    runs: Vec<Run>,
    now: MonoNs,
    wake_at: MonoNs,
    open: Option<(MonoNs, MonoNs)>,
    lines: Sensors,
    watch: Watch,
    refuse: bool,
    away: [bool; 2],
    answers: [Option<Order>; 4],
    answered_at: MonoNs,
    lost: [bool; 4],
    credit_stops: bool,
}

/// Plays it at 360 µL/h; each arming is a run.
#[allow(
    dead_code,
    reason = "one of the tests that share this has its own rate"
)]
pub(crate) fn drive(acts: &[Act]) -> Vec<Run> {
    drive_at(rate(360), acts)
}

/// The same at another basal rate.
pub(crate) fn drive_at(basal: Rate, acts: &[Act]) -> Vec<Run> {
    let mut driver = Driver {
        basal,
        pump: Box::new(Pump::new()),
        recorder: None,
        runs: Vec::new(),
        now: MonoNs(12_345_678),
        wake_at: MonoNs::NEVER,
        open: None,
        lines: Sensors::SOUND,
        watch: Watch::default(),
        refuse: false,
        away: [false; 2],
        answers: [None; 4],
        answered_at: MonoNs::NEVER,
        lost: [false; 4],
        credit_stops: false,
    };
    driver.arm();
    for act in acts {
        driver.act(*act);
    }
    driver.end();
    driver.runs
}

impl Driver {
    fn act(&mut self, act: Act) {
        match act {
            Act::Run(span) => self.run(span),
            Act::Late(by) => {
                self.now = self
                    .now
                    .max(self.wake_at.min(self.now.after(HOUR)))
                    .after(by);
                self.tick(Inputs::default());
            }
            Act::Press => self.tick(Inputs {
                press: true,
                ..Inputs::default()
            }),
            Act::Pause => self.command(Command::Pause),
            Act::Resume => self.command(Command::Resume),
            Act::Stop => self.command(Command::Stop),
            Act::Bolus => self.command(Command::ClinicianBolus {
                volume: Volume::from_nl(30_000),
                over: Nanoseconds::from_secs(30),
            }),
            Act::Refuse => self.refuse = true,
            Act::Lose(place) => {
                self.away[place] = true;
                self.answers[place] = None;
                self.lost[place] = true;
                self.tick(Inputs::default());
            }
            Act::Reborn(place) => {
                self.away[place] = false;
                self.show(place);
            }
            Act::Line(which) => {
                let sensor = Sensor::ALL[usize::from(which)];
                let bad = !sensor.read(&self.lines);
                sensor.write(&mut self.lines, bad);
                self.tick(Inputs {
                    trapped: Steps(u64::from(which)),
                    ..Inputs::default()
                });
            }
            Act::Stalled(stalled) => {
                self.watch.journal_stalled = stalled;
                self.tick(Inputs::default());
            }
            Act::CreditStops(stops) => self.credit_stops = stops,
            Act::Arm => self.arm(),
            Act::Block => self.take(),
        }
    }

    fn command(&mut self, command: Command) {
        self.tick(Inputs {
            command: Some(command),
            ..Inputs::default()
        });
    }

    fn arm(&mut self) {
        self.command(Command::Stop);
        self.end();
        let rest = Rest::of(&self.pump);
        let run = self.runs.len() as u64 + 1;
        let armed = self.pump.arm(self.now, &prescription(self.basal));
        assert_eq!(armed, Ok(()));
        let (ahead, dossier) = (Nanoseconds::ZERO, Dossier::default());
        let begun = Recorder::begin(run, rest, self.now, &self.pump, ahead, dossier);
        let (recorder, opening) = begun.expect("it can be begun");
        self.recorder = Some(recorder);
        self.runs.push(Run {
            opening,
            blocks: Vec::new(),
            edges: Vec::new(),
            end: None,
        });
        (self.answers, self.lost) = ([None; 4], [false; 4]);
        self.open = None;
        self.command(Command::Start);
    }

    fn take(&mut self) {
        let block = self.recorder.as_mut().and_then(Recorder::take);
        if let Some(run) = self.runs.last_mut() {
            run.blocks.extend(block);
        }
    }

    fn end(&mut self) {
        self.take();
        self.recorder = None;
        if let Some(run) = self.runs.last_mut() {
            run.end = Some(self.pump.clone());
        }
    }

    /// Up to then it is called when it wants to be, and orders come 10 ms after they were
    /// asked for.
    fn run(&mut self, span: Nanoseconds) {
        let until = self.now.after(span);
        loop {
            let next = self.wake_at.min(self.answered_at);
            if next > until {
                break;
            }
            self.now = self.now.max(next);
            self.tick(Inputs::default());
        }
        self.now = until;
    }

    fn call(&mut self, call: &Call) -> Answer {
        let answer = call.perform(&mut self.pump);
        if let Call::Tick(told) = call
            && let Some((asked_at, due)) = self.open.take()
            && let Some(run) = self.runs.last_mut()
        {
            run.edges.push(Edge {
                due,
                asked_at,
                fate: told.inputs.edge,
            });
        }
        if let Some(recorder) = &mut self.recorder {
            let recorded = recorder.record(call, &answer, self.pump.events());
            assert_eq!(recorded, Ok(()));
        }
        answer
    }

    fn show(&mut self, place: usize) {
        let call = Call::Shown(RegimenId(place as u8));
        if let Answer::Snapshot(Some(shown)) = self.call(&call)
            && place < 2
            && !self.away[place]
        {
            self.answers[place] = Some(order(place, &shown, self.basal));
            self.answered_at = MonoNs((self.now.0 / (10 * MS) + 1) * 10 * MS);
        }
    }

    fn tick(&mut self, inputs: Inputs) {
        let mut inputs = inputs;
        if self.now >= self.answered_at {
            inputs.orders = std::mem::take(&mut self.answers);
            self.answered_at = MonoNs::NEVER;
        }
        inputs.lost = std::mem::take(&mut self.lost);
        for _ in 0..20 {
            inputs.sensors = self.lines;
            inputs.watch = self.watch;
            let clock = |there: bool| match there {
                true => Clock {
                    utc_s: 1_700_000_000 + self.now.0 / 1_000_000_000,
                    ..Clock::default()
                },
                false => Clock::default(),
            };
            let told = Told {
                now: self.now,
                inputs,
                clocks: inputs.orders.map(|order| clock(order.is_some())),
            };
            let Answer::Outputs(outputs) = self.call(&Call::Tick(told)) else {
                unreachable!("a tick answers with outputs");
            };
            match self.serve(&outputs) {
                Some(next) => inputs = next,
                None => return,
            }
        }
    }

    fn serve(&mut self, outputs: &Outputs) -> Option<Inputs> {
        self.wake_at = outputs.wake_at;
        for place in 0..4 {
            if outputs.wants_order[place] {
                self.show(place);
            }
        }
        let mut next = None;
        if outputs.step {
            self.open = Some((self.now, outputs.step_due));
            let fate = match std::mem::take(&mut self.refuse) {
                true => EdgeFate::Refused,
                false => EdgeFate::Accepted,
            };
            next = Some(Inputs {
                edge: fate,
                ..Inputs::default()
            });
        } else if let Some(credit) = outputs.credit_wanted
            && !self.credit_stops
        {
            next = Some(Inputs {
                credit: Some(credit),
                ..Inputs::default()
            });
        }
        next
    }
}

/// A basal, or a dose for each demand.
fn order(place: usize, shown: &Snapshot, basal: Rate) -> Order {
    let mut order = Order {
        seq: shown.seq,
        basal: Rate::ZERO,
        bolus: None,
        answer: None,
        valid_for: Nanoseconds::MAX,
        wake_in: None,
    };
    match (place, shown.demand) {
        (0, _) => order.basal = basal,
        (_, Some(demand)) => {
            order.answer = Some(Reply::Give(demand));
            order.bolus = Some(BolusRequest {
                volume: Volume::from_nl(20_000),
                over: Nanoseconds::from_secs(20),
                loading: false,
            });
        }
        _ => {}
    }
    order
}
