//! What a strategy is shown.

use crate::{Rate, Reason};
use std::time::Duration;
use strategy_abi as abi;

/// A press of the patient's button that waits for an answer. Comes from a snapshot only,
/// so that no order can answer a demand that was never made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Demand(u64);

impl Demand {
    pub(crate) const fn id(self) -> u64 {
        self.0
    }
}

/// What kind of bolus it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BolusKind {
    /// In answer to a demand.
    Demand,
    /// Given unasked.
    Scheduled,
    /// A loading bolus.
    Loading,
    /// The operator's.
    Clinician,
}

/// How far a bolus is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Allowed, waiting for durable credit.
    Pending,
    /// Being given.
    Running,
    /// Waiting for another bolus to end.
    Suspended,
    /// Given whole.
    Completed,
    /// Ended early, for good.
    Cut,
    /// Never begun.
    Refused,
}

/// What has become of the bolus the regimen last asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BolusReport {
    /// The [`Snapshot::seq`] whose answer asked for it.
    pub seq: u64,
    /// Its kind.
    pub kind: BolusKind,
    /// How far it is.
    pub outcome: Outcome,
    /// Why it was refused, cut or stretched.
    pub reason: Option<Reason>,
    /// When it was granted; zero where it was refused.
    pub started: Duration,
    /// When it ended.
    pub ended: Option<Duration>,
    /// What of it is delivered, in nanolitres rounded down.
    pub delivered_nl: u64,
}

/// The wall clock, for schedules by time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WallClock {
    /// Seconds since 1970-01-01 UTC.
    pub utc_s: u64,
    /// Local time less UTC, in seconds.
    pub local_offset_s: i64,
    /// When the offset changes next, in seconds since 1970 UTC.
    pub next_offset_change_utc_s: Option<u64>,
}

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weekday {
    /// The first.
    Monday,
    /// The second.
    Tuesday,
    /// The third.
    Wednesday,
    /// The fourth.
    Thursday,
    /// The fifth.
    Friday,
    /// The sixth.
    Saturday,
    /// The seventh.
    Sunday,
}

impl Weekday {
    /// All of them, from Monday.
    pub const ALL: [Self; 7] = [
        Self::Monday,
        Self::Tuesday,
        Self::Wednesday,
        Self::Thursday,
        Self::Friday,
        Self::Saturday,
        Self::Sunday,
    ];

    /// Its number, 0 for Monday.
    pub const fn number(self) -> u32 {
        self as u32
    }
}

impl WallClock {
    /// Local time since the last Monday 00:00, by the clock: an hour that daylight saving leaves
    /// out is missing in it, and one that comes twice comes twice.
    pub const fn time_of_week(&self) -> Duration {
        const DAY: i128 = 86_400;
        // 1970 began on a Thursday.
        let since_a_monday = self.utc_s as i128 + self.local_offset_s as i128 + 3 * DAY;
        Duration::from_secs(since_a_monday.rem_euclid(7 * DAY) as u64)
    }

    /// Time until the local offset changes; `None`: it never does.
    pub const fn until_offset_change(&self) -> Option<Duration> {
        match self.next_offset_change_utc_s {
            Some(at) => Some(Duration::from_secs(at.saturating_sub(self.utc_s))),
            None => None,
        }
    }
}

/// What a strategy is shown. Times are on the therapy clock: since `start`.
#[derive(Clone, Copy, Debug)]
pub struct Snapshot(abi::Snapshot);

impl Snapshot {
    pub(crate) const fn new(message: abi::Snapshot) -> Self {
        Self(message)
    }

    /// The message itself.
    pub const fn message(&self) -> &abi::Snapshot {
        &self.0
    }

    /// Numbers the snapshots of a regimen, rising from 1.
    pub const fn seq(&self) -> u64 {
        self.0.seq
    }

    /// Time since `start`.
    pub const fn now(&self) -> Duration {
        Duration::from_nanos(self.0.now_ns)
    }

    /// The demand that waits for an answer.
    pub const fn demand(&self) -> Option<Demand> {
        match self.0.demand_id {
            0 => None,
            id => Some(Demand(id)),
        }
    }

    /// Time until the lockout would let a demand bolus through; zero when it is open.
    pub const fn lockout_left(&self) -> Duration {
        Duration::from_nanos(self.0.lockout_left_ns)
    }

    /// Whether a bolus of whatever origin is running or waits to: one asked for unasked by
    /// the patient would be refused. A snapshot comes when it ends.
    pub const fn bolus_running(&self) -> bool {
        self.0.bolus_running != 0
    }

    /// The basal rate now granted to this regimen.
    pub fn basal_granted(&self) -> Rate {
        Rate::from_fraction(self.0.basal_granted).unwrap_or(Rate::ZERO)
    }

    /// Delivered since `start` by the whole pump, in nanolitres rounded down.
    pub const fn delivered_nl(&self) -> u64 {
        self.0.delivered_nl
    }

    /// What has become of the regimen's last bolus. It stays in every snapshot until
    /// another is asked for.
    pub const fn bolus(&self) -> Option<BolusReport> {
        let s = &self.0;
        let outcome = match s.bolus_outcome {
            abi::OUTCOME_PENDING => Outcome::Pending,
            abi::OUTCOME_RUNNING => Outcome::Running,
            abi::OUTCOME_SUSPENDED => Outcome::Suspended,
            abi::OUTCOME_COMPLETED => Outcome::Completed,
            abi::OUTCOME_CUT => Outcome::Cut,
            abi::OUTCOME_REFUSED => Outcome::Refused,
            _ => return None,
        };
        let kind = match s.bolus_kind {
            abi::BOLUS_DEMAND => BolusKind::Demand,
            abi::BOLUS_SCHEDULED => BolusKind::Scheduled,
            abi::BOLUS_LOADING => BolusKind::Loading,
            abi::BOLUS_CLINICIAN => BolusKind::Clinician,
            _ => return None,
        };
        Some(BolusReport {
            seq: s.bolus_seq,
            kind,
            outcome,
            reason: Reason::from_code(s.bolus_reason),
            started: Duration::from_nanos(s.bolus_started_ns),
            ended: match s.bolus_ended_ns {
                0 => None,
                ns => Some(Duration::from_nanos(ns)),
            },
            delivered_nl: s.bolus_delivered_nl,
        })
    }

    /// The wall clock; `None` while it is not known good.
    pub const fn wall_clock(&self) -> Option<WallClock> {
        if self.0.clock_good != 1 {
            return None;
        }
        // The message holds the offset plus a day, so that it has no sign.
        let plus_day = match self.0.local_offset_plus_day_s {
            s if s > 2 * 86_400 => return None,
            s => s as i64,
        };
        Some(WallClock {
            utc_s: self.0.utc_s,
            local_offset_s: plus_day.saturating_sub(86_400),
            next_offset_change_utc_s: match self.0.next_offset_change_utc_s {
                abi::FOREVER => None,
                s => Some(s),
            },
        })
    }
}
