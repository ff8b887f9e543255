//! The tick: the control law from inputs to outputs.
//!
//! One tick settles the fate of the last edge, runs what fell due since the last tick in
//! the order of its instants (the end of a bolus, the lapse of a lease), takes the inputs,
//! works out the grants anew where something changed, and issues at most one edge.

use crate::alarm::Alarm;
use crate::delivery::{CREDIT_DEADLINE, LONGEST_STRETCH};
use crate::event::EventKind;
use crate::order::RegimenId;
use crate::planner::OutOfRange;
use crate::prescription::MAX_REGIMENS;
use crate::pump::{EdgeFate, Inputs, Outputs, Pump, State, TICK};
use crate::quantity::{MonoNs, Nanoseconds, Steps};
use crate::reason::Reason;
use crate::regimen::{Regimen, Source, regimen_ids};
use crate::twin::{Twin, broken};
use crate::window::minute_of;

/// Something that falls due without an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Due {
    BolusEnds,
    LeaseLapses(RegimenId),
    HoldEnds(RegimenId),
    CreditLate,
    AnswerLate,
    RestsForLong,
    BolusTooLong,
    /// A minute of delivery is full.
    Judgement,
}

impl Pump {
    /// One tick of the control law. `now` never goes back: an earlier one counts as the
    /// last one. Ticks at the same instant are welcome, one for each input.
    pub fn tick(&mut self, now: MonoNs, inputs: &Inputs) -> Outputs {
        self.events.clear();
        let now = now.max(self.now);
        self.settle_edge(inputs.edge);
        if self.run_until(now).is_err() {
            self.fault(Alarm::InternalError);
        }
        self.miss_overtaken();
        self.take_inputs(now, inputs);
        self.grant(now);
        let step = self.issue(now);
        self.ask_for_credit();
        self.watch_credit();
        if self.alarms.contains(Alarm::InternalError) && self.state != State::Faulted {
            self.fault(Alarm::InternalError);
        }
        self.outputs(now, step)
    }

    fn settle_edge(&mut self, fate: EdgeFate) {
        if !self.in_flight {
            return;
        }
        self.in_flight = false;
        match fate {
            EdgeFate::Accepted => {
                self.counts.delivered = self.counts.delivered.saturating_add(Steps(1));
            }
            // A driver that says nothing is a driver that may have stepped.
            EdgeFate::Refused | EdgeFate::None => {
                self.counts.uncertain = self.counts.uncertain.saturating_add(Steps(1));
                self.tell(EventKind::Uncertain { steps: Steps(1) });
                self.fault(Alarm::MotorFault);
            }
        }
    }

    /// Runs everything that falls due up to `now`, in order.
    fn run_until(&mut self, now: MonoNs) -> Result<(), OutOfRange> {
        while let Some((at, due)) = self.next_due() {
            if at > now {
                break;
            }
            let at = at.max(self.now);
            self.flow_until(at)?;
            match due {
                // The limit came first: the bolus waits there with what it has left.
                Due::BolusEnds if self.bolus_left() > 0 => {}
                Due::BolusEnds => {
                    self.miss_overtaken();
                    self.complete_running();
                }
                Due::BolusTooLong => self.cut_overdue(Reason::MaxRate),
                Due::LeaseLapses(id) => self.lose(id),
                Due::HoldEnds(id) => self.give_up_holding(id),
                Due::CreditLate => {
                    if let Some(pending) = self.pending.take() {
                        self.refuse_pending(&pending.bolus, Reason::CreditLate);
                    }
                }
                Due::AnswerLate => {
                    self.answer_demand(at, Err(Reason::Lease));
                    self.answer_unaskable(at);
                }
                Due::RestsForLong => self.rest_for_long(),
                Due::Judgement => self.judge_shortfall(),
            }
            self.grant(at);
        }
        self.flow_until(now)
    }

    fn flow_until(&mut self, at: MonoNs) -> Result<(), OutOfRange> {
        let span = at.since(self.now);
        self.now = at;
        self.memory.advance(at);
        let Some(planner) = &mut self.planner else {
            return Ok(());
        };
        planner.advance(at)?;
        if self.state == State::Infusing {
            self.shortfall.pass(span, planner.due());
        }
        Ok(())
    }

