//! What the operators are shown, gathered from what the loop tells.

mod figures;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use pump_control as doc;
use pump_core::alarm::{ActiveAlarms, Alarm, Priority, Row};
use pump_core::bolus::{BolusId, BolusOutcome};
use pump_core::event::{Event, EventKind};
use pump_core::order::RegimenId;
use pump_core::prescription::Reservoir;
use pump_core::pump::State;
use pump_core::quantity::{MonoNs, Nanoseconds, Rate, Steps, Volume};
use pump_core::reason::Reason;
use pump_core::refill::Remembered;

use crate::books::Seen;
use crate::messages::{News, View, Waits};
use crate::words::Teller;

/// So many of the last events are kept.
const KEPT: usize = 1_000;
/// So many of the last boluses: one that runs, one that is suspended, and some that ended.
const BOLUSES: usize = 8;

/// What the board needs of an arming.
#[derive(Clone, Debug)]
pub(crate) struct ArmedSheet {
    pub(crate) id: String,
    /// In hexadecimal.
    pub(crate) sha256: String,
    /// The regimens' names and strategies, in the order of the prescription.
    pub(crate) regimens: Vec<(String, String)>,
    pub(crate) volume_per_step: Volume,
    pub(crate) reservoir: Reservoir,
}

/// What a regimen was last granted.
#[derive(Clone, Copy, Debug)]
struct Granted {
    rate: Rate,
    reason: Option<Reason>,
}

#[derive(Clone, Debug)]
struct ShownBolus {
    id: BolusId,
    kind: &'static str,
    regimen: Option<String>,
    started_at: MonoNs,
    steps: Steps,
    delivered: Steps,
    outcome: BolusOutcome,
    reason: Option<Reason>,
}

/// Everything the operators are shown.
pub(crate) struct Board {
    simulated: bool,
    began: MonoNs,
    view: Option<View>,
    waits: Option<Waits>,
    state: State,
    started_at: Option<MonoNs>,
    alarms: ActiveAlarms,
    /// When the active alarms were raised.
    since: BTreeMap<Alarm, MonoNs>,
    acked: BTreeSet<Alarm>,
    /// From when to when the alarms that were raised before are silent.
    silence: Option<(MonoNs, MonoNs)>,
    armed: Option<ArmedSheet>,
    /// The volume of a step of the last run, for what it has left to be told.
    last_step: Option<Volume>,
    remembered: Remembered,
    granted: BTreeMap<RegimenId, Granted>,
    demands: doc::Demands,
    boluses: VecDeque<ShownBolus>,
    events: VecDeque<doc::Event>,
    seq: u64,
}

impl Board {
    /// A board of a daemon that began then and remembers this, with the volume of a step of
    /// the last run.
    pub(crate) fn new(
        simulated: bool,
        began: MonoNs,
        remembered: Remembered,
        last_step: Option<Volume>,
    ) -> Self {
        Self {
            simulated,
            began,
            view: None,
            waits: None,
            state: State::Disarmed,
            started_at: None,
            alarms: ActiveAlarms::NONE,
            since: BTreeMap::new(),
            acked: BTreeSet::new(),
            silence: None,
            armed: None,
            last_step,
            remembered,
            granted: BTreeMap::new(),
            demands: doc::Demands::default(),
            boluses: VecDeque::new(),
            events: VecDeque::new(),
            seq: 0,
        }
    }

    pub(crate) fn state(&self) -> State {
        self.state
    }

    /// What is remembered whatever is armed.
    pub(crate) fn remembered(&self) -> &Remembered {
        &self.remembered
    }

    /// How things are, for the books.
    pub(crate) fn seen(&self, utc_ns: Option<u64>) -> Seen {
        let view = self.view.as_ref();
        Seen {
            state: self.state,
            ledger: view.and_then(|view| view.ledger),
            remembered: self.remembered,
            basal: view.map_or(Rate::ZERO, |view| view.basal),
            utc_ns,
        }
    }

    /// What the loop tells. An answer says nothing to the board.
    pub(crate) fn take(&mut self, news: &News) {
        match news {
            News::View(view) => {
                self.state = view.state;
                self.started_at = view.started_at;
                self.alarms = view.alarms;
                self.remembered = view.remembered;
                self.view = Some(*view);
                // An alarm whose event found the lane full counts from when it is seen.
                for alarm in view.alarms.iter() {
                    self.since.entry(alarm).or_insert(view.at);
                }
                let active = view.alarms;
                self.since.retain(|alarm, _| active.contains(*alarm));
                self.acked.retain(|alarm| active.contains(*alarm));
            }
            News::Event(event) => self.event(event),
            News::Answer { .. } => {}
        }
    }

