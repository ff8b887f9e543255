//! What to type next, as it can be typed: each step is told by the one before it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use strategy_link::Declaration;

use crate::cli::Language;

/// What `strategy new` calls the files that go with a plugin.
pub(super) const PRESCRIPTION: &str = "prescription.toml";
pub(super) const SCENARIO: &str = "scenario.toml";

/// This program as a shell finds it.
pub(super) fn program() -> String {
    let Ok(program) = std::env::current_exe() else {
        return "pumpctl".to_owned();
    };
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&folders)
        .map(|folder| folder.join("pumpctl"))
        .find(|path| path.is_file());
    let same = |found: &Path| found.canonicalize().ok() == program.canonicalize().ok();
    match found {
        Some(found) if same(&found) => "pumpctl".to_owned(),
        _ => word(&program),
    }
}

/// A path as one word of a shell.
pub(super) fn word(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+,:@%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text;
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// After a good check: the simulator.
pub(super) fn after_check(file: &Path, declared: &Declaration) -> String {
    let folder = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut text = String::from("\nNext, ");
    let names_it = format!("strategy = \"{}\"", declared.name);
    let written = std::fs::read_to_string(PRESCRIPTION);
    let prescription = if written.is_ok_and(|text| text.contains(&names_it)) {
        text.push_str("a run in virtual time:\n");
        PRESCRIPTION
    } else {
        let _ = writeln!(
            text,
            "a run in virtual time, with a prescription that has {names_it}:"
        );
        "RX.toml"
    };
    let scenario = match Path::new(SCENARIO).is_file() {
        true => format!(" --scenario {SCENARIO}"),
        false => String::new(),
    };
    let _ = writeln!(
        text,
        "  {} simulate {prescription} --for 3h{scenario} --strategies {}",
        program(),
        word(folder)
    );
    text
}

/// After `strategy new`: build it, try it, check it.
pub(super) fn after_new(name: &str, language: Language) -> String {
    let library = format!("lib{}.so", name.replace('-', "_"));
    let (tests, build, library) = match language {
        Language::Rust => (
            "cargo test",
            "cargo build",
            format!("target/debug/{library}"),
        ),
        Language::C => ("make test", "make", library),
    };
    format!(
        "Next:\n  cd {name}\n  {tests}\n  {build}\n  {} strategy check {library}\n",
        program()
    )
}

/// After a run in virtual time with a strategy from a folder of one's own: the daemon.
pub(crate) fn after_simulate(prescription: &Path, device: &Path, folders: &[PathBuf]) -> String {
    let daemon = match std::env::current_exe() {
        Ok(here) if here.with_file_name("pumpd").is_file() => word(&here.with_file_name("pumpd")),
        _ => "pumpd".to_owned(),
    };
    let folders = folders
        .iter()
        .map(|folder| format!(" --strategies {}", word(folder)));
    let folders: String = folders.collect();
    let program = program();
    format!(
        "\nNext, in the daemon, on a simulated pump:\n  \
         {daemon} --sim --config {} --state-dir rig --socket rig.sock{folders} &\n  \
         {program} --socket rig.sock arm {}\n  \
         {program} --socket rig.sock start\n",
        word(device),
        word(prescription)
    )
}
