//! A stretch of the journal: a run, or a day.
//!
//! A day is by the UTC stamps of the entries. Those from before the clock was known good have
//! none and belong to the same day as the next that has one; so each entry belongs to one day,
//! and what the days come to adds up to what the runs do. A day begins and ends between two
//! batches of the journal, within a second of midnight.

use pump_journal::{Head, Row, Stamp};

use crate::account::{Account, Part};
use crate::fact::{Fact, Status};
use crate::failure::Failure;
use crate::runs::{End, Run, Runs, read};

/// The nanoseconds of a day.
const DAY_NS: u64 = 86_400_000_000_000;
/// The last entries of a kind are looked for in so many at first, then in four times as many.
const LOOK_BACK: u64 = 256;

/// What is reported on.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Subject {
    Run(Box<Run>),
    /// The day that begins so many nanoseconds after 1970.
    Day(u64),
}

/// A stretch of the journal.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Stretch {
    pub(crate) subject: Subject,
    /// The entry before its first, and its last.
    pub(crate) after: u64,
    pub(crate) last: u64,
}

impl Stretch {
    /// A run's.
    pub(crate) fn of_run(run: Run) -> Self {
        Self {
            after: run.armed.seq.saturating_sub(1),
            last: run.last,
            subject: Subject::Run(Box::new(run)),
        }
    }

    /// That of the day that begins so many nanoseconds after 1970.
    ///
    /// # Errors
    /// Where the journal has nothing of it, or can't be read.
    pub(crate) fn of_day(runs: &mut Runs<'_>, begin_ns: u64) -> Result<Self, Failure> {
        let after = runs.last_before(begin_ns)?;
        let last = runs.last_before(begin_ns.saturating_add(DAY_NS))?;
        if last <= after {
            return Err(Failure::input(
                "the journal has no entry of that day; days are in UTC, and entries from before \
                 the clock was known good have no day: `pumpctl report --list` shows the runs",
            ));
        }
        Ok(Self {
            subject: Subject::Day(begin_ns),
            after,
            last,
        })
    }

    /// Goes through its entries once, and hands each to `each` besides.
    ///
    /// # Errors
    /// Where they can't be read, are not as they were written, or `each` fails.
    pub(crate) fn account(
        &self,
        runs: &mut Runs<'_>,
        mut each: impl FnMut(&Row, &Fact) -> Result<(), Failure>,
    ) -> Result<Account, Failure> {
        let before = match self.after {
            0 => Some(Head::EMPTY),
            after => runs.row(after)?.map(|row| row.head()),
        };
        let mut account = Account::after(before);
        if let Subject::Day(_) = self.subject
            && let Some(run) = runs.running_at(self.after)?
        {
            let status = self.last_status(runs, &run)?;
            let mut part = Part::going_on(&run.papers, run.armed.stamp, status);
            if let Some(End::DaemonEnded { ended, .. }) = &run.end
                && ended.seq <= self.after
            {
                part.ended = Some("daemon-ended");
            }
            account.open(part);
        }
        runs.rows(self.after, self.last, |row| {
            let fact = account.take(&row)?;
            each(&row, &fact)
        })?;
        if account.last.as_ref().map(|row| row.seq) != Some(self.last) {
            return Err(Failure::input(format_args!(
                "the journal lacks entry {}; `pumpctl history --verify` says what is wrong",
                self.last
            )));
        }
        if let Subject::Run(run) = &self.subject {
            match &run.end {
                Some(End::Restarted(row)) => account.come_back(row)?,
                Some(End::DaemonEnded {
                    again: Some(row), ..
                }) => account.come_back(row)?,
                Some(End::Armed(_)) => account.end("armed-anew"),
                Some(End::Disarmed(_)) => account.end("disarmed"),
                Some(End::DaemonEnded { again: None, .. }) | None => {}
            }
        }
        Ok(account)
    }

    /// The last that was said of a run before the stretch.
    fn last_status(
        &self,
        runs: &mut Runs<'_>,
        run: &Run,
    ) -> Result<Option<(Status, Stamp)>, Failure> {
        let mut back = LOOK_BACK;
        loop {
            let from = self.after.saturating_sub(back).max(run.armed.seq);
            let mut found = None;
            runs.rows(from, self.after, |row| {
                if row.kind == "status" {
                    found = Some((read(&row)?, row.stamp));
                }
                Ok(())
            })?;
            if found.is_some() || from == run.armed.seq {
                return Ok(found);
            }
            back = back.saturating_mul(4);
        }
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) mod written;
