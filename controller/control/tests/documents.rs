//! Every document as it goes over the socket, held against a file that others can write a
//! client from. `UPDATE=1 cargo test -p pump-control` writes the files anew.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use pump_control::{
    Account, Alarm, AlarmTest, Amount, Armed, Bolus, Check, CheckState, Code, Demands,
    Distribution, Done, Drug, Event, Health, Hello, Journal, Latency, Ledger, Mass, NextDemand,
    Pending, Preflight, Prescribed, Proposal, ProposedRegimen, Refilled, Refusal, Regimen, Reply,
    Request, Reservoir, Residue, Row, Status, Subject, Thread, Threads, Urgency, Watched, Window,
    read_answer, read_request, write_reply, write_request, write_watched,
};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/documents")
}

/// Holds lines against a file.
fn compare(name: &str, lines: &[Vec<u8>]) {
    let found = String::from_utf8(lines.concat()).expect("UTF-8");
    let path = folder().join(name);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &found).expect("the file can be written");
    }
    let expected = std::fs::read_to_string(&path).expect(name);
    assert_eq!(found, expected, "{name}");
}

fn text(text: &str) -> String {
    text.to_owned()
}

fn requests() -> Vec<Request> {
    vec![
        Request::Hello,
        Request::Status { threads: true },
        Request::Preflight,
        Request::Propose {
            name: text("rx.toml"),
            text: text("format = 1\nid = \"µ\"\n"),
        },
        Request::Confirm {
            token: text("5f0c"),
            reason: None,
            acknowledge_uncertain: false,
        },
        Request::Confirm {
            token: text("5f0c"),
            reason: Some(text("dye study, protocol 7")),
            acknowledge_uncertain: true,
        },
        Request::Cancel {
            token: text("5f0c"),
        },
        Request::Start,
        Request::Pause,
        Request::Resume,
        Request::Stop,
        Request::Press,
        Request::Ack {
            alarm: text("reservoir-low"),
        },
        Request::Silence { seconds: 60 },
        Request::AlarmTest {
            priority: Urgency::High,
        },
        Request::AlarmTested {
            priority: Urgency::Medium,
            seen: Some(true),
            heard: None,
        },
        Request::Watch,
        Request::Latency { reset: true },
        Request::Ledger,
        Request::NewSubject,
        Request::Refill {
            residue_nl: 3_100_000,
            filled_nl: 20_000_000,
            lot: text("L123"),
        },
        Request::AcknowledgeResidue {
            reason: text("0.9 mL were spilled at the needle"),
        },
    ]
}

fn status() -> Status {
    Status {
        state: text("infusing"),
        simulated: true,
        uptime_ns: 90_000_000_000,
        therapy_ns: Some(60_000_000_000),
        prescription: Some(Prescribed {
            id: text("test rig"),
            sha256: "ab".repeat(32),
        }),
        proposal: Some(Pending {
            id: text("other rig"),
            sha256: "cd".repeat(32),
            by: text("root"),
            expires_in_s: 599,
        }),
        action: text("warn"),
        alarms: vec![Alarm {
            name: text("reservoir-low"),
            priority: text("medium"),
            text: text("the reservoir is low"),
            age_ns: 1_000_000_000,
            acked: true,
            silenced: false,
            latched: true,
            action: text("warn"),
            clears: text("by itself"),
            remedy: text("fill it"),
        }],
        silenced_for_s: Some(30),
        ledger: Some(Ledger {
            displaced_steps: 16,
            displaced_nl: 800,
            delivered_steps: 13,
            missed_steps: 1,
            uncertain_steps: 0,
            open_steps: 0,
            commanded_steps: text("14 + 3/7"),
            nl_per_step: text("50/1"),
            delivered_nl: 650,
            missed_nl: 50,
            uncertain_nl: 0,
            commanded_nl: 721,
        }),
        reservoir: Some(Reservoir {
            content_nl: 1_900_000,
            content_steps: 38_000,
            low_nl: 2_000_000,
            empty_nl: 500_000,
            lasts_ns: Some(3_600_000_000_000),
        }),
        windows: vec![
            Window {
                name: text("1h"),
                given_nl: 650,
                cap_nl: Some(400_000),
            },
            Window {
                name: text("24h"),
                given_nl: 650,
                cap_nl: None,
            },
        ],
        regimens: vec![Regimen {
            name: text("background"),
            strategy: text("continuous"),
            basal: text("0.04167 mL/h"),
            basal_nl_per_ns: text("1/86400000"),
            narrowed_by: Some(text("max-rate")),
            next_demand: Some(NextDemand {
                in_ns: Some(1_140_000_000_000),
                reason: Some(text("lockout")),
            }),
            link: text("live"),
            respawns: 1,
            pid: Some(4242),
        }],
        bolus: Some(Bolus {
            kind: text("demand"),
            regimen: Some(text("patient")),
            started_at_ns: 50_000_000_000,
            volume_nl: 50_000,
            delivered_nl: 600,
            outcome: text("running"),
            reason: None,
        }),
        demands: Demands {
            attempted: 3,
            given: 1,
            refused: BTreeMap::from([(text("lockout"), 2)]),
        },
        health: Health {
            alive: true,
            braked: false,
            cut_after_ns: Some(71_000_000),
            age_ns: 4_000_000,
            ticks: 9_000,
            lane_drops: BTreeMap::from([(text("journal"), 0)]),
            forbidden_allocations: 0,
            refused_edges: 0,
        },
        journal: Some(Journal {
            head: text("ab"),
            commits: 12,
            last_sync_ns: 400_000,
            slowest_sync_ns: 9_000_000,
            trouble: None,
            fix: None,
        }),
        threads: Some(Threads {
            list: vec![Thread {
                name: text("pump-loop"),
                tid: 4243,
                policy: text("fifo"),
                priority: 80,
                planned: Some(text("fifo 80")),
                cpus: text("0"),
                voluntary_switches: 9_100,
                involuntary_switches: 2,
                cpu_ns: 12_000_000,
            }],
            locked_kb: 9_000,
            resident_kb: 9_100,
            preempt_rt: true,
            throttle_runtime_ns: Some(950_000_000),
            throttle_period_ns: Some(1_000_000_000),
        }),
    }
}

