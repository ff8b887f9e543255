//! The runs that a journal holds.
//!
//! A run begins with an entry `armed`, which has the papers of what is given in full, and
//! ends with the next arming, a disarming or a restart. Its name is the number of its arming:
//! those numbers only grow, and every entry `durable` says which it belongs to. So a run is
//! found by halving, and a journal of ten years is no slower than that of a day.

use pump_journal::{DURABLE, Query, Reader, Row};
use serde::Deserialize;

use crate::cli::RunName;
use crate::fact::Fraction;
use crate::failure::Failure;
use crate::history::unreadable;

/// So many entries are read at a time: the daemon is never kept from its file for long, and
/// no run is too long for the memory.
const PAGE: u32 = 1000;
/// The entry that begins a run.
const ARMED: &str = "armed";
/// The entries that end one, beside [`ARMED`].
const DISARMED: &str = "disarmed";
const STARTED: &str = "daemon-started";
/// The last entry of a daemon that ended in good order.
const ENDED: &str = "daemon-ended";

/// A regimen as it was armed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct RegimenPapers {
    pub(crate) name: String,
    pub(crate) strategy: String,
    pub(crate) version: String,
    pub(crate) plugin_sha256: String,
}

/// A drug as it was armed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct DrugPapers {
    pub(crate) name: String,
    /// Nanograms in a nanolitre, as a fraction.
    pub(crate) ng_per_nl: Fraction,
    /// The unit that its mass is written in.
    pub(crate) unit: String,
}

/// Caps in steps; absent: none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct CapPapers {
    pub(crate) h1: Option<u64>,
    pub(crate) h4: Option<u64>,
    pub(crate) h24: Option<u64>,
}

/// What the journal keeps of an arming.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Papers {
    pub(crate) arming: u64,
    /// What the prescription calls itself, its hash, and its text.
    pub(crate) id: String,
    pub(crate) sha256: String,
    pub(crate) prescription: String,
    pub(crate) confirmed_by: Option<String>,
    pub(crate) proposed_by: String,
    pub(crate) reason: Option<String>,
    pub(crate) simulated: bool,
    /// The daemon's version.
    pub(crate) pumpd: String,
    pub(crate) nl_per_step: Fraction,
    pub(crate) regimens: Vec<RegimenPapers>,
    pub(crate) drugs: Vec<DrugPapers>,
    pub(crate) caps_steps: CapPapers,
    pub(crate) device_sha256: String,
    pub(crate) drug_library_sha256: String,
    pub(crate) drug_library_version: String,
}

/// What ended a run.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum End {
    /// Something else was armed.
    Armed(Row),
    /// It was disarmed.
    Disarmed(Row),
    /// The daemon ended in good order.
    DaemonEnded {
        ended: Row,
        /// The entry with which the next one began.
        again: Option<Row>,
    },
    /// The daemon died or the power was lost; this is the entry with which it came back.
    Restarted(Row),
}

impl End {
    /// The entry that ended it.
    pub(crate) fn row(&self) -> &Row {
        match self {
            Self::Armed(row) | Self::Disarmed(row) | Self::Restarted(row) => row,
            Self::DaemonEnded { ended, .. } => ended,
        }
    }

    /// The stable name of what it was.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Armed(_) => "armed-anew",
            Self::Disarmed(_) => "disarmed",
            Self::DaemonEnded { .. } => "daemon-ended",
            Self::Restarted(_) => "cut-off",
        }
    }
}

/// A run.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Run {
    /// The entry that begins it, and what that says.
    pub(crate) armed: Row,
    pub(crate) papers: Papers,
    /// The number of its last entry.
    pub(crate) last: u64,
    /// `None`: it is not over, as far as the journal tells.
    pub(crate) end: Option<End>,
}

/// Reads runs from a journal.
pub(crate) struct Runs<'a> {
    reader: &'a mut Reader,
    /// Nothing is kept of entries up to here.
    base: u64,
    /// What was the last entry at the beginning; later ones are not looked at.
    head: u64,
}

impl<'a> Runs<'a> {
    /// Of the journal as it is now.
    ///
    /// # Errors
    /// Where it can't be read.
    pub(crate) fn new(reader: &'a mut Reader) -> Result<Self, Failure> {
        let head = reader.head().map_err(unreadable)?.seq;
        let mut runs = Self {
            reader,
            base: 0,
            head,
        };
        let oldest = runs.first(0, &[])?;
        runs.base = oldest.map_or(0, |row| row.seq.saturating_sub(1));
        Ok(runs)
    }

    /// The number of the last entry that is looked at.
    pub(crate) fn head(&self) -> u64 {
        self.head
    }

    /// The number of the last entry that was pruned.
    pub(crate) fn base(&self) -> u64 {
        self.base
    }

