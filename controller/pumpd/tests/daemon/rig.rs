//! A daemon on the bench of a test.

use std::panic::{RefUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use pump_control::{Client, ClientError, Reply, Request, Status};

use crate::tape::Edges;

const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(20);

pub(crate) struct Daemon {
    pub(crate) child: Child,
    pub(crate) folder: tempfile::TempDir,
}

impl Daemon {
    pub(crate) fn start(args: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut command = Self::command(folder.path());
        command.args(args);
        Self::begin(folder, command)
    }

    /// One whose folder and command are made.
    pub(crate) fn begin(folder: tempfile::TempDir, mut command: Command) -> Self {
        let child = command.spawn().expect("pumpd starts");
        let daemon = Self { child, folder };
        await_it("pumpd listens", || {
            Client::connect(&daemon.socket()).ok().map(|_| ())
        });
        daemon
    }

    /// With a tape, and with every event in the log.
    pub(crate) fn command(folder: &Path) -> Command {
        let mut command = Self::plain(folder, &config("pump.toml"));
        command.arg("--tape").arg(folder.join("tape.csv"));
        command.arg("--witness").arg(folder.join("witness"));
        command.env("RUST_LOG", "info,pumpd::journal=debug");
        command
    }

    /// As its users start it.
    pub(crate) fn plain(folder: &Path, config: &Path) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pumpd"));
        command.args(["--sim", "--config"]).arg(config);
        command.arg("--state-dir").arg(folder.join("state"));
        command.arg("--socket").arg(folder.join("socket"));
        let log = std::fs::File::create(folder.join("log")).expect("a log");
        command.stdin(Stdio::null()).stderr(log);
        command
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.path().join("socket")
    }

    pub(crate) fn ask(&self, request: &Request) -> Result<Reply, ClientError> {
        let mut client = Client::connect(&self.socket())?;
        client.ask_within(request, PATIENCE)
    }

    pub(crate) fn status(&self) -> Status {
        match self.ask(&Request::Status { threads: true }) {
            Ok(Reply::Status(status)) => *status,
            other => panic!("no status: {other:?}"),
        }
    }

    pub(crate) fn propose(&self, text: &str) -> Result<Reply, ClientError> {
        self.ask(&Request::Propose {
            name: "rx.toml".to_owned(),
            text: text.to_owned(),
        })
    }

    pub(crate) fn arm(&self, text: &str) -> Result<(), ClientError> {
        self.confirm(text, false)
    }

    /// Arms this, and does or does not answer for what is uncertain.
    pub(crate) fn confirm(
        &self,
        text: &str,
        acknowledge_uncertain: bool,
    ) -> Result<(), ClientError> {
        let Reply::Proposal(proposal) = self.propose(text)? else {
            panic!("no proposal");
        };
        let confirm = Request::Confirm {
            token: proposal.token,
            reason: None,
            acknowledge_uncertain,
        };
        self.ask(&confirm).map(|_| ())
    }

    /// Arms this, whatever is uncertain of a run before, and lets it flow.
    pub(crate) fn infuse(&self, text: &str) {
        self.confirm(text, true).expect("it is armed");
        self.ask(&Request::Start).expect("it starts");
        self.until("it delivers", |status| delivered(status) > 0);
    }

    pub(crate) fn until(&self, what: &str, holds: impl Fn(&Status) -> bool) -> Status {
        let begun = Instant::now();
        loop {
            let status = self.status();
            if holds(&status) {
                return status;
            }
            assert!(begun.elapsed() < PATIENCE, "never: {what}: {status:#?}");
            std::thread::sleep(PAUSE);
        }
    }

    /// When each edge that the kernel took was due.
    pub(crate) fn tape(&self) -> Edges {
        Edges(self.on_tape(0))
    }

    /// A column of the tape, of each edge that the kernel took.
    pub(crate) fn on_tape(&self, column: usize) -> Vec<u64> {
        let text = std::fs::read_to_string(self.folder.path().join("tape.csv")).expect("a tape");
        let taken = text.lines().skip(1).filter(|line| line.ends_with(",1"));
        let figure = |line: &str| line.split(',').nth(column)?.parse().ok();
        taken.filter_map(figure).collect()
    }

    /// The steps of all daemons of this folder, as their witness has them: also of one that was
    /// killed.
    pub(crate) fn witnessed(&self) -> u64 {
        self.witness().len() as u64
    }

    /// When each of them was made, by the monotonic clock.
    pub(crate) fn witness(&self) -> Vec<u64> {
        let witness = std::fs::read(self.folder.path().join("witness")).unwrap_or_default();
        let (instants, _) = witness.as_chunks();
        instants
            .iter()
            .map(|one| u64::from_le_bytes(*one))
            .collect()
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).expect("a log")
    }

    pub(crate) fn tell_to_end(&self) {
        signal("TERM", self.child.id());
    }

    /// Kills it where it stands.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("it is killed");
        self.child.wait().expect("it is gone");
    }

    /// Another daemon in the folder of the one that ended.
    pub(crate) fn restart(&mut self, args: &[&str]) {
        let mut command = Self::command(self.folder.path());
        self.child = command.args(args).spawn().expect("pumpd starts");
        await_it("pumpd listens again", || {
            Client::connect(&self.socket()).ok().map(|_| ())
        });
    }

    pub(crate) fn terminate(&mut self) -> ExitStatus {
        self.tell_to_end();
        self.child.wait().expect("it ends")
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The steps that have left.
pub(crate) fn delivered(status: &Status) -> u64 {
    status.ledger.as_ref().map_or(0, |it| it.delivered_steps)
}

pub(crate) fn has_alarm(status: &Status, name: &str) -> bool {
    status.alarms.iter().any(|it| it.name == name)
}

/// Sends a signal.
pub(crate) fn signal(name: &str, pid: u32) {
    let pid = pid.to_string();
    let killed = Command::new("kill")
        .args([&format!("-{name}"), &pid])
        .status();
    assert!(killed.is_ok_and(|killed| killed.success()));
}

/// Kills a child; `false`: it was gone. On a busy machine one in some hundreds answers too late
/// and is ended by the daemon in this very moment.
pub(crate) fn kill(pid: u32) -> bool {
    let mut kill = Command::new("kill");
    let killed = kill
        .args(["-KILL", &pid.to_string()])
        .stderr(Stdio::null())
        .status();
    killed.is_ok_and(|killed| killed.success())
}

pub(crate) fn config(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../config")
        .join(name)
}

/// Runs a test again, twice at most, whose loop the sentinel has cut off: on a machine without
/// PREEMPT_RT that is shared with others the loop may really stand still for 50 ms, and what
/// is tested here is something else.
pub(crate) fn undisturbed(test: impl Fn() + RefUnwindSafe) {
    for left in (0..3).rev() {
        let Err(panic) = catch_unwind(&test) else {
            return;
        };
        let text = panic.downcast_ref::<String>().map_or("", String::as_str);
        if left == 0 || !text.contains("loop-stalled") {
            resume_unwind(panic);
        }
        eprintln!("the machine stood still, and the loop with it: once more");
    }
}

pub(crate) fn await_it<T>(what: &str, mut probe: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = probe() {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "never: {what}");
        std::thread::sleep(PAUSE);
    }
}

/// 60 mL/h in steps of 50 nL: 333 steps a second, and something beside it.
pub(crate) fn brisk(extra: &str) -> String {
    format!(
        r#"format = 1
id = "a bench"
route = "intravenous"

[reservoir]
volume = "100 mL"
low = "2 mL"
empty = "0.5 mL"

[[drug]]
name = "sodium chloride"
concentration = "9 mg/mL"

[limits]
max_rate = "100 mL/h"
max_1h = "100 mL"
max_4h = "300 mL"
max_24h = "1500 mL"

[on_strategy_loss]
action = "stop"

[[regimen]]
name = "background"
strategy = "continuous"
rate = "60 mL/h"
{extra}"#
    )
}

/// The same, and a lost strategy's basal is held.
pub(crate) fn held(extra: &str) -> String {
    brisk(extra).replace(
        "action = \"stop\"",
        "action = \"hold-basal\"\nfor = \"10 min\"",
    )
}