fn event() -> Event {
    Event {
        seq: 4,
        at_ns: 60_000_000,
        kind: text("demand-refused"),
        text: text("press 1 refused, lockout: the lockout since the last bolus has not passed"),
        regimen: Some(text("patient")),
        reason: Some(text("lockout")),
        alarm: None,
        priority: None,
    }
}

fn red() -> Check {
    Check {
        name: text("realtime-kernel"),
        state: CheckState::Red,
        found: text("6.1.0 without PREEMPT_RT"),
        fix: Some(text("install linux-image-rt-amd64 and restart")),
    }
}

fn replies() -> Vec<Reply> {
    vec![
        Reply::Hello(Hello {
            version: text("0.1.0"),
            pid: 4200,
            simulated: true,
            user: text("root"),
            rights: text("prescribe"),
        }),
        Reply::Status(Box::new(status())),
        Reply::Status(Box::new(Status {
            state: text("disarmed"),
            action: text("none"),
            ..Status::default()
        })),
        Reply::Preflight(Preflight {
            green: false,
            checks: vec![
                red(),
                Check {
                    name: text("watchdog"),
                    state: CheckState::Skipped,
                    found: text("not needed on simulated hardware"),
                    fix: None,
                },
            ],
        }),
        Reply::Proposal(Box::new(Proposal {
            token: text("5f0c"),
            id: text("test rig"),
            sha256: "ab".repeat(32),
            rows: vec![Row {
                what: text("limit max-1h"),
                old: None,
                new: Some(text("0.4 mL")),
                changed: true,
            }],
            regimens: vec![ProposedRegimen {
                name: text("background"),
                strategy: text("continuous"),
                version: text("0.1.0"),
                plugin_sha256: "ef".repeat(32),
            }],
            drug_changes: true,
            remarks: text("warning[W0001]: …\n"),
            beyond_soft_limits: vec![text("max-1h 0.4 mL is beyond 0.3 mL")],
            uncertain: Some(amount(60)),
            expires_in_s: 600,
        })),
        Reply::Armed(Armed {
            id: text("test rig"),
            sha256: "ab".repeat(32),
        }),
        Reply::Done(Done {
            state: text("infusing"),
        }),
        Reply::Watching(Box::new(Status {
            state: text("armed"),
            action: text("none"),
            ..Status::default()
        })),
        Reply::Latency(Latency {
            period_ns: 60_000_000_000,
            tick_ns: 10_000_000,
            priority: Some(80),
            cpu: Some(0),
            histograms: vec![Distribution {
                name: text("wake-lateness"),
                count: 6_000,
                min_ns: 2_000,
                p50_ns: 5_000,
                p99_ns: 20_000,
                p999_ns: 40_000,
                max_ns: 61_000,
            }],
        }),
        Reply::Ledger(Box::new(account())),
        Reply::Ledger(Box::default()),
        Reply::Refilled(Refilled {
            residue: residue(),
            differs: true,
            content_nl: 20_000_000,
        }),
        Reply::AlarmTest(AlarmTest {
            priority: Urgency::Low,
            light: false,
            sound: true,
            lasts_s: 5,
        }),
    ]
}

