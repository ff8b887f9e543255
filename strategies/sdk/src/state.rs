//! What survives a new start of the plugin's process.

use crate::Refused;
use std::time::Duration;

/// Takes the state of a strategy, at most [`strategy_abi::MAX_STATE`] bytes.
#[derive(Debug)]
pub struct StateWriter<'a> {
    buffer: &'a mut [u8],
    used: usize,
    overflown: bool,
}

impl<'a> StateWriter<'a> {
    pub(crate) fn new(buffer: &'a mut [u8]) -> Self {
        Self {
            buffer,
            used: 0,
            overflown: false,
        }
    }

    /// The length written; `None` where it did not fit.
    pub(crate) fn finish(self) -> Option<usize> {
        (!self.overflown).then_some(self.used)
    }

    /// Writes bytes. What does not fit makes the whole state unsaved.
    pub fn bytes(&mut self, bytes: &[u8]) {
        let end = self.used.saturating_add(bytes.len());
        match self.buffer.get_mut(self.used..end) {
            Some(place) => {
                place.copy_from_slice(bytes);
                self.used = end;
            }
            None => self.overflown = true,
        }
    }

    /// Writes a number.
    pub fn number(&mut self, number: u64) {
        self.bytes(&number.to_le_bytes());
    }

    /// Writes a time.
    pub fn time(&mut self, time: Duration) {
        self.number(crate::quantity::nanoseconds(time));
    }
}

/// Gives back what a [`StateWriter`] took, in the same order.
#[derive(Debug)]
pub struct StateReader<'a> {
    rest: &'a [u8],
}

impl<'a> StateReader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Whether everything was read.
    pub const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Reads so many bytes.
    ///
    /// # Errors
    /// There are not so many left.
    pub fn bytes(&mut self, count: usize) -> Result<&'a [u8], Refused> {
        let (bytes, rest) = self.rest.split_at_checked(count).ok_or(Refused)?;
        self.rest = rest;
        Ok(bytes)
    }

    /// Reads a number.
    ///
    /// # Errors
    /// There is none left.
    pub fn number(&mut self) -> Result<u64, Refused> {
        let bytes = self.bytes(size_of::<u64>())?;
        bytes
            .try_into()
            .map(u64::from_le_bytes)
            .map_err(|_| Refused)
    }

    /// Reads a time.
    ///
    /// # Errors
    /// There is none left.
    pub fn time(&mut self) -> Result<Duration, Refused> {
        self.number().map(Duration::from_nanos)
    }
}
