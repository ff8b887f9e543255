//! The writer.

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use crate::chain::{Head, link};
use crate::connect;
use crate::lock::Lock;
use crate::look::Look;
use crate::places::{Identity, Places, uri};
use crate::record::{Batch, DURABLE, Durable, Entry, MAX_BODY, PRUNED, Row};
use crate::refusal::OpenError;
use crate::retention::{self, Retention, Tidied};
use crate::running::Running;
use crate::schema::{self, VERSION};
use crate::stamp::Stamp;
use crate::tables::Tables;
use crate::trouble::{Trouble, TroubleKind};

/// The longest kind of an entry, in bytes.
const MAX_KIND: usize = 64;

/// From how many pages on what was committed is moved into the file by [`Store::tidy`].
const MANY_PAGES: i64 = 500;

/// The same by [`Store::commit`], which then takes longer.
const TOO_MANY_PAGES: i64 = 1000;

/// How often half a second is waited for readers before a journal is written.
const READERS_TAKE: u32 = 20;

/// The writer of a journal. There is one at a time; readers don't disturb it. All is done
/// in the calling thread.
#[derive(Debug)]
pub struct Store {
    pub(crate) places: Places,
    /// `None` while it is opened anew.
    pub(crate) connection: Option<Connection>,
    pub(crate) state: State,
    /// Where the chain ends if a commit that failed did not.
    pub(crate) doubt: Option<Head>,
    /// The files that are written, whatever lies under their names by now.
    pub(crate) identities: (Option<Identity>, Option<Identity>),
    /// The disk has failed: what is in the log beyond its last sync may be lost.
    pub(crate) shaky: bool,
    /// They were not in their place, and the caller was told.
    pub(crate) displaced: bool,
    retention: Retention,
    _lock: Lock,
}

/// The end of what is committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) head: Head,
    pub(crate) running: Running,
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
        Self::with_retention(folder, Retention::STANDARD)
    }

    /// The same, keeping more or less than usual.
    ///
    /// # Errors
    /// As for [`Store::open`].
    pub fn with_retention(
        folder: &Path,
        retention: Retention,
    ) -> Result<(Self, Recovered), OpenError> {
        let places = Places::new(folder);
        let lock = Lock::take(&places)?;
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
        let found = Look::at(&places, wal.is_some())?;
        let migrated_from = (found.version != VERSION).then_some(found.version);
        let known = found.recovered.clone();
        let mut connection = found.writable(&places)?;
        if let Some(from) = migrated_from {
            schema::migrate(&mut connection, &places.file, from)?;
        }
        let recovered = Recovered {
            created,
            migrated_from,
            ..known
        };
        let state = begin(&places, &connection, recovered.head)?;
        let store = Self {
            identities: places.identities()?,
            places,
            connection: Some(connection),
            state,
            doubt: None,
            shaky: false,
            displaced: false,
            retention,
            _lock: lock,
        };
        Ok((store, recovered))
    }

    /// Makes a batch durable: when this returns, it outlives a loss of power. An empty one
    /// only looks whether the journal is in its place.
    ///
    /// # Errors
    /// Where it returns trouble, the batch may still be found after a loss of power, whole or
    /// not at all. It may be tried again at any time, and works as soon as the cause is gone;
    /// if the failed attempt was found then, its entries are there twice.
    pub fn commit(&mut self, batch: &Batch) -> Result<Receipt, Trouble> {
        let begun = Instant::now();
        self.ready()?;
        if !batch.entries.is_empty() || batch.durable.is_some() {
            self.change(|change| change.batch(batch))?;
            // What was written into a file that nobody finds again is not durable.
            self.in_place()?;
            // The batch is durable whatever comes of this; trouble is the next one's.
            let _ = self.shorten(TOO_MANY_PAGES);
        }
        Ok(Receipt {
            head: self.state.head,
            took: begun.elapsed(),
        })
    }

    /// Does what can wait and may take longer than a commit: prunes some entries where there
    /// are too many, and moves what was committed into the file. Call it now and then when
    /// nothing is urgent, and again while it says that there is more.
    ///
    /// # Errors
    /// As for [`Store::commit`].
    pub fn tidy(&mut self, now: &Stamp) -> Result<Tidied, Trouble> {
        self.ready()?;
        let retention = self.retention;
        let tidied = self.change(|change| change.prune(&retention, now))?;
        self.shorten(MANY_PAGES)?;
        self.in_place()?;
        Ok(tidied)
    }

    /// The end of the chain.
    pub const fn head(&self) -> Head {
        self.state.head
    }

    /// Ends in good order. A store that is dropped looks like one that died.
    ///
    /// # Errors
    /// What keeps it from being written; then it was closed as if it had died.
    pub fn close(mut self) -> Result<(), Trouble> {
        self.ready()?;
        let file = &self.places.file;
        let trouble = |error| Trouble::of(file, &error);
        let Some(connection) = self.connection.take() else {
            return Ok(());
        };
        Tables::new(&connection, file).put_head(self.state.head, true)?;
        connection
            .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)
            .map_err(trouble)?;
        connection.close().map_err(|(_, error)| trouble(error))
    }

    /// Moves what was committed into the file, where it is so many pages.
    fn shorten(&mut self, pages: i64) -> Result<(), Trouble> {
        let Some(connection) = &self.connection else {
            return Ok(());
        };
        let shortened = connect::pages(connection).and_then(|there| match there >= pages {
            true => checkpoint(connection, "PASSIVE").map(drop),
            false => Ok(()),
        });
        shortened.map_err(|error| {
            self.shaky = true;
            Trouble::of(&self.places.file, &error)
        })
    }

    /// Does something in one transaction. When this returns, it is durable.
    fn change<T>(
        &mut self,
        what: impl FnOnce(&mut Change<'_>) -> Result<T, Trouble>,
    ) -> Result<T, Trouble> {
        let file = &self.places.file;
        let Some(connection) = &mut self.connection else {
            return Err(Trouble::new(TroubleKind::Io, file, "it is not open"));
        };
        match attempt(connection, file, self.state, what) {
            Ok((done, state)) => {
                (self.state, self.doubt) = (state, None);
                Ok(done)
            }
            Err((trouble, doubt)) => {
                self.doubt = doubt.or(self.doubt);
                self.shaky |= trouble.kind != TroubleKind::Unfit;
                Err(trouble)
            }
        }
    }
}

