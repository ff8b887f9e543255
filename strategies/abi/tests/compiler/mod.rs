//! The C compiler, as a judge of what the header says.
#![allow(dead_code, reason = "each test file uses a part")]

use std::path::Path;
use std::process::{Command, Output};

fn run(compiler: &str, arguments: &[&str], file: &Path) -> std::io::Result<Output> {
    Command::new(compiler)
        .args(arguments)
        .args([
            "-Wall",
            "-Wextra",
            "-Wpedantic",
            "-Werror",
            "-fsyntax-only",
            "-I",
        ])
        .arg(env!("CARGO_MANIFEST_DIR"))
        .arg(file)
        .output()
}

/// What the compiler has against a file, with every warning an error.
pub(crate) fn check(compiler: &str, arguments: &[&str], file: &Path) -> Result<(), String> {
    let output = run(compiler, arguments, file).unwrap_or_else(|error| {
        panic!(
            "the C compiler `{compiler}` can't be run ({error}): install one, it is needed to \
             build and test this project"
        )
    });
    match output.status.success() {
        true => Ok(()),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}

/// Asserts that a file compiles.
pub(crate) fn compile(compiler: &str, arguments: &[&str], file: &Path) {
    if let Err(told) = check(compiler, arguments, file) {
        panic!(
            "{compiler} {arguments:?} refuses {}:\n{told}",
            file.display()
        );
    }
}

/// The same by a compiler that may be missing.
pub(crate) fn compile_if_there(compiler: &str, arguments: &[&str], file: &Path) {
    // Under an emulator that is how a program ends that is not there.
    const NOT_THERE: Option<i32> = Some(127);
    match run(compiler, arguments, file) {
        Ok(output) if output.status.code() != NOT_THERE => compile(compiler, arguments, file),
        _ => eprintln!("no {compiler} here: not tried"),
    }
}

/// The compilers for the machine that the test runs on, which may be an emulated one.
pub(crate) const C: &str = if cfg!(target_arch = "arm") {
    "arm-linux-gnueabihf-gcc"
} else {
    "cc"
};
pub(crate) const CPP: &str = if cfg!(target_arch = "arm") {
    "arm-linux-gnueabihf-g++"
} else {
    "c++"
};
pub(crate) const C99: &[&str] = &["-std=c99", "-x", "c"];
pub(crate) const C11: &[&str] = &["-std=c11", "-x", "c"];
pub(crate) const CPP17: &[&str] = &["-std=c++17", "-x", "c++"];

pub(crate) fn in_a_file(text: &str, then: impl FnOnce(&Path)) {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let file = folder.path().join("layout");
    std::fs::write(&file, text).expect("the folder is writable");
    then(&file);
}
