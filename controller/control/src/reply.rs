//! What the daemon answers.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::account::{Account, Amount, Refilled};
use crate::latency::Latency;
use crate::request::Urgency;
use crate::status::Status;

/// An answer to a request that was done: the value of `reply`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reply {
    /// To `hello`.
    Hello(Hello),
    /// To `status`.
    Status(Box<Status>),
    /// To `preflight`.
    Preflight(Preflight),
    /// To `propose`.
    Proposal(Box<Proposal>),
    /// To `confirm`.
    Armed(Armed),
    /// To the requests that change something and have nothing else to say.
    Done(Done),
    /// To `watch`: how things are now. What happens follows.
    Watching(Box<Status>),
    /// To `latency`.
    Latency(Latency),
    /// To `ledger`.
    Ledger(Box<Account>),
    /// To `refill`.
    Refilled(Refilled),
    /// To `alarm-test`.
    AlarmTest(AlarmTest),
}

/// Who is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// The daemon's version.
    pub version: String,
    /// The daemon's process.
    pub pid: u32,
    /// No real pump is driven.
    pub simulated: bool,
    /// Whom the kernel says the asker to be: the user's name, or the number where it has none.
    pub user: String,
    /// The highest right of the asker: `observe`, `operate` or `prescribe`.
    pub rights: String,
}

/// What an alarm test shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlarmTest {
    /// Alarms of this priority.
    pub priority: Urgency,
    /// They have a light.
    pub light: bool,
    /// There is a buzzer.
    pub sound: bool,
    /// For so long, from now.
    pub lasts_s: u32,
}

/// The state after a request was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// One of `disarmed armed infusing paused stopped complete faulted`.
    pub state: String,
}

/// A prescription is armed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Armed {
    /// What the prescription calls itself.
    pub id: String,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
}

/// The checks that arming needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preflight {
    /// Whether none is red.
    pub green: bool,
    /// Every check, in the order in which they ran.
    pub checks: Vec<Check>,
}

/// One check of the preflight.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// Its stable kebab-case name.
    pub name: String,
    /// How it came out.
    pub state: CheckState,
    /// What was found, in words.
    pub found: String,
    /// What to do about it, where it is red.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
}

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckState {
    /// Good.
    Green,
    /// Arming is refused.
    Red,
    /// It does not matter here, as on simulated hardware.
    Skipped,
}

/// What arming would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// To be given back with `confirm`.
    pub token: String,
    /// What the prescription calls itself.
    pub id: String,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
    /// Old and new side by side (P01).
    pub rows: Vec<Row>,
    /// The regimens, with the plugins that would run them.
    pub regimens: Vec<ProposedRegimen>,
    /// Another drug than what is armed (P03).
    pub drug_changes: bool,
    /// What was remarked when it was checked, written out; empty: nothing.
    pub remarks: String,
    /// What goes beyond a soft limit, a line each. Where there is any, `confirm` needs a
    /// `reason`, which is recorded (P02).
    pub beyond_soft_limits: Vec<String>,
    /// What may or may not have been given when the controller ended, of what was armed then.
    /// Where there is any, `confirm` needs `acknowledge_uncertain`, which is recorded (P05).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uncertain: Option<Amount>,
    /// Time left to confirm.
    pub expires_in_s: u64,
}

/// One line of the comparison.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// What is compared.
    pub what: String,
    /// As it is armed now; without it: it is not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old: Option<String>,
    /// As it would be; without it: it would be gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new: Option<String>,
    /// Whether the two differ.
    pub changed: bool,
}

/// A regimen of a proposal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProposedRegimen {
    /// Its name.
    pub name: String,
    /// The strategy.
    pub strategy: String,
    /// The plugin's version.
    pub version: String,
    /// SHA-256 of the plugin's file, in hexadecimal (P06).
    pub plugin_sha256: String,
}

/// Why a request was not done: the value of `error`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// For programs.
    pub code: Code,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
    /// What is wrong with a prescription, written out with places and underlines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub findings: Option<String>,
    /// The red checks that stand in the way of arming.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<Check>,
}

impl Refusal {
    /// A refusal with nothing but a message.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            fix: None,
            findings: None,
            checks: Vec::new(),
        }
    }

    /// With what to do about it.
    #[must_use]
    pub fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = Some(fix.into());
        self
    }

    /// With a diagnosis.
    #[must_use]
    pub fn findings(mut self, findings: impl Into<String>) -> Self {
        self.findings = Some(findings.into());
        self
    }

    /// With the checks that are red.
    #[must_use]
    pub fn checks(mut self, checks: Vec<Check>) -> Self {
        self.checks = checks;
        self
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.fix {
            Some(fix) => write!(f, "; {fix}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Refusal {}

/// Why a request was not done, for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    /// The line is no request, or a value is out of its range.
    BadRequest,
    /// `v` is not 1.
    UnsupportedVersion,
    /// The line, or the answer to it, is too long.
    TooLarge,
    /// There are too many connections.
    TooManyConnections,
    /// Nothing was heard for too long, or a line was begun and not ended.
    TimedOut,
    /// The asker may not.
    NoRight,
    /// The pump is not in a state in which it can be done.
    WrongState,
    /// The prescription has errors; `findings` shows them.
    BadPrescription,
    /// A preflight check is red; `checks` shows which.
    PreflightRed,
    /// There is no such alarm or proposal, or the proposal has expired.
    NotFound,
    /// A soft limit is passed and no reason was given (P02).
    NeedsReason,
    /// Somebody has to answer for something first: uncertain volume (P05), or a residue that
    /// differs from the ledger (W06).
    NeedsAcknowledgement,
    /// Something else that takes its time is under way.
    Busy,
    /// The daemon is about to end.
    ShuttingDown,
    /// The daemon failed.
    Internal,
    /// One that this version of the client does not know.
    #[serde(other)]
    Unknown,
}
