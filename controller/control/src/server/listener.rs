//! The socket that is listened on.

use std::error::Error;
use std::fmt;
use std::fs::{self, Permissions};
use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Accepting failed (out of descriptors): trying again at once would only burn time.
const REST: Duration = Duration::from_millis(100);
/// The longest path that the kernel takes for a socket \[bytes\].
const LONGEST_PATH: usize = 107;

/// Why the server can't listen.
#[derive(Debug)]
pub enum BindError {
    /// Somebody listens there already.
    Taken {
        /// Where.
        path: PathBuf,
    },
    /// Something else than a socket is there. It is left alone.
    NoSocket {
        /// Where.
        path: PathBuf,
    },
    /// The kernel takes no socket's path as long as this.
    TooLong {
        /// Where.
        path: PathBuf,
    },
    /// The kernel refuses.
    Io {
        /// Where.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Taken { path } => write!(
                f,
                "{}: another daemon listens there; stop it, or choose another path",
                path.display()
            ),
            Self::NoSocket { path } => write!(
                f,
                "{}: it is there and no socket; remove it, or choose another path",
                path.display()
            ),
            Self::TooLong { path } => write!(
                f,
                "{}: a socket's path has at most {LONGEST_PATH} bytes; choose a shorter one",
                path.display()
            ),
            Self::Io { path, error } => {
                write!(f, "{}: can't be listened on: {error}", path.display())
            }
        }
    }
}

impl Error for BindError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Io { error, .. } => Some(error),
            _ => None,
        }
    }
}

pub(crate) struct Listener {
    socket: UnixListener,
    path: PathBuf,
    /// The file that was made: another daemon's in its place is not ours to remove.
    file: (u64, u64),
    rests_until: Option<Instant>,
}

impl Listener {
    pub(crate) fn bind(path: &Path) -> Result<Self, BindError> {
        let path = path.to_owned();
        if path.as_os_str().len() > LONGEST_PATH {
            return Err(BindError::TooLong { path });
        }
        match fs::symlink_metadata(&path) {
            Ok(found) if !found.file_type().is_socket() => {
                return Err(BindError::NoSocket { path });
            }
            Ok(_) => match UnixStream::connect(&path) {
                // What a daemon left that did not end in order.
                Err(error) if error.kind() == ErrorKind::ConnectionRefused => {
                    if let Err(error) = fs::remove_file(&path) {
                        return Err(BindError::Io { path, error });
                    }
                }
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                    return Err(BindError::Io { path, error });
                }
                // Also where its queue is full, it is somebody's.
                _ => return Err(BindError::Taken { path }),
            },
            Err(_) => {}
        }
        Self::open(&path).map_err(|error| match error.kind() {
            ErrorKind::AddrInUse => BindError::Taken { path },
            _ => BindError::Io { path, error },
        })
    }

    fn open(path: &Path) -> io::Result<Self> {
        let socket = UnixListener::bind(path)?;
        socket.set_nonblocking(true)?;
        // Everybody may knock: who may do what is decided by who they are.
        fs::set_permissions(path, Permissions::from_mode(0o666))?;
        let found = fs::symlink_metadata(path)?;
        Ok(Self {
            socket,
            path: path.to_owned(),
            file: (found.dev(), found.ino()),
            rests_until: None,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it is worth waiting for somebody.
    pub(crate) fn listens(&self, now: Instant) -> bool {
        self.rests_until.is_none_or(|until| until <= now)
    }

    /// The next who wants to connect.
    pub(crate) fn accept(&mut self, now: Instant) -> Option<UnixStream> {
        if !self.listens(now) {
            return None;
        }
        self.rests_until = None;
        loop {
            match self.socket.accept() {
                Ok((stream, _)) => return Some(stream),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // They have gone again.
                Err(error) if error.kind() == ErrorKind::ConnectionAborted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return None,
                Err(error) => {
                    log::warn!("nobody can connect for now: {error}");
                    self.rests_until = Some(now + REST);
                    return None;
                }
            }
        }
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let ours = fs::symlink_metadata(&self.path)
            .is_ok_and(|found| (found.dev(), found.ino()) == self.file);
        if ours {
            // Where it stays, the next daemon finds nobody behind it.
            let _ = fs::remove_file(&self.path);
        }
    }
}
