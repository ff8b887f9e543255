//! The rows of the journal that a recording is made of.
//!
//! A run is a row [`RUN`] with what it began with, then rows [`INPUTS`] with what it was told,
//! each with what the run had come to by then, then a row [`RUN_ENDED`]. Where that is missing
//! the daemon died, and the run is known up to its last row.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;

use pump_core::quantity::MonoNs;

use crate::course::Totals;
use crate::edge::Digest;

/// The kind of the row that begins a run.
pub const RUN: &str = "run";
/// The kind of the rows that say what it was told.
pub const INPUTS: &str = "inputs";
/// The kind of the row that ends it.
pub const RUN_ENDED: &str = "run-ended";

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Row {
    /// A run begins.
    Run(Box<Opening>),
    /// What it was told.
    Inputs(Block),
    /// It ends.
    Ended(Closing),
}

impl Row {
    /// The kinds of these rows.
    pub const KINDS: [&'static str; 3] = [RUN, INPUTS, RUN_ENDED];

    /// Its kind.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Run(_) => RUN,
            Self::Inputs(_) => INPUTS,
            Self::Ended(_) => RUN_ENDED,
        }
    }

    /// Which run it is of.
    pub const fn run(&self) -> u64 {
        match self {
            Self::Run(opening) => opening.run,
            Self::Inputs(block) => block.run,
            Self::Ended(closing) => closing.run,
        }
    }

    /// Its body.
    pub fn body(&self) -> Value {
        let body = match self {
            Self::Run(opening) => serde_json::to_value(opening),
            Self::Inputs(block) => serde_json::to_value(block),
            Self::Ended(closing) => serde_json::to_value(closing),
        };
        // A document of numbers and texts always is one.
        body.unwrap_or_default()
    }

    /// Reads a row of the journal; `None`: it is of another kind.
    ///
    /// # Errors
    /// It is not as one of that kind is written.
    pub fn read(kind: &str, body: &str) -> Result<Option<Self>, serde_json::Error> {
        Ok(match kind {
            RUN => Some(Self::Run(serde_json::from_str(body)?)),
            INPUTS => Some(Self::Inputs(serde_json::from_str(body)?)),
            RUN_ENDED => Some(Self::Ended(serde_json::from_str(body)?)),
            _ => None,
        })
    }
}

/// Bytes, in a document as base64.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bytes(pub Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&STANDARD_NO_PAD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let bytes = STANDARD_NO_PAD.decode(text).map_err(de::Error::custom)?;
        Ok(Self(bytes))
    }
}

/// A regimen of the run: what its orders came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Regimen {
    /// Its name in the prescription.
    pub name: String,
    /// Its strategy.
    pub strategy: String,
    /// The SHA-256 of the plugin's file.
    pub plugin_sha256: String,
    /// Its parameters, numerator and denominator of each, and then two of each step of a profile:
    /// when it begins, and its rate.
    pub values: Vec<(u64, u64)>,
}

/// What a run is about, in the words of its files.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dossier {
    /// The version of the software.
    pub version: String,
    /// Whether the pump was a simulated one.
    pub simulated: bool,
    /// The prescription's own name for itself.
    pub id: String,
    /// The SHA-256 of the prescription's text.
    pub sha256: String,
    /// The prescription as it was written.
    pub prescription: String,
    /// The device's file as it was written.
    pub device: String,
    /// The drug library as it was written.
    pub drug_library: String,
    /// The regimens, in the prescription's order.
    pub regimens: Vec<Regimen>,
}

/// Row [`RUN`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// Numbers the armings of a journal.
    pub run: u64,
    /// When it was armed, by the pump's clock.
    pub armed_at_ns: u64,
    /// How far the pump's clock was ahead of the monotonic one.
    pub ahead_ns: u64,
    /// The control law at rest, as it was before.
    pub state: Bytes,
    /// The lines as they were last told, a bit each.
    pub lines: u8,
    /// What watches the pump, a bit each.
    pub watch: u16,
    /// What was armed.
    pub armed: Bytes,
    /// What it is about.
    #[serde(flatten)]
    pub dossier: Dossier,
}

/// Row [`INPUTS`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// Its run.
    pub run: u64,
    /// Numbers the blocks of a run, from 1.
    pub block: u64,
    /// See the [codec](crate::codec).
    pub inputs: Bytes,
    /// What the run had come to at its end.
    #[serde(flatten)]
    pub totals: TotalsRow,
}

/// [`Totals`] in a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TotalsRow {
    calls: u64,
    edges: u64,
    uncertain_edges: u64,
    boluses: u64,
    demands_given: u64,
    demands_refused: u64,
    until_ns: u64,
    digest: String,
    told: String,
}

impl From<Totals> for TotalsRow {
    fn from(totals: Totals) -> Self {
        Self {
            calls: totals.calls,
            edges: totals.edges,
            uncertain_edges: totals.uncertain_edges,
            boluses: totals.boluses,
            demands_given: totals.demands_given,
            demands_refused: totals.demands_refused,
            until_ns: totals.until.0,
            digest: totals.digest.to_string(),
            told: totals.told.to_string(),
        }
    }
}

impl TotalsRow {
    /// The figures; `None` where the digest is none.
    pub fn totals(&self) -> Option<Totals> {
        let digest = |text: &str| u64::from_str_radix(text, 16).ok().map(Digest);
        Some(Totals {
            calls: self.calls,
            edges: self.edges,
            uncertain_edges: self.uncertain_edges,
            boluses: self.boluses,
            demands_given: self.demands_given,
            demands_refused: self.demands_refused,
            until: MonoNs(self.until_ns),
            digest: digest(&self.digest)?,
            told: digest(&self.told)?,
        })
    }
}

/// Row [`RUN_ENDED`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closing {
    /// Its run.
    pub run: u64,
    /// Why.
    pub why: String,
    /// Whether everything until then is recorded; else the run can't be replayed from its last
    /// block on.
    pub whole: bool,
}
