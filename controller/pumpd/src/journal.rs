//! The thread `journal`: what the loop does, repeated, written down and made durable (I1).
//!
//! It hears every call of the control law over a lane and repeats it ([`shadow`]). What the
//! repetition tells becomes rows of the journal, and its checkpoints, with the credit that it
//! asks for, are what is known after a loss of power. The disk has a thread of its own
//! ([`disk`]): however slow it is, the lane is read in time. Credit goes to the loop only when
//! the disk has answered that it is there.
//!
//! Where records were lost, or the repetition came to something else, nothing is made durable
//! any more: the pump comes to rest within its credit, and says why.
//!
//! What was repeated is recorded too, in rows of the batches that are written anyway, so that a
//! run can be done again ([`recordings`], I11).

pub(crate) mod disk;
mod entry;
mod expected;
mod recordings;
mod shadow;

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, Sender};

use pump_core::event::EventKind;
use pump_core::pump::Pump;
use pump_core::quantity::{MonoNs, Nanoseconds, Steps};
use pump_journal::{Batch, Boot, Durable, Entry};
use pump_lane::{Consumer, Producer};
use pump_recording::row::Row as Recorded;
use pump_rt::clock;

use crate::books::{Books, Label, Seen};
use crate::clock::PumpClock;
use crate::faults::{Faults, Victim};
use crate::messages::{Credit, Note, Record};
use crate::stamp;
use crate::vitals::Vitals;

use entry::Scribe;
use expected::Expected;
use recordings::Recordings;
use shadow::Shadow;

const EVERY: Nanoseconds = Nanoseconds::from_millis(10);
/// What happened is written down no later than this, together with what else happened.
const GATHERED: Nanoseconds = Nanoseconds::from_secs(1);
/// How things are is made durable so often though nothing happens (P04).
const STATE_EVERY: Nanoseconds = Nanoseconds::from_mins(5);
/// So many rows wait while the disk does not take them; more are counted and given up.
const MOST_ENTRIES: usize = 10_000;

/// An entry's kind and its body.
type Row = (&'static str, serde_json::Value);

/// Whether the loop has ended, so that nothing is stepped any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    No,
    Yes,
}

pub(crate) struct JournalParts {
    pub(crate) records: Consumer<Record>,
    pub(crate) notes: Receiver<Note>,
    pub(crate) credits: Producer<Credit>,
    /// To the disk, and what it has taken.
    pub(crate) disk: Sender<Batch>,
    pub(crate) done: Receiver<Credit>,
    pub(crate) vitals: Arc<Vitals>,
    pub(crate) faults: Arc<Faults>,
    pub(crate) clock: PumpClock,
    pub(crate) boot: Boot,
    /// Where every edge is written.
    pub(crate) tape: Option<BufWriter<File>>,
}

pub(crate) struct Journal {
    parts: JournalParts,
    shadow: Shadow,
    scribe: Scribe,
    recordings: Recordings,
    books: Books,
    labels: Expected<Arc<Label>>,
    /// The last mark that was taken, and that of the batch that the disk has.
    mark: u64,
    mark_in_flight: u64,
    entries: Vec<Entry>,
    /// Rows that found no room since the last batch.
    given_up: u64,
    /// Since when the oldest of what is not durable waits; `None`: all is.
    waits_since: Option<MonoNs>,
    state_at: MonoNs,
    /// The credit that was last handed to the disk, and whether it has answered.
    asked: Credit,
    in_flight: bool,
    /// Durable, and not taken by the loop's lane yet.
    owed: Option<Credit>,
}

impl Journal {
    /// Goes on with this control law, whose last arming has this number.
    pub(crate) fn new(parts: JournalParts, pump: Box<Pump>, arming: u64, books: Books) -> Self {
        let mut scribe = Scribe::default();
        scribe.resume(books.label().map(Label::volume_per_step));
        let asked = Credit {
            arming,
            steps: Steps::ZERO,
        };
        Self {
            shadow: Shadow::new(pump, arming),
            scribe,
            recordings: Recordings::new(parts.clock.ahead()),
            books,
            labels: Expected::default(),
            mark: 0,
            mark_in_flight: 0,
            entries: Vec::new(),
            given_up: 0,
            // What came back from the last run, with its uncertain volume booked, is the
            // first that is made durable.
            waits_since: Some(MonoNs(0)),
            state_at: clock::now().after(STATE_EVERY),
            asked,
            in_flight: false,
            owed: None,
            parts,
        }
    }

    pub(crate) fn run(mut self) {
        // That the daemon has begun comes before what it found.
        self.take_notes();
        self.tell_new_events();
        loop {
            let vitals = Arc::clone(&self.parts.vitals);
            // Nobody sends after this: what is there now is all there is.
            let ending = vitals.loop_ended.load(Ordering::Acquire);
            let now = clock::now();
            vitals.journal.show(now);
            self.parts.faults.visit(Victim::Journal, now, &vitals);
            self.take_notes();
            self.take_records();
            self.settle();
            if ending {
                break;
            }
            self.commit_when_due(clock::now());
            clock::sleep_until(clock::now().after(EVERY));
        }
        self.end();
    }

