//! `pumpctl report`.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::rig::Done;
use crate::written::{DAY, S, Written};

mod markup;

/// A day with a bit of everything, and the beginning of the next.
pub(crate) fn journal() -> tempfile::TempDir {
    let mut written = Written::new(DAY + 8 * 3_600 * S);
    written.arm("rig 3, water <with> | dye");
    written.pass(5 * S);
    written.command("start", "infusing");
    written.steps.displaced += 16;
    written.pass(1_800 * S);
    written.give(1_000);
    written.refuse("lockout");
    written.start_bolus("demand", 80);
    written.pass(60 * S);
    written.flow(40);
    written.pass(60 * S);
    written.flow(40);
    written.end_bolus(None);
    written.refuse("max-per-1h");
    written.alarm("occlusion", "high", true);
    written.command("pause", "paused");
    written.pass(95 * S);
    written.alarm("occlusion", "high", false);
    written.command("resume", "infusing");
    written.start_bolus("clinician", 400);
    written.pass(30 * S);
    written.flow(7);
    written.end_bolus(Some("paused"));
    written.alarm("journal-stalled", "high", true);
    written.pass(3 * S);
    written.alarm("journal-stalled", "high", false);
    written.event(
        "strategy-lost",
        "the strategy of background is lost",
        serde_json::json!({ "regimen": "background" }),
    );
    written.pass(2 * S);
    written.event(
        "strategy-back",
        "the strategy of background is back",
        serde_json::json!({ "regimen": "background" }),
    );
    written.note("rows-given-up", serde_json::json!({ "rows": 3 }));
    written.commit();
    written.pass(20 * 3_600 * S);
    written.give(500);
    written.lose_power(4, 30);
    written.pass(600 * S);
    written.arm("the next");
    written.command("start", "infusing");
    written.pass(60 * S);
    written.give(12);
    written.close()
}

pub(crate) fn run(folder: &Path, words: &[&str]) -> Done {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pumpctl"));
    let (first, rest) = words.split_first().expect("a command");
    command.arg(first).arg("--state-dir").arg(folder).args(rest);
    Done(command.output().expect("the program runs"))
}

fn document(folder: &Path, words: &[&str]) -> Value {
    let done = run(folder, &[&["report", "--json"], words].concat());
    assert_eq!(done.code(), 0, "{}", done.err());
    serde_json::from_str(&done.out()).expect("one document")
}

#[test]
fn the_page_of_a_run_is_this_one() {
    let folder = journal();
    let done = run(folder.path(), &["report", "1"]);
    assert_eq!(done.code(), 0, "{}", done.err());
    let page = done.out();
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/commands/report/run.md");
    if std::env::var_os("WRITE_PAGES").is_some() {
        fs::write(&kept, &page).expect("the page");
    }
    let kept = fs::read_to_string(kept).expect("the page as it should be");
    assert_eq!(page, kept, "WRITE_PAGES=1 writes it anew");
}

#[test]
fn what_was_given_is_told_to_the_step() {
    let folder = journal();
    let run = document(folder.path(), &["1"]);
    let armed = &run["armed"][0];
    assert_eq!(armed["delivered_steps"], 1_000 + 80 + 7 + 500 + 4);
    assert_eq!(armed["uncertain_steps"], 30);
    assert_eq!(armed["displaced_steps"], 16);
    assert_eq!(armed["nl_per_step"], "25/2");
    // 1591 steps of 12.5 nL, 2 ng a nL.
    assert_eq!(armed["drugs"][0]["delivered_ng"], "39775");
    assert_eq!(run["subject"]["ended"], "cut-off");
    assert_eq!(run["presses"], 2);
    let last = document(folder.path(), &[]);
    assert_eq!(last["armed"][0]["delivered_steps"], 12);
    assert_eq!(last["subject"]["over"], false);
}

#[test]
fn a_day_has_what_was_given_in_it_of_each_run() {
    let folder = journal();
    let first = document(folder.path(), &["--day", "2025-11-25"]);
    let given = |day: &Value, place: usize| day["armed"][place]["delivered_steps"].as_u64();
    assert_eq!(given(&first, 0), Some(1_087));
    let second = document(folder.path(), &["--day", "2025-11-26"]);
    assert_eq!(given(&second, 0), Some(504));
    assert_eq!(given(&second, 1), Some(12));
    assert_eq!(second["subject"]["day"], "2025-11-26");
    let none = run(folder.path(), &["report", "--day", "2025-11-27"]);
    assert_eq!(none.code(), 1);
    assert!(
        none.err().contains("no entry of that day"),
        "{}",
        none.err()
    );
}

