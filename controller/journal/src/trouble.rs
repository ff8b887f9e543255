//! What can keep a journal from being written, each under one name and with a way out.

use std::error::Error;
use std::fmt;
use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;
use rustix::fs::StatVfsMountFlags;

use crate::places::Places;

/// Which trouble it is. Nothing of the batch was made durable, or nobody can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TroubleKind {
    /// No room on the file system.
    DiskFull,
    /// The file system or the file may only be read.
    ReadOnly,
    /// The kernel or the disk answers with an error.
    Io,
    /// The journal's file or its folder is not there any more.
    Gone,
    /// Another file lies where the journal was.
    Replaced,
    /// What is in the file contradicts itself.
    Damaged,
    /// Another process holds the file.
    Busy,
    /// The caller's batch can't be written down: a bug in the program.
    Unfit,
}

impl TroubleKind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::DiskFull,
        Self::ReadOnly,
        Self::Io,
        Self::Gone,
        Self::Replaced,
        Self::Damaged,
        Self::Busy,
        Self::Unfit,
    ];

    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::DiskFull => "disk-full",
            Self::ReadOnly => "read-only",
            Self::Io => "io-error",
            Self::Gone => "gone",
            Self::Replaced => "replaced",
            Self::Damaged => "damaged",
            Self::Busy => "busy",
            Self::Unfit => "unfit",
        }
    }

    /// What is wrong, in a few words.
    pub const fn text(self) -> &'static str {
        match self {
            Self::DiskFull => "there is no room on the disk",
            Self::ReadOnly => "the disk or the file can only be read",
            Self::Io => "the disk answers with an error",
            Self::Gone => "the file is gone",
            Self::Replaced => "another file has taken its place",
            Self::Damaged => "it is damaged",
            Self::Busy => "another process holds it",
            Self::Unfit => "what was to be written can't be",
        }
    }

    /// What an operator can do about it.
    pub const fn fix(self) -> &'static str {
        match self {
            Self::DiskFull => "free some space on its file system; the journal goes on by itself",
            Self::ReadOnly => {
                "look in `dmesg` why it was mounted read-only, and mount it for writing, or give \
                 the file back to the daemon's user; the journal goes on by itself"
            }
            Self::Io => {
                "look in `dmesg`: the disk may be failing, so save a copy of the folder; the \
                 journal goes on by itself when the disk answers"
            }
            Self::Gone => {
                "put the folder or the file back, or make the folder again; the journal goes on \
                 by itself"
            }
            Self::Replaced => {
                "move the other file away and put the journal back; the journal goes on by itself"
            }
            Self::Damaged => {
                "stop the daemon, save a copy of the folder, and see what is wrong with \
                 `pumpctl history --verify`"
            }
            Self::Busy => "end the program that holds it (`fuser` names it)",
            Self::Unfit => "this is a bug in pumpd: report it",
        }
    }
}

/// Why something could not be made durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// Which.
    pub kind: TroubleKind,
    /// The file.
    pub file: PathBuf,
    /// What exactly was said.
    pub detail: String,
}

impl Trouble {
    pub(crate) fn new(kind: TroubleKind, file: &Path, detail: impl Into<String>) -> Self {
        Self {
            kind,
            file: file.to_owned(),
            detail: detail.into(),
        }
    }

    pub(crate) fn damaged(file: &Path, detail: impl Into<String>) -> Self {
        Self::new(TroubleKind::Damaged, file, detail)
    }

    /// From what SQLite says of `file`.
    pub(crate) fn of(file: &Path, error: &rusqlite::Error) -> Self {
        Self::new(kind(file, error), file, error.to_string())
    }

    /// From what the kernel says of `file`.
    pub(crate) fn os(file: &Path, error: &std::io::Error) -> Self {
        let kind = match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => TroubleKind::DiskFull,
            ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied => TroubleKind::ReadOnly,
            ErrorKind::NotFound => TroubleKind::Gone,
            _ => TroubleKind::Io,
        };
        Self::new(kind, file, error.to_string())
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the journal {}: {} ({}); {}",
            self.file.display(),
            self.kind.text(),
            self.detail,
            self.kind.fix()
        )
    }
}

impl Error for Trouble {}

fn kind(file: &Path, error: &rusqlite::Error) -> TroubleKind {
    let rusqlite::Error::SqliteFailure(failure, _) = error else {
        // A value that is not what the schema says, or a row that is not there.
        return TroubleKind::Damaged;
    };
    match failure.code {
        ErrorCode::DiskFull => TroubleKind::DiskFull,
        ErrorCode::ReadOnly | ErrorCode::PermissionDenied => TroubleKind::ReadOnly,
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => TroubleKind::Busy,
        ErrorCode::CannotOpen | ErrorCode::SystemIoFailure => of_the_disk(file),
        ErrorCode::DatabaseCorrupt
        | ErrorCode::NotADatabase
        | ErrorCode::ConstraintViolation
        | ErrorCode::TypeMismatch => TroubleKind::Damaged,
        _ => TroubleKind::Io,
    }
}

/// SQLite says "I/O error" also where the file system, asked itself, has a better word.
fn of_the_disk(file: &Path) -> TroubleKind {
    let folder = file.parent().unwrap_or(file);
    match rustix::fs::statvfs(folder) {
        Err(rustix::io::Errno::NOENT) => TroubleKind::Gone,
        Err(_) => TroubleKind::Io,
        Ok(system) if system.f_flag.contains(StatVfsMountFlags::RDONLY) => TroubleKind::ReadOnly,
        Ok(system) if system.f_bavail == 0 => TroubleKind::DiskFull,
        Ok(_) if refuses_writers(folder) => TroubleKind::ReadOnly,
        Ok(_) => TroubleKind::Io,
    }
}

/// Whether files can't be opened for writing any more. Kernels differ in whether one that has
/// given up a file system for its errors also shows it as one that is mounted read-only. The
/// lock's file is asked: to open and close the journal's own would drop its locks.
fn refuses_writers(folder: &Path) -> bool {
    let lock = Places::new(folder).lock;
    let opened = File::options().write(true).open(lock);
    opened.is_err_and(|error| error.kind() == ErrorKind::ReadOnlyFilesystem)
}
