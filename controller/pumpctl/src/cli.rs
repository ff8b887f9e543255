//! The command line.

// Named, since the generator of the manual pages includes this file too.
#[path = "cli/alarms.rs"]
mod alarms;
#[path = "cli/daemon.rs"]
mod daemon;
#[path = "cli/export.rs"]
mod export;
#[path = "cli/fmt.rs"]
mod fmt;
#[path = "cli/history.rs"]
mod history;
#[path = "cli/ledger.rs"]
mod ledger;
#[path = "cli/new.rs"]
mod new;
#[path = "cli/replay.rs"]
mod replay;
#[path = "cli/report.rs"]
mod report;
#[path = "cli/runs.rs"]
mod runs;
#[path = "cli/schema.rs"]
mod schema;
#[path = "cli/strategy.rs"]
mod strategy;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use pump_core::quantity::Nanoseconds;
use pump_prescription::read_span;

pub(crate) use alarms::{AlarmTestArgs, AlarmsArgs, ExplainArgs, TestedPriority};
pub(crate) use daemon::{ArmArgs, DaemonCommand, LatencyArgs, StatusArgs, WatchArgs};
pub(crate) use export::ExportArgs;
pub(crate) use fmt::FmtArgs;
pub(crate) use history::{HistoryArgs, Since};
pub(crate) use ledger::{LedgerArgs, NewSubjectArgs, RefillArgs};
pub(crate) use new::NewArgs;
pub(crate) use replay::ReplayArgs;
pub(crate) use report::ReportArgs;
pub(crate) use runs::RunName;
pub(crate) use schema::{SchemaArgs, SchemaOf};
pub(crate) use strategy::{
    CheckStrategyArgs, DescribeArgs, Language, ListArgs, NewStrategyArgs, StrategyArgs,
    StrategyCommand,
};

/// Checks prescriptions for an infusion pump, simulates them, and operates the daemon that
/// gives them.
///
/// A bench research tool for rigs with water, phantoms and dye. It is no medical device and
/// not for use on people.
#[derive(Debug, Parser)]
#[command(version, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    /// The daemon's socket [default: $PUMPD_SOCKET, then /run/pumpd/control.sock].
    #[arg(long, global = true, value_name = "PATH")]
    pub(crate) socket: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXIT_CODES: &str = "\
Exit codes: 0 fine, 1 the input is wrong or the daemon refuses, 2 the command line is wrong,
3 the daemon can't be reached, 4 you may not, 5 a run is under way (`status --at-rest`),
11 to 13 there are alarms (`alarms`).
RUST_LOG=debug shows which configuration and which strategies are used.";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Say everything that is wrong with prescriptions, or what they amount to.
    #[command(after_long_help = CHECK_EXAMPLES)]
    Check(CheckArgs),
    /// Write a prescription from a few answers, with comments; it passes `check`.
    #[command(after_long_help = new::HELP)]
    New(NewArgs),
    /// Lay out TOML files; nothing but white space changes.
    #[command(after_long_help = fmt::HELP)]
    Fmt(FmtArgs),
    /// Write a JSON schema of one of the files, for an editor.
    #[command(after_long_help = schema::HELP)]
    Schema(SchemaArgs),
    /// Say what changes in the dose between two prescriptions, not in the text.
    #[command(after_long_help = DIFF_EXAMPLES)]
    Diff(DiffArgs),
    /// Run a prescription in virtual time with the real strategies, and report.
    #[command(after_long_help = SIMULATE_EXAMPLES)]
    Simulate(SimulateArgs),
    /// Tell what the journal holds, with the daemon up or down, or prove it unchanged.
    #[command(after_long_help = history::HELP)]
    History(HistoryArgs),
    /// Do a recorded run again and say whether it comes to the same, or what another strategy
    /// or prescription would have done.
    #[command(after_long_help = replay::HELP)]
    Replay(ReplayArgs),
    /// Tell of a run or a day what was given, refused and wrong, as a page.
    #[command(after_long_help = report::HELP)]
    Report(ReportArgs),
    /// Write a run as tables, ready for a notebook.
    #[command(after_long_help = export::HELP)]
    Export(ExportArgs),
    /// Say what an alarm, a reason or a code of `check` means, and what to do about it.
    #[command(after_long_help = alarms::EXPLAIN_HELP)]
    Explain(ExplainArgs),
    /// For those who write strategies: list them, make one, check one.
    Strategy(StrategyArgs),
    #[command(flatten)]
    Daemon(DaemonCommand),
}

