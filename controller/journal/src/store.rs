//! The writer.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use crate::chain::{Head, link};
use crate::connect;
use crate::look::Look;
use crate::places::{Identity, Places, uri};
use crate::record::{Batch, DURABLE, Durable, Entry, MAX_BODY, Row};
use crate::refusal::OpenError;
use crate::schema::{self, VERSION};
use crate::stamp::Stamp;
use crate::tables::Tables;
use crate::trouble::{Trouble, TroubleKind};

/// The longest kind of an entry, in bytes.
const MAX_KIND: usize = 64;

/// The writer of a journal. There is one at a time; readers don't disturb it. All is done
/// in the calling thread.
#[derive(Debug)]
pub struct Store {
    places: Places,
    connection: Connection,
    head: Head,
    /// The files that are written, whatever lies under their names by now.
    identities: (Option<Identity>, Option<Identity>),
    _lock: File,
}

/// What a journal knows when it is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovered {
    /// What was durable last.
    pub durable: Option<Durable>,
    /// The end of the chain.
    pub head: Head,
    /// The stamp of the last entry.
    pub last: Option<Stamp>,
    /// The writer before ended by [`Store::close`]; otherwise it died or lost its power.
    pub clean: bool,
    /// There was no journal, and this is a new one: of what was before nothing is known.
    pub created: bool,
    /// The version of the schema that it was brought up from.
    pub migrated_from: Option<u32>,
}

/// A batch is durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The end of the chain now.
    pub head: Head,
    /// How long it took. What is too slow is for the caller to say.
    pub took: Duration,
}

impl Store {
    /// Opens the journal of a folder, which must be there, for writing. Makes one where there
    /// is none.
    ///
    /// What is judged here takes no longer in an old journal than in a new one: the last
    /// durable state and everything after it. [`Reader::verify`](crate::Reader::verify)
    /// judges all.
    ///
    /// # Errors
    /// Anything but a journal that is sound as far as that is refused, and left as it is.
    pub fn open(folder: &Path) -> Result<(Self, Recovered), OpenError> {
        let places = Places::new(folder);
        let lock = lock(&places)?;
        let (file, wal) = places.identities()?;
        let created = file.is_none();
        if created {
            if wal.is_some() {
                let detail = "it is missing, while journal.db-wal is there";
                return Err(Trouble::damaged(&places.file, detail).into());
            }
            create(&places)?;
        }
        connect::recognise(&places)?;
        let mut found = Look::at(&places, wal.is_some())?;
        let mut connection = found.writable(&places)?;
        let migrated_from = (found.version != VERSION).then_some(found.version);
        if let Some(from) = migrated_from {
            schema::migrate(&mut connection, from, &places.file)?;
        }
        let recovered = Recovered {
            created,
            migrated_from,
            ..found.recovered
        };
        begin(&places, &connection, recovered.head)?;
        let store = Self {
            identities: places.identities()?,
            places,
            connection,
            head: recovered.head,
            _lock: lock,
        };
        Ok((store, recovered))
    }

    /// Makes a batch durable: when this returns, it outlives a loss of power.
    ///
    /// # Errors
    /// Where it returns trouble, the batch may still be found after a loss of power, whole or
    /// not at all; but the next batch comes after the last one that was committed. It may be
    /// tried again at any time, and works as soon as the cause is gone.
    pub fn commit(&mut self, batch: &Batch) -> Result<Receipt, Trouble> {
        let begun = Instant::now();
        self.in_place()?;
        if !batch.entries.is_empty() || batch.durable.is_some() {
            self.head = self.write(batch)?;
            // What was written into a file that nobody finds again is not durable.
            self.in_place()?;
        }
        Ok(Receipt {
            head: self.head,
            took: begun.elapsed(),
        })
    }

    /// The end of the chain.
    pub const fn head(&self) -> Head {
        self.head
    }

