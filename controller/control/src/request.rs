//! What a client may ask for.

use serde::{Deserialize, Serialize};

use crate::reply::{Code, Refusal};
use crate::rights::Rights;

/// The longest that alarms may be silenced \[s\] (W09).
pub const MAX_SILENCE_S: u32 = 120;

/// How long an alarm test shows a priority \[s\].
pub const ALARM_TEST_S: u32 = 5;

/// The longest name of a prescription's file, token or alarm \[bytes\].
const MAX_NAME: usize = 255;
/// The longest reason for going beyond a soft limit \[bytes\].
const MAX_REASON: usize = 1000;

/// A request: the value of `do`. Unknown words and keys are refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Request {
    /// Who is there, and what the asker may do. Answered by [`Reply::Hello`].
    ///
    /// [`Reply::Hello`]: crate::Reply::Hello
    Hello,
    /// How things are. Answered by [`Reply::Status`](crate::Reply::Status).
    Status {
        /// With the table of threads.
        #[serde(default)]
        threads: bool,
    },
    /// Runs the checks that arming needs. Answered by
    /// [`Reply::Preflight`](crate::Reply::Preflight).
    Preflight,
    /// The first step of arming (P01). Answered by
    /// [`Reply::Proposal`](crate::Reply::Proposal), or refused with findings or red checks.
    Propose {
        /// The name of the file, for diagnostics and records; it is not opened.
        name: String,
        /// The prescription, TOML.
        text: String,
    },
    /// The second step of arming. Answered by [`Reply::Armed`](crate::Reply::Armed).
    Confirm {
        /// That of the proposal.
        token: String,
        /// Why it goes beyond a soft limit (P02); needed where the proposal says so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// The asker answers for the uncertain volume that the proposal shows (P05); needed
        /// where it shows any.
        #[serde(default, skip_serializing_if = "is_false")]
        acknowledge_uncertain: bool,
    },
    /// Withdraws a proposal. Answered by [`Reply::Done`](crate::Reply::Done).
    Cancel {
        /// That of the proposal.
        token: String,
    },
    /// Starts what is armed. Answered by [`Reply::Done`](crate::Reply::Done), as are the
    /// following.
    Start,
    /// Halts delivery, to be resumed.
    Pause,
    /// Goes on after a pause or an alarm.
    Resume,
    /// Ends delivery.
    Stop,
    /// Presses the patient's button.
    Press,
    /// Says that an alarm was seen. It stays on until its condition is gone.
    Ack {
        /// Its name.
        alarm: String,
    },
    /// Silences the alarms for a while, never for good (W09). A new alarm sounds all the same.
    Silence {
        /// From now; at most [`MAX_SILENCE_S`]; 0 ends a silence.
        seconds: u32,
    },
    /// Shows how alarms of a priority look and sound, for [`ALARM_TEST_S`], with the pump not
    /// infusing. Answered by [`Reply::AlarmTest`](crate::Reply::AlarmTest).
    AlarmTest {
        /// Which.
        priority: Urgency,
    },
    /// Says what was seen and heard of that; recorded. Answered by
    /// [`Reply::Done`](crate::Reply::Done).
    AlarmTested {
        /// Of which priority.
        priority: Urgency,
        /// Whether its light was seen; absent: it has none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seen: Option<bool>,
        /// Whether its sound was heard; absent: there is no buzzer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        heard: Option<bool>,
    },
    /// What became of the volume. Answered by [`Reply::Ledger`](crate::Reply::Ledger).
    Ledger,
    /// The pump gets another subject: windows, counts and lockouts are emptied, and nothing is
    /// armed any more. Nothing else ever empties them. Answered by
    /// [`Reply::Done`](crate::Reply::Done).
    NewSubject,
    /// The reservoir was emptied and filled, with the pump at rest. Answered by
    /// [`Reply::Refilled`](crate::Reply::Refilled).
    Refill {
        /// What was found in it and withdrawn, as measured.
        residue_nl: u64,
        /// What it was filled with.
        filled_nl: u64,
        /// The lot of what it was filled with.
        lot: String,
    },
    /// The asker answers for a residue that differs from the ledger (W06). Answered by
    /// [`Reply::Done`](crate::Reply::Done).
    AcknowledgeResidue {
        /// Why the pump may start all the same; recorded.
        reason: String,
    },
    /// Streams what happens until the client closes. Answered by
    /// [`Reply::Watching`](crate::Reply::Watching), then by a [`Watched`](crate::Watched)
    /// whenever there is one.
    Watch,
    /// The loop's latency since the histograms were last reset. Answered by
    /// [`Reply::Latency`](crate::Reply::Latency).
    Latency {
        /// Reset them after reading; this needs the right to operate.
        #[serde(default)]
        reset: bool,
    },
}

