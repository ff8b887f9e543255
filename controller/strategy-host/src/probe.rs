//! A first look at a plugin, from a safe distance: a child process opens it.

use crate::helper::{Finding, Helper};
use crate::image::Image;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{MemfdFlags, memfd_create};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};
use std::fmt;
use std::fs::File;
use std::io::{Read as _, Seek as _};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};
use strategy_abi::Descriptor;
use strategy_link::{Declaration, DeclarationError, Sha256};

/// How long a plugin's constructors may take.
pub const PROBE_TIMEOUT: Duration = Duration::from_secs(5);

/// A plugin that was looked at and found usable.
#[derive(Debug)]
pub struct Probed {
    pub(crate) image: Image,
    pub(crate) descriptor: Box<Descriptor>,
    declaration: Declaration,
}

impl Probed {
    /// What it declares.
    pub const fn declaration(&self) -> &Declaration {
        &self.declaration
    }

    /// The hash of the file that was probed, and that [`Probed::load`] loads.
    pub const fn sha256(&self) -> Sha256 {
        self.image.sha256()
    }

    /// The names of the symbols that it exports, sorted.
    ///
    /// # Errors
    /// Its sealed memory can't be read.
    pub fn exports(&self) -> std::io::Result<Vec<String>> {
        let bytes = self.image.bytes()?;
        crate::elf::exports(&bytes).map_err(std::io::Error::other)
    }

    /// The file it came from.
    pub fn path(&self) -> &std::path::Path {
        self.image.path()
    }
}

/// Why a plugin was refused by its probe.
#[derive(Debug)]
pub struct ProbeError {
    /// The plugin.
    pub path: PathBuf,
    /// Why.
    pub cause: ProbeFault,
}

/// What went wrong in a probe.
#[derive(Debug)]
pub enum ProbeFault {
    /// The helper could not be run at all: not the plugin's fault.
    Helper {
        /// Which.
        helper: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It took longer than this, and was killed.
    TimedOut(Duration),
    /// It was killed by this signal.
    Crashed {
        /// The signal's number.
        signal: i32,
        /// The last line it printed.
        said: Option<String>,
    },
    /// It ended the process itself, with this exit code.
    Exited {
        /// The exit code.
        code: i32,
        /// The last line it printed.
        said: Option<String>,
    },
    /// What came back was no answer.
    Garbled,
    /// The library can't be opened, or its table is not one this host can use.
    Refused(String),
    /// Its declaration is flawed.
    Declaration(DeclarationError),
}

impl fmt::Display for ProbeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.cause)
    }
}

impl std::error::Error for ProbeError {}

impl fmt::Display for ProbeFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let said = |said: &Option<String>| match said {
            Some(line) => format!(" (it said: {line})"),
            None => String::new(),
        };
        match self {
            Self::Helper { helper, source } => {
                write!(
                    f,
                    "it was not probed: {} can't be run: {source}",
                    helper.display()
                )
            }
            Self::TimedOut(limit) => {
                write!(
                    f,
                    "opening it took longer than {limit:?}: a constructor hangs"
                )
            }
            Self::Crashed { signal, said: line } => {
                let name = signal_name(*signal);
                write!(f, "opening it crashed with {name}{}", said(line))
            }
            Self::Exited { code, said: line } => write!(
                f,
                "a constructor ended the process with exit code {code}{}",
                said(line)
            ),
            Self::Garbled => f.write_str("probing it gave no readable answer"),
            Self::Refused(cause) => f.write_str(cause),
            Self::Declaration(error) => write!(f, "its declaration is flawed: {error}"),
        }
    }
}

pub(crate) fn signal_name(number: i32) -> String {
    let name = match Signal::from_named_raw(number) {
        Some(Signal::SEGV) => "SIGSEGV (it touched memory that is not its own)",
        Some(Signal::ABORT) => "SIGABRT (it gave up)",
        Some(Signal::BUS) => "SIGBUS",
        Some(Signal::ILL) => "SIGILL (an instruction this machine does not have)",
        Some(Signal::FPE) => "SIGFPE",
        Some(Signal::TRAP) => "SIGTRAP",
        Some(Signal::SYS) => {
            "SIGSYS (it did what no strategy may: files, network, processes, threads)"
        }
        Some(Signal::KILL) => "SIGKILL (perhaps out of memory)",
        Some(Signal::XFSZ) => "SIGXFSZ (it wrote too much)",
        _ => return format!("signal {number}"),
    };
    name.to_owned()
}

