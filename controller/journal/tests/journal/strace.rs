//! The writer under strace, which sees its system calls and can let them fail.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// The program of `examples/writer.rs`.
fn writer() -> PathBuf {
    let test = std::env::current_exe().expect("a path");
    let folder = test.ancestors().nth(2).expect("two folders up");
    let writer = folder.join("examples/writer");
    assert!(
        writer.exists(),
        "{} is not built: run `cargo build -p pump-journal --examples`",
        writer.display()
    );
    writer
}

/// Whether strace is here and may trace. It must be where `PUMP_REQUIRE_STRACE` is set.
pub(crate) fn is_here() -> bool {
    let tried = Command::new("strace")
        .args(["-o", "/dev/null", "true"])
        .output();
    let here = tried.is_ok_and(|output| output.status.success());
    if !here {
        assert!(
            std::env::var_os("PUMP_REQUIRE_STRACE").is_none(),
            "strace is missing: apt-get install strace"
        );
        eprintln!("skipped: strace is missing (apt-get install strace)");
    }
    here
}

/// Runs the writer. Its output, and what strace has seen.
pub(crate) fn run(folder: &Path, first: u64, count: u64, how: &[&str]) -> (Output, String) {
    let log = TempDir::new().expect("a folder");
    let log = log.path().join("log");
    let output = Command::new("strace")
        .arg("-o")
        .arg(&log)
        .args(how)
        .arg(writer())
        .arg(folder)
        .args([first.to_string(), count.to_string()])
        .output()
        .expect("strace starts");
    (output, fs::read_to_string(&log).expect("a log"))
}
