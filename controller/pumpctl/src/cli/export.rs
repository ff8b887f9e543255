//! The command that writes a run as tables.

use std::path::PathBuf;

use clap::Args;

use super::RunName;

pub(crate) const HELP: &str = "\
Examples:
  pumpctl export 12 --csv run-12
  pumpctl export last --parquet run-12 --force

In a notebook:
  import pandas as pd
  state = pd.read_csv('run-12/state.csv', parse_dates=['t_utc'], dtype_backend='numpy_nullable')
or
  state = pd.read_parquet('run-12/state.parquet', dtype_backend='numpy_nullable')
(without that backend pandas makes floats of a column of integers with gaps)

What is written into DIR, which is made where it is missing:
  events        every event and operator's action, with the figures that it has
  boluses       a row for each that ended, was refused or is open still
  alarms        a row for each, with its beginning and end
  state         the ledger, the windows and the reservoir, at least every five minutes
  prescription  what was armed: regimens, drugs, caps, hashes
  prescription.toml  the prescription as it was written
  run.json      hashes of prescription, plugins, device file and drug library, the stretch of
                the journal, what the columns mean, and the whole of `pumpctl report --json`

The unit of a column is the end of its name. `t_utc` is empty where the clock was not known
good; `t_mono_ns` counts from the boot that `boot` names; `t_pump_ns` is the pump's own clock,
which goes on over restarts and no wall clock moves. Columns in `steps` are exact; those in `nl`
are the steps times the volume of a step: in CSV to nine decimals, in Parquet as the nearest
double.

Parquet needs a pumpctl that was built with it (`--features parquet`), which the packaged one
is. The tables are the same.

Exit codes: 0 fine, 1 there is no journal or no such run, it can't be read, or a file is there
already or can't be written; 2 the command line is wrong. Where it fails, no file was changed.";

#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("form").required(true).multiple(true)))]
pub(crate) struct ExportArgs {
    /// The run: the number that `pumpctl report --list` shows, or `last`.
    #[arg(value_name = "RUN")]
    pub(crate) run: RunName,
    /// Write comma-separated values into this folder.
    #[arg(long, value_name = "DIR", group = "form")]
    pub(crate) csv: Option<PathBuf>,
    /// Write Parquet into this folder.
    #[arg(long, value_name = "DIR", group = "form")]
    pub(crate) parquet: Option<PathBuf>,
    /// Replace files that are there already.
    #[arg(long)]
    pub(crate) force: bool,
    /// Where the daemon keeps its journal.
    #[arg(long, value_name = "DIR", default_value = "/var/lib/pumpd")]
    pub(crate) state_dir: PathBuf,
}
