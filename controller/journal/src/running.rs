//! The running time of a journal: an age that no clock can jump.

use rusqlite::{OptionalExtension as _, params};

use crate::chain::{Hash, Seal};
use crate::record::Row;
use crate::stamp::{Boot, Stamp};
use crate::tables::{Tables, number};
use crate::trouble::Trouble;

/// A boot in the journal, counted from its first entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stretch {
    /// The number of its first entry.
    pub(crate) first: u64,
    boot: Boot,
    mono_ns: u64,
    run_ns: u64,
}

/// How far the running time has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Running {
    stretch: Option<Stretch>,
    /// The running time at the last entry, in nanoseconds.
    pub(crate) run_ns: u64,
}

impl Stretch {
    /// The running time at an instant of this boot.
    fn run_ns(&self, mono_ns: u64) -> u64 {
        // Entries of several threads may be a little out of order.
        let since = mono_ns.saturating_sub(self.mono_ns);
        self.run_ns.saturating_add(since).min(MOST)
    }

    fn seal(&self) -> Hash {
        let mut seal = Seal::new("pumpd journal boot");
        seal.number(self.first).bytes(&self.boot.0);
        seal.number(self.mono_ns).number(self.run_ns);
        seal.hash()
    }
}

/// The most that SQLite keeps.
const MOST: u64 = i64::MAX.unsigned_abs();

impl Running {
    /// As it is after the entry before `seq`, which is in the given boot.
    pub(crate) const fn within(stretch: Option<Stretch>) -> Self {
        let run_ns = match stretch {
            Some(stretch) => stretch.run_ns,
            None => 0,
        };
        Self { stretch, run_ns }
    }

    /// Goes on to an entry. Returns its boot where it is the first of it.
    pub(crate) fn advance(&mut self, seq: u64, stamp: &Stamp) -> Option<Stretch> {
        let begun = match &self.stretch {
            Some(stretch) if stretch.boot == stamp.boot => None,
            _ => Some(Stretch {
                first: seq,
                boot: stamp.boot,
                mono_ns: stamp.mono_ns,
                run_ns: self.run_ns,
            }),
        };
        self.stretch = begun.or(self.stretch);
        if let Some(stretch) = &self.stretch {
            self.run_ns = stretch.run_ns(stamp.mono_ns);
        }
        begun
    }
}

impl Tables<'_> {
    pub(crate) fn put_stretch(&self, stretch: &Stretch) -> Result<(), Trouble> {
        let put = self.connection.execute(
            "INSERT INTO boot (first, boot, mono_ns, run_ns, seal) VALUES (?, ?, ?, ?, ?)",
            params![
                self.signed(stretch.first)?,
                stretch.boot.0,
                self.signed(stretch.mono_ns)?,
                self.signed(stretch.run_ns)?,
                stretch.seal().0,
            ],
        );
        put.map(drop).map_err(|error| self.trouble(&error))
    }

    /// The last boot that had begun by the entry `seq`.
    pub(crate) fn stretch_at(&self, seq: u64) -> Result<Option<Stretch>, Trouble> {
        self.stretch("first <= ? ORDER BY first DESC", seq)
    }

    /// The last boot that had begun before a running time.
    fn stretch_before(&self, run_ns: u64) -> Result<Option<Stretch>, Trouble> {
        self.stretch("run_ns < ? ORDER BY first DESC", run_ns)
    }

    fn stretch(&self, which: &str, value: u64) -> Result<Option<Stretch>, Trouble> {
        let read = self.connection.query_row(
            &format!("SELECT first, boot, mono_ns, run_ns, seal FROM boot WHERE {which} LIMIT 1"),
            [self.signed(value)?],
            |row| {
                let stretch = Stretch {
                    first: number(row, 0)?,
                    boot: Boot(row.get(1)?),
                    mono_ns: number(row, 2)?,
                    run_ns: number(row, 3)?,
                };
                Ok((stretch, Hash(row.get(4)?)))
            },
        );
        let read = read.optional().map_err(|error| self.trouble(&error))?;
        match read {
            Some((stretch, seal)) if stretch.seal() != seal => Err(self.damaged(format!(
                "the boot from entry {} on is not as it was written",
                stretch.first
            ))),
            read => Ok(read.map(|(stretch, _)| stretch)),
        }
    }

    /// The running time at the end of the journal, whose last entry is `last`.
    pub(crate) fn running(&self, last: u64) -> Result<Running, Trouble> {
        let mut running = Running::within(self.stretch_at(last)?);
        if let Some(row) = self.row(last)? {
            running.advance(row.seq, &row.stamp);
        }
        Ok(running)
    }

    /// The last entry before a running time, among those after `oldest` and up to `newest`.
    pub(crate) fn before(&self, run_ns: u64, oldest: u64, newest: u64) -> Result<u64, Trouble> {
        // An older boot than the oldest that is kept: nothing is before it.
        let Some(stretch) = self.stretch_before(run_ns)? else {
            return Ok(oldest);
        };
        let (mut before, mut after) = (oldest, newest.saturating_add(1));
        while after - before > 1 {
            let middle = before + (after - before) / 2;
            let earlier = middle < stretch.first
                || match self.row(middle)? {
                    Some(Row { stamp, .. }) if stamp.boot == stretch.boot => {
                        stretch.run_ns(stamp.mono_ns) < run_ns
                    }
                    Some(_) => false,
                    None => return Err(self.damaged(format!("entry {middle} is missing"))),
                };
            if earlier {
                before = middle;
            } else {
                after = middle;
            }
        }
        Ok(before)
    }
}
