//! What an entry of the journal tells, in types.

use std::fmt;

use pump_journal::Row;
use pump_prescription::Exact;
use serde::Deserialize;

use crate::failure::Failure;
use crate::runs::{Papers, read};

/// An exact fraction, which the journal has as text: `25/2`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Fraction(pub(crate) Exact);

impl TryFrom<String> for Fraction {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no fraction");
        let (num, den) = text.split_once('/').ok_or_else(wrong)?;
        let (num, den) = (num.parse().ok(), den.parse().ok());
        let fraction = num.zip(den).and_then(|(num, den)| Exact::new(num, den));
        fraction.map(Self).ok_or_else(wrong)
    }
}

impl fmt::Display for Fraction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.0.num(), self.0.den())
    }
}

/// The ledger of an arming, in steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct Ledger {
    #[serde(rename = "commanded_steps")]
    pub(crate) commanded: u64,
    #[serde(rename = "delivered_steps")]
    pub(crate) delivered: u64,
    #[serde(rename = "missed_steps")]
    pub(crate) missed: u64,
    #[serde(rename = "uncertain_steps")]
    pub(crate) uncertain: u64,
    #[serde(rename = "displaced_steps")]
    pub(crate) displaced: u64,
    #[serde(rename = "reservoir_steps")]
    pub(crate) reservoir: u64,
}

/// What a window of 1, 4 or 24 h holds, in steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct Window {
    #[serde(rename = "given_steps")]
    pub(crate) given: u64,
    #[serde(rename = "cap_steps")]
    pub(crate) cap: Option<u64>,
}

/// A bolus that has begun and not ended.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct OpenBolus {
    pub(crate) bolus: u64,
    #[serde(rename = "bolus_kind")]
    pub(crate) kind: String,
    #[serde(rename = "delivered_steps")]
    pub(crate) delivered: u64,
}

/// How things are.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Status {
    pub(crate) arming: u64,
    pub(crate) pump_ns: u64,
    pub(crate) state: String,
    pub(crate) alarms: Vec<String>,
    /// `None`: nothing is armed.
    pub(crate) ledger: Option<Ledger>,
    #[serde(rename = "windows_1_4_24h")]
    pub(crate) windows: Option<[Window; 3]>,
    pub(crate) open_boluses: Vec<OpenBolus>,
}

/// A daemon has begun.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Started {
    pub(crate) version: String,
    /// The number that what was armed has lost.
    pub(crate) arming: u64,
    pub(crate) in_good_order: bool,
    /// Steps of the last arming that had left, or may have, by what was durable last.
    pub(crate) issued_steps: u64,
    /// Beyond those: what is booked as uncertain.
    pub(crate) uncertain_steps: u64,
}

/// An event of the control law. Each kind has some of this; `text` is what operators read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Event {
    /// On the therapy clock, and on the pump's.
    pub(crate) at_ns: u64,
    pub(crate) pump_ns: u64,
    pub(crate) text: String,
    pub(crate) regimen: Option<String>,
    pub(crate) reason: Option<String>,
    pub(crate) alarm: Option<String>,
    pub(crate) priority: Option<String>,
    pub(crate) from: Option<String>,
    pub(crate) to: Option<String>,
    pub(crate) demand: Option<u64>,
    pub(crate) bolus: Option<u64>,
    pub(crate) bolus_kind: Option<String>,
    pub(crate) steps: Option<u64>,
    pub(crate) over_ns: Option<u64>,
    pub(crate) delivered_steps: Option<u64>,
    pub(crate) content_steps: Option<u64>,
    pub(crate) trapped_steps: Option<u64>,
    pub(crate) granted_nl_per_ns: Option<Fraction>,
}

/// What an operator did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct Deed {
    pub(crate) did: String,
    pub(crate) who: String,
    /// The reason that was given.
    #[serde(default)]
    pub(crate) reason: Option<String>,
    #[serde(default)]
    pub(crate) alarm: Option<String>,
    #[serde(default)]
    pub(crate) seconds: Option<u64>,
    /// The prescription that was confirmed.
    #[serde(default)]
    pub(crate) sha256: Option<String>,
}

/// What an entry tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fact {
    Armed(Box<Papers>),
    Disarmed,
    Started(Started),
    /// The daemon ended in good order.
    Ended,
    Status(Box<Status>),
    Event(Box<Event>),
    Operator(Deed),
    /// A check that is repeated while the pump runs has failed: which, and what was found.
    SelfTestFailed(String, String),
    /// So many entries found no room.
    RowsGivenUp(u64),
    /// Of the journal itself: the digest of its durable state, and what was pruned.
    Bookkeeping,
    /// Something that this program does not know. It is counted.
    Other,
}

impl Fact {
    /// What this entry tells.
    ///
    /// # Errors
    /// Where it is not as pumpd writes it.
    pub(crate) fn of(row: &Row) -> Result<Self, Failure> {
        #[derive(Deserialize)]
        struct Failed {
            check: String,
            found: String,
        }
        #[derive(Deserialize)]
        struct GivenUp {
            rows: u64,
        }
        Ok(match row.kind.as_str() {
            "armed" => Self::Armed(Box::new(read(row)?)),
            "disarmed" => Self::Disarmed,
            "daemon-started" => Self::Started(read(row)?),
            "daemon-ended" => Self::Ended,
            "status" => Self::Status(Box::new(read(row)?)),
            "operator" => Self::Operator(read(row)?),
            "self-test-failed" => {
                let Failed { check, found } = read(row)?;
                Self::SelfTestFailed(check, found)
            }
            "rows-given-up" => Self::RowsGivenUp(read::<GivenUp>(row)?.rows),
            pump_journal::DURABLE | pump_journal::PRUNED => Self::Bookkeeping,
            kind if EVENTS.contains(&kind) => Self::Event(Box::new(read(row)?)),
            _ => Self::Other,
        })
    }
}

/// The kinds of the control law's events.
const EVENTS: [&str; 23] = [
    "state",
    "basal",
    "demand-asked",
    "demand-given",
    "demand-refused",
    "bolus-refused",
    "bolus-started",
    "bolus-stretched",
    "bolus-suspended",
    "bolus-resumed",
    "bolus-ended",
    "strategy-lost",
    "strategy-back",
    "order-dropped",
    "line",
    "occluded",
    "alarm-raised",
    "alarm-cleared",
    "missed",
    "uncertain",
    "displaced",
    "command-refused",
    "refilled",
];

/// A figure that an event must have.
///
/// # Errors
/// Where it has not.
pub(crate) fn need<T>(row: &Row, name: &str, figure: Option<T>) -> Result<T, Failure> {
    figure.ok_or_else(|| {
        Failure::input(format_args!(
            "entry {} of the journal, `{}`, has no `{name}`; `pumpctl history --verify` says \
             whether it was changed",
            row.seq, row.kind
        ))
    })
}
