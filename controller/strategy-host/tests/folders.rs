//! Plugins by name: found once, found twice, found under another name, not found.

mod fixtures;

use fixtures::{Bench, helper};
use std::sync::Arc;
use strategy_host::{FolderError, StrategyFolders};

fn folders(of: &[&Bench]) -> StrategyFolders {
    let mut folders = StrategyFolders::new(helper());
    for bench in of {
        folders.add(bench.path()).unwrap();
    }
    folders
}

fn refusal(folders: &StrategyFolders, name: &str) -> String {
    folders.declaration(name).unwrap_err().to_string()
}

#[test]
fn a_name_that_is_nowhere_says_where_it_was_looked_for() {
    let (one, two) = (Bench::new(), Bench::new());
    let error = refusal(&folders(&[&one, &two]), "day-profile");
    let expected = format!(
        "no strategy is called `day-profile`: there is no libday_profile.so in {} or {}",
        one.path().display(),
        two.path().display()
    );
    assert_eq!(error, expected);
}

#[test]
fn a_name_found_twice_names_both_files() {
    let (one, two) = (Bench::new(), Bench::new());
    let (first, second) = (one.plugin(&[]), two.plugin(&[]));
    let error = refusal(&folders(&[&one, &two]), "fixture");
    assert!(error.contains("is there twice"), "{error}");
    assert!(error.contains(&first.display().to_string()), "{error}");
    assert!(error.contains(&second.display().to_string()), "{error}");
}

#[test]
fn a_link_that_leads_nowhere_is_refused_by_its_path() {
    let bench = Bench::new();
    let link = bench.path().join("libgone.so");
    std::os::unix::fs::symlink("nowhere.so", &link).unwrap();
    let folders = folders(&[&bench]);
    assert_eq!(folders.names(), ["gone"]);
    let error = refusal(&folders, "gone");
    assert!(error.contains(&link.display().to_string()), "{error}");
    assert!(error.contains("can't be read"), "{error}");
}

#[test]
fn the_same_folder_under_two_paths_is_one_folder() {
    let bench = Bench::new();
    bench.plugin(&[]);
    let mut folders = folders(&[&bench]);
    folders.add(bench.path().join(".")).unwrap();
    let link = Bench::new();
    std::os::unix::fs::symlink(bench.path(), link.path().join("link")).unwrap();
    folders.add(link.path().join("link")).unwrap();
    assert_eq!(folders.folders().len(), 1);
    assert!(folders.declaration("fixture").is_ok());
}

#[test]
fn a_folder_added_later_makes_a_name_ambiguous() {
    let (one, two) = (Bench::new(), Bench::new());
    one.plugin(&[]);
    two.plugin(&[]);
    let mut folders = folders(&[&one]);
    assert!(folders.declaration("fixture").is_ok());
    folders.add(two.path()).unwrap();
    assert!(refusal(&folders, "fixture").contains("is there twice"));
}

#[test]
fn a_file_with_another_strategys_name_is_refused() {
    let bench = Bench::new();
    let path = bench.named("libother_name.so", &[]);
    let error = refusal(&folders(&[&bench]), "other-name");
    let expected = format!(
        "{}: it declares the name `fixture`, but this file's strategy is `other-name`; rename the \
         file to libfixture.so",
        path.display()
    );
    assert_eq!(error, expected);
}

#[test]
fn a_name_is_a_word_and_never_a_path() {
    let bench = Bench::new();
    bench.named("libother_name.so", &["NAME=\"other-name\""]);
    let folders = folders(&[&bench]);
    assert!(folders.declaration("other-name").is_ok());
    for name in [
        "other_name",
        "Other-Name",
        "../other-name",
        "",
        "/",
        "a/b",
        "other-name.so",
        "\0",
    ] {
        let error = folders.declaration(name).unwrap_err();
        assert!(
            matches!(*error, FolderError::NotFound { .. }),
            "{name}: {error}"
        );
    }
}

#[test]
fn the_names_are_those_of_the_files() {
    let bench = Bench::new();
    for name in [
        "libb.so",
        "liba_b.so",
        "libb.a",
        "c.so",
        "libUpper.so",
        "lib.so",
        "libx.so.1",
    ] {
        bench.file(name, b"");
    }
    assert_eq!(folders(&[&bench]).names(), ["a-b", "b"]);
}

#[test]
fn a_refusal_is_remembered() {
    let bench = Bench::new();
    let path = bench.file("libempty.so", b"");
    let folders = folders(&[&bench]);
    let first = folders.declaration("empty").unwrap_err();
    std::fs::remove_file(path).unwrap();
    assert!(Arc::ptr_eq(
        &first,
        &folders.declaration("empty").unwrap_err()
    ));
}

#[test]
fn a_folder_that_is_not_there_is_an_error() {
    let bench = Bench::new();
    let mut folders = StrategyFolders::new(helper());
    let missing = bench.path().join("missing");
    let error = folders.add(&missing).unwrap_err().to_string();
    assert!(error.starts_with(&format!(
        "{}: the strategy folder can't be read",
        missing.display()
    )));
    let file = bench.file("file", b"");
    assert!(folders.add(file).is_err());
}
