//! I12, I3: whatever a plugin does, the regimen beside it does not notice, and nothing beyond
//! its own envelope is given for it.
//!
//! Each guest of the zoo runs with an empty envelope beside an honest regimen in a daemon of
//! its own for 20 s; those whose sin is a dose run once more with an envelope of their own.
//! `UPDATE_ZOO=1 cargo test -p pumpd --test daemon zoo` writes the containment table.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use pump_control::{ClientError, Request, Status};

use crate::rig::{Daemon, brisk, delivered};

/// So long each guest stays.
const STAY: Duration = Duration::from_secs(20);
/// So many daemons run at the same time.
const AT_ONCE: usize = 7;
/// A machine that stands still for longer than the sentinel allows the loop has its motor cut
/// off, as it should. What a guest does it does each time: such a visit is repeated.
const ATTEMPTS: usize = 3;
/// What is honest: 60 mL/h, and nobody's basal is more than 30 mL/h beside it.
const HONEST_NL_PER_H: i128 = 60_000_000;
const NL_PER_STEP: i128 = 50;
/// The honest dose that is asked for beside [`Own::Bolus`].
const HONEST_DOSE_NL: i128 = 5_000;

/// What becomes of a guest in the daemon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// It can't be proposed.
    Refused,
    /// It can be proposed, and not be armed.
    NotStarted,
    /// It was lost four times; the regimen stays without it.
    GivenUp,
    /// It goes on, and gets nothing.
    Harmless,
}

/// An envelope of its own.
#[derive(Clone, Copy, Debug)]
enum Own {
    /// Its sin is no dose.
    None,
    /// 30 mL/h.
    Basal,
    /// 50 µL over a minute.
    Bolus,
}

/// What must become of each.
const GUESTS: &[(&str, Fate, Own)] = &[
    ("abort", Fate::GivenUp, Own::None),
    ("absurd-rate", Fate::Harmless, Own::Basal),
    ("absurd-volume", Fate::Harmless, Own::Bolus),
    ("exit", Fate::GivenUp, Own::None),
    ("flips-orders", Fate::Harmless, Own::Basal),
    ("fork", Fate::GivenUp, Own::None),
    ("hang-when-opened", Fate::Refused, Own::None),
    ("infinite-loop", Fate::GivenUp, Own::None),
    ("lockout-off-by-one", Fate::Harmless, Own::None),
    ("never-renews", Fate::Harmless, Own::Basal),
    ("non-deterministic", Fate::Harmless, Own::Basal),
    ("open-gpiochip", Fate::GivenUp, Own::None),
    ("open-socket", Fate::GivenUp, Own::None),
    ("out-of-memory", Fate::GivenUp, Own::None),
    ("panic", Fate::GivenUp, Own::None),
    ("raise-priority", Fate::GivenUp, Own::None),
    ("refuse-to-begin", Fate::NotStarted, Own::None),
    ("segfault", Fate::GivenUp, Own::None),
    ("sleep", Fate::GivenUp, Own::None),
    ("stack-overflow", Fate::GivenUp, Own::None),
    ("stale-sequence", Fate::Harmless, Own::Basal),
    ("thread", Fate::GivenUp, Own::None),
    ("wrong-abi", Fate::Refused, Own::None),
    ("wrong-size", Fate::GivenUp, Own::Basal),
];

impl Own {
    /// What the guest's regimen says of it.
    fn values(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Basal => "rate = \"30 mL/h\"\n",
            Self::Bolus => "dose = \"0.05 mL\"\nover = \"1 min\"\nevery = \"1 min\"\n",
        }
    }

    /// The fastest that it is given.
    fn nl_per_h(self) -> i128 {
        match self {
            Self::None => 0,
            Self::Basal => 30_000_000,
            Self::Bolus => 3_000_000,
        }
    }

    /// The most in a stay of so many nanoseconds.
    fn most_nl(self, stay_ns: i128) -> i128 {
        let flow = self.nl_per_h() * stay_ns / 3_600_000_000_000;
        match self {
            Self::Bolus => flow.min(50_000),
            _ => flow,
        }
    }
}

fn zoo() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../strategies/zoo")
}

