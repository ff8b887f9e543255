//! The command that reports on runs and days.

use std::path::PathBuf;

use clap::Args;

use super::RunName;
use super::history::instant;

pub(crate) const HELP: &str = "\
Examples:
  pumpctl report --list                        the runs that the journal holds
  pumpctl report                               the last run
  pumpctl report 12 --html run-12.html         run 12, with pictures, for a browser or a printer
  pumpctl report --day 2026-11-25 > day.md
  pumpctl report 12 --json | jq '.armed[0].delivered_steps'

A run begins with an arming and ends with the next one, a disarming or a restart of the daemon;
its name is the number of the arming. One that is not over is reported as far as it is written.

A day is in UTC. Entries from before the clock was known good have no UTC stamp and go with the
next that has one. The days of a run add up to the run: what was given is the difference of the
ledgers that the daemon wrote last before each midnight, which it does at least every five
minutes.

What was given is told exactly: a count of motor steps, times the volume of a step. Volumes and
masses that no short decimal is are marked with `about`; --json has steps and fractions.

Every entry that a report is made of is checked against the one before it. A journal of up to
50,000 entries is read whole besides; of a longer one --verify does that, which takes a while.

Exit codes: 0 fine, 1 there is no journal or no such run or day, or it can't be read, or it is
not as it was written, or a file can't be written; 2 the command line is wrong.";

#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    /// The run: the number that --list shows, or `last`.
    #[arg(value_name = "RUN", default_value = "last")]
    pub(crate) run: RunName,
    /// A day instead of a run: 2026-11-25, in UTC.
    #[arg(long, value_name = "DATE", value_parser = day, conflicts_with = "run")]
    pub(crate) day: Option<u64>,
    /// List the runs, the oldest first.
    #[arg(long, conflicts_with_all = ["run", "day", "html", "verify"])]
    pub(crate) list: bool,
    /// Where the daemon keeps its journal.
    #[arg(long, value_name = "DIR", default_value = "/var/lib/pumpd")]
    pub(crate) state_dir: PathBuf,
    /// Write a page with pictures to this file, instead of Markdown to standard output.
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Print one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
    /// Read the whole journal and say whether all of it is as it was written.
    #[arg(long)]
    pub(crate) verify: bool,
}

/// When a day begins, in nanoseconds since 1970.
fn day(text: &str) -> Result<u64, String> {
    let wrong = || "write a date like `2026-11-25`".to_owned();
    if text.len() != 10 {
        return Err(wrong());
    }
    instant(text).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_a_date_and_nothing_else() {
        assert_eq!(day("2025-11-25"), Ok(1_764_028_800_000_000_000));
        for text in ["", "2025-11-31", "2025-11-25T00:00:00Z", "today", "1h"] {
            assert!(day(text).is_err(), "{text}");
        }
    }
}
