//! `strategy new`.

use std::process::Command;

use super::strategy;
use crate::rig::{Rig, repository};

fn names(rig: &Rig, folder: &str) -> Vec<String> {
    let entries = std::fs::read_dir(rig.path(folder)).expect("a folder");
    let mut names: Vec<String> = entries
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// Where the programs are built elsewhere it is not above them.
fn sdk() -> String {
    repository().join("strategies").display().to_string()
}

#[test]
fn a_strategy_in_c_builds_passes_its_tests_and_keeps_every_rule() {
    let rig = Rig::new();
    let done = strategy(&rig, &["new", "slow-drip", "--lang", "c", "--sdk", &sdk()]);
    assert_eq!(done.code(), 0, "{}", done.err());
    assert_eq!(
        names(&rig, "slow-drip"),
        [
            ".gitignore",
            "Makefile",
            "README.md",
            "prescription.toml",
            "scenario.toml",
            "slow_drip.c",
            "test.c"
        ]
    );
    for target in ["test", "libslow_drip.so"] {
        let made = Command::new("make")
            .current_dir(rig.path("slow-drip"))
            .args([target, "CFLAGS=-O1 -Wall -Wextra -Werror"])
            .output()
            .expect("make");
        let said = String::from_utf8_lossy(&made.stderr);
        assert!(made.status.success(), "{target}: {said}");
    }
    let checked = strategy(&rig, &["check", "slow-drip/libslow_drip.so"]);
    assert_eq!(checked.code(), 0, "{}", checked.out());
}

#[test]
fn nothing_is_made_where_something_is_already_or_the_name_can_not_be_had() {
    let rig = Rig::new();
    std::fs::create_dir(rig.path("full")).expect("a folder");
    rig.write("file", "");
    let before = rig.names();
    for (name, code, said) in [
        ("full", 1, "it is there already"),
        ("file", 1, "it is there already"),
        ("pca", 1, "is installed already"),
        ("Slow-Drip", 2, "lower-case"),
        ("../up", 2, "lower-case"),
        ("fn", 2, "means something to Rust"),
    ] {
        let done = strategy(&rig, &["new", name, "--sdk", &sdk()]);
        assert_eq!((done.code(), done.out()), (code, String::new()), "{name}");
        assert!(done.err().contains(said), "{name}: {}", done.err());
    }
    let no_sdk = strategy(&rig, &["new", "slow-drip", "--sdk", "full"]);
    assert_eq!(no_sdk.code(), 1);
    assert!(no_sdk.err().contains("not the SDK"), "{}", no_sdk.err());
    assert_eq!(rig.names(), before);
}

#[test]
fn the_sdk_that_is_named_is_the_one_that_is_used() {
    let rig = Rig::new();
    let named = sdk();
    let done = strategy(&rig, &["new", "slow-drip", "--sdk", &named]);
    assert_eq!(done.code(), 0, "{}", done.err());
    let manifest = rig.read("slow-drip/Cargo.toml");
    assert!(manifest.contains(&format!("\"{named}/sdk\"")), "{manifest}");
    assert!(!manifest.contains("{{"), "{manifest}");
}
