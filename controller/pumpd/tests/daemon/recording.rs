//! I11: what the journal holds of a run is the run.

use std::path::Path;
use std::time::Duration;

use pump_control::Request;
use pump_core::pump::EdgeFate;
use pump_journal::{Query, Reader};
use pump_recording::row::{Block, Closing, Opening, Row};
use pump_recording::{Edge, Replay, Witness};

use crate::rig::{Daemon, brisk, config, delivered, has_alarm, kill, undisturbed};

/// A run as the journal has it.
struct Recorded {
    opening: Opening,
    blocks: Vec<Block>,
    closing: Option<Closing>,
}

/// The runs of a journal.
fn runs(folder: &Path) -> Vec<Recorded> {
    let mut reader = Reader::open(&folder.join("state")).expect("a journal");
    let query = Query {
        kinds: Row::KINDS.map(str::to_owned).to_vec(),
        ..Query::default()
    };
    let mut runs: Vec<Recorded> = Vec::new();
    for row in reader.rows(&query).expect("rows") {
        match Row::read(&row.kind, &row.body).expect("a row") {
            Some(Row::Run(opening)) => runs.push(Recorded {
                opening: *opening,
                blocks: Vec::new(),
                closing: None,
            }),
            Some(Row::Inputs(block)) => runs.last_mut().expect("a run").blocks.push(block),
            Some(Row::Ended(closing)) => runs.last_mut().expect("a run").closing = Some(closing),
            None => panic!("a row of another kind"),
        }
    }
    runs
}

#[derive(Default)]
struct Seen(Vec<Edge>);

impl Witness for Seen {
    fn edge(&mut self, edge: &Edge) {
        self.0.push(*edge);
    }
}

fn replayed(run: &Recorded) -> (Replay, Vec<Edge>) {
    let mut replay = Replay::begin(&run.opening).expect("it can be replayed");
    let mut seen = Seen::default();
    for block in &run.blocks {
        let again = replay.block(block, &mut seen);
        assert_eq!(again, Ok(()), "block {}", block.block);
    }
    (replay, seen.0)
}

fn pca() -> String {
    brisk(
        "[[regimen]]\nname = \"patient\"\nstrategy = \"pca\"\ndose = \"0.005 mL\"\n\
         over = \"1 s\"\nlockout = \"1 min\"\nlockout_edge = \"start-to-start\"\n\
         other_boluses_restart_lockout = false\nother_boluses_count = false\n\
         max_per_1h = 4\nmax_per_24h = 10\n",
    )
}

/// Every edge of the tape is the replay's, to the nanosecond: through presses, a pause, a
/// strategy that is killed, a second arming.
#[test]
fn i11_what_the_tape_has_is_what_a_replay_plans() {
    undisturbed(the_tape_is_what_a_replay_plans);
}

fn the_tape_is_what_a_replay_plans() {
    let mut daemon = Daemon::start(&[]);
    daemon.infuse(&pca());
    daemon.ask(&Request::Press).expect("a press");
    daemon.ask(&Request::Press).expect("another press");
    std::thread::sleep(Duration::from_secs(2));
    let status = daemon.status();
    assert!(status.regimens[0].pid.is_some_and(kill), "it is killed");
    std::thread::sleep(Duration::from_secs(1));
    daemon.ask(&Request::Pause).expect("a pause");
    daemon.ask(&Request::Resume).expect("it goes on");
    daemon.ask(&Request::Stop).expect("it stops");
    let first = daemon.until("it stops", |status| status.state == "stopped");
    daemon.infuse(&brisk(""));
    daemon.ask(&Request::Stop).expect("it stops");
    let second = daemon.until("it stops", |status| status.state == "stopped");
    assert!(daemon.terminate().success());

    let runs = runs(daemon.folder.path());
    let [one, two] = &runs[..] else {
        panic!("{} runs", runs.len());
    };
    let closed = |run: &Recorded| run.closing.as_ref().map(|it| (it.why.clone(), it.whole));
    assert_eq!(closed(one), Some(("armed-anew".to_owned(), true)));
    assert_eq!(closed(two), Some(("daemon-ended".to_owned(), true)));
    assert_eq!(one.opening.dossier.prescription, pca());
    let device = std::fs::read_to_string(config("pump.toml")).expect("the device");
    assert_eq!(one.opening.dossier.device, device);

    let mut planned = Vec::new();
    for (run, status) in [(one, &first), (two, &second)] {
        let (replay, edges) = replayed(run);
        let ledger = replay.pump().ledger().expect("a ledger");
        assert_eq!(ledger.delivered.0, delivered(status));
        planned.extend(edges.iter().map(|edge| edge.due.0 - run.opening.ahead_ns));
        assert!(edges.iter().all(|edge| edge.fate == EdgeFate::Accepted));
    }
    let totals = replayed(one).0.totals();
    assert_eq!((totals.boluses, totals.demands_refused), (1, 1));
    assert_eq!(planned, daemon.tape().0);
}

/// A daemon that dies leaves its run up to the last batch, and the next one has a number and a
/// beginning of its own.
#[test]
fn i11_a_run_whose_daemon_died_is_replayed_up_to_there() {
    let mut daemon = Daemon::start(&[]);
    daemon.infuse(&brisk(""));
    daemon.until("it delivers", |status| delivered(status) > 500);
    daemon.kill();
    daemon.restart(&[]);
    daemon.infuse(&brisk(""));
    daemon.until("it delivers", |status| delivered(status) > 500);
    assert!(daemon.terminate().success());
    let runs = runs(daemon.folder.path());
    let numbers: Vec<u64> = runs.iter().map(|run| run.opening.run).collect();
    assert_eq!(numbers, [1, 3], "a restart takes a number of its own");
    assert_eq!(runs[0].closing, None);
    for run in &runs {
        let (_, edges) = replayed(run);
        assert!(!edges.is_empty());
    }
}

/// I11: the control law is told the nominal instant of a wake-up that was in time. A loop that
/// told when it woke would hardly ever be told an edge at the instant at which it was due.
#[test]
fn i11_an_edge_in_time_is_told_at_the_instant_at_which_it_was_due() {
    undisturbed(an_edge_in_time_is_told_when_it_was_due);
}

fn an_edge_in_time_is_told_when_it_was_due() {
    let mut daemon = Daemon::start(&[]);
    daemon.infuse(&brisk(""));
    daemon.until("it delivers", |status| delivered(status) > 1_500);
    assert!(daemon.terminate().success());
    let runs = runs(daemon.folder.path());
    let (_, edges) = replayed(&runs[0]);
    let in_time = edges.iter().filter(|edge| edge.asked_at == edge.due);
    let in_time = in_time.count();
    println!("{in_time} of {} edges were told in time", edges.len());
    // However busy the machine, some of more than a thousand were.
    assert!(in_time > 10, "{in_time} of {}", edges.len());
}

/// What the loop had to tell and the journal did not hear is not made up: the run is marked.
#[test]
fn a_run_whose_records_were_lost_says_so() {
    // 4096 records are some seconds of 60 mL/h.
    let mut daemon = Daemon::start(&["--fault", "journal=stall@4s+20s"]);
    daemon.infuse(&brisk(""));
    daemon.until("records are lost", |status| {
        has_alarm(status, "records-lost")
    });
    assert!(daemon.terminate().success());
    let runs = runs(daemon.folder.path());
    let closing = runs[0].closing.as_ref().expect("it is closed");
    assert_eq!(
        (closing.why.as_str(), closing.whole),
        ("records-lost", false)
    );
    // What was recorded before can be replayed.
    replayed(&runs[0]);
}
