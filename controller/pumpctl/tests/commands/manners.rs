//! What holds for every use: wrong input, outputs, exit codes, and where things are found.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::process::Stdio;

use crate::rig::{PRESCRIPTION, Rig, built, repository};

#[test]
fn wrong_input_is_told_with_its_place_and_nothing_is_written() {
    let rig = Rig::new();
    rig.write("wrong.toml", PRESCRIPTION.replace("\"2 mg/day\"", "2"));
    rig.write("nonsense.toml", [0xff, 0x00, 0x80]);
    rig.write(
        "bad-night.toml",
        "[[event]]\nat = \"25 o'clock\"\ndo = \"presss\"\nwhy = 1\n",
    );
    rig.write(
        "deep.toml",
        format!("a = {}1{}", "[".repeat(100_000), "]".repeat(100_000)),
    );
    let before = rig.names();
    let outputs = ["--edges", "e.csv", "--plot", "p.svg", "--json"];
    for (words, parts) in [
        (vec!["wrong.toml"], vec!["wrong.toml:29", "rate"]),
        (vec!["nonsense.toml"], vec!["nonsense.toml", "UTF-8"]),
        (vec!["absent.toml"], vec!["absent.toml"]),
        (vec!["."], vec!["folder"]),
        (vec!["deep.toml"], vec!["deep.toml"]),
        (
            vec!["rx.toml", "--scenario", "bad-night.toml"],
            vec![
                "bad-night.toml:2:",
                "bad-night.toml:3:",
                "bad-night.toml:4:",
                "did you mean `press`",
            ],
        ),
        (
            vec!["rx.toml", "--scenario", "deep.toml"],
            vec!["deep.toml", "deeply"],
        ),
        (
            vec!["rx.toml", "--scenario", "absent.toml"],
            vec!["absent.toml"],
        ),
        (vec!["rx.toml", "--strategies", "absent"], vec!["absent"]),
        (
            vec!["rx.toml", "--drug-library", "absent.toml"],
            vec!["absent.toml"],
        ),
    ] {
        let words: Vec<&str> = ["simulate"]
            .into_iter()
            .chain(words)
            .chain(outputs)
            .collect();
        let done = rig.run(&words);
        assert_eq!(done.code(), 1, "{words:?}: {}", done.err());
        assert_eq!(done.out(), "", "{words:?}");
        for part in parts {
            assert!(
                done.err().contains(part),
                "{part:?} is not in\n{}",
                done.err()
            );
        }
        assert_eq!(rig.names(), before, "{words:?} wrote something");
    }
}

#[test]
fn a_wrong_command_line_is_told_apart_from_wrong_input() {
    let rig = Rig::new();
    for words in [
        vec!["simulate"],
        vec!["simulate", "rx.toml", "--for", "24"],
        vec!["simulate", "rx.toml", "--for", "0s"],
        vec!["simulate", "rx.toml", "--presses", "often"],
        vec!["simulate", "rx.toml", "--at", "press"],
        vec!["simulate", "rx.toml", "--at", "2h presss"],
        vec![
            "simulate",
            "rx.toml",
            "--at",
            "2h clinician-bolus volume=50uL",
        ],
        vec![
            "simulate",
            "rx.toml",
            "--at",
            "2h lose-strategy regimen=nobody for=1h",
        ],
        vec!["simulate", "rx.toml", "--edges", "same", "--plot", "same"],
        vec!["check"],
        vec!["dance"],
    ] {
        let done = rig.run(&words);
        assert_eq!(done.code(), 2, "{words:?}: {}", done.err());
        assert!(!done.err().is_empty() && done.out().is_empty(), "{words:?}");
    }
    assert_eq!(rig.names(), ["rx.toml"]);
}

#[test]
fn an_output_that_cannot_be_written_is_told_and_leaves_nothing() {
    let rig = Rig::new();
    fs::create_dir(rig.path("taken")).expect("a folder");
    let before = rig.names();
    for (path, part) in [
        ("taken", "it is a folder"),
        ("absent/e.csv", "absent/e.csv"),
        ("/proc/e.csv", "/proc/e.csv"),
        ("/dev/full", "No space left"),
    ] {
        for option in ["--edges", "--plot"] {
            let done = rig.run(&["simulate", "rx.toml", option, path]);
            assert_eq!(done.code(), 1, "{option} {path}: {}", done.err());
            assert!(
                done.err().contains(part),
                "{part:?} is not in {}",
                done.err()
            );
            assert_eq!(rig.names(), before);
        }
    }
}