    fn next_due(&self) -> Option<(MonoNs, Due)> {
        if self.state != State::Infusing {
            return None;
        }
        let mut next = (MonoNs::NEVER, Due::BolusEnds);
        let mut consider = |at: MonoNs, due: Due| {
            if at < next.0 {
                next = (at, due);
            }
        };
        if let Some(planner) = &self.planner
            && self.running.is_some()
        {
            consider(planner.bolus_ends_at(), Due::BolusEnds);
        }
        for bolus in [self.running, self.suspended].into_iter().flatten() {
            consider(bolus.started_at.after(LONGEST_STRETCH), Due::BolusTooLong);
        }
        for (id, regimen) in regimen_ids().zip(&self.regimens) {
            let Some(regimen) = regimen else { continue };
            if !broken(Twin::LeaseForgotten) {
                consider(regimen.lease_until, Due::LeaseLapses(id));
            }
            if let Source::Holding { until } = regimen.source {
                consider(until, Due::HoldEnds(id));
            }
        }
        if let Some(pending) = &self.pending {
            consider(pending.deadline, Due::CreditLate);
        }
        if let Some(demand) = &self.demand {
            consider(demand.deadline, Due::AnswerLate);
        }
        if let Some(since) = self.resting_since {
            consider(since.after(CREDIT_DEADLINE), Due::RestsForLong);
        }
        if let Some(span) = self.shortfall.judged_in() {
            consider(self.now.after(span), Due::Judgement);
        }
        (next.0 < MonoNs::NEVER).then_some(next)
    }

    fn bolus_left(&self) -> u128 {
        self.planner
            .as_ref()
            .map_or(0, |planner| planner.bolus_left())
    }

    /// Of the edges that are due only the newest can still be issued.
    pub(crate) fn miss_overtaken(&mut self) {
        let open = self.open_edges();
        if open > 1 && !broken(Twin::Burst) {
            self.miss(Steps(open.saturating_sub(1)));
        }
    }

    fn miss(&mut self, steps: Steps) {
        self.stale = true;
        self.counts.missed = self.counts.missed.saturating_add(steps);
        // What a pause or a fault leaves out has its own reason.
        if self.state == State::Infusing {
            self.shortfall.miss(steps);
        }
        if let Some(bolus) = &mut self.running {
            bolus.missed = bolus.missed.saturating_add(steps);
        }
        self.tell(EventKind::Missed { steps });
    }

    /// Edges that are due and neither issued nor missed.
    pub(crate) fn open_edges(&self) -> u64 {
        let due = self
            .planner
            .as_ref()
            .map_or(Steps::ZERO, |planner| planner.due());
        due.saturating_sub(self.issued().saturating_add(self.counts.missed))
            .0
    }

    fn take_inputs(&mut self, now: MonoNs, inputs: &Inputs) {
        self.watch_sensors(inputs.sensors, inputs.trapped);
        self.heed(inputs.watch);
        if let Some(credit) = inputs.credit {
            self.credit = self.credit.max(credit);
            self.stale = true;
        }
        if let Some(p) = self.armed
            && self
                .pending
                .is_some_and(|pending| self.credit >= pending.credit)
        {
            self.start_pending(now, &p);
        }
        for (id, lost) in regimen_ids().zip(inputs.lost) {
            if lost && self.state == State::Infusing {
                self.lose(id);
            }
        }
        if let Some(command) = inputs.command {
            self.obey(now, command);
        }
        if inputs.press {
            self.press(now);
        }
        for (id, order) in regimen_ids().zip(inputs.orders) {
            if let Some(order) = order {
                self.take_order(now, id, &order);
            }
        }
    }

