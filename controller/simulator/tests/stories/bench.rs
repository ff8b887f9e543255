//! A bench to run stories on: a pump of 50 nL a step, a background of 100 µL/h and a
//! patient who may have 50 µL over 2 min every 30 min.

use std::cell::RefCell;
use std::rc::Rc;

use pump_core::prescription::{
    BolusEnvelope, Caps, CountLimit, DemandEnvelope, Envelope, LockoutEdge, OnStrategyLoss,
    Prescription, Reservoir,
};
use pump_core::pump::EdgeFate;
use pump_core::quantity::{Nanoseconds, Rate, Steps, Volume};
use pump_recording::row::{Dossier, Row};
use pump_recording::{Edge, Replay, Witness};
use pump_simulator::{
    Action, Infusion, Leases, Observer, Options, Report, Scenario, Simulation, Strategy,
    StrategyFault, StrategySource,
};
use strategy_abi as abi;

pub(crate) const fn min(n: u64) -> Nanoseconds {
    Nanoseconds::from_mins(n)
}

pub(crate) const fn hours(n: u64) -> Nanoseconds {
    Nanoseconds::from_hours(n)
}

/// A line that is blocked for so long, and seen to be at once.
pub(crate) const fn occlude(span: Nanoseconds) -> Action {
    Action::Occlude {
        span: Some(span),
        seen_after: Nanoseconds::ZERO,
    }
}

const DOSE_NL: u64 = 50_000;
const DOSE_OVER: Nanoseconds = min(2);

fn background_rate() -> Rate {
    Rate::of(Volume::from_nl(100_000), hours(1)).expect("100 µL/h")
}

pub(crate) fn order(snapshot: &abi::Snapshot) -> abi::Order {
    abi::Order {
        size: size_of::<abi::Order>() as u32,
        bolus_kind: 0,
        seq: snapshot.seq,
        basal: abi::Fraction { num: 0, den: 1 },
        bolus_volume: abi::Fraction { num: 0, den: 1 },
        bolus_over_ns: 0,
        demand_id: 0,
        refusal: abi::REASON_NONE,
        reserved: 0,
        valid_for_ns: abi::FOREVER,
        wake_in_ns: abi::FOREVER,
    }
}

struct Background;

impl Strategy for Background {
    fn step(&mut self, snapshot: &abi::Snapshot) -> Result<abi::Order, StrategyFault> {
        let rate = background_rate();
        let basal = abi::Fraction {
            num: rate.num(),
            den: rate.den(),
        };
        Ok(abi::Order {
            basal,
            ..order(snapshot)
        })
    }
}

pub(crate) struct Patient;

impl Strategy for Patient {
    fn step(&mut self, snapshot: &abi::Snapshot) -> Result<abi::Order, StrategyFault> {
        let nothing = order(snapshot);
        if snapshot.demand_id == 0 {
            return Ok(nothing);
        }
        Ok(abi::Order {
            bolus_kind: abi::BOLUS_DEMAND,
            bolus_volume: abi::Fraction {
                num: DOSE_NL,
                den: 1,
            },
            bolus_over_ns: DOSE_OVER.0,
            demand_id: snapshot.demand_id,
            ..nothing
        })
    }
}

/// Gives nothing, and looks at the wall clock every hour.
pub(crate) struct Watcher(pub(crate) Rc<RefCell<Vec<u64>>>);

impl Strategy for Watcher {
    fn step(&mut self, snapshot: &abi::Snapshot) -> Result<abi::Order, StrategyFault> {
        self.0.borrow_mut().push(snapshot.utc_s);
        let wake_in_ns = hours(1).0;
        Ok(abi::Order {
            wake_in_ns,
            ..order(snapshot)
        })
    }
}

/// Breaks at its first demand.
pub(crate) struct Fragile;

impl Strategy for Fragile {
    fn step(&mut self, snapshot: &abi::Snapshot) -> Result<abi::Order, StrategyFault> {
        match snapshot.demand_id {
            0 => Patient.step(snapshot),
            _ => Err(StrategyFault("it fell over".into())),
        }
    }
}