#[test]
fn an_output_takes_the_place_of_a_file_and_goes_through_a_link() {
    let rig = Rig::new();
    rig.write("old.csv", "old");
    symlink("old.csv", rig.path("link.csv")).expect("a link");
    rig.report(&["--for", "1h", "--edges", "link.csv"]);
    assert!(rig.read("old.csv").starts_with("t_ns,step\n"));
    assert!(
        fs::symlink_metadata(rig.path("link.csv"))
            .expect("the link")
            .is_symlink()
    );
    rig.report(&["--for", "1h", "--edges", "new.csv"]);
    let mode = fs::metadata(rig.path("new.csv"))
        .expect("the file")
        .permissions()
        .mode();
    assert_eq!(mode & 0o400, 0o400);
    rig.report(&["--for", "1h", "--edges", "/dev/null"]);
    assert!(!fs::metadata("/dev/null").expect("the device").is_file());
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let rig = Rig::new();
    let words = [
        "simulate",
        "rx.toml",
        "--for",
        "3day",
        "--presses",
        "200/day",
        "--json",
    ];
    let mut child = rig
        .command(&words)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it runs");
    drop(child.stdout.take());
    let done = child.wait_with_output().expect("it ends");
    assert_eq!(done.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&done.stderr), "");
}

#[test]
fn the_configuration_is_found_from_where_the_program_lies_and_not_from_here() {
    let rig = Rig::new();
    let installed = tempfile::tempdir().expect("a folder");
    let bin = installed.path().join("bin");
    fs::create_dir(&bin).expect("a folder");
    for name in ["pumpctl", "strategy-host", "libcontinuous.so", "libpca.so"] {
        fs::copy(built().join(name), bin.join(name)).expect("a copy");
    }
    // A decoy where the command is given: it would be refused.
    fs::create_dir(rig.path("config")).expect("a folder");
    rig.write("config/pump.toml", "not a device");
    let run = || {
        let mut command = std::process::Command::new(bin.join("pumpctl"));
        command
            .current_dir(rig.folder.path())
            .args(["check", "rx.toml"]);
        command.output().expect("it runs")
    };
    let config = installed.path().join("config");
    fs::create_dir(&config).expect("a folder");
    if !std::path::Path::new("/etc/pumpd/pump.toml").exists() {
        let alone = run();
        assert_eq!(alone.status.code(), Some(1));
        assert!(String::from_utf8_lossy(&alone.stderr).contains("--device FILE"));
    }
    for name in ["pump.toml", "drug-library.toml"] {
        fs::copy(repository().join("config").join(name), config.join(name)).expect("a copy");
    }
    let found = run();
    assert_eq!(
        found.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&found.stderr)
    );
}

#[test]
fn an_output_that_would_overwrite_an_input_is_a_wrong_command_line() {
    let rig = Rig::new();
    let config = repository().join("config");
    for name in ["pump.toml", "drug-library.toml"] {
        fs::copy(config.join(name), rig.path(name)).expect("a copy");
    }
    rig.write("night.toml", "[[event]]\nat = \"1h\"\ndo = \"press\"\n");
    symlink("rx.toml", rig.path("link.toml")).expect("a link");
    fs::hard_link(rig.path("night.toml"), rig.path("hard.toml")).expect("a link");
    let before: Vec<(String, String)> = rig
        .names()
        .into_iter()
        .map(|n| (n.clone(), rig.read(&n)))
        .collect();
    for (output, what) in [
        ("rx.toml", "the prescription"),
        ("./rx.toml", "the prescription"),
        ("link.toml", "the prescription"),
        ("night.toml", "the scenario"),
        ("hard.toml", "the scenario"),
        ("pump.toml", "the device's file"),
        ("drug-library.toml", "the drug library"),
    ] {
        for option in ["--edges", "--plot"] {
            let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_pumpctl"));
            command.current_dir(rig.folder.path()).args([
                "simulate",
                "rx.toml",
                "--for",
                "2h",
                "--device",
                "pump.toml",
                "--scenario",
                "night.toml",
                option,
                output,
            ]);
            let done = command.output().expect("it runs");
            let told = String::from_utf8_lossy(&done.stderr);
            assert_eq!(done.status.code(), Some(2), "{option} {output}: {told}");
            assert!(told.contains(what) && told.contains(output), "{told}");
            assert!(done.stdout.is_empty());
            let after: Vec<(String, String)> = rig
                .names()
                .into_iter()
                .map(|n| (n.clone(), rig.read(&n)))
                .collect();
            assert_eq!(after, before, "{option} {output} wrote something");
        }
    }
    let done = rig.run(&["simulate", "rx.toml", "--edges", "new", "--plot", "./new"]);
    assert_eq!(done.code(), 2, "{}", done.err());
    assert!(!rig.names().contains(&"new".to_owned()));
}
