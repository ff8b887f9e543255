//! A plugin in a child that does as it is told, one call after another, for those who want
//! to know how it behaves.
//!
//! [`run_main`](crate::run_main) is for infusing: one instance, and whatever goes wrong ends
//! it. A [`Rehearsal`] may hold several instances side by side, save and load them at will,
//! and says of each call what became of it: an answer, a failure, the system call that was
//! not allowed ([`Ended::Call`]), a signal, silence. The child has the sandbox of a run. What
//! it may call beside computing is chosen: see [`Allowed`].

mod child;
mod packet;

pub use child::{RehearseOptions, rehearse_main};

use crate::helper::Helper;
use crate::plugin::CallError;
use crate::printed::in_one_line;
use crate::probe::{Probed, await_end, output, signal_name};
use libseccomp::ScmpSyscall;
use packet::{Ask, EMPTY, Told, order};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, send, socketpair,
};
use rustix::process::Signal;
use std::fmt;
use std::fs::File;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use strategy_abi::{Fraction, Order, Snapshot};

/// What the functions of a plugin may call in a [`Rehearsal`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allowed {
    /// What they may in a run: memory, reading clocks, printing.
    Running,
    /// Memory. No clock, no random number, no printing. On x86 the processor's own clock ends
    /// the process by SIGSEGV.
    Computing,
    /// As in a run, but that the process gets no more memory.
    Frugal,
}

impl Allowed {
    /// Each with the word that the command line has for it.
    pub const ALL: [(Self, &str); 3] = [
        (Self::Running, "running"),
        (Self::Computing, "computing"),
        (Self::Frugal, "frugal"),
    ];

    const fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Computing => "computing",
            Self::Frugal => "frugal",
        }
    }
}

/// Why a call gave nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The plugin's function failed. Its instance is spent, the child lives.
    Failed(CallError),
    /// It made this system call, which was not allowed. The child is gone, as below.
    Call(String),
    /// The child was killed by this signal.
    Signal(i32),
    /// The child ended itself with this exit code.
    Exit(i32),
    /// There was no answer in this time; the child was killed.
    Silent(Duration),
    /// What came was no answer.
    Garbled,
    /// The child could not do it; not the fault of the plugin's functions.
    Unable(String),
}

impl Ended {
    /// Whether it reached for something that is not allowed. Where it has blocked signals, as
    /// the C library does while it starts a thread, nobody learns for what.
    pub fn reached_out(&self) -> bool {
        let killed = Signal::SYS.as_raw();
        matches!(self, Self::Call(_)) || *self == Self::Signal(killed)
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(error) => error.fmt(f),
            Self::Call(name) => write!(f, "it called `{name}`"),
            Self::Signal(signal) => write!(f, "it died of {}", signal_name(*signal)),
            Self::Exit(code) => write!(f, "it ended its process with exit code {code}"),
            Self::Silent(time) => write!(f, "it did not answer within {time:?}"),
            Self::Garbled => f.write_str("it wrote something of its own to the host's socket"),
            Self::Unable(cause) => f.write_str(cause),
        }
    }
}

impl std::error::Error for Ended {}

/// A plugin in a child of its own. The child ends when this is dropped.
#[derive(Debug)]
pub struct Rehearsal {
    child: Child,
    socket: OwnedFd,
    said: File,
    patience: Duration,
    heap: u64,
    ended: Option<Ended>,
}

impl Rehearsal {
    /// Starts a child that has opened what was probed. No call, nor the opening, may take
    /// longer than `patience`.
    ///
    /// # Errors
    /// The child could not be started, or the plugin not be opened in it.
    pub fn start(
        probed: &Probed,
        helper: &Helper,
        allowed: Allowed,
        patience: Duration,
    ) -> Result<Self, Ended> {
        let unable = |error: std::io::Error| Ended::Unable(error.to_string());
        let plugin = probed.path().canonicalize().map_err(unable)?;
        let (family, kind) = (AddressFamily::UNIX, SocketType::SEQPACKET);
        let pair = socketpair(family, kind, SocketFlags::CLOEXEC, None);
        let (ours, theirs) = pair.map_err(|error| unable(error.into()))?;
        let said = output().map_err(unable)?;
        let to_said = || said.try_clone().map(Stdio::from).map_err(unable);
        let child = Command::new(helper.path())
            .arg("rehearse")
            .arg("--plugin")
            .arg(plugin)
            .args(["--sha256", &probed.sha256().to_string()])
            .args(["--allow", allowed.word()])
            // Else the allocator's books count as in use what it keeps for the next request.
            .env("GLIBC_TUNABLES", "glibc.malloc.tcache_count=0")
            .stdin(Stdio::from(theirs))
            .stdout(to_said()?)
            .stderr(to_said()?)
            .spawn()
            .map_err(unable)?;
        let mut rehearsal = Self {
            child,
            socket: ours,
            said,
            patience,
            heap: 0,
            ended: None,
        };
        match rehearsal.answer()? {
            Told::Ready => Ok(rehearsal),
            _ => Err(rehearsal.end(Ended::Garbled)),
        }
    }

    /// Makes an instance in a slot, in place of the one that is there.
    ///
    /// # Errors
    /// The strategy refuses the values, or fails.
    pub fn create(&mut self, slot: u8, values: &[Fraction]) -> Result<(), Ended> {
        self.ask(&Ask::Create(slot, values.to_vec())).map(drop)
    }

