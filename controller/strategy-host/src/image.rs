//! The bytes of a plugin, read once, hashed and sealed.

use crate::elf::{self, ElfFault};
use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};
use sha2::Digest as _;
use std::fmt;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use strategy_link::Sha256;

/// No plugin is larger: 64 MiB.
const LARGEST: u64 = 64 * 1024 * 1024;

/// Why a file did not become an image.
#[derive(Debug)]
pub enum ImageError {
    /// The file could not be read.
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is a folder, a pipe or a device.
    NotAFile(PathBuf),
    /// It is larger than any plugin.
    TooLarge(PathBuf),
    /// It is no shared library for this machine.
    Elf {
        /// Which.
        path: PathBuf,
        /// Why.
        fault: ElfFault,
    },
    /// It is not the file that was asked for.
    OtherHash {
        /// Which.
        path: PathBuf,
        /// The hash it has.
        found: Sha256,
    },
    /// The system gave no sealed memory.
    Seal {
        /// For which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl fmt::Display for ImageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read { path, source } => write!(f, "{}: can't be read: {source}", path.display()),
            Self::NotAFile(path) => write!(f, "{}: it is no regular file", path.display()),
            Self::TooLarge(path) => {
                write!(
                    f,
                    "{}: it is larger than {} MiB",
                    path.display(),
                    LARGEST >> 20
                )
            }
            Self::Elf { path, fault } => write!(f, "{}: {fault}", path.display()),
            Self::OtherHash { path, found } => write!(
                f,
                "{}: it is not the file that was pinned; its SHA-256 is now {found}",
                path.display()
            ),
            Self::Seal { path, source } => {
                write!(f, "{}: no sealed memory for it: {source}", path.display())
            }
        }
    }
}

impl std::error::Error for ImageError {}

/// A plugin's file in sealed memory: neither this process nor another can change it.
#[derive(Debug)]
pub struct Image {
    path: PathBuf,
    memory: OwnedFd,
    sha256: Sha256,
}

impl Image {
    /// Reads, validates, hashes and seals a file.
    ///
    /// # Errors
    /// The file can't be read or is no shared library for this machine.
    pub fn read(path: &Path) -> Result<Self, ImageError> {
        let bytes = read(path)?;
        elf::check(&bytes).map_err(|fault| ImageError::Elf {
            path: path.to_owned(),
            fault,
        })?;
        Self::of(path, &bytes, hash(&bytes))
    }

    /// Reads and seals the file that has this hash, and no other. The bytes come back too:
    /// nobody has looked at what they say yet.
    pub(crate) fn pinned(path: &Path, pin: Sha256) -> Result<(Self, Vec<u8>), ImageError> {
        let bytes = read(path)?;
        let found = hash(&bytes);
        if found != pin {
            return Err(ImageError::OtherHash {
                path: path.to_owned(),
                found,
            });
        }
        Ok((Self::of(path, &bytes, found)?, bytes))
    }

    fn of(path: &Path, bytes: &[u8], sha256: Sha256) -> Result<Self, ImageError> {
        let memory = seal(bytes).map_err(|source| ImageError::Seal {
            path: path.to_owned(),
            source,
        })?;
        Ok(Self {
            path: path.to_owned(),
            memory,
            sha256,
        })
    }

    /// The file it was read from; for messages.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The hash of what was read.
    pub const fn sha256(&self) -> Sha256 {
        self.sha256
    }

    /// What was read.
    pub(crate) fn bytes(&self) -> std::io::Result<Vec<u8>> {
        use std::os::unix::fs::FileExt as _;
        // Not by the descriptor's own place in the file: others read it too.
        let memory = File::from(self.memory.try_clone()?);
        let length = usize::try_from(memory.metadata()?.len()).map_err(std::io::Error::other)?;
        let mut bytes = vec![0; length];
        memory.read_exact_at(&mut bytes, 0)?;
        Ok(bytes)
    }

    pub(crate) const fn memory(&self) -> &OwnedFd {
        &self.memory
    }
}

fn hash(bytes: &[u8]) -> Sha256 {
    Sha256(sha2::Sha256::digest(bytes).into())
}

fn read(path: &Path) -> Result<Vec<u8>, ImageError> {
    let failed = |source| ImageError::Read {
        path: path.to_owned(),
        source,
    };
    // A pipe under this name would block an ordinary open for ever.
    let nonblocking = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap_or(0);
    let file = File::options()
        .read(true)
        .custom_flags(nonblocking)
        .open(path)
        .map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if !metadata.is_file() {
        return Err(ImageError::NotAFile(path.to_owned()));
    }
    let mut bytes = Vec::new();
    // One byte more than allowed, so that a file which grows meanwhile is seen too.
    file.take(LARGEST.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if bytes.len() as u64 > LARGEST {
        return Err(ImageError::TooLarge(path.to_owned()));
    }
    Ok(bytes)
}

fn seal(bytes: &[u8]) -> std::io::Result<OwnedFd> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let mut memory = File::from(memfd_create("strategy", flags)?);
    memory.write_all(bytes)?;
    let memory = OwnedFd::from(memory);
    fcntl_add_seals(
        &memory,
        SealFlags::WRITE | SealFlags::GROW | SealFlags::SHRINK | SealFlags::SEAL,
    )?;
    Ok(memory)
}
