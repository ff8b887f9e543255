//! `pumpctl fmt` as its users see it.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::PathBuf;
use std::process::Command;

use crate::rig::{Done, Rig, repository};

fn fmt(rig: &Rig, words: &[&str]) -> Done {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pumpctl"));
    let command = command.current_dir(rig.folder.path()).arg("fmt");
    Done(command.args(words).output().expect("the program runs"))
}

/// Every TOML file below the repository's configuration.
fn shipped() -> Vec<PathBuf> {
    let mut folders = vec![repository().join("config")];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path
                .extension()
                .is_some_and(|extension| extension == "toml")
            {
                files.push(path);
            }
        }
    }
    files
}

#[test]
fn what_is_shipped_is_in_its_layout() {
    let rig = Rig::new();
    let files = shipped();
    assert!(files.len() >= 12, "{files:?}");
    let files: Vec<&str> = files.iter().filter_map(|path| path.to_str()).collect();
    let done = fmt(&rig, &[&["--check"], &files[..]].concat());
    assert_eq!(done.code(), 0, "{}{}", done.out(), done.err());
    assert_eq!(done.out(), "");
}

#[test]
fn a_check_names_what_would_change_and_changes_nothing() {
    let rig = Rig::new();
    rig.write("good.toml", "a = 1\n");
    rig.write("bad.toml", "a=1\n");
    rig.write("worse.toml", "a =\n\nb = [\n");
    let done = fmt(&rig, &["--check", "good.toml", "bad.toml", "worse.toml"]);
    assert_eq!(done.code(), 1);
    assert_eq!(done.out(), "bad.toml: `pumpctl fmt` would change it\n");
    let told = done.err();
    assert!(told.starts_with("worse.toml:1:"), "{told}");
    assert!(told.contains("\nworse.toml:3:"), "{told}");
    assert_eq!(rig.read("bad.toml"), "a=1\n");
    assert_eq!(fmt(&rig, &["--check", "good.toml"]).code(), 0);
}

#[test]
fn it_writes_what_is_toml_and_leaves_alone_what_is_not() {
    let rig = Rig::new();
    rig.write("bad.toml", "a=1 # one\n");
    rig.write("worse.toml", "a = \n");
    rig.write("bytes.toml", b"a = 1\n\xff = 2\n");
    let before = rig.names();
    let done = fmt(
        &rig,
        &["worse.toml", "bytes.toml", "absent.toml", "bad.toml"],
    );
    assert_eq!(done.code(), 1);
    assert_eq!(done.out(), "bad.toml: formatted\n");
    let told = done.err();
    for part in ["worse.toml:1:", "bytes.toml:2: ", "absent.toml: "] {
        assert!(told.contains(part), "{part} is not in {told}");
    }
    assert_eq!(rig.read("bad.toml"), "a = 1   # one\n");
    assert_eq!(rig.read("worse.toml"), "a = \n");
    assert_eq!(rig.names(), before);
    // What is in its layout is not written at all.
    let inode = |rig: &Rig| fs::metadata(rig.path("bad.toml")).expect("it").ino();
    let first = inode(&rig);
    let done = fmt(&rig, &["bad.toml"]);
    assert_eq!((done.code(), done.out()), (0, String::new()));
    assert_eq!(inode(&rig), first);
}

#[test]
fn a_file_keeps_its_mode_and_its_name_and_is_never_half_written() {
    let rig = Rig::new();
    rig.write("mine.toml", "a=1\n");
    let mode = fs::Permissions::from_mode(0o640);
    fs::set_permissions(rig.path("mine.toml"), mode).expect("a mode");
    symlink("mine.toml", rig.path("link.toml")).expect("a link");
    let old = fs::metadata(rig.path("mine.toml")).expect("the file");
    let done = fmt(&rig, &["link.toml"]);
    assert_eq!(done.code(), 0, "{}", done.err());
    let new = fs::metadata(rig.path("mine.toml")).expect("the file");
    assert_eq!(new.permissions().mode() & 0o7777, 0o640);
    assert_eq!((new.uid(), new.gid()), (old.uid(), old.gid()));
    // Whole or not at all: another file took its place.
    assert_ne!(new.ino(), old.ino());
    let link = fs::symlink_metadata(rig.path("link.toml")).expect("the link");
    assert!(link.is_symlink());
    assert_eq!(rig.read("mine.toml"), "a = 1\n");
}
