//! The helper program: where it is, what it does, and the few bytes it answers with.

use crate::entry;
use crate::sandbox::{self, Calls, Limits, SandboxError, UnknownHere};
use std::fmt;
use std::fs::File;
use std::io::Write as _;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use strategy_abi::{Descriptor, Entry, Message as _};

/// Its file name.
const NAME: &str = "strategy-host";
/// The folder in which a package puts it.
const PACKAGED: &str = "/usr/lib/pumpd";

/// The helper program `strategy-host`, which opens a plugin so that nobody else must.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Helper(PathBuf);

/// The helper program is not where it is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HelperMissing {
    looked_at: Vec<PathBuf>,
}

impl fmt::Display for HelperMissing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the helper program `{NAME}`, which opens plugins, is not there; looked at"
        )?;
        let mut joint = " ";
        for path in &self.looked_at {
            write!(f, "{joint}{}", path.display())?;
            joint = " and ";
        }
        write!(f, " (in a build tree: `cargo build -p {NAME}` makes it)")
    }
}

impl std::error::Error for HelperMissing {}

impl Helper {
    /// The helper at this path.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// The helper beside the running program, or one folder up (where a build tree keeps it
    /// as seen from its tests), or where a package puts it.
    ///
    /// # Errors
    /// It is in none of these places.
    pub fn find() -> Result<Self, HelperMissing> {
        let program = std::env::current_exe().unwrap_or_default();
        let folders = program
            .ancestors()
            .skip(1)
            .take(2)
            .chain([Path::new(PACKAGED)]);
        let looked_at: Vec<PathBuf> = folders.map(|folder| folder.join(NAME)).collect();
        match looked_at.iter().find(|path| path.is_file()) {
            Some(found) => Ok(Self(found.clone())),
            None => Err(HelperMissing { looked_at }),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

/// What an answer begins with. A constructor may print what it likes, but into another
/// file; this is for the one that guesses the descriptor's number.
const FRAME: [u8; 8] = *b"\0PROBED\0";
const DECLARED: u8 = 1;
const REFUSED: u8 = 2;

/// What the helper found.
#[derive(Debug)]
pub(crate) enum Finding {
    Declared(Box<Descriptor>),
    Refused(String),
}

impl Finding {
    fn to_bytes(&self) -> Vec<u8> {
        let (kind, body) = match self {
            Self::Declared(descriptor) => (DECLARED, descriptor.as_bytes()),
            Self::Refused(cause) => (REFUSED, cause.as_bytes()),
        };
        [&FRAME[..], &[kind], body].concat()
    }

    /// `None` where these bytes are no answer.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (&kind, body) = bytes.strip_prefix(&FRAME)?.split_first()?;
        match kind {
            DECLARED => Descriptor::from_bytes(body).map(|d| Self::Declared(Box::new(d))),
            REFUSED => std::str::from_utf8(body)
                .ok()
                .map(|cause| Self::Refused(cause.to_owned())),
            _ => None,
        }
    }
}

/// What a plugin may have while it is probed: enough to write its answer and a few words.
const LIMITS: Limits = Limits {
    memory: 256 * 1024 * 1024,
    file: 256 * 1024,
    descriptors: 128,
};

/// What `strategy-host probe` does: opens the library on its standard input, and writes what
/// it declares, or why it can't be used, to its standard output.
pub fn probe_main() -> ExitCode {
    match answer_file() {
        Ok(mut answer) => {
            let found =
                hold_in().map_or_else(|error| Finding::Refused(error.to_string()), |()| find());
            let bytes = found.to_bytes();
            if answer.write_all(&bytes).is_ok() {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            }
        }
        Err(error) => {
            eprintln!("{NAME}: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Sets the answer's file aside and lets all printing go to standard error, so that what a
/// constructor prints is no answer.
fn answer_file() -> rustix::io::Result<File> {
    let answer: OwnedFd = rustix::io::fcntl_dupfd_cloexec(std::io::stdout(), 64)?;
    rustix::stdio::dup2_stdout(std::io::stderr())?;
    Ok(File::from(answer))
}

/// Gives up what a plugin's constructors should not have. Where the kernel knows no filter
/// of system calls (an emulator of another machine is such a one), the probe does without: it
/// is a first look, and a run does not.
fn hold_in() -> Result<(), SandboxError> {
    sandbox::enter(None, &LIMITS)?;
    sandbox::die_with_parent(None)?;
    Calls::Probe.enforce(UnknownHere::Accept)
}

fn find() -> Finding {
    let open = crate::plugin::open("/proc/self/fd/0");
    let library = match open {
        Ok(library) => library,
        Err(cause) => return Finding::Refused(cause),
    };
    // SAFETY: the validation has seen that the symbol is a static of at least an entry's
    // size, and the library stays loaded to the end of the process.
    match unsafe { entry::read(library) } {
        Ok((_, descriptor)) => Finding::Declared(Box::new(descriptor)),
        Err(fault) => Finding::Refused(fault.to_string()),
    }
}

const _: () = assert!(size_of::<Entry>() as u64 + (size_of::<Descriptor>() as u64) < LIMITS.file);
