//! What a tick costs: the program that `cargo bench-all instructions` runs under callgrind.
//!
//! ```text
//! tick_cost HOURS KIND TICKS
//! ```
//!
//! A pump with a basal and a patient is driven through HOURS of virtual time, woken only
//! when it wants to be, so that its windows, counts and lockouts remember what they would.
//! Then it is ticked TICKS times on the 10 ms grid, as the real loop would do it, with 20
//! steps and an order a second. The cost of a tick is the difference between two values of
//! TICKS. KIND says what the ticks of the grid bring:
//!
//! - `deliver`: nothing else;
//! - `judge`: a clinician bolus each, which passes every window and is then refused for
//!   want of fluid: the longest way through the governor.
//!
//! It prints how often the pump was ticked in all, and what came of it.

use std::process::ExitCode;

use pump_core::event::EventKind;
use pump_core::order::{Answer, BolusRequest, Order, RegimenId, Snapshot};
use pump_core::prescription::{
    BolusEnvelope, Caps, CountLimit, DemandEnvelope, Drug, DrugId, Envelope, LockoutEdge,
    MAX_COUNTS, MAX_DRUGS, MAX_REGIMENS, OnStrategyLoss, Prescription, Reservoir,
};
use pump_core::pump::{Command, EdgeFate, Inputs, Outputs, Pump};
use pump_core::quantity::{MonoNs, Nanoseconds, Rate, Steps, Volume};
use pump_core::reason::Reason;

const HOUR: Nanoseconds = Nanoseconds::from_hours(1);
const GRID: Nanoseconds = Nanoseconds::from_millis(10);
const PRESS_EVERY: Nanoseconds = Nanoseconds::from_hours(4);
/// A service asks for another tick at the same instant; no pump asks this often.
const MOST_SERVICES: usize = 32;

/// 50 nL a step, so that 1 µL is 20 steps.
const PER_STEP: Volume = Volume::from_nl(50);
const DEMAND_BOLUS: Volume = Volume::from_nl(5_000);
const CLINICIAN_BOLUS: Volume = Volume::from_nl(1_000_000);
const EMPTY: Volume = Volume::from_nl(500_000);
/// What `judge` leaves above the empty mark: enough for the basal, too little for the bolus.
const LEFT: Volume = Volume::from_nl(900_000);

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [hours, kind, ticks] = args.as_slice() else {
        return usage();
    };
    let judge = match kind.as_str() {
        "deliver" => false,
        "judge" => true,
        _ => return usage(),
    };
    let (Ok(hours), Ok(ticks)) = (hours.parse::<u64>(), ticks.parse::<u64>()) else {
        return usage();
    };
    let Some(mut bench) = Bench::new(Nanoseconds::from_hours(hours)) else {
        eprintln!("error: the prescription of this bench was not armed");
        return ExitCode::FAILURE;
    };
    bench.age();
    bench.run(judge, ticks);
    println!(
        "calls={} steps={} refused={}",
        bench.calls, bench.steps, bench.refused
    );
    ExitCode::SUCCESS
}

fn usage() -> ExitCode {
    eprintln!("usage: tick_cost HOURS deliver|judge TICKS");
    ExitCode::from(2)
}

struct Bench {
    pump: Box<Pump>,
    now: MonoNs,
    /// When the pump has aged enough, and the ticks on the grid begin.
    old_at: MonoNs,
    outputs: Option<Outputs>,
    fate: EdgeFate,
    calls: u64,
    steps: u64,
    /// Boluses refused for want of fluid.
    refused: u64,
}

impl Bench {
    fn new(age: Nanoseconds) -> Option<Self> {
        let mut pump = Box::new(Pump::new());
        pump.arm(MonoNs(0), &prescription()?).ok()?;
        let mut bench = Self {
            pump,
            now: MonoNs(0),
            old_at: MonoNs(0).after(age),
            outputs: None,
            fate: EdgeFate::None,
            calls: 0,
            steps: 0,
            refused: 0,
        };
        bench.tick(Inputs {
            command: Some(Command::Start),
            ..Inputs::default()
        });
        Some(bench)
    }

    /// Virtual time as in a simulation, with a press now and then.
    fn age(&mut self) {
        let mut press_at = MonoNs(0).after(HOUR);
        loop {
            let wake_at = self.outputs.map_or(MonoNs::NEVER, |o| o.wake_at);
            let press = press_at <= wake_at;
            let at = wake_at.min(press_at).max(self.now);
            if at >= self.old_at {
                break;
            }
            self.now = at;
            if press {
                press_at = press_at.after(PRESS_EVERY);
            }
            self.tick(Inputs {
                press,
                ..Inputs::default()
            });
        }
        self.now = self.old_at;
        // Gives the strategy something to look at, and so the occasion to speed up.
        self.tick(Inputs {
            press: true,
            ..Inputs::default()
        });
    }

