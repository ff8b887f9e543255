//! What passes between a strategy and the governor: [`Snapshot`] out, [`Order`] in.
//!
//! An order is a proposal. `order = f(state, snapshot)`: a strategy has no clock and no
//! I/O, so the same snapshots give the same orders for ever.

use crate::bolus::{BolusKind, BolusOutcome};
use crate::quantity::{MonoNs, Nanoseconds, Rate, Volume};
use crate::reason::Reason;

/// One press of the patient's button, numbered from 1 over the life of the pump's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DemandId(pub u64);

/// The place of a regimen in its prescription, 0 to 3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RegimenId(pub u8);

/// A bolus that a strategy asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BolusRequest {
    /// The volume; delivered as the whole steps that fit into it.
    pub volume: Volume,
    /// The time over which it is given; more than zero.
    pub over: Nanoseconds,
    /// A loading bolus rather than a scheduled one. Without meaning in the answer to a
    /// demand, which is always a demand bolus.
    pub loading: bool,
}

/// How a strategy answers the demand it was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Give the order's bolus.
    Give(DemandId),
    /// Give nothing, for this reason.
    Refuse(DemandId, Reason),
}

/// What a strategy proposes for its regimen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// The [`Snapshot::seq`] that this order answers.
    pub seq: u64,
    /// The steady rate.
    pub basal: Rate,
    /// At most one bolus. A bolus is asked for once per `seq`, however often it is sent.
    pub bolus: Option<BolusRequest>,
    /// The answer to the snapshot's demand.
    pub answer: Option<Answer>,
    /// How long the order may live; the pump's `order_lease` shortens it.
    pub valid_for: Nanoseconds,
    /// When the strategy wants its next snapshot, counted from this one.
    pub wake_in: Option<Nanoseconds>,
}

/// What has become of the bolus a regimen last asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BolusReport {
    /// The [`Order::seq`] that asked for it.
    pub seq: u64,
    /// Its kind.
    pub kind: BolusKind,
    /// How far it is.
    pub outcome: BolusOutcome,
    /// Why it was refused, cut or stretched.
    pub reason: Option<Reason>,
    /// When it was granted; zero where it was refused.
    pub started_at: MonoNs,
    /// When it ended; zero while it has not.
    pub ended_at: MonoNs,
    /// What of it has been delivered, in nanolitres rounded down.
    pub delivered_nl: u64,
}

/// When the next demand could be let through, as lockout and counts have it. Caps, and whatever
/// starts meanwhile, may still hold it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DemandWait {
    /// Time until then; zero: now. `None`: never.
    pub left: Option<Nanoseconds>,
    /// What holds it back for so long.
    pub reason: Option<Reason>,
}

/// What a strategy is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Numbers the snapshots of a regimen, from 1 and strictly rising within an arming.
    pub seq: u64,
    /// The therapy clock: time since `start`.
    pub now: Nanoseconds,
    /// A demand that waits for this strategy's answer.
    pub demand: Option<DemandId>,
    /// Time until the lockout would let a demand bolus through; zero when it is open.
    pub lockout_left: Nanoseconds,
    /// A bolus, of whatever origin, is let through and not yet ended: one that is asked for
    /// unasked by the patient would be refused. A snapshot comes when it ends.
    pub bolus_running: bool,
    /// The basal rate granted to this regimen now.
    pub basal_granted: Rate,
    /// The regimen's last bolus, in any state. Its instants are on the therapy clock.
    pub bolus: Option<BolusReport>,
    /// Volume delivered since `start` by the whole pump, in nanolitres rounded down.
    pub delivered_nl: u64,
}