fn prescription(guest: &str, own: Own) -> String {
    let values = own.values();
    let mut beside = format!("[[regimen]]\nname = \"guest\"\nstrategy = \"zoo-{guest}\"\n{values}");
    if matches!(own, Own::Bolus) {
        beside += "[[regimen]]\nname = \"patient\"\nstrategy = \"pca\"\ndose = \"0.005 mL\"\n\
                   over = \"1 s\"\nlockout = \"1 min\"\nlockout_edge = \"start-to-start\"\n\
                   other_boluses_restart_lockout = false\nother_boluses_count = false\n\
                   max_per_1h = 4\nmax_per_24h = 10\n";
    }
    // There is room for both in every window.
    let text = brisk(&beside).replace("\"300 mL\"", "\"400 mL\"");
    text.replace("\"1500 mL\"", "\"2200 mL\"")
}

/// What was seen of a guest.
struct Seen {
    fate: Fate,
    /// In words.
    words: String,
}

/// The machine stood still during a visit: the sentinel has cut the motor off, or the honest
/// strategy had no processor for its hundred milliseconds. A guest that brings this about does
/// so each time.
struct StoodStill;

fn visit(guest: &str, own: Own) -> Seen {
    for _ in 0..ATTEMPTS {
        let seen = match own {
            Own::None => visit_without(guest),
            own => visit_with(guest, own),
        };
        match seen {
            Ok(seen) => return seen,
            Err(StoodStill) => println!("{guest}: the machine stood still; again"),
        }
    }
    panic!("{guest}: the machine stands still each time");
}

fn visit_without(guest: &str) -> Result<Seen, StoodStill> {
    let mut daemon = Daemon::start(&[]);
    match daemon.arm(&prescription(guest, Own::None)) {
        Ok(()) => {}
        Err(ClientError::Refused(refusal)) => {
            let findings = refusal.findings.unwrap_or_default();
            let (fate, words) = if findings.contains(guest) {
                (Fate::Refused, "refused before arming")
            } else {
                assert!(refusal.message.contains("could not start"), "{guest}");
                (Fate::NotStarted, "its arming is refused")
            };
            let words = words.to_owned();
            return Ok(Seen { fate, words });
        }
        Err(error) => panic!("{guest}: {error}"),
    }
    daemon.ask(&Request::Start).expect("it starts");
    std::thread::sleep(STAY);
    let status = honest(&daemon, guest)?;
    let its = &status.regimens[1];
    assert_eq!(its.basal_nl_per_ns, "0/1", "{guest} gets nothing");
    let fate = fate(&status);
    assert!(daemon.terminate().success(), "{guest}");
    // The same edges as without the guest.
    assert!(daemon.tape().are_brisk(), "{guest} has moved an edge");
    let log = daemon.log();
    let lost = log
        .lines()
        .find_map(|line| line.split_once("the strategy is lost: "));
    let words = match (fate, lost) {
        (Fate::GivenUp, Some((_, text))) => {
            let cause = text.rsplit_once(';').map_or(text, |(cause, _)| cause);
            let cause = without_thread_number(cause);
            format!("lost ({cause}); after the fourth time given up")
        }
        (Fate::Harmless, None) => "answers; the governor grants it nothing".to_owned(),
        (fate, lost) => panic!("{guest}: {fate:?}, {lost:?}"),
    };
    Ok(Seen { fate, words })
}

/// A panic's message names its thread by a number that is another one each time.
fn without_thread_number(text: &str) -> String {
    if let Some((before, after)) = text.split_once("' (")
        && let Some((number, rest)) = after.split_once(')')
        && number.bytes().all(|byte| byte.is_ascii_digit())
    {
        return format!("{before}'{rest}");
    }
    text.to_owned()
}

fn fate(status: &Status) -> Fate {
    match status.regimens[1].link.as_str() {
        "given-up" => Fate::GivenUp,
        _ => Fate::Harmless,
    }
}

/// The pump and the honest regimen are as they would be alone.
fn honest(daemon: &Daemon, guest: &str) -> Result<Status, StoodStill> {
    let status = daemon.until("the honest regimen is live", |status| {
        status.regimens.first().is_some_and(|it| it.link == "live")
    });
    if status.health.cut_after_ns.is_some() {
        return Err(StoodStill);
    }
    assert_eq!(status.state, "infusing", "{guest}: {:?}", status.alarms);
    assert_eq!(status.health.forbidden_allocations, 0, "{guest}");
    assert!(!status.health.braked, "{guest}");
    let honest = &status.regimens[0];
    if honest.respawns > 0 {
        return Err(StoodStill);
    }
    assert_eq!(honest.basal_nl_per_ns, "1/60000", "{guest}");
    assert_eq!(honest.narrowed_by, None, "{guest}");
    let ledger = status.ledger.as_ref().expect("a ledger");
    assert_eq!(ledger.uncertain_steps, 0, "{guest}");
    Ok(status)
}