    /// The run of this name.
    ///
    /// # Errors
    /// Where there is none, or it can't be read.
    pub(crate) fn named(&mut self, name: RunName) -> Result<Run, Failure> {
        let found = match name {
            RunName::Last => self.newest_first(|_| false)?,
            RunName::Arming(arming) => self.begun_by(arming)?,
        };
        match (found, name) {
            (Some(run), _) => Ok(run),
            (None, RunName::Last) => Err(self.none()),
            (None, RunName::Arming(arming)) => {
                let pruned = match self.base {
                    0 => "",
                    _ => "; the oldest entries were pruned for their age",
                };
                Err(Failure::input(format_args!(
                    "the journal has no run {arming}{pruned}; `pumpctl report --list` shows \
                     those that it has"
                )))
            }
        }
    }

    /// All runs, the oldest first, of which at most this many of the newest.
    ///
    /// # Errors
    /// Where the journal can't be read.
    pub(crate) fn list(&mut self, most: usize) -> Result<Vec<Run>, Failure> {
        let mut runs = Vec::new();
        if most > 0 {
            self.newest_first(|run| {
                runs.push(run);
                runs.len() < most
            })?;
        }
        runs.reverse();
        Ok(runs)
    }

    /// There is no run at all.
    pub(crate) fn none(&self) -> Failure {
        Failure::input(
            "the journal has no run: nothing was armed since it began, or what was is older \
             than what it keeps; `pumpctl history` shows what is there",
        )
    }

    /// Hands over each entry after `after` and up to `last`, in order.
    ///
    /// # Errors
    /// Where they can't be read, or `each` fails.
    pub(crate) fn rows(
        &mut self,
        mut after: u64,
        last: u64,
        mut each: impl FnMut(Row) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        while after < last {
            let query = Query {
                after: Some(after),
                first: Some(PAGE),
                ..Query::default()
            };
            let rows = self.reader.rows(&query).map_err(unreadable)?;
            if rows.is_empty() {
                break;
            }
            for row in rows.into_iter().filter(|row| row.seq <= last) {
                after = row.seq;
                each(row)?;
            }
        }
        Ok(())
    }

    /// The first entry after this one, of one of these kinds or of any.
    pub(crate) fn first(&mut self, after: u64, kinds: &[&str]) -> Result<Option<Row>, Failure> {
        let query = Query {
            after: Some(after),
            kinds: kinds.iter().map(|kind| (*kind).to_owned()).collect(),
            first: Some(1),
            ..Query::default()
        };
        let rows = self.reader.rows(&query).map_err(unreadable)?;
        Ok(rows.into_iter().next().filter(|row| row.seq <= self.head))
    }

    /// This entry; `None`: it is not there, or not any more.
    ///
    /// # Errors
    /// Where it can't be read.
    pub(crate) fn row(&mut self, seq: u64) -> Result<Option<Row>, Failure> {
        let row = self.first(seq.saturating_sub(1), &[])?;
        Ok(row.filter(|row| row.seq == seq))
    }

    /// The last entry of the last batch that was begun before this instant, in nanoseconds
    /// since 1970. Entries without a stamp go with the next that has one, and the last ones
    /// with the last that has.
    ///
    /// # Errors
    /// Where the journal can't be read.
    pub(crate) fn last_before(&mut self, utc_ns: u64) -> Result<u64, Failure> {
        let (mut before, mut after) = (self.base, self.head);
        let mut next = self.stamped(before)?;
        while before < after && next.is_some() {
            let middle = before + (after - before) / 2;
            match self.stamped(middle)? {
                Some((seq, utc)) if utc < utc_ns => before = seq,
                _ => after = middle,
            }
            if before == after {
                next = self.stamped(before)?;
            }
        }
        if next.is_none() {
            return Ok(self.head);
        }
        if before == self.base {
            return Ok(before);
        }
        // What happened at one instant lies in one batch and is not torn apart.
        let batch = self.first(before.saturating_sub(1), &[DURABLE])?;
        Ok(batch.map_or(self.head, |row| row.seq))
    }

    /// The first entry after this one that has a UTC stamp, and the stamp.
    fn stamped(&mut self, after: u64) -> Result<Option<(u64, u64)>, Failure> {
        let query = Query {
            after: Some(after),
            since_utc_ns: Some(0),
            first: Some(1),
            ..Query::default()
        };
        let rows = self.reader.rows(&query).map_err(unreadable)?;
        let row = rows.first().filter(|row| row.seq <= self.head);
        Ok(row.and_then(|row| Some((row.seq, row.stamp.utc_ns?))))
    }

    /// Goes through the runs from the newest on, as long as `next` wants another; the one
    /// that it did not want any more.
    fn newest_first(&mut self, mut next: impl FnMut(Run) -> bool) -> Result<Option<Run>, Failure> {
        // Beyond every arming there is.
        let (mut arming, mut upper) = (u64::MAX, None);
        loop {
            let start = self.before(arming)?;
            let turns = self.turns(start)?;
            for turn in turns.into_iter().rev() {
                if let Some(run) = self.run(&turn, upper.as_ref())?
                    && !next(run.clone())
                {
                    return Ok(Some(run));
                }
                upper = Some(turn);
            }
            if start <= self.base {
                return Ok(None);
            }
            // The last `durable` before the turn: the arming that it ended.
            let ended = self.first(start.saturating_sub(1), &[DURABLE])?;
            match ended.as_ref().map(arming_of).transpose()? {
                Some(ended) if ended < arming => arming = ended,
                _ => return Ok(None),
            }
        }
    }

