//! The life of a bolus: asked for, durable, running, perhaps suspended, ended.

use crate::bolus::{Bolus, BolusId, BolusKind, BolusOutcome, Pending};
use crate::event::EventKind;
use crate::governor::Ask;
use crate::order::{BolusReport, BolusRequest, RegimenId};
use crate::prescription::Prescription;
use crate::pump::{Demand, Pump};
use crate::quantity::{MonoNs, Nanoseconds, Steps, Volume};
use crate::reason::Reason;

/// The longest the journal may take to make a bolus durable.
pub(crate) const CREDIT_DEADLINE: Nanoseconds = Nanoseconds::from_secs(2);
/// A bolus that the highest rate would stretch beyond this is refused, and one that a later
/// basal stretches beyond it is cut: it must not keep others out for ever.
pub(crate) const LONGEST_STRETCH: Nanoseconds = Nanoseconds::from_hours(12);
/// Credit is asked for this long ahead.
pub(crate) const CREDIT_AHEAD: Nanoseconds = Nanoseconds::from_secs(180);

impl Pump {
    /// A bolus that no demand asked for.
    pub(crate) fn ask_bolus(
        &mut self,
        now: MonoNs,
        kind: BolusKind,
        regimen: Option<RegimenId>,
        request: BolusRequest,
    ) {
        let judged = self.judge_state(now, kind, regimen).and_then(|()| {
            let p = self.armed.ok_or(Reason::Stopped)?;
            self.judge_volume(
                now,
                &p,
                &Ask {
                    kind,
                    regimen,
                    request,
                },
            )
        });
        match judged {
            Ok(steps) => self.wait_for_credit(now, kind, regimen, request, steps, None),
            Err(reason) => {
                let steps = self.steps_of(&request).unwrap_or(Steps::ZERO);
                self.tell(EventKind::BolusRefused {
                    kind,
                    regimen,
                    steps,
                    asked_at: now,
                    reason,
                });
                if let Some(id) = regimen {
                    self.report_refusal(id, kind, reason);
                }
                if let Some(regimen) = regimen.and_then(|id| self.regimen_mut(id)) {
                    regimen.cool_down(now);
                }
            }
        }
    }

    pub(crate) fn steps_of(&self, request: &BolusRequest) -> Option<Steps> {
        request.volume.steps(self.armed?.volume_per_step)
    }

    /// The governor let it through; it starts when its record and first credit are durable.
    pub(crate) fn wait_for_credit(
        &mut self,
        now: MonoNs,
        kind: BolusKind,
        regimen: Option<RegimenId>,
        request: BolusRequest,
        steps: Steps,
        demand: Option<Demand>,
    ) {
        let Some(planner) = &self.planner else { return };
        let grid = *planner.grid();
        let flow = grid
            .flow_of(steps, request.over)
            .min(self.highest.less(self.basal));
        let first = match flow.over(CREDIT_AHEAD) {
            Some(parts) => grid.steps_up(parts).min(steps),
            None => steps,
        };
        // A fresh sync even where old credit would do, or credit that is on its way: the
        // record itself must be durable.
        let fresh = self.credit.max(self.credit_wanted).saturating_add(Steps(1));
        let ahead = self
            .issued()
            .saturating_add(first)
            .saturating_add(self.credit_size);
        let credit = fresh.max(ahead);
        self.credit_wanted = self.credit_wanted.max(credit);
        let (seq, due) = match regimen.and_then(|id| self.regimen(id)) {
            Some(regimen) => (regimen.sent, regimen.sent_at),
            None => (0, now),
        };
        let id = BolusId(self.last_bolus.0.saturating_add(1));
        self.last_bolus = id;
        let bolus = Bolus {
            id,
            kind,
            regimen,
            demand: demand.map(|demand| demand.id),
            seq,
            steps,
            over: request.over,
            asked_at: demand.map_or(now, |demand| demand.asked_at),
            due,
            started_at: now,
            left: grid.parts(steps).unwrap_or(0),
            missed: Steps::ZERO,
            stretched: false,
        };
        self.pending = Some(Pending {
            bolus,
            credit,
            deadline: now.after(CREDIT_DEADLINE),
        });
        self.report_progress(&bolus, BolusOutcome::Pending, None, MonoNs(0));
    }

