//! Bytes put one behind the other, and taken apart again.

use super::messages::{Malformed, TooLong};

/// Fills a buffer from its beginning.
pub(super) struct Writer<'b> {
    buffer: &'b mut [u8],
    at: usize,
}

impl<'b> Writer<'b> {
    pub(super) const fn new(buffer: &'b mut [u8]) -> Self {
        Self { buffer, at: 0 }
    }

    pub(super) fn put(&mut self, bytes: &[u8]) -> Result<(), TooLong> {
        let end = self.at.checked_add(bytes.len()).ok_or(TooLong)?;
        let place = self.buffer.get_mut(self.at..end).ok_or(TooLong)?;
        place.copy_from_slice(bytes);
        self.at = end;
        Ok(())
    }

    pub(super) fn u32(&mut self, number: u32) -> Result<(), TooLong> {
        self.put(&number.to_ne_bytes())
    }

    pub(super) fn u64(&mut self, number: u64) -> Result<(), TooLong> {
        self.put(&number.to_ne_bytes())
    }

    /// A length of at most `most`, and so many bytes.
    pub(super) fn counted(&mut self, bytes: &[u8], most: usize) -> Result<(), TooLong> {
        if bytes.len() > most {
            return Err(TooLong);
        }
        self.u32(u32::try_from(bytes.len()).map_err(|_| TooLong)?)?;
        self.put(bytes)
    }

    /// What was written.
    pub(super) fn done(self) -> &'b [u8] {
        let Self { buffer, at } = self;
        buffer.get(..at).unwrap_or_default()
    }
}

/// Takes a message apart from its beginning.
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn take(&mut self, length: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(Malformed::Length)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(Malformed::Length)?;
        self.0 = rest;
        Ok(*taken)
    }

    pub(super) fn u32(&mut self) -> Result<u32, Malformed> {
        self.array().map(u32::from_ne_bytes)
    }

    pub(super) fn u64(&mut self) -> Result<u64, Malformed> {
        self.array().map(u64::from_ne_bytes)
    }

    /// A length of at most `most`, and so many bytes.
    pub(super) fn counted(&mut self, most: usize) -> Result<&'a [u8], Malformed> {
        let length = usize::try_from(self.u32()?).map_err(|_| Malformed::Length)?;
        if length > most {
            return Err(Malformed::Length);
        }
        self.take(length)
    }

    /// Nothing may be left.
    pub(super) const fn end(&self) -> Result<(), Malformed> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(Malformed::Length)
        }
    }
}