pub(crate) fn infusion() -> Infusion {
    let demand = DemandEnvelope {
        lockout: min(30),
        edge: LockoutEdge::StartToStart,
        others_restart_lockout: false,
        others_count: false,
        counts: [
            Some(CountLimit {
                max: 2,
                period: hours(1),
            }),
            None,
        ],
    };
    let patient = Envelope {
        basal: Rate::ZERO,
        bolus: Some(BolusEnvelope {
            max: Volume::from_nl(DOSE_NL),
            over: DOSE_OVER,
            demand: Some(demand),
            interval: None,
        }),
    };
    Infusion {
        id: "bench".into(),
        sha256: "00".repeat(32),
        regimens: vec!["background".into(), "patient".into()],
        drugs: vec![],
        time_zone: None,
        prescription: Prescription {
            volume_per_step: Volume::from_nl(50),
            full_step: Steps(0),
            max_rate: Rate::of(Volume::from_nl(5_000_000), hours(1)).expect("5 mL/h"),
            max_bolus: Volume::from_nl(100_000),
            max_clinician_bolus: Some(Volume::from_nl(100_000)),
            caps: Caps {
                h1: Some(Steps(5_000)),
                h4: Some(Steps(20_000)),
                h24: None,
            },
            drugs: [None; 4],
            regimens: [
                Some(Envelope {
                    basal: background_rate(),
                    bolus: None,
                }),
                Some(patient),
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
            on_strategy_loss: OnStrategyLoss::HoldBasal(min(30)),
        },
    }
}

/// Keeps every edge.
#[derive(Default)]
pub(crate) struct Edges(pub(crate) Vec<u64>);

/// Keeps every edge, and the recording.
#[derive(Default)]
struct Kept {
    edges: Vec<u64>,
    rows: Vec<Row>,
}

impl Observer for Kept {
    fn edge(&mut self, at: Nanoseconds) {
        self.edges.push(at.0);
    }

    fn recorded(&mut self, row: Row) {
        self.rows.push(row);
    }
}

/// Counts the edges that a replay has accepted.
#[derive(Default)]
struct Accepted(u64);

impl Witness for Accepted {
    fn edge(&mut self, edge: &Edge) {
        self.0 += u64::from(edge.fate == EdgeFate::Accepted);
    }
}

/// I11: every story's recording is replayed, and comes to the same.
fn replayed(rows: &[Row]) -> u64 {
    let mut accepted = Accepted::default();
    let mut replay = None;
    for row in rows {
        match row {
            Row::Run(opening) => {
                replay = Some(Replay::begin(opening).expect("it can be replayed"));
            }
            Row::Inputs(block) => {
                let replay = replay.as_mut().expect("a run");
                assert_eq!(replay.block(block, &mut accepted), Ok(()));
            }
            Row::Ended(closing) => assert!(closing.whole, "{closing:?}"),
        }
    }
    accepted.0
}

impl Edges {
    /// The edges in `(from, to]`.
    pub(crate) fn between(&self, from: Nanoseconds, to: Nanoseconds) -> usize {
        self.0
            .iter()
            .filter(|&&at| from.0 < at && at <= to.0)
            .count()
    }
}

/// Runs a story on a bench of one's own.
pub(crate) fn run_on(
    infusion: &Infusion,
    patient: Box<dyn StrategySource>,
    scenario: &Scenario,
    duration: Nanoseconds,
    leases: Leases,
) -> (Report, Edges) {
    let strategies: Vec<Box<dyn StrategySource>> = vec![Box::new(|| Ok(Background)), patient];
    run_regimens(infusion, strategies, scenario, duration, leases)
}

/// Runs a story on a bench with regimens of one's own.
pub(crate) fn run_regimens(
    infusion: &Infusion,
    strategies: Vec<Box<dyn StrategySource>>,
    scenario: &Scenario,
    duration: Nanoseconds,
    leases: Leases,
) -> (Report, Edges) {
    let options = Options {
        leases,
        ..Options::lasting(duration)
    };
    let mut kept = Kept::default();
    let simulation = Simulation::new(infusion, strategies, scenario, options, &mut kept)
        .expect("as many strategies as regimens");
    let simulation = simulation.recorded(Dossier::default());
    let report = simulation.run().expect("a run of the bench");
    let edges = Edges(kept.edges);
    let again = replayed(&kept.rows);
    assert_eq!(again, report.steps, "I11: the replay has other edges");
    assert_eq!(
        report.steps as usize,
        edges.0.len(),
        "every edge is seen and counted once"
    );
    assert_eq!(
        report.steps, report.ledger_steps,
        "the ledger counted the same edges"
    );
    (report, edges)
}

/// Runs a story on the bench.
pub(crate) fn run(scenario: &Scenario, duration: Nanoseconds) -> (Report, Edges) {
    run_on(
        &infusion(),
        Box::new(|| Ok(Patient)),
        scenario,
        duration,
        Leases::Vouched,
    )
}

/// The same with leases as in the daemon.
pub(crate) fn run_with_real_leases(scenario: &Scenario, duration: Nanoseconds) -> (Report, Edges) {
    run_on(
        &infusion(),
        Box::new(|| Ok(Patient)),
        scenario,
        duration,
        Leases::Real,
    )
}