    /// Ends in good order. A store that is dropped looks like one that died.
    ///
    /// # Errors
    /// What keeps it from being written; then it was closed as if it had died.
    pub fn close(self) -> Result<(), Trouble> {
        self.in_place()?;
        let file = &self.places.file;
        let trouble = |error| Trouble::of(file, &error);
        Tables::new(&self.connection, file).put_head(self.head, true)?;
        self.connection
            .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)
            .map_err(trouble)?;
        self.connection.close().map_err(|(_, error)| trouble(error))
    }

    /// Whether the files under the journal's names are those that are written.
    fn in_place(&self) -> Result<(), Trouble> {
        let now = self.places.identities()?;
        for (file, known, found) in [
            (&self.places.file, self.identities.0, now.0),
            (&self.places.wal, self.identities.1, now.1),
        ] {
            if known == found {
                continue;
            }
            let (kind, detail) = match found {
                None => (TroubleKind::Gone, "no file of that name"),
                Some(_) => (TroubleKind::Replaced, "it is not the file that was opened"),
            };
            return Err(Trouble::new(kind, file, detail));
        }
        Ok(())
    }

    fn write(&mut self, batch: &Batch) -> Result<Head, Trouble> {
        let file = &self.places.file;
        let trouble = |error| Trouble::of(file, &error);
        let change = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(trouble)?;
        let tables = Tables::new(&change, file);
        let known = tables.head()?.head;
        if known != self.head {
            return Err(tables.damaged(format!(
                "another program wrote into it: it ends with {known}, not with {}",
                self.head
            )));
        }
        let mut head = known;
        for entry in &batch.entries {
            if entry.kind == DURABLE {
                return Err(unfit(file, "the kind `durable` is the journal's own"));
            }
            head = append(tables, file, head, entry)?;
        }
        if let Some(durable) = &batch.durable {
            head = append(tables, file, head, &durable.entry())?;
            tables.put_durable(head.seq, durable)?;
        }
        tables.put_head(head, false)?;
        change.commit().map_err(trouble)?;
        Ok(head)
    }
}

fn lock(places: &Places) -> Result<File, OpenError> {
    let opened = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&places.lock);
    let lock = opened.map_err(|error| Trouble::os(&places.lock, &error))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse(places.lock.clone())),
        Err(TryLockError::Error(error)) => Err(Trouble::os(&places.lock, &error).into()),
    }
}

/// Makes an empty journal, under its name only when it is whole.
fn create(places: &Places) -> Result<(), OpenError> {
    places.clear_scratch()?;
    let trouble = |error| Trouble::of(&places.scratch, &error);
    let connection = Connection::open_with_flags(
        uri(&places.scratch, ""),
        OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_URI,
    )
    .map_err(trouble)?;
    schema::create(&connection, Tables::new(&connection, &places.scratch))?;
    connection
        .pragma_update(None, "journal_mode", "WAL")
        .map_err(trouble)?;
    connection.close().map_err(|(_, error)| trouble(error))?;
    Ok(places.put_in_place()?)
}

/// Says in the file itself that it is being written, so that a loss of what is beside it
/// shows.
fn begin(places: &Places, connection: &Connection, head: Head) -> Result<(), Trouble> {
    let file = &places.file;
    Tables::new(connection, file).put_head(head, false)?;
    connection
        .query_row("PRAGMA wal_checkpoint(PASSIVE)", (), |_| Ok(()))
        .map_err(|error| Trouble::of(file, &error))
}

fn append(tables: Tables<'_>, file: &Path, last: Head, entry: &Entry) -> Result<Head, Trouble> {
    let allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
    let kind = &entry.kind;
    if kind.is_empty() || kind.len() > MAX_KIND || !kind.bytes().all(allowed) {
        return Err(unfit(file, &format!("`{kind}` is no kind of an entry")));
    }
    let body = entry.body.to_string();
    if body.len() > MAX_BODY {
        let length = body.len();
        return Err(unfit(
            file,
            &format!("a body of {length} bytes is too long"),
        ));
    }
    let seq = last.seq.saturating_add(1);
    let hash = link(last.hash, seq, kind, &entry.stamp, &body);
    tables.put_row(&Row {
        seq,
        kind: kind.clone(),
        stamp: entry.stamp,
        body,
        hash,
    })?;
    Ok(Head { seq, hash })
}

fn unfit(file: &Path, detail: &str) -> Trouble {
    Trouble::new(TroubleKind::Unfit, file, detail)
}
