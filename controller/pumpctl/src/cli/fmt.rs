//! The command that lays out TOML.

use std::path::PathBuf;

use clap::Args;

pub(super) const HELP: &str = "\
Examples:
  pumpctl fmt rx.toml
  pumpctl fmt --check config/*.toml config/*/*.toml

Any TOML will do: prescriptions, pump.toml, drug libraries, scenarios. Only white space is
written anew. Comments, the order of keys and the way values are written stay, and a file is
replaced whole or not at all. What is no TOML is refused with its line and left as it is;
`pumpctl check` says more about it.

A file that is armed is known by its hash: formatted it is another one, and is armed anew.

Exit codes: 0 all are in their layout now, or were with --check; 1 one is not TOML or can't be
written, or --check would change one; 2 the command line is wrong.";

#[derive(Debug, Args)]
pub(crate) struct FmtArgs {
    /// The files.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Change nothing: name the files that would be.
    #[arg(long)]
    pub(crate) check: bool,
}
