//! The rows as values. What is not as it was written is damage, and said so.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::chain::{Hash, Head, Seal};
use crate::record::{DURABLE, Durable, PRUNED, Row, pruned};
use crate::stamp::{Boot, Stamp};
use crate::trouble::{Trouble, TroubleKind};

/// The columns of an [`Row`], in the order in which [`row`] reads them.
pub(crate) const ROW: &str = "seq, kind, boot, mono_ns, utc_ns, body, hash";

/// The tables of one file.
#[derive(Clone, Copy)]
pub(crate) struct Tables<'a> {
    pub(crate) connection: &'a Connection,
    pub(crate) file: &'a Path,
}

/// The row `head`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct End {
    pub(crate) head: Head,
    /// The writer ended in good order.
    pub(crate) closed: bool,
}

impl<'a> Tables<'a> {
    pub(crate) const fn new(connection: &'a Connection, file: &'a Path) -> Self {
        Self { connection, file }
    }

    pub(crate) fn trouble(&self, error: &rusqlite::Error) -> Trouble {
        Trouble::of(self.file, error)
    }

    pub(crate) fn damaged(&self, detail: impl Into<String>) -> Trouble {
        Trouble::damaged(self.file, detail)
    }

    pub(crate) fn version(&self) -> Result<u32, Trouble> {
        self.connection
            .pragma_query_value(None, "user_version", |row| row.get(0))
            .map_err(|error| self.trouble(&error))
    }

    pub(crate) fn head(&self) -> Result<End, Trouble> {
        let read = self.connection.query_row(
            "SELECT seq, hash, closed, seal FROM head WHERE slot = 1",
            (),
            |row| {
                let head = Head {
                    seq: number(row, 0)?,
                    hash: Hash(row.get(1)?),
                };
                Ok((head, row.get::<_, i64>(2)?, Hash(row.get(3)?)))
            },
        );
        let (head, closed, seal) = self.found(read.optional(), "the row of table head")?;
        let end = End {
            head,
            closed: closed == 1,
        };
        if !(0..=1).contains(&closed) || sealed(&end) != seal {
            return Err(self.damaged("the row of table head is not as it was written"));
        }
        Ok(end)
    }

    pub(crate) fn put_head(&self, head: Head, closed: bool) -> Result<(), Trouble> {
        let end = End { head, closed };
        let put = self.connection.execute(
            "INSERT OR REPLACE INTO head (slot, seq, hash, closed, seal) VALUES (1, ?, ?, ?, ?)",
            params![
                self.signed(head.seq)?,
                head.hash.0,
                i64::from(closed),
                sealed(&end).0
            ],
        );
        put.map(drop).map_err(|error| self.trouble(&error))
    }

    /// The last entry that was pruned.
    pub(crate) fn anchor(&self) -> Result<Head, Trouble> {
        let read =
            self.connection
                .query_row("SELECT seq, hash FROM anchor WHERE slot = 1", (), |row| {
                    Ok(Head {
                        seq: number(row, 0)?,
                        hash: Hash(row.get(1)?),
                    })
                });
        let read = read.optional().map_err(|error| self.trouble(&error))?;
        Ok(read.unwrap_or(Head::EMPTY))
    }

    pub(crate) fn put_anchor(&self, anchor: Head) -> Result<(), Trouble> {
        let put = self.connection.execute(
            "INSERT OR REPLACE INTO anchor (slot, seq, hash) VALUES (1, ?, ?)",
            params![self.signed(anchor.seq)?, anchor.hash.0],
        );
        put.map(drop).map_err(|error| self.trouble(&error))
    }

