//! I12: whatever a plugin does, the regimen beside it does not notice.
//!
//! Each guest of the zoo runs with an empty envelope beside an honest regimen in a daemon of
//! its own for 20 s. `UPDATE_ZOO=1 cargo test -p pumpd zoo` writes the containment table.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use pump_control::{ClientError, Request};

use crate::rig::{Daemon, brisk};

/// So long each guest stays.
const STAY: Duration = Duration::from_secs(20);
/// So many daemons run at the same time.
const AT_ONCE: usize = 6;
/// 60 mL/h in steps of 50 nL.
const INTERVAL: u64 = 3_000_000;

/// What becomes of a guest in the daemon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// It can't be armed.
    Refused,
    /// It was lost four times; the regimen stays without it.
    GivenUp,
    /// It goes on, and gets nothing.
    Harmless,
}

/// What must become of each.
const GUESTS: &[(&str, Fate)] = &[
    ("abort", Fate::GivenUp),
    ("absurd-rate", Fate::Harmless),
    ("absurd-volume", Fate::Harmless),
    ("exit", Fate::GivenUp),
    ("flips-orders", Fate::Harmless),
    ("fork", Fate::GivenUp),
    ("infinite-loop", Fate::GivenUp),
    ("never-renews", Fate::Harmless),
    ("non-deterministic", Fate::Harmless),
    ("open-gpiochip", Fate::GivenUp),
    ("open-socket", Fate::GivenUp),
    ("out-of-memory", Fate::GivenUp),
    ("panic", Fate::GivenUp),
    ("raise-priority", Fate::GivenUp),
    ("segfault", Fate::GivenUp),
    ("sleep", Fate::GivenUp),
    ("stack-overflow", Fate::GivenUp),
    ("stale-sequence", Fate::Harmless),
    ("thread", Fate::GivenUp),
    ("wrong-abi", Fate::Refused),
    ("wrong-size", Fate::GivenUp),
];

fn zoo() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../strategies/zoo")
}

/// What was seen of a guest: its row of the table.
struct Seen {
    fate: Fate,
    words: String,
}

fn visit(guest: &str) -> Seen {
    let mut daemon = Daemon::start(&[]);
    let beside = format!("[[regimen]]\nname = \"guest\"\nstrategy = \"zoo-{guest}\"\n");
    match daemon.arm(&brisk(&beside)) {
        Ok(()) => {}
        Err(ClientError::Refused(refusal)) => {
            let findings = refusal.findings.unwrap_or_default();
            assert!(findings.contains(guest), "{guest}: {findings}");
            return Seen {
                fate: Fate::Refused,
                words: "refused before arming".to_owned(),
            };
        }
        Err(error) => panic!("{guest}: {error}"),
    }
    daemon.ask(&Request::Start).expect("it starts");
    std::thread::sleep(STAY);
    let status = daemon.until("the honest regimen is live", |status| {
        status.regimens.first().is_some_and(|it| it.link == "live")
    });
    assert_eq!(status.state, "infusing", "{guest}");
    assert_eq!(status.health.forbidden_allocations, 0, "{guest}");
    assert!(!status.health.braked, "{guest}");
    let (honest, its) = (&status.regimens[0], &status.regimens[1]);
    assert_eq!(honest.respawns, 0, "{guest}");
    assert_eq!(its.basal_nl_per_ns, "0/1", "{guest} gets nothing");
    let fate = if its.link == "given-up" {
        Fate::GivenUp
    } else {
        Fate::Harmless
    };
    let ledger = status.ledger.expect("a ledger");
    assert_eq!(ledger.uncertain_steps, 0, "{guest}");
    assert!(daemon.terminate().success(), "{guest}");

    // The same edges as without the guest: one every 3 ms and nothing between. The very first
    // wait for their credit.
    let edges = daemon.tape();
    let edges = edges.get(100..).unwrap_or_default();
    let first = *edges.first().expect("an infusion");
    let planned = edges
        .iter()
        .all(|due| (due - first).is_multiple_of(INTERVAL));
    assert!(planned, "{guest} has moved an edge");

    let log = daemon.log();
    let lost = log
        .lines()
        .find_map(|line| line.split_once("the strategy is lost: "));
    let words = match (fate, lost) {
        (Fate::GivenUp, Some((_, text))) => {
            let cause = text.rsplit_once(';').map_or(text, |(cause, _)| cause);
            format!("lost ({cause}); after the fourth time given up")
        }
        (Fate::Harmless, None) => "answers; the governor grants it nothing".to_owned(),
        (fate, lost) => panic!("{guest}: {fate:?}, {lost:?}"),
    };
    Seen { fate, words }
}

#[test]
fn every_guest_is_listed_here() {
    let mut there: Vec<String> = std::fs::read_dir(zoo())
        .expect("the zoo")
        .filter_map(|entry| entry.ok())
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    there.sort();
    let listed: Vec<&str> = GUESTS.iter().map(|(guest, _)| *guest).collect();
    assert_eq!(there, listed);
}

#[test]
fn no_guest_is_noticed_by_the_regimen_beside_it() {
    let mut table =
        String::from("| guest | what became of it | the regimen beside it |\n|---|---|---|\n");
    for group in GUESTS.chunks(AT_ONCE) {
        let seen: Vec<Seen> = std::thread::scope(|scope| {
            let visits: Vec<_> = group
                .iter()
                .map(|(guest, _)| scope.spawn(move || visit(guest)))
                .collect();
            let seen = visits.into_iter().map(|visit| visit.join());
            seen.map(|seen| seen.expect("a visit")).collect()
        });
        for ((guest, expected), seen) in group.iter().zip(seen) {
            assert_eq!(seen.fate, *expected, "{guest}: {}", seen.words);
            let beside = match seen.fate {
                Fate::Refused => "–",
                _ => "every edge as planned",
            };
            let _ = writeln!(table, "| `{guest}` | {} | {beside} |", seen.words);
        }
    }
    if std::env::var_os("UPDATE_ZOO").is_some() {
        let path = zoo().join("README.md");
        let text = std::fs::read_to_string(&path).expect("the zoo's README");
        let (begin, end) = (
            "<!-- containment table: begin -->",
            "<!-- containment table: end -->",
        );
        let (before, rest) = text.split_once(begin).expect("a place for the table");
        let (_, after) = rest.split_once(end).expect("its end");
        let new = format!("{before}{begin}\n{table}{end}{after}");
        std::fs::write(&path, new).expect("it can be written");
    }
}
