//! `pumpctl strategy`: for those who write strategies.
//!
//! No plugin is ever loaded into this process: what one declares comes from a probe in a
//! child, and what one does is checked in children too (`strategy-check`).

mod check;
pub(crate) mod describe;
mod list;
mod new;
mod sdk;
pub(crate) mod steps;

use std::path::Path;
use std::sync::Arc;

use strategy_host::{Image, PROBE_TIMEOUT, Probed, StrategyFolders};

use crate::cli::StrategyCommand;
use crate::failure::Failure;

pub(crate) fn run(command: &StrategyCommand) -> Result<(), Failure> {
    match command {
        StrategyCommand::List(args) => list::run(args),
        StrategyCommand::Check(args) => check::run(args),
        StrategyCommand::New(args) => new::run(args),
        StrategyCommand::Describe(args) => describe::run(args),
    }
}

/// The strategy that is named, or the one in the file that is named.
fn probed(strategies: &StrategyFolders, named: &str) -> Result<Arc<Probed>, Failure> {
    let is_file = named.contains('/') || named.ends_with(".so");
    if !is_file {
        return strategies.probed(named).map_err(Failure::input);
    }
    let image = Image::read(Path::new(named)).map_err(Failure::input)?;
    let probed = image.probe(strategies.helper(), PROBE_TIMEOUT);
    probed.map(Arc::new).map_err(Failure::input)
}

/// JSON as it is printed.
fn document(value: &serde_json::Value) -> Result<String, Failure> {
    let text = serde_json::to_string_pretty(value).map_err(Failure::input)?;
    Ok(format!("{text}\n"))
}