    /// Its credit is there: judge it once more, then start it.
    pub(crate) fn start_pending(&mut self, now: MonoNs, p: &Prescription) {
        let Some(pending) = self.pending.take() else {
            return;
        };
        let bolus = Bolus {
            started_at: now,
            ..pending.bolus
        };
        // The state and the windows may have changed while the disk worked; the envelope,
        // and the strategy's will, have not.
        let unfinished = self.unfinished().saturating_add(bolus.left);
        let judged = self
            .judge_state(now, bolus.kind, bolus.regimen)
            .and_then(|()| self.judge_windows(now, p, unfinished));
        if let Err(reason) = judged {
            self.refuse_pending(&bolus, reason);
            return;
        }
        self.suspend_running();
        self.memory.remember(now, &bolus);
        self.last_edge_of = None;
        if bolus.demand.is_none()
            && let Some(regimen) = bolus.regimen.and_then(|id| self.regimen_mut(id))
        {
            regimen.last_unasked = Some(now);
        }
        self.tell(EventKind::BolusStarted {
            bolus: bolus.id,
            kind: bolus.kind,
            regimen: bolus.regimen,
            demand: bolus.demand,
            steps: bolus.steps,
            over: bolus.over,
            asked_at: bolus.asked_at,
        });
        if let Some(demand) = bolus.demand {
            self.tell(EventKind::DemandGiven {
                demand,
                bolus: bolus.id,
            });
        }
        self.run(bolus);
        self.give_waiting_answer(now);
    }

    /// The way is free for another bolus: every strategy may want to know.
    fn tell_regimens(&mut self) {
        for regimen in self.regimens.iter_mut().flatten() {
            regimen.news = true;
        }
    }

    pub(crate) fn refuse_pending(&mut self, bolus: &Bolus, reason: Reason) {
        self.tell_regimens();
        match bolus.demand {
            Some(demand) => self.tell_refused(demand, bolus.regimen, bolus.steps, reason),
            None => self.tell(EventKind::BolusRefused {
                kind: bolus.kind,
                regimen: bolus.regimen,
                steps: bolus.steps,
                asked_at: bolus.asked_at,
                reason,
            }),
        }
        self.report_progress(bolus, BolusOutcome::Refused, Some(reason), MonoNs(0));
        self.give_waiting_answer(self.now);
    }

    fn run(&mut self, bolus: Bolus) {
        if let Some(planner) = &mut self.planner {
            let flow = planner.grid().flow_of(bolus.steps, bolus.over);
            let room = self.highest.less(self.basal);
            planner.set_bolus(flow.min(room), bolus.left);
        }
        self.report_progress(&bolus, BolusOutcome::Running, None, MonoNs(0));
        self.running = Some(bolus);
        self.stale = true;
    }

    /// A scheduled bolus makes way for another one.
    fn suspend_running(&mut self) {
        let Some(mut bolus) = self.running.take() else {
            return;
        };
        if let Some(planner) = &mut self.planner {
            bolus.left = planner.take_bolus();
        }
        self.tell(EventKind::BolusSuspended { bolus: bolus.id });
        self.report_progress(&bolus, BolusOutcome::Suspended, None, MonoNs(0));
        self.suspended = Some(bolus);
    }

    /// The running bolus has flowed whole.
    pub(crate) fn complete_running(&mut self) {
        let Some(bolus) = self.running.take() else {
            return;
        };
        let ended_at = match &mut self.planner {
            Some(planner) => {
                planner.take_bolus();
                // Its last edge; it is at or before this instant, and after its start.
                planner.newest_due().max(bolus.started_at)
            }
            None => self.now,
        };
        self.end(&Bolus { left: 0, ..bolus }, ended_at, None);
        // A late loop issues the last edge later than it fell due.
        self.last_edge_of = (self.open_edges() > 0).then_some(bolus);
        self.resume_suspended();
    }

