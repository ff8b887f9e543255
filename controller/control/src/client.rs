//! The other end: for `pumpctl` and other programs.

use std::error::Error;
use std::fmt;
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::MAX_LINE;
use crate::frame::{self, Said};
use crate::reply::{Refusal, Reply};
use crate::request::Request;
use crate::status::{Status, Watched};

/// How long an answer is waited for; arming starts processes, which takes its time.
const PATIENCE: Duration = Duration::from_secs(60);

/// Why there is no answer.
#[derive(Debug)]
pub enum ClientError {
    /// The daemon can't be reached.
    Unreachable {
        /// The socket.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The daemon refuses.
    Refused(Refusal),
    /// The daemon went away, or what it says is no answer.
    Broken(String),
    /// The daemon does not answer.
    Silent(Duration),
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable { path, error } => {
                let path = path.display();
                match error.kind() {
                    ErrorKind::NotFound => write!(
                        f,
                        "no daemon listens at {path}; start pumpd, or name its socket"
                    ),
                    ErrorKind::ConnectionRefused => write!(
                        f,
                        "the daemon at {path} is no longer there; start pumpd again"
                    ),
                    _ => write!(f, "the daemon at {path} can't be reached: {error}"),
                }
            }
            Self::Refused(refusal) => refusal.fmt(f),
            Self::Broken(why) => write!(f, "the connection to the daemon broke: {why}"),
            Self::Silent(waited) => {
                write!(f, "the daemon has not answered for {} s", waited.as_secs())
            }
        }
    }
}

impl Error for ClientError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Unreachable { error, .. } => Some(error),
            Self::Refused(refusal) => Some(refusal),
            Self::Broken(_) | Self::Silent(_) => None,
        }
    }
}

/// A connection to the daemon.
#[derive(Debug)]
pub struct Client {
    lines: Lines,
    asked: u64,
}

impl Client {
    /// Connects to the daemon's socket.
    ///
    /// # Errors
    ///
    /// [`ClientError::Unreachable`].
    pub fn connect(path: &Path) -> Result<Self, ClientError> {
        let stream = UnixStream::connect(path).map_err(|error| ClientError::Unreachable {
            path: path.to_owned(),
            error,
        })?;
        Ok(Self {
            lines: Lines::new(stream),
            asked: 0,
        })
    }

    /// Asks and waits for the answer, at most a minute.
    ///
    /// # Errors
    ///
    /// The daemon refuses, goes away or does not answer.
    pub fn ask(&mut self, request: &Request) -> Result<Reply, ClientError> {
        self.ask_within(request, PATIENCE)
    }

    /// Asks and waits for the answer so long. After a [`ClientError::Silent`] the
    /// connection is of no more use.
    ///
    /// # Errors
    ///
    /// The daemon refuses, goes away or does not answer.
    pub fn ask_within(
        &mut self,
        request: &Request,
        patience: Duration,
    ) -> Result<Reply, ClientError> {
        self.asked += 1;
        let line = frame::write_request(self.asked, request).map_err(ClientError::Refused)?;
        self.lines.write(&line, patience)?;
        loop {
            let Some((id, said)) = self.lines.next(patience)? else {
                return Err(ClientError::Silent(patience));
            };
            match (id, said) {
                // About the connection: what it ends is ours too.
                (None, Said::Error(refusal)) => return Err(ClientError::Refused(refusal)),
                (Some(id), Said::Error(refusal)) if id == self.asked => {
                    return Err(ClientError::Refused(refusal));
                }
                (Some(id), Said::Reply(reply)) if id == self.asked => return Ok(reply),
                (Some(id), _) if id < self.asked => {}
                _ => return Err(ClientError::Broken("an answer to something else".into())),
            }
        }
    }

    /// Watches what happens from now on.
    ///
    /// # Errors
    ///
    /// The daemon refuses, goes away or does not answer.
    pub fn watch(mut self) -> Result<Watching, ClientError> {
        match self.ask(&Request::Watch)? {
            Reply::Watching(began) => Ok(Watching {
                lines: self.lines,
                began,
            }),
            _ => Err(ClientError::Broken("an answer to something else".into())),
        }
    }
}

/// What happens, until it is dropped.
#[derive(Debug)]
pub struct Watching {
    lines: Lines,
    began: Box<Status>,
}

impl Watching {
    /// How things were at the beginning.
    pub fn began(&self) -> &Status {
        &self.began
    }

    /// The next that happens; `None`: nothing did for so long.
    ///
    /// # Errors
    ///
    /// The daemon ends, goes away or drops a watcher that is too slow.
    pub fn next_within(&mut self, wait: Duration) -> Result<Option<Watched>, ClientError> {
        match self.lines.next(wait)? {
            None => Ok(None),
            Some((_, Said::Watch(watched))) => Ok(Some(watched)),
            Some((_, Said::Error(refusal))) => Err(ClientError::Refused(refusal)),
            Some((_, Said::Reply(_))) => {
                Err(ClientError::Broken("an answer to something else".into()))
            }
        }
    }
}

/// Lines over a stream, each bounded.
#[derive(Debug)]
struct Lines {
    stream: UnixStream,
    input: Vec<u8>,
}

impl Lines {
    fn new(stream: UnixStream) -> Self {
        Self {
            stream,
            input: Vec::new(),
        }
    }

    fn write(&mut self, line: &[u8], patience: Duration) -> Result<(), ClientError> {
        let set = self.stream.set_write_timeout(Some(patience));
        match set.and_then(|()| self.stream.write_all(line)) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                Err(ClientError::Silent(patience))
            }
            // It may have said why before it closed.
            Err(error) => match self.next(patience) {
                Ok(Some((None, Said::Error(refusal)))) => Err(ClientError::Refused(refusal)),
                _ => Err(ClientError::Broken(error.to_string())),
            },
        }
    }

    /// The next line; `None`: none came for so long.
    fn next(&mut self, wait: Duration) -> Result<Option<(Option<u64>, Said)>, ClientError> {
        let broken = |error: io::Error| ClientError::Broken(error.to_string());
        let until = Instant::now() + wait;
        let mut searched = 0;
        loop {
            let unsearched = self.input.get(searched..).unwrap_or(&[]);
            if let Some(end) = unsearched.iter().position(|byte| *byte == b'\n') {
                let rest = self.input.split_off(searched + end + 1);
                let line = std::mem::replace(&mut self.input, rest);
                let said = frame::read_said(&line).map_err(ClientError::Broken)?;
                return Ok(Some(said));
            }
            searched = self.input.len();
            if searched >= MAX_LINE {
                return Err(ClientError::Broken("a line without an end".into()));
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(None);
            }
            self.stream.set_read_timeout(Some(left)).map_err(broken)?;
            let mut gulp = [0; 16 * 1024];
            match self.stream.read(&mut gulp) {
                Ok(0) => return Err(ClientError::Broken("it was closed".into())),
                Ok(count) => self.input.extend(gulp.iter().take(count)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(broken(error)),
            }
        }
    }
}
