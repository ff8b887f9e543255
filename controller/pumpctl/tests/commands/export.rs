//! `pumpctl export`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::report::{journal, run};
use crate::rig::Done;

const FILES: [&str; 7] = [
    "alarms.csv",
    "boluses.csv",
    "events.csv",
    "prescription.csv",
    "prescription.toml",
    "run.json",
    "state.csv",
];

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let names = entries.map(|entry| entry.expect("an entry").file_name());
    let mut names: Vec<String> = names
        .map(|name| name.to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// The rows of a table whose cells have no commas in them, by column.
fn table(file: &Path) -> Vec<BTreeMap<String, String>> {
    let text = fs::read_to_string(file).expect("a table");
    let mut lines = text.lines();
    let head: Vec<&str> = lines.next().expect("a head").split(',').collect();
    let row = |line: &str| {
        let cells = line.split(',').map(str::to_owned);
        let row: BTreeMap<_, _> = head
            .iter()
            .map(|name| (*name).to_owned())
            .zip(cells)
            .collect();
        assert_eq!(row.len(), head.len(), "{line}");
        row
    };
    lines.map(row).collect()
}

#[test]
fn a_run_becomes_tables_that_come_to_its_ledger() {
    let journal = journal();
    let out = tempfile::tempdir().expect("a folder");
    let folder = out.path().join("run 1");
    let name = folder.to_str().expect("a name");
    let done = run(journal.path(), &["export", "1", "--csv", name]);
    assert_eq!(
        (done.code(), done.out().as_str()),
        (0, ""),
        "{}",
        done.err()
    );
    assert_eq!(names(&folder), FILES);

    let boluses = table(&folder.join("boluses.csv"));
    let told: Vec<_> = boluses
        .iter()
        .map(|row| [&row["kind"], &row["outcome"], &row["reason"]].map(String::as_str))
        .collect();
    assert_eq!(
        told,
        [
            ["demand", "refused", "lockout"],
            ["demand", "complete", ""],
            ["demand", "refused", "max-per-1h"],
            ["clinician", "cut", "paused"],
        ]
    );
    assert_eq!(boluses[3]["delivered_steps"], "7");
    assert_eq!(boluses[3]["delivered_nl"], "87.5", "exactly");
    assert_eq!(boluses[3]["ended_t_utc"], "2025-11-25T08:34:10.000000000Z");

    let state = table(&folder.join("state.csv"));
    let last = state.last().expect("a row");
    // What was durable and not said is in the report alone.
    assert_eq!(last["delivered_steps"], "1587");
    assert_eq!(last["window_1h_cap_steps"], "8000");
    assert_eq!(last["window_4h_cap_steps"], "");

    let alarms = table(&folder.join("alarms.csv"));
    assert_eq!(alarms[0]["lasted_ns"], "95000000000");

    let document = fs::read_to_string(folder.join("run.json")).expect("a document");
    let document: Value = serde_json::from_str(&document).expect("one document");
    assert_eq!(document["armed"]["sha256"], "ab".repeat(32));
    assert_eq!(
        document["armed"]["regimens"][0]["plugin_sha256"],
        "cd".repeat(32)
    );
    assert_eq!(document["report"]["armed"][0]["delivered_steps"], 1_591);
    let text = fs::read_to_string(folder.join("prescription.toml")).expect("a text");
    assert_eq!(Value::from(text), document["armed"]["prescription"]);
    for (table, columns) in document["tables"].as_object().expect("tables") {
        let file = folder.join(format!("{table}.csv"));
        let head = fs::read_to_string(file).expect("a table");
        let head: Vec<&str> = head.lines().next().expect("a head").split(',').collect();
        for name in columns.as_object().expect("columns").keys() {
            assert!(head.contains(&name.as_str()), "{table}: {name}");
        }
    }
}

#[test]
fn what_is_there_is_replaced_only_where_that_is_asked_for() {
    let journal = journal();
    let out = tempfile::tempdir().expect("a folder");
    let name = out.path().to_str().expect("a name");
    fs::write(out.path().join("notes.txt"), "mine").expect("a file");
    fs::write(out.path().join("state.csv"), "mine").expect("a file");
    let done = run(journal.path(), &["export", "1", "--csv", name]);
    assert_eq!(done.code(), 1);
    assert!(
        done.err().contains("state.csv is there already"),
        "{}",
        done.err()
    );
    assert!(done.err().contains("--force"), "{}", done.err());
    assert_eq!(names(out.path()), ["notes.txt", "state.csv"]);

    let done = run(journal.path(), &["export", "1", "--csv", name, "--force"]);
    assert_eq!(done.code(), 0, "{}", done.err());
    assert_eq!(names(out.path()).len(), FILES.len() + 1);
    let notes = fs::read_to_string(out.path().join("notes.txt")).expect("a file");
    assert_eq!(notes, "mine");
    assert!(table(&out.path().join("state.csv")).len() > 5);
}

/// With room for files of this many blocks of 512 bytes each, as on a disk that gets full.
fn cramped(blocks: u32, journal: &Path, folder: &Path, more: &[&str]) -> Done {
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\"");
    let mut command = Command::new("sh");
    command.args(["-c", &script, "sh", env!("CARGO_BIN_EXE_pumpctl")]);
    command.args(["export", "1", "--state-dir"]).arg(journal);
    command.arg("--csv").arg(folder).args(more);
    Done(command.output().expect("the shell runs"))
}