/// Does something in one transaction. Where it fails, the end of the chain as it would be if
/// it did not.
fn attempt<T>(
    connection: &mut Connection,
    file: &Path,
    state: State,
    what: impl FnOnce(&mut Change<'_>) -> Result<T, Trouble>,
) -> Result<(T, State), (Trouble, Option<Head>)> {
    let none = |trouble| (trouble, None);
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(|error| none(Trouble::of(file, &error)))?;
    let mut change = Change {
        tables: Tables::new(&transaction, file),
        state,
    };
    let known = change.tables.head().map_err(none)?.head;
    if known != state.head {
        return Err(none(change.tables.damaged(format!(
            "another program wrote into it: it ends with entry {known}, not with entry {}",
            state.head
        ))));
    }
    let done = what(&mut change).map_err(none)?;
    let state_now = change.state;
    if state_now == state {
        return Ok((done, state));
    }
    change
        .tables
        .put_head(state_now.head, false)
        .map_err(none)?;
    transaction
        .commit()
        .map_err(|error| (Trouble::of(file, &error), Some(state_now.head)))?;
    Ok((done, state_now))
}

/// A transaction under way.
struct Change<'a> {
    tables: Tables<'a>,
    state: State,
}

impl Change<'_> {
    fn batch(&mut self, batch: &Batch) -> Result<(), Trouble> {
        for entry in &batch.entries {
            if [DURABLE, PRUNED].contains(&entry.kind.as_str()) {
                let detail = format!("the kind `{}` is the journal's own", entry.kind);
                return Err(self.unfit(detail));
            }
            self.append(entry)?;
        }
        if let Some(durable) = &batch.durable {
            let head = self.append(&durable.entry())?;
            self.tables.put_durable(head.seq, durable)?;
        }
        Ok(())
    }

    fn prune(&mut self, retention: &Retention, now: &Stamp) -> Result<Tidied, Trouble> {
        let (tables, end) = (self.tables, self.state.head);
        retention::prune(tables, retention, end, now, |entry| self.append(entry))
    }

    fn append(&mut self, entry: &Entry) -> Result<Head, Trouble> {
        let allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
        let kind = &entry.kind;
        if kind.is_empty() || kind.len() > MAX_KIND || !kind.bytes().all(allowed) {
            return Err(self.unfit(format!("`{kind}` is no kind of an entry")));
        }
        let body = entry.body.to_string();
        if body.len() > MAX_BODY {
            return Err(self.unfit(format!("a body of {} bytes is too long", body.len())));
        }
        let last = self.state.head;
        let seq = last.seq.saturating_add(1);
        let hash = link(last.hash, seq, kind, &entry.stamp, &body);
        self.tables.put_row(&Row {
            seq,
            kind: kind.clone(),
            stamp: entry.stamp,
            body,
            hash,
        })?;
        if let Some(begun) = self.state.running.advance(seq, &entry.stamp) {
            self.tables.put_stretch(&begun)?;
        }
        self.state.head = Head { seq, hash };
        Ok(self.state.head)
    }

    fn unfit(&self, detail: String) -> Trouble {
        Trouble::new(TroubleKind::Unfit, self.tables.file, detail)
    }
}

/// Makes an empty journal, under its name only when it is whole.
fn create(places: &Places) -> Result<(), Trouble> {
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
    connect::log_ahead(&connection).map_err(trouble)?;
    connection.close().map_err(|(_, error)| trouble(error))?;
    places.put_in_place()
}

/// Says in the file itself that it is being written, so that a loss of what is beside it
/// shows.
pub(crate) fn begin(
    places: &Places,
    connection: &Connection,
    head: Head,
) -> Result<State, Trouble> {
    let file = &places.file;
    let tables = Tables::new(connection, file);
    let running = tables.running(head.seq)?;
    renew(connection, file)?;
    tables.put_head(head, false)?;
    checkpoint(connection, "PASSIVE").map_err(|error| Trouble::of(file, &error))?;
    Ok(State { head, running })
}

/// Moves everything into the file and begins the log anew. What a power cut has left at the
/// end of a log may end within a sector, and whatever is written next could spoil the rest of
/// that sector.
fn renew(connection: &Connection, file: &Path) -> Result<(), Trouble> {
    for _ in 0..READERS_TAKE {
        if checkpoint(connection, "RESTART").map_err(|error| Trouble::of(file, &error))? {
            return Ok(());
        }
    }
    let detail = "somebody has been reading it for so long that it can't be begun anew";
    Err(Trouble::new(TroubleKind::Busy, file, detail))
}

/// Moves what was committed into the file, as far as readers let it. Whether all of it was.
pub(crate) fn checkpoint(connection: &Connection, how: &str) -> rusqlite::Result<bool> {
    let asked = format!("PRAGMA wal_checkpoint({how})");
    connection.query_row(&asked, (), |row| {
        let (busy, pages, moved): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(busy == 0 && pages == moved)
    })
}
