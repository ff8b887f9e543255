//! `strategy-host declare`: what a strategy declares, for a program that loads none.

use crate::folders::{FolderError, StrategyFolders};
use crate::helper::Helper;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use strategy_link::protocol::Declared;

/// Finds the strategy in the folders, probes it in a child, and writes a
/// [`Declared`](strategy_link::protocol::Declared) to standard output; or one line on why
/// not to standard error, and exits with 1.
pub fn declare_main(folders: &[PathBuf], name: &str) -> ExitCode {
    let answer = declare(folders, name).and_then(|declared| {
        let bytes = declared.to_bytes().map_err(|error| error.to_string())?;
        let mut output = std::io::stdout().lock();
        output
            .write_all(&bytes)
            .and_then(|()| output.flush())
            .map_err(|error| format!("the answer can't be written: {error}"))
    });
    match answer {
        Ok(()) => ExitCode::SUCCESS,
        Err(cause) => {
            let line = crate::printed::one_line(&cause, 4096);
            let _ = writeln!(std::io::stderr(), "{line}");
            ExitCode::FAILURE
        }
    }
}

fn declare(folders: &[PathBuf], name: &str) -> Result<Declared, String> {
    let told = |error: Arc<FolderError>| error.to_string();
    // The program that probes is this one, wherever it lies.
    let program = std::env::current_exe().map_err(|error| format!("who am I? {error}"))?;
    let mut found = StrategyFolders::new(Helper::at(program));
    for folder in folders {
        found.add(folder).map_err(|error| error.to_string())?;
    }
    let probed = found.probed(name).map_err(told)?;
    Ok(Declared {
        path: probed.path().to_owned(),
        sha256: probed.sha256(),
        descriptor: probed.descriptor.clone(),
    })
}