/// With an envelope of its own: it is never given more, and nothing is taken from the honest.
fn visit_with(guest: &str, own: Own) -> Result<Seen, StoodStill> {
    let mut daemon = Daemon::start(&[]);
    daemon
        .arm(&prescription(guest, own))
        .unwrap_or_else(|error| panic!("{guest}: {error}"));
    daemon.ask(&Request::Start).expect("it starts");
    std::thread::sleep(STAY / 2);
    let mut extra = 0;
    if matches!(own, Own::Bolus) {
        daemon.ask(&Request::Press).expect("a press");
        extra = HONEST_DOSE_NL;
    }
    std::thread::sleep(STAY / 2);
    let fate = fate(&honest(&daemon, guest)?);
    daemon.ask(&Request::Stop).expect("it stops");
    let status = daemon.until("it stops", |status| status.state == "stopped");
    let missed = i128::from(status.ledger.as_ref().map_or(0, |it| it.missed_steps));
    if extra > 0 {
        assert_eq!(status.demands.given, 1, "{guest}: {:?}", status.demands);
    }
    assert!(daemon.terminate().success(), "{guest}");
    let edges = daemon.tape();
    assert_eq!(edges.count(), delivered(&status), "{guest}");

    let stay = i128::from(edges.0[edges.0.len() - 1] - edges.0[0]);
    let both = HONEST_NL_PER_H + own.nl_per_h();
    let burst = edges.most_above(both);
    assert!(
        burst <= NL_PER_STEP + extra,
        "{guest}: {burst} nL above its envelope"
    );
    let (share, most) = (edges.most_above(HONEST_NL_PER_H), own.most_nl(stay));
    assert!(
        share <= most + extra + NL_PER_STEP,
        "{guest}: {share} nL of at most {most}"
    );
    // A bolus is granted whole or refused: what is beyond the envelope is no bolus at all.
    let gets_some = !matches!(own, Own::Bolus);
    assert_eq!(
        share > 2 * NL_PER_STEP + extra,
        gets_some,
        "{guest}: {share} nL"
    );
    let taken = edges.most_below(HONEST_NL_PER_H);
    assert!(
        taken <= NL_PER_STEP * (1 + missed),
        "{guest}: {taken} nL were taken from the honest regimen"
    );
    let words = match own {
        Own::Bolus => "nothing: a bolus beyond it is refused whole".to_owned(),
        _ => format!("{} of {} µL", share / 1_000, most / 1_000),
    };
    Ok(Seen { fate, words })
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
    let listed: Vec<&str> = GUESTS.iter().map(|(guest, _, _)| *guest).collect();
    assert_eq!(there, listed);
}

#[test]
fn no_guest_is_noticed_by_the_regimen_beside_it_or_given_more_than_its_envelope() {
    let mut visits = Vec::new();
    for (guest, _, own) in GUESTS {
        visits.push((*guest, Own::None));
        if !matches!(own, Own::None) {
            visits.push((*guest, *own));
        }
    }
    let visits = Mutex::new(visits.into_iter());
    let seen: Mutex<BTreeMap<(&str, bool), Seen>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let next = visits.lock().expect("nobody panics with it").next();
                    let Some((guest, own)) = next else { break };
                    let found = visit(guest, own);
                    let with = !matches!(own, Own::None);
                    let mut seen = seen.lock().expect("nobody panics with it");
                    seen.insert((guest, with), found);
                }
            });
        }
    });
    let seen = seen.into_inner().expect("nobody has panicked");
    let mut table = String::from(
        "| guest | what became of it | the regimen beside it | with an envelope of its own |\n\
         |---|---|---|---|\n",
    );
    for (guest, expected, _) in GUESTS {
        let alone = &seen[&(*guest, false)];
        assert_eq!(alone.fate, *expected, "{guest}: {}", alone.words);
        let beside = match alone.fate {
            Fate::Refused | Fate::NotStarted => "–",
            Fate::GivenUp | Fate::Harmless => "every edge as planned",
        };
        let own = match seen.get(&(*guest, true)) {
            None => "–".to_owned(),
            Some(with) => {
                assert_eq!(with.fate, *expected, "{guest} with an envelope");
                with.words.clone()
            }
        };
        let _ = writeln!(table, "| `{guest}` | {} | {beside} | {own} |", alone.words);
    }
    if std::env::var_os("UPDATE_ZOO").is_some() {
        update(&table);
    }
}

fn update(table: &str) {
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
