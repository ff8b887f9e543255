//! What the daemon does before its end.

use pump_control::Request;
use pump_core::prescription::LockoutEdge;

/// A life to be cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Story {
    /// The journal is made.
    Begin,
    /// A basal flows, and is topped up where it lives so long.
    Basal,
    /// The patient's boluses, and nothing else.
    Bolus(LockoutEdge),
    /// Boluses every few seconds over a basal: each is a credit.
    Pulses,
    /// It is armed again and again.
    Arming,
    /// The rate, and with it the credit, goes up and down.
    Change,
    /// The reservoir is refilled, again and again.
    Refill,
    /// A journal of version 1 is brought up to date.
    Upgrade,
    /// A daemon that was killed before is started again.
    Again,
}

/// A thing to do.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Arm this.
    Arm(String),
    /// Tell the pump.
    Tell(Request),
    /// Let it go on for so many milliseconds.
    Wait(u64),
}

impl Step {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Arm(_) => "arm",
            Self::Tell(request) => request.name(),
            Self::Wait(_) => "wait",
        }
    }
}

impl Story {
    pub(crate) const ALL: [Self; 10] = [
        Self::Begin,
        Self::Basal,
        Self::Bolus(LockoutEdge::EndToStart),
        Self::Bolus(LockoutEdge::StartToStart),
        Self::Pulses,
        Self::Arming,
        Self::Change,
        Self::Refill,
        Self::Upgrade,
        Self::Again,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Begin => "begin",
            Self::Basal => "basal",
            Self::Bolus(LockoutEdge::EndToStart) => "bolus-end",
            Self::Bolus(LockoutEdge::StartToStart) => "bolus-start",
            Self::Pulses => "pulses",
            Self::Arming => "arming",
            Self::Change => "change",
            Self::Refill => "refill",
            Self::Upgrade => "upgrade",
            Self::Again => "again",
        }
    }

    /// How long it may live before it is killed, in milliseconds from the daemon's start.
    pub(crate) const fn kill_within_ms(self) -> usize {
        match self {
            Self::Begin | Self::Again | Self::Upgrade => 120,
            Self::Basal => 2_500,
            Self::Bolus(_) | Self::Pulses => 5_000,
            Self::Arming | Self::Change | Self::Refill => 3_000,
        }
    }

    /// It begins with what a killed daemon has left.
    pub(crate) const fn has_past(self) -> bool {
        matches!(self, Self::Upgrade | Self::Again)
    }

    /// The edge of its lockout, where nothing but demands is given.
    pub(crate) const fn lockout(self) -> Option<LockoutEdge> {
        match self {
            Self::Bolus(edge) => Some(edge),
            // Their past is such a life.
            Self::Upgrade | Self::Again => Some(LockoutEdge::EndToStart),
            _ => None,
        }
    }

    /// The most that may be uncertain, in steps: the credit ahead of the fastest that it does.
    pub(crate) const fn most_uncertain(self) -> u64 {
        match self {
            Self::Begin => 0,
            // 180 s at 333 steps a second, and what the rotor may have moved.
            Self::Basal | Self::Arming | Self::Change | Self::Refill => 60_010,
            Self::Bolus(_) | Self::Upgrade | Self::Again => DOSE_STEPS + 10,
            // The basal's, and a few boluses'.
            Self::Pulses => 18_000 + 1_000,
        }
    }

    /// What is done. `long`: in a recording, which is not killed.
    pub(crate) fn steps(self, long: bool) -> Vec<Step> {
        use Step::{Arm, Tell, Wait};
        let start = || Tell(Request::Start);
        let stop = || Tell(Request::Stop);
        match self {
            Self::Begin => vec![],
            Self::Basal => {
                // Beyond the first top-up, after two thirds of 180 s.
                let wait = if long { 128_000 } else { 60_000 };
                vec![Arm(basal("60 mL/h")), start(), Wait(wait)]
            }
            Self::Bolus(edge) => vec![
                Arm(demands(edge)),
                start(),
                Wait(50),
                Tell(Request::Press),
                Wait(if long { 12_000 } else { 60_000 }),
                Tell(Request::Press),
                Wait(300),
            ],
            Self::Pulses => vec![
                Arm(pulses()),
                start(),
                Wait(if long { 20_000 } else { 60_000 }),
            ],
            Self::Arming => {
                let one = |rate| vec![Arm(basal(rate)), start(), Wait(250), stop()];
                let rates = ["60 mL/h", "10 mL/h", "30 mL/h", "60 mL/h"];
                rates.into_iter().cycle().take(12).flat_map(one).collect()
            }
            Self::Change => {
                let one = |rate| {
                    let (pause, resume) = (Tell(Request::Pause), Tell(Request::Resume));
                    let wait = || Wait(150);
                    let arm = Arm(basal(rate));
                    vec![arm, start(), wait(), pause, wait(), resume, wait(), stop()]
                };
                let rates = ["5 mL/h", "60 mL/h", "20 mL/h"];
                rates.into_iter().cycle().take(9).flat_map(one).collect()
            }
            Self::Refill => {
                // What is found differs from the ledger by a little, as it may.
                let refill = |round: u64| {
                    Tell(Request::Refill {
                        residue_nl: 100_000_000 - round * 10_000,
                        filled_nl: 100_000_000,
                        lot: format!("lot {round}"),
                    })
                };
                let one = |round| {
                    let arm = Arm(basal("60 mL/h"));
                    vec![arm, start(), Wait(200), stop(), refill(round), Wait(50)]
                };
                (1..=12).flat_map(one).collect()
            }
            Self::Upgrade | Self::Again => vec![
                Wait(if long { 1_500 } else { 100 }),
                Arm(demands(LockoutEdge::EndToStart)),
                start(),
                Tell(Request::Press),
                Wait(2_000),
            ],
        }
    }

    /// What another daemon is armed with afterwards.
    pub(crate) fn prescription(self) -> String {
        match self.lockout() {
            Some(edge) => demands(edge),
            None => basal("60 mL/h"),
        }
    }
}