impl Image {
    /// Lets the helper open the image in a child process, and reads what it declares.
    ///
    /// # Errors
    /// It took longer than `timeout`, crashed, exited, is built for another version of the
    /// contract, or its declaration is flawed.
    pub fn probe(self, helper: &Helper, timeout: Duration) -> Result<Probed, ProbeError> {
        let looked = look(&self, helper, timeout);
        let declared = looked.and_then(|descriptor| {
            let declaration =
                Declaration::from_descriptor(&descriptor).map_err(ProbeFault::Declaration)?;
            Ok((descriptor, declaration))
        });
        match declared {
            Ok((descriptor, declaration)) => Ok(Probed {
                image: self,
                descriptor,
                declaration,
            }),
            Err(cause) => Err(ProbeError {
                path: self.path().to_owned(),
                cause,
            }),
        }
    }
}

fn look(image: &Image, helper: &Helper, timeout: Duration) -> Result<Box<Descriptor>, ProbeFault> {
    let failed = |source| ProbeFault::Helper {
        helper: helper.path().to_owned(),
        source,
    };
    // The child writes into memory and not into pipes: nothing has to be drained while it
    // runs, and a grandchild that holds on to them blocks nobody.
    let answer = output().map_err(failed)?;
    let said = output().map_err(failed)?;
    let stdio = |file: &File| file.try_clone().map(Stdio::from).map_err(failed);
    let child = Command::new(helper.path())
        .arg("probe")
        .stdin(Stdio::from(image.memory().try_clone().map_err(failed)?))
        .stdout(stdio(&answer)?)
        .stderr(stdio(&said)?)
        .process_group(0)
        .spawn()
        .map_err(failed)?;
    let status = wait(child, timeout)
        .map_err(failed)?
        .ok_or(ProbeFault::TimedOut(timeout))?;
    if let Some(signal) = status.signal() {
        return Err(ProbeFault::Crashed {
            signal,
            said: last_line(said),
        });
    }
    let answer = Finding::from_bytes(&content(answer).map_err(failed)?);
    match (answer, status.code()) {
        (Some(Finding::Declared(descriptor)), Some(0)) => Ok(descriptor),
        (Some(Finding::Refused(cause)), Some(0)) => Err(ProbeFault::Refused(cause)),
        (None, Some(code)) => Err(ProbeFault::Exited {
            code,
            said: last_line(said),
        }),
        _ => Err(ProbeFault::Garbled),
    }
}

pub(crate) fn output() -> std::io::Result<File> {
    Ok(File::from(memfd_create("probe", MemfdFlags::CLOEXEC)?))
}

/// Waits for the child and kills it, with whatever it has started, when the time is over.
/// `None`: it was.
fn wait(mut child: Child, timeout: Duration) -> std::io::Result<Option<ExitStatus>> {
    let ended = await_end(&child, timeout);
    if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        // Also after an orderly end: a constructor may have forked. The child is not yet
        // waited for, so its number can't have been given to another.
        let _ = kill_process_group(group, Signal::KILL);
    }
    let status = child.wait()?;
    Ok(ended?.then_some(status))
}

/// Whether the child has ended within the time.
pub(crate) fn await_end(child: &Child, timeout: Duration) -> std::io::Result<bool> {
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let pid = pid.ok_or(std::io::ErrorKind::InvalidInput)?;
    let handle = pidfd_open(pid, PidfdFlags::empty())?;
    let begun = Instant::now();
    loop {
        let left = timeout.saturating_sub(begun.elapsed());
        let left = Timespec::try_from(left).map_err(|_| std::io::ErrorKind::InvalidInput)?;
        match poll(&mut [PollFd::new(&handle, PollFlags::IN)], Some(&left)) {
            // A signal to this process is no news of the child.
            Err(Errno::INTR) => {}
            ready => return Ok(ready? > 0),
        }
    }
}

fn content(mut file: File) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The last line of what was printed, shortened and made harmless.
fn last_line(file: File) -> Option<String> {
    let bytes = content(file).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    let line = text.lines().rev().find(|line| !line.trim().is_empty())?;
    let line: String = line
        .trim()
        .chars()
        .take(200)
        .filter(|c| !c.is_control())
        .collect();
    Some(line)
}
