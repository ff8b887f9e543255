//! Every broken file is diagnosed as the text beside it says.
//!
//! `tests/broken/<which>/NAME.toml` is broken, `NAME.txt` is the full diagnosis; files in
//! `tests/remarks` are accepted with remarks. `UPDATE=1 cargo test -p pump-prescription`
//! writes the texts anew.

mod common;

use std::path::{Path, PathBuf};

use common::Stub;
use pump_prescription::{Code, Input, Outcome, check};

fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

/// The file under its name alone, so that the texts do not depend on the folder.
fn input(path: &Path) -> Input {
    let name = path.file_name().unwrap().to_string_lossy();
    Input::new(name, std::fs::read(path).unwrap())
}

fn bench(name: &str) -> Input {
    input(&tests().join("bench").join(name))
}

fn files(folder: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(tests().join(folder))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "toml")
        })
        .collect();
    files.sort();
    files
}

fn compare(path: &Path, outcome: &Outcome, wrong: &mut Vec<String>) {
    let found = outcome.report.to_string();
    let beside = path.with_extension("txt");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&beside, &found).unwrap();
    }
    let expected = std::fs::read_to_string(&beside).unwrap_or_default();
    if found != expected {
        wrong.push(format!(
            "{}\nexpected:\n{expected}\nfound:\n{found}",
            path.display()
        ));
    }
}

/// Checks a folder of files that take one of the three places.
fn folder(name: &str, least: usize, accepted: bool, run: impl Fn(Input) -> Outcome) {
    let mut wrong = Vec::new();
    let files = files(name);
    assert!(files.len() >= least, "{} files in {name}", files.len());
    for path in files {
        let outcome = run(input(&path));
        assert_eq!(
            outcome.checked.is_some(),
            accepted,
            "{}\n{}",
            path.display(),
            outcome.report
        );
        assert_eq!(outcome.report.has_errors(), !accepted, "{}", path.display());
        compare(&path, &outcome, &mut wrong);
    }
    assert!(
        wrong.is_empty(),
        "{} texts differ\n\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn every_broken_prescription_is_diagnosed_as_expected() {
    folder("broken/prescription", 50, false, |file| {
        check(
            &file,
            &bench("pump.toml"),
            &bench("drug-library.toml"),
            &Stub,
        )
    });
}

#[test]
fn every_broken_device_is_diagnosed_as_expected() {
    let sample = tests().join("bench/prescription.toml");
    folder("broken/device", 10, false, |file| {
        check(&input(&sample), &file, &bench("drug-library.toml"), &Stub)
    });
}

#[test]
fn every_broken_drug_library_is_diagnosed_as_expected() {
    let sample = tests().join("bench/prescription.toml");
    folder("broken/drug-library", 10, false, |file| {
        check(&input(&sample), &bench("pump.toml"), &file, &Stub)
    });
}

#[test]
fn every_code_is_seen_in_some_text() {
    // Seen in other tests: they need a file that is not there or is too large. The last is
    // never seen.
    let elsewhere = [Code::Unreadable, Code::TooLarge, Code::Internal];
    let mut seen = String::new();
    for folder in [
        "broken/prescription",
        "broken/device",
        "broken/drug-library",
        "remarks",
    ] {
        for path in files(folder) {
            seen += &std::fs::read_to_string(path.with_extension("txt")).unwrap();
        }
    }
    for code in Code::ALL {
        let expected = !elsewhere.contains(code);
        assert_eq!(
            seen.contains(&format!("[{}]", code.id())),
            expected,
            "{}",
            code.id()
        );
    }
}

#[test]
fn what_is_accepted_with_remarks_says_them() {
    folder("remarks", 10, true, |file| {
        check(
            &file,
            &bench("pump.toml"),
            &bench("drug-library.toml"),
            &Stub,
        )
    });
}
