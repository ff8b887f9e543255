//! The pump in virtual time: a prescription, its strategies and a scenario go in, a
//! [`Report`] comes out.
//!
//! The simulator is a driver like the daemon: it owns the clock, a pump to step, a journal
//! and the strategies, and it asks the same control law ([`pump_core::pump::Pump`]) what to
//! do. Nothing of a dose is decided or computed here; whatever a run shows is what the law
//! did. What differs is time. The law says when it wants to be called next, and the
//! simulator jumps there, so an idle day costs nothing and a run is as long as its steps
//! are many.
//!
//! **What a run is.** The prescription is armed and started at 0. Then the [`Scenario`]
//! happens: presses, commands, faults of the line, lost strategies, power cuts; each action
//! at its instant rounded up to the 10 ms grid, several of one instant in the order in
//! which they were written, a tick for each. The run ends after its duration, whatever
//! state the pump is in. The same input gives the same run, to the nanosecond, on every
//! machine: there is no thread, no wall clock and no hidden randomness.
//!
//! **Leases.** A strategy called directly can't die by itself. Asking it every second for
//! the same order would only cost time, so its orders are vouched for: they hold until it
//! wants to speak again ([`Leases::Vouched`]). A scenario's `lose-strategy` is noticed one
//! `order_lease` later, as in the daemon at the latest. [`Leases::Real`] renews every order
//! as the daemon does and gives the same edges.
//!
//! **Power cuts.** The simulated journal makes everything durable in the instant in which it
//! is written. It writes down the pump with every credit, with whatever the pump has to tell
//! (an end of a bolus, a refill, an alarm), and every 5 min. After a cut the pump wakes from
//! the last of these, disarmed; what of its credit was not given by then is booked as
//! uncertain, though the simulation, which saw every edge, knows better. The report's clock
//! runs through the cut; the pump's own stands still, and has fallen back to what was
//! written, by 5 min at most.
//!
//! **Edges are the truth.** The report's volumes and window sums come from the edges that
//! the simulated pump accepted, not from the ledger, so that they bear witness for it or
//! against it. An [`Observer`] sees each edge as it happens; nothing is kept but the last
//! 24 h of them.
//!
//! It never loads a plugin: whoever calls it brings the strategies.
//!
//! ```
//! use pump_core::prescription::{Caps, Envelope, OnStrategyLoss, Prescription, Reservoir};
//! use pump_core::quantity::{Nanoseconds, Rate, Steps, Volume};
//! use pump_simulator::{
//!     Infusion, Options, Scenario, Simulation, Strategy, StrategyFault, StrategySource, Unseen,
//! };
//! use strategy_abi as abi;
//!
//! /// 36 µL/h, for ever.
//! struct Steady;
//!
//! impl Strategy for Steady {
//!     fn step(&mut self, snapshot: &abi::Snapshot) -> Result<abi::Order, StrategyFault> {
//!         Ok(abi::Order {
//!             size: size_of::<abi::Order>() as u32,
//!             bolus_kind: 0,
//!             seq: snapshot.seq,
//!             basal: abi::Fraction { num: 10, den: 1_000_000_000 },
//!             bolus_volume: abi::Fraction { num: 0, den: 1 },
//!             bolus_over_ns: 0,
//!             demand_id: 0,
//!             refusal: abi::REASON_NONE,
//!             reserved: 0,
//!             valid_for_ns: abi::FOREVER,
//!             wake_in_ns: abi::FOREVER,
//!         })
//!     }
//! }
//!
//! let rate = Rate::new(10, 1_000_000_000).unwrap();
//! let infusion = Infusion {
//!     id: "example".into(),
//!     sha256: String::new(),
//!     regimens: vec!["background".into()],
//!     drugs: vec![],
//!     time_zone: None,
//!     prescription: Prescription {
//!         volume_per_step: Volume::from_nl(50),
//!         full_step: Steps(0),
//!         max_rate: rate,
//!         max_bolus: Volume::ZERO,
//!         max_clinician_bolus: None,
//!         caps: Caps::default(),
//!         drugs: [None; 4],
//!         regimens: [Some(Envelope { basal: rate, bolus: None }), None, None, None],
//!         vtbi: None,
//!         reservoir: Reservoir { volume: Steps(400_000), low: Steps(0), empty: Steps(0) },
//!         air: None,
//!         order_lease: Nanoseconds::from_secs(2),
//!         on_strategy_loss: OnStrategyLoss::Stop,
//!     },
//! };
//! let strategies: Vec<Box<dyn StrategySource>> = vec![Box::new(|| Ok(Steady))];
//! let options = Options::lasting(Nanoseconds::from_hours(10));
//! let mut nobody = Unseen;
//! let run = Simulation::new(&infusion, strategies, &Scenario::new(), options, &mut nobody)?;
//! assert_eq!(run.run()?.delivered_nl, 360_000);
//! # Ok::<(), pump_simulator::SimulationError>(())
//! ```
#![forbid(unsafe_code)]

pub mod alternative;
pub mod clock;
mod gather;
mod guests;
mod journal;
pub mod orders;
pub mod outcome;
pub mod presses;
pub mod report;
mod scenario;
mod scenario_text;
mod script;
mod shares;
mod simulation;
mod story;
mod strategy;
mod tally;
pub mod windows;
mod wording;
pub mod words;

