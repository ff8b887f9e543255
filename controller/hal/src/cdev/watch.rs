//! Input lines as events of the kernel.

use std::array;
use std::os::fd::AsFd;
use std::time::Duration;

use gpio_cdev::{EventRequestFlags, EventType, LineEventHandle, LineRequestFlags};
use pump_core::pump::Sensors;
use pump_core::quantity::{MonoNs, Nanoseconds};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::{CONSUMER, OpenError, Wire, find, refused};
use crate::clock;
use crate::watcher::{Edge, MAX_LINES, Watcher, Wires};
use crate::{FluidPath, Input, InputBatch, InputSource, Level, LineError, Reading, SensorLost};

/// An input, its line, and how long a level must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputWire {
    /// What it is.
    pub input: Input,
    /// Which line; its active level is a pressed button or a bad sensor.
    pub wire: Wire,
    /// How long a level must hold before it counts.
    pub debounce: Nanoseconds,
}

/// The inputs of a rig as events of the kernel, debounced and watched for sanity.
///
/// A level counts once it has held for its debounce, and then dates from the stamp that the
/// kernel gave its first edge. The levels are read five times a second as well, so an edge
/// that the kernel dropped is found. A line with more than 100 edges in a second, or one that
/// keeps changing for a second without holding still, is [`Reading::Lost`], and nothing waits
/// for it until it was quiet for a second.
#[derive(Debug)]
pub struct InputEvents(Watcher<Handles>);

/// Opens inputs, each at most once.
///
/// # Errors
///
/// A line is not there, the kernel does not give it, or it can't be read.
pub fn inputs(wires: &[InputWire]) -> Result<InputEvents, OpenError> {
    let mut handles = Vec::with_capacity(wires.len());
    let mut lines = Vec::with_capacity(wires.len());
    for InputWire {
        input,
        wire,
        debounce,
    } in wires.iter().take(MAX_LINES)
    {
        let line = find::line(&wire.line)?;
        let flags = (LineRequestFlags::INPUT, EventRequestFlags::BOTH_EDGES);
        let handle = line.events(flags.0, flags.1, CONSUMER);
        handles.push(handle.map_err(|_| refused(&wire.line, LineError::last()))?);
        lines.push((*input, wire.polarity, *debounce));
    }
    let opened = Watcher::new(Handles(handles), &lines);
    opened.map(InputEvents).map_err(|(index, error)| {
        // The index is one of those that were handed over.
        let name = wires.get(index).map(|wire| wire.wire.line.clone());
        let name = name.unwrap_or_else(|| super::LineName::Name(String::new()));
        refused(&name, error)
    })
}

impl FluidPath for InputEvents {
    fn sensors(&mut self) -> Result<Sensors, SensorLost> {
        self.0.sensors()
    }
}

impl InputSource for InputEvents {
    fn wait(&mut self, timeout: Duration) -> InputBatch {
        self.0.wait(timeout)
    }

    fn reading(&self, input: Input) -> Reading {
        self.0.reading(input)
    }

    fn has(&self, input: Input) -> bool {
        self.0.has(input)
    }
}

#[derive(Debug)]
struct Handles(Vec<LineEventHandle>);

impl Handles {
    fn get(&self, line: usize) -> Result<&LineEventHandle, LineError> {
        self.0.get(line).ok_or(gone())
    }
}

/// What the kernel says of a chip that was pulled out.
const fn gone() -> LineError {
    LineError {
        errno: Errno::NODEV.raw_os_error(),
    }
}

/// So that an error which comes back at once does not make anybody spin.
const AFTER_ERROR: Duration = Duration::from_millis(20);

impl Wires for Handles {
    fn now(&self) -> MonoNs {
        clock::now()
    }

    fn wait(&mut self, lines: u32, timeout: Nanoseconds) -> Result<u32, LineError> {
        let span = Duration::from_nanos(timeout.0);
        let Some(any) = self.0.first() else {
            std::thread::sleep(span);
            return Ok(0);
        };
        let timeout = Timespec::try_from(span).map_err(|_| LineError { errno: 0 })?;
        let wanted = |line: usize| lines & (1_u32 << line) != 0;
        // Those not waited for stand in with nothing to wait for.
        let mut fds: [PollFd<'_>; MAX_LINES] =
            array::from_fn(|line| match self.0.get(line).filter(|_| wanted(line)) {
                Some(handle) => PollFd::from_borrowed_fd(handle.as_fd(), PollFlags::IN),
                None => PollFd::from_borrowed_fd(any.as_fd(), PollFlags::empty()),
            });
        match poll(&mut fds, Some(&timeout)) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => {
                std::thread::sleep(span.min(AFTER_ERROR));
                return Err(LineError {
                    errno: error.raw_os_error(),
                });
            }
        }
        let ready = fds.iter().enumerate();
        Ok(ready
            .filter(|(line, fd)| wanted(*line) && !fd.revents().is_empty())
            .fold(0, |ready, (line, _)| ready | (1 << line)))
    }

    fn edge(&mut self, line: usize) -> Result<Edge, LineError> {
        // Whoever asks was told that there is one; where there is only an error, reading
        // might wait for ever.
        let handle = self.0.get_mut(line).ok_or(gone())?;
        let mut fds = [PollFd::from_borrowed_fd(handle.as_fd(), PollFlags::IN)];
        let now = Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        let polled = poll(&mut fds, Some(&now));
        let readable = fds.iter().all(|fd| fd.revents().contains(PollFlags::IN));
        if polled.is_err() || !readable {
            return Err(gone());
        }
        let event = handle.get_event().map_err(|_| LineError::last())?;
        Ok(Edge {
            level: match event.event_type() {
                EventType::RisingEdge => Level::High,
                EventType::FallingEdge => Level::Low,
            },
            at: MonoNs(event.timestamp()),
        })
    }

    fn level(&mut self, line: usize) -> Result<Level, LineError> {
        let value = self.get(line)?.get_value().map_err(|_| LineError::last())?;
        Ok(if value == 0 { Level::Low } else { Level::High })
    }
}