/// Steps in a demand's dose.
const DOSE_STEPS: u64 = 1_000;

/// The lockout of the prescriptions here.
pub(crate) const LOCKOUT_NS: u64 = 60_000_000_000;

fn of_regimens(regimens: &str) -> String {
    format!(
        r#"format = 1
id = "a campaign"
route = "intravenous"

[reservoir]
volume = "100 mL"
low = "2 mL"
empty = "0.5 mL"

[[drug]]
name = "sodium chloride"
concentration = "9 mg/mL"

[limits]
max_rate = "100 mL/h"
max_1h = "100 mL"
max_4h = "300 mL"
max_24h = "1500 mL"

[on_strategy_loss]
action = "stop"
{regimens}"#
    )
}

/// 60 mL/h are 333 steps a second.
fn basal(rate: &str) -> String {
    of_regimens(&format!(
        r#"
[[regimen]]
name = "background"
strategy = "continuous"
rate = "{rate}"
"#
    ))
}

fn demands(edge: LockoutEdge) -> String {
    let edge = match edge {
        LockoutEdge::EndToStart => "end-to-start",
        LockoutEdge::StartToStart => "start-to-start",
    };
    of_regimens(&format!(
        r#"
[[regimen]]
name = "patient"
strategy = "pca"
dose = "50 uL"
over = "8 s"
lockout = "1 min"
lockout_edge = "{edge}"
other_boluses_restart_lockout = true
other_boluses_count = true
max_per_1h = 20
max_per_24h = 100
"#
    ))
}

fn pulses() -> String {
    of_regimens(
        r#"
[[regimen]]
name = "background"
strategy = "continuous"
rate = "18 mL/h"

[[regimen]]
name = "pulses"
strategy = "intermittent-bolus"
dose = "10 uL"
over = "1 s"
every = "2 s"
first_after = "300 ms"
"#,
    )
}