    /// Shows the instance in a slot a snapshot. What the order says is not checked.
    ///
    /// # Errors
    /// The strategy failed, or has taken its process down.
    pub fn step(&mut self, slot: u8, snapshot: &Snapshot) -> Result<Order, Ended> {
        let body = self.ask(&Ask::Step(slot, Box::new(*snapshot)))?;
        order(&body).ok_or(Ended::Garbled)
    }

    /// The state of the instance in a slot; empty where it has none.
    ///
    /// # Errors
    /// As for [`Rehearsal::step`].
    pub fn save(&mut self, slot: u8) -> Result<Vec<u8>, Ended> {
        self.ask(&Ask::Save(slot))
    }

    /// Lets the instance in a slot take over a state.
    ///
    /// # Errors
    /// As for [`Rehearsal::step`], or it refuses the state.
    pub fn load(&mut self, slot: u8, state: &[u8]) -> Result<(), Ended> {
        self.ask(&Ask::Load(slot, state)).map(drop)
    }

    /// Ends the instance in a slot.
    ///
    /// # Errors
    /// The strategy has taken its process down.
    pub fn discard(&mut self, slot: u8) -> Result<(), Ended> {
        self.ask(&Ask::Discard(slot)).map(drop)
    }

    /// The bytes in use on the heap of the child after the last call that went well; 0 where
    /// its C library does not say.
    pub const fn heap(&self) -> u64 {
        self.heap
    }

    /// The time for which processors have worked for the child. `None` where the kernel does
    /// not say.
    pub fn processor_time(&self) -> Option<Duration> {
        let text = std::fs::read_to_string(format!("/proc/{}/schedstat", self.child.id()));
        let ns = text.ok()?.split_whitespace().next()?.parse().ok()?;
        Some(Duration::from_nanos(ns))
    }

    /// What the plugin has printed first, as one line.
    pub fn said(&self) -> Option<String> {
        let mut bytes = [0; 1024];
        let length = self.said.read_at(&mut bytes, 0).ok()?;
        let said = in_one_line(bytes.get(..length)?);
        (!said.is_empty()).then_some(said)
    }

    fn ask(&mut self, ask: &Ask<'_>) -> Result<Vec<u8>, Ended> {
        if let Some(ended) = &self.ended {
            return Err(ended.clone());
        }
        // A child that is gone already is found when its answer is awaited.
        let _ = send(&self.socket, &ask.to_bytes(), SendFlags::NOSIGNAL);
        match self.answer()? {
            Told::Done { heap, body } => {
                self.heap = heap;
                Ok(body)
            }
            Told::Failed(error) => Err(Ended::Failed(error)),
            _ => Err(self.end(Ended::Garbled)),
        }
    }

    /// What the child says next.
    fn answer(&mut self) -> Result<Told, Ended> {
        let mut buffer = EMPTY;
        let length = match self.receive(&mut buffer) {
            Ok(Some(length)) => length,
            Ok(None) => return Err(self.end(Ended::Silent(self.patience))),
            Err(error) => return Err(self.end(Ended::Unable(error.to_string()))),
        };
        let bytes = buffer.get(..length).unwrap_or_default();
        match Told::from_bytes(bytes) {
            _ if bytes.is_empty() => Err(self.gone()),
            Some(Told::Called(number)) => {
                let name = ScmpSyscall::from(number).get_name();
                Err(self.end(Ended::Call(name.unwrap_or_else(|_| number.to_string()))))
            }
            Some(Told::Unable(cause)) => Err(self.end(Ended::Unable(cause))),
            Some(told) => Ok(told),
            None => Err(self.end(Ended::Garbled)),
        }
    }

    /// The length of the next packet, 0 where the child is gone; `None`: the time is over.
    fn receive(&self, buffer: &mut packet::Buffer) -> rustix::io::Result<Option<usize>> {
        let begun = Instant::now();
        loop {
            let left = self.patience.saturating_sub(begun.elapsed());
            let left = Timespec::try_from(left).map_err(|_| Errno::INVAL)?;
            match poll(&mut [PollFd::new(&self.socket, PollFlags::IN)], Some(&left)) {
                Err(Errno::INTR) => continue,
                Ok(0) => return Ok(None),
                ready => ready?,
            };
            match recv(&self.socket, &mut buffer[..], RecvFlags::empty()) {
                Err(Errno::INTR) => {}
                Err(Errno::CONNRESET) => return Ok(Some(0)),
                received => return received.map(|(_, length)| Some(length)),
            }
        }
    }

    fn end(&mut self, ended: Ended) -> Ended {
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.ended = Some(ended.clone());
        ended
    }

    /// The child's end of the socket is closed: why?
    fn gone(&mut self) -> Ended {
        let ended = match await_end(&self.child, self.patience) {
            // It has closed it and lives on.
            Ok(false) => Ended::Garbled,
            Ok(true) => match self.child.wait() {
                Ok(status) => match (status.signal(), status.code()) {
                    (Some(signal), _) => Ended::Signal(signal),
                    (None, code) => Ended::Exit(code.unwrap_or(-1)),
                },
                Err(error) => Ended::Unable(error.to_string()),
            },
            Err(error) => Ended::Unable(error.to_string()),
        };
        self.end(ended)
    }
}

impl Drop for Rehearsal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
