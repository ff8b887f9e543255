//! How things are, and what happens.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How things are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// One of `disarmed armed infusing paused stopped complete faulted`.
    pub state: String,
    /// No real pump is driven.
    pub simulated: bool,
    /// Since the daemon began.
    pub uptime_ns: u64,
    /// The therapy clock: since `start`. Without it: nothing has started since arming.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub therapy_ns: Option<u64>,
    /// What is armed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prescription: Option<Prescribed>,
    /// A proposal that waits to be confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposal: Option<Pending>,
    /// What the active alarms do to delivery: one of `none warn hold-basal kvo stop
    /// stop-and-disable`.
    pub action: String,
    /// The active alarms, the most urgent first.
    pub alarms: Vec<Alarm>,
    /// Time left until the alarms sound again; without it: they are not silenced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub silenced_for_s: Option<u32>,
    /// The ledger of the arming.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ledger: Option<Ledger>,
    /// The reservoir.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reservoir: Option<Reservoir>,
    /// The windows of 1, 4 and 24 h.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub windows: Vec<Window>,
    /// The regimens, in the order of the prescription.
    pub regimens: Vec<Regimen>,
    /// The bolus that runs, or else the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bolus: Option<Bolus>,
    /// Presses of the patient's button since arming.
    pub demands: Demands,
    /// How the loop does.
    pub health: Health,
    /// How the record of everything does; without it: the daemon is of an older version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub journal: Option<Journal>,
    /// The threads as the kernel reports them, where they were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threads: Option<Threads>,
}

/// The journal: what was made durable.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Journal {
    /// The head of its hash chain, the row's number and its hash: who writes it down can tell later that no
    /// row before it was changed.
    pub head: String,
    /// Commits since the daemon began.
    pub commits: u64,
    /// How long the last one took.
    pub last_sync_ns: u64,
    /// How long the slowest took.
    pub slowest_sync_ns: u64,
    /// What keeps it from being written now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
    /// What to do about that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
}

/// The armed prescription.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prescribed {
    /// What it calls itself.
    pub id: String,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
}

/// A proposal that waits to be confirmed. Its token is its proposer's alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// What it calls itself.
    pub id: String,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
    /// Who proposed it.
    pub by: String,
    /// Time left to confirm.
    pub expires_in_s: u64,
}

/// An active alarm.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alarm {
    /// Its stable kebab-case name.
    pub name: String,
    /// `high`, `medium` or `low`, as in IEC 60601-1-8.
    pub priority: String,
    /// What has happened, in words.
    pub text: String,
    /// Time since it was raised.
    pub age_ns: u64,
    /// Somebody has said that it was seen.
    pub acked: bool,
    /// It makes no sound now.
    pub silenced: bool,
    /// Its cause is past, as far as the pump is told, and it waits for what `clears` says.
    #[serde(default, skip_serializing_if = "is_false")]
    pub latched: bool,
    /// What it does to delivery: a word as in [`Status::action`]; empty: the daemon is of an
    /// older version.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub action: String,
    /// When it clears, in words; empty as above.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub clears: String,
    /// What to do, in words; empty as above.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub remedy: String,
}

const fn is_false(flag: &bool) -> bool {
    !*flag
}

/// The ledger of an arming, counted in motor steps.
///
/// `commanded_steps = delivered_steps + missed_steps + uncertain_steps + open_steps +
/// remainder`, exactly.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// Steps whose edge the driver accepted.
    pub delivered_steps: u64,
    /// Steps whose edge could not be issued before the next one fell due.
    pub missed_steps: u64,
    /// Steps that may or may not have left; they count as delivered for every maximum.
    pub uncertain_steps: u64,
    /// Steps' worth that the rotor may have given while nobody held it: a full step each time
    /// delivery began with the motor off before. Outside of the sum above.
    #[serde(default)]
    pub displaced_steps: u64,
    /// The edge that is due and not yet issued: 0 or 1.
    pub open_steps: u64,
    /// The integral of everything granted, exact: `whole` or `whole + num/den`.
    pub commanded_steps: String,
    /// The volume of a step in nanolitres, exact: `num/den`.
    pub nl_per_step: String,
    /// `delivered_steps` as a volume.
    pub delivered_nl: u64,
    /// `missed_steps` as a volume.
    pub missed_nl: u64,
    /// `uncertain_steps` as a volume.
    pub uncertain_nl: u64,
    /// `displaced_steps` as a volume.
    #[serde(default)]
    pub displaced_nl: u64,
    /// `commanded_steps` as a volume.
    pub commanded_nl: u64,
}

/// The reservoir.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reservoir {
    /// What it holds.
    pub content_nl: u64,
    /// The same, counted.
    pub content_steps: u64,
    /// Below this it is low.
    pub low_nl: u64,
    /// At this the pump stops.
    pub empty_nl: u64,
    /// How long the present basal can go on; without it: there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lasts_ns: Option<u64>,
}

