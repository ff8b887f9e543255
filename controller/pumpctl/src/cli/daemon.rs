//! The commands that ask the daemon.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use pump_core::quantity::Nanoseconds;
use pump_prescription::read_span;

use super::alarms::{self, AckArgs, AlarmTestArgs, AlarmsArgs, SilenceArgs};
use super::ledger::{self, LedgerArgs, NewSubjectArgs, RefillArgs};

#[derive(Debug, Subcommand)]
pub(crate) enum DaemonCommand {
    /// Say how the pump does: state, alarms, what was given, regimens, windows, reservoir.
    #[command(after_long_help = STATUS_EXIT)]
    Status(StatusArgs),
    /// Run the checks that arming needs, and say how to mend what is red.
    #[command(after_long_help = PREFLIGHT_EXIT)]
    Preflight(PlainArgs),
    /// Arm a prescription: see what changes, then confirm it.
    #[command(after_long_help = ARM_EXAMPLES)]
    Arm(ArmArgs),
    /// Say what became of the volume, per drug, and when to refill.
    #[command(after_long_help = ledger::LEDGER_HELP)]
    Ledger(LedgerArgs),
    /// Count on from a refill, after holding what was found against the ledger.
    #[command(after_long_help = ledger::REFILL_HELP)]
    Refill(RefillArgs),
    /// Clear windows, counts and lockouts: the pump has another subject.
    #[command(after_long_help = ledger::NEW_SUBJECT_HELP)]
    NewSubject(NewSubjectArgs),
    /// Start what is armed.
    Start(PlainArgs),
    /// Halt delivery, to be resumed.
    Pause(PlainArgs),
    /// Go on after a pause or an alarm.
    Resume(PlainArgs),
    /// End delivery.
    Stop(PlainArgs),
    /// Press the patient's button.
    Press(PlainArgs),
    /// List the active alarms: how urgent, since when, what to do; or every alarm there is.
    #[command(after_long_help = alarms::ALARMS_HELP)]
    Alarms(AlarmsArgs),
    /// Say that an alarm was seen. It stays on until its row says that it clears.
    #[command(after_long_help = alarms::ACK_HELP)]
    Ack(AckArgs),
    /// Silence the alarms for a while, at most two minutes. A new alarm sounds all the same.
    #[command(after_long_help = alarms::SILENCE_HELP)]
    Silence(SilenceArgs),
    /// Show how alarms look and sound, and record whether that was noticed.
    #[command(after_long_help = alarms::TEST_HELP)]
    AlarmTest(AlarmTestArgs),
    /// Watch what happens: one screen on a terminal, else a line for each event.
    #[command(after_long_help = WATCH_EXIT)]
    Watch(WatchArgs),
    /// Measure how punctual the daemon's loop is, beside cyclictest.
    #[command(after_long_help = LATENCY_HELP)]
    Latency(LatencyArgs),
}

const STATUS_EXIT: &str = "\
Exit codes: 0 the daemon answered, also where there are alarms; 3 the daemon can't be reached,
4 you may not, 5 a run is under way and --at-rest was asked for. For scripts:
`pumpctl status --json`.";

const PREFLIGHT_EXIT: &str = "\
Exit codes: 0 no check is red, 1 one is, 3 the daemon can't be reached, 4 you may not.";

const ARM_EXAMPLES: &str = "\
Examples:
  pumpctl arm rx.toml              shows what changes, and asks
  pumpctl arm rx.toml --yes        for scripts; what changes is printed all the same
  pumpctl arm rx.toml --yes --reason \"dye study, protocol 7\"
  pumpctl arm rx.toml --yes --acknowledge-uncertain

Arming takes two steps: the daemon checks the prescription, runs its preflight and shows old
and new side by side; then it wants a confirmation. What is not confirmed within ten minutes
is forgotten. What goes beyond a soft limit needs a reason, which is recorded.

After a crash or a power cut some volume may or may not have been given. It counts as given, is
shown, and must be acknowledged, which is recorded with who and when; --yes alone does not.

Exit codes: 0 armed, 1 refused or not confirmed, 2 the command line is wrong, 3 the daemon
can't be reached, 4 you may not.";

const WATCH_EXIT: &str = "\
With --json each line is a document: first {\"status\":{…}}, then {\"event\":{…}} for what
happens and {\"status\":{…}} now and then.

Exit codes: 0 it was ended by you or by --for, 3 the daemon ended or can't be reached, 4 you
may not.";

const LATENCY_HELP: &str = "\
The daemon's histograms are reset, and read after the time given by --for. Meanwhile
cyclictest (Debian: apt-get install rt-tests) runs with the loop's priority, interval and
processor, where it is installed and you may; the ratios are the loop's figures to its. Its
resolution is 1 µs.

  wake-lateness   from the instant the loop wanted to wake until it ran
  edge-lateness   from the instant a step was due until the kernel had taken it
  tick-time       the work of a tick
  ioctl-time      one change of a GPIO line

--load keeps every processor and the memory busy meanwhile.

Exit codes: 0 measured, 1 refused, 3 the daemon can't be reached, 4 you may not.";

#[derive(Debug, Args)]
pub(crate) struct PlainArgs {
    /// Print the answer as one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    /// With each thread's policy, priority and processors as the kernel reports them.
    #[arg(long)]
    pub(crate) threads: bool,
    /// Fail while a run is under way, infusing or paused: before an upgrade or a reboot.
    #[arg(long)]
    pub(crate) at_rest: bool,
    /// Print the answer as one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ArmArgs {
    /// The prescription.
    #[arg(value_name = "RX")]
    pub(crate) prescription: PathBuf,
    /// Confirm without asking.
    #[arg(long)]
    pub(crate) yes: bool,
    /// Why it goes beyond a soft limit; recorded with who and when.
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
    /// Answer for the volume that may or may not have been given when the controller ended;
    /// recorded with who and when.
    #[arg(long)]
    pub(crate) acknowledge_uncertain: bool,
    /// Print the proposal and what became of it as one JSON document; needs --yes.
    #[arg(long, requires = "yes")]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct WatchArgs {
    /// End after this: 30s, 5min.
    #[arg(long = "for", value_name = "TIME", value_parser = period)]
    pub(crate) period: Option<Duration>,
    /// Print each document on a line.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct LatencyArgs {
    /// How long to measure: 60s, 10min.
    #[arg(long = "for", value_name = "TIME", default_value = "60s", value_parser = period)]
    pub(crate) period: Duration,
    /// Keep processors and memory busy meanwhile.
    #[arg(long)]
    pub(crate) load: bool,
    /// Print the figures as one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
}

fn period(text: &str) -> Result<Duration, String> {
    match read_span(text) {
        Ok(Nanoseconds::ZERO) => Err("nothing happens in no time; write for example `30s`".into()),
        Ok(span) => Ok(Duration::from_nanos(span.0)),
        Err(error) => Err(error.to_string()),
    }
}
