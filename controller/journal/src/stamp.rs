//! When something was written down.

use std::fmt;
use std::fs;
use std::io;

/// Which run of the machine: the kernel draws one at random at every boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Boot(pub [u8; 16]);

impl Boot {
    /// The present one.
    ///
    /// # Errors
    /// Where `/proc` does not tell.
    pub fn current() -> io::Result<Self> {
        let text = fs::read_to_string("/proc/sys/kernel/random/boot_id")?;
        let digits: String = text.chars().filter(char::is_ascii_hexdigit).collect();
        u128::from_str_radix(&digits, 16)
            .map(|number| Self(number.to_be_bytes()))
            .map_err(io::Error::other)
    }
}

impl fmt::Display for Boot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// An instant, by both clocks (P04). The order of records is that of their numbers; a stamp
/// decides nothing about doses (I13).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The boot that the monotonic clock counts from.
    pub boot: Boot,
    /// Nanoseconds of `CLOCK_MONOTONIC`, at most [`i64::MAX`].
    pub mono_ns: u64,
    /// Nanoseconds since 1970 in UTC, at most [`i64::MAX`]; `None` where the clock is not
    /// known to be good.
    pub utc_ns: Option<u64>,
}
