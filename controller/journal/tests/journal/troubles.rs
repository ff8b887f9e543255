//! Disks that fail, are full, or may not be written. Those that need a file system of their
//! own need root.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use pump_journal::{OpenError, Store, TroubleKind};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::rig::{batch, contents, durable, file, folder, open, reader};

/// A file system in memory, of a few megabytes.
struct Disk {
    mounted: PathBuf,
    _folder: TempDir,
}

impl Disk {
    /// `None` where we may not mount.
    fn mount() -> Option<Self> {
        let folder = folder();
        let mounted = folder.path().join("disk");
        fs::create_dir(&mounted).expect("a folder");
        if !mount(&["-t", "tmpfs", "-o", "size=4m", "journal-test"], &mounted) {
            assert!(
                std::env::var_os("PUMP_REQUIRE_FIFO").is_none(),
                "root can't mount a file system"
            );
            eprintln!("skipped: only root may mount a file system");
            return None;
        }
        Some(Self {
            mounted,
            _folder: folder,
        })
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.mounted).status();
    }
}

fn mount(how: &[&str], place: &Path) -> bool {
    let tried = Command::new("mount").args(how).arg(place).output();
    tried.is_ok_and(|output| output.status.success())
}

fn begun(folder: &Path) -> Store {
    let (mut store, _) = open(folder);
    for n in 0..9 {
        store.commit(&batch(n)).expect("durable");
    }
    store
}

/// The trouble has its name each time, and nothing that was durable is lost.
fn fails(store: &mut Store, kind: TroubleKind) {
    let head = store.head();
    for _ in 0..3 {
        let trouble = store.commit(&batch(11)).expect_err("trouble");
        assert_eq!(trouble.kind, kind, "{trouble}");
        assert!(trouble.to_string().contains(kind.fix()), "{trouble}");
        assert_eq!(store.head(), head);
    }
}

/// The cause is gone.
fn goes_on(folder: &Path, mut store: Store) {
    let head = store.head();
    store.commit(&batch(12)).expect("durable again");
    reader(folder).verify(Some(head)).expect("sound");
    drop(store);
    let (_, recovered) = open(folder);
    assert_eq!(recovered.durable, Some(durable(12)));
}

#[test]
fn a_full_disk_is_told_and_written_again_when_there_is_room() {
    let Some(disk) = Disk::mount() else { return };
    let mut store = begun(&disk.mounted);
    let filler = disk.mounted.join("filler");
    let full = fs::write(&filler, vec![1; 8 << 20]).expect_err("no room");
    assert_eq!(full.kind(), std::io::ErrorKind::StorageFull);
    // It goes on in what it has of the disk, until that is used up too.
    let mut refused = 0;
    while refused < 3 {
        match store.commit(&batch(10)) {
            Ok(_) => refused = 0,
            Err(_) => refused += 1,
        }
    }
    fails(&mut store, TroubleKind::DiskFull);
    fs::remove_file(&filler).expect("removed");
    goes_on(&disk.mounted, store);
}

#[test]
fn no_journal_is_made_on_a_full_disk_and_none_is_left_there_in_half() {
    let Some(disk) = Disk::mount() else { return };
    let filler = disk.mounted.join("filler");
    fs::write(&filler, vec![1; 8 << 20]).expect_err("no room");
    match Store::open(&disk.mounted) {
        Err(OpenError::Trouble(trouble)) => assert_eq!(trouble.kind, TroubleKind::DiskFull),
        other => panic!("{other:?}"),
    }
    assert!(!file(&disk.mounted).exists());
    fs::remove_file(&filler).expect("removed");
    assert!(open(&disk.mounted).1.created);
}

#[test]
fn a_journal_that_may_only_be_read_is_read_and_not_written() {
    let Some(disk) = Disk::mount() else { return };
    begun(&disk.mounted).close().expect("closed");
    assert!(mount(&["-o", "remount,ro"], &disk.mounted));
    let before = contents(&disk.mounted);
    match Store::open(&disk.mounted) {
        Err(OpenError::Trouble(trouble)) => {
            assert_eq!(trouble.kind, TroubleKind::ReadOnly, "{trouble}");
        }
        other => panic!("{other:?}"),
    }
    reader(&disk.mounted).verify(None).expect("sound");
    assert_eq!(contents(&disk.mounted), before);
    assert!(mount(&["-o", "remount,rw"], &disk.mounted));
    let (store, _) = open(&disk.mounted);
    goes_on(&disk.mounted, store);
}

#[test]
fn a_disk_that_was_mounted_again_is_gone_on_with() {
    let Some(disk) = Disk::mount() else { return };
    let other = folder();
    let mut store = begun(&disk.mounted);
    // The same files by another mount, as after a card was put back.
    let bind = |from: &Path, to: &Path| {
        let from = from.to_str().expect("a plain path");
        mount(&["--bind", from], to)
    };
    assert!(bind(&disk.mounted, other.path()));
    let gone = Command::new("umount").arg("-l").arg(&disk.mounted).status();
    assert!(gone.expect("umount").success());
    let trouble = store.commit(&batch(11)).expect_err("gone");
    assert_eq!(trouble.kind, TroubleKind::Gone, "{trouble}");
    assert!(bind(other.path(), &disk.mounted));
    let unmounted = Command::new("umount").arg("-l").arg(other.path()).status();
    assert!(unmounted.expect("umount").success());
    goes_on(&disk.mounted, store);
}

#[test]
fn a_file_that_another_program_holds_is_told_and_written_when_it_is_let_go() {
    let folder = folder();
    let mut store = begun(folder.path());
    let other = Connection::open(file(folder.path())).expect("a file");
    other.execute_batch("BEGIN IMMEDIATE").expect("held");
    fails(&mut store, TroubleKind::Busy);
    other.execute_batch("ROLLBACK").expect("let go");
    goes_on(folder.path(), store);
}

#[test]
fn what_another_program_wrote_is_not_gone_on_with() {
    let folder = folder();
    let mut store = begun(folder.path());
    let other = Connection::open(file(folder.path())).expect("a file");
    other
        .execute_batch("DELETE FROM entry; UPDATE head SET seq = 0, hash = zeroblob(32)")
        .expect("changed");
    fails(&mut store, TroubleKind::Damaged);
}
