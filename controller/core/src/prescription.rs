//! What the loop is armed with: a prescription reduced to integers.
//!
//! `pump-prescription` makes one of these from TOML. Every limit is already the tightest
//! of device, drug library and prescription. [`Prescription::validate`] refuses what the
//! governor could not keep safe, whoever made the value.

use core::fmt;

use crate::grid::{Flow, Grid};
use crate::pump::TICK;
use crate::quantity::{Nanoseconds, Rate, Steps, Volume};
use crate::window::{SPANS, caps_by_span};

/// The most regimens that run side by side.
pub const MAX_REGIMENS: usize = 4;
/// The most drugs in one reservoir.
pub const MAX_DRUGS: usize = 4;
/// The most counted periods of one regimen.
pub const MAX_COUNTS: usize = 2;

/// The most steps allowed in any half-open window of 1, 4 and 24 h; absent: no cap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Caps {
    /// In any hour.
    pub h1: Option<Steps>,
    /// In any 4 hours.
    pub h4: Option<Steps>,
    /// In any 24 hours.
    pub h24: Option<Steps>,
}

/// Identifies a drug over all prescriptions: the first 16 bytes of the SHA-256 of its
/// lower-case name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DrugId(pub [u8; 16]);

/// One drug of the mixture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drug {
    /// Which drug.
    pub id: DrugId,
    /// Femtograms in one step, rounded up. More than zero.
    pub fg_per_step: u64,
    /// Its own caps, in steps of this mixture (rounded down).
    pub caps: Caps,
}

/// Which edge of a bolus starts the lockout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockoutEdge {
    /// From the start of the last bolus.
    StartToStart,
    /// From the end of the last bolus.
    EndToStart,
}

/// At most `max` boluses in any half-open window `(now - period, now]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CountLimit {
    /// The most boluses.
    pub max: u32,
    /// The period; at most 24 h.
    pub period: Nanoseconds,
}

/// What a regimen that answers the patient's button may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DemandEnvelope {
    /// Time in which no other demand bolus is given.
    pub lockout: Nanoseconds,
    /// Counted from this edge.
    pub edge: LockoutEdge,
    /// Clinician and loading boluses restart the lockout too.
    pub others_restart_lockout: bool,
    /// Clinician and loading boluses count too.
    pub others_count: bool,
    /// The counted periods.
    pub counts: [Option<CountLimit>; MAX_COUNTS],
}

/// The boluses a regimen may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BolusEnvelope {
    /// The largest volume.
    pub max: Volume,
    /// The shortest time for the largest volume: together the highest bolus rate.
    pub over: Nanoseconds,
    /// Present where the regimen may answer demands.
    pub demand: Option<DemandEnvelope>,
    /// Present where the regimen may give boluses unasked: the shortest time from the
    /// start of one to the start of the next within an arming. A multiple of the tick.
    pub interval: Option<Nanoseconds>,
}

/// The most a regimen may ever be given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Envelope {
    /// The highest basal rate; zero: no basal.
    pub basal: Rate,
    /// Absent: no bolus.
    pub bolus: Option<BolusEnvelope>,
}

/// What a regimen does while its strategy has no live order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnStrategyLoss {
    /// Give nothing; a running bolus of the regimen is cut.
    Stop,
    /// Give this rate, never above the regimen's envelope; a running bolus is cut.
    Kvo(Rate),
    /// Keep the last basal, and let a running bolus finish, for at most this time added up
    /// until the strategy has been live for an hour; then as `Stop`.
    HoldBasal(Nanoseconds),
}

/// What is in the reservoir and where its alarms lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reservoir {
    /// The content at the start, in whole steps.
    pub volume: Steps,
    /// Below this, alarm.
    pub low: Steps,
    /// At this, stop.
    pub empty: Steps,
}

/// How much air may pass the sensor, in steps that are given while it sees air (W04).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AirLimits {
    /// In one bubble: from where the sensor sees air to where it sees none.
    pub max_bubble: Steps,
    /// In all bubbles of any `within`.
    pub max_total: Steps,
    /// 1 min to 24 h.
    pub within: Nanoseconds,
}

/// A prescription as the loop knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prescription {
    /// The volume one motor step gives; more than zero.
    pub volume_per_step: Volume,
    /// Steps in a full step of the motor, at most 256: the most that its rotor may move while
    /// it is disabled. Zero where it can't move.
    pub full_step: Steps,
    /// The highest rate of basal and bolus together.
    pub max_rate: Rate,
    /// The largest bolus of any kind.
    pub max_bolus: Volume,
    /// The largest clinician bolus; absent: none is given.
    pub max_clinician_bolus: Option<Volume>,
    /// Caps of the volume of the mixture.
    pub caps: Caps,
    /// The drugs of the mixture.
    pub drugs: [Option<Drug>; MAX_DRUGS],
    /// The regimens' envelopes.
    pub regimens: [Option<Envelope>; MAX_REGIMENS],
    /// The run completes after this volume.
    pub vtbi: Option<Steps>,
    /// The reservoir.
    pub reservoir: Reservoir,
    /// Absent: any air stops at once.
    pub air: Option<AirLimits>,
    /// The longest life of an order.
    pub order_lease: Nanoseconds,
    /// What happens to a regimen whose strategy is lost.
    pub on_strategy_loss: OnStrategyLoss,
}