/// A window that ends now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// `1h`, `4h` or `24h`.
    pub name: String,
    /// What was given in it.
    pub given_nl: u64,
    /// What may be given in it; without it: there is no cap.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cap_nl: Option<u64>,
}

/// A regimen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Regimen {
    /// Its name.
    pub name: String,
    /// The strategy.
    pub strategy: String,
    /// The basal it is granted, in words: `0.04167 mL/h`.
    pub basal: String,
    /// The same, exact, in nanolitres a nanosecond: `num/den`.
    pub basal_nl_per_ns: String,
    /// What narrowed it: the name of a reason; without it: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub narrowed_by: Option<String>,
    /// When its next demand could be let through; without it: it answers none, or the daemon is
    /// of an older version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_demand: Option<NextDemand>,
    /// Its strategy: `live`, `lost` (no live order: the prescription's `on_strategy_loss` is
    /// in force), `starting`, or `given-up` (too many losses; it stays lost until arming).
    pub link: String,
    /// How often its process was started again since arming.
    pub respawns: u64,
    /// Its process; without it: there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
}

/// When a regimen's next demand could be let through, as lockout and counts have it. The caps
/// of volume, and a bolus that runs, may still hold it back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextDemand {
    /// Time until then; 0: now. Without it: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_ns: Option<u64>,
    /// What holds it back so long: the name of a reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A bolus.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bolus {
    /// One of `demand scheduled loading clinician bridge`.
    pub kind: String,
    /// Whose; without it: the operator's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regimen: Option<String>,
    /// On the therapy clock.
    pub started_at_ns: u64,
    /// What was granted.
    pub volume_nl: u64,
    /// What of it has left.
    pub delivered_nl: u64,
    /// One of `running suspended completed cut`.
    pub outcome: String,
    /// Why it was cut or is stretched: the name of a reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Presses of the patient's button.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Demands {
    /// All of them.
    pub attempted: u64,
    /// Those that got a bolus.
    pub given: u64,
    /// Those that got none, by the name of the reason.
    pub refused: BTreeMap<String, u64>,
}

/// How the loop does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// The sentinel finds the loop alive.
    pub alive: bool,
    /// The sentinel has cut the motor off.
    pub braked: bool,
    /// How long after the loop's last sign of life the motor was off, the last time that the
    /// sentinel had to cut it; without it: it never had to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut_after_ns: Option<u64>,
    /// Time since the loop last showed itself.
    pub age_ns: u64,
    /// Ticks since the daemon began.
    pub ticks: u64,
    /// Messages that found a lane full, by the lane.
    pub lane_drops: BTreeMap<String, u64>,
    /// Allocations in a thread that must not make any (I7).
    pub forbidden_allocations: u64,
    /// Edges that the kernel refused.
    pub refused_edges: u64,
}

/// The threads and what the kernel grants them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Threads {
    /// Each thread.
    pub list: Vec<Thread>,
    /// Memory locked in RAM.
    pub locked_kb: u64,
    /// Memory in RAM.
    pub resident_kb: u64,
    /// The kernel is a PREEMPT_RT one.
    pub preempt_rt: bool,
    /// Real-time threads may run for so long …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throttle_runtime_ns: Option<u64>,
    /// … of each such period. Without the two: throttling is off or unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throttle_period_ns: Option<u64>,
}

/// A thread as the kernel reports it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thread {
    /// Its name.
    pub name: String,
    /// Its number.
    pub tid: u32,
    /// `fifo`, `normal`, or what else the kernel calls it.
    pub policy: String,
    /// Its real-time priority; 0 for a normal thread.
    pub priority: u8,
    /// What it is to have: `fifo 80`, `normal`; without it: it is not in the daemon's table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub planned: Option<String>,
    /// The processors it may run on: `0`, `0-1`.
    pub cpus: String,
    /// Context switches that it asked for.
    pub voluntary_switches: u64,
    /// Context switches that it did not ask for.
    pub involuntary_switches: u64,
    /// Processor time.
    pub cpu_ns: u64,
}

/// What a watcher is sent: the value of `watch`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Watched {
    /// How things are; now and then.
    Status(Box<Status>),
    /// What happened.
    Event(Event),
}

/// Something that happened.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Its number since the daemon began. A gap: that many were not sent.
    pub seq: u64,
    /// When, on the therapy clock; 0 before `start`.
    pub at_ns: u64,
    /// What, in a stable kebab-case word: `state`, `basal`, `demand-asked`, `demand-given`,
    /// `demand-refused`, `bolus-refused`, `bolus-started`, `bolus-ended`, `strategy-lost`,
    /// `strategy-back`, `alarm-raised`, `alarm-cleared` and others.
    pub kind: String,
    /// What, in words.
    pub text: String,
    /// Whose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regimen: Option<String>,
    /// Why: the name of a reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Which alarm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alarm: Option<String>,
    /// How urgent the alarm is: `high`, `medium` or `low`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<String>,
}