    fn take_notes(&mut self) {
        while let Ok(note) = self.parts.notes.try_recv() {
            match note {
                Note::Arming {
                    id,
                    names,
                    prescription,
                    dossier,
                    papers,
                    label,
                } => {
                    self.labels.push(id, label);
                    let per_step = prescription.volume_per_step;
                    self.recordings.expect(id, *dossier);
                    self.scribe.expect(id, names, per_step, papers);
                    self.shadow.expect(id, prescription);
                }
                Note::Entry { kind, body } => self.write(kind, body),
                Note::Mark(mark) => self.mark = mark,
            }
        }
    }

    fn take_records(&mut self) {
        while let Some(record) = self.parts.records.receive() {
            if let Record::Edge { due, issued, taken } = record {
                self.keep(due.0, issued.0, taken);
                continue;
            }
            let arms = matches!(
                record,
                Record::Armed { .. } | Record::Disarmed { .. } | Record::NewSubject { .. }
            );
            if arms {
                // Notes are sent before their task, so this one's is there.
                self.take_notes();
            }
            if self.is_blind() {
                continue;
            }
            // The ledger is about to be forgotten.
            let ended = arms.then(|| (self.shadow.arming(), self.status()));
            match self.shadow.repeat(&record) {
                Ok(repeated) => {
                    let rows = self.recordings.take(repeated, self.shadow.pump());
                    self.keep_rows(rows);
                }
                Err(discord) => {
                    self.parts.vitals.discord.store(true, Ordering::Release);
                    log::error!("the record of the control law can't be repeated: {discord:?}");
                    continue;
                }
            }
            if let Some((arming, status)) = ended {
                self.tell_arming(&record, arming, status);
            } else if matches!(record, Record::Tick(_)) {
                self.tell_new_events();
            }
        }
    }

    /// Rows of a recording. There are few, and none may be missing.
    fn keep_rows(&mut self, rows: Vec<Recorded>) {
        if !rows.is_empty() || self.recordings.is_large() {
            self.wait();
        }
        for row in rows {
            let row = self.row(row.kind(), row.body());
            self.entries.push(row);
        }
    }

    /// From here on nothing is known of the run. That is the last that is written, and nothing
    /// is made durable with it.
    fn end_blind(&mut self) {
        let lost = self.parts.vitals.lost_to_journal.load(Ordering::Acquire) > 0;
        let why = if lost { "records-lost" } else { "discord" };
        let rows = self.recordings.end(why, false);
        if rows.is_empty() {
            return;
        }
        self.keep_rows(rows);
        let batch = Batch {
            entries: std::mem::take(&mut self.entries),
            durable: None,
        };
        // Where the disk's thread is gone the daemon is about to end.
        let _ = self.parts.disk.send(batch);
    }

    /// Writes down what ended, what is armed now, and what that told.
    fn tell_arming(&mut self, record: &Record, before: u64, ended: Row) {
        let arming = self.shadow.arming();
        let begins = match record {
            Record::Armed { id, .. } => self.scribe.armed(*id, arming),
            _ => Some(("disarmed", serde_json::json!({ "arming": arming }))),
        };
        if arming == before {
            // It was refused, and told nothing.
            return;
        }
        if let Record::Armed { id, .. } = record
            && let Some(label) = self.labels.take(*id)
        {
            self.books.armed(label);
        }
        self.write(ended.0, ended.1);
        if let Some((kind, body)) = begins {
            self.write(kind, body);
        }
        self.tell_new_events();
        self.wait();
    }

    fn status(&self) -> Row {
        let now = self.parts.clock.now();
        self.scribe
            .state(self.shadow.pump(), self.shadow.arming(), now)
    }

    /// Whether the repetition is worth nothing any more.
    fn is_blind(&self) -> bool {
        let vitals = &self.parts.vitals;
        vitals.lost_to_journal.load(Ordering::Acquire) > 0 || vitals.discord.load(Ordering::Acquire)
    }

    /// Writes down what the last call has told.
    fn tell_new_events(&mut self) {
        let mut changed = false;
        for place in 0..self.shadow.pump().events().len() {
            let Some(event) = self.shadow.pump().events().get(place).copied() else {
                break;
            };
            log::debug!("{:?} at {} ns", event.kind, event.at.0);
            let (kind, body) = self.scribe.describe(&event);
            self.write(kind, body);
            if let EventKind::State { to, .. } = event.kind {
                log::info!("the pump is {}", to.name());
            }
            changed |= matches!(
                event.kind,
                EventKind::State { .. }
                    | EventKind::BolusStarted { .. }
                    | EventKind::BolusEnded { .. }
            );
        }
        if changed {
            let (kind, body) = self.status();
            self.write(kind, body);
        }
    }

