//! A stand-in for the pump.

use super::clock::{Clock, signed_s};
use super::prescribed::Prescribed;
use super::{Answer, Bolus};
use crate::{
    BolusKind, BolusReport, Outcome, Rate, Reason, Snapshot, StateReader, StateWriter, Strategy,
    Value, Volume,
};
use std::time::Duration;
use strategy_abi as abi;
use strategy_abi::Fraction;

/// The pump answers on ticks of this length.
const GRID: Duration = Duration::from_millis(10);

/// What a story does beside sending the snapshots that the pump would send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Telling {
    Plain,
    ExtraSnapshots,
    Respawning,
}

/// A strategy and a stand-in for the pump.
#[derive(Debug)]
pub struct Story<S> {
    strategy: S,
    prescribed: Prescribed<S>,
    telling: Telling,
    now: Duration,
    seq: u64,
    demands: u64,
    lockout_until: Duration,
    others_bolus_until: Duration,
    /// The wall clock, as it was at that time of the story.
    clock: Option<(Duration, Clock)>,
    clock_good: bool,
    refuse_next: Option<Reason>,
    report: Option<BolusReport>,
    /// The end and the volume of the regimen's running bolus.
    running: Option<(Duration, Volume)>,
    basal: Rate,
    wake_at: Option<Duration>,
    boluses: Vec<Bolus>,
    refusals: Vec<(Duration, Reason)>,
    tape: Vec<(abi::Snapshot, abi::Order)>,
}

impl<S: Strategy> Story<S> {
    /// The first parameter of a prescription.
    #[must_use]
    pub fn with(name: &str, value: impl Into<Value>) -> Prescribed<S> {
        Self::without_values().with(name, value)
    }

    /// A prescription that leaves every parameter at its default.
    #[must_use]
    pub fn without_values() -> Prescribed<S> {
        Prescribed::new()
    }

    pub(super) fn begin(prescribed: Prescribed<S>, telling: Telling) -> Self {
        let mut story = Self {
            strategy: prescribed.instance(),
            clock: prescribed
                .first_clock()
                .map(|clock| (Duration::ZERO, clock)),
            clock_good: prescribed.first_clock().is_some(),
            prescribed,
            telling,
            now: Duration::ZERO,
            seq: 0,
            demands: 0,
            lockout_until: Duration::ZERO,
            others_bolus_until: Duration::ZERO,
            refuse_next: None,
            report: None,
            running: None,
            basal: Rate::ZERO,
            wake_at: None,
            boluses: Vec::new(),
            refusals: Vec::new(),
            tape: Vec::new(),
        };
        story.send(None);
        story
    }

    /// Lets time pass.
    ///
    /// # Panics
    /// The strategy asks for snapshots without end at one instant, or an order is no order.
    pub fn after(&mut self, time: Duration) -> &mut Self {
        let until = self.now.saturating_add(time);
        let mut at_this_instant = 0_u32;
        loop {
            let bolus_end = self.running.map(|(end, _)| end);
            let others_end = Some(self.others_bolus_until).filter(|end| *end > self.now);
            let ends = [self.wake_at, bolus_end, others_end];
            let Some(next) = ends.into_iter().flatten().min() else {
                break;
            };
            if next > until {
                break;
            }
            at_this_instant = if next > self.now {
                0
            } else {
                at_this_instant.saturating_add(1)
            };
            assert!(
                at_this_instant < 1000,
                "the strategy wakes without end at {:?}",
                self.now
            );
            self.now = next.max(self.now);
            if bolus_end.is_some_and(|end| end <= self.now) {
                self.end_bolus(Outcome::Completed, None);
            }
            self.send(None);
        }
        self.now = until;
        self
    }

    /// The patient presses the button.
    pub fn press(&mut self) -> Answer {
        self.demands = self.demands.saturating_add(1);
        self.send(Some(self.demands))
    }

    /// The lockout closes for this long from now. (A demand bolus does not close it by
    /// itself: the lockout belongs to the governor.)
    pub fn lockout_for(&mut self, time: Duration) -> &mut Self {
        self.lockout_until = self.now.saturating_add(time);
        self
    }

    /// A bolus of the operator's or of another regimen runs for this long from now.
    pub fn anothers_bolus_for(&mut self, time: Duration) -> &mut Self {
        self.others_bolus_until = self.now.saturating_add(time);
        self
    }

    /// The governor refuses the next bolus.
    pub fn refuse_next(&mut self, reason: Reason) -> &mut Self {
        self.refuse_next = Some(reason);
        self
    }

    /// The wall clock is set to this and known good. The strategy sees it at once, as on a pump it
    /// would when its lease is renewed.
    pub fn set_clock(&mut self, clock: Clock) -> &mut Self {
        self.clock = Some((self.now, clock));
        self.clock_good = true;
        self.send(None);
        self
    }

