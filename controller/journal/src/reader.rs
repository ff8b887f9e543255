//! Reading, with the daemon up or down.

use std::path::Path;

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use crate::chain::{Hash, Head};
use crate::connect;
use crate::places::Places;
use crate::record::{Durable, Row};
use crate::refusal::OpenError;
use crate::schema::VERSION;
use crate::tables::{ROW, Tables, row};
use crate::trouble::Trouble;

/// Reads a journal and changes nothing of it. What a writer commits meanwhile is seen by the
/// next call.
#[derive(Debug)]
pub struct Reader {
    places: Places,
    connection: Connection,
}

/// Which entries. All that is asked for must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// Only those after the one of this number.
    pub after: Option<u64>,
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
    /// The end of the chain.
    pub head: Head,
}

impl Reader {
    /// Opens the journal of a folder for reading.
    ///
    /// # Errors
    /// Where there is none, or what is there can't be read by this program.
    pub fn open(folder: &Path) -> Result<Self, OpenError> {
        let places = Places::new(folder);
        if !places.file.exists() {
            return Err(OpenError::Missing(places.file));
        }
        connect::recognise(&places)?;
        let connection =
            connect::to_read(&places).map_err(|error| Trouble::of(&places.file, &error))?;
        let found = Tables::new(&connection, &places.file).version()?;
        let file = places.file.clone();
        match found {
            VERSION => Ok(Self { places, connection }),
            newer if newer > VERSION => Err(OpenError::Newer { file, found }),
            _ => Err(OpenError::Older { file, found }),
        }
    }

    /// The end of the chain.
    ///
    /// # Errors
    /// Where it can't be read.
    pub fn head(&self) -> Result<Head, Trouble> {
        self.tables().head().map(|end| end.head)
    }

    /// What was durable last.
    ///
    /// # Errors
    /// Where it can't be read.
    pub fn durable(&self) -> Result<Option<Durable>, Trouble> {
        let durable = self.tables().durable()?;
        Ok(durable.map(|(_, durable)| durable))
    }

    /// The entries that are asked for, in their order.
    ///
    /// # Errors
    /// Where they can't be read.
    pub fn rows(&self, query: &Query) -> Result<Vec<Row>, Trouble> {
        let tables = self.tables();
        let mut wanted = vec!["TRUE".to_owned()];
        let mut values = Vec::new();
        for (column, value) in [
            ("seq > ?", query.after),
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
    pub fn verify(&self, known: Option<Head>) -> Result<Verified, Trouble> {
        let trouble = |error: rusqlite::Error| self.tables().trouble(&error);
        // One look at one state, however long it takes.
        let look = self.connection.unchecked_transaction().map_err(trouble)?;
        let verified = self.judge(known)?;
        look.finish().map_err(trouble)?;
        Ok(verified)
    }

    fn judge(&self, known: Option<Head>) -> Result<Verified, Trouble> {
        let tables = self.tables();
        let mut met = known.is_none_or(|known| known == Head::EMPTY);
        let mut entries = 0_u64;
        let walked = tables.walk(1, Hash::GENESIS, |row| {
            entries = entries.saturating_add(1);
            if let Some(known) = known.filter(|known| known.seq == row.seq) {
                if known.hash != row.hash {
                    return Err(tables.damaged(format!(
                        "entry {} is not the one whose hash was noted",
                        row.seq
                    )));
                }
                met = true;
            }
            Ok(())
        })?;
        let end = tables.head()?;
        if walked.head != end.head {
            return Err(tables.damaged(format!(
                "it should end with entry {}, but ends with entry {}",
                end.head, walked.head
            )));
        }
        if let Some(known) = known.filter(|_| !met) {
            return Err(tables.damaged(format!("entry {}, which was noted, is missing", known.seq)));
        }
        tables.agrees(tables.durable()?.as_ref(), walked.durable.as_ref())?;
        self.structure(entries)?;
        Ok(Verified {
            entries,
            head: end.head,
        })
    }

    /// Whether SQLite finds its own structures in order, and nothing in them but our rows.
    fn structure(&self, entries: u64) -> Result<(), Trouble> {
        let tables = self.tables();
        let trouble = |error: rusqlite::Error| tables.trouble(&error);
        let said: String = self
            .connection
            .query_row("PRAGMA integrity_check(1)", (), |row| row.get(0))
            .map_err(trouble)?;
        if said != "ok" {
            return Err(tables.damaged(said));
        }
        let count: i64 = self
            .connection
            .query_row(
                "SELECT (SELECT count(*) FROM entry)
                     + 100 * ((SELECT count(*) FROM head) - 1)
                     + 100 * ((SELECT count(*) FROM durable) > 1)",
                (),
                |row| row.get(0),
            )
            .map_err(trouble)?;
        if u64::try_from(count) != Ok(entries) {
            return Err(tables.damaged("it has rows that nobody wrote"));
        }
        Ok(())
    }

    fn tables(&self) -> Tables<'_> {
        Tables::new(&self.connection, &self.places.file)
    }
}
