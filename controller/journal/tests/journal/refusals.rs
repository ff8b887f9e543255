//! What is not opened, and stays as it is.

use std::fs;
use std::path::Path;

use pump_journal::{OpenError, Reader, Store, TroubleKind};

use crate::rig::{batch, contents, file, folder, meddle, open};

/// A folder with a journal whose writer ended in good order.
fn written() -> tempfile::TempDir {
    let folder = folder();
    let (mut store, _) = open(folder.path());
    for n in 0..14 {
        store.commit(&batch(n)).expect("durable");
    }
    store.close().expect("closed");
    folder
}

/// What is said of a journal that is refused, with every file left as it was.
fn refused(folder: &Path) -> OpenError {
    let before = folder.exists().then(|| contents(folder));
    let error = Store::open(folder).expect_err("refused");
    assert_eq!(folder.exists().then(|| contents(folder)), before, "{error}");
    let text = error.to_string();
    assert!(text.contains("journal"), "{text}");
    assert!(text.contains("; "), "no fix: {text}");
    error
}

fn damaged(folder: &Path) -> String {
    match refused(folder) {
        OpenError::Trouble(trouble) if trouble.kind == TroubleKind::Damaged => trouble.detail,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_file_of_somebody_else_is_refused() {
    let folder = folder();
    fs::write(file(folder.path()), "a shopping list\n".repeat(20)).expect("written");
    assert!(matches!(refused(folder.path()), OpenError::Foreign { .. }));
    fs::remove_file(file(folder.path())).expect("removed");
    meddle(folder.path(), "CREATE TABLE bookmarks (place TEXT)");
    assert!(matches!(refused(folder.path()), OpenError::Foreign { .. }));
}

#[test]
fn a_journal_of_a_newer_program_is_refused_by_who_writes_and_who_reads() {
    let folder = written();
    meddle(folder.path(), "PRAGMA user_version = 1000");
    let newer = OpenError::Newer {
        file: file(folder.path()),
        found: 1000,
    };
    assert_eq!(refused(folder.path()), newer);
    assert_eq!(Reader::open(folder.path()).expect_err("refused"), newer);
}

#[test]
fn a_journal_that_lost_its_bytes_is_no_new_journal() {
    for length in [0, 1, 99, 100, 4096, 9000] {
        let folder = written();
        let path = file(folder.path());
        let cut = fs::OpenOptions::new().write(true).open(&path);
        cut.and_then(|cut| cut.set_len(length)).expect("cut");
        damaged(folder.path());
    }
}

#[test]
fn a_journal_without_what_was_written_last_is_refused() {
    let folder = folder();
    let (mut store, _) = open(folder.path());
    store.commit(&batch(5)).expect("durable");
    drop(store);
    let wal = folder.path().join("journal.db-wal");
    let kept = fs::read(&wal).expect("read");
    for left in [None, Some("")] {
        fs::remove_file(&wal).expect("removed");
        if let Some(left) = left {
            fs::write(&wal, left).expect("written");
        }
        assert!(damaged(folder.path()).contains("missing or empty"));
        fs::write(&wal, &kept).expect("written");
    }
    open(folder.path());
}

#[test]
fn what_was_written_last_is_not_taken_for_a_new_journal() {
    let folder = folder();
    let (mut store, _) = open(folder.path());
    store.commit(&batch(5)).expect("durable");
    drop(store);
    fs::remove_file(file(folder.path())).expect("removed");
    assert!(damaged(folder.path()).contains("journal.db-wal is there"));
}

#[test]
fn a_journal_whose_end_is_not_as_it_was_written_is_refused() {
    for (change, said) in [
        (
            "UPDATE durable SET credit = credit + 1",
            "the durable state is not",
        ),
        ("DELETE FROM durable", "missing"),
        ("DELETE FROM head", "table head is missing"),
        ("UPDATE head SET closed = 0", "table head is not as"),
        (
            "DELETE FROM entry WHERE seq = (SELECT max(seq) FROM entry)",
            "should end with",
        ),
        (
            "UPDATE entry SET body = '{}' WHERE seq = (SELECT seq FROM durable)",
            "is not as it was written",
        ),
    ] {
        let folder = written();
        meddle(folder.path(), change);
        let detail = damaged(folder.path());
        assert!(detail.contains(said), "{change}: {detail}");
    }
}

#[test]
fn a_second_writer_is_refused() {
    let folder = folder();
    let (store, _) = open(folder.path());
    let lock = folder.path().join("journal.lock");
    assert_eq!(refused(folder.path()), OpenError::InUse(lock));
    drop(store);
    open(folder.path());
}

#[test]
fn who_reads_makes_no_journal() {
    let folder = folder();
    let missing = OpenError::Missing(file(folder.path()));
    assert_eq!(Reader::open(folder.path()).expect_err("refused"), missing);
    assert_eq!(contents(folder.path()), []);
}

#[test]
fn a_journal_is_found_in_a_folder_of_any_name() {
    let folder = folder();
    let odd = folder.path().join("100% odd?#name é");
    fs::create_dir(&odd).expect("a folder");
    let (mut store, _) = open(&odd);
    store.commit(&batch(2)).expect("durable");
    drop(store);
    assert!(file(&odd).exists());
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
}

#[test]
fn a_missing_folder_is_named() {
    let folder = folder();
    let error = refused(&folder.path().join("nowhere"));
    assert!(
        matches!(&error, OpenError::Trouble(trouble) if trouble.kind == TroubleKind::Gone),
        "{error}"
    );
}
