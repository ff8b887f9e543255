//! What a stretch of the journal comes to: given, asked for, refused, and what went wrong.
//!
//! What was given is read from the ledger that the daemon wrote, never summed up anew, so it
//! can't come to something else. It is counted in steps; exact integers in, exact integers out.
//! The memory is bounded: of what may be long, the first entries are kept and all are counted.

mod alarms;
mod boluses;
mod part;

use std::collections::BTreeMap;

use pump_journal::{Head, Row, Stamp};

use crate::curves::Curves;
use crate::fact::{Deed, Event, Fact, need};
use crate::failure::Failure;
pub(crate) use alarms::{AlarmSpan, Alarms};
pub(crate) use boluses::Boluses;
pub(crate) use part::Part;

/// So many of a kind are kept to be listed; all are counted.
pub(crate) const MOST_LISTED: usize = 1_000;

/// An instant by every clock there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    pub(crate) stamp: Stamp,
    /// The pump's own clock: no wall clock moves it, and off-time counts as zero.
    pub(crate) pump_ns: u64,
}

/// Some of many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listed<T> {
    pub(crate) first: Vec<T>,
    /// How many there are.
    pub(crate) count: u64,
}

impl<T> Default for Listed<T> {
    fn default() -> Self {
        Self {
            first: Vec::new(),
            count: 0,
        }
    }
}

impl<T> Listed<T> {
    fn push(&mut self, item: T) {
        self.count = self.count.saturating_add(1);
        if self.first.len() < MOST_LISTED {
            self.first.push(item);
        }
    }
}

/// What an operator did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Action {
    pub(crate) at: Stamp,
    pub(crate) deed: Deed,
}

/// A strategy that had no live order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Loss {
    pub(crate) regimen: String,
    pub(crate) lost: Moment,
    /// `None`: not yet.
    pub(crate) back: Option<Moment>,
}

/// Something that is wrong with the disk, a thread or a self-test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) at: Stamp,
    pub(crate) text: String,
}

/// The account of a stretch of the journal.
#[derive(Default)]
pub(crate) struct Account {
    /// What was armed in it, in order. The first may have been armed before.
    pub(crate) parts: Vec<Part>,
    pub(crate) boluses: Boluses,
    /// Presses, and what was refused: what, why, how often.
    pub(crate) pressed: u64,
    pub(crate) refused: BTreeMap<(String, String), u64>,
    pub(crate) alarms: Alarms,
    pub(crate) losses: Listed<Loss>,
    pub(crate) actions: Listed<Action>,
    pub(crate) faults: Listed<Fault>,
    pub(crate) refills: Listed<(Stamp, String)>,
    /// Every entry, by its kind.
    pub(crate) kinds: BTreeMap<String, u64>,
    pub(crate) curves: Curves,
    /// The last that was said of the pump's state.
    pub(crate) state: Option<String>,
    /// Its first and its last entry.
    pub(crate) first: Option<Row>,
    pub(crate) last: Option<Row>,
    /// The pump's clock at its first and at its last event.
    pub(crate) pump_ns: Option<(u64, u64)>,
    chain: Option<Head>,
}

impl Account {
    /// Of what follows this end of the chain; `None`: what was before it is not known any
    /// more.
    pub(crate) fn after(chain: Option<Head>) -> Self {
        Self {
            chain,
            ..Self::default()
        }
    }

    /// What was armed when the stretch began, and the last that was said of it.
    pub(crate) fn open(&mut self, part: Part) {
        if let Some(status) = &part.status {
            self.boluses.open(&status.open_boluses);
            self.alarms.open(&status.alarms);
            self.state = Some(status.state.clone());
            self.curves.open(status, part.per_step);
        }
        self.parts.push(part);
    }

    /// Takes an entry of the stretch.
    ///
    /// # Errors
    /// Where it is not as it was written, or one before it is missing.
    pub(crate) fn take(&mut self, row: &Row) -> Result<Fact, Failure> {
        if self.chain.is_some_and(|chain| !row.follows(chain)) {
            return Err(Failure::input(format_args!(
                "entry {} of the journal is not as it was written, or the one before it is \
                 missing or was changed; `pumpctl history --verify` says what else is wrong",
                row.seq
            )));
        }
        self.chain = Some(row.head());
        let count = self.kinds.entry(row.kind.clone()).or_default();
        *count = count.saturating_add(1);
        if self.first.is_none() {
            self.first = Some(row.clone());
        }
        let fact = self.learn(row)?;
        self.last = Some(row.clone());
        Ok(fact)
    }

    /// Takes the entry after the stretch with which the daemon came back.
    ///
    /// # Errors
    /// Where it is not as pumpd writes it.
    pub(crate) fn come_back(&mut self, row: &Row) -> Result<(), Failure> {
        self.learn(row).map(drop)
    }

    /// The end of the chain of what was taken.
    pub(crate) fn chain(&self) -> Option<Head> {
        self.chain
    }

