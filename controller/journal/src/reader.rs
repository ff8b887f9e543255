//! Reading, with the daemon up or down.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use crate::chain::Head;
use crate::connect;
use crate::places::{Identity, Places};
use crate::record::{Durable, Row};
use crate::refusal::OpenError;
use crate::running::Running;
use crate::schema::{self, VERSION};
use crate::tables::{ROW, Tables, row};
use crate::trouble::Trouble;

/// Reads a journal and changes nothing of it. What a writer commits meanwhile is seen by the
/// next call.
#[derive(Debug)]
pub struct Reader {
    places: Places,
    connection: Connection,
    seen: Seen,
}

/// Which entries. All that is asked for must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// Only those after the one of this number.
    pub after: Option<u64>,
    /// Only those of the last so many nanoseconds of the journal's running time, counted back
    /// from its last entry. Off-time counts as zero, and no clock can jump.
    pub latest_ns: Option<u64>,
    /// Only those stamped at this time or later, in nanoseconds since 1970. One without such
    /// a stamp is not taken.
    pub since_utc_ns: Option<u64>,
    /// Only those stamped before this time.
    pub until_utc_ns: Option<u64>,
    /// Only those of one of these kinds; empty: of any.
    pub kinds: Vec<String>,
    /// Only so many, from the beginning.
    pub first: Option<u32>,
    /// Only so many, from the end.
    pub last: Option<u32>,
}

/// What a sound journal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    /// How many entries were read.
    pub entries: u64,
    /// How many older ones were pruned for their age.
    pub pruned: u64,
    /// The end of the chain.
    pub head: Head,
    /// The end that was noted is on this chain. `false` where none was given, and where it
    /// can't be seen any more because it was pruned.
    pub met_known: bool,
}

/// The files as they were when they were opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seen {
    files: (Option<Identity>, Option<Identity>),
    /// Of a file at rest, which has nothing beside it and is read without locks: when it was
    /// written, and its length.
    rest: Option<(SystemTime, u64)>,
}

impl Seen {
    fn now(places: &Places) -> Result<Self, Trouble> {
        let files = places.identities()?;
        if files.1.is_some() {
            return Ok(Self { files, rest: None });
        }
        let rest = fs::metadata(&places.file).and_then(|meta| Ok((meta.modified()?, meta.len())));
        match rest {
            Ok(rest) => Ok(Self {
                files,
                rest: Some(rest),
            }),
            Err(error) => Err(Trouble::os(&places.file, &error)),
        }
    }
}

impl Reader {
    /// Opens the journal of a folder for reading. Makes no file there, unless somebody writes
    /// the journal or died while doing so.
    ///
    /// # Errors
    /// Where there is none, or what is there can't be read by this program.
    pub fn open(folder: &Path) -> Result<Self, OpenError> {
        Self::at(Places::new(folder))
    }

    /// Opens a journal that was copied to a file of any name. What was committed last is in
    /// the file beside it whose name ends with `-wal`, if there is one.
    ///
    /// # Errors
    /// As for [`Reader::open`].
    pub fn open_file(file: &Path) -> Result<Self, OpenError> {
        Self::at(Places::of(file))
    }

    fn at(places: Places) -> Result<Self, OpenError> {
        if !places.file.exists() {
            return Err(OpenError::Missing(places.file));
        }
        connect::recognise(&places)?;
        let (connection, seen) = connect(&places)?;
        let found = Tables::new(&connection, &places.file).version()?;
        let file = places.file.clone();
        match found {
            VERSION => Ok(Self {
                places,
                connection,
                seen,
            }),
            newer if newer > VERSION => Err(OpenError::Newer { file, found }),
            _ => Err(OpenError::Older { file, found }),
        }
    }

    /// Sees to it that what somebody wrote since is seen.
    fn refresh(&mut self) -> Result<(), Trouble> {
        if Seen::now(&self.places)? != self.seen {
            (self.connection, self.seen) = connect(&self.places)?;
        }
        Ok(())
    }

    /// The end of the chain.
    ///
    /// # Errors
    /// Where it can't be read.
    pub fn head(&mut self) -> Result<Head, Trouble> {
        self.refresh()?;
        self.tables().head().map(|end| end.head)
    }