/// Why a prescription can't be armed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// The volume per step is zero.
    NoVolumePerStep,
    /// The rates have no common grid that fits into the planner's arithmetic.
    NoCommonGrid,
    /// The envelopes' basal rates add up to more than the highest rate.
    BasalAboveMaxRate,
    /// The basal alone, run for this many hours, would pass the cap of that window.
    BasalAboveCap {
        /// 1, 4 or 24.
        hours: u8,
    },
    /// A lockout, count period, interval or bolus duration is outside its range.
    TimeOutOfRange,
    /// A drug has no mass in a step.
    NoMass,
    /// The same drug is there twice.
    SameDrugTwice,
    /// The volume to be infused is less than a step.
    NothingToInfuse,
    /// The keep-vein-open rate is above the basal of a regimen that has one.
    KvoAboveBasal,
    /// A full step has more than 256 steps.
    FullStep,
}

/// The finest that a motor's driver divides a full step.
const MOST_IN_A_FULL_STEP: Steps = Steps(256);
/// The longest time over which a bolus may be asked for (D04).
pub const LONGEST_BOLUS: Nanoseconds = Nanoseconds::from_hours(6);

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoVolumePerStep => "a step has no volume",
            Self::NoCommonGrid => "its rates have no common grid: write rounder ones",
            Self::BasalAboveMaxRate => "the basal rates add up to more than the highest rate",
            Self::BasalAboveCap { hours } => {
                return write!(f, "the basal alone would pass the cap of {hours} h");
            }
            Self::TimeOutOfRange => "a time is out of its range",
            Self::NoMass => "a drug has no mass in a step",
            Self::SameDrugTwice => "the same drug is there twice",
            Self::NothingToInfuse => "the volume to be infused is less than a step",
            Self::FullStep => "a full step has more than 256 steps",
            Self::KvoAboveBasal => "the keep-vein-open rate is above a regimen's basal",
        })
    }
}

const MINUTE: Nanoseconds = Nanoseconds::from_mins(1);
const DAY: Nanoseconds = Nanoseconds::from_hours(24);

impl Prescription {
    /// Refuses what the governor could not keep safe.
    ///
    /// # Errors
    /// The first [`Flaw`] found.
    pub fn validate(&self) -> Result<(), Flaw> {
        let grid = Grid::of(self)?;
        if self.full_step > MOST_IN_A_FULL_STEP {
            return Err(Flaw::FullStep);
        }
        let basal = self.basal_flow(&grid);
        if basal > grid.flow(self.max_rate).0 {
            return Err(Flaw::BasalAboveMaxRate);
        }
        if self
            .drugs
            .iter()
            .flatten()
            .any(|drug| drug.fg_per_step == 0)
        {
            return Err(Flaw::NoMass);
        }
        let same = |drug: &Drug| {
            self.drugs
                .iter()
                .flatten()
                .filter(|d| d.id == drug.id)
                .count()
        };
        if self.drugs.iter().flatten().any(|drug| same(drug) > 1) {
            return Err(Flaw::SameDrugTwice);
        }
        if self.vtbi == Some(Steps::ZERO) {
            return Err(Flaw::NothingToInfuse);
        }
        let drugs = self.drugs.iter().flatten().map(|drug| drug.caps);
        for caps in drugs.chain([self.caps]) {
            for (cap, span) in caps_by_span(caps).into_iter().zip(SPANS) {
                let Some(cap) = cap else { continue };
                // A cap too large for the grid is no cap.
                let Some(room) = grid.parts(cap.saturating_sub(Steps(1))) else {
                    continue;
                };
                let fits = basal
                    .over(span.length())
                    .is_some_and(|flowed| flowed <= room);
                if !basal.is_zero() && !fits {
                    let hours = [1, 4, 24];
                    let at = SPANS.iter().position(|s| *s == span);
                    let hours = at.and_then(|at| hours.get(at)).copied().unwrap_or(0);
                    return Err(Flaw::BasalAboveCap { hours });
                }
            }
        }
        for envelope in self.regimens.iter().flatten() {
            envelope.validate()?;
            if let OnStrategyLoss::Kvo(kvo) = self.on_strategy_loss
                && !envelope.basal.is_zero()
                && kvo > envelope.basal
            {
                return Err(Flaw::KvoAboveBasal);
            }
        }
        let short = |air: AirLimits| !(MINUTE..=DAY).contains(&air.within);
        if self.order_lease < TICK || self.air.is_some_and(short) {
            return Err(Flaw::TimeOutOfRange);
        }
        Ok(())
    }

    /// The sum of the envelopes' basal rates: the R of the windows' promise.
    pub(crate) fn basal_flow(&self, grid: &Grid) -> Flow {
        let envelopes = self.regimens.iter().flatten();
        envelopes.fold(Flow::ZERO, |sum, envelope| {
            sum.plus(grid.flow(envelope.basal).0)
        })
    }
}

impl Envelope {
    fn validate(&self) -> Result<(), Flaw> {
        let Some(bolus) = self.bolus else {
            return Ok(());
        };
        if bolus.over == Nanoseconds::ZERO || bolus.over > LONGEST_BOLUS {
            return Err(Flaw::TimeOutOfRange);
        }
        if let Some(interval) = bolus.interval {
            // Strategies are asked on the tick's grid; another interval would drift on it.
            let off_grid = interval.0.checked_rem(TICK.0) != Some(0);
            if interval < bolus.over || off_grid {
                return Err(Flaw::TimeOutOfRange);
            }
        }
        let Some(demand) = bolus.demand else {
            return Ok(());
        };
        let counted = demand.counts.iter().flatten();
        let mut periods = counted.map(|limit| limit.period);
        let sane = (MINUTE..=DAY).contains(&demand.lockout)
            && periods.all(|period| period > Nanoseconds::ZERO && period <= DAY);
        if sane {
            Ok(())
        } else {
            Err(Flaw::TimeOutOfRange)
        }
    }
}