const CHECK_EXAMPLES: &str = "\
Examples:
  pumpctl check config/prescriptions/*.toml
  pumpctl check --device rigs/3/pump.toml rx.toml
  pumpctl check --format json rx.toml | jq '.files[].findings[].message'
  pumpctl check --format sarif rigs/*/rx.toml > findings.sarif
  pumpctl check --explain E0036

Of what is good it shows the limits in force, what each regimen may give, and the worst case:
what any window may hold when every bolus that is allowed is given and every basal runs at its
highest, beside the cap in force, and what keeps it from being more. All is rounded up. What
the operator gives besides comes on top, up to the caps.

Exit codes: 0 all are good, 1 any is wrong, 2 the command line is wrong.";

const DIFF_EXAMPLES: &str = "\
Examples:
  pumpctl diff rx-monday.toml rx-tuesday.toml
  pumpctl diff --all old.toml new.toml          with the rows that stay the same
  pumpctl diff --json old.toml new.toml | jq .same_dose

Both are checked first, for the same device. Two texts that come to the same dose, such as
`1 mL` and `1000 uL`, do not differ.

Exit codes: 0 both are good, 1 one is wrong, 2 the command line is wrong.";

const SIMULATE_EXAMPLES: &str = "\
Examples:
  A day with two presses of the patient's button:
    pumpctl simulate rx.toml --for 24h --at \"2h03m press\" --at \"2h10m press\"

  The line is blocked for ten minutes, then the operator resumes:
    pumpctl simulate rx.toml --at \"3h occlude for=10min\" --at \"3h15m resume\"

  Ninety days with six random presses a day; the same seed gives the same presses:
    pumpctl simulate rx.toml --for 90day --presses 6/day --seed 1

  To watch a day in half a minute:
    pumpctl simulate rx.toml --for 24h --at \"9h press\" --live 48min

  For other programs:
    pumpctl simulate rx.toml --json > report.json
    pumpctl simulate rx.toml --edges edges.csv --plot run.svg

What can happen, in --at and in a scenario file (values are written key=value in --at):
  press                                    the patient's button
  clinician-bolus volume=50uL over=2min    a bolus of the operator's
  pause, resume, stop, arm, start          the operator's commands
  occlude for=10min                        the line is blocked; with `seen_after=2s` its
                                           sensor sees it only then
  air, stall, door                         likewise; `for=` is optional, without it: for good
  refill volume=20mL                       the reservoir now holds this
  lose-strategy regimen=patient for=10min  a strategy does not answer
  wall-clock-jump by=-1h                   the wall clock is set
  lose-wall-clock for=10min                nobody vouches for the wall clock; without `for=`: for
                                           good
  restart off_for=5min                     the power fails; afterwards: arm, then start

A scenario file holds the same as TOML, a table for each event:
  [[event]]
  at = \"3h\"
  do = \"clinician-bolus\"
  volume = \"50 uL\"
  over = \"2 min\"

The pump is armed and started at 0. An event acts at the next 10 ms; events of one instant act
in the order of the file, then of the command line, then the random presses.

Exit codes: 0 fine, 1 the input is wrong, 2 the command line is wrong.";

/// Where the configuration and the strategies are.
#[derive(Debug, Args)]
pub(crate) struct PlaceArgs {
    /// The device [default: config/pump.toml in a folder above this program, then
    /// /etc/pumpd/pump.toml].
    #[arg(long, value_name = "FILE")]
    pub(crate) device: Option<PathBuf>,
    /// The drug library [default: the one the device names].
    #[arg(long, value_name = "FILE")]
    pub(crate) drug_library: Option<PathBuf>,
    /// A further folder of strategy plugins; repeatable.
    #[arg(long, value_name = "DIR")]
    pub(crate) strategies: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// The prescriptions.
    #[arg(required_unless_present = "explain", value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Say what a code such as E0036 means, with an example; `list`: all of them.
    #[arg(long, value_name = "CODE", conflicts_with = "files")]
    pub(crate) explain: Option<String>,
    /// For people, for programs, or for editors and code hosts.
    #[arg(long, value_enum, default_value_t = CheckFormat::Human)]
    pub(crate) format: CheckFormat,
    /// The same as `--format json`.
    #[arg(long, conflicts_with = "format")]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) places: PlaceArgs,
}