    fn begun_by(&mut self, arming: u64) -> Result<Option<Run>, Failure> {
        let mut turns = Vec::new();
        for arming in [Some(arming), arming.checked_add(1)].into_iter().flatten() {
            let start = self.before(arming)?;
            turns.extend(self.turns(start)?);
        }
        turns.dedup_by_key(|row| row.seq);
        let mut turns = turns.into_iter();
        while let Some(turn) = turns.next() {
            if turn.kind == ARMED && arming_of(&turn)? == arming {
                return self.run(&turn, turns.next().as_ref());
            }
        }
        Ok(None)
    }

    /// The run to which this entry belongs; `None`: nothing was armed.
    ///
    /// # Errors
    /// Where the journal can't be read.
    pub(crate) fn running_at(&mut self, seq: u64) -> Result<Option<Run>, Failure> {
        // The batch that the entry is in, and its arming.
        let closed_by = self.first(seq.saturating_sub(1), &[DURABLE])?;
        let mut arming = match &closed_by {
            Some(row) => arming_of(row)?,
            None => u64::MAX,
        };
        loop {
            let start = self.before(arming)?;
            let turns = self.turns(start)?;
            if let Some(turn) = turns.iter().rfind(|turn| turn.seq <= seq) {
                return match turn.kind.as_str() {
                    ARMED => self.begun_by(arming_of(turn)?),
                    _ => Ok(None),
                };
            }
            // It lies before the turn that this arming begins with.
            let ended = self.first(start.saturating_sub(1), &[DURABLE])?;
            match ended.as_ref().map(arming_of).transpose()? {
                Some(ended) if start > self.base && ended < arming => arming = ended,
                _ => return Ok(None),
            }
        }
    }

    /// The run that this entry begins, if it does, where the next turn is that.
    fn run(&mut self, turn: &Row, next: Option<&Row>) -> Result<Option<Run>, Failure> {
        if turn.kind != ARMED {
            return Ok(None);
        }
        let papers: Papers = read(turn)?;
        let last = next.map_or(self.head, |next| next.seq.saturating_sub(1));
        let end = match next {
            Some(next) if next.kind == ARMED => Some(End::Armed(next.clone())),
            Some(next) if next.kind == DISARMED => Some(End::Disarmed(next.clone())),
            next => match (self.orderly(turn.seq, last)?, next.cloned()) {
                (Some(ended), again) => Some(End::DaemonEnded { ended, again }),
                (None, Some(again)) => Some(End::Restarted(again)),
                (None, None) => None,
            },
        };
        Ok(Some(Run {
            armed: turn.clone(),
            papers,
            last,
            end,
        }))
    }

    /// The entry with which the daemon ended in good order, in the last batch up to `last`.
    fn orderly(&mut self, after: u64, last: u64) -> Result<Option<Row>, Failure> {
        // It is in the last batch, which `durable` closes; what is kept of an older run's
        // end may have been pruned in between.
        let near = last.saturating_sub(u64::from(PAGE)).max(after);
        let row = self.first(near, &[ENDED])?;
        Ok(row.filter(|row| row.seq <= last))
    }

    /// The last entry `durable` of an arming before this one; where there is none, the last
    /// that was pruned.
    fn before(&mut self, arming: u64) -> Result<u64, Failure> {
        let (mut before, mut after) = (self.base, self.head);
        // Up to `before` all is older, unless nothing is.
        while before < after {
            let middle = before + (after - before) / 2;
            let next = self.first(middle, &[DURABLE])?;
            match next {
                Some(row) if arming_of(&row)? < arming => before = row.seq,
                _ => after = middle,
            }
        }
        Ok(before)
    }

    /// The entries at which a run begins or ends, in the batch after the one that `before`
    /// closes.
    fn turns(&mut self, before: u64) -> Result<Vec<Row>, Failure> {
        let batch = self.first(before, &[DURABLE])?;
        let last = batch.map_or(self.head, |row| row.seq);
        let mut turns = Vec::new();
        self.rows(before, last, |row| {
            if [ARMED, DISARMED, STARTED].contains(&row.kind.as_str()) {
                turns.push(row);
            }
            Ok(())
        })?;
        Ok(turns)
    }
}

/// The arming that an entry tells of.
fn arming_of(row: &Row) -> Result<u64, Failure> {
    #[derive(Deserialize)]
    struct Of {
        arming: u64,
    }
    read::<Of>(row).map(|of| of.arming)
}

/// What an entry says.
pub(crate) fn read<'a, T: Deserialize<'a>>(row: &'a Row) -> Result<T, Failure> {
    serde_json::from_str(&row.body).map_err(|error| {
        Failure::input(format_args!(
            "entry {} of the journal, `{}`, is not as pumpd writes it: {error}; `pumpctl \
             history --verify` says whether it was changed",
            row.seq, row.kind
        ))
    })
}
