//! Plugins of other people: one in C that works, and ones that take their process down.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::rig::{PRESCRIPTION, Rig, repository};

/// Compiles the example strategy in C under another name, with a statement added to `step`.
fn compile(rig: &Rig, name: &str, added: &str) {
    let abi = repository().join("strategies/abi");
    let example = std::fs::read_to_string(abi.join("examples/steady.c")).expect("the example in C");
    let step = "    const steady_t *steady = (const steady_t *)instance;\n";
    assert!(
        example.contains("\"steady-c\"") && example.contains(step),
        "the example has changed"
    );
    let source = example
        .replace("\"steady-c\"", &format!("\"{name}\""))
        .replace(step, &format!("{step}    {added}\n"));
    rig.write("plugin.c", source);
    let library = rig.path(&format!("lib{}.so", name.replace('-', "_")));
    let compiled = Command::new("cc")
        .args([
            "-std=c11",
            "-O1",
            "-fPIC",
            "-shared",
            "-fvisibility=hidden",
            "-I",
        ])
        .arg(&abi)
        .arg("-o")
        .arg(&library)
        .arg(rig.path("plugin.c"))
        .status()
        .expect("a C compiler, cc");
    assert!(compiled.success());
    rig.write(
        "rx.toml",
        PRESCRIPTION.replace(
            "strategy = \"continuous\"",
            &format!("strategy = \"{name}\""),
        ),
    );
}

fn has_unfinished_files(folder: &Path) -> bool {
    let entries = std::fs::read_dir(folder).expect("the test's folder");
    entries
        .flatten()
        .any(|entry| entry.file_name().to_string_lossy().starts_with(".pumpctl"))
}

#[test]
fn a_strategy_in_c_gives_the_same_edges_as_the_one_in_rust() {
    let rig = Rig::new();
    let words = [
        "--for",
        "6h",
        "--at",
        "1h press",
        "--strategies",
        ".",
        "--edges",
    ];
    rig.report(&[&words[..], &["rust.csv"]].concat());
    compile(&rig, "steady-c", "");
    rig.report(&[&words[..], &["c.csv"]].concat());
    assert_eq!(rig.read("c.csv"), rig.read("rust.csv"));
}

#[test]
fn a_plugin_that_takes_the_process_down_is_told_and_leaves_no_file() {
    let rig = Rig::new();
    for (name, added, part) in [
        (
            "crash-c",
            "if (snapshot->seq > 1) { *(volatile int *)8 = 1; }",
            "SIGSEGV",
        ),
        ("abort-c", "if (snapshot->seq > 1) { abort(); }", "SIGABRT"),
        (
            "leave-c",
            "if (snapshot->seq > 1) { exit(0); }",
            "exit code 0",
        ),
        (
            "hang-c",
            "if (snapshot->seq > 1) { for (;;) { } }",
            "has not answered",
        ),
    ] {
        compile(&rig, name, added);
        let words = [
            "simulate",
            "rx.toml",
            "--strategies",
            ".",
            "--json",
            "--edges",
            "e.csv",
            "--plot",
            "p.svg",
            "--at",
            "2h pause",
            "--at",
            "3h resume",
        ];
        let done = rig.run(&words);
        assert_eq!(done.code(), 1, "{name}: {}", done.err());
        assert_eq!(done.out(), "", "{name}");
        assert!(
            done.err().contains(part) && done.err().contains("plugin"),
            "{}",
            done.err()
        );
        assert!(
            !has_unfinished_files(rig.folder.path()),
            "{name} left something"
        );
        assert!(
            !rig.path("e.csv").exists() && !rig.path("p.svg").exists(),
            "{name}"
        );
    }
}

#[test]
fn a_plugin_that_answers_nonsense_is_lost_and_the_others_run_on() {
    let rig = Rig::new();
    compile(&rig, "nonsense-c", "if (snapshot->seq > 1) { return 77; }");
    let report = rig.report(&["--strategies", ".", "--at", "2h pause", "--at", "3h resume"]);
    let note = report["notes"][0]["text"].as_str().expect("a note");
    assert!(
        note.contains("\"background\"") && note.contains("77"),
        "{note}"
    );
    let alarms = report["alarms"].as_array().expect("a list");
    assert!(
        alarms
            .iter()
            .any(|alarm| alarm["name"] == "strategy-lost-stop"),
        "{alarms:?}"
    );
}

#[test]
fn an_interrupted_simulation_leaves_no_file() {
    let rig = Rig::new();
    compile(
        &rig,
        "slow-c",
        "for (volatile long i = 0; i < 100000000000; i++) { }",
    );
    let words = [
        "simulate",
        "rx.toml",
        "--strategies",
        ".",
        "--edges",
        "e.csv",
    ];
    let mut command = rig.command(&words);
    let mut child = command.stderr(Stdio::piped()).spawn().expect("it runs");
    while !has_unfinished_files(rig.folder.path()) {
        assert_eq!(
            child.try_wait().expect("it can be awaited"),
            None,
            "it still runs"
        );
        std::thread::sleep(Duration::from_millis(10));
    }
    let killed = Command::new("kill")
        .arg(child.id().to_string())
        .status()
        .expect("kill runs");
    assert!(killed.success());
    let done = child.wait_with_output().expect("it ends");
    assert_eq!(done.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&done.stderr).contains("interrupted"));
    assert!(!has_unfinished_files(rig.folder.path()));
}