fn amount(steps: u64) -> Amount {
    Amount {
        steps,
        nl: 50 * steps,
        masses: vec![Mass {
            drug: text("blue dye"),
            pg: 100_000 * steps,
        }],
    }
}

fn residue() -> Residue {
    Residue {
        measured_nl: 3_100_000,
        expected_nl: 4_500_000,
        allowed_nl: 1_000_000,
    }
}

fn account() -> Account {
    Account {
        state: text("infusing"),
        prescription: Some(Prescribed {
            id: text("test rig"),
            sha256: "ab".repeat(32),
        }),
        nl_per_step: Some(text("50/1")),
        drugs: vec![Drug {
            name: text("blue dye"),
            ng_per_nl: text("2/1"),
        }],
        delivered: amount(13),
        missed: amount(1),
        uncertain: amount(0),
        displaced: amount(16),
        unacknowledged: amount(60),
        remaining: Some(amount(38_000)),
        capacity_nl: Some(20_000_000),
        residue: Some(residue()),
        lasts_ns: Some(3_600_000_000_000),
        refill_in_ns: Some(86_400_000_000_000),
        refill_utc_ns: Some(1_790_000_000_000_000_000),
        subject: Subject {
            given_1h_nl: 650,
            given_4h_nl: 650,
            given_24h_nl: 1_300,
            boluses_24h: 2,
        },
    }
}

#[test]
fn requests_are_written_as_the_file_says_and_read_back() {
    let lines: Vec<Vec<u8>> = (1..)
        .zip(requests())
        .map(|(id, request)| {
            let line = write_request(id, &request).expect("it is short");
            assert_eq!(read_request(&line).expect("a request"), (id, request));
            line
        })
        .collect();
    compare("requests.jsonl", &lines);
}

#[test]
fn answers_are_written_as_the_file_says_and_read_back() {
    let lines: Vec<Vec<u8>> = (1..)
        .zip(replies())
        .map(|(id, reply)| {
            let line = write_reply(Some(id), Ok(&reply));
            let read = read_answer(&line).expect("an answer");
            assert_eq!(read, (Some(id), Ok(reply)));
            line
        })
        .collect();
    compare("replies.jsonl", &lines);
}

#[test]
fn refusals_are_written_as_the_file_says_and_read_back() {
    let refusals = [
        (
            Some(1),
            Refusal::new(Code::PreflightRed, "a check is red")
                .fix("see the checks")
                .checks(vec![red()]),
        ),
        (
            Some(2),
            Refusal::new(Code::BadPrescription, "rx.toml is refused: 1 error")
                .findings("error[E0001]: …\n --> rx.toml:2:9\n"),
        ),
        (None, Refusal::new(Code::TooManyConnections, "there are 64")),
    ];
    let lines: Vec<Vec<u8>> = refusals
        .into_iter()
        .map(|(id, refusal)| {
            let line = write_reply(id, Err(&refusal));
            let read = read_answer(&line).expect("an answer");
            assert_eq!(read, (id, Err(refusal)));
            line
        })
        .collect();
    compare("errors.jsonl", &lines);
}

#[test]
fn what_a_watcher_gets_is_written_as_the_file_says() {
    let watched = [
        Watched::Event(event()),
        Watched::Status(Box::new(Status {
            state: text("armed"),
            action: text("none"),
            ..Status::default()
        })),
    ];
    let lines: Vec<Vec<u8>> = watched
        .iter()
        .map(|watched| write_watched(7, watched).expect("it is short"))
        .collect();
    compare("watch.jsonl", &lines);
}

/// The names of codes are for programs: they stay.
#[test]
fn the_codes_have_their_names() {
    let named = [
        (Code::BadRequest, "bad-request"),
        (Code::UnsupportedVersion, "unsupported-version"),
        (Code::TooLarge, "too-large"),
        (Code::TooManyConnections, "too-many-connections"),
        (Code::TimedOut, "timed-out"),
        (Code::NoRight, "no-right"),
        (Code::WrongState, "wrong-state"),
        (Code::BadPrescription, "bad-prescription"),
        (Code::PreflightRed, "preflight-red"),
        (Code::NotFound, "not-found"),
        (Code::NeedsReason, "needs-reason"),
        (Code::Busy, "busy"),
        (Code::ShuttingDown, "shutting-down"),
        (Code::Internal, "internal"),
    ];
    for (code, name) in named {
        let line = write_reply(Some(1), Err(&Refusal::new(code, "m")));
        let line = String::from_utf8(line).expect("UTF-8");
        assert!(line.contains(&format!("\"code\":\"{name}\"")), "{line}");
    }
}