use std::error::Error;
use std::fmt;

use pump_core::event::EventKind;
use pump_core::order::RegimenId;
use pump_core::prescription::Prescription;
use pump_core::pump::ArmError;
use pump_core::quantity::Nanoseconds;
use pump_prescription::{Exact, Zone};
use pump_recording::row::Row;

pub use report::Report;
pub use scenario::{Action, Scenario};
pub use scenario_text::MAX_SCENARIO;
pub use simulation::Simulation;
pub use strategy::{Strategy, StrategyFault, StrategySource};
pub use wording::{Finding, Findings};

/// What is simulated: a checked prescription and the names its report needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Infusion {
    /// The prescription's own name for itself.
    pub id: String,
    /// SHA-256 of the prescription's file, in hexadecimal.
    pub sha256: String,
    /// The prescription as the control law knows it.
    pub prescription: Prescription,
    /// The regimens' names, in the prescription's order.
    pub regimens: Vec<String>,
    /// The drugs.
    pub drugs: Vec<DrugLabel>,
    /// By whose clock the strategies go; without it local time is UTC.
    pub time_zone: Option<Zone>,
}

impl Infusion {
    /// The name of a regimen; its number where it has none.
    pub fn regimen_name(&self, regimen: RegimenId) -> String {
        let name = self.regimens.get(usize::from(regimen.0));
        name.cloned().unwrap_or_else(|| regimen.0.to_string())
    }
}

/// A drug of the mixture, for the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrugLabel {
    /// Its name.
    pub name: String,
    /// Its concentration in picograms per nanolitre, which is µg/mL.
    pub pg_per_nl: Exact,
}

/// How a run goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// The time to simulate.
    pub duration: Nanoseconds,
    /// How long orders live.
    pub leases: Leases,
    /// The wall clock at the start, in seconds since 1970-01-01 UTC. Strategies see it as
    /// good unless the scenario says otherwise; local time is that of [`Infusion::time_zone`].
    pub wall_clock_start_utc_s: u64,
    /// Recorded in the report. It drives nothing here: random presses are drawn by
    /// [`presses::random_presses`] and come with the scenario.
    pub seed: u64,
}

/// 2026-01-01T00:00:00Z.
pub const WALL_CLOCK_START_UTC_S: u64 = 1_767_225_600;

impl Options {
    /// A run of this duration, with vouched leases and the usual wall clock.
    pub const fn lasting(duration: Nanoseconds) -> Self {
        Self {
            duration,
            leases: Leases::Vouched,
            wall_clock_start_utc_s: WALL_CLOCK_START_UTC_S,
            seed: 0,
        }
    }
}

/// How long a strategy's orders live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leases {
    /// Until the strategy wants to be asked again.
    Vouched,
    /// As long as the prescription's `order_lease` says, with all the renewals this takes.
    Real,
}

/// Watches a run from outside. Each method does nothing unless it is written.
pub trait Observer {
    /// The simulation has come to this instant; called for each, in order.
    fn instant(&mut self, now: Nanoseconds) {
        let _ = now;
    }

    /// The pump made a step.
    fn edge(&mut self, at: Nanoseconds) {
        let _ = at;
    }

    /// The control law told of this.
    fn event(&mut self, at: Nanoseconds, event: &EventKind) {
        let _ = (at, event);
    }

    /// A row of the recording, where the simulation is [`Simulation::recorded`].
    fn recorded(&mut self, row: Row) {
        let _ = row;
    }

    /// Something happened, after which so many steps had been commanded since the start of
    /// the run. Between two such calls the commanded rate was constant. For pictures: the
    /// exact sum is in the report.
    fn commanded(&mut self, at: Nanoseconds, steps: f64) {
        let _ = (at, steps);
    }
}

/// Nobody watches.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unseen;

impl Observer for Unseen {}

/// Why a run could not be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SimulationError {
    /// There must be a strategy for each regimen.
    Strategies {
        /// How many regimens there are.
        regimens: usize,
        /// How many strategies were given.
        strategies: usize,
    },
    /// The control law refuses the prescription.
    Arm(ArmError),
    /// A strategy could not be made.
    Strategy {
        /// The name of its regimen.
        regimen: String,
        /// Why.
        fault: StrategyFault,
    },
    /// The control law asks for tick after tick at the same instant.
    Stuck {
        /// The instant.
        at: Nanoseconds,
    },
}

impl fmt::Display for SimulationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Strategies {
                regimens,
                strategies,
            } => {
                write!(
                    f,
                    "there are {regimens} regimens, but {strategies} strategies"
                )
            }
            Self::Arm(error) => {
                write!(f, "the prescription can't be armed: {error}")
            }
            Self::Strategy { regimen, fault } => {
                write!(
                    f,
                    "the strategy of regimen \"{regimen}\" can't be made: {fault}"
                )
            }
            Self::Stuck { at } => {
                write!(f, "time stands still {} ns after the start", at.0)
            }
        }
    }
}

impl Error for SimulationError {}
