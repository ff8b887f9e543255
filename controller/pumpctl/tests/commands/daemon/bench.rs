//! A daemon that does what a test says, behind the real socket.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use pump_control::{
    Account, Alarm, AlarmTest, Amount, Armed, Authority, Bolus, Check, CheckState, Code, Demands,
    Distribution, Done, Event, Health, Hello, Latency, Ledger, Limits, Mail, NextDemand, Outcome,
    Peer, Preflight, Prescribed, Proposal, ProposedRegimen, Refilled, Refusal, Regimen, Reply,
    Request, Reservoir, Residue, Rights, Row, Server, Service, Status, Ticket, Urgency, Waker,
    Watched, Window,
};
use tempfile::TempDir;

use crate::rig::Done as Ran;

/// Longer than any of it takes, however busy the machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);
/// The daemon's one token.
pub(crate) const TOKEN: &str = "5f0c";

/// What a test and its daemon share.
#[derive(Default)]
pub(crate) struct Shared {
    pub(crate) asked: Mutex<Vec<Request>>,
    pub(crate) status: Mutex<Status>,
    /// Answers every request but `hello` and `status`.
    pub(crate) refusal: Mutex<Option<Refusal>>,
    pub(crate) checks: Mutex<Vec<Check>>,
    pub(crate) beyond: Mutex<Vec<String>>,
    pub(crate) uncertain: Mutex<Option<Amount>>,
    pub(crate) account: Mutex<Account>,
    /// Published as soon as they are there.
    pub(crate) news: Mutex<Vec<Watched>>,
    pub(crate) priority: Mutex<Option<u8>>,
    watchers: AtomicUsize,
}

struct Bench(Arc<Shared>);

fn hex(digits: &str) -> String {
    digits.repeat(32)
}

impl Service for Bench {
    fn handle(&mut self, request: Request, peer: &Peer, ticket: Ticket) -> Outcome {
        let shared = &self.0;
        shared.asked.lock().unwrap().push(request.clone());
        let refusal = shared.refusal.lock().unwrap().clone();
        let done = |state: &str| {
            Outcome::from(Reply::Done(Done {
                state: state.into(),
            }))
        };
        match (request, refusal) {
            (Request::Hello, _) => Reply::Hello(Hello {
                version: format!("{ticket:?}"),
                pid: std::process::id(),
                simulated: true,
                user: peer.user.clone(),
                rights: peer.rights.name().into(),
            })
            .into(),
            (Request::Status { threads }, _) => {
                let mut status = shared.status.lock().unwrap().clone();
                status.threads = status.threads.filter(|_| threads);
                Reply::Status(Box::new(status)).into()
            }
            (_, Some(refusal)) => refusal.into(),
            (Request::Preflight, _) => {
                let checks = shared.checks.lock().unwrap().clone();
                Reply::Preflight(Preflight {
                    green: checks.iter().all(|check| check.state != CheckState::Red),
                    checks,
                })
                .into()
            }
            (Request::Propose { .. }, _) => {
                let proposal = Proposal {
                    uncertain: shared.uncertain.lock().unwrap().clone(),
                    ..proposal(&shared.beyond.lock().unwrap())
                };
                Reply::Proposal(Box::new(proposal)).into()
            }
            (Request::Confirm { token, .. }, _) if token == TOKEN => Reply::Armed(Armed {
                id: "test rig".into(),
                sha256: hex("ab"),
            })
            .into(),
            (Request::Confirm { .. }, _) => {
                Refusal::new(Code::NotFound, "there is no such proposal").into()
            }
            (Request::Watch, _) => {
                Reply::Watching(Box::new(shared.status.lock().unwrap().clone())).into()
            }
            (Request::Latency { .. }, _) => {
                Reply::Latency(latency(*shared.priority.lock().unwrap())).into()
            }
            (Request::Start | Request::Resume, _) => done("infusing"),
            (Request::Pause, _) => done("paused"),
            (Request::Stop, _) => done("stopped"),
            (Request::Cancel { .. }, _) => done("disarmed"),
            (Request::Ledger, _) => {
                let account = shared.account.lock().unwrap().clone();
                Reply::Ledger(Box::new(account)).into()
            }
            (Request::NewSubject, _) => done("disarmed"),
            (Request::AcknowledgeResidue { .. }, _) => done("stopped"),
            (
                Request::Refill {
                    residue_nl,
                    filled_nl,
                    ..
                },
                _,
            ) => Reply::Refilled(Refilled {
                residue: Residue {
                    measured_nl: residue_nl,
                    expected_nl: 3_000_000,
                    allowed_nl: 1_000_000,
                },
                differs: residue_nl > 4_000_000,
                content_nl: filled_nl,
            })
            .into(),
            (Request::AlarmTest { priority }, _) => Reply::AlarmTest(AlarmTest {
                priority,
                light: priority != Urgency::Low,
                sound: true,
                lasts_s: 0,
            })
            .into(),
            (Request::AlarmTested { .. }, _) => done("disarmed"),
            (Request::Press | Request::Ack { .. } | Request::Silence { .. }, _) => done("infusing"),
        }
    }