    /// The wall clock is put forward by whole seconds, and is still called good.
    pub fn clock_jumps_forward(&mut self, by: Duration) -> &mut Self {
        self.clock_jumps(signed_s(by))
    }

    /// The wall clock is put back by whole seconds, and is still called good.
    pub fn clock_jumps_back(&mut self, by: Duration) -> &mut Self {
        self.clock_jumps(-signed_s(by))
    }

    fn clock_jumps(&mut self, by_s: i64) -> &mut Self {
        if let Some((_, clock)) = &mut self.clock {
            *clock = clock.jumped(by_s);
        }
        self.send(None);
        self
    }

    /// Nobody vouches for the wall clock any more.
    pub fn clock_lost(&mut self) -> &mut Self {
        self.clock_good = false;
        self.send(None);
        self
    }

    /// The wall clock is known good again, and has gone on meanwhile.
    pub fn clock_found(&mut self) -> &mut Self {
        self.clock_good = self.clock.is_some();
        self.send(None);
        self
    }

    /// The regimen's running bolus is cut.
    pub fn cut_bolus(&mut self, reason: Reason) -> &mut Self {
        if self.running.is_some() {
            self.end_bolus(Outcome::Cut, Some(reason));
            self.send(None);
        }
        self
    }

    /// Now, on the therapy clock.
    pub fn now(&self) -> Duration {
        self.now
    }

    /// The basal rate last proposed.
    pub fn basal(&self) -> Rate {
        self.basal
    }

    /// The boluses given so far.
    pub fn boluses(&self) -> &[Bolus] {
        &self.boluses
    }

    /// When the boluses given so far began.
    pub fn bolus_times(&self) -> Vec<Duration> {
        self.boluses.iter().map(|bolus| bolus.at).collect()
    }

    /// Every bolus or demand refused so far: when, and why.
    pub fn refusals(&self) -> &[(Duration, Reason)] {
        &self.refusals
    }

    /// What it was shown and what it answered.
    pub(super) fn tape(&self) -> &[(abi::Snapshot, abi::Order)] {
        &self.tape
    }

    fn end_bolus(&mut self, outcome: Outcome, reason: Option<Reason>) {
        if let (Some(report), Some((end, volume))) = (&mut self.report, self.running.take()) {
            report.outcome = outcome;
            report.reason = reason;
            report.ended = Some(end.min(self.now));
            if outcome == Outcome::Completed {
                let Fraction { num, den } = volume.fraction();
                report.delivered_nl = num.checked_div(den).unwrap_or(0);
            }
        }
    }

    /// Sends the snapshots of one instant, the first with the demand.
    fn send(&mut self, demand: Option<u64>) -> Answer {
        let (answer, mut changed) = self.exchange(demand);
        let mut rounds = 0_u32;
        while changed {
            rounds = rounds.saturating_add(1);
            assert!(
                rounds < 1000,
                "the strategy asks without end at {:?}",
                self.now
            );
            (_, changed) = self.exchange(None);
        }
        if self.telling == Telling::ExtraSnapshots {
            let wake_at = self.wake_at;
            let (_, changed) = self.exchange(None);
            assert!(
                !changed,
                "an extra snapshot at {:?} brought another bolus",
                self.now
            );
            assert_eq!(
                wake_at, self.wake_at,
                "an extra snapshot moved the wake time"
            );
        }
        answer
    }

    /// One snapshot and its order; true where the regimen's bolus changed by it.
    fn exchange(&mut self, demand: Option<u64>) -> (Answer, bool) {
        self.seq = self.seq.saturating_add(1);
        let snapshot = Snapshot::new(self.snapshot(demand.unwrap_or(0)));
        let order = self.strategy.step(&snapshot).message(&snapshot);
        self.tape.push((*snapshot.message(), order));
        if self.telling == Telling::Respawning {
            self.respawn();
        }
        let fraction = "a fraction of the order has the denominator 0";
        self.basal = Rate::from_fraction(order.basal).expect(fraction);
        self.wake_at = match order.wake_in_ns {
            abi::FOREVER => None,
            ns => Some(on_grid(self.now.saturating_add(Duration::from_nanos(ns)))),
        };
        assert!(
            order.demand_id == 0 || Some(order.demand_id) == demand,
            "the order answers a demand that it was not asked about"
        );
        let refused_by_itself = Reason::from_code(order.refusal);
        if let Some(reason) = refused_by_itself {
            self.refusals.push((self.now, reason));
        }
        let kind = match order.bolus_kind {
            0 => None,
            abi::BOLUS_DEMAND => Some(BolusKind::Demand),
            abi::BOLUS_LOADING => Some(BolusKind::Loading),
            _ => Some(BolusKind::Scheduled),
        };
        let volume = Volume::from_fraction(order.bolus_volume).expect(fraction);
        let over = Duration::from_nanos(order.bolus_over_ns);
        let refused = kind.and_then(|kind| self.decide(kind, volume, over));
        let answer = match (kind, refused, refused_by_itself) {
            (Some(BolusKind::Demand), Some(reason), _) | (_, _, Some(reason)) => {
                Answer::Refused(reason)
            }
            (Some(BolusKind::Demand), None, None) => Answer::Given(volume),
            _ => Answer::Unanswered,
        };
        (answer, kind.is_some())
    }

