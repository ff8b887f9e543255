//! I11: a run of the real daemon, with guests of the zoo and with presses, is replayed from its
//! journal and comes to the same; what is not the same is named.
//!
//! `REPLAY_SECONDS=7200 cargo check-all -p pumpctl -- replay::a_live --nocapture`
//! runs and compares two hours.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use pump_journal::{Batch, Entry, Query, Reader, Store};
use serde_json::Value;
use tempfile::TempDir;

use crate::rig::{Done, built, repository};

const PATIENCE: Duration = Duration::from_secs(60);

/// 60 mL/h, somebody who presses, one that dies when it is asked and one that changes its mind.
const WITH_GUESTS: &str = r#"
format = 1
id = "a lively bench"
route = "intravenous"

[reservoir]
volume = "1000 mL"
low = "2 mL"
empty = "0.5 mL"

[[drug]]
name = "sodium chloride"
concentration = "9 mg/mL"

[limits]
max_rate = "100 mL/h"
max_1h = "100 mL"
max_4h = "400 mL"
max_24h = "2200 mL"

[on_strategy_loss]
action = "hold-basal"
for = "10 min"

[[regimen]]
name = "background"
strategy = "continuous"
rate = "60 mL/h"

[[regimen]]
name = "patient"
strategy = "pca"
dose = "0.005 mL"
over = "1 s"
lockout = "1 min"
lockout_edge = "start-to-start"
other_boluses_restart_lockout = false
other_boluses_count = false
max_per_1h = 30
max_per_24h = 400

[[regimen]]
name = "guest"
strategy = "zoo-panic"

[[regimen]]
name = "fickle"
strategy = "zoo-flips-orders"
"#;

/// A daemon and its folder.
struct Live {
    child: Child,
    folder: TempDir,
}

impl Live {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let log = fs::File::create(folder.path().join("log")).expect("a log");
        let daemon = built().join("pumpd");
        assert!(
            daemon.exists(),
            "pumpd is not built: run `cargo check-all`, or first `cargo build`"
        );
        let child = Command::new(daemon)
            .args(["--sim", "--config"])
            .arg(repository().join("config/pump.toml"))
            .arg("--state-dir")
            .arg(folder.path().join("state"))
            .arg("--socket")
            .arg(folder.path().join("socket"))
            .arg("--tape")
            .arg(folder.path().join("tape.csv"))
            .stdin(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("pumpd starts");
        let live = Self { child, folder };
        let begun = Instant::now();
        while live.ask(&["status"]).code() == 3 {
            assert!(begun.elapsed() < PATIENCE, "pumpd never listens");
            std::thread::sleep(Duration::from_millis(20));
        }
        live
    }

    fn ask(&self, words: &[&str]) -> Done {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pumpctl"));
        command
            .arg("--socket")
            .arg(self.folder.path().join("socket"));
        Done(command.args(words).output().expect("the program runs"))
    }

    fn must(&self, words: &[&str]) {
        let done = self.ask(words);
        assert_eq!(done.code(), 0, "{words:?}: {}", done.err());
    }

    fn infuse(&self, prescription: &str) {
        let path = self.folder.path().join("rx.toml");
        fs::write(&path, prescription).expect("a prescription");
        self.must(&["arm", "--yes", &path.display().to_string()]);
        self.must(&["start"]);
    }