#[test]
fn a_disk_that_gets_full_leaves_nothing_half() {
    let journal = journal();
    let out = tempfile::tempdir().expect("a folder");
    let folder = out.path().join("run");
    let done = cramped(2, journal.path(), &folder, &[]);
    assert_eq!(done.code(), 1, "{}", done.err());
    assert!(done.err().contains("can't be written"), "{}", done.err());
    assert_eq!(names(out.path()), [""; 0], "the folder is gone too");

    let name = folder.to_str().expect("a name");
    assert_eq!(
        run(journal.path(), &["export", "1", "--csv", name]).code(),
        0
    );
    let before = fs::read(folder.join("boluses.csv")).expect("a table");
    assert_eq!(cramped(2, journal.path(), &folder, &["--force"]).code(), 1);
    assert_eq!(names(&folder), FILES);
    let after = fs::read(folder.join("boluses.csv")).expect("a table");
    assert_eq!(before, after, "what was there is there");
}

#[test]
fn an_export_wants_a_run_and_a_form() {
    let journal = journal();
    for words in [&["export", "1"][..], &["export", "--csv", "x"]] {
        assert_eq!(run(journal.path(), words).code(), 2, "{words:?}");
    }
    let out = tempfile::tempdir().expect("a folder");
    let folder = out.path().join("run");
    let name = folder.to_str().expect("a name");
    let done = run(journal.path(), &["export", "9", "--csv", name]);
    assert_eq!(done.code(), 1);
    assert!(done.err().contains("no run 9"), "{}", done.err());
    assert!(!folder.exists());
}

#[cfg(feature = "parquet")]
#[test]
fn parquet_has_the_same_rows() {
    use parquet::file::reader::{FileReader as _, SerializedFileReader};

    let journal = journal();
    let out = tempfile::tempdir().expect("a folder");
    let name = out.path().to_str().expect("a name");
    let words = ["export", "1", "--csv", name, "--parquet", name];
    assert_eq!(run(journal.path(), &words).code(), 0);
    for table in ["alarms", "boluses", "events", "prescription", "state"] {
        let file = fs::File::open(out.path().join(format!("{table}.parquet"))).expect("a file");
        let reader = SerializedFileReader::new(file).expect("Parquet");
        let rows = reader.metadata().file_metadata().num_rows();
        let csv = fs::read_to_string(out.path().join(format!("{table}.csv"))).expect("a table");
        assert_eq!(rows as usize, csv.lines().count() - 1, "{table}");
    }
}

#[cfg(not(feature = "parquet"))]
#[test]
fn without_parquet_it_says_how_to_get_it() {
    let journal = journal();
    let done = run(journal.path(), &["export", "1", "--parquet", "nowhere"]);
    assert_eq!(done.code(), 1);
    assert!(done.err().contains("--features parquet"), "{}", done.err());
    assert!(!Path::new("nowhere").exists());
}