    fn learn(&mut self, row: &Row) -> Result<Fact, Failure> {
        let fact = Fact::of(row)?;
        match &fact {
            Fact::Armed(papers) => {
                self.end("armed-anew");
                self.close_losses(row);
                self.parts.push(Part::begun(papers, row.stamp));
            }
            Fact::Disarmed => self.end("disarmed"),
            Fact::Ended => self.end("daemon-ended"),
            Fact::Started(started) => {
                if let Some(part) = self.parts.last_mut() {
                    part.come_back(started);
                }
                self.end("cut-off");
                self.boluses.lose();
                self.close_losses(row);
                let moment = self.moment(row);
                self.alarms.forget(moment);
                self.state = Some("disarmed".to_owned());
            }
            Fact::Status(status) => {
                self.tick(status.pump_ns);
                self.boluses.know(&status.open_boluses);
                self.state = Some(status.state.clone());
                if let Some(part) = self.parts.last_mut() {
                    part.know(status, row.stamp);
                    self.curves.status(status, part.per_step);
                }
            }
            Fact::Operator(deed) => self.actions.push(Action {
                at: row.stamp,
                deed: deed.clone(),
            }),
            Fact::SelfTestFailed(check, found) => self.faults.push(Fault {
                at: row.stamp,
                text: format!("the self-test `{check}` failed: {found}"),
            }),
            Fact::RowsGivenUp(rows) => self.faults.push(Fault {
                at: row.stamp,
                text: format!("{rows} entries found no room and are not in the journal"),
            }),
            Fact::Event(event) => self.event(row, event)?,
            Fact::Bookkeeping | Fact::Other => {}
        }
        Ok(fact)
    }

    fn event(&mut self, row: &Row, event: &Event) -> Result<(), Failure> {
        self.tick(event.pump_ns);
        let moment = Moment {
            stamp: row.stamp,
            pump_ns: event.pump_ns,
        };
        let per_step = self.parts.last().map(|part| part.per_step);
        self.curves.event(&row.kind, event, per_step);
        let name = |figure: &Option<String>| figure.clone().unwrap_or_default();
        match row.kind.as_str() {
            "state" => self.state = event.to.clone(),
            "demand-asked" => self.pressed = self.pressed.saturating_add(1),
            "demand-refused" => self.refuse("press", need(row, "reason", event.reason.as_ref())?),
            "bolus-refused" => {
                let what = format!("{} bolus", name(&event.bolus_kind));
                self.refuse(&what, need(row, "reason", event.reason.as_ref())?);
            }
            "command-refused" => {
                self.refuse("command", need(row, "reason", event.reason.as_ref())?);
            }
            "bolus-started" => self.boluses.start(
                need(row, "bolus", event.bolus)?,
                &need(row, "bolus_kind", event.bolus_kind.clone())?,
            ),
            "bolus-ended" => self.boluses.end(
                need(row, "bolus", event.bolus)?,
                need(row, "delivered_steps", event.delivered_steps)?,
                event.reason.as_deref(),
            ),
            "alarm-raised" => self.alarms.raise(
                &need(row, "alarm", event.alarm.clone())?,
                &name(&event.priority),
                moment,
            ),
            "alarm-cleared" => self
                .alarms
                .clear(&need(row, "alarm", event.alarm.clone())?, moment),
            "strategy-lost" => self.losses.push(Loss {
                regimen: name(&event.regimen),
                lost: moment,
                back: None,
            }),
            "strategy-back" => {
                let regimen = name(&event.regimen);
                let open = |loss: &&mut Loss| loss.regimen == regimen && loss.back.is_none();
                if let Some(loss) = self.losses.first.iter_mut().rev().find(open) {
                    loss.back = Some(moment);
                }
            }
            "order-dropped" => self.faults.push(Fault {
                at: row.stamp,
                text: event.text.clone(),
            }),
            "refilled" => self.refills.push((row.stamp, event.text.clone())),
            _ => {}
        }
        Ok(())
    }

    fn refuse(&mut self, what: &str, reason: &str) {
        let key = (what.to_owned(), reason.to_owned());
        let count = self.refused.entry(key).or_default();
        *count = count.saturating_add(1);
    }

    fn tick(&mut self, pump_ns: u64) {
        let (first, last) = self.pump_ns.unwrap_or((pump_ns, pump_ns));
        self.pump_ns = Some((first.min(pump_ns), last.max(pump_ns)));
    }

    /// An entry that has no instant of the pump's clock: it is at the last one.
    fn moment(&self, row: &Row) -> Moment {
        Moment {
            stamp: row.stamp,
            pump_ns: self.pump_ns.map_or(0, |(_, last)| last),
        }
    }

    /// What is armed has ended, unless it had.
    pub(crate) fn end(&mut self, how: &'static str) {
        if let Some(part) = self.parts.last_mut() {
            part.ended.get_or_insert(how);
        }
    }

    /// What is armed anew has other strategies.
    fn close_losses(&mut self, row: &Row) {
        let moment = self.moment(row);
        for loss in self.losses.first.iter_mut().filter(|it| it.back.is_none()) {
            loss.back = Some(moment);
        }
    }
}