    /// The last durable state, with the number of the entry that has its digest.
    pub(crate) fn durable(&self) -> Result<Option<(u64, Durable)>, Trouble> {
        let read = self.connection.query_row(
            "SELECT seq, arming, credit, boot, mono_ns, utc_ns, checkpoint FROM durable
             WHERE slot = 1",
            (),
            |row| {
                let durable = Durable {
                    arming: number(row, 1)?,
                    credit: number(row, 2)?,
                    stamp: stamp(row, 3)?,
                    checkpoint: row.get(6)?,
                };
                Ok((number(row, 0)?, durable))
            },
        );
        read.optional().map_err(|error| self.trouble(&error))
    }

    pub(crate) fn put_durable(&self, seq: u64, durable: &Durable) -> Result<(), Trouble> {
        let put = self.connection.execute(
            "INSERT OR REPLACE INTO durable
             (slot, seq, arming, credit, boot, mono_ns, utc_ns, checkpoint)
             VALUES (1, ?, ?, ?, ?, ?, ?, ?)",
            params![
                self.signed(seq)?,
                self.signed(durable.arming)?,
                self.signed(durable.credit)?,
                durable.stamp.boot.0,
                self.signed(durable.stamp.mono_ns)?,
                durable
                    .stamp
                    .utc_ns
                    .map(|utc| self.signed(utc))
                    .transpose()?,
                durable.checkpoint,
            ],
        );
        put.map(drop).map_err(|error| self.trouble(&error))
    }

    pub(crate) fn put_row(&self, row: &Row) -> Result<(), Trouble> {
        let put = self.connection.execute(
            &format!("INSERT INTO entry ({ROW}) VALUES (?, ?, ?, ?, ?, ?, ?)"),
            params![
                self.signed(row.seq)?,
                row.kind,
                row.stamp.boot.0,
                self.signed(row.stamp.mono_ns)?,
                row.stamp.utc_ns.map(|utc| self.signed(utc)).transpose()?,
                row.body,
                row.hash.0,
            ],
        );
        put.map(drop).map_err(|error| self.trouble(&error))
    }

    pub(crate) fn row(&self, seq: u64) -> Result<Option<Row>, Trouble> {
        let read = self.connection.query_row(
            &format!("SELECT {ROW} FROM entry WHERE seq = ?"),
            [self.signed(seq)?],
            row,
        );
        read.optional().map_err(|error| self.trouble(&error))
    }

    /// Walks along the chain from the entry after `before` up to its end.
    pub(crate) fn walk(
        &self,
        before: Head,
        mut each: impl FnMut(&Row) -> Result<(), Trouble>,
    ) -> Result<Walked, Trouble> {
        let mut walked = Walked {
            head: before,
            durable: None,
            pruned: None,
        };
        let mut statement = self
            .connection
            .prepare(&format!(
                "SELECT {ROW} FROM entry WHERE seq > ? ORDER BY seq"
            ))
            .map_err(|error| self.trouble(&error))?;
        let rows = statement
            .query_map([self.signed(before.seq)?], row)
            .map_err(|error| self.trouble(&error))?;
        for row in rows {
            let row = row.map_err(|error| {
                let next = walked.head.seq.saturating_add(1);
                self.damaged(format!(
                    "entry {next} or a later one can't be read: {error}"
                ))
            })?;
            self.follows(&walked.head, &row)?;
            walked.head = row.head();
            each(&row)?;
            match row.kind.as_str() {
                DURABLE => walked.durable = Some((row.seq, row.body)),
                PRUNED => walked.pruned = Some((row.seq, row.body)),
                _ => {}
            }
        }
        Ok(walked)
    }

    /// Whether a record is the one that was written after `last`.
    fn follows(&self, last: &Head, row: &Row) -> Result<(), Trouble> {
        let next = last.seq.saturating_add(1);
        if row.seq != next {
            return Err(self.damaged(format!("entry {next} is missing")));
        }
        if !row.follows(*last) {
            return Err(self.damaged(format!(
                "entry {next} is not as it was written, or the one before it was changed"
            )));
        }
        Ok(())
    }

    /// Whether a walk came to where the chain should end.
    pub(crate) fn ends(&self, end: Head, walked: Head) -> Result<(), Trouble> {
        if walked == end {
            return Ok(());
        }
        Err(self.damaged(format!(
            "it should end with entry {end}, but ends with entry {walked}"
        )))
    }