    /// Ends it in good order; what it leaves.
    fn end(mut self) -> Left {
        let pid = self.child.id().to_string();
        let told = Command::new("kill").args(["-TERM", &pid]).status();
        assert!(told.is_ok_and(|told| told.success()));
        assert!(self.child.wait().is_ok_and(|ended| ended.success()));
        let folder = std::mem::replace(&mut self.folder, tempfile::tempdir().expect("a folder"));
        Left { folder }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a daemon has left.
struct Left {
    folder: TempDir,
}

impl Left {
    fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    fn edges_on_tape(&self) -> usize {
        let tape = fs::read_to_string(self.folder.path().join("tape.csv")).expect("a tape");
        tape.lines().count() - 1
    }

    fn replay(&self, words: &[&str]) -> Done {
        replay(&self.state(), words)
    }
}

fn replay(journal: &Path, words: &[&str]) -> Done {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pumpctl"));
    command
        .arg("replay")
        .args(words)
        .arg("--journal")
        .arg(journal)
        .env_remove("RUST_LOG");
    Done(command.output().expect("the program runs"))
}

fn document(done: &Done) -> Value {
    serde_json::from_str(&done.out()).expect("one document")
}

#[test]
fn a_live_run_with_guests_and_presses_comes_to_the_same() {
    let seconds = std::env::var("REPLAY_SECONDS").ok();
    let seconds: u64 = seconds.map_or(20, |text| text.parse().expect("seconds"));
    let live = Live::start();
    live.infuse(WITH_GUESTS);
    let begun = Instant::now();
    let mut presses = 0_u64;
    while begun.elapsed() < Duration::from_secs(seconds) {
        // Irregular, and the same in each run: some within the lockout, some after it.
        let pause = 1_700 + presses * 7_919 % (seconds * 100).max(4_000);
        std::thread::sleep(Duration::from_millis(pause));
        live.must(&["press"]);
        presses += 1;
    }
    let _ = live.ask(&["stop"]);
    let left = live.end();
    let tape = left.folder.path().join("tape.csv").display().to_string();

    let told = left.replay(&["last", "--tape", &tape]);
    println!("{}", told.out());
    assert_eq!(told.code(), 0, "{}{}", told.out(), told.err());
    assert!(told.out().starts_with("same: "), "{}", told.out());
    let again = document(&left.replay(&["1", "--json"]));
    assert_eq!(again["edges"].as_u64(), Some(left.edges_on_tape() as u64));
    assert!(again["edges"].as_u64() > Some(1_000), "{again}");
    let answered = again["demands_given"]
        .as_u64()
        .zip(again["demands_refused"].as_u64());
    assert_eq!(
        answered.map(|(given, refused)| given + refused),
        Some(presses)
    );
    assert!(again["orders"].as_u64() > Some(seconds), "{again}");

    // Copied to another machine, under another name.
    let copy = left.folder.path().join("copy.db");
    fs::copy(left.state().join("journal.db"), &copy).expect("a copy");
    assert_eq!(document(&replay(&copy, &["last", "--json"])), again);
    let list = document(&replay(&copy, &["--list", "--json"]));
    assert_eq!(list[0]["edges"], again["edges"]);
    assert_eq!(list[0]["ended"], "daemon-ended");

    other_edge_of_the_tape_is_named(&left, &tape);
    plugins_are_pinned(&left);
    what_another_would_have_done(&left, &again);
    a_changed_order_is_noticed(&left);
}

/// One edge of the tape is moved by a nanosecond.
fn other_edge_of_the_tape_is_named(left: &Left, tape: &str) {
    let text = fs::read_to_string(tape).expect("a tape");
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let (due, rest) = lines[700].split_once(',').expect("an edge");
    let due: u64 = due.parse().expect("an instant");
    lines[700] = format!("{},{rest}", due + 1);
    let changed = left.folder.path().join("changed.csv");
    fs::write(&changed, lines.join("\n")).expect("a tape");
    let told = left.replay(&["last", "--tape", &changed.display().to_string()]);
    assert_eq!(told.code(), 1);
    assert!(
        told.out().contains("edge 700 is not that of the tape"),
        "{}",
        told.out()
    );
}

/// P06: another file of the same name is not taken for the one of then.
fn plugins_are_pinned(left: &Left) {
    let rows = rows(&left.state());
    let other = tempfile::tempdir().expect("a folder");
    let (mut store, _) = Store::open(other.path()).expect("a journal");
    let entries = rows.into_iter().map(|mut entry| {
        if entry.kind == "run" {
            entry.body["regimens"][1]["plugin_sha256"] = Value::from("ab".repeat(32));
        }
        entry
    });
    commit(&mut store, entries.collect());
    let told = replay(other.path(), &["last"]);
    assert_eq!(told.code(), 1);
    for part in [
        "`patient`",
        "no plugin of the strategy `pca` has the SHA-256 abab",
        "--strategies",
    ] {
        assert!(told.err().contains(part), "{}", told.err());
    }
}

fn what_another_would_have_done(left: &Left, then: &Value) {
    let pca = built().join("libpca.so").display().to_string();
    let with = document(&left.replay(&["last", "--json", "--with", &pca]));
    // An edge that the kernel refused is uncertain, and in both.
    let then_steps = |what: &str| with["then"][what].as_u64().expect("steps");
    let fates = then_steps("delivered_steps") + then_steps("uncertain_steps");
    assert_eq!(Value::from(fates), then["edges"], "{with}");
    assert_eq!(with["now"]["demands"], with["then"]["demands"]);
    let slower = left.folder.path().join("slower.toml");
    let text = WITH_GUESTS
        .replace("60 mL/h", "30 mL/h")
        .replace("0.005 mL", "0.004 mL");
    fs::write(&slower, text).expect("a prescription");
    let slower = slower.display().to_string();
    let with = document(&left.replay(&["last", "--json", "--with", &slower]));
    let steps = |which: &str| with[which]["delivered_steps"].as_u64().expect("steps");
    assert!(steps("now") * 3 < steps("then") * 2, "{with}");
    let told = left.replay(&["last", "--with", &slower]);
    assert_eq!(told.code(), 0, "{}", told.err());
    assert!(told.out().contains("given"), "{}", told.out());
    let missing = left.replay(&["last", "--with", "no-such.toml"]);
    assert_eq!(missing.code(), 1);
    assert_eq!(left.replay(&["last", "--with", "rx.json"]).code(), 2);
}

/// The broken twin: a block without what it was told.
fn a_changed_order_is_noticed(left: &Left) {
    let other = tempfile::tempdir().expect("a folder");
    let (mut store, _) = Store::open(other.path()).expect("a journal");
    let mut entries = rows(&left.state());
    let blocks = entries
        .iter()
        .filter(|entry| entry.kind == "inputs")
        .count();
    assert!(blocks > 3, "{blocks}");
    // The second block goes missing.
    let place = entries.iter().position(|entry| entry.body["block"] == 2);
    entries.remove(place.expect("a block"));
    commit(&mut store, entries);
    let told = replay(other.path(), &["last"]);
    assert_eq!(told.code(), 1);
    assert!(told.err().contains("block 2 is missing"), "{}", told.err());
}

fn rows(state: &Path) -> Vec<Entry> {
    let mut reader = Reader::open(state).expect("a journal");
    let rows = reader.rows(&Query::default()).expect("rows");
    let rows = rows
        .into_iter()
        .filter(|row| row.kind != pump_journal::DURABLE);
    rows.map(|row| Entry {
        kind: row.kind,
        stamp: row.stamp,
        body: serde_json::from_str(&row.body).expect("a body"),
    })
    .collect()
}

fn commit(store: &mut Store, entries: Vec<Entry>) {
    let batch = Batch {
        entries,
        durable: None,
    };
    store.commit(&batch).expect("durable");
}

/// A plugin that is no function of what it is shown is found out; the edges are the same.
#[test]
fn a_strategy_that_answers_differently_is_named_and_the_edges_are_the_same() {
    let live = Live::start();
    let with_envelope = "strategy = \"zoo-non-deterministic\"\nrate = \"10 mL/h\"";
    live.infuse(&WITH_GUESTS.replace("strategy = \"zoo-flips-orders\"", with_envelope));
    std::thread::sleep(Duration::from_secs(6));
    let left = live.end();
    let tape = left.folder.path().join("tape.csv").display().to_string();
    let told = left.replay(&["last", "--tape", &tape]);
    assert_eq!(told.code(), 1, "{}{}", told.out(), told.err());
    for part in ["regimen `fickle`", "basal", "the edges are the same"] {
        assert!(told.out().contains(part), "{}", told.out());
    }
    let again = document(&left.replay(&["last", "--json"]));
    assert_eq!(again["difference"], Value::Null);
    assert_eq!(again["other_orders"].as_array().map(Vec::len), Some(1));
    assert_eq!(again["edges"].as_u64(), Some(left.edges_on_tape() as u64));
}

#[test]
fn what_can_not_be_replayed_says_why() {
    let folder = tempfile::tempdir().expect("a folder");
    let none = replay(&folder.path().join("none.db"), &["last"]);
    assert_eq!(none.code(), 1);
    assert!(none.err().contains("there is no journal"), "{}", none.err());
    drop(Store::open(folder.path()).expect("a journal"));
    let empty = replay(folder.path(), &["last"]);
    assert_eq!(empty.code(), 1);
    assert!(empty.err().contains("holds no run"), "{}", empty.err());
    assert_eq!(replay(folder.path(), &["--list"]).code(), 0);
    assert_eq!(replay(folder.path(), &[]).code(), 2);
    assert_eq!(replay(folder.path(), &["first"]).code(), 2);
}
