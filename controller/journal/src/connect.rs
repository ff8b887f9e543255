//! How the file is opened.

use std::fs::File;
use std::io::Read as _;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::places::{Places, uri};
use crate::refusal::OpenError;
use crate::schema::APPLICATION;
use crate::trouble::Trouble;

/// How long a lock of somebody else is waited for.
const PATIENCE: Duration = Duration::from_millis(500);

/// The bytes that every SQLite file begins with.
const MAGIC: &[u8] = b"SQLite format 3\0";

/// Whether the file begins as a journal does, seen without SQLite, which would begin to work
/// on it. Not for a file that this process has open: closing it here would drop its locks.
pub(crate) fn recognise(places: &Places) -> Result<(), OpenError> {
    let file = &places.file;
    let mut beginning = [0; 100];
    let read = File::open(file).and_then(|mut opened| opened.read_exact(&mut beginning));
    match read {
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            let detail = "it is cut off within its first 100 bytes";
            return Err(Trouble::damaged(file, detail).into());
        }
        Err(error) => return Err(Trouble::os(file, &error).into()),
        Ok(()) => {}
    }
    let foreign = |detail: &str| {
        Err(OpenError::Foreign {
            file: file.clone(),
            detail: detail.to_owned(),
        })
    };
    if !beginning.starts_with(MAGIC) {
        return foreign("it is no SQLite file");
    }
    if beginning[68..72] != APPLICATION.to_be_bytes() {
        return foreign("it is the SQLite file of another program");
    }
    Ok(())
}

/// For the one who writes. Until it is closed in good order, the file is left as it is.
pub(crate) fn to_write(places: &Places) -> rusqlite::Result<Connection> {
    let connection = open(places, OpenFlags::SQLITE_OPEN_READ_WRITE, "")?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    Ok(connection)
}

/// Has a file written by way of a log ahead of it, from now on.
pub(crate) fn log_ahead(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "journal_mode", "WAL")
}

/// For somebody who looks at a file that somebody else may be writing.
pub(crate) fn to_read(places: &Places) -> rusqlite::Result<Connection> {
    open(places, OpenFlags::SQLITE_OPEN_READ_ONLY, "")
}

/// How many pages were committed and are not in the file yet.
pub(crate) fn pages(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA wal_checkpoint(NOOP)", (), |row| {
        let (pages, moved): (i64, i64) = (row.get(1)?, row.get(2)?);
        Ok(pages - moved)
    })
}

/// A file that nobody writes and that has nothing beside it, without making anything there.
pub(crate) fn at_rest(places: &Places) -> rusqlite::Result<Connection> {
    open(places, OpenFlags::SQLITE_OPEN_READ_ONLY, "&immutable=1")
}

fn open(places: &Places, how: OpenFlags, options: &str) -> rusqlite::Result<Connection> {
    // Without "psow", SQLite takes it that a torn write can spoil the whole sector it is in,
    // and ends each commit beyond the sector that the next one begins with.
    let connection = Connection::open_with_flags(
        uri(&places.file, &format!("psow=0{options}")),
        how | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    connection.busy_timeout(PATIENCE)?;
    // SQLite would keep to itself that moving what was committed into the file has failed, so
    // it is left to the store.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.execute_batch(
        "PRAGMA synchronous = FULL;
         PRAGMA cell_size_check = ON;
         PRAGMA temp_store = MEMORY;
         PRAGMA cache_size = -2048;
         PRAGMA journal_size_limit = 8388608;
         PRAGMA wal_autocheckpoint = 0;",
    )?;
    Ok(connection)
}
