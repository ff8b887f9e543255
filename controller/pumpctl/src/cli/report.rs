//! The command that reports on runs.

use std::path::PathBuf;

use clap::Args;

use super::RunName;

pub(crate) const HELP: &str = "\
Examples:
  pumpctl report --list            the runs that the journal holds
  pumpctl report 12                the run of arming 12

A run begins with an arming and ends with the next one, a disarming or a restart.

Exit codes: 0 fine, 1 there is no journal or no such run, or it can't be read; 2 the command
line is wrong.";

#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    /// The run: the number that --list shows, or `last`.
    #[arg(value_name = "RUN", default_value = "last")]
    pub(crate) run: RunName,
    /// Where the daemon keeps its journal.
    #[arg(long, value_name = "DIR", default_value = "/var/lib/pumpd")]
    pub(crate) state_dir: PathBuf,
    /// List the runs.
    #[arg(long)]
    pub(crate) list: bool,
    /// Print one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
}