    /// When demands could be let through, as the loop tells.
    pub(crate) fn wait(&mut self, waits: Waits) {
        self.waits = Some(waits);
    }

    fn event(&mut self, event: &Event) {
        match event.kind {
            EventKind::State { from, to } => {
                self.state = to;
                if from == State::Armed && to == State::Infusing {
                    self.started_at.get_or_insert(event.at);
                }
                if to == State::Armed {
                    self.started_at = None;
                }
            }
            EventKind::Basal {
                regimen,
                granted: rate,
                reason,
                ..
            } => {
                self.granted.insert(regimen, Granted { rate, reason });
            }
            EventKind::DemandAsked { .. } => self.demands.attempted += 1,
            EventKind::DemandGiven { .. } => self.demands.given += 1,
            EventKind::DemandRefused { reason, .. } => {
                let name = reason.name().to_owned();
                *self.demands.refused.entry(name).or_default() += 1;
            }
            EventKind::BolusStarted {
                bolus,
                kind,
                regimen,
                steps,
                ..
            } => {
                let regimen = self.teller().regimen(regimen).map(str::to_owned);
                self.boluses.truncate(BOLUSES - 1);
                self.boluses.push_front(ShownBolus {
                    id: bolus,
                    kind: kind.name(),
                    regimen,
                    started_at: event.at,
                    steps,
                    delivered: Steps::ZERO,
                    outcome: BolusOutcome::Running,
                    reason: None,
                });
            }
            EventKind::BolusStretched { bolus, reason } => {
                self.change(bolus, |shown| shown.reason = Some(reason));
            }
            EventKind::BolusSuspended { bolus } => {
                self.change(bolus, |shown| shown.outcome = BolusOutcome::Suspended);
            }
            EventKind::BolusResumed { bolus } => {
                self.change(bolus, |shown| shown.outcome = BolusOutcome::Running);
            }
            EventKind::BolusEnded {
                bolus,
                delivered,
                cut,
                ..
            } => self.change(bolus, |shown| {
                shown.delivered = delivered;
                shown.outcome = match cut {
                    Some(_) => BolusOutcome::Cut,
                    None => BolusOutcome::Completed,
                };
                shown.reason = cut.or(shown.reason);
            }),
            EventKind::AlarmRaised { alarm } => {
                self.since.insert(alarm, event.at);
                self.acked.remove(&alarm);
            }
            EventKind::AlarmCleared { alarm } => {
                self.since.remove(&alarm);
                self.acked.remove(&alarm);
            }
            EventKind::StrategyLost { .. }
            | EventKind::StrategyBack { .. }
            | EventKind::OrderDropped { .. }
            | EventKind::BolusRefused { .. }
            | EventKind::Line { .. }
            | EventKind::Occluded { .. }
            | EventKind::Missed { .. }
            | EventKind::Uncertain { .. }
            | EventKind::Displaced { .. }
            | EventKind::CommandRefused { .. }
            | EventKind::Refilled { .. }
            | EventKind::Reconciled { .. }
            | EventKind::NewSubject { .. } => {}
        }
        self.seq = self.seq.saturating_add(1);
        let at = self.therapy(event.at);
        let document = self.teller().document(self.seq, at, event);
        if self.events.len() >= KEPT {
            self.events.pop_front();
        }
        self.events.push_back(document);
    }

    fn change(&mut self, id: BolusId, change: impl FnOnce(&mut ShownBolus)) {
        if let Some(shown) = self.boluses.iter_mut().find(|shown| shown.id == id) {
            change(shown);
        }
    }