#[derive(Debug, Args)]
pub(crate) struct DiffArgs {
    /// The old prescription.
    #[arg(value_name = "OLD")]
    pub(crate) old: PathBuf,
    /// The new prescription.
    #[arg(value_name = "NEW")]
    pub(crate) new: PathBuf,
    /// With what stays the same.
    #[arg(long)]
    pub(crate) all: bool,
    /// Print the rows as one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) places: PlaceArgs,
}

#[derive(Debug, Args)]
pub(crate) struct SimulateArgs {
    /// The prescription.
    #[arg(value_name = "RX")]
    pub(crate) prescription: PathBuf,
    /// The time to simulate: 90s, 15min, 2h, 2h03m, 7day.
    #[arg(long = "for", value_name = "TIME", default_value = "24h", value_parser = duration)]
    pub(crate) duration: Nanoseconds,
    /// Something that happens: "2h03m press"; repeatable. --help lists what can.
    #[arg(long, value_name = "EVENT")]
    pub(crate) at: Vec<String>,
    /// Things that happen, from a TOML file.
    #[arg(long, value_name = "FILE")]
    pub(crate) scenario: Option<PathBuf>,
    /// Random presses of the patient's button, so many each day: 6/day.
    #[arg(long, value_name = "N/day", value_parser = presses)]
    pub(crate) presses: Option<u32>,
    /// What the wall clock shows at the start, in the prescription's time zone:
    /// "2026-03-28 19:00" [default: 2026-01-01 00:00 UTC]. Only schedules by time of day go by it.
    #[arg(long, value_name = "TIME")]
    pub(crate) wall_clock: Option<String>,
    /// What draws the random presses; recorded in the report. Nothing else is random.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,
    /// Show the run as it happens, with so much simulated time going by each second: 1h.
    #[arg(long, value_name = "TIME", value_parser = pace, conflicts_with = "json")]
    pub(crate) live: Option<Nanoseconds>,
    /// Print the report as one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
    /// Write a row for each step: t_ns,step.
    #[arg(long, value_name = "FILE.csv")]
    pub(crate) edges: Option<PathBuf>,
    /// Draw rate, volume, boluses and windows.
    #[arg(long, value_name = "FILE.svg")]
    pub(crate) plot: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) places: PlaceArgs,
}

/// How findings are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CheckFormat {
    /// Text.
    Human,
    /// One JSON document.
    Json,
    /// SARIF 2.1.0.
    Sarif,
}

pub(super) fn duration(text: &str) -> Result<Nanoseconds, String> {
    match read_span(text) {
        Ok(Nanoseconds::ZERO) => Err("nothing happens in no time; write for example `24h`".into()),
        Ok(span) => Ok(span),
        Err(error) => Err(error.to_string()),
    }
}

fn pace(text: &str) -> Result<Nanoseconds, String> {
    match read_span(text.strip_suffix("/s").unwrap_or(text)) {
        Ok(Nanoseconds::ZERO) => Err("time would stand still; write for example `1h`".into()),
        Ok(span) => Ok(span),
        Err(error) => Err(error.to_string()),
    }
}

/// More presses than anybody's finger makes.
const MOST_PRESSES: u32 = 10_000;

fn presses(text: &str) -> Result<u32, String> {
    let number = text.strip_suffix("/day").unwrap_or("").trim_end();
    match number.parse() {
        Ok(n) if n <= MOST_PRESSES => Ok(n),
        Ok(_) => Err(format!("at most {MOST_PRESSES}/day")),
        Err(_) => Err("write for example `6/day`".into()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_well_formed() {
        super::Cli::command().debug_assert();
    }
}
