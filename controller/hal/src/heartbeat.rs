//! The line that tells the hardware that somebody is alive.

use crate::{Level, LineError, OutputLine};

/// A sign of life for a circuit outside the computer.
///
/// A charge pump on this line holds ENABLE only while the line keeps changing, so a dead
/// kernel lets the motor go too. Whoever beats decides how often; no beat is sent by itself.
pub trait Heartbeat: Send {
    /// One beat: a single change of the line.
    ///
    /// # Errors
    ///
    /// The line did not take it.
    fn beat(&mut self) -> Result<(), LineError>;
}

impl<H: Heartbeat + ?Sized> Heartbeat for Box<H> {
    fn beat(&mut self) -> Result<(), LineError> {
        (**self).beat()
    }
}

/// A heartbeat on a line: each beat is one edge.
#[derive(Debug)]
pub struct HeartbeatLine<L> {
    line: L,
    last: Level,
}

impl<L: OutputLine> HeartbeatLine<L> {
    /// A heart on a line that is low now.
    pub const fn new(line: L) -> Self {
        Self {
            line,
            last: Level::Low,
        }
    }
}

impl<L: OutputLine> Heartbeat for HeartbeatLine<L> {
    fn beat(&mut self) -> Result<(), LineError> {
        let next = self.last.opposite();
        self.line.drive(next)?;
        self.last = next;
        Ok(())
    }
}
