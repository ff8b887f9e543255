//! A simulation or a replay runs in a child process, because a plugin may take its process down.
//!
//! The parent does nothing but wait and pass on interrupts. A simulation that ends by itself says so by its exit
//! code, which is passed on; one that a plugin has crashed or ended is reported as that, and
//! its unfinished files go.

use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, ExitStatus};

use rustix::process::{Pid, Signal, kill_process, set_parent_process_death_signal};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::failure::Failure;
use crate::output::{folder_of, unfinished_prefix};
use crate::patience::HUNG;

/// Set in the child, so that it simulates and does not start another.
const SUPERVISED: &str = "PUMPCTL_SUPERVISED";
/// The child adds this to its exit code. A plugin that calls `exit` does not know.
const BY_ITSELF: u8 = 96;

/// What is run in a child.
pub(crate) struct Guarded<'a> {
    /// What it is called: `the simulation`.
    pub(crate) what: &'a str,
    /// The files that it writes.
    pub(crate) outputs: Vec<&'a Path>,
}

/// Runs the work in a child, or here where this is the child.
pub(crate) fn run(
    guarded: &Guarded<'_>,
    work: impl FnOnce() -> Result<(), Failure>,
) -> Result<(), Failure> {
    if std::env::var_os(SUPERVISED).is_some() {
        // Nobody waits for the result of a simulation whose command is gone.
        let _ = set_parent_process_death_signal(Some(Signal::KILL));
        let code = work().map_or_else(Failure::tell, |()| 0);
        return Err(Failure::Passed(code.saturating_add(BY_ITSELF)));
    }
    let what = guarded.what;
    let failed = |problem: &str, error| Failure::input(format_args!("{problem}: {error}"));
    let program =
        std::env::current_exe().map_err(|error| failed("this program can't find itself", error))?;
    let mut child = Command::new(program)
        .args(std::env::args_os().skip(1))
        .env(SUPERVISED, "1")
        .spawn()
        .map_err(|error| failed(&format!("{what} can't be started"), error))?;
    let process = child.id();
    pass_on_interrupts(process).map_err(|error| failed("signals can't be awaited", error))?;
    let status = child
        .wait()
        .map_err(|error| failed(&format!("{what} can't be awaited"), error))?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    match code.and_then(|code| code.checked_sub(BY_ITSELF)) {
        Some(0) => Ok(()),
        Some(code @ 1..=2) => Err(Failure::Passed(code)),
        _ => {
            for path in &guarded.outputs {
                remove_unfinished(path, process);
            }
            if code == Some(HUNG) {
                return Err(Failure::Told);
            }
            Err(Failure::Input(taken_down(what, status)))
        }
    }
}

/// Lets this process outlive an interrupt, so that it can tidy up after the child.
fn pass_on_interrupts(process: u32) -> std::io::Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    std::thread::spawn(move || {
        let child = i32::try_from(process).ok().and_then(Pid::from_raw);
        for _ in signals.forever() {
            if let Some(child) = child {
                // It may be gone already; then so is the need.
                let _ = kill_process(child, Signal::TERM);
            }
        }
    });
    Ok(())
}

/// What has ended a child that did not end by itself.
fn taken_down(what: &str, status: ExitStatus) -> String {
    let how = match (status.signal(), status.code()) {
        (Some(signal), _) => match Signal::from_named_raw(signal) {
            Some(Signal::INT | Signal::TERM | Signal::HUP | Signal::QUIT) => {
                return format!("{what} was interrupted; nothing was written");
            }
            Some(Signal::SEGV) => "it touched memory that is not its own (SIGSEGV)".to_owned(),
            Some(Signal::ABORT) => "it gave up (SIGABRT)".to_owned(),
            Some(Signal::BUS) => "it touched memory that is not there (SIGBUS)".to_owned(),
            Some(Signal::ILL) => "an instruction this machine does not have (SIGILL)".to_owned(),
            Some(Signal::FPE) => "it divided by zero (SIGFPE)".to_owned(),
            Some(Signal::KILL) => "it was killed, perhaps for its memory (SIGKILL)".to_owned(),
            _ => format!("signal {signal}"),
        },
        (None, Some(code)) => format!("it ended its process with exit code {code}"),
        (None, None) => status.to_string(),
    };
    format!(
        "{what} was taken down, most likely by a strategy plugin: {how}. Nothing was \
         written. RUST_LOG=debug shows which plugins were loaded"
    )
}

fn remove_unfinished(path: &Path, process: u32) {
    let prefix = unfinished_prefix(process);
    for entry in std::fs::read_dir(folder_of(path))
        .into_iter()
        .flatten()
        .flatten()
    {
        if entry.file_name().to_string_lossy().starts_with(&prefix) {
            // What can't be removed now was never whole, and says so by its name.
            let _ = std::fs::remove_file(entry.path());
        }
    }
}
