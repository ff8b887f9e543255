//! Files that are taken from under the writer.

use std::fs;
use std::path::Path;

use pump_journal::{Store, TroubleKind};

use crate::rig::{batch, durable, file, folder, open, reader};

/// A journal with something in it, and the number of its next batch.
fn begun(folder: &Path) -> Store {
    let (mut store, _) = open(folder);
    for n in 0..9 {
        store.commit(&batch(n)).expect("durable");
    }
    store
}

/// The store says once what is wrong, and then goes on with all that it had.
fn recovers(folder: &Path, mut store: Store, kind: TroubleKind, cure: impl FnOnce()) {
    let head = store.head();
    let trouble = store.commit(&batch(11)).expect_err("trouble");
    assert_eq!(trouble.kind, kind, "{trouble}");
    assert!(trouble.to_string().contains(kind.fix()), "{trouble}");
    assert_eq!(store.head(), head);
    cure();
    store.commit(&batch(12)).expect("durable again");
    let verified = reader(folder).verify(Some(head)).expect("sound");
    assert!(verified.met_known && verified.head == store.head());
    drop(store);
    let (store, recovered) = open(folder);
    assert_eq!(recovered.durable, Some(durable(12)));
    store.close().expect("closed");
}

#[test]
fn a_deleted_journal_is_written_again() {
    let folder = folder();
    let store = begun(folder.path());
    fs::remove_file(file(folder.path())).expect("removed");
    recovers(folder.path(), store, TroubleKind::Gone, || {});
}

#[test]
fn a_journal_is_written_again_when_everything_beside_it_is_deleted_too() {
    let folder = folder();
    let store = begun(folder.path());
    for name in ["journal.db", "journal.db-wal", "journal.db-shm"] {
        fs::remove_file(folder.path().join(name)).expect("removed");
    }
    recovers(folder.path(), store, TroubleKind::Gone, || {});
}

#[test]
fn what_was_written_last_is_not_lost_with_its_file() {
    let folder = folder();
    let store = begun(folder.path());
    fs::remove_file(folder.path().join("journal.db-wal")).expect("removed");
    recovers(folder.path(), store, TroubleKind::Gone, || {});
}

#[test]
fn a_vanished_folder_may_come_back_as_it_was() {
    let folder = folder();
    let (here, there) = (folder.path().join("here"), folder.path().join("there"));
    fs::create_dir(&here).expect("a folder");
    let mut store = begun(&here);
    fs::rename(&here, &there).expect("moved");
    for _ in 0..3 {
        let trouble = store.commit(&batch(10)).expect_err("gone");
        assert_eq!(trouble.kind, TroubleKind::Gone, "{trouble}");
    }
    recovers(&here, store, TroubleKind::Gone, || {
        fs::rename(&there, &here).expect("moved");
    });
}

#[test]
fn a_vanished_folder_may_come_back_empty() {
    let folder = folder();
    let here = folder.path().join("here");
    fs::create_dir(&here).expect("a folder");
    let store = begun(&here);
    fs::remove_dir_all(&here).expect("removed");
    recovers(&here, store, TroubleKind::Gone, || {
        fs::create_dir(&here).expect("a folder");
    });
}

#[test]
fn a_file_in_its_place_is_neither_written_nor_believed() {
    let folder = folder();
    let store = begun(folder.path());
    let (path, kept) = (file(folder.path()), folder.path().join("kept"));
    fs::rename(&path, &kept).expect("moved");
    fs::write(&path, "a shopping list\n".repeat(20)).expect("written");
    let mut store = store;
    for _ in 0..3 {
        let trouble = store.commit(&batch(10)).expect_err("replaced");
        assert_eq!(trouble.kind, TroubleKind::Replaced, "{trouble}");
    }
    let list = fs::read_to_string(&path).expect("read");
    assert_eq!(list, "a shopping list\n".repeat(20));
    recovers(folder.path(), store, TroubleKind::Replaced, || {
        fs::rename(&kept, &path).expect("moved");
    });
}

#[test]
fn an_older_copy_in_its_place_is_not_believed() {
    let folder = folder();
    let (mut store, _) = open(folder.path());
    store.commit(&batch(2)).expect("durable");
    store.close().expect("closed");
    let (path, old) = (file(folder.path()), folder.path().join("old"));
    fs::copy(&path, &old).expect("copied");
    let mut store = begun(folder.path());
    fs::remove_file(folder.path().join("journal.db-wal")).expect("removed");
    fs::rename(&old, &path).expect("moved");
    for _ in 0..3 {
        let trouble = store.commit(&batch(10)).expect_err("replaced");
        assert_eq!(trouble.kind, TroubleKind::Replaced, "{trouble}");
    }
    recovers(folder.path(), store, TroubleKind::Replaced, || {
        fs::remove_file(&path).expect("removed");
    });
}

#[test]
fn a_copy_that_is_whole_is_gone_on_with() {
    let folder = folder();
    let (here, there) = (folder.path().join("here"), folder.path().join("there"));
    fs::create_dir(&here).expect("a folder");
    fs::create_dir(&there).expect("a folder");
    let store = begun(&here);
    for name in ["journal.db", "journal.db-wal"] {
        fs::copy(here.join(name), there.join(name)).expect("copied");
    }
    fs::remove_dir_all(&here).expect("removed");
    recovers(&here, store, TroubleKind::Gone, || {
        fs::rename(&there, &here).expect("moved");
    });
}