impl Request {
    /// The right that it needs (P08).
    pub fn needs(&self) -> Rights {
        match self {
            Self::Hello
            | Self::Status { .. }
            | Self::Watch
            | Self::Ledger
            | Self::Latency { reset: false } => Rights::Observe,
            Self::Preflight
            | Self::Start
            | Self::Pause
            | Self::Resume
            | Self::Stop
            | Self::Press
            | Self::Ack { .. }
            | Self::Silence { .. }
            | Self::AlarmTest { .. }
            | Self::AlarmTested { .. }
            | Self::Refill { .. }
            | Self::Latency { reset: true } => Rights::Operate,
            Self::Propose { .. }
            | Self::Confirm { .. }
            | Self::Cancel { .. }
            | Self::NewSubject
            | Self::AcknowledgeResidue { .. } => Rights::Prescribe,
        }
    }

    /// The word for it: the value of `do`, or its one key.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Hello => "hello",
            Self::Status { .. } => "status",
            Self::Preflight => "preflight",
            Self::Propose { .. } => "propose",
            Self::Confirm { .. } => "confirm",
            Self::Cancel { .. } => "cancel",
            Self::Start => "start",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Stop => "stop",
            Self::Press => "press",
            Self::Ack { .. } => "ack",
            Self::Silence { .. } => "silence",
            Self::AlarmTest { .. } => "alarm-test",
            Self::AlarmTested { .. } => "alarm-tested",
            Self::Ledger => "ledger",
            Self::NewSubject => "new-subject",
            Self::Refill { .. } => "refill",
            Self::AcknowledgeResidue { .. } => "acknowledge-residue",
            Self::Watch => "watch",
            Self::Latency { .. } => "latency",
        }
    }

    /// Checks what can be checked without a pump.
    ///
    /// # Errors
    ///
    /// A value is out of its range ([`Code::BadRequest`]).
    pub fn validate(&self) -> Result<(), Refusal> {
        match self {
            Self::Propose { name, .. } => word("name", name, MAX_NAME),
            Self::Confirm { token, reason, .. } => {
                word("token", token, MAX_NAME)?;
                match reason {
                    Some(reason) => word("reason", reason, MAX_REASON),
                    None => Ok(()),
                }
            }
            Self::Cancel { token } => word("token", token, MAX_NAME),
            Self::Ack { alarm } => word("alarm", alarm, MAX_NAME),
            Self::Refill { lot, .. } => word("lot", lot, MAX_NAME),
            Self::AcknowledgeResidue { reason } => word("reason", reason, MAX_REASON),
            Self::Silence { seconds } if *seconds > MAX_SILENCE_S => Err(Refusal::new(
                Code::BadRequest,
                format!("alarms can't be silenced for {seconds} s"),
            )
            .fix(format!("at most {MAX_SILENCE_S} s; it can be repeated"))),
            Self::AlarmTested {
                seen: None,
                heard: None,
                ..
            } => Err(Refusal::new(
                Code::BadRequest,
                "neither `seen` nor `heard` is said",
            )),
            _ => Ok(()),
        }
    }
}

/// How urgent an alarm is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Urgency {
    /// Respond now.
    High,
    /// Respond soon.
    Medium,
    /// Be aware.
    Low,
}

impl Urgency {
    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }
}

const fn is_false(flag: &bool) -> bool {
    !*flag
}

/// A short text on one line.
fn word(what: &str, text: &str, most: usize) -> Result<(), Refusal> {
    let wrong = if text.trim().is_empty() {
        "is empty".to_owned()
    } else if text.len() > most {
        format!("is longer than {most} bytes")
    } else if text.chars().any(char::is_control) {
        "has control characters".to_owned()
    } else {
        return Ok(());
    };
    Err(Refusal::new(Code::BadRequest, format!("`{what}` {wrong}")))
}
