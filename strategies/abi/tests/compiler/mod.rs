//! The C compiler, as a judge of what the header says.
#![allow(dead_code, reason = "each test file uses a part")]

use std::path::Path;
use std::process::Command;

/// Compiles a file as `language` with every warning an error. A compiler that is not there is
/// an error too, unless it may be missing.
pub(crate) fn compile(compiler: &str, arguments: &[&str], file: &Path, may_be_missing: bool) {
    let output = Command::new(compiler)
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
        .output();
    // Under an emulator that is how a program ends that is not there.
    const NOT_THERE: Option<i32> = Some(127);
    match output {
        Ok(output) if may_be_missing && output.status.code() == NOT_THERE => {
            eprintln!("no {compiler} here: not tried");
        }
        Ok(output) => assert!(
            output.status.success(),
            "{compiler} {arguments:?} refuses {}:\n{}",
            file.display(),
            String::from_utf8_lossy(&output.stderr)
        ),
        Err(_) if may_be_missing => eprintln!("no {compiler} here: not tried"),
        Err(error) => panic!(
            "the C compiler `{compiler}` can't be run ({error}): install one, it is needed to \
             build and test this project"
        ),
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
