//! The tables, and how an older journal becomes one of this version.

use std::path::Path;

use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::chain::Head;
use crate::running::Running;
use crate::tables::Tables;
use crate::trouble::Trouble;

/// The version of the schema, kept in SQLite's `user_version`.
pub const VERSION: u32 = 2;

/// Says that a SQLite file is a journal: "pump" in SQLite's `application_id`.
pub(crate) const APPLICATION: u32 = 0x7075_6d70;

/// The tables of version 1. A published version never changes again.
const FIRST: &str = include_str!("schema/1.sql");

/// The tables that version 2 has besides.
const SECOND: &str = include_str!("schema/2.sql");

/// Fills an empty file.
pub(crate) fn create(connection: &Connection, tables: Tables<'_>) -> Result<(), Trouble> {
    let made = connection.execute_batch(&format!(
        "PRAGMA page_size = 4096; PRAGMA application_id = {APPLICATION}; BEGIN; {FIRST} {SECOND}
         PRAGMA user_version = {VERSION}; COMMIT;"
    ));
    made.map_err(|error| tables.trouble(&error))?;
    tables.put_head(Head::EMPTY, true)
}

/// Brings an older journal, found sound, up to date, whole or not at all.
pub(crate) fn migrate(connection: &mut Connection, file: &Path, found: u32) -> Result<(), Trouble> {
    let trouble = |error: rusqlite::Error| Trouble::of(file, &error);
    let change = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(trouble)?;
    if found < 2 {
        second(&change, file)?;
    }
    change
        .pragma_update(None, "user_version", VERSION)
        .map_err(trouble)?;
    change.commit().map_err(trouble)
}

/// From version 1 to version 2: the running time is that of the entries which are there.
fn second(change: &Transaction<'_>, file: &Path) -> Result<(), Trouble> {
    let tables = Tables::new(change, file);
    change
        .execute_batch(SECOND)
        .map_err(|error| tables.trouble(&error))?;
    let mut running = Running::default();
    tables.walk(Head::EMPTY, |row| {
        match running.advance(row.seq, &row.stamp) {
            Some(begun) => tables.put_stretch(&begun),
            None => Ok(()),
        }
    })?;
    Ok(())
}

/// Everything that SQLite knows of a schema, as text.
pub(crate) fn text(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare(
        "SELECT concat_ws('|', type, name, tbl_name, sql) FROM sqlite_schema ORDER BY rowid",
    )?;
    let rows = statement.query_map((), |row| row.get(0))?;
    rows.collect()
}

/// The same of a journal as it should be.
pub(crate) fn expected() -> rusqlite::Result<Vec<String>> {
    let connection = Connection::open_in_memory()?;
    connection.execute_batch(FIRST)?;
    connection.execute_batch(SECOND)?;
    text(&connection)
}
