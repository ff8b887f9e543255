//! The answer of `strategy-host declare`.

use super::bytes::{Reader, Writer};
use super::messages::{Malformed, TooLong};
use crate::sha256::Sha256;
use crate::{Declaration, DeclarationError};
use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use strategy_abi::{Descriptor, Message as _};

/// A strategy as `strategy-host declare` found it: which file, which hash, and what it
/// declares.
///
/// ```text
/// strategy-host declare --strategies DIR [--strategies DIR ...] NAME
/// ```
///
/// finds the one file of this name in the folders, opens it in a child of its own, and writes
/// these bytes to its standard output. Where it can't, it writes nothing there, says why in
/// one line on standard error, and exits with 1. It takes at most as long as the probe of a
/// plugin may, some 5 s. The daemon builds its catalogue so, without loading anything.
///
/// The descriptor is raw: [`Declared::declaration`] checks it again on the reader's side.
#[derive(Clone, Debug)]
pub struct Declared {
    /// The plugin's file, absolute.
    pub path: PathBuf,
    /// Its hash: what `strategy-host run` is given, and the only file it then loads.
    pub sha256: Sha256,
    /// What it declares, as the plugin wrote it.
    pub descriptor: Box<Descriptor>,
}

/// Why bytes are no [`Declared`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotDeclared;

impl fmt::Display for NotDeclared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the answer of `strategy-host declare` is not readable")
    }
}

impl std::error::Error for NotDeclared {}

impl From<Malformed> for NotDeclared {
    fn from(_: Malformed) -> Self {
        Self
    }
}

/// What it begins with.
const MARK: [u8; 8] = *b"DECLARED";
/// No path is longer on Linux.
const MAX_PATH: usize = 4096;

impl Declared {
    /// The most bytes there are; a reader need not read more.
    pub const MAX_BYTES: usize = MARK.len() + 32 + 4 + MAX_PATH + size_of::<Descriptor>();

    /// What it declares, checked.
    ///
    /// # Errors
    /// The first flaw in it.
    pub fn declaration(&self) -> Result<Declaration, DeclarationError> {
        Declaration::from_descriptor(&self.descriptor)
    }

    /// Writes the bytes.
    ///
    /// # Errors
    /// The path is longer than any.
    pub fn to_bytes(&self) -> Result<Vec<u8>, TooLong> {
        let mut bytes = vec![0; Self::MAX_BYTES];
        let mut to = Writer::new(&mut bytes);
        to.put(&MARK)?;
        to.put(&self.sha256.0)?;
        to.counted(self.path.as_os_str().as_bytes(), MAX_PATH)?;
        to.put(self.descriptor.as_bytes())?;
        let length = to.done().len();
        bytes.truncate(length);
        Ok(bytes)
    }

    /// Reads the bytes.
    ///
    /// # Errors
    /// They are not these.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, NotDeclared> {
        let mut from = Reader(bytes);
        if from.take(MARK.len())? != MARK {
            return Err(NotDeclared);
        }
        let sha256 = from.take(32)?.try_into().map_err(|_| NotDeclared)?;
        let path = Path::new(OsStr::from_bytes(from.counted(MAX_PATH)?));
        let descriptor = Descriptor::from_bytes(from.take(size_of::<Descriptor>())?);
        from.end()?;
        if !path.is_absolute() {
            return Err(NotDeclared);
        }
        Ok(Self {
            path: path.to_owned(),
            sha256: Sha256(sha256),
            descriptor: Box::new(descriptor.ok_or(NotDeclared)?),
        })
    }
}
