//! Makes a journal one of version 1, for those who want to see it brought up to date:
//! `older FOLDER`. It must be one of which nothing was pruned yet.

use std::path::PathBuf;
use std::process::ExitCode;

use pump_journal::Store;
use rusqlite::Connection;

/// What version 2 added.
const BACK: &str = "DROP TABLE anchor; DROP TABLE boot; PRAGMA user_version = 1;";

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("usage: older FOLDER");
        return ExitCode::from(2);
    };
    match older(&folder) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn older(folder: &std::path::Path) -> Result<(), Box<dyn std::error::Error>> {
    // In good order, so that all of it is in the one file.
    let (store, _) = Store::open(folder)?;
    store.close()?;
    let connection = Connection::open(folder.join("journal.db"))?;
    connection.execute_batch(BACK)?;
    connection.close().map_err(|(_, error)| error)?;
    Ok(())
}
