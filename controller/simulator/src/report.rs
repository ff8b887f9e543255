//! What a run has come to, for people and for programs.
//!
//! Serialised, this is the document that `pumpctl simulate --json` prints. Fields that end
//! in `_nl` or `_ns` are whole numbers: nanolitres rounded down, and nanoseconds of the
//! simulation's clock. Fields are added over time and never change their meaning.

use std::collections::BTreeMap;

use serde::Serialize;

/// The reason of a bolus that a power cut has cut. The control law's own reasons
/// ([`pump_core::reason::Reason`]) have no word for it: it was not there to give one.
pub const POWER: &str = "power";

/// The outcome of a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// The prescription's own name for itself.
    pub id: String,
    /// SHA-256 of the prescription's file, in hexadecimal.
    pub prescription_sha256: String,
    /// What drove the random presses.
    pub seed: u64,
    /// The time simulated.
    pub duration_ns: u64,
    /// Edges that the motor's driver accepted.
    pub steps: u64,
    /// What the ledgers of all armings counted. It is `steps`, or one of the two is wrong.
    pub ledger_steps: u64,
    /// The volume of one step in nanolitres, as `num/den`.
    pub nl_per_step: String,
    /// `steps` as a volume.
    pub delivered_nl: u64,
    /// The integral of everything granted.
    pub commanded_nl: u64,
    /// The integral of everything granted, in steps, exact: `whole` or `whole + num/den`.
    /// `commanded_steps = steps + missed_steps + remainder`, over all armings of the run.
    pub commanded_steps: String,
    /// Edges that could not be issued before their successors fell due.
    pub missed_nl: u64,
    /// The same, counted.
    pub missed_steps: u64,
    /// Volume that may or may not have left, as booked after a power cut or a refused edge.
    pub uncertain_nl: u64,
    /// Volume that may have moved while the motor was disabled: a full step for each start
    /// after that. It counts as given for every cap, and no edge bears witness of it.
    pub displaced_nl: u64,
    /// Each drug's mass.
    pub per_drug: Vec<DrugReport>,
    /// Each regimen's share, in the prescription's order. What the operator's boluses gave is
    /// in none of them.
    pub regimens: Vec<RegimenReport>,
    /// Every bolus that was asked for, in the order in which it was started or refused.
    pub boluses: Vec<BolusReport>,
    /// Presses of the patient's button.
    pub demands: Demands,
    /// Refused boluses of every kind, by reason.
    pub refusals: BTreeMap<String, u64>,
    /// Every alarm, in the order in which they were raised.
    pub alarms: Vec<AlarmReport>,
    /// Every stop by a blocked line.
    pub occlusions: Vec<OcclusionReport>,
    /// The highest volume in any half-open window `(t − W, t]`, from the edges alone.
    pub window_peaks_nl: Windows,
    /// The tightest cap of each window, the mixture's own or that of any of its drugs, as a
    /// volume of the mixture; without the key: none.
    pub window_caps_nl: Caps,
    /// The reservoir.
    pub reservoir: ReservoirReport,
    /// What the pump granted at the end without boluses, in nanolitres an hour rounded down.
    pub basal_nl_per_h: u64,
    /// Power cuts.
    pub restarts: Vec<RestartReport>,
    /// What a scenario asked for and did not get, and strategies that broke.
    pub notes: Vec<Note>,
    /// One of `disarmed armed infusing paused stopped complete faulted`.
    pub final_state: &'static str,
}

/// A drug's share.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DrugReport {
    /// Its name.
    pub name: String,
    /// Its mass in the delivered volume, in `unit`.
    pub delivered: f64,
    /// `mg`.
    pub unit: &'static str,
    /// The same mass in picograms, rounded down.
    pub delivered_pg: u128,
}

/// A regimen's share of what was given. Edges have no owner; grants do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RegimenReport {
    /// Its name.
    pub name: String,
    /// The integral of the basal that it was granted.
    pub basal_nl: u64,
    /// Its boluses that were begun.
    pub boluses: u64,
    /// Its boluses that were refused. A press that was passed on from one regimen to the next
    /// is one refusal, and the first one's.
    pub boluses_refused: u64,
    /// What left of its boluses.
    pub bolus_nl: u64,
}

/// A bolus.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BolusReport {
    /// One of `demand scheduled loading clinician`.
    pub kind: &'static str,
    /// Whose it is; `null`: the operator's, or a press that no regimen answers.
    pub regimen: Option<String>,
    /// When it was asked for.
    pub asked_at_ns: u64,
    /// When it was granted; where it was refused, when that was.
    pub started_at_ns: u64,
    /// Its last edge, or the cut; where it was refused, when that was; where it is running,
    /// the end of the run.
    pub ended_at_ns: u64,
    /// What was asked for, as the whole steps that fit into it.
    pub volume_nl: u64,
    /// What of it left.
    pub delivered_nl: u64,
    /// One of `completed refused cut running`.
    pub outcome: &'static str,
    /// Why it was refused, cut or stretched in time: a name of
    /// [`pump_core::reason::Reason`], or [`POWER`] where the power failed under it; `null`
    /// where it was none of these.
    pub reason: Option<&'static str>,
}

/// Presses of the patient's button.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Demands {
    /// All of them.
    pub attempted: u64,
    /// Those that got a bolus.
    pub given: u64,
}

/// An alarm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AlarmReport {
    /// When it was raised.
    pub at_ns: u64,
    /// Its name.
    pub name: &'static str,
    /// One of `low medium high`.
    pub priority: &'static str,
    /// When it ended; without the key: it has not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cleared_at_ns: Option<u64>,
}

/// A line that was blocked downstream, found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct OcclusionReport {
    /// When the pump stopped.
    pub at_ns: u64,
    /// What it had given against the blockage by then (W03).
    pub trapped_nl: u64,
}

/// A volume for each window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Windows {
    /// In any hour.
    #[serde(rename = "1h")]
    pub h1: u64,
    /// In any 4 hours.
    #[serde(rename = "4h")]
    pub h4: u64,
    /// In any 24 hours.
    #[serde(rename = "24h")]
    pub h24: u64,
}

/// A cap for each window that has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Caps {
    /// In any hour.
    #[serde(rename = "1h", skip_serializing_if = "Option::is_none")]
    pub h1: Option<u64>,
    /// In any 4 hours.
    #[serde(rename = "4h", skip_serializing_if = "Option::is_none")]
    pub h4: Option<u64>,
    /// In any 24 hours.
    #[serde(rename = "24h", skip_serializing_if = "Option::is_none")]
    pub h24: Option<u64>,
}

/// The reservoir.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ReservoirReport {
    /// What it held at the start.
    pub start_nl: u64,
    /// What it holds at the end.
    pub left_nl: u64,
    /// Below this it is low.
    pub low_nl: u64,
    /// At this the pump stops.
    pub empty_nl: u64,
    /// How long the basal of the end can go on; without the key: there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lasts_ns: Option<u64>,
}

/// A power cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct RestartReport {
    /// When the power failed.
    pub at_ns: u64,
    /// When it returned; later than the end of the run where it did not.
    pub back_at_ns: u64,
    /// What was booked as uncertain for it.
    pub uncertain_nl: u64,
}

/// Something that the reader would otherwise miss.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Note {
    /// When.
    pub at_ns: u64,
    /// What.
    pub text: String,
}
