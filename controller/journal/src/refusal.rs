//! Why a journal is not opened.

use std::error::Error;
use std::fmt;
use std::path::PathBuf;

use crate::schema::VERSION;
use crate::trouble::Trouble;

/// Why a journal is not opened. The files are as they were.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OpenError {
    /// It can't be read or written, or contradicts itself.
    Trouble(Trouble),
    /// There is no journal to read.
    Missing(PathBuf),
    /// The file is something else.
    Foreign {
        /// The file.
        file: PathBuf,
        /// What it is.
        detail: String,
    },
    /// A newer program wrote it.
    Newer {
        /// The file.
        file: PathBuf,
        /// The version of its schema.
        found: u32,
    },
    /// An older program wrote it, and who only reads can't bring it up to date.
    Older {
        /// The file.
        file: PathBuf,
        /// The version of its schema.
        found: u32,
    },
    /// Somebody else writes it.
    InUse(PathBuf),
}

impl From<Trouble> for OpenError {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Trouble(trouble) => trouble.fmt(f),
            Self::Missing(file) => write!(
                f,
                "there is no journal {}; name the daemon's state folder",
                file.display()
            ),
            Self::Foreign { file, detail } => write!(
                f,
                "{} is no journal of pumpd, or its beginning is damaged: {detail}; move it away \
                 or name another folder",
                file.display()
            ),
            Self::Newer { file, found } => write!(
                f,
                "the journal {} was written by a newer pumpd: its schema is version {found}, \
                 this program knows {VERSION} and older; use the newer program",
                file.display()
            ),
            Self::Older { file, found } => write!(
                f,
                "the journal {} was written by an older pumpd: its schema is version {found}, \
                 this program reads {VERSION}; start this version of pumpd once, which brings it \
                 up to date",
                file.display()
            ),
            Self::InUse(lock) => write!(
                f,
                "another program writes this journal: it holds {}; end it or name another folder",
                lock.display()
            ),
        }
    }
}

impl Error for OpenError {}
