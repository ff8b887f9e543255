//! `pumpctl strategy list`.

use std::fmt::Write as _;

use serde_json::{Value, json};
use strategy_host::StrategyFolders;

use super::document;
use crate::cli::ListArgs;
use crate::failure::Failure;
use crate::output;
use crate::places;

/// Lists every strategy, and with each one that can't be used why.
pub(crate) fn run(args: &ListArgs) -> Result<(), Failure> {
    let strategies = places::strategies(&args.strategies)?;
    if args.json {
        let list: Vec<Value> = strategies
            .names()
            .iter()
            .map(|name| entry(&strategies, name))
            .collect();
        return output::print(&document(&Value::Array(list))?);
    }
    output::print(&table(&strategies))
}

fn entry(strategies: &StrategyFolders, name: &str) -> Value {
    match strategies.probed(name) {
        Ok(probed) => json!({
            "name": name,
            "version": probed.declaration().version,
            "summary": probed.declaration().summary,
            "sha256": probed.sha256().to_string(),
            "path": probed.path(),
        }),
        Err(error) => json!({ "name": name, "error": error.to_string() }),
    }
}

fn table(strategies: &StrategyFolders) -> String {
    let names = strategies.names();
    if names.is_empty() {
        let folders = strategies.folders().iter();
        let folders: Vec<String> = folders.map(|folder| folder.display().to_string()).collect();
        return format!("there is no strategy in {}\n", folders.join(" or "));
    }
    let mut text = String::new();
    for name in names {
        match strategies.probed(&name) {
            Ok(probed) => {
                let declared = probed.declaration();
                let _ = writeln!(text, "{name} {}: {}", declared.version, declared.summary);
                let _ = writeln!(text, "  sha256 {}", probed.sha256());
                let _ = writeln!(text, "  {}", probed.path().display());
            }
            Err(error) => {
                let _ = writeln!(text, "{name}: can't be used\n  {error}");
            }
        }
    }
    text
}
