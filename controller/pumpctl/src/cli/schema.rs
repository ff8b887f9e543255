//! The command that writes schemas for editors.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

pub(super) const HELP: &str = "\
Examples:
  pumpctl schema pump
  pumpctl schema prescription --strategies my-strategies/ > prescription.schema.json

Editors that know JSON schemas of TOML (those with taplo, for example \"Even Better TOML\") find
one by the first line of a file, which `pumpctl new` writes:
  #:schema prescription.schema.json

The schema of a prescription holds the parameters of every strategy that is installed or in a
further folder; config/schema has those of the strategies that come with the pump. It helps
while typing; what a file comes to is said by `pumpctl check`.

Exit codes: 0 fine, 1 there is no strategy, 2 the command line is wrong.";

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SchemaOf {
    /// What is to be given.
    Prescription,
    /// The device, pump.toml.
    Pump,
    /// What is allowed for a drug.
    DrugLibrary,
    /// What happens in a simulation.
    Scenario,
}

#[derive(Debug, Args)]
pub(crate) struct SchemaArgs {
    /// Which file's.
    #[arg(value_enum, value_name = "FILE")]
    pub(crate) of: SchemaOf,
    /// A further folder of strategy plugins; repeatable.
    #[arg(long, value_name = "DIR")]
    pub(crate) strategies: Vec<PathBuf>,
}
