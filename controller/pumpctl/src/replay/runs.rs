//! The runs of a journal.

use std::path::Path;

use pump_journal::{OpenError, Query, Reader};
use pump_recording::row::{Block, Closing, INPUTS, Opening, RUN, RUN_ENDED, Row};
use serde::Deserialize;

use crate::cli::RunName;
use crate::failure::Failure;
use crate::history::unreadable;
use crate::runs::read;

/// So many rows are read at a time: the daemon is never kept from its file for long, and a row
/// may be large.
const PAGE: u32 = 64;

/// What is known of a run without its inputs.
#[derive(Debug)]
pub(crate) struct Summary {
    /// Its row.
    seq: u64,
    pub(crate) run: u64,
    pub(crate) armed_at_ns: u64,
    /// When it was armed, in nanoseconds since 1970, where that was known.
    pub(crate) utc_ns: Option<u64>,
    pub(crate) id: String,
    pub(crate) sha256: String,
    pub(crate) edges: u64,
    pub(crate) boluses: u64,
    pub(crate) until_ns: u64,
    pub(crate) closing: Option<Closing>,
}

/// The part of a `run` row that a summary has.
#[derive(Deserialize)]
struct Begun {
    run: u64,
    armed_at_ns: u64,
    id: String,
    sha256: String,
}

/// The same of an `inputs` row.
#[derive(Deserialize)]
struct Went {
    run: u64,
    edges: u64,
    boluses: u64,
    until_ns: u64,
}

/// A journal that holds runs.
pub(crate) struct Runs {
    reader: Reader,
}

impl Runs {
    /// Opens a state folder, or a file.
    pub(crate) fn open(journal: &Path) -> Result<Self, Failure> {
        let opened = match journal.is_dir() {
            true => Reader::open(journal),
            false => Reader::open_file(journal),
        };
        let reader = opened.map_err(|error| match error {
            OpenError::Missing(file) => Failure::input(format_args!(
                "there is no journal {}; name the daemon's state folder, or a copy of its \
                 journal, with --journal PATH",
                file.display()
            )),
            other => Failure::input(other),
        })?;
        Ok(Self { reader })
    }

    /// All of them, in their order.
    pub(crate) fn summaries(&mut self) -> Result<Vec<Summary>, Failure> {
        let mut found: Vec<Summary> = Vec::new();
        self.rows(0, &Row::KINDS, |row| {
            match row.kind.as_str() {
                RUN => {
                    let begun: Begun = read(row)?;
                    found.push(Summary {
                        seq: row.seq,
                        run: begun.run,
                        armed_at_ns: begun.armed_at_ns,
                        utc_ns: row.stamp.utc_ns,
                        id: begun.id,
                        sha256: begun.sha256,
                        edges: 0,
                        boluses: 0,
                        until_ns: begun.armed_at_ns,
                        closing: None,
                    });
                }
                INPUTS => {
                    let went: Went = read(row)?;
                    if let Some(run) = found.last_mut().filter(|it| it.run == went.run) {
                        run.edges = went.edges;
                        run.boluses = went.boluses;
                        run.until_ns = went.until_ns;
                    }
                }
                _ => {
                    let closing: Closing = read(row)?;
                    if let Some(run) = found.last_mut().filter(|it| it.run == closing.run) {
                        run.closing = Some(closing);
                    }
                }
            }
            Ok(true)
        })?;
        Ok(found)
    }

    /// The one that is asked for.
    pub(crate) fn summary(&mut self, wanted: RunName) -> Result<Summary, Failure> {
        let mut runs = self.summaries()?;
        let place = match wanted {
            RunName::Last => runs.len().checked_sub(1),
            RunName::Arming(number) => runs.iter().rposition(|it| it.run == number),
        };
        let known: Vec<String> = runs.iter().map(|it| it.run.to_string()).collect();
        match place {
            Some(place) => Ok(runs.swap_remove(place)),
            None if known.is_empty() => Err(Failure::Input(
                "the journal holds no run: nothing was armed, or it was pruned for its age".into(),
            )),
            None => Err(Failure::Input(format!(
                "the journal holds no such run; it holds {}",
                known.join(", ")
            ))),
        }
    }

    /// What a run began with.
    pub(crate) fn opening(&mut self, run: &Summary) -> Result<Opening, Failure> {
        let mut opening = None;
        self.rows(run.seq.saturating_sub(1), &[RUN], |row| {
            opening = Some(read(row)?);
            Ok(false)
        })?;
        let missing = || Failure::Input(format!("run {}: its beginning is gone", run.run));
        opening.ok_or_else(missing)
    }

    /// Hands over the blocks of a run in their order, as long as they are wanted.
    pub(crate) fn blocks(
        &mut self,
        run: &Summary,
        mut take: impl FnMut(&Block) -> Result<bool, Failure>,
    ) -> Result<(), Failure> {
        self.rows(run.seq, &[INPUTS, RUN, RUN_ENDED], |row| {
            if row.kind != INPUTS {
                return Ok(false);
            }
            take(&read(row)?)
        })
    }

    fn rows(
        &mut self,
        after: u64,
        kinds: &[&str],
        mut take: impl FnMut(&pump_journal::Row) -> Result<bool, Failure>,
    ) -> Result<(), Failure> {
        let mut query = Query {
            after: Some(after),
            kinds: kinds.iter().map(|&kind| kind.to_owned()).collect(),
            first: Some(PAGE),
            ..Query::default()
        };
        loop {
            let rows = self.reader.rows(&query).map_err(unreadable)?;
            for row in &rows {
                if !take(row)? {
                    return Ok(());
                }
            }
            match rows.last() {
                Some(last) => query.after = Some(last.seq),
                None => return Ok(()),
            }
        }
    }
}