    /// Whether the durable state is the one whose digest the chain has last.
    pub(crate) fn agrees(
        &self,
        durable: Option<&(u64, Durable)>,
        last: Option<&(u64, String)>,
    ) -> Result<(), Trouble> {
        match (durable, last) {
            (None, None) => Ok(()),
            (None, Some((seq, _))) => Err(self.damaged(format!(
                "the durable state whose digest is in entry {seq} is missing"
            ))),
            (Some((seq, durable)), Some((last, body)))
                if seq == last && durable.entry().body.to_string().eq(body) =>
            {
                Ok(())
            }
            (Some(_), Some((last, _))) => Err(self.damaged(format!(
                "the durable state is not the one whose digest is in entry {last}"
            ))),
            (Some((seq, _)), None) => Err(self.damaged(format!(
                "entry {seq} has not the digest of the durable state"
            ))),
        }
    }

    /// As SQLite keeps it.
    pub(crate) fn signed(&self, number: u64) -> Result<i64, Trouble> {
        i64::try_from(number).map_err(|_| {
            let detail = format!("{number} is more than 63 bits hold");
            Trouble::new(TroubleKind::Unfit, self.file, detail)
        })
    }

    /// Whether what the journal begins after is what the chain says was pruned last.
    pub(crate) fn begins(&self, anchor: Head, last: Option<&(u64, String)>) -> Result<(), Trouble> {
        match last {
            None if anchor == Head::EMPTY => Ok(()),
            Some((_, body)) if pruned(anchor).to_string().eq(body) => Ok(()),
            None => Err(self.damaged(format!(
                "it begins after entry {}, but no entry says that it was pruned",
                anchor.seq
            ))),
            Some((seq, _)) => Err(self.damaged(format!(
                "it begins after entry {}, which is not what entry {seq} says was pruned",
                anchor.seq
            ))),
        }
    }

    fn found<T>(&self, read: rusqlite::Result<Option<T>>, what: &str) -> Result<T, Trouble> {
        read.map_err(|error| self.trouble(&error))?
            .ok_or_else(|| self.damaged(format!("{what} is missing")))
    }
}

/// What a walk along the chain has seen.
pub(crate) struct Walked {
    /// The last record.
    pub(crate) head: Head,
    /// The last record of kind [`DURABLE`]: its number and its body.
    pub(crate) durable: Option<(u64, String)>,
    /// The last record of kind [`PRUNED`].
    pub(crate) pruned: Option<(u64, String)>,
}

fn sealed(end: &End) -> Hash {
    let mut seal = Seal::new("pumpd journal head");
    seal.number(end.head.seq).bytes(&end.head.hash.0);
    seal.number(end.closed.into());
    seal.hash()
}

pub(crate) fn row(row: &rusqlite::Row<'_>) -> rusqlite::Result<Row> {
    Ok(Row {
        seq: number(row, 0)?,
        kind: row.get(1)?,
        stamp: stamp(row, 2)?,
        body: row.get(5)?,
        hash: Hash(row.get(6)?),
    })
}

/// The three columns of a stamp, from `at` on.
fn stamp(row: &rusqlite::Row<'_>, at: usize) -> rusqlite::Result<Stamp> {
    let utc_ns: Option<i64> = row.get(at + 2)?;
    Ok(Stamp {
        boot: Boot(row.get(at)?),
        mono_ns: number(row, at + 1)?,
        utc_ns: utc_ns.map(|utc| positive(at + 2, utc)).transpose()?,
    })
}

pub(crate) fn number(row: &rusqlite::Row<'_>, at: usize) -> rusqlite::Result<u64> {
    positive(at, row.get(at)?)
}

fn positive(at: usize, number: i64) -> rusqlite::Result<u64> {
    u64::try_from(number).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(at, number))
}
