//! The memory of boluses: when the last ones were, and how many there were.
//!
//! It belongs to the pump and its subject, not to a prescription: it survives re-arming and
//! restart, and only a new subject clears it.

use crate::prescription::{DemandEnvelope, LockoutEdge};
use crate::quantity::{MonoNs, Nanoseconds};
use crate::reason::Reason;

/// Starts that are remembered. A lockout of a minute lets 1440 demands a day through.
const REMEMBERED: usize = 2048;
const DAY: Nanoseconds = Nanoseconds::from_hours(24);
const HOUR: Nanoseconds = Nanoseconds::from_hours(1);

/// A started bolus of one of the two groups that lockouts tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Last {
    start: MonoNs,
    /// `None` while it runs.
    end: Option<MonoNs>,
}

/// What is remembered of demand, clinician and loading boluses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BolusMemory {
    starts: [MonoNs; REMEMBERED],
    demand: [bool; REMEMBERED],
    oldest: usize,
    len: usize,
    last_demand: Option<Last>,
    last_other: Option<Last>,
}

const fn wrap(index: usize) -> usize {
    match index.checked_rem(REMEMBERED) {
        Some(index) => index,
        None => 0,
    }
}

impl BolusMemory {
    pub(crate) const fn new() -> Self {
        Self {
            starts: [MonoNs(0); REMEMBERED],
            demand: [false; REMEMBERED],
            oldest: 0,
            len: 0,
            last_demand: None,
            last_other: None,
        }
    }

    /// Whether another bolus could be remembered; if not, it must be refused.
    pub(crate) fn has_room(&self, now: MonoNs) -> bool {
        let oldest = self.starts.get(self.oldest).copied().unwrap_or_default();
        self.len < REMEMBERED || now.since(oldest) >= DAY
    }

    /// A demand bolus (`demand`), or a clinician or loading bolus, starts.
    pub(crate) fn started(&mut self, now: MonoNs, demand: bool) {
        let last = Some(Last {
            start: now,
            end: None,
        });
        if demand {
            self.last_demand = last;
        } else {
            self.last_other = last;
        }
        let at = if self.len < REMEMBERED {
            let at = wrap(self.oldest.saturating_add(self.len));
            self.len = self.len.saturating_add(1);
            at
        } else {
            let at = self.oldest;
            self.oldest = wrap(self.oldest.saturating_add(1));
            at
        };
        if let Some(start) = self.starts.get_mut(at) {
            *start = now;
        }
        if let Some(kind) = self.demand.get_mut(at) {
            *kind = demand;
        }
    }

    /// The last one of its group ended; where that is said twice, the later one holds.
    pub(crate) fn ended(&mut self, at: MonoNs, demand: bool) {
        let last = if demand {
            &mut self.last_demand
        } else {
            &mut self.last_other
        };
        if let Some(last) = last {
            last.end = Some(last.end.map_or(at, |end| end.max(at)));
        }
    }

    /// Whatever was running has ended by `at`.
    pub(crate) fn ended_by(&mut self, at: MonoNs) {
        for last in [&mut self.last_demand, &mut self.last_other]
            .into_iter()
            .flatten()
        {
            last.end.get_or_insert(at);
        }
    }

    /// Time until the lockout lets a demand through.
    pub(crate) fn lockout_left(&self, envelope: &DemandEnvelope, now: MonoNs) -> Nanoseconds {
        let left = |last: Option<Last>| {
            let Some(last) = last else {
                return Nanoseconds::ZERO;
            };
            let reference = match envelope.edge {
                LockoutEdge::StartToStart => last.start,
                LockoutEdge::EndToStart => last.end.unwrap_or(now),
            };
            reference.after(envelope.lockout).since(now)
        };
        let others = if envelope.others_restart_lockout {
            self.last_other
        } else {
            None
        };
        left(self.last_demand).max(left(others))
    }

    /// Whether the lockout and every count let a demand through.
    pub(crate) fn allows(&self, envelope: &DemandEnvelope, now: MonoNs) -> Result<(), Reason> {
        if self.lockout_left(envelope, now) > Nanoseconds::ZERO {
            return Err(Reason::Lockout);
        }
        for limit in envelope.counts.iter().flatten() {
            if self.count(envelope, now, limit.period) >= u64::from(limit.max) {
                return Err(match limit.period {
                    HOUR => Reason::MaxPer1h,
                    DAY => Reason::MaxPer24h,
                    _ => Reason::MaxPerPeriod,
                });
            }
        }
        Ok(())
    }

    /// Boluses that count and started in `(now - period, now]`.
    fn count(&self, envelope: &DemandEnvelope, now: MonoNs, period: Nanoseconds) -> u64 {
        let mut count = 0_u64;
        for back in 1..=self.len {
            let at = wrap(self.oldest.saturating_add(self.len).saturating_sub(back));
            let start = self.starts.get(at).copied().unwrap_or_default();
            if now.since(start) >= period {
                break;
            }
            let demand = self.demand.get(at).copied().unwrap_or(true);
            if demand || envelope.others_count {
                count = count.saturating_add(1);
            }
        }
        count
    }
}
