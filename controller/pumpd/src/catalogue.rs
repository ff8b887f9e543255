//! The installed strategies, as `strategy-host declare` finds them: the daemon itself opens
//! no plugin.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs::Metadata;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use pump_prescription::{Catalogue, CatalogueError};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use strategy_link::Declaration;
use strategy_link::protocol::{Declared, HOST_NAME};

use crate::vitals::Vitals;

/// Where a package puts the helper program and the strategies.
const PACKAGED: &str = "/usr/lib/pumpd";
const PACKAGED_STRATEGIES: &str = "/usr/lib/pumpd/strategies";
/// The probe itself gives up after some 5 s.
const PATIENCE: Duration = Duration::from_secs(15);
/// So often it is looked whether the daemon is to end.
const SLICE: Duration = Duration::from_millis(200);
/// The longest answer, and the longest line on why there is none. One byte more is too much.
const MAX_ANSWER: usize = Declared::MAX_BYTES;
const MAX_LINE: usize = 8192;
/// How the line on a name that nothing has begins.
const UNKNOWN: &str = "no strategy is called";
/// Strategies that misbehave on purpose. They can be asked for, but are not offered.
const ZOO: &str = "zoo-";

/// The program `strategy-host`: beside the running program, or one folder up (where a build
/// tree keeps it as seen from its tests), or where a package puts it.
///
/// # Errors
/// It is in none of these places.
pub(crate) fn find_host() -> Result<PathBuf, String> {
    let program = std::env::current_exe().unwrap_or_default();
    let folders = program.ancestors().skip(1).take(2);
    let folders = folders.chain([Path::new(PACKAGED)]);
    let places: Vec<PathBuf> = folders.map(|folder| folder.join(HOST_NAME)).collect();
    match places.iter().find(|path| path.is_file()) {
        Some(found) => Ok(found.clone()),
        None => {
            let places: Vec<String> = places.iter().map(|p| p.display().to_string()).collect();
            let places = places.join(" and ");
            Err(format!(
                "the helper program `{HOST_NAME}`, which runs strategies, is not there; looked \
                 at {places}"
            ))
        }
    }
}

/// The folders in which strategies are looked for unless told otherwise: the program's own
/// and the package's, where they exist.
pub(crate) fn default_folders() -> Vec<PathBuf> {
    let program = std::env::current_exe().ok();
    let own = program.and_then(|program| program.parent().map(Path::to_owned));
    own.into_iter()
        .chain([PathBuf::from(PACKAGED_STRATEGIES)])
        .filter(|folder| folder.is_dir())
        .collect()
}

/// The strategies in some folders.
#[derive(Debug)]
pub(crate) struct Installed {
    host: PathBuf,
    folders: Vec<PathBuf>,
    vitals: Arc<Vitals>,
    /// What was found. A refusal is not kept: its cause may have passed.
    known: Mutex<BTreeMap<String, Found>>,
}

/// A strategy as it was found, and how the file of its name was then in each folder.
#[derive(Debug)]
struct Found {
    stamps: Vec<Option<Stamp>>,
    declared: Declared,
}

/// Tells a file from one that was put in its place: device, inode, size, and the instant of
/// its last change.
type Stamp = (u64, u64, u64, i64, i64);

/// Why there is no declaration.
enum Refusal {
    Unknown(String),
    Unusable(String),
}

impl Refusal {
    fn unusable(what: &str, error: impl fmt::Display) -> Self {
        Self::Unusable(format!("{what}: {error}"))
    }
}

impl From<Refusal> for CatalogueError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Unknown(_) => Self::Unknown,
            Refusal::Unusable(why) => Self::Unusable(why),
        }
    }
}

impl Installed {
    /// The strategies in these folders, opened by this `strategy-host`. While the daemon ends
    /// nothing is found any more.
    pub(crate) const fn new(host: PathBuf, folders: Vec<PathBuf>, vitals: Arc<Vitals>) -> Self {
        Self {
            host,
            folders,
            vitals,
            known: Mutex::new(BTreeMap::new()),
        }
    }

    /// The file and the declaration of the strategy of this name. It takes as long as the
    /// probe of a plugin where the file is new.
    ///
    /// # Errors
    /// There is none, or it can't be used: why, in words.
    pub(crate) fn declared(&self, name: &str) -> Result<Declared, String> {
        self.find(name).map_err(|refusal| match refusal {
            Refusal::Unknown(why) | Refusal::Unusable(why) => why,
        })
    }

