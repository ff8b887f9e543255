//! `pumpctl watch`.

use std::io::IsTerminal as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use pump_control::{ClientError, Event, Status, Watched, Watching};
use pump_core::quantity::Nanoseconds;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use crate::cli::WatchArgs;
use crate::daemon::screen::Screen;
use crate::daemon::{Daemon, failure};
use crate::failure::Failure;
use crate::live::clock;
use crate::output;
use crate::story::printable;
use crate::units::volume;

/// How often an interrupt is looked for, and a flashing alarm drawn.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Where nothing happens, how often a line says so.
const LINE_EVERY: Duration = Duration::from_secs(10);

pub(crate) fn run(daemon: &Daemon, args: &WatchArgs) -> Result<(), Failure> {
    let interrupted = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        signal_hook::flag::register(signal, Arc::clone(&interrupted))
            .map_err(|error| Failure::input(format_args!("signals can't be awaited: {error}")))?;
    }
    let watching = daemon.connect()?.watch().map_err(failure)?;
    let until = args
        .period
        .and_then(|period| Instant::now().checked_add(period));
    let over = || {
        let late = until.is_some_and(|until| until <= Instant::now());
        late || interrupted.load(Ordering::Relaxed)
    };
    if args.json {
        let viewer = Documents;
        follow(watching, viewer, over)
    } else if std::io::stdout().is_terminal() && !dumb() {
        follow(watching, Screen::open(daemon)?, over)
    } else {
        follow(watching, Lines::new(), over)
    }
}

/// A terminal that can only write line after line.
fn dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|value| value == "dumb")
}

/// Shows what happens. Each answer: whether there is still somebody who looks.
pub(crate) trait Viewer {
    fn status(&mut self, status: Status) -> Result<bool, Failure>;
    fn event(&mut self, event: Event) -> Result<bool, Failure>;
    /// Time goes by.
    fn look(&mut self) -> Result<bool, Failure> {
        Ok(true)
    }
}

fn follow(
    mut watching: Watching,
    mut viewer: impl Viewer,
    over: impl Fn() -> bool,
) -> Result<(), Failure> {
    let mut looks = viewer.status(watching.began().clone())?;
    while looks && !over() {
        looks = match watching.next_within(LOOK_EVERY) {
            Ok(Some(Watched::Status(status))) => viewer.status(*status)?,
            Ok(Some(Watched::Event(event))) => viewer.event(event)?,
            Ok(None) => true,
            Err(error) => {
                // First the screen goes, so that the reason is not on it.
                drop(viewer);
                return Err(match error {
                    ClientError::Broken(_) => Failure::Unreachable(
                        "the daemon has closed the connection: it ended, or it dropped a \
                         watcher that was too slow; see `pumpctl status`"
                            .into(),
                    ),
                    error => failure(error),
                });
            }
        };
        looks = looks && viewer.look()?;
    }
    Ok(())
}

/// For programs: a document on each line.
struct Documents;

impl Documents {
    fn print(&self, watched: &Watched) -> Result<bool, Failure> {
        let line = serde_json::to_string(watched).map_err(Failure::input)?;
        output::offer(&(line + "\n"))
    }
}

impl Viewer for Documents {
    fn status(&mut self, status: Status) -> Result<bool, Failure> {
        self.print(&Watched::Status(Box::new(status)))
    }

    fn event(&mut self, event: Event) -> Result<bool, Failure> {
        self.print(&Watched::Event(event))
    }
}

/// For pipes: a line for each event, and now and then one that says how things are.
struct Lines {
    told: Option<Instant>,
}

impl Lines {
    fn new() -> Self {
        Self { told: None }
    }
}

impl Viewer for Lines {
    fn status(&mut self, status: Status) -> Result<bool, Failure> {
        if self.told.is_some_and(|told| told.elapsed() < LINE_EVERY) {
            return Ok(true);
        }
        self.told = Some(Instant::now());
        output::offer(&(summary(&status) + "\n"))
    }

    fn event(&mut self, event: Event) -> Result<bool, Failure> {
        output::offer(&(event_line(&event) + "\n"))
    }
}

/// How things are, in a line.
fn summary(status: &Status) -> String {
    let at = clock(Nanoseconds(status.therapy_ns.unwrap_or(0)));
    let mut line = format!("{at}  {}", printable(&status.state));
    if let Some(ledger) = &status.ledger {
        line.push_str(&format!(", {} given", volume(ledger.delivered_nl)));
    }
    for regimen in &status.regimens {
        let (name, basal) = (printable(&regimen.name), printable(&regimen.basal));
        line.push_str(&format!(", {name} {basal}"));
    }
    match status.alarms.as_slice() {
        [] => {}
        alarms => {
            let names: Vec<String> = alarms.iter().map(|alarm| printable(&alarm.name)).collect();
            line.push_str(&format!(", alarms: {}", names.join(", ")));
        }
    }
    line
}

/// An event in a line.
pub(crate) fn event_line(event: &Event) -> String {
    let at = clock(Nanoseconds(event.at_ns));
    format!("{at}  {}", printable(&event.text))
}
