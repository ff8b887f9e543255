//! The memory of boluses: when the last ones were, and how many there were.
//!
//! It belongs to the pump and its subject, not to a prescription: it survives re-arming and
//! restart, and only a new subject clears it.

use crate::bytes::{LONGEST_NUMBER, Reader, Writer};
use crate::checkpoint::CheckpointFlaw;
use crate::order::DemandWait;
use crate::prescription::{DemandEnvelope, LockoutEdge};
use crate::quantity::{MonoNs, Nanoseconds};
use crate::reason::Reason;
use crate::twin::{Twin, broken};

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

    /// A bolus that waited for its credit is remembered as started at `at`, when that was
    /// written down. It started when its credit came, `latest` at the latest. What else
    /// started at that very instant goes along, so that the starts keep their order.
    pub(crate) fn may_have_started(&mut self, at: MonoNs, latest: MonoNs) {
        let mut lasts = [&mut self.last_demand, &mut self.last_other];
        let mut known = lasts.iter().filter_map(|last| last.as_ref());
        if !known.any(|last| last.start == at && last.end.is_none()) {
            return;
        }
        for last in lasts.iter_mut().filter_map(|last| last.as_mut()) {
            if last.start == at {
                last.start = latest;
                last.end = last.end.map(|end| end.max(latest));
            }
        }
        for start in self.starts.iter_mut().take(self.len) {
            if *start == at {
                *start = latest;
            }
        }
    }

    /// Forgets the starts that no count can reach any more, and says of the others only what
    /// must be said, so that two memories of the same boluses are equal.
    pub(crate) fn tidy(&mut self, now: MonoNs) {
        self.starts.rotate_left(self.oldest);
        self.demand.rotate_left(self.oldest);
        let known = self.starts.iter().take(self.len);
        let old = known.take_while(|start| now.since(**start) >= DAY).count();
        self.starts.rotate_left(old);
        self.demand.rotate_left(old);
        (self.oldest, self.len) = (0, self.len.saturating_sub(old));
        for (start, demand) in self.starts.iter_mut().zip(&mut self.demand).skip(self.len) {
            (*start, *demand) = (MonoNs(0), false);
        }
    }

    /// The most bytes of [`BolusMemory::write`]: a start is an instant and its kind.
    pub(crate) const MOST_BYTES: usize = LONGEST_NUMBER
        .saturating_add(LONGEST_NUMBER.saturating_add(1).saturating_mul(REMEMBERED))
        .saturating_add(LONGEST_NUMBER.saturating_add(1).saturating_mul(4));

    /// A tidy memory: the starts, each by the time since it, the newest first; then the last
    /// of each group.
    pub(crate) fn write(&self, to: &mut Writer<'_>, now: MonoNs) {
        let starts = self.starts.iter().zip(self.demand).take(self.len);
        to.number(u64::try_from(self.len).unwrap_or(u64::MAX));
        let mut later = now;
        for (start, demand) in starts.rev() {
            to.number(later.since(*start).0);
            to.flag(demand);
            later = *start;
        }
        for last in [self.last_demand, self.last_other] {
            to.flag(last.is_some());
            let Some(last) = last else { continue };
            to.number(now.since(last.start).0);
            to.flag(last.end.is_some());
            if let Some(end) = last.end {
                to.number(end.since(last.start).0);
            }
        }
    }

    /// Reads what [`BolusMemory::write`] wrote at `now`.
    pub(crate) fn read(from: &mut Reader<'_>, now: MonoNs) -> Result<Self, CheckpointFlaw> {
        let before = |later: MonoNs, span: u64| {
            let earlier = later.0.checked_sub(span).map(MonoNs);
            earlier.ok_or(CheckpointFlaw::Boluses)
        };
        let mut memory = Self::new();
        memory.len = usize::try_from(from.number()?)
            .ok()
            .filter(|len| *len <= REMEMBERED)
            .ok_or(CheckpointFlaw::Boluses)?;
        let mut later = now;
        let places = memory.starts.iter_mut().zip(&mut memory.demand);
        for (start, demand) in places.take(memory.len).rev() {
            later = before(later, from.number()?)?;
            (*start, *demand) = (later, from.flag()?);
        }
        for last in [&mut memory.last_demand, &mut memory.last_other] {
            if !from.flag()? {
                continue;
            }
            let start = before(now, from.number()?)?;
            let end = if from.flag()? {
                let end = start.0.checked_add(from.number()?).map(MonoNs);
                Some(
                    end.filter(|end| *end <= now)
                        .ok_or(CheckpointFlaw::Boluses)?,
                )
            } else {
                None
            };
            *last = Some(Last { start, end });
        }
        if !memory.agrees() {
            return Err(CheckpointFlaw::Boluses);
        }
        if broken(Twin::BolusesUnread) {
            return Ok(Self::new());
        }
        Ok(memory)
    }

    /// The newest start of a group is that of its last one.
    fn agrees(&self) -> bool {
        let newest = |group: bool| {
            let starts = self.starts.iter().zip(self.demand).take(self.len);
            let mut of_group = starts.filter(|(_, demand)| *demand == group);
            of_group.next_back().map(|(start, _)| *start)
        };
        [(true, self.last_demand), (false, self.last_other)]
            .into_iter()
            .all(|(group, last)| {
                newest(group).is_none_or(|start| last.is_some_and(|last| last.start == start))
            })
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
                return Err(over_count(limit.period));
            }
        }
        Ok(())
    }

    /// How many of them started within the last day.
    pub(crate) fn of_a_day(&self, now: MonoNs) -> u64 {
        let starts = self.starts.iter().cycle().skip(self.oldest).take(self.len);
        let recent = starts.filter(|start| now.since(**start) < DAY).count();
        u64::try_from(recent).unwrap_or(u64::MAX)
    }

    /// Time until the lockout and every count let a demand through, if no bolus starts or ends
    /// meanwhile, and what holds it back so long.
    pub(crate) fn demand_wait(&self, envelope: &DemandEnvelope, now: MonoNs) -> DemandWait {
        let locked = self.lockout_left(envelope, now);
        let mut wait = DemandWait {
            left: Some(locked),
            reason: (locked > Nanoseconds::ZERO).then_some(Reason::Lockout),
        };
        for limit in envelope.counts.iter().flatten() {
            let Some(earlier) = limit.max.checked_sub(1) else {
                return DemandWait {
                    left: None,
                    reason: Some(over_count(limit.period)),
                };
            };
            // So many have started since that one more fits once it is out of the period.
            let earlier = usize::try_from(earlier).unwrap_or(usize::MAX);
            let start = self.counted(envelope).nth(earlier);
            let left = start.map_or(Nanoseconds::ZERO, |start| {
                start.after(limit.period).since(now)
            });
            if wait.left.is_some_and(|longest| left > longest) {
                wait = DemandWait {
                    left: Some(left),
                    reason: Some(over_count(limit.period)),
                };
            }
        }
        wait
    }

    /// Boluses that count and started in `(now - period, now]`.
    fn count(&self, envelope: &DemandEnvelope, now: MonoNs, period: Nanoseconds) -> u64 {
        let recent = self.counted(envelope);
        let recent = recent.take_while(|start| now.since(*start) < period);
        u64::try_from(recent.count()).unwrap_or(u64::MAX)
    }

    /// When the boluses started that count, the newest first.
    fn counted(&self, envelope: &DemandEnvelope) -> impl Iterator<Item = MonoNs> {
        let others_count = envelope.others_count;
        (1..=self.len).filter_map(move |back| {
            let at = wrap(self.oldest.saturating_add(self.len).saturating_sub(back));
            let demand = self.demand.get(at).copied().unwrap_or(true);
            let start = self.starts.get(at).copied().unwrap_or_default();
            (demand || others_count).then_some(start)
        })
    }
}

/// Why a count refuses.
const fn over_count(period: Nanoseconds) -> Reason {
    match period {
        HOUR => Reason::MaxPer1h,
        DAY => Reason::MaxPer24h,
        _ => Reason::MaxPerPeriod,
    }
}