    fn find(&self, name: &str) -> Result<Declared, Refusal> {
        // A name is a word: never a path, and never an option of the helper's.
        let file = file_name(name);
        if strategy_name(&file).as_deref() != Some(name) || self.folders.is_empty() {
            return Err(Refusal::Unknown(format!("{UNKNOWN} `{name}`")));
        }
        // Taken before the file is read: one that is replaced meanwhile is looked at again.
        let stamps: Vec<_> = self.folders.iter().map(|f| stamp(&f.join(&file))).collect();
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = known().get(name)
            && found.stamps == stamps
        {
            return Ok(found.declared.clone());
        }
        let declared = self.ask(name)?;
        let found = Found {
            stamps,
            declared: declared.clone(),
        };
        known().insert(name.to_owned(), found);
        Ok(declared)
    }

    fn ask(&self, name: &str) -> Result<Declared, Refusal> {
        let mut command = Command::new(&self.host);
        command.arg("declare");
        for folder in &self.folders {
            command.arg("--strategies").arg(folder);
        }
        let ending = || self.vitals.is_ending();
        let output = output(command.arg(name).env_clear(), &ending).map_err(|error| {
            Refusal::unusable(&format!("{} declare {name}", self.host.display()), error)
        })?;
        if output.status.success() {
            return Declared::from_bytes(&output.stdout)
                .map_err(|error| Refusal::unusable(name, error));
        }
        let said = String::from_utf8_lossy(&output.stderr);
        match said.lines().next().map(str::trim) {
            Some(line) if line.starts_with(UNKNOWN) => Err(Refusal::Unknown(line.to_owned())),
            Some(line) if !line.is_empty() => Err(Refusal::Unusable(line.to_owned())),
            _ => {
                let what = format!("`{HOST_NAME} declare` says nothing");
                Err(Refusal::unusable(&what, output.status))
            }
        }
    }
}

impl Catalogue for Installed {
    fn declaration(&self, name: &str) -> Result<Declaration, CatalogueError> {
        let declaration = self.find(name)?.declaration();
        declaration.map_err(|error| CatalogueError::Unusable(error.to_string()))
    }

    fn names(&self) -> Vec<String> {
        let entries = self
            .folders
            .iter()
            .filter_map(|folder| std::fs::read_dir(folder).ok());
        let files = entries
            .flatten()
            .filter_map(Result::ok)
            .map(|entry| entry.file_name());
        let names: BTreeSet<String> = files
            .filter_map(|file| file.to_str().and_then(strategy_name))
            .filter(|name| !name.starts_with(ZOO))
            .collect();
        names.into_iter().collect()
    }
}

/// `liba_b.so` for `a-b`.
fn file_name(name: &str) -> String {
    format!("lib{}.so", name.replace('-', "_"))
}

/// `a-b` for `liba_b.so`.
fn strategy_name(file: &str) -> Option<String> {
    let stem = file.strip_prefix("lib")?.strip_suffix(".so")?;
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let name = stem.chars().all(plain).then(|| stem.replace('_', "-"))?;
    (!name.is_empty() && !name.starts_with('-')).then_some(name)
}

fn stamp(path: &Path) -> Option<Stamp> {
    let of = |file: Metadata| {
        let (at, ns) = (file.ctime(), file.ctime_nsec());
        (file.dev(), file.ino(), file.size(), at, ns)
    };
    std::fs::metadata(path).ok().map(of)
}

