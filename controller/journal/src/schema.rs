//! The tables, and how an older journal becomes one of this version.

use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::chain::Head;
use crate::tables::Tables;
use crate::trouble::Trouble;

/// The version of the schema, kept in SQLite's `user_version`.
pub const VERSION: u32 = 1;

/// Says that a SQLite file is a journal: "pump" in SQLite's `application_id`.
pub(crate) const APPLICATION: u32 = 0x7075_6d70;

/// Version 1. Numbers are 64 bits with a sign and never negative; a hash has 32 bytes.
const FIRST: &str = include_str!("schema/1.sql");

/// Fills an empty file.
pub(crate) fn create(connection: &Connection, tables: Tables<'_>) -> Result<(), Trouble> {
    let made = connection.execute_batch(&format!(
        "PRAGMA page_size = 4096; PRAGMA application_id = {APPLICATION}; BEGIN; {FIRST}
         PRAGMA user_version = 1; COMMIT;"
    ));
    made.map_err(|error| tables.trouble(&error))?;
    tables.put_head(Head::EMPTY, true)
}

/// Brings an older journal up to date, whole or not at all.
pub(crate) fn migrate(
    connection: &mut Connection,
    found: u32,
    file: &std::path::Path,
) -> Result<(), Trouble> {
    let trouble = |error: rusqlite::Error| Trouble::of(file, &error);
    let change = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(trouble)?;
    for from in found..VERSION {
        step(&change, from)?;
    }
    change
        .pragma_update(None, "user_version", VERSION)
        .map_err(trouble)?;
    change.commit().map_err(trouble)
}

/// From one version to the next.
fn step(_change: &Transaction<'_>, _from: u32) -> Result<(), Trouble> {
    Ok(())
}