    fn resume_suspended(&mut self) {
        if let Some(suspended) = self.suspended.take() {
            self.tell(EventKind::BolusResumed {
                bolus: suspended.id,
            });
            self.run(suspended);
        }
    }

    fn end(&mut self, bolus: &Bolus, ended_at: MonoNs, cut: Option<Reason>) {
        self.stale = true;
        self.tell_regimens();
        self.memory.ended(ended_at, bolus);
        let delivered = self.steps_given(bolus);
        self.tell(EventKind::BolusEnded {
            bolus: bolus.id,
            delivered,
            ended_at,
            cut,
        });
        let outcome = if cut.is_some() {
            BolusOutcome::Cut
        } else {
            BolusOutcome::Completed
        };
        self.report_progress(bolus, outcome, cut, ended_at);
    }

    /// A bolus has taken too long: it must not keep the others out any longer.
    pub(crate) fn cut_overdue(&mut self, reason: Reason) {
        let now = self.now;
        self.cut_where(now, reason, |bolus| {
            now.since(bolus.started_at) >= LONGEST_STRETCH
        });
    }

    /// Whole steps of it that have been given.
    pub(crate) fn steps_given(&self, bolus: &Bolus) -> Steps {
        let Some(planner) = &self.planner else {
            return Steps::ZERO;
        };
        let grid = planner.grid();
        let whole = grid.parts(bolus.steps).unwrap_or(0);
        let flowed = Steps(grid.whole_steps(whole.saturating_sub(bolus.left)));
        flowed.saturating_sub(bolus.missed)
    }

    /// Ends every bolus for good; those of one regimen, or all.
    pub(crate) fn cut_boluses(&mut self, now: MonoNs, of: Option<RegimenId>, reason: Reason) {
        let hit = |bolus: &Bolus| of.is_none() || bolus.regimen == of;
        if let Some(pending) = self.pending.take_if(|pending| hit(&pending.bolus)) {
            self.refuse_pending(&pending.bolus, reason);
        }
        self.cut_where(now, reason, hit);
        if of.is_none() && self.demand.is_some() {
            self.answer_unaskable(now);
        }
    }

    /// Ends the suspended and the running bolus, each where it is `hit`.
    fn cut_where(&mut self, now: MonoNs, reason: Reason, hit: impl Fn(&Bolus) -> bool) {
        // What the loop has slept through is known before it is said what was given.
        self.miss_overtaken();
        if let Some(suspended) = self.suspended.take_if(|bolus| hit(bolus)) {
            self.end(&suspended, now, Some(reason));
        }
        if let Some(mut running) = self.running.take_if(|bolus| hit(bolus)) {
            if let Some(planner) = &mut self.planner {
                running.left = planner.take_bolus();
            }
            self.end(&running, now, Some(reason));
            self.resume_suspended();
        }
    }

    /// What a bolus that was reported has delivered by now, in nanolitres rounded down.
    pub(crate) fn delivered_of(&self, report: &BolusReport) -> u64 {
        match (self.running, &self.planner) {
            (Some(running), Some(planner)) if report.outcome == BolusOutcome::Running => {
                let left = planner.bolus_left();
                let given = self.steps_given(&Bolus { left, ..running });
                planner.grid().volume_per_step().times_floor_nl(given)
            }
            _ => report.delivered_nl,
        }
    }

    fn report_progress(
        &mut self,
        bolus: &Bolus,
        outcome: BolusOutcome,
        reason: Option<Reason>,
        ended_at: MonoNs,
    ) {
        let per_step = self.armed.map_or(Volume::ZERO, |p| p.volume_per_step);
        let delivered_nl = per_step.times_floor_nl(self.steps_given(bolus));
        let Some(regimen) = bolus.regimen.and_then(|id| self.regimen_mut(id)) else {
            return;
        };
        regimen.report(BolusReport {
            seq: bolus.seq,
            kind: bolus.kind,
            outcome,
            reason,
            started_at: match outcome {
                BolusOutcome::Pending | BolusOutcome::Refused => MonoNs(0),
                _ => bolus.started_at,
            },
            ended_at,
            delivered_nl,
        });
    }
}