/// What a program printed before it ended.
struct Output {
    status: ExitStatus,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

/// Runs a program to its end, within [`PATIENCE`] and with a bounded answer, unless it is
/// given up before. It is gone and reaped afterwards, however it went.
fn output(command: &mut Command, given_up: &dyn Fn() -> bool) -> io::Result<Output> {
    let patience = Patience {
        until: Instant::now() + PATIENCE,
        given_up,
    };
    let pipes = command.stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = pipes.stderr(Stdio::piped()).spawn()?;
    let gathered = gather(&mut child, &patience);
    if gathered.is_err() {
        // It fails only where there is nobody left to kill.
        let _ = child.kill();
        let _ = child.wait();
    }
    gathered
}

fn gather(child: &mut Child, patience: &Patience<'_>) -> io::Result<Output> {
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let mut out = child.stdout.take();
    let mut err = child.stderr.take();
    while out.is_some() || err.is_some() {
        let out_ready = out.as_ref().map(|pipe| (pipe.as_fd(), true));
        let err_ready = err.as_ref().map(|pipe| (pipe.as_fd(), false));
        let (mut of_out, mut of_err) = (false, false);
        let open: Vec<_> = out_ready.into_iter().chain(err_ready).collect();
        let mut polled: Vec<_> = open
            .iter()
            .map(|(fd, _)| PollFd::from_borrowed_fd(*fd, PollFlags::IN))
            .collect();
        patience.wait(&mut polled)?;
        for (poll, (_, is_out)) in polled.iter().zip(&open) {
            let ready = !poll.revents().is_empty();
            *(if *is_out { &mut of_out } else { &mut of_err }) = ready;
        }
        if of_out {
            take(&mut out, &mut stdout, MAX_ANSWER)?;
        }
        if of_err {
            take(&mut err, &mut stderr, MAX_LINE)?;
        }
    }
    // Who has closed both is about to end.
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Output {
                status,
                stdout,
                stderr,
            });
        }
        patience.left()?;
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Reads what is there; the pipe is `None` after its end.
fn take<R: Read>(pipe: &mut Option<R>, to: &mut Vec<u8>, most: usize) -> io::Result<()> {
    let mut buffer = [0; 4096];
    let Some(open) = pipe else {
        return Ok(());
    };
    let length = match open.read(&mut buffer) {
        Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(()),
        read => read?,
    };
    if length == 0 {
        *pipe = None;
    }
    to.extend_from_slice(buffer.get(..length).unwrap_or_default());
    if to.len() > most {
        return Err(io::Error::other("it says more than it may"));
    }
    Ok(())
}

/// How long a program is waited for.
struct Patience<'a> {
    until: Instant,
    given_up: &'a dyn Fn() -> bool,
}

impl Patience<'_> {
    /// Waits for a pipe, for a while.
    fn wait(&self, pipes: &mut [PollFd<'_>]) -> io::Result<()> {
        let time = Timespec::try_from(self.left()?.min(SLICE)).map_err(io::Error::other)?;
        match poll(pipes, Some(&time)) {
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// The time that is left, if there is some.
    fn left(&self) -> io::Result<Duration> {
        if (self.given_up)() {
            return Err(io::Error::other("it was given up: the daemon ends"));
        }
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        Ok(left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_word_and_nothing_else() {
        assert_eq!(strategy_name("liba_b.so").as_deref(), Some("a-b"));
        for file in ["lib.so", "lib_a.so", "libA.so", "a.so", "lib../a.so"] {
            assert_eq!(strategy_name(file), None, "{file}");
        }
        let installed =
            Installed::new("/nowhere".into(), vec!["/".into()], Arc::new(Vitals::new()));
        for name in ["--help", "../a", "a_b", "", "A", "a b"] {
            let found = installed.declaration(name).err();
            assert_eq!(found, Some(CatalogueError::Unknown), "{name}");
        }
        let found = installed.declaration("pca");
        assert!(matches!(found, Err(CatalogueError::Unusable(_))));
    }

    #[test]
    fn what_talks_too_much_is_not_heard() {
        let sh = |script: &str| output(Command::new("/bin/sh").args(["-c", script]), &|| false);
        let good = sh("echo out; echo err >&2; exit 3").unwrap();
        assert_eq!(good.status.code(), Some(3));
        assert_eq!(
            (&*good.stdout, &*good.stderr),
            (&b"out\n"[..], &b"err\n"[..])
        );
        assert!(sh("while :; do echo flood; done").is_err());
    }

    #[test]
    fn what_hangs_is_given_up_and_gone_when_the_daemon_ends() {
        let looks = std::cell::Cell::new(0);
        let ends_soon = || {
            looks.set(looks.get() + 1);
            looks.get() > 2
        };
        let hung = output(Command::new("/bin/sleep").arg("1000"), &ends_soon);
        assert!(hung.is_err_and(|error| error.to_string().contains("given up")));
    }
}