    /// `ticks` of the grid.
    fn run(&mut self, judge: bool, ticks: u64) {
        let command = judge.then_some(Command::ClinicianBolus {
            volume: CLINICIAN_BOLUS,
            over: Nanoseconds::from_mins(10),
        });
        let mut content = Volume::from_nl(20_000_000_000);
        if judge {
            content = EMPTY.checked_add(LEFT).unwrap_or(EMPTY);
        }
        self.tick(Inputs {
            command: Some(Command::Refill {
                residue: None,
                content,
            }),
            ..Inputs::default()
        });
        for _ in 0..ticks {
            self.now = self.now.after(GRID);
            self.tick(Inputs {
                command,
                ..Inputs::default()
            });
        }
    }

    /// One tick with these inputs, and then what it asks for at the same instant.
    fn tick(&mut self, inputs: Inputs) {
        let mut inputs = inputs;
        for _ in 0..MOST_SERVICES {
            inputs.edge = std::mem::take(&mut self.fate);
            let outputs = self.pump.tick(self.now, &inputs);
            self.calls += 1;
            self.outputs = Some(outputs);
            if outputs.step {
                self.steps += 1;
                self.fate = EdgeFate::Accepted;
            }
            let for_want_of_fluid = |kind| matches!(kind, EventKind::BolusRefused { reason, .. } if reason == Reason::Reservoir);
            if self.pump.events().iter().any(|e| for_want_of_fluid(e.kind)) {
                self.refused += 1;
            }
            match self.serve(&outputs) {
                Some(next) => inputs = next,
                None => return,
            }
        }
    }

    fn serve(&mut self, outputs: &Outputs) -> Option<Inputs> {
        let mut inputs = Inputs {
            credit: outputs.credit_wanted,
            ..Inputs::default()
        };
        let mut anything = outputs.credit_wanted.is_some();
        let regimens = (0..).map(RegimenId).zip(outputs.wants_order);
        for ((id, wanted), order) in regimens.zip(&mut inputs.orders) {
            if wanted && let Some(snapshot) = self.pump.snapshot(id) {
                *order = Some(answer(&snapshot, self.now >= self.old_at));
                anything = true;
            }
        }
        anything.then_some(inputs)
    }
}

/// A strategy that gives every demand. Once the pump has aged it is in a hurry: it gives
/// 3.6 mL/h, renews its order every second and passes over demands.
fn answer(snapshot: &Snapshot, hurry: bool) -> Order {
    let slow = Rate::new(2_000, HOUR.0).unwrap_or(Rate::ZERO);
    let request = BolusRequest {
        volume: DEMAND_BOLUS,
        over: Nanoseconds::from_mins(2),
        loading: false,
    };
    let gives = if hurry { None } else { snapshot.demand };
    Order {
        seq: snapshot.seq,
        basal: if hurry { fast() } else { slow },
        bolus: gives.map(|_| request),
        answer: gives.map(Answer::Give),
        valid_for: if hurry {
            Nanoseconds::from_secs(2)
        } else {
            Nanoseconds::MAX
        },
        wake_in: None,
    }
}

/// 3.6 mL/h, which is 20 steps a second.
fn fast() -> Rate {
    Rate::new(3_600_000, HOUR.0).unwrap_or(Rate::ZERO)
}

fn prescription() -> Option<Prescription> {
    let caps = Caps {
        h1: Some(Steps(400_000)),
        h4: Some(Steps(1_000_000)),
        h24: Some(Steps(4_000_000)),
    };
    let mut counts = [None; MAX_COUNTS];
    for (count, (max, hours)) in counts.iter_mut().zip([(2, 1), (12, 24)]) {
        *count = Some(CountLimit {
            max,
            period: Nanoseconds::from_hours(hours),
        });
    }
    let mut drugs = [None; MAX_DRUGS];
    *drugs.first_mut()? = Some(Drug {
        id: DrugId([7; 16]),
        fg_per_step: 100_000_000,
        caps,
    });
    let mut regimens = [None; MAX_REGIMENS];
    *regimens.first_mut()? = Some(Envelope {
        basal: fast(),
        bolus: Some(BolusEnvelope {
            max: DEMAND_BOLUS,
            over: Nanoseconds::from_mins(2),
            demand: Some(DemandEnvelope {
                lockout: Nanoseconds::from_mins(30),
                edge: LockoutEdge::StartToStart,
                others_restart_lockout: true,
                others_count: false,
                counts,
            }),
            interval: None,
        }),
    });
    Some(Prescription {
        volume_per_step: PER_STEP,
        full_step: Steps(0),
        max_rate: Rate::new(150_000_000, HOUR.0)?,
        max_bolus: Volume::from_nl(5_000_000),
        max_clinician_bolus: Some(CLINICIAN_BOLUS),
        caps,
        drugs,
        regimens,
        vtbi: None,
        reservoir: Reservoir {
            volume: Steps(20_000_000),
            low: Steps(12_000),
            empty: EMPTY.steps(PER_STEP)?,
        },
        air: None,
        order_lease: Nanoseconds::MAX,
        on_strategy_loss: OnStrategyLoss::Stop,
    })
}
