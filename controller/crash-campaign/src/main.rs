//! Ends the daemon at any moment, and sees that it never knows less than the truth.
//!
//! A cut is one of two things. **A kill**: `pumpd --sim` infuses, and is killed with SIGKILL at
//! a random instant. **A power cut**: strace has recorded every write and sync of a daemon's
//! life; at a random point of it the disk is left as a disk may be whose power fails, with
//! whatever was not synced there, not there, torn or out of order ([`pump_power_cut`]).
//!
//! The truth is told by nobody who dies: each step of the simulated motor is a system call that
//! adds its instant to a file ([`truth`]). After each cut ([`afterlife`]):
//!
//! - the journal opens, its chain is whole, and holds every head that the daemon ever showed;
//! - of the arming under way, `delivered <= truth <= delivered + uncertain`, and the uncertain
//!   part is no more than a credit;
//! - no window holds less than the truth, now or at any later instant, and none more than what
//!   was given, booked as uncertain or moved by the rotor;
//! - a demand within the true lockout, or beyond the true count, is refused; two hours later
//!   one is given, so that the question means something;
//! - and, for one in some cuts, another daemon starts on what is left, is disarmed and still,
//!   says what is uncertain, and knows the same again when it infuses.
//!
//! Each cut is drawn from the seed and its own number: `--only` does one again.
#![forbid(unsafe_code)]

mod afterlife;
mod cut;
mod daemon;
mod evidence;
mod life;
mod probe;
mod recording;
mod revival;
mod story;
mod tally;
mod truth;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

use cut::Campaign;

/// Kills the daemon, and cuts its disk's power, at any moment, and sees that it never knows
/// less than the truth.
#[derive(Debug, Parser)]
#[command(name = "cargo crash-campaign", after_help = AFTER)]
struct Options {
    /// How many cuts.
    #[arg(long, default_value_t = 50)]
    cuts: u64,
    /// Which ones.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// This one alone.
    #[arg(long, value_name = "CUT")]
    only: Option<u64>,
    /// With --only: the folder that a campaign has kept; what the cut has left there is judged
    /// again, as it is.
    #[arg(long, value_name = "DIR", requires = "only")]
    kept: Option<PathBuf>,
    /// Where pumpd and its strategies lie; otherwise beside this program.
    #[arg(long, value_name = "DIR")]
    programs: Option<PathBuf>,
}

const AFTER: &str = "\
Exit codes: 0 the ledger survived, 1 it did not or something else failed, 2 the command line
is wrong. What a failed cut has left is kept, and the command that repeats it is printed.";

fn main() -> ExitCode {
    let options = Options::parse();
    let campaign = Campaign {
        cuts: options.cuts,
        seed: options.seed,
        only: options.only,
        kept: options.kept,
        programs: options.programs,
    };
    match campaign.run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    }
}