    fn teller(&self) -> Teller<'_> {
        let armed = self.armed.as_ref();
        Teller {
            regimens: armed.map_or(&[], |armed| &armed.regimens),
            per_step: armed.map(|armed| armed.volume_per_step).or(self.last_step),
        }
    }

    /// On the therapy clock; zero before the start.
    fn therapy(&self, at: MonoNs) -> u64 {
        self.started_at.map_or(0, |start| at.since(start).0)
    }

    /// The number of the last event.
    pub(crate) fn last_seq(&self) -> u64 {
        self.seq
    }

    /// The events that are kept and came after this one, in their order.
    pub(crate) fn events_after(&self, seq: u64) -> impl Iterator<Item = &doc::Event> {
        self.events.iter().filter(move |event| event.seq > seq)
    }

    /// Something else is armed: what was counted for the last arming is forgotten.
    pub(crate) fn armed(&mut self, sheet: ArmedSheet) {
        self.armed = Some(sheet);
        self.granted.clear();
        self.demands = doc::Demands::default();
        self.boluses.clear();
    }

    /// Nothing is armed any more.
    pub(crate) fn disarmed(&mut self) {
        self.armed = None;
        self.granted.clear();
        self.demands = doc::Demands::default();
        self.boluses.clear();
    }

    /// Somebody has seen the alarm of this name. Whether it is active.
    pub(crate) fn ack(&mut self, name: &str) -> bool {
        let active = Row::named(name).filter(|row| self.alarms.contains(row.alarm));
        match active {
            Some(row) => {
                self.acked.insert(row.alarm);
                true
            }
            None => false,
        }
    }

    /// The alarms that are active now make no sound for so long, and never for longer than
    /// may be; zero ends the silence (W09).
    pub(crate) fn silence(&mut self, now: MonoNs, span: Nanoseconds) {
        let longest = Nanoseconds::from_secs(u64::from(doc::MAX_SILENCE_S));
        let until = now.after(span.min(longest));
        self.silence = (span > Nanoseconds::ZERO).then_some((now, until));
    }

    /// The active alarms that make no sound now, and for how long still. What was raised during a
    /// silence sounds all the same (W09).
    pub(crate) fn silenced(&self, now: MonoNs) -> (ActiveAlarms, Nanoseconds) {
        let Some((from, until)) = self.silence.filter(|(_, until)| *until > now) else {
            return (ActiveAlarms::NONE, Nanoseconds::ZERO);
        };
        let known = |alarm: &Alarm| self.since.get(alarm).is_some_and(|since| *since <= from);
        (self.alarms.iter().filter(known).collect(), until.since(now))
    }

    /// How urgent the most urgent active alarm is.
    pub(crate) fn urgency(&self) -> Option<Priority> {
        self.alarms.iter().map(|alarm| alarm.row().priority).max()
    }

    /// How things are, as far as the loop says it: threads, links and proposals are for the
    /// caller to add.
    pub(crate) fn status(&self, now: MonoNs) -> doc::Status {
        let silence = self.silence.filter(|(_, until)| *until > now);
        let (silenced, _) = self.silenced(now);
        let mut alarms: Vec<_> = self.alarms.iter().map(Alarm::row).collect();
        alarms.sort_by_key(|row| std::cmp::Reverse(row.priority));
        let view = self.view.as_ref();
        let lasting = view.map_or(ActiveAlarms::NONE, |view| view.lasting);
        let alarm = |row: Row| {
            let since = self.since.get(&row.alarm).copied().unwrap_or(now);
            doc::Alarm {
                name: row.name.to_owned(),
                priority: row.priority.name().to_owned(),
                text: row.text.to_owned(),
                age_ns: now.since(since).0,
                acked: self.acked.contains(&row.alarm),
                silenced: silenced.contains(row.alarm),
                latched: !lasting.contains(row.alarm),
                action: row.action.name().to_owned(),
                clears: row.clears.text().to_owned(),
                remedy: row.remedy.to_owned(),
            }
        };
        let action = self.alarms.action().name();
        let ledger = view.and_then(|view| view.ledger);
        doc::Status {
            state: self.state.name().to_owned(),
            simulated: self.simulated,
            uptime_ns: now.since(self.began).0,
            therapy_ns: self.started_at.map(|start| now.since(start).0),
            prescription: self.armed.as_ref().map(|armed| doc::Prescribed {
                id: armed.id.clone(),
                sha256: armed.sha256.clone(),
            }),
            action: action.to_owned(),
            alarms: alarms.into_iter().map(alarm).collect(),
            silenced_for_s: silence.map(|(_, until)| figures::seconds_up(until.since(now))),
            ledger: ledger.as_ref().map(figures::ledger),
            reservoir: ledger.as_ref().and_then(|ledger| self.reservoir(ledger)),
            regimens: self.regimens(now),
            bolus: self.bolus(),
            windows: self.windows(),
            demands: self.demands.clone(),
            ..doc::Status::default()
        }
    }
}
