//! Numbers as bytes: seven bits at a time, the lowest first; the highest bit of a byte says
//! that another one follows. Most numbers of a recording are small, and take one.

use std::fmt;

/// Why bytes are no recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// They are written in a way that this build does not know.
    Version {
        /// The way's number.
        found: u8,
    },
    /// They end in the middle.
    Truncated,
    /// Something follows the end.
    Trailing,
    /// They are not as they were written.
    Damaged,
    /// A number has more than 64 bits.
    Number,
    /// A word stands for nothing that there is.
    Word,
    /// A fraction has no denominator.
    Fraction,
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Version { found } => {
                return write!(
                    f,
                    "it is written in version {found}, which is not known here"
                );
            }
            Self::Truncated => "it ends in the middle",
            Self::Trailing => "something follows its end",
            Self::Damaged => "it is not as it was written",
            Self::Number => "a number in it is none",
            Self::Word => "a word in it stands for nothing",
            Self::Fraction => "a fraction in it has no denominator",
        })
    }
}

impl std::error::Error for Flaw {}

/// Writes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Writer(pub(crate) Vec<u8>);

impl Writer {
    pub(crate) fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    pub(crate) fn number(&mut self, number: u64) {
        let mut left = number;
        loop {
            let [low, ..] = left.to_le_bytes();
            left >>= 7;
            if left == 0 {
                return self.byte(low & 0x7f);
            }
            self.byte(low | 0x80);
        }
    }

    /// How far `number` is from `from`, either way; every pair of numbers has such a way.
    pub(crate) fn distance(&mut self, from: u64, number: u64) {
        let forth = number.wrapping_sub(from);
        let sign = 0_u64.wrapping_sub(forth >> 63);
        self.number((forth << 1) ^ sign);
    }

    pub(crate) fn option<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        self.byte(u8::from(value.is_some()));
        if let Some(value) = value {
            write(self, value);
        }
    }
}

/// Reads what a [`Writer`] wrote, or anything else.
#[derive(Clone, Debug)]
pub(crate) struct Reader<'a> {
    left: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(from: &'a [u8]) -> Self {
        Self { left: from }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.left.is_empty()
    }

    pub(crate) fn byte(&mut self) -> Result<u8, Flaw> {
        let (first, rest) = self.left.split_first().ok_or(Flaw::Truncated)?;
        self.left = rest;
        Ok(*first)
    }

    pub(crate) fn number(&mut self) -> Result<u64, Flaw> {
        let mut number = 0_u64;
        for shift in (0..u64::BITS).step_by(7) {
            let byte = self.byte()?;
            let part = u64::from(byte & 0x7f);
            let placed = part << shift;
            if placed >> shift != part {
                return Err(Flaw::Number);
            }
            number |= placed;
            if byte & 0x80 == 0 {
                // One way to write a number: no empty byte at its end.
                return if byte == 0 && shift > 0 {
                    Err(Flaw::Number)
                } else {
                    Ok(number)
                };
            }
        }
        Err(Flaw::Number)
    }

    pub(crate) fn distance(&mut self, from: u64) -> Result<u64, Flaw> {
        let folded = self.number()?;
        let forth = (folded >> 1) ^ 0_u64.wrapping_sub(folded & 1);
        Ok(from.wrapping_add(forth))
    }

    pub(crate) fn option<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, Flaw>,
    ) -> Result<Option<T>, Flaw> {
        match self.byte()? {
            0 => Ok(None),
            1 => read(self).map(Some),
            _ => Err(Flaw::Word),
        }
    }

    /// Nothing may follow what was read.
    pub(crate) const fn done(&self) -> Result<(), Flaw> {
        if self.left.is_empty() {
            Ok(())
        } else {
            Err(Flaw::Trailing)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_and_every_distance_comes_back() {
        let numbers = [0, 1, 127, 128, 1 << 63, u64::MAX - 1, u64::MAX];
        for number in numbers {
            for from in numbers {
                let mut writer = Writer::default();
                writer.number(number);
                writer.distance(from, number);
                let mut reader = Reader::new(&writer.0);
                assert_eq!(reader.number(), Ok(number));
                assert_eq!(reader.distance(from), Ok(number));
                assert_eq!(reader.done(), Ok(()));
            }
        }
    }

    #[test]
    fn a_number_has_one_way_to_be_written_and_64_bits_at_the_most() {
        let read = |bytes: &[u8]| Reader::new(bytes).number();
        assert_eq!(read(&[0x80, 0]), Err(Flaw::Number));
        assert_eq!(read(&[0xff; 11]), Err(Flaw::Number));
        assert_eq!(read(&[0x80]), Err(Flaw::Truncated));
        let most = [[0xff; 9].as_slice(), &[1]].concat();
        assert_eq!(read(&most), Ok(u64::MAX));
        let more = [[0xff; 9].as_slice(), &[2]].concat();
        assert_eq!(read(&more), Err(Flaw::Number));
    }
}
