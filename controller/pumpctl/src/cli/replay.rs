//! The command that does a run again.

use std::path::PathBuf;

use clap::Args;

use super::RunName;

pub(crate) const HELP: &str = "\
Examples:
  pumpctl replay --list                     the runs that the journal holds
  pumpctl replay last                       the last one
  pumpctl replay 7 --journal copy.db        on another machine (copy `copy.db-wal` too)
  pumpctl replay 7 --tape tape.csv          edge by edge, with the tape that pumpd wrote
  pumpctl replay 7 --with target/release/libpca.so
  pumpctl replay 7 --with rx-new.toml       what another prescription would have done

A run is what was done with one arming. The journal holds the state that it began with and
everything that the control law was told and that does not follow from it: orders, presses,
commands, lines, credit, and how late a wake-up was where that was told. Replayed, it plans the
same edges and each has the same fate: `same: 12,345 edges, 3 boluses, 86,400 orders`.

The strategies are asked again too, by the plugins with the very hashes of then, which are looked
for beside this program, in /usr/lib/pumpd/strategies and in each --strategies DIR. A strategy
that answers differently is no function of what it is shown, or is not the same on this machine.

--with lives through the run's presses, commands and lines with another plugin in place of the one
of its name, or with another prescription, checked for the run's own device and drug library. Its
orders come without delay, its credit is there at once and no edge is late.

Exit codes: 0 it is the same (--with: there is an answer), 1 it is not, or it can't be replayed,
2 the command line is wrong.";

#[derive(Debug, Args)]
pub(crate) struct ReplayArgs {
    /// The run: its number, or `last`.
    #[arg(value_name = "RUN", required_unless_present = "list")]
    pub(crate) run: Option<RunName>,
    /// Tell which runs there are.
    #[arg(long, conflicts_with_all = ["run", "with", "tape"])]
    pub(crate) list: bool,
    /// The journal: the daemon's state folder, or a file that was copied from there.
    #[arg(
        long,
        value_name = "PATH",
        default_value = "/var/lib/pumpd",
        visible_alias = "state-dir"
    )]
    pub(crate) journal: PathBuf,
    /// Another plugin (.so) or another prescription (.toml): what would that have done?
    #[arg(long, value_name = "FILE", conflicts_with = "tape")]
    pub(crate) with: Option<PathBuf>,
    /// Compare with the tape that pumpd wrote, edge by edge.
    #[arg(long, value_name = "FILE.csv")]
    pub(crate) tape: Option<PathBuf>,
    /// A further folder of strategy plugins; repeatable.
    #[arg(long, value_name = "DIR")]
    pub(crate) strategies: Vec<PathBuf>,
    /// Print one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
}