    /// Issues the edge that is due, if it may be.
    fn issue(&mut self, now: MonoNs) -> bool {
        let open = self.open_edges();
        if open == 0 {
            return false;
        }
        // A pause or a stop ends the running stroke; a fault does not wait for it, and lets
        // only the edge go that is due at this very instant.
        let Some(p) = self.armed else { return false };
        let on_time = self
            .planner
            .as_ref()
            .is_some_and(|planner| planner.newest_due() == now);
        let ours = Alarm::ABOUT_THE_PUMP
            .iter()
            .any(|alarm| self.alarms.contains(*alarm));
        if self.state == State::Faulted && (ours || !on_time) {
            self.miss(Steps(open));
            return false;
        }
        if now < self.may_issue_at() && !broken(Twin::Burst) {
            if self.state != State::Infusing {
                self.miss(Steps(open));
            }
            return false;
        }
        if self.memory.certainly_full(&p).is_some() && !broken(Twin::BasalForgotten) {
            self.fault(Alarm::OverInfusion);
            self.miss(Steps(open));
            return false;
        }
        if self.sensors.air && p.air.is_some() && !self.air_may_pass(now, &p, Steps(1)) {
            self.fault(Alarm::AirInLine);
            self.miss(Steps(open));
            return false;
        }
        self.in_flight = true;
        self.issued_at = now;
        self.memory.give(Steps(1));
        if self.sensors.air {
            self.memory.air.give(now, Steps(1));
        }
        if let Some(bolus) = self.last_edge_of.take() {
            self.memory.ended(now, &bolus);
        }
        self.watch_reservoir();
        let issued = self.issued();
        if p.vtbi.is_some_and(|vtbi| issued >= vtbi) && self.state == State::Infusing {
            self.halt(State::Complete, Reason::Vtbi);
        }
        if self.memory.content() <= p.reservoir.empty {
            self.fault(Alarm::ReservoirEmpty);
        }
        self.grant(now);
        true
    }

    fn may_issue_at(&self) -> MonoNs {
        let gap = self
            .planner
            .as_ref()
            .map_or(Nanoseconds::ZERO, |planner| planner.least_gap());
        if self.counts.issued() == Steps::ZERO {
            MonoNs(0)
        } else {
            self.issued_at.after(gap)
        }
    }

    fn outputs(&self, now: MonoNs, step: bool) -> Outputs {
        let infusing = self.state == State::Infusing;
        let lease = self.armed.map_or(Nanoseconds::ZERO, |p| p.order_lease);
        let mut wants_order = [false; MAX_REGIMENS];
        let mut wake_at = MonoNs::NEVER;
        if infusing {
            for ((id, wants), regimen) in regimen_ids().zip(&mut wants_order).zip(&self.regimens) {
                let Some(regimen) = regimen else { continue };
                let asks_at = self.on_grid(regimen.asks_at(lease));
                let unseen = self.demand.filter(|demand| demand.shown.is_none());
                *wants = asks_at <= now || unseen.is_some_and(|demand| demand.regimen == id);
                let next = if *wants {
                    now.after(Regimen::patience(lease))
                } else {
                    asks_at
                };
                wake_at = wake_at.min(self.on_grid(next));
            }
            if let Some((at, _)) = self.next_due() {
                wake_at = wake_at.min(at);
            }
            if let Some(planner) = &self.planner {
                wake_at = wake_at.min(planner.next_due());
            }
            if self.open_edges() > 0 {
                wake_at = wake_at.min(self.may_issue_at());
            }
            if !self.windows_fit {
                let next_minute = minute_of(now).saturating_add(1);
                wake_at = wake_at.min(MonoNs(Nanoseconds::from_mins(next_minute).0));
            }
        }
        if step && wake_at == MonoNs::NEVER {
            wake_at = now;
        }
        let credit_wanted = if self.credit_wanted > self.credit {
            Some(self.credit_wanted)
        } else {
            None
        };
        Outputs {
            step,
            step_due: self
                .planner
                .as_ref()
                .map_or(now, |planner| planner.newest_due()),
            motor_enabled: matches!(self.state, State::Infusing | State::Paused),
            wants_order,
            credit_wanted,
            wake_at,
        }
    }

    /// Strategies are asked on the grid of the therapy clock.
    fn on_grid(&self, at: MonoNs) -> MonoNs {
        if at == MonoNs::NEVER {
            return at;
        }
        let since = at.since(self.started_at).0;
        let over = since.checked_rem(TICK.0).unwrap_or(0);
        if over == 0 {
            at
        } else {
            at.after(Nanoseconds(TICK.0.saturating_sub(over)))
        }
    }

    /// Steps that left or may have left, the one in flight included.
    pub(crate) fn issued(&self) -> Steps {
        self.counts
            .issued()
            .saturating_add(Steps(u64::from(self.in_flight)))
    }
}
