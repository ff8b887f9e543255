//! The hashes that tie each record to all before it.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest as _, Sha256};

use crate::stamp::Stamp;

/// A SHA-256, written as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// What the first record is tied to.
    pub const GENESIS: Self = Self([0; 32]);
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A text is not 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotHash;

impl fmt::Display for NotHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a hash is 64 lower-case hexadecimal digits")
    }
}

impl std::error::Error for NotHash {}

impl FromStr for Hash {
    type Err = NotHash;

    fn from_str(text: &str) -> Result<Self, NotHash> {
        let lower = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if text.len() != 64 || !text.bytes().all(|byte| lower(&byte)) {
            return Err(NotHash);
        }
        let mut hash = [0; 32];
        for (byte, at) in hash.iter_mut().zip((0..64).step_by(2)) {
            *byte = u8::from_str_radix(&text[at..at + 2], 16).map_err(|_| NotHash)?;
        }
        Ok(Self(hash))
    }
}

/// The end of the chain: the number and the hash of the last record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The number of the last record; 0 where there is none.
    pub seq: u64,
    /// Its hash, which covers every record before it.
    pub hash: Hash,
}

impl Head {
    /// Of a journal without records.
    pub const EMPTY: Self = Self {
        seq: 0,
        hash: Hash::GENESIS,
    };
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.seq, self.hash)
    }
}

impl FromStr for Head {
    type Err = NotHead;

    fn from_str(text: &str) -> Result<Self, NotHead> {
        let (seq, hash) = text.split_once([' ', ':']).ok_or(NotHead)?;
        Ok(Self {
            seq: seq.parse().map_err(|_| NotHead)?,
            hash: hash.parse().map_err(|_| NotHead)?,
        })
    }
}

/// A text is not a number, a space or a colon, and a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotHead;

impl fmt::Display for NotHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "a head is the number of an entry and its hash; {NotHash}"
        )
    }
}

impl std::error::Error for NotHead {}

/// The hash of the record number `seq` that follows one with the hash `previous`.
pub(crate) fn link(previous: Hash, seq: u64, kind: &str, stamp: &Stamp, body: &str) -> Hash {
    let mut seal = Seal::new("pumpd journal entry");
    seal.bytes(&previous.0).number(seq);
    seal.bytes(kind.as_bytes()).stamp(stamp);
    seal.bytes(body.as_bytes());
    seal.hash()
}

/// A hash over fields, none of which can run into the next.
pub(crate) struct Seal(Sha256);

impl Seal {
    /// Of what `what` names, so that no two kinds of thing can have the same hash.
    pub(crate) fn new(what: &str) -> Self {
        let mut seal = Self(Sha256::new());
        seal.bytes(what.as_bytes());
        seal
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        // A length is at most that of what fits into memory.
        self.0.update((bytes.len() as u64).to_be_bytes());
        self.0.update(bytes);
        self
    }

    pub(crate) fn number(&mut self, number: u64) -> &mut Self {
        self.0.update(number.to_be_bytes());
        self
    }

    pub(crate) fn stamp(&mut self, stamp: &Stamp) -> &mut Self {
        self.bytes(&stamp.boot.0).number(stamp.mono_ns);
        match stamp.utc_ns {
            Some(utc) => self.number(1).number(utc),
            None => self.number(0),
        }
    }

    pub(crate) fn hash(self) -> Hash {
        Hash(self.0.finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stamp::Boot;

    #[test]
    fn a_hash_is_read_as_it_is_written_and_in_no_other_way() {
        let hash = Hash([0xa7; 32]);
        assert_eq!(hash.to_string().parse(), Ok(hash));
        for text in [
            "",
            "a7",
            &"A7".repeat(32),
            &"a7".repeat(33),
            &"é".repeat(32),
        ] {
            assert_eq!(text.parse::<Hash>(), Err(NotHash), "{text}");
        }
    }

    #[test]
    fn a_head_is_read_as_it_is_written() {
        let head = Head {
            seq: 9,
            hash: Hash([0x5c; 32]),
        };
        assert_eq!(head.to_string().parse(), Ok(head));
        assert_eq!(head.to_string().replace(' ', ":").parse(), Ok(head));
        for text in ["", "9", "9 5c", "-1 00", &head.hash.to_string()] {
            assert_eq!(text.parse::<Head>(), Err(NotHead), "{text}");
        }
    }

    #[test]
    fn the_hash_of_a_record_covers_everything_that_is_in_it() {
        let stamp = Stamp {
            boot: Boot([1; 16]),
            mono_ns: 5,
            utc_ns: Some(7),
        };
        let all = [
            link(Hash::GENESIS, 1, "alarm", &stamp, "{}"),
            link(Hash([1; 32]), 1, "alarm", &stamp, "{}"),
            link(Hash::GENESIS, 2, "alarm", &stamp, "{}"),
            link(Hash::GENESIS, 1, "alarms", &stamp, "{}"),
            link(Hash::GENESIS, 1, "alarm{", &stamp, "}"),
            link(Hash::GENESIS, 1, "alarm", &stamp, "{ }"),
            link(
                Hash::GENESIS,
                1,
                "alarm",
                &Stamp {
                    boot: Boot([2; 16]),
                    ..stamp
                },
                "{}",
            ),
            link(
                Hash::GENESIS,
                1,
                "alarm",
                &Stamp {
                    mono_ns: 6,
                    ..stamp
                },
                "{}",
            ),
            link(
                Hash::GENESIS,
                1,
                "alarm",
                &Stamp {
                    utc_ns: None,
                    ..stamp
                },
                "{}",
            ),
        ];
        for (at, hash) in all.iter().enumerate() {
            assert!(!all[..at].contains(hash), "{at}");
        }
    }
}
