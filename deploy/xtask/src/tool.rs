//! The programs that the commands call, and what to say where one is missing.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

/// Why a command ended early.
#[derive(Debug)]
pub(crate) struct Failure {
    /// What went wrong, and what to do about it.
    pub(crate) what: String,
    /// The command line was not understood.
    pub(crate) usage: bool,
}

impl Failure {
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            usage: false,
        }
    }

    pub(crate) fn usage(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            usage: true,
        }
    }
}

/// Prints a heading; on standard error, like cargo's own progress.
pub(crate) fn heading(text: &str) {
    eprintln!("\n── {text}");
}

/// Where a program of this name lies on the `PATH`.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}

/// The C compiler, which is also what rustc links with.
///
/// # Errors
/// Where there is none, with what to install.
pub(crate) fn need_c_compiler() -> Result<(), Failure> {
    need_compiler("CC", "cc", "C compiler", "gcc libc6-dev")
}

/// The C++ compiler that builds the fuzzing engine.
///
/// # Errors
/// Where there is none, with what to install.
pub(crate) fn need_cxx_compiler() -> Result<(), Failure> {
    need_compiler("CXX", "c++", "C++ compiler", "g++")
}

fn need_compiler(variable: &str, program: &str, what: &str, debian: &str) -> Result<(), Failure> {
    if std::env::var_os(variable).is_some() || find(program).is_some() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "there is no {what} (`{program}`) on the PATH\n\
         help: install one and try again: on Debian or Ubuntu\n    sudo apt-get install {debian}"
    )))
}

/// libseccomp, with which `strategy-host` holds a plugin in. Where it is missing and may be
/// installed, it is.
///
/// # Errors
/// Where it is missing and can't be installed, with what to do.
pub(crate) fn need_seccomp() -> Result<(), Failure> {
    need_c_compiler()?;
    if links_seccomp() {
        return Ok(());
    }
    const PACKAGE: &str = "libseccomp-dev";
    if find("apt-get").is_some() && is_root() {
        heading(&format!("installing {PACKAGE}"));
        let apt = |args: &[&str]| {
            let mut apt = Command::new("apt-get");
            apt.env("DEBIAN_FRONTEND", "noninteractive").args(args);
            run(&mut apt)
        };
        apt(&["update", "-qq"])?;
        apt(&["install", "-y", "-qq", "--no-install-recommends", PACKAGE])?;
        if links_seccomp() {
            return Ok(());
        }
    }
    Err(Failure::new(format!(
        "libseccomp, which holds a plugin in its sandbox, is not installed\n\
         help: install it and try again: on Debian or Ubuntu\n    sudo apt-get install {PACKAGE}"
    )))
}

fn links_seccomp() -> bool {
    let compiler = std::env::var_os("CC").unwrap_or_else(|| "cc".into());
    let mut cc = Command::new(compiler);
    cc.args([
        "-shared",
        "-xc",
        "/dev/null",
        "-lseccomp",
        "-o",
        "/dev/null",
    ]);
    cc.stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    cc.status().is_ok_and(|status| status.success())
}

pub(crate) fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|id| id.stdout.trim_ascii() == b"0")
}

/// Runs a program with the terminal as its own.
///
/// # Errors
/// Where it can't be started, or ends with anything but success.
pub(crate) fn run(command: &mut Command) -> Result<(), Failure> {
    let status = command
        .stdin(Stdio::null())
        .status()
        .map_err(|error| not_started(command, &error))?;
    if status.success() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "{} ended with {status}",
        line(command)
    )))
}

/// Starts a program and goes on.
///
/// # Errors
/// Where it can't be started.
pub(crate) fn spawn(command: &mut Command) -> Result<Child, Failure> {
    command
        .spawn()
        .map_err(|error| not_started(command, &error))
}

/// Runs a program and keeps what it says.
///
/// # Errors
/// Where it can't be started, or ends with anything but success; then with what it said.
pub(crate) fn capture(command: &mut Command) -> Result<Output, Failure> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| not_started(command, &error))?;
    if output.status.success() {
        return Ok(output);
    }
    Err(Failure::new(format!(
        "{} ended with {}\n{}{}",
        line(command),
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    )))
}

fn not_started(command: &Command, error: &std::io::Error) -> Failure {
    let program = command.get_program().to_string_lossy();
    Failure::new(format!("{program} could not be started: {error}"))
}

/// The command as one would type it, shortened where it is very long.
pub(crate) fn line(command: &Command) -> String {
    const SHOWN: usize = 12;
    let quote = |word: &OsStr| {
        let word = word.to_string_lossy();
        if word.contains(' ') {
            format!("\"{word}\"")
        } else {
            word.into_owned()
        }
    };
    let mut words = vec![quote(command.get_program())];
    words.extend(command.get_args().take(SHOWN).map(quote));
    if command.get_args().count() > SHOWN {
        words.push("…".to_owned());
    }
    format!("`{}`", words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_fails_is_named_with_its_arguments() {
        let failure = run(Command::new("sh").args(["-c", "exit 3"])).unwrap_err();
        assert!(
            failure.what.contains("`sh -c \"exit 3\"`"),
            "{}",
            failure.what
        );
        assert!(failure.what.contains('3'), "{}", failure.what);
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let failure = run(&mut Command::new("no-such-program-anywhere")).unwrap_err();
        assert!(
            failure
                .what
                .starts_with("no-such-program-anywhere could not be started"),
            "{}",
            failure.what
        );
    }

    #[test]
    fn what_a_failed_program_said_is_kept() {
        let failure = capture(Command::new("sh").args(["-c", "echo why >&2; exit 1"])).unwrap_err();
        assert!(failure.what.contains("why"), "{}", failure.what);
    }
}
