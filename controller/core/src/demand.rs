//! The life of a demand: from the press of the button to a bolus, or to the one reason why
//! not.

use crate::bolus::{BolusKind, BolusOutcome, Pending};
use crate::event::EventKind;
use crate::governor::Ask;
use crate::order::{BolusReport, BolusRequest, DemandId, RegimenId};
use crate::pump::{Demand, Pump};
use crate::quantity::{MonoNs, Nanoseconds, Steps};
use crate::reason::Reason;

/// The longest a strategy may take to answer a demand.
const ANSWER_DEADLINE: Nanoseconds = Nanoseconds::from_secs(2);

impl Pump {
    /// The patient pressed the button.
    pub(crate) fn press(&mut self, now: MonoNs) {
        let id = DemandId(self.last_demand.0.saturating_add(1));
        self.last_demand = id;
        self.tell(EventKind::DemandAsked { demand: id });
        let Some(regimen) = self.demand_regimen_after(None) else {
            let state = self.judge_state(now, BolusKind::Clinician, None);
            let reason = state.err().unwrap_or(Reason::Envelope);
            self.tell_refused(id, None, Steps::ZERO, reason);
            return;
        };
        if self.demand.is_some() {
            self.tell_refused(id, Some(regimen), Steps::ZERO, Reason::BolusRunning);
            return;
        }
        self.demand = Some(Demand {
            id,
            asked_at: now,
            regimen,
            shown: None,
            answer: None,
            deadline: now.after(ANSWER_DEADLINE),
            refused: None,
        });
        self.answer_unaskable(now);
    }

    /// A demand whose regimen has no live order is not shown to anybody.
    pub(crate) fn answer_unaskable(&mut self, now: MonoNs) {
        while let Some(demand) = self.demand {
            let lost = self
                .regimen(demand.regimen)
                .is_none_or(|regimen| regimen.is_lost());
            let halted = self.judge_state(now, BolusKind::Clinician, None).err();
            let reason = match halted {
                Some(reason) if reason != Reason::BolusRunning => reason,
                _ if lost => Reason::Lease,
                _ => return,
            };
            self.answer_demand(now, Err(reason));
        }
    }

    /// The next regimen that may answer demands.
    pub(crate) fn demand_regimen_after(&self, id: Option<RegimenId>) -> Option<RegimenId> {
        let first = id.map_or(0, |id| id.0.saturating_add(1));
        let last = u8::try_from(self.regimens.len()).unwrap_or(0);
        (first..last)
            .map(RegimenId)
            .find(|id| self.demand_envelope(Some(*id)).is_some())
    }

    /// A strategy, or somebody for it, answers the open demand.
    pub(crate) fn answer_demand(&mut self, now: MonoNs, answer: Result<BolusRequest, Reason>) {
        let Some(demand) = self.demand else { return };
        let scheduled = |pending: Pending| pending.bolus.kind == BolusKind::Scheduled;
        if let (Ok(request), Some(pending)) = (answer, self.pending.filter(|p| scheduled(*p))) {
            let deadline = pending.deadline.after(ANSWER_DEADLINE);
            self.demand = Some(Demand {
                answer: Some(request),
                deadline,
                ..demand
            });
            return;
        }
        let id = Some(demand.regimen);
        let state = self.judge_state(now, BolusKind::Demand, id);
        let steps = answer.ok().and_then(|request| self.steps_of(&request));
        let granted = state.and(answer).and_then(|request| {
            let p = self.armed.ok_or(Reason::Stopped)?;
            let ask = Ask {
                kind: BolusKind::Demand,
                regimen: id,
                request,
            };
            Ok((self.judge_volume(now, &p, &ask)?, request))
        });
        match granted {
            Ok((steps, request)) => {
                self.demand = None;
                self.wait_for_credit(now, BolusKind::Demand, id, request, steps, Some(demand));
            }
            Err(reason) => {
                let kind = BolusKind::Demand;
                self.report_refusal(demand.regimen, kind, reason);
                let steps = steps.or_else(|| self.largest(demand.regimen));
                let this = (demand.regimen, steps.unwrap_or(Steps::ZERO), reason);
                let first = demand.refused.unwrap_or(this);
                let Some(next) = self.demand_regimen_after(id) else {
                    self.demand = None;
                    let (regimen, steps, reason) = first;
                    self.tell_refused(demand.id, Some(regimen), steps, reason);
                    return;
                };
                self.demand = Some(Demand {
                    regimen: next,
                    shown: None,
                    answer: None,
                    deadline: now.after(ANSWER_DEADLINE),
                    refused: Some(first),
                    ..demand
                });
            }
        }
    }

    /// The demand that waited for a scheduled bolus to start, or not to, has its turn.
    pub(crate) fn give_waiting_answer(&mut self, now: MonoNs) {
        let waiting = self.demand.as_mut().and_then(|demand| demand.answer.take());
        if let Some(request) = waiting {
            self.answer_demand(now, Ok(request));
        }
    }

    /// What a demand that came to no volume would have been given at the most.
    pub(crate) fn largest(&self, id: RegimenId) -> Option<Steps> {
        self.regimen(id)?
            .envelope
            .bolus?
            .max
            .steps(self.armed?.volume_per_step)
    }

    pub(crate) fn tell_refused(
        &mut self,
        demand: DemandId,
        regimen: Option<RegimenId>,
        steps: Steps,
        reason: Reason,
    ) {
        self.tell(EventKind::DemandRefused {
            demand,
            regimen,
            steps,
            reason,
        });
    }

    pub(crate) fn report_refusal(&mut self, id: RegimenId, kind: BolusKind, reason: Reason) {
        let Some(regimen) = self.regimen_mut(id) else {
            return;
        };
        regimen.report(BolusReport {
            seq: regimen.sent,
            kind,
            outcome: BolusOutcome::Refused,
            reason: Some(reason),
            started_at: MonoNs(0),
            ended_at: MonoNs(0),
            delivered_nl: 0,
        });
    }
}