#[test]
fn a_run_that_is_not_over_says_so() {
    let folder = journal();
    let page = run(folder.path(), &["report", "last"]).out();
    assert!(page.starts_with("# Run 3: the next\n"), "{page}");
    assert!(page.contains("This run is not over"), "{page}");
    let list = run(folder.path(), &["report", "--list"]).out();
    let lines: Vec<&str> = list.lines().collect();
    assert!(lines[1].contains("cut-off"), "{list}");
    assert!(lines[2].contains("under way"), "{list}");
}

#[test]
fn the_page_for_a_browser_is_one_well_formed_file_with_its_pictures() {
    let folder = journal();
    let out = tempfile::tempdir().expect("a folder");
    let file = out.path().join("run.html");
    let name = file.to_str().expect("a name");
    let done = run(folder.path(), &["report", "1", "--html", name]);
    assert_eq!(
        (done.code(), done.out().as_str()),
        (0, ""),
        "{}",
        done.err()
    );
    let html = fs::read_to_string(&file).expect("the page");
    let tags = markup::well_formed(&html).expect("well-formed");
    assert_eq!(tags.iter().filter(|tag| *tag == "svg").count(), 4);
    assert!(html.contains("rig 3, water &lt;with&gt; | dye"));
    for elsewhere in ["<script", "<link", "src=", "href=", "@import", "url("] {
        assert!(!html.contains(elsewhere), "{elsewhere}");
    }
    for word in [
        "Granted rate",
        "Delivered volume",
        "share of the cap",
        "occlusion",
    ] {
        assert!(html.contains(word), "{word}");
    }
}

/// Opens the journal as SQLite does, whoever wrote it.
fn spoil(folder: &Path, statement: &str) {
    let file = rusqlite::Connection::open(folder.join("journal.db")).expect("a file");
    file.execute(statement, ()).expect("it is done");
}

#[test]
fn a_journal_that_was_tampered_with_is_no_report() {
    for (statement, says) in [
        ("DELETE FROM entry WHERE seq = 20", "entry 21"),
        ("UPDATE entry SET body = '{}' WHERE seq = 20", "entry 20"),
        ("DELETE FROM entry WHERE kind = 'armed'", "no run"),
    ] {
        let folder = journal();
        spoil(folder.path(), statement);
        let done = run(folder.path(), &["report", "1"]);
        assert_eq!(done.code(), 1, "{statement}: {}", done.out());
        let err = done.err();
        assert!(err.contains(says), "{statement}: {err}");
        assert!(err.contains("pumpctl"), "what to do: {err}");
        assert_eq!(done.out(), "", "{statement}");
    }
}

#[test]
fn what_is_no_journal_or_has_no_run_says_what_to_do() {
    let empty = tempfile::tempdir().expect("a folder");
    let done = run(empty.path(), &["report"]);
    assert_eq!(done.code(), 1);
    assert!(done.err().contains("--state-dir"), "{}", done.err());

    fs::write(empty.path().join("journal.db"), "a diary\n".repeat(100)).expect("a file");
    let done = run(empty.path(), &["report", "--list"]);
    assert_eq!(done.code(), 1);
    assert!(done.err().contains("no journal of pumpd"), "{}", done.err());

    let unused = Written::new(DAY).close();
    for words in [&["report"][..], &["report", "--list"]] {
        let done = run(unused.path(), words);
        assert_eq!(done.code(), 1);
        assert!(done.err().contains("has no run"), "{}", done.err());
    }
    let done = run(journal().path(), &["report", "2"]);
    assert_eq!(done.code(), 1);
    assert!(done.err().contains("no run 2"), "{}", done.err());
    let done = run(unused.path(), &["report", "yesterday"]);
    assert_eq!(done.code(), 2);
}

#[test]
fn every_end_of_a_run_has_its_name() {
    let mut written = Written::new(DAY);
    written.arm("first");
    written.disarm();
    written.arm("second");
    written.restart();
    written.arm("third");
    written.arm("fourth");
    let folder = written.close();
    let done = run(folder.path(), &["report", "--list", "--json"]);
    let list: Vec<Value> = serde_json::from_str(&done.out()).expect("one document");
    let ends: Vec<_> = list.iter().map(|run| run["ended"].as_str()).collect();
    let named = [
        Some("disarmed"),
        Some("daemon-ended"),
        Some("armed-anew"),
        None,
    ];
    assert_eq!(ends, named);
}