    /// What was durable last.
    ///
    /// # Errors
    /// Where it can't be read.
    pub fn durable(&mut self) -> Result<Option<Durable>, Trouble> {
        self.refresh()?;
        let durable = self.tables().durable()?;
        Ok(durable.map(|(_, durable)| durable))
    }

    /// The entries that are asked for, in their order.
    ///
    /// # Errors
    /// Where they can't be read.
    pub fn rows(&mut self, query: &Query) -> Result<Vec<Row>, Trouble> {
        self.refresh()?;
        let tables = self.tables();
        let latest = match query.latest_ns {
            Some(latest_ns) => Some(self.before_the_latest(latest_ns)?),
            None => None,
        };
        let mut wanted = vec!["TRUE".to_owned()];
        let mut values = Vec::new();
        for (column, value) in [
            ("seq > ?", query.after.max(latest)),
            ("utc_ns >= ?", query.since_utc_ns),
            ("utc_ns < ?", query.until_utc_ns),
        ] {
            if let Some(value) = value {
                wanted.push(column.to_owned());
                values.push(Value::Integer(tables.signed(value)?));
            }
        }
        if !query.kinds.is_empty() {
            let places = vec!["?"; query.kinds.len()].join(", ");
            wanted.push(format!("kind IN ({places})"));
            values.extend(query.kinds.iter().cloned().map(Value::Text));
        }
        let wanted = wanted.join(" AND ");
        let (order, count) = match (query.first, query.last) {
            (_, Some(last)) => ("DESC", last.min(query.first.unwrap_or(last))),
            (first, None) => ("ASC", first.unwrap_or(u32::MAX)),
        };
        values.push(Value::Integer(count.into()));
        let asked = format!("SELECT {ROW} FROM entry WHERE {wanted} ORDER BY seq {order} LIMIT ?");
        let read = self.connection.prepare(&asked).and_then(|mut statement| {
            let rows = statement.query_map(params_from_iter(values), row)?;
            rows.collect::<rusqlite::Result<Vec<Row>>>()
        });
        let mut rows = read.map_err(|error| tables.trouble(&error))?;
        if query.last.is_some() {
            rows.reverse();
        }
        Ok(rows)
    }

    /// Reads everything and judges whether it is as it was written: each entry, that none is
    /// missing, the end of the chain, the durable state, and SQLite's own structures. Where
    /// `known` is an end of the chain that somebody has noted, it must be on this chain.
    ///
    /// # Errors
    /// What is wrong, and for an entry the number of the first bad one.
    pub fn verify(&mut self, known: Option<Head>) -> Result<Verified, Trouble> {
        loop {
            self.refresh()?;
            let trouble = |error: rusqlite::Error| self.tables().trouble(&error);
            // One look at one state, however long it takes.
            let look = self.connection.unchecked_transaction().map_err(trouble)?;
            let verified = self.judge(known);
            look.finish().map_err(trouble)?;
            // Whoever began to write a file at rest meanwhile has spoilt what was read of it.
            if Seen::now(&self.places)? == self.seen {
                return verified;
            }
        }
    }

    fn judge(&self, known: Option<Head>) -> Result<Verified, Trouble> {
        let tables = self.tables();
        let anchor = tables.anchor()?;
        let mut noted = Noted::new(known, anchor);
        let mut running = Running::within(tables.stretch_at(anchor.seq.saturating_add(1))?);
        let mut counted = Counted::default();
        let walked = tables.walk(anchor, |row| {
            counted.entries = counted.entries.saturating_add(1);
            noted.meets(row).map_err(|what| tables.damaged(what))?;
            let begun = running.advance(row.seq, &row.stamp);
            if begun.is_some() || counted.entries == 1 {
                counted.boots = counted.boots.saturating_add(1);
            }
            match begun {
                Some(begun) if tables.stretch_at(row.seq)? != Some(begun) => Err(tables.damaged(
                    format!("entry {} begins a boot, which is not so noted", row.seq),
                )),
                _ => Ok(()),
            }
        })?;
        let end = tables.head()?;
        tables.ends(end.head, walked.head)?;
        tables.begins(anchor, walked.pruned.as_ref())?;
        tables.agrees(tables.durable()?.as_ref(), walked.durable.as_ref())?;
        let met = noted.was_met(anchor).map_err(|what| tables.damaged(what))?;
        self.structure(&counted)?;
        Ok(Verified {
            entries: counted.entries,
            pruned: anchor.seq,
            head: end.head,
            met_known: met,
        })
    }

