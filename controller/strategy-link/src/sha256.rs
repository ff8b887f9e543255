//! The hash by which a plugin's file is known.

use std::fmt;
use std::str::FromStr;

/// The SHA-256 of a plugin's file, written as 64 lower-case hexadecimal digits.
///
/// ```
/// use strategy_link::Sha256;
/// let hash = Sha256([0xab; 32]);
/// assert_eq!("ab".repeat(32).parse(), Ok(hash));
/// assert_eq!(hash.to_string(), "ab".repeat(32));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sha256(pub [u8; 32]);

/// A text is not 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotSha256;

impl fmt::Display for NotSha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a SHA-256 is 64 lower-case hexadecimal digits")
    }
}

impl std::error::Error for NotSha256 {}

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for Sha256 {
    type Err = NotSha256;

    fn from_str(text: &str) -> Result<Self, NotSha256> {
        let digit = |byte: u8| match byte {
            b'0'..=b'9' => Ok(byte - b'0'),
            // One way to write a hash, so that two can be compared by eye.
            b'a'..=b'f' => Ok(byte - b'a' + 10),
            _ => Err(NotSha256),
        };
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        let mut hash = [0; 32];
        if pairs.len() != hash.len() || !rest.is_empty() {
            return Err(NotSha256);
        }
        for (byte, &[high, low]) in hash.iter_mut().zip(pairs) {
            *byte = digit(high)? << 4 | digit(low)?;
        }
        Ok(Self(hash))
    }
}
