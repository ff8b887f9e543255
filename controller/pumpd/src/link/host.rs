//! A strategy's child and the socket to it.

use std::fmt;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use pump_core::quantity::{MonoNs, Nanoseconds};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, send, socketpair,
};
use strategy_link::protocol::{Buffer, Cause, EMPTY, FromHost, ToHost};

use super::{Plan, SLICE};

/// Why a child is lost.
#[derive(Debug)]
pub(super) enum Loss {
    /// It closed its end of the socket, which is what its death looks like.
    Gone,
    /// It said so itself.
    Failed(Cause, String),
    /// It did what it must not.
    Fault(String),
}

impl Loss {
    pub(super) fn fault(what: &str, error: impl fmt::Display) -> Self {
        Self::Fault(format!("{what}: {error}"))
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gone => f.write_str("its process is gone"),
            Self::Failed(_, text) | Self::Fault(text) => f.write_str(text),
        }
    }
}

/// It spoke out of turn.
pub(super) fn unasked() -> Loss {
    Loss::Fault("it says what it was not asked".to_owned())
}

/// A child, and this end of its socket. Killed and reaped where it is dropped.
pub(super) struct Host {
    pub(super) child: Child,
    socket: OwnedFd,
    /// By when it must be ready; `None`: it is.
    pub(super) ready_by: Option<MonoNs>,
}

impl Host {
    pub(super) fn start(program: &Path, plan: &Plan) -> io::Result<Self> {
        let (family, kind) = (AddressFamily::UNIX, SocketType::SEQPACKET);
        let (ours, theirs) = socketpair(family, kind, SocketFlags::CLOEXEC, None)?;
        let child = Command::new(program)
            .arg("run")
            .arg("--plugin")
            .arg(&plan.path)
            .arg("--sha256")
            .arg(plan.sha256.to_string())
            .env_clear()
            .stdin(Stdio::from(theirs))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        Ok(Self {
            child,
            socket: ours,
            ready_by: None,
        })
    }

    /// Sends without waiting: a child that does not read is lost.
    pub(super) fn send(&self, message: &ToHost<'_>) -> Result<(), Loss> {
        let failed = |error: &dyn fmt::Display| Loss::fault("it can't be asked", error);
        let mut buffer = EMPTY;
        let packet = message.encode(&mut buffer).map_err(|e| failed(&e))?;
        match send(
            &self.socket,
            packet,
            SendFlags::NOSIGNAL | SendFlags::DONTWAIT,
        ) {
            Ok(_) => Ok(()),
            Err(Errno::PIPE | Errno::CONNRESET) => Err(Loss::Gone),
            Err(error) => Err(failed(&error)),
        }
    }

    /// What it says within this time, if anything. That it failed is a loss.
    pub(super) fn receive<'b>(
        &self,
        buffer: &'b mut Buffer,
        within: Nanoseconds,
    ) -> Result<Option<FromHost<'b>>, Loss> {
        let failed = |error: Errno| Loss::fault("it can't be heard", error);
        let time = Timespec {
            tv_sec: 0,
            tv_nsec: within.min(SLICE).0.try_into().unwrap_or_default(),
        };
        match poll(&mut [PollFd::new(&self.socket, PollFlags::IN)], Some(&time)) {
            Ok(0) | Err(Errno::INTR) => return Ok(None),
            Ok(_) => {}
            Err(error) => return Err(failed(error)),
        }
        let length = match recv(&self.socket, &mut buffer[..], RecvFlags::DONTWAIT) {
            Err(Errno::AGAIN | Errno::INTR) => return Ok(None),
            Ok((_, 0)) | Err(Errno::CONNRESET) => return Err(Loss::Gone),
            Err(error) => return Err(failed(error)),
            Ok((_, length)) => length,
        };
        let packet = buffer.get(..length).unwrap_or_default();
        match FromHost::decode(packet) {
            Ok(FromHost::Failed { cause, text }) => Err(Loss::Failed(cause, text.to_owned())),
            Ok(message) => Ok(Some(message)),
            Err(error) => Err(Loss::fault("what it says is no message", error)),
        }
    }

    /// It must live, and say nothing while it is not asked.
    pub(super) fn silent(&self) -> Result<(), Loss> {
        let mut buffer = EMPTY;
        match self.receive(&mut buffer, Nanoseconds::ZERO)? {
            None => Ok(()),
            Some(_) => Err(unasked()),
        }
    }

    /// Kills it where it still runs, and reaps it: how it ended.
    pub(super) fn end(&mut self) -> io::Result<std::process::ExitStatus> {
        // It fails only where there is nobody left to kill.
        let _ = self.child.kill();
        self.child.wait()
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.end();
    }
}