    fn turn(&mut self, mail: &mut Mail<'_>) {
        self.0.watchers.store(mail.watchers(), Ordering::SeqCst);
        for news in self.0.news.lock().unwrap().drain(..) {
            mail.publish(&news);
        }
    }
}

fn proposal(beyond: &[String]) -> Proposal {
    let row = |what: &str, old: Option<&str>, new: Option<&str>| Row {
        what: what.into(),
        old: old.map(Into::into),
        new: new.map(Into::into),
        changed: old != new,
    };
    Proposal {
        token: TOKEN.into(),
        id: "test rig".into(),
        sha256: hex("ab"),
        rows: vec![
            row("route", Some("intrathecal"), Some("intrathecal")),
            row("limit max-1h", Some("0.3 mL"), Some("0.4 mL")),
            row("regimen patient", None, Some("bolus 50 µL over 2 min")),
        ],
        regimens: vec![ProposedRegimen {
            name: "background".into(),
            strategy: "continuous".into(),
            version: "0.1.0".into(),
            plugin_sha256: hex("cd"),
        }],
        drug_changes: false,
        remarks: String::new(),
        beyond_soft_limits: beyond.to_vec(),
        uncertain: None,
        expires_in_s: 600,
    }
}

fn latency(priority: Option<u8>) -> Latency {
    let histogram = |name: &str, us: u64| Distribution {
        name: name.into(),
        count: 6_000,
        min_ns: us * 500,
        p50_ns: us * 1_000,
        p99_ns: us * 2_000,
        p999_ns: us * 3_000,
        max_ns: us * 4_000,
    };
    Latency {
        period_ns: 3_600_000_000_000,
        tick_ns: 10_000_000,
        priority,
        cpu: None,
        histograms: vec![
            histogram("wake-lateness", 20),
            histogram("edge-lateness", 30),
            histogram("tick-time", 4),
            Distribution {
                name: "ioctl-time".into(),
                ..Distribution::default()
            },
        ],
    }
}