    fn write(&mut self, kind: &str, body: serde_json::Value) {
        self.wait();
        if self.entries.len() >= MOST_ENTRIES {
            self.given_up = self.given_up.saturating_add(1);
            return;
        }
        let row = self.row(kind, body);
        self.entries.push(row);
    }

    fn row(&self, kind: &str, body: serde_json::Value) -> Entry {
        Entry {
            kind: kind.to_owned(),
            stamp: stamp::now(self.parts.boot),
            body,
        }
    }

    /// Something is not durable yet.
    fn wait(&mut self) {
        self.waits_since.get_or_insert_with(clock::now);
    }

    /// What the disk has answered, to the loop.
    fn settle(&mut self) {
        while let Ok(credit) = self.parts.done.try_recv() {
            self.in_flight = false;
            let mark = &self.parts.vitals.durable_mark;
            mark.store(self.mark_in_flight, Ordering::Release);
            self.owed = Some(credit);
        }
        if let Some(credit) = self.owed
            && self.parts.credits.send(credit).is_ok()
        {
            self.owed = None;
        }
    }

    fn commit_when_due(&mut self, now: MonoNs) {
        if self.is_blind() {
            self.end_blind();
            return;
        }
        if self.in_flight {
            return;
        }
        let wanted = self.credit();
        let gathered = self
            .waits_since
            .is_some_and(|since| now.since(since) >= GATHERED);
        let marked = self.mark != self.mark_in_flight;
        if wanted != self.asked || gathered || marked || now >= self.state_at {
            self.commit(Ending::No);
        }
    }

    /// The credit that this arming has asked for. One that will never make another step gives
    /// back what it has not used: else a loss of power would make that uncertain, long after
    /// the stop.
    fn credit(&self) -> Credit {
        let asked = self.shadow.wanted();
        Credit {
            arming: self.shadow.arming(),
            steps: self.shadow.pump().final_steps().unwrap_or(asked),
        }
    }

    fn commit(&mut self, ending: Ending) {
        let given_up = std::mem::take(&mut self.given_up);
        if given_up > 0 {
            let body = serde_json::json!({ "rows": given_up });
            self.entries.push(self.row("rows-given-up", body));
        }
        let now = clock::now();
        if now >= self.state_at {
            self.state_at = now.after(STATE_EVERY);
            let (kind, body) = self.status();
            self.entries.push(self.row(kind, body));
        }
        let rows = match ending {
            Ending::No => Vec::from_iter(self.recordings.block()),
            Ending::Yes => self.recordings.end("daemon-ended", true),
        };
        self.keep_rows(rows);
        let stamp = stamp::now(self.parts.boot);
        let account = self.books.account(&seen(self.shadow.pump(), stamp.utc_ns));
        let (checkpoint, issued) = self.shadow.kept(self.parts.clock, &account, ending);
        let mut credit = self.credit();
        if ending == Ending::Yes {
            // With the edge whose fate a loop that panicked had no time to tell.
            credit.steps = issued;
        }
        let batch = Batch {
            entries: std::mem::take(&mut self.entries),
            durable: Some(Durable {
                arming: credit.arming,
                credit: credit.steps.0,
                checkpoint,
                stamp,
            }),
        };
        self.mark_in_flight = self.mark;
        self.waits_since = None;
        self.asked = credit;
        // Where the disk's thread is gone the daemon is about to end.
        self.in_flight = self.parts.disk.send(batch).is_ok();
    }

    /// The loop has ended, so nothing is stepped any more: what was not used of the credit
    /// was not given.
    fn end(mut self) {
        if !self.is_blind() {
            let (kind, body) = self.status();
            self.write(kind, body);
            self.write("daemon-ended", serde_json::json!({}));
            self.commit(Ending::Yes);
        } else {
            self.end_blind();
        }
        if let Some(tape) = &mut self.parts.tape
            && let Err(error) = tape.flush()
        {
            log::error!("the tape could not be written: {error}");
        }
    }

    fn keep(&mut self, due: u64, issued: u64, taken: bool) {
        let Some(tape) = &mut self.parts.tape else {
            return;
        };
        if let Err(error) = writeln!(tape, "{due},{issued},{}", u8::from(taken)) {
            log::error!("the tape could not be written: {error}");
            self.parts.tape = None;
        }
    }
}

/// How things are in the repeated control law.
fn seen(pump: &Pump, utc_ns: Option<u64>) -> Seen {
    Seen {
        state: pump.state(),
        ledger: pump.ledger(),
        // As it was at its last call: windows and counts grow no older for being written down.
        remembered: pump.remembered(MonoNs(0)),
        basal: pump.granted_basal(),
        utc_ns,
    }
}
