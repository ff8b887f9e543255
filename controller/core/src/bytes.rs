//! Numbers as bytes: how a checkpoint is written down, and read back without trust.
//!
//! A number is written seven bits at a time, the lowest first; the highest bit of a byte
//! says that another one follows. Most numbers of a checkpoint are small, and take one.

use crate::checkpoint::CheckpointFlaw;

/// The most bytes of one number.
pub(crate) const LONGEST_NUMBER: usize = 10;

/// Writes into a fixed place, and counts on where that is full.
#[derive(Debug)]
pub(crate) struct Writer<'a> {
    to: &'a mut [u8],
    len: usize,
}

impl<'a> Writer<'a> {
    pub(crate) const fn new(to: &'a mut [u8]) -> Self {
        Self { to, len: 0 }
    }

    /// The bytes written, or that would have been with enough room.
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn byte(&mut self, byte: u8) {
        if let Some(place) = self.to.get_mut(self.len) {
            *place = byte;
        }
        self.len = self.len.saturating_add(1);
    }

    pub(crate) fn flag(&mut self, flag: bool) {
        self.byte(u8::from(flag));
    }

    pub(crate) fn number(&mut self, number: u64) {
        let mut left = number;
        loop {
            let [low, ..] = left.to_le_bytes();
            left >>= 7;
            if left == 0 {
                self.byte(low & 0x7f);
                return;
            }
            self.byte(low | 0x80);
        }
    }
}

/// Reads what a [`Writer`] wrote, or anything else.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    left: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(from: &'a [u8]) -> Self {
        Self { left: from }
    }

    pub(crate) fn byte(&mut self) -> Result<u8, CheckpointFlaw> {
        let (first, rest) = self.left.split_first().ok_or(CheckpointFlaw::Truncated)?;
        self.left = rest;
        Ok(*first)
    }

    pub(crate) fn flag(&mut self) -> Result<bool, CheckpointFlaw> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(CheckpointFlaw::Number),
        }
    }

    pub(crate) fn number(&mut self) -> Result<u64, CheckpointFlaw> {
        let mut number = 0_u64;
        for shift in (0..u64::BITS).step_by(7) {
            let byte = self.byte()?;
            let part = u64::from(byte & 0x7f);
            let placed = part
                .checked_shl(shift)
                .filter(|placed| placed.checked_shr(shift) == Some(part));
            number |= placed.ok_or(CheckpointFlaw::Number)?;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(CheckpointFlaw::Number)
    }

    /// Nothing may follow what was read.
    pub(crate) const fn done(&self) -> Result<(), CheckpointFlaw> {
        if self.left.is_empty() {
            Ok(())
        } else {
            Err(CheckpointFlaw::Trailing)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<u64, CheckpointFlaw> {
        let mut reader = Reader::new(bytes);
        let number = reader.number()?;
        reader.done().map(|()| number)
    }

    #[test]
    fn every_number_comes_back_and_small_ones_take_one_byte() {
        for (number, long) in [
            (0, 1),
            (127, 1),
            (128, 2),
            (u64::from(u32::MAX), 5),
            (u64::MAX, LONGEST_NUMBER),
        ] {
            let mut place = [0; LONGEST_NUMBER];
            let mut writer = Writer::new(&mut place);
            writer.number(number);
            assert_eq!(writer.len(), long);
            assert_eq!(read(&place[..long]), Ok(number));
            assert_eq!(read(&place[..long - 1]), Err(CheckpointFlaw::Truncated));
        }
    }

    #[test]
    fn a_number_of_more_than_64_bits_is_none() {
        let mut bytes = [0xff; LONGEST_NUMBER];
        bytes[LONGEST_NUMBER - 1] = 2;
        assert_eq!(read(&bytes), Err(CheckpointFlaw::Number));
        assert_eq!(read(&[0x80; 20]), Err(CheckpointFlaw::Number));
    }

    #[test]
    fn a_place_that_is_too_small_is_not_overrun() {
        let mut place = [7; 2];
        let mut writer = Writer::new(&mut place);
        writer.number(u64::MAX);
        assert_eq!(writer.len(), LONGEST_NUMBER);
        assert_eq!(place, [0xff, 0xff]);
    }
}
