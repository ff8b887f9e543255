//! Writing: to standard output, and to files that appear whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

use crate::failure::Failure;

/// Writes to standard output. A reader that has gone away has read enough.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    offer(text).map(drop)
}

/// Writes to standard output. Whether there is still somebody who reads it.
pub(crate) fn offer(text: &str) -> Result<bool, Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(Failure::input(format_args!(
            "standard output can't be written: {error}"
        ))),
    }
}

/// What the names of unfinished files begin with, for one process.
pub(crate) fn unfinished_prefix(process: u32) -> String {
    format!(".pumpctl-{process}-")
}

/// The folder in which a file is prepared.
pub(crate) fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// Whether two paths lead to the same regular file, or would once it is written.
pub(crate) fn same_file(one: &Path, other: &Path) -> bool {
    match (fs::metadata(one), fs::metadata(other)) {
        (Ok(one), Ok(other)) => {
            one.is_file() && (one.dev(), one.ino()) == (other.dev(), other.ino())
        }
        (Err(_), Err(_)) => {
            let real = |path: &Path| {
                Some((
                    folder_of(path).canonicalize().ok()?,
                    path.file_name()?.to_owned(),
                ))
            };
            real(one).is_some_and(|one| real(other) == Some(one))
        }
        _ => false,
    }
}

enum Sink {
    /// Becomes the file when it is whole.
    Prepared {
        file: NamedTempFile,
        target: PathBuf,
    },
    /// A pipe or a device: there is nothing to prepare.
    Direct(File),
}

/// An output file under way. Dropped without [`Output::finish`] it leaves nothing behind.
pub(crate) struct Output {
    shown: String,
    sink: BufWriter<Sink>,
}

impl Output {
    /// Begins a file. It fails early where the file could not be written later.
    pub(crate) fn create(path: &Path) -> Result<Self, Failure> {
        let shown = path.display().to_string();
        let fail =
            |error: io::Error| Failure::input(format_args!("{shown}: can't be written: {error}"));
        let sink = match fs::metadata(path) {
            Ok(found) if found.is_dir() => {
                let why = format_args!("{shown}: it is a folder; name a file in it");
                return Err(Failure::input(why));
            }
            Ok(found) if !found.is_file() => {
                Sink::Direct(OpenOptions::new().write(true).open(path).map_err(fail)?)
            }
            Ok(_) => {
                // May it be written at all? Replacing a file asks its folder only.
                OpenOptions::new().write(true).open(path).map_err(fail)?;
                Self::prepare(path.canonicalize().map_err(fail)?).map_err(fail)?
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                Self::prepare(path.to_owned()).map_err(fail)?
            }
            Err(error) => return Err(fail(error)),
        };
        Ok(Self {
            shown,
            sink: BufWriter::new(sink),
        })
    }

    /// Begins a file that takes the place of one that is there, with its owner and its mode.
    pub(crate) fn replace(path: &Path) -> Result<Self, Failure> {
        let output = Self::create(path)?;
        if let Sink::Prepared { file, target } = output.sink.get_ref() {
            let fail = |error: io::Error| {
                let shown = &output.shown;
                Failure::input(format_args!("{shown}: can't be replaced as it is: {error}"))
            };
            let old = fs::metadata(target).map_err(fail)?;
            let new = file.as_file().metadata().map_err(fail)?;
            let differs = |old: u32, new: u32| (old != new).then_some(old);
            let (user, group) = (differs(old.uid(), new.uid()), differs(old.gid(), new.gid()));
            if user.is_some() || group.is_some() {
                std::os::unix::fs::fchown(file.as_file(), user, group).map_err(fail)?;
            }
            // Last, as a new owner may clear bits of it.
            file.as_file()
                .set_permissions(old.permissions())
                .map_err(fail)?;
        }
        Ok(output)
    }

    fn prepare(target: PathBuf) -> io::Result<Sink> {
        let file = Builder::new()
            .prefix(&unfinished_prefix(std::process::id()))
            // As any program would make a file: the umask takes from it.
            .permissions(fs::Permissions::from_mode(0o666))
            .tempfile_in(folder_of(&target))
            // The name of the unfinished file would only puzzle.
            .map_err(|error| match error.kind() {
                ErrorKind::NotFound => io::Error::other("there is no such folder"),
                kind => io::Error::from(kind),
            })?;
        Ok(Sink::Prepared { file, target })
    }

    /// Makes it the file it was begun for.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        self.ready()?.put()
    }

    /// All of it is on the disk, and not seen yet: nothing but a name is missing.
    pub(crate) fn ready(self) -> Result<Ready, Failure> {
        let shown = self.shown;
        let fail =
            |error: io::Error| Failure::input(format_args!("{shown}: can't be written: {error}"));
        let mut sink = self
            .sink
            .into_inner()
            .map_err(|error| fail(error.into_error()))?;
        match &mut sink {
            Sink::Direct(file) => file.flush().map_err(fail)?,
            Sink::Prepared { file, .. } => file.as_file().sync_all().map_err(fail)?,
        }
        Ok(Ready { shown, sink })
    }

    /// What the operator called it.
    pub(crate) fn shown(&self) -> &str {
        &self.shown
    }
}

/// An output file that is whole and has not its name yet.
pub(crate) struct Ready {
    shown: String,
    sink: Sink,
}

impl Ready {
    /// Gives it its name.
    pub(crate) fn put(self) -> Result<(), Failure> {
        match self.sink {
            Sink::Direct(_) => Ok(()),
            Sink::Prepared { file, target } => file.persist(target).map(drop).map_err(|error| {
                let (shown, error) = (self.shown, error.error);
                Failure::input(format_args!("{shown}: can't be written: {error}"))
            }),
        }
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Prepared { file, .. } => file.write(bytes),
            Self::Direct(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Prepared { file, .. } => file.flush(),
            Self::Direct(file) => file.flush(),
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.sink.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}
