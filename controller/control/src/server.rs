//! The server: one thread, one poll loop, nobody waited for.

mod connection;
mod connections;
mod listener;

use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use rustix::io::Errno;

use crate::rights::{Authority, UnixGroups};
use crate::service::{Mail, Service};

pub(crate) use connections::Connections;
pub use listener::BindError;
use listener::Listener;

/// The most who are let in, or turned away, in one turn: however many knock, those who are
/// in are heard.
const ACCEPTED: usize = 64;

/// How patient the server is. The defaults are those of the daemon.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections at a time; at most [`MAX_CONNECTIONS`](crate::MAX_CONNECTIONS).
    pub connections: usize,
    /// Of these, so many are kept for those who may operate: however many look on, somebody
    /// can still stop the pump.
    pub for_operators: usize,
    /// A connection that asks for nothing and does not watch is closed after this.
    pub idle: Duration,
    /// A line that was begun must have ended after this, and an answer must be taken.
    pub line: Duration,
    /// Lines longer than 4 KiB that are held at a time; further ones wait to be read.
    pub long_lines: usize,
    /// What a watcher has not taken yet \[bytes\]; one that falls behind further is dropped.
    pub backlog: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: crate::MAX_CONNECTIONS,
            for_operators: 16,
            idle: Duration::from_secs(60),
            line: Duration::from_secs(10),
            long_lines: 4,
            backlog: 64 * 1024,
        }
    }
}

/// Makes the server take a turn. It can be used from any thread and never blocks.
#[derive(Clone, Debug)]
pub struct Waker(Arc<OwnedFd>);

impl Waker {
    /// Wakes the server.
    pub fn wake(&self) {
        // It fails only where it was woken 2^64 times before.
        let _ = rustix::io::write(&self.0, &1_u64.to_ne_bytes());
    }
}

/// Listens, reads, asks the [`Service`] and answers.
///
/// ```no_run
/// # use pump_control::Service;
/// use std::time::Duration;
/// use pump_control::{DEFAULT_SOCKET, Server};
///
/// # fn run(service: &mut impl Service, goes_on: impl Fn() -> bool) -> Result<(), Box<dyn std::error::Error>> {
/// let mut server = Server::bind(DEFAULT_SOCKET.as_ref())?;
/// while goes_on() {
///     server.turn(service, Duration::from_millis(100))?;
/// }
/// server.close(service);
/// # Ok(())
/// # }
/// ```
pub struct Server {
    listener: Listener,
    wake: Waker,
    connections: Connections,
}

impl Server {
    /// Listens at a path, with the rights that the Unix groups give.
    ///
    /// # Errors
    ///
    /// See [`BindError`].
    pub fn bind(path: &Path) -> Result<Self, BindError> {
        Self::bind_with(path, Limits::default(), Box::new(UnixGroups::new()))
    }

    /// Listens with other limits, or with somebody else to say who may do what.
    ///
    /// # Errors
    ///
    /// See [`BindError`].
    pub fn bind_with(
        path: &Path,
        limits: Limits,
        authority: Box<dyn Authority>,
    ) -> Result<Self, BindError> {
        let listener = Listener::bind(path)?;
        let wake = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK);
        let wake = wake.map_err(|error| BindError::Io {
            path: path.to_owned(),
            error: error.into(),
        })?;
        Ok(Self {
            listener,
            wake: Waker(Arc::new(wake)),
            connections: Connections::new(limits, authority),
        })
    }

    /// What other threads wake the server with, when they have something for its service.
    pub fn waker(&self) -> Waker {
        self.wake.clone()
    }

    /// Where it listens.
    pub fn path(&self) -> PathBuf {
        self.listener.path().to_owned()
    }

    /// How many are connected.
    pub fn connected(&self) -> usize {
        self.connections.len()
    }

    /// The memory that requests and answers take at present \[bytes\].
    pub fn held(&self) -> usize {
        self.connections.held()
    }

    /// Takes one turn: waits for something to do, at most `wait`, does it, and calls
    /// [`Service::turn`].
    ///
    /// # Errors
    ///
    /// The kernel refuses to wait (out of memory). Nothing that a client does is an error.
    pub fn turn(&mut self, service: &mut impl Service, wait: Duration) -> io::Result<()> {
        let now = Instant::now();
        let wait = match self.connections.due(now) {
            Some(due) => wait.min(due),
            None => wait,
        };
        let hung_up = self.wait(now, wait)?;
        let mut number = [0; 8];
        // However often it was woken, it is one turn.
        let _ = rustix::io::read(&self.wake.0, &mut number);
        let now = Instant::now();
        for _ in 0..ACCEPTED {
            let Some(stream) = self.listener.accept(now) else {
                break;
            };
            self.connections.admit(stream, now);
        }
        self.connections.hung_up(&hung_up);
        self.connections.serve(service, now);
        service.turn(&mut Mail {
            connections: &mut self.connections,
        });
        self.connections.send(service, now);
        Ok(())
    }

    /// Tells all who are connected that it ends, closes, and removes the socket.
    pub fn close(mut self, service: &mut impl Service) {
        self.connections.farewell(service, Instant::now());
    }

    /// Waits until there is something to do. What it was is found by trying; the answer is
    /// only who has hung up.
    fn wait(&self, now: Instant, wait: Duration) -> io::Result<Vec<u64>> {
        let mut waited = Vec::with_capacity(self.connections.len() + 2);
        let mut serials = Vec::with_capacity(self.connections.len());
        for (serial, fd, flags) in self.connections.waited() {
            serials.push(serial);
            waited.push(PollFd::from_borrowed_fd(fd, flags));
        }
        waited.push(PollFd::from_borrowed_fd(self.wake.0.as_fd(), PollFlags::IN));
        if self.listener.listens(now) {
            waited.push(PollFd::from_borrowed_fd(
                self.listener.as_fd(),
                PollFlags::IN,
            ));
        }
        let timeout = Timespec {
            tv_sec: i64::try_from(wait.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: wait.subsec_nanos().into(),
        };
        match poll(&mut waited, Some(&timeout)) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let over = PollFlags::HUP | PollFlags::ERR;
        let polled = serials.into_iter().zip(&waited);
        let hung_up = polled.filter(|(_, polled)| polled.revents().intersects(over));
        Ok(hung_up.map(|(serial, _)| serial).collect())
    }
}
