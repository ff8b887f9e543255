//! `pumpctl`: what the operator types.
//!
//! Five commands need no pump. `check` reads prescriptions and says everything that is wrong with
//! them at once, or what they amount to: the limits in force and who set each, and the most
//! that every regimen may ever be given. `diff` lays two side by side, `fmt` lays out their text, and
//! `schema` makes an editor know them.
//! `simulate` runs one in virtual time with the real strategy plugins and tells what was given,
//! what was refused and why.
//!
//! `history` reads the daemon's journal (`pump-journal`) from its state folder, with the daemon
//! up or down, and can prove that it is as it was written.
//!
//! `replay` does a run again that the journal holds, with the same plugins, and says whether it
//! comes to the same (I11); or lives through its world with other ones.
//!
//! `explain` says what a name means that any of them has told: an alarm, a reason, a code.
//!
//! `strategy` is for those who write strategies: what there is, a new one, and whether one keeps
//! to the contract.
//!
//! The others ask the daemon over its control socket ([`pump_control`]) and tell what it
//! answers: `status`, `preflight`, `arm` in two steps (P01), `start`, `pause`, `resume`,
//! `stop`, `press`, `alarms`, `ack`, `silence`,
//! `alarm-test`, `refill`, `new-subject`, `ledger`, `watch`, and `latency`, which measures beside
//! cyclictest.
//!
//! The command wires and decides nothing. The checks are `pump-prescription`'s, the run is
//! `pump-simulator`'s, the plugins are found, probed and loaded by `strategy-host`; here
//! are the words, the pictures and the files.
//!
//! Its manners:
//!
//! - Exit codes: 0 fine, 1 the input is wrong (a file, a plugin, or an output that can't be
//!   written) or the daemon refuses, 2 the command line is wrong, 3 the daemon can't be
//!   reached, 4 the asker has not the right, 5 a run is under way where the asker wanted none,
//!   11 to 13 there are alarms and the asker wanted to know.
//!   What goes wrong is told with what to do about it.
//! - Results go to standard output, everything else to standard error. With `--json`
//!   standard output is one document. A reader that goes away (`| head`) is no error.
//! - On wrong input nothing is written. An output file appears whole or not at all.
//! - The configuration is found from where the program lies, never from the folder one
//!   happens to be in: the same command means the same pump everywhere.
//! - A plugin runs inside the simulation for speed and could take it down. So the
//!   simulation is a child of the command ([`guard`]), which says what happened.
//!
//! `RUST_LOG=debug` tells which configuration and which plugins were taken.
#![forbid(unsafe_code)]

mod account;
mod chart;
mod check;
mod cli;
mod curves;
mod daemon;
mod diff;
mod drawing;
mod edges;
mod explain;
mod export;
mod fact;
mod failure;
mod fmt;
mod guard;
mod history;
mod live;
mod new;
mod output;
mod paint;
mod patience;
mod places;
mod plot;
mod progress;
mod replay;
mod report;
mod runs;
mod schema;
mod series;
mod side_by_side;
mod simulate;
mod story;
mod strategy;
mod stretch;
mod units;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command};

fn main() -> ExitCode {
    let cli = Cli::parse();
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("warn"))
        .format_timestamp(None)
        .init();
    let done = match &cli.command {
        Command::Check(args) => check::run(args),
        Command::New(args) => new::run(args),
        Command::Fmt(args) => fmt::run(args),
        Command::Schema(args) => schema::run(args),
        Command::Diff(args) => diff::run(args),
        Command::Simulate(args) => simulate::guarded(args),
        Command::History(args) => history::run(args),
        Command::Replay(args) => replay::guarded(args),
        Command::Report(args) => report::run(args),
        Command::Export(args) => export::run(args),
        Command::Explain(args) => explain::run(args),
        Command::Strategy(args) => strategy::run(&args.command),
        Command::Daemon(command) => daemon::run(cli.socket.as_deref(), command),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => ExitCode::from(failure.tell()),
    }
}
