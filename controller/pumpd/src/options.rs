//! The command line.

use std::path::PathBuf;

use clap::Parser;

use crate::faults::Fault;

/// Drives an infusion pump in real time.
///
/// A bench research tool for rigs with water, phantoms and dye. It is no medical device and
/// not for use on people. After every start it is disarmed and still; `pumpctl` arms it.
#[derive(Debug, Parser)]
#[command(version, after_help = AFTER)]
pub(crate) struct Options {
    /// The device.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// Drive a simulated pump: no GPIO, no rights. Its state folder is as durable as a real
    /// one's; a fresh one means a full reservoir.
    #[arg(long)]
    pub(crate) sim: bool,
    /// Where the daemon keeps what is its own; made where it is not there. One daemon a folder.
    #[arg(long, value_name = "DIR", default_value = "/var/lib/pumpd")]
    pub(crate) state_dir: PathBuf,
    /// Where `pumpctl` finds it.
    #[arg(long, value_name = "PATH", default_value = pump_control::DEFAULT_SOCKET)]
    pub(crate) socket: PathBuf,
    /// A further folder of strategy plugins; repeatable.
    #[arg(long, value_name = "DIR")]
    pub(crate) strategies: Vec<PathBuf>,
    /// Write every edge to this file: when it was due, when it went out (both in ns of the
    /// monotonic clock), and whether the kernel took it.
    #[arg(long, value_name = "FILE")]
    pub(crate) tape: Option<PathBuf>,
    /// For tests, with --sim: THREAD=MANNER@AFTER+FOR.
    #[arg(long, value_name = "FAULT", hide = true, requires = "sim")]
    pub(crate) fault: Vec<Fault>,
    /// For tests, with --sim: every step of the motor is added to this file as it is made: its
    /// instant, eight bytes.
    #[arg(long, value_name = "FILE", hide = true, requires = "sim")]
    pub(crate) witness: Option<PathBuf>,
    /// For tests, with --sim: every change of a light or the buzzer is added to this file: its
    /// instant in ns of the monotonic clock, the line, and whether it is on.
    #[arg(long, value_name = "FILE", hide = true, requires = "sim")]
    pub(crate) indicator_tape: Option<PathBuf>,
    /// For tests, with --sim: a lost strategy is started again however often it was lost.
    #[arg(long, hide = true, requires = "sim")]
    pub(crate) unlimited_respawns: bool,
}

const AFTER: &str = "\
Example, as an ordinary user:
  pumpd --config config/pump.toml --sim --state-dir /tmp/rig --socket /tmp/rig/socket &
  pumpctl --socket /tmp/rig/socket arm config/prescriptions/background-and-pca.toml

SIGTERM and SIGINT stop the pump, disable the motor and end the daemon.
Exit codes: 0 it was told to end, 1 it could not run, 2 the command line is wrong.
RUST_LOG=debug shows every event.";
