//! The ledger as an account: what became of the volume, in steps, nanolitres and mass.

use serde::{Deserialize, Serialize};

use crate::status::Prescribed;

/// The account of the arming, or of the last one where nothing is armed, and of the reservoir.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// One of `disarmed armed infusing paused stopped complete faulted`.
    pub state: String,
    /// What is armed, or was last; without it: not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prescription: Option<Prescribed>,
    /// The volume of a step in nanolitres, exact: `num/den`; without it: nothing was ever
    /// armed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nl_per_step: Option<String>,
    /// The drugs of the mixture. Empty: the mixture is not known, and no mass is told.
    pub drugs: Vec<Drug>,
    /// What left for certain.
    pub delivered: Amount,
    /// What was due and could not be given in time.
    pub missed: Amount,
    /// What may or may not have left; it counts as delivered for every maximum.
    pub uncertain: Amount,
    /// What the rotor may have given while nobody held it; it counts as delivered, too.
    pub displaced: Amount,
    /// What was uncertain at restarts and waits to be acknowledged by the next arming.
    pub unacknowledged: Amount,
    /// What the reservoir holds; without it: nothing was ever armed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remaining: Option<Amount>,
    /// What the reservoir holds when it is full.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capacity_nl: Option<u64>,
    /// A measured residue that keeps the pump from starting until it is acknowledged (W06).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub residue: Option<Residue>,
    /// How long the reservoir lasts at the present basal, down to its mark for empty; without
    /// it: nothing flows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lasts_ns: Option<u64>,
    /// After this time at the earliest the reservoir is at its mark for low, if every bolus
    /// that is allowed is given (W05). Without it: nothing is armed, or not within ten years.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refill_in_ns: Option<u64>,
    /// When that is, in nanoseconds since 1970 in UTC; without it: the time of day is not
    /// known to be right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refill_utc_ns: Option<u64>,
    /// What the present subject was given, which only another subject clears.
    pub subject: Subject,
}

/// What windows and counts hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// Given in the last hour, rounded down.
    pub given_1h_nl: u64,
    /// In the last four hours.
    pub given_4h_nl: u64,
    /// In the last day.
    pub given_24h_nl: u64,
    /// Demand, clinician and loading boluses of the last day.
    pub boluses_24h: u64,
}

/// A drug of the mixture.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drug {
    /// Its name.
    pub name: String,
    /// Its concentration in nanograms a nanolitre, which is mg/mL, exact: `num/den`.
    pub ng_per_nl: String,
}

/// So much of the mixture.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amount {
    /// Counted.
    pub steps: u64,
    /// The same as a volume.
    pub nl: u64,
    /// The mass in it of each drug.
    pub masses: Vec<Mass>,
}

/// So much of a drug.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mass {
    /// Its name.
    pub drug: String,
    /// Picograms, rounded down.
    pub pg: u64,
}

/// What was found in the reservoir, against the ledger (W06).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Residue {
    /// What was measured.
    pub measured_nl: u64,
    /// What the ledger held.
    pub expected_nl: u64,
    /// By how much they may differ: a twentieth of the reservoir's volume, 2 mL at most.
    pub allowed_nl: u64,
}

/// The reservoir was refilled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refilled {
    /// What was found in it before.
    pub residue: Residue,
    /// The two differ by more than they may: nothing starts before that is acknowledged.
    pub differs: bool,
    /// What it holds now.
    pub content_nl: u64,
}
