//! The daemon as its users meet it: a process, a socket, real strategies in real children.
//!
//! Nothing here measures time: what is awaited is awaited until it comes.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use pump_control::{Client, ClientError, Code, Reply, Request, Status};

const PATIENCE: Duration = Duration::from_secs(60);

struct Daemon {
    child: Child,
    folder: tempfile::TempDir,
}

impl Daemon {
    fn start(args: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let child = Self::command(folder.path())
            .args(args)
            .spawn()
            .expect("pumpd starts");
        let daemon = Self { child, folder };
        await_it("pumpd listens", || {
            Client::connect(&daemon.socket()).ok().map(|_| ())
        });
        daemon
    }

    fn command(folder: &Path) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pumpd"));
        command.args(["--sim", "--config"]).arg(config("pump.toml"));
        command.arg("--state-dir").arg(folder.join("state"));
        command.arg("--socket").arg(folder.join("socket"));
        command.arg("--tape").arg(folder.join("tape.csv"));
        command.stdin(Stdio::null()).stderr(Stdio::null());
        command
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("socket")
    }

    fn ask(&self, request: &Request) -> Result<Reply, ClientError> {
        let mut client = Client::connect(&self.socket())?;
        client.ask_within(request, PATIENCE)
    }

    fn status(&self) -> Status {
        match self.ask(&Request::Status { threads: true }) {
            Ok(Reply::Status(status)) => *status,
            other => panic!("no status: {other:?}"),
        }
    }

    fn arm(&self, text: &str) -> Result<(), ClientError> {
        let propose = Request::Propose {
            name: "rx.toml".to_owned(),
            text: text.to_owned(),
        };
        let Reply::Proposal(proposal) = self.ask(&propose)? else {
            panic!("no proposal");
        };
        let confirm = Request::Confirm {
            token: proposal.token,
            reason: None,
        };
        self.ask(&confirm).map(|_| ())
    }

    fn until(&self, what: &str, holds: impl Fn(&Status) -> bool) -> Status {
        await_it(what, || Some(self.status()).filter(&holds))
    }

    /// Every edge: when it was due.
    fn tape(&self) -> Vec<u64> {
        let text = std::fs::read_to_string(self.folder.path().join("tape.csv")).expect("a tape");
        let due = |line: &str| line.split(',').next().and_then(|due| due.parse().ok());
        text.lines().skip(1).filter_map(due).collect()
    }

    fn terminate(&mut self) -> ExitStatus {
        let pid = self.child.id().to_string();
        let killed = Command::new("kill").args(["-TERM", &pid]).status();
        assert!(killed.is_ok_and(|killed| killed.success()));
        self.child.wait().expect("it ends")
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn config(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../config")
        .join(name)
}

fn await_it<T>(what: &str, mut probe: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = probe() {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "never: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// 60 mL/h in steps of 50 nL: 333 steps a second.
fn brisk(extra: &str) -> String {
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

#[test]
fn a_prescription_is_armed_run_paused_and_stopped_and_every_step_is_counted() {
    let mut daemon = Daemon::start(&[]);
    assert_eq!(
        daemon.status().state,
        "disarmed",
        "I8: nothing runs by itself"
    );
    daemon.arm(&brisk("")).expect("it is armed");
    daemon.ask(&Request::Start).expect("it starts");
    let delivered = |status: &Status| status.ledger.as_ref().map_or(0, |it| it.delivered_steps);
    let flows = daemon.until("it delivers", |status| delivered(status) > 300);
    assert_eq!(flows.state, "infusing");
    assert_eq!(flows.regimens.len(), 1);
    assert_eq!(flows.health.forbidden_allocations, 0, "I7");
    daemon.ask(&Request::Pause).expect("it pauses");
    let paused = daemon.until("the last edge is out", |status| status.state == "paused");
    daemon.ask(&Request::Resume).expect("it goes on");
    daemon.until("it delivers again", |status| {
        delivered(status) > delivered(&paused) + 100
    });
    daemon.ask(&Request::Stop).expect("it stops");
    let stopped = daemon.until("it stops", |status| status.state == "stopped");
    let ledger = stopped.ledger.expect("a ledger");
    assert!(daemon.terminate().success());
    assert_eq!(daemon.tape().len() as u64, ledger.delivered_steps);
}

/// P01, I9.
#[test]
fn what_is_wrong_is_refused_with_its_place_and_nothing_is_armed() {
    let daemon = Daemon::start(&[]);
    let wrong = brisk("").replace("60 mL/h", "60 mL");
    match daemon.arm(&wrong) {
        Err(ClientError::Refused(refusal)) => {
            assert_eq!(refusal.code, Code::BadPrescription);
            let findings = refusal.findings.unwrap_or_default();
            assert!(findings.contains("rate = \"60 mL\""), "{findings}");
        }
        other => panic!("{other:?}"),
    }
    match daemon.ask(&Request::Start) {
        Err(ClientError::Refused(refusal)) => assert_eq!(refusal.code, Code::WrongState),
        other => panic!("{other:?}"),
    }
    assert_eq!(daemon.status().state, "disarmed");
}

/// W08: standing still or spinning, the loop loses its motor, and only arming gives it back.
#[test]
fn a_loop_that_stands_still_or_spins_loses_its_motor() {
    for manner in ["stall", "spin"] {
        let daemon = Daemon::start(&["--fault", &format!("loop={manner}@3s+400ms")]);
        daemon.arm(&brisk("")).expect("it is armed");
        daemon.ask(&Request::Start).expect("it starts");
        let status = daemon.until("the sentinel has noticed", |status| {
            status.alarms.iter().any(|it| it.name == "loop-stalled")
        });
        assert_eq!(status.state, "faulted", "{manner}");
        daemon.ask(&Request::Stop).expect("it stops");
        daemon.arm(&brisk("")).expect("it is armed again");
        daemon.ask(&Request::Start).expect("it starts");
        daemon.until("it delivers again", |status| {
            status.state == "infusing"
                && status
                    .ledger
                    .as_ref()
                    .is_some_and(|it| it.delivered_steps > 10)
        });
    }
}

/// The threads around the loop hang one by one; the loop goes on as planned.
#[test]
fn a_thread_that_hangs_is_an_alarm_and_moves_no_edge() {
    for (thread, alarm) in [("inputs", "inputs-stalled"), ("journal", "journal-stalled")] {
        let mut daemon = Daemon::start(&["--fault", &format!("{thread}=stall@3s+4s")]);
        daemon.arm(&brisk("")).expect("it is armed");
        daemon.ask(&Request::Start).expect("it starts");
        let status = daemon.until("it is noticed", |status| {
            status.alarms.iter().any(|it| it.name == alarm)
        });
        assert_eq!(status.state, "infusing", "{thread}");
        daemon.until("it clears", |status| status.alarms.is_empty());
        daemon.ask(&Request::Stop).expect("it stops");
        let status = daemon.status();
        assert_eq!(status.health.forbidden_allocations, 0);
        daemon.terminate();
        let edges = daemon.tape();
        // 60 mL/h in steps of 50 nL: every 3 ms, whatever a busy machine made of one or two.
        // The very first ones wait for their credit.
        let edges = &edges[100..];
        let first = edges[0];
        let planned = edges
            .iter()
            .all(|due| (due - first).is_multiple_of(3_000_000));
        assert!(planned, "{thread}");
    }
}

/// I12, in small: a child that is killed is an alarm, is born again, and the pump goes on.
#[test]
fn a_killed_strategy_is_lost_and_comes_back() {
    let daemon = Daemon::start(&[]);
    daemon.arm(&brisk("")).expect("it is armed");
    daemon.ask(&Request::Start).expect("it starts");
    let before = daemon.until("the strategy is live", |status| {
        status
            .regimens
            .iter()
            .any(|it| it.link == "live" && it.pid.is_some())
    });
    let pid = before.regimens[0].pid.expect("a child").to_string();
    let killed = Command::new("kill").args(["-KILL", &pid]).status();
    assert!(killed.is_ok_and(|killed| killed.success()));
    let after = daemon.until("it is back", |status| {
        status
            .regimens
            .iter()
            .any(|it| it.link == "live" && it.pid.is_some_and(|now| now.to_string() != pid))
    });
    assert_eq!(after.regimens[0].respawns, 1);
    daemon.until("it delivers", |status| {
        status.state == "infusing" && status.alarms.is_empty()
    });
}

#[test]
fn a_second_daemon_in_the_same_folder_is_refused() {
    let daemon = Daemon::start(&[]);
    let mut second = Daemon::command(daemon.folder.path());
    let output = second.stderr(Stdio::piped()).output().expect("it runs");
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        said.contains("another pumpd uses the state folder"),
        "{said}"
    );
    assert_eq!(daemon.status().state, "disarmed", "the first is untouched");
}