/// A pump in the middle of its work.
pub(crate) fn infusing() -> Status {
    Status {
        state: "infusing".into(),
        simulated: true,
        uptime_ns: 7_500_000_000_000,
        therapy_ns: Some(7_380_400_000_000),
        prescription: Some(Prescribed {
            id: "test rig".into(),
            sha256: hex("ab"),
        }),
        action: "warn".into(),
        alarms: vec![
            Alarm {
                name: "reservoir-low".into(),
                priority: "medium".into(),
                text: "the reservoir is low".into(),
                age_ns: 60_000_000_000,
                acked: true,
                silenced: false,
                ..Alarm::default()
            },
            Alarm {
                name: "credit-spent".into(),
                priority: "high".into(),
                text: "the pump is at rest".into(),
                age_ns: 1_000_000_000,
                acked: false,
                silenced: true,
                ..Alarm::default()
            },
        ],
        silenced_for_s: Some(90),
        ledger: Some(Ledger {
            displaced_steps: 16,
            displaced_nl: 800,
            delivered_steps: 27_000,
            missed_steps: 1,
            uncertain_steps: 2,
            open_steps: 0,
            commanded_steps: "27003 + 3/7".into(),
            nl_per_step: "50/1".into(),
            delivered_nl: 1_350_000,
            missed_nl: 50,
            uncertain_nl: 100,
            commanded_nl: 1_350_171,
        }),
        reservoir: Some(Reservoir {
            content_nl: 1_900_000,
            content_steps: 38_000,
            low_nl: 2_000_000,
            empty_nl: 500_000,
            lasts_ns: Some(7_380_000_000_000),
        }),
        windows: vec![Window {
            name: "1h".into(),
            given_nl: 200_000,
            cap_nl: Some(400_000),
        }],
        regimens: vec![Regimen {
            name: "background".into(),
            strategy: "continuous".into(),
            basal: "0.04167 mL/h".into(),
            basal_nl_per_ns: "1/86400000".into(),
            narrowed_by: Some("max-rate".into()),
            next_demand: Some(NextDemand {
                in_ns: Some(1_140_500_000_000),
                reason: Some("lockout".into()),
            }),
            link: "lost".into(),
            respawns: 1,
            pid: None,
        }],
        bolus: Some(Bolus {
            kind: "demand".into(),
            regimen: Some("patient".into()),
            started_at_ns: 7_380_000_000_000,
            volume_nl: 50_000,
            delivered_nl: 600,
            outcome: "running".into(),
            reason: None,
        }),
        demands: Demands {
            attempted: 3,
            given: 1,
            refused: BTreeMap::from([("lockout".into(), 2)]),
        },
        health: Health {
            alive: true,
            ticks: 738_040,
            ..Health::default()
        },
        ..Status::default()
    }
}

pub(crate) fn event(seq: u64, text: &str) -> Watched {
    Watched::Event(Event {
        seq,
        at_ns: 3_661_000_000_000,
        kind: "demand-asked".into(),
        text: text.into(),
        ..Event::default()
    })
}

/// Everybody has the same rights.
struct All(Rights);

impl Authority for All {
    fn rights(&self, _: u32, _: u32) -> Option<Rights> {
        Some(self.0)
    }

    fn user(&self, _: u32) -> Option<String> {
        Some("ada".into())
    }
}

/// The daemon, and a folder for the test.
pub(crate) struct Daemon {
    pub(crate) shared: Arc<Shared>,
    pub(crate) folder: TempDir,
    waker: Waker,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Daemon {
    pub(crate) fn new() -> Self {
        Self::with(Rights::Prescribe)
    }

    pub(crate) fn with(rights: Rights) -> Self {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let socket = folder.path().join("control.sock");
        let server = Server::bind_with(&socket, Limits::default(), Box::new(All(rights)));
        let mut server = server.expect("it can listen");
        let (shared, stop) = (Arc::<Shared>::default(), Arc::<AtomicBool>::default());
        *shared.status.lock().unwrap() = infusing();
        let (mut service, stopped) = (Bench(Arc::clone(&shared)), Arc::clone(&stop));
        let waker = server.waker();
        let thread = std::thread::spawn(move || {
            while !stopped.load(Ordering::SeqCst) {
                let turn = server.turn(&mut service, Duration::from_millis(20));
                turn.expect("the server goes on");
            }
            server.close(&mut service);
        });
        Self {
            shared,
            folder,
            waker,
            stop,
            thread: Some(thread),
        }
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.path().join("control.sock")
    }

    /// The program, told where the daemon is.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pumpctl"));
        command
            .current_dir(self.folder.path())
            .env_remove("RUST_LOG")
            .env_remove("NO_COLOR")
            .env("TERM", "xterm")
            .env("PUMPD_SOCKET", self.socket())
            .args(words)
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, words: &[&str]) -> Ran {
        Ran(self.command(words).output().expect("the program runs"))
    }

    pub(crate) fn asked(&self) -> Vec<Request> {
        self.shared.asked.lock().unwrap().clone()
    }

    pub(crate) fn publish(&self, news: Watched) {
        self.shared.news.lock().unwrap().push(news);
        self.waker.wake();
    }

    pub(crate) fn until_somebody_watches(&self) {
        let begun = Instant::now();
        while self.shared.watchers.load(Ordering::SeqCst) == 0 {
            assert!(begun.elapsed() < PATIENCE, "nobody watches");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Ends the daemon in order.
    pub(crate) fn end(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        self.waker.wake();
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the daemon did not panic");
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.end();
        }
    }
}
