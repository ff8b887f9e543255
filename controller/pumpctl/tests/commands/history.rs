//! `pumpctl history`.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use pump_journal::{Batch, Boot, Durable, Entry, Stamp, Store};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::rig::Done;

/// 2025-11-25 00:00:00 UTC.
const DAY: u64 = 1_764_028_800_000_000_000;

/// A journal of two hours: an entry a minute, each tenth an alarm.
fn journal() -> (TempDir, Store) {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut store, _) = Store::open(folder.path()).expect("a journal");
    write(&mut store, 0..120);
    (folder, store)
}

fn write(store: &mut Store, minutes: std::ops::Range<u64>) {
    for minute in minutes {
        let stamp = Stamp {
            boot: Boot([0xab; 16]),
            mono_ns: minute * 60_000_000_000,
            // The clock is known good from the second minute on.
            utc_ns: (minute > 1).then_some(DAY + minute * 60_000_000_000),
        };
        let alarm = minute % 10 == 9;
        store
            .commit(&Batch {
                entries: vec![Entry {
                    kind: if alarm { "alarm" } else { "grant" }.to_owned(),
                    stamp,
                    body: json!({ "minute": minute, "text": "air, \"in\" line", "\u{1b}[2J": 1 }),
                }],
                durable: (minute == 119).then_some(Durable {
                    arming: 1,
                    credit: 5,
                    checkpoint: vec![1; 100],
                    stamp,
                }),
            })
            .expect("durable");
    }
}

fn command(folder: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pumpctl"));
    command
        .arg("history")
        .arg("--state-dir")
        .arg(folder)
        .args(words);
    command
}

fn history(folder: &Path, words: &[&str]) -> Done {
    Done(command(folder, words).output().expect("the program runs"))
}

fn minutes(folder: &Path, words: &[&str]) -> Vec<u64> {
    let done = history(folder, &[words, &["--json"]].concat());
    assert_eq!(done.code(), 0, "{}", done.err());
    let rows: Vec<Value> = serde_json::from_str(&done.out()).expect("one document");
    rows.iter()
        .filter_map(|row| row["body"]["minute"].as_u64())
        .collect()
}

#[test]
fn what_is_asked_for_is_told_with_the_daemon_up_or_down() {
    let (folder, store) = journal();
    let look = || {
        assert_eq!(minutes(folder.path(), &[]), (0..120).collect::<Vec<_>>());
        assert_eq!(
            minutes(folder.path(), &["--since", "3min"]),
            [116, 117, 118, 119]
        );
        assert_eq!(
            minutes(folder.path(), &["--kind", "alarm", "--last", "2"]),
            [109, 119]
        );
        let between = [
            "--since",
            "2025-11-25T01:00:00Z",
            "--until",
            "2025-11-25T01:02:00Z",
        ];
        assert_eq!(minutes(folder.path(), &between), [60, 61]);
        assert_eq!(
            minutes(folder.path(), &["--until", "2025-11-25"]),
            [0_u64; 0]
        );
        let words = ["--kind", "alarm", "--kind", "grant", "--since", "0s"];
        assert_eq!(minutes(folder.path(), &words), [119]);
    };
    look();
    drop(store);
    look();
    let (store, _) = Store::open(folder.path()).expect("a journal");
    store.close().expect("closed");
    look();
    let names = fs::read_dir(folder.path()).expect("a folder").count();
    assert_eq!(names, 2, "somebody who only looks has made files");
}

#[test]
fn more_than_a_page_is_told_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut store, _) = Store::open(folder.path()).expect("a journal");
    for block in 0..5 {
        let entries = (0..500).map(|n| Entry {
            kind: "state".to_owned(),
            stamp: Stamp {
                boot: Boot([1; 16]),
                mono_ns: (block * 500 + n) * 1_000_000_000,
                utc_ns: None,
            },
            body: json!({ "minute": block * 500 + n }),
        });
        let batch = Batch {
            entries: entries.collect(),
            durable: None,
        };
        store.commit(&batch).expect("durable");
    }
    assert_eq!(minutes(folder.path(), &[]), (0..2500).collect::<Vec<_>>());
    let since = ["--since", "2100s"];
    assert_eq!(
        minutes(folder.path(), &since),
        (399..2500).collect::<Vec<_>>()
    );
}

#[test]
fn a_line_tells_when_and_what_and_steers_no_terminal() {
    let (folder, _store) = journal();
    let out = history(folder.path(), &["--last", "3"]).out();
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines.len(), 3);
    assert!(
        lines[0].contains("119  2025-11-25T01:58:00.000Z  grant"),
        "{out}"
    );
    assert!(lines[0].contains("minute=118"), "{out}");
    assert!(lines[2].contains("durable"), "{out}");
    assert!(!out.contains('\u{1b}'), "{out}");
    // Before the clock was known good: since the boot.
    let out = history(folder.path(), &["--kind", "grant"]).out();
    assert!(
        out.lines()
            .nth(1)
            .expect("a line")
            .contains("abababab+60.000s"),
        "{out}"
    );
}