    /// Gives a bolus, or says why not.
    fn decide(&mut self, kind: BolusKind, volume: Volume, over: Duration) -> Option<Reason> {
        assert!(
            !volume.is_zero() && !over.is_zero(),
            "a bolus of no volume or no time"
        );
        let busy = self.busy();
        let refused = self
            .refuse_next
            .take()
            .or(busy.then_some(Reason::BolusRunning));
        let running = self.running.is_some();
        if let Some(reason) = refused {
            self.refusals.push((self.now, reason));
        } else {
            self.boluses.push(Bolus {
                at: self.now,
                kind,
                volume,
                over,
            });
            self.running = Some((self.now.saturating_add(over), volume));
        }
        if refused.is_none() || !running {
            self.report = Some(BolusReport {
                seq: self.seq,
                kind,
                outcome: if refused.is_some() {
                    Outcome::Refused
                } else {
                    Outcome::Running
                },
                reason: refused,
                started: if refused.is_some() {
                    Duration::ZERO
                } else {
                    self.now
                },
                ended: None,
                delivered_nl: 0,
            });
        }
        refused
    }

    fn busy(&self) -> bool {
        self.running.is_some() || self.now < self.others_bolus_until
    }

    fn respawn(&mut self) {
        let mut state = [0; abi::MAX_STATE];
        let mut writer = StateWriter::new(&mut state);
        self.strategy.save(&mut writer);
        let used = writer
            .finish()
            .expect("the state is larger than 4096 bytes");
        let mut fresh = self.prescribed.instance();
        let mut reader = StateReader::new(state.get(..used).unwrap_or_default());
        fresh
            .load(&mut reader)
            .expect("load refuses what save wrote");
        assert!(reader.is_empty(), "load left bytes of the state unread");
        self.strategy = fresh;
    }

    fn snapshot(&self, demand_id: u64) -> abi::Snapshot {
        let ns = crate::quantity::nanoseconds;
        let report = self.report;
        let wall = self
            .clock
            .map(|(since, clock)| clock.fields(self.now.saturating_sub(since)));
        let [utc_s, local_offset_plus_day_s, next_offset_change_utc_s] =
            wall.unwrap_or([0, 86_400, abi::FOREVER]);
        abi::Snapshot {
            size: size_of::<abi::Snapshot>() as u32,
            clock_good: u32::from(self.clock_good),
            seq: self.seq,
            now_ns: ns(self.now),
            demand_id,
            lockout_left_ns: ns(self.lockout_until.saturating_sub(self.now)),
            basal_granted: self.basal.fraction(),
            delivered_nl: 0,
            bolus_seq: report.map_or(0, |report| report.seq),
            bolus_kind: report.map_or(0, |report| match report.kind {
                BolusKind::Demand => abi::BOLUS_DEMAND,
                BolusKind::Scheduled => abi::BOLUS_SCHEDULED,
                BolusKind::Loading => abi::BOLUS_LOADING,
                BolusKind::Clinician => abi::BOLUS_CLINICIAN,
            }),
            bolus_outcome: report.map_or(abi::OUTCOME_NONE, |report| match report.outcome {
                Outcome::Pending => abi::OUTCOME_PENDING,
                Outcome::Running => abi::OUTCOME_RUNNING,
                Outcome::Suspended => abi::OUTCOME_SUSPENDED,
                Outcome::Completed => abi::OUTCOME_COMPLETED,
                Outcome::Cut => abi::OUTCOME_CUT,
                Outcome::Refused => abi::OUTCOME_REFUSED,
            }),
            bolus_reason: report
                .and_then(|report| report.reason)
                .map_or(0, Reason::code),
            bolus_running: u32::from(self.busy()),
            bolus_started_ns: report.map_or(0, |report| ns(report.started)),
            bolus_ended_ns: report.and_then(|report| report.ended).map_or(0, ns),
            bolus_delivered_nl: report.map_or(0, |report| report.delivered_nl),
            utc_s,
            local_offset_plus_day_s,
            next_offset_change_utc_s,
        }
    }
}

/// The first tick at or after this time.
fn on_grid(time: Duration) -> Duration {
    let grid = GRID.as_nanos();
    let ticks = time.as_nanos().div_ceil(grid);
    Duration::from_nanos(u64::try_from(ticks.saturating_mul(grid)).unwrap_or(u64::MAX))
}
