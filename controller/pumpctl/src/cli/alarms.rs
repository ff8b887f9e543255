//! The commands about alarms, and `explain`.

use clap::{Args, ValueEnum};
use pump_control::MAX_SILENCE_S;
use pump_prescription::read_span;

pub(super) const ALARMS_HELP: &str = "\
Examples:
  pumpctl alarms                   what is wrong now, since when, and what to do
  pumpctl alarms --json | jq -r '.alarms[].name'
  pumpctl alarms --all             every alarm there is; asks no daemon
  pumpctl explain occlusion        one of them, with cause and remedy

Some alarms go with their condition. Others stay on when their cause is gone, so that nobody
misses them, and are shown with that: each says what clears it.

Exit codes: 0 no alarm, 11 the most urgent is low, 12 it is medium, 13 it is high; 3 the
daemon can't be reached, 4 you may not. With --all: 0.";

pub(super) const ACK_HELP: &str = "\
Examples:
  pumpctl alarms                   their names
  pumpctl ack reservoir-low

It is recorded with who and when, and shown with the alarm. It clears nothing, moves nothing
and silences nothing: `explain ALARM` tells what clears an alarm. One that comes again has not
been seen.

Exit codes: 0 done, 1 there is no such active alarm, 3 the daemon can't be reached, 4 you may
not.";

pub(super) const SILENCE_HELP: &str = "\
Examples:
  pumpctl silence                  for two minutes, the longest there is
  pumpctl silence 30s
  pumpctl silence 0s               they sound again at once

No silence is for good: it can be repeated, by somebody who is there. It is for the alarms that
are active now; one that is raised during it, or comes again, sounds all the same. What an
alarm does to delivery goes on, and so does what it shows.

Exit codes: 0 done, 1 refused, 2 the command line is wrong, 3 the daemon can't be reached,
4 you may not.";

pub(super) const TEST_HELP: &str = "\
Examples:
  pumpctl alarm-test               high, medium and low, one after the other
  pumpctl alarm-test --only high

Each priority is shown for five seconds by the lights and the buzzer of the rig ([indicators] of
pump.toml), and then it asks whether that was seen and heard. The answers are recorded with who
and when. It is refused while the pump infuses, and below the priority of a real alarm. What is
real is shown all the same.

Exit codes: 0 all was noticed, 1 something was not, or it is refused, 2 the command line is wrong,
or there is no terminal to ask on, 3 the daemon can't be reached, 4 you may not.";

pub(super) const EXPLAIN_HELP: &str = "\
Examples:
  pumpctl explain occlusion        an alarm: what it does, when it clears, cause, remedy
  pumpctl explain lockout          a reason for which a dose is refused or narrowed
  pumpctl explain E0036            a finding of `pumpctl check`, with an example

All names: `pumpctl alarms --all`, `pumpctl check --explain list`. It asks no daemon.

Exit codes: 0 explained, 2 there is no such name.";

#[derive(Debug, Args)]
pub(crate) struct AlarmsArgs {
    /// Every alarm there is, without asking the daemon.
    #[arg(long)]
    pub(crate) all: bool,
    /// Print them as one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct AckArgs {
    /// The alarm's name, as in `pumpctl alarms`.
    #[arg(value_name = "ALARM")]
    pub(crate) alarm: String,
    /// Print the answer as one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct SilenceArgs {
    /// How long, in whole seconds up to 2min; 0s lets them sound again.
    #[arg(value_name = "TIME", default_value = "2min", value_parser = silence)]
    pub(crate) seconds: u32,
    /// Print the answer as one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
}

/// How urgent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TestedPriority {
    /// Respond now.
    High,
    /// Respond soon.
    Medium,
    /// Be aware.
    Low,
}

#[derive(Debug, Args)]
pub(crate) struct AlarmTestArgs {
    /// This priority alone; repeatable.
    #[arg(long, value_enum, value_name = "PRIORITY")]
    pub(crate) only: Vec<TestedPriority>,
}

#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// An alarm, a reason, or a code of `pumpctl check`.
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// Print it as one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
}

fn silence(text: &str) -> Result<u32, String> {
    let span = read_span(text).map_err(|error| error.to_string())?;
    if !span.0.is_multiple_of(1_000_000_000) {
        return Err("whole seconds only; write for example `90s`".into());
    }
    match u32::try_from(span.0 / 1_000_000_000) {
        Ok(seconds) if seconds <= MAX_SILENCE_S => Ok(seconds),
        _ => Err(format!(
            "alarms are silenced for at most {MAX_SILENCE_S} s; it can be repeated"
        )),
    }
}