#[test]
fn a_table_has_a_row_for_each_entry() {
    let (folder, _store) = journal();
    let out = history(folder.path(), &["--csv", "--last", "2"]).out();
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines[0], "seq,utc_ns,boot,mono_ns,kind,body,sha256");
    let utc = DAY + 119 * 60_000_000_000;
    let begin = format!("120,{utc},{},7140000000000,alarm,\"{{", "ab".repeat(16));
    assert!(lines[1].starts_with(&begin), "{out}");
    assert!(
        lines[1].contains(r#"""text"":""air, \""in\"" line"""#),
        "{out}"
    );
    assert_eq!(lines.len(), 3);
}

#[test]
fn what_is_written_meanwhile_is_followed() {
    let (folder, store) = journal();
    store.close().expect("closed");
    let mut child = command(
        folder.path(),
        &["--follow", "--json", "--last", "1", "--kind", "grant"],
    )
    .stdout(Stdio::piped())
    .spawn()
    .expect("the program runs");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let mut next = || -> u64 {
        let line = lines.next().expect("a line").expect("readable");
        let row: Value = serde_json::from_str(&line).expect("a document");
        row["body"]["minute"].as_u64().expect("a minute")
    };
    assert_eq!(next(), 118);
    // The daemon starts, writes, dies, starts again and writes.
    let (mut store, _) = Store::open(folder.path()).expect("a journal");
    write(&mut store, 200..201);
    assert_eq!(next(), 200);
    drop(store);
    let (mut store, _) = Store::open(folder.path()).expect("a journal");
    write(&mut store, 209..212);
    assert_eq!(next(), 210);
    assert_eq!(next(), 211);
    let id = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(id, rustix::process::Signal::INT).expect("a signal");
    assert!(child.wait().expect("it ends").success());
}

#[test]
fn a_journal_is_proved_or_its_first_bad_entry_named() {
    let (folder, store) = journal();
    let head = store.head();
    store.close().expect("closed");
    let noted = head.to_string();
    let sound = history(folder.path(), &["--verify", "--head", &noted]);
    assert_eq!(sound.code(), 0, "{}", sound.err());
    assert!(
        sound.out().contains("121 entries are as they were written"),
        "{}",
        sound.out()
    );
    assert!(
        sound
            .out()
            .contains("the head that was noted is among them"),
        "{}",
        sound.out()
    );
    let other = format!("{} {}", head.seq, "0".repeat(64));
    let forged = history(folder.path(), &["--verify", "--head", &other]);
    assert_eq!(forged.code(), 1);
    // A changed byte in the middle.
    let file = folder.path().join("journal.db");
    let mut bytes = fs::read(&file).expect("read");
    let text = b"\"minute\":57,";
    let at = bytes
        .windows(text.len())
        .position(|part| part == text)
        .expect("an entry");
    bytes[at + 10] = b'8';
    fs::write(&file, bytes).expect("written");
    for words in [&["--verify"][..], &["--verify", "--json"]] {
        let bad = history(folder.path(), words);
        assert_eq!(bad.code(), 1);
        assert!(
            bad.err().contains("entry 58 is not as it was written"),
            "{}",
            bad.err()
        );
        if words.len() > 1 {
            let said: Value = serde_json::from_str(&bad.out()).expect("one document");
            assert_eq!(said["sound"], false);
        }
    }
}

#[test]
fn without_a_journal_nothing_is_made_and_the_folder_is_asked_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let done = history(folder.path(), &[]);
    assert_eq!(done.code(), 1);
    assert!(done.err().contains("--state-dir"), "{}", done.err());
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0);
    for wrong in [
        &["--since", "yesterday"][..],
        &["--head", "1 00"],
        &["--csv", "--json"],
        &["--verify", "--last", "3"],
    ] {
        assert_eq!(history(folder.path(), wrong).code(), 2, "{wrong:?}");
    }
}

/// Only root can become somebody else.
#[test]
fn somebody_who_may_only_read_reads_all_the_same() {
    use std::os::unix::fs::PermissionsExt as _;
    if !rustix::process::geteuid().is_root() {
        eprintln!("skipped: only root can become another user");
        return;
    }
    let (folder, store) = journal();
    let open = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("changed");
    };
    open(folder.path(), 0o755);
    // The program may lie where nobody else may look.
    let program = folder.path().join("pumpctl");
    fs::copy(env!("CARGO_BIN_EXE_pumpctl"), &program).expect("copied");
    open(&program, 0o755);
    let look = |when: &str| {
        let done = Command::new(&program)
            .args(["history", "--verify", "--state-dir"])
            .arg(folder.path())
            .uid(65_534)
            .gid(65_534)
            .output()
            .expect("the program runs");
        let done = Done(done);
        assert_eq!(done.code(), 0, "{when}: {}", done.err());
        assert!(done.out().contains("121 entries"), "{when}: {}", done.out());
    };
    look("while it is written");
    drop(store);
    look("after the writer died");
    let (store, _) = Store::open(folder.path()).expect("a journal");
    store.close().expect("closed");
    look("at rest");
}
