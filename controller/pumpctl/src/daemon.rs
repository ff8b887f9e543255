//! The commands that ask the daemon.

mod alarm_test;
mod alarms;
mod arm;
mod cyclictest;
mod latency;
mod ledger;
mod load;
mod refill;
mod screen;
mod status;
mod subject;
mod threads;
mod watch;

use std::fmt::Write as _;
use std::io::{self, BufRead as _, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use pump_control::{
    Check, CheckState, Client, ClientError, Code, DEFAULT_SOCKET, Preflight, Refusal, Reply,
    Request,
};
use serde::Serialize;

use crate::cli::DaemonCommand;
use crate::failure::Failure;
use crate::output;
use crate::paint::Paint;
use crate::story::printable;

/// Names the socket where the command line does not.
const SOCKET: &str = "PUMPD_SOCKET";

/// Does one of the commands.
pub(crate) fn run(socket: Option<&Path>, command: &DaemonCommand) -> Result<(), Failure> {
    let daemon = Daemon::at(socket);
    match command {
        DaemonCommand::Status(args) => status::run(&daemon, args),
        DaemonCommand::Preflight(args) => preflight(&daemon, args.json),
        DaemonCommand::Arm(args) => arm::run(&daemon, args),
        DaemonCommand::Ledger(args) => ledger::run(&daemon, args),
        DaemonCommand::Refill(args) => refill::run(&daemon, args),
        DaemonCommand::NewSubject(args) => subject::run(&daemon, args),
        DaemonCommand::Start(args) => order(&daemon, &Request::Start, args.json),
        DaemonCommand::Pause(args) => order(&daemon, &Request::Pause, args.json),
        DaemonCommand::Resume(args) => order(&daemon, &Request::Resume, args.json),
        DaemonCommand::Stop(args) => order(&daemon, &Request::Stop, args.json),
        DaemonCommand::Press(args) => order(&daemon, &Request::Press, args.json),
        DaemonCommand::Alarms(args) => alarms::run(&daemon, args),
        DaemonCommand::Ack(args) => {
            let alarm = args.alarm.clone();
            order(&daemon, &Request::Ack { alarm }, args.json)
        }
        DaemonCommand::Silence(args) => {
            let seconds = args.seconds;
            order(&daemon, &Request::Silence { seconds }, args.json)
        }
        DaemonCommand::AlarmTest(args) => alarm_test::run(&daemon, args),
        DaemonCommand::Watch(args) => watch::run(&daemon, args),
        DaemonCommand::Latency(args) => latency::run(&daemon, args),
    }
}

/// Where the daemon is.
#[derive(Clone)]
struct Daemon {
    socket: PathBuf,
}

impl Daemon {
    fn at(socket: Option<&Path>) -> Self {
        let named = std::env::var_os(SOCKET).filter(|path| !path.is_empty());
        let socket = match (socket, named) {
            (Some(path), _) => path.to_owned(),
            (None, Some(path)) => path.into(),
            (None, None) => DEFAULT_SOCKET.into(),
        };
        log::debug!("socket: {}", socket.display());
        Self { socket }
    }

    fn connect(&self) -> Result<Client, Failure> {
        Client::connect(&self.socket).map_err(failure)
    }

    /// Asks over a connection of its own: the daemon closes those that keep silent.
    fn ask(&self, request: &Request) -> Result<Reply, Failure> {
        self.connect()?.ask(request).map_err(failure)
    }
}

/// What the operator reads of an answer that did not come.
fn failure(error: ClientError) -> Failure {
    match &error {
        ClientError::Unreachable { error: why, .. } => {
            if why.kind() == ErrorKind::PermissionDenied {
                return Failure::NoRight(error.to_string());
            }
            Failure::Unreachable(format!("{error} (--socket PATH, or ${SOCKET})"))
        }
        ClientError::Refused(refusal) => {
            let text = refused(refusal);
            match refusal.code {
                Code::NoRight => Failure::NoRight(text),
                Code::ShuttingDown | Code::TooManyConnections | Code::TimedOut => {
                    Failure::Unreachable(text)
                }
                _ => Failure::Input(text),
            }
        }
        ClientError::Broken(_) | ClientError::Silent(_) => Failure::Unreachable(error.to_string()),
    }
}

/// A refusal with everything that explains it: first the details, last the sum.
fn refused(refusal: &Refusal) -> String {
    let mut text = String::new();
    if let Some(findings) = &refusal.findings {
        text.push_str(printable_lines(findings).trim_end());
        text.push_str("\n\n");
    }
    if !refusal.checks.is_empty() {
        text.push_str(&checks(&refusal.checks, &Paint::NONE));
        text.push('\n');
    }
    let _ = write!(text, "error: {}", printable(&refusal.message));
    if let Some(fix) = &refusal.fix {
        let _ = write!(text, "\n  fix: {}", printable(fix));
    }
    text
}

/// The daemon said something that does not belong to the request.
fn unexpected() -> Failure {
    Failure::Unreachable(
        "the daemon answers something else than was asked; is it of another version?".into(),
    )
}

/// Asks for something that has nothing more to say than the state it leads to.
fn order(daemon: &Daemon, request: &Request, json: bool) -> Result<(), Failure> {
    let Reply::Done(done) = daemon.ask(request)? else {
        return Err(unexpected());
    };
    if json {
        return print_json(&done);
    }
    let state = printable(&done.state);
    output::print(&match request {
        Request::Ack { alarm } => format!("{} is acknowledged; {state}\n", printable(alarm)),
        Request::Silence { seconds: 0 } => format!("alarms sound again; {state}\n"),
        Request::Silence { seconds } => format!("alarms are silent for {seconds} s; {state}\n"),
        Request::Press => format!("pressed; {state}\n"),
        _ => format!("{state}\n"),
    })
}

fn preflight(daemon: &Daemon, json: bool) -> Result<(), Failure> {
    let Reply::Preflight(preflight) = daemon.ask(&Request::Preflight)? else {
        return Err(unexpected());
    };
    if json {
        print_json(&preflight)?;
    } else {
        output::print(&verdict(&preflight))?;
    }
    match preflight.green {
        true => Ok(()),
        false => Err(Failure::Told),
    }
}

fn verdict(preflight: &Preflight) -> String {
    let mut text = checks(&preflight.checks, &Paint::stdout());
    let red = preflight.checks.iter();
    let red = red.filter(|check| check.state == CheckState::Red).count();
    let _ = match (preflight.green, red) {
        (true, _) => writeln!(text, "\nready to arm"),
        (false, red) => writeln!(text, "\nnot ready to arm: {red} red"),
    };
    text
}

/// The checks, each on a line, what is red with its fix.
fn checks(checks: &[Check], paint: &Paint) -> String {
    let names = checks.iter().map(|check| check.name.chars().count());
    let width = names.max().unwrap_or(0).min(40);
    let mut text = String::new();
    for check in checks {
        let state = match check.state {
            CheckState::Green => paint.green("green  "),
            CheckState::Red => paint.red("red    "),
            CheckState::Skipped => paint.dim("skipped"),
        };
        let (name, found) = (printable(&check.name), printable(&check.found));
        let _ = writeln!(text, "{state}  {name:<width$}  {found}");
        if let Some(fix) = &check.fix {
            let _ = writeln!(text, "{:<9}{:<width$}  fix: {}", "", "", printable(fix));
        }
    }
    text
}

/// Several lines from elsewhere, so that they can't steer a terminal.
fn printable_lines(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(printable).collect();
    lines.join("\n")
}

/// Asks on the terminal.
fn prompt(question: &str) -> Result<String, Failure> {
    output::print(question)?;
    let mut answer = String::new();
    io::stdin()
        .lock()
        .read_line(&mut answer)
        .map_err(|error| Failure::Input(format!("the terminal can't be read: {error}")))?;
    if !answer.ends_with('\n') {
        // It was ended without an answer: the next line begins anew.
        let _ = writeln!(io::stdout());
    }
    Ok(answer.trim().to_owned())
}

fn print_json(document: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(document).map_err(Failure::input)?;
    output::print(&(text + "\n"))
}