    /// Whether SQLite finds its own structures in order, and nothing in them but our rows.
    fn structure(&self, counted: &Counted) -> Result<(), Trouble> {
        let tables = self.tables();
        let trouble = |error: rusqlite::Error| tables.trouble(&error);
        let said: String = self
            .connection
            .query_row("PRAGMA integrity_check(1)", (), |row| row.get(0))
            .map_err(trouble)?;
        if said != "ok" {
            return Err(tables.damaged(said));
        }
        let is = schema::text(&self.connection).map_err(trouble)?;
        if is != schema::expected().map_err(trouble)? {
            return Err(tables.damaged("its schema is not as it was written"));
        }
        for (table, expected) in [
            ("entry", counted.entries..=counted.entries),
            ("boot", counted.boots..=counted.boots),
            ("head", 1..=1),
            ("durable", 0..=1),
            ("anchor", 0..=1),
        ] {
            let count: i64 = self
                .connection
                .query_row(&format!("SELECT count(*) FROM {table}"), (), |row| {
                    row.get(0)
                })
                .map_err(trouble)?;
            if !expected.contains(&count.unsigned_abs()) {
                return Err(tables.damaged(format!("table {table} has rows that nobody wrote")));
            }
        }
        Ok(())
    }

    /// The last entry before the latest so many nanoseconds of running time.
    fn before_the_latest(&self, latest_ns: u64) -> Result<u64, Trouble> {
        let tables = self.tables();
        // One look at one state, while somebody may be writing and pruning.
        let look = self
            .connection
            .unchecked_transaction()
            .map_err(|error| tables.trouble(&error))?;
        let end = tables.head()?.head.seq;
        let from = tables.running(end)?.run_ns.saturating_sub(latest_ns);
        let before = tables.before(from, tables.anchor()?.seq, end)?;
        look.finish().map_err(|error| tables.trouble(&error))?;
        Ok(before)
    }

    fn tables(&self) -> Tables<'_> {
        Tables::new(&self.connection, &self.places.file)
    }
}

fn connect(places: &Places) -> Result<(Connection, Seen), Trouble> {
    let seen = Seen::now(places)?;
    let connection = match seen.rest {
        Some(_) => connect::at_rest(places),
        None => connect::to_read(places),
    };
    let connection = connection.map_err(|error| Trouble::of(&places.file, &error))?;
    Ok((connection, seen))
}

/// How many rows there should be.
#[derive(Clone, Copy, Debug, Default)]
struct Counted {
    entries: u64,
    boots: u64,
}

/// An end of the chain that somebody has noted.
#[derive(Clone, Copy, Debug)]
struct Noted {
    head: Option<Head>,
    met: bool,
}

impl Noted {
    fn new(head: Option<Head>, anchor: Head) -> Self {
        let met = |head: Head| head == Head::EMPTY || head == anchor;
        Self {
            head,
            met: head.is_some_and(met),
        }
    }

    fn meets(&mut self, row: &Row) -> Result<(), String> {
        let Some(head) = self.head.filter(|head| head.seq == row.seq) else {
            return Ok(());
        };
        self.met = true;
        if head.hash == row.hash {
            return Ok(());
        }
        Err(format!(
            "entry {} is not the one whose hash was noted",
            row.seq
        ))
    }

    /// Whether it was met; it can't be where it was pruned since.
    fn was_met(&self, anchor: Head) -> Result<bool, String> {
        match self.head {
            Some(head) if !self.met && head.seq > anchor.seq => {
                Err(format!("entry {}, which was noted, is missing", head.seq))
            }
            Some(head) if !self.met && head.seq == anchor.seq => Err(format!(
                "entry {}, the last that was pruned, is not the one whose hash was noted",
                head.seq
            )),
            _ => Ok(self.met),
        }
    }
}
