//! What nobody should send to the control socket, made to measure for tests: of the server by
//! itself, and of the daemon while it infuses.
//!
//! Everything is random and the same everywhere for a seed, which is printed;
//! `PUMP_SEED=2 cargo test` throws something else.
#![forbid(unsafe_code)]

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;

/// What is kept of the answers to a [`Thrower`].
const KEPT: usize = 1000;

/// A generator of random numbers that is the same everywhere (splitmix64).
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// From the seed in `PUMP_SEED`, or 1; it is printed.
    pub fn seeded() -> Self {
        let seed = std::env::var("PUMP_SEED").ok();
        let seed = seed.and_then(|seed| seed.parse().ok()).unwrap_or(1);
        println!("PUMP_SEED={seed}");
        Self(seed)
    }

    /// The next number.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`, which is not 0.
    pub fn below(&mut self, end: usize) -> usize {
        (self.draw() % end as u64) as usize
    }

    fn bytes(&mut self, most: usize) -> Vec<u8> {
        let count = self.below(most + 1);
        (0..count).map(|_| self.draw() as u8).collect()
    }
}

const GOOD: [&str; 5] = [
    r#"{"v":1,"id":1,"do":"pause"}"#,
    r#"{"v":1,"id":2,"do":{"status":{"threads":true}}}"#,
    r#"{"v":1,"id":3,"do":{"propose":{"name":"rx.toml","text":"format = 1\n"}}}"#,
    r#"{"v":1,"id":4,"do":{"silence":{"seconds":60}}}"#,
    r#"{"v":1,"id":5,"do":{"ack":{"alarm":"reservoir-low"}}}"#,
];

const WRONG: [&str; 12] = [
    "",
    "null",
    "[]",
    "{}",
    r#"{"v":1}"#,
    r#"{"v":2,"id":1,"do":"stop"}"#,
    r#"{"v":1,"id":1,"do":"stop","and":"start"}"#,
    r#"{"v":1,"id":99999999999999999999999999,"do":"stop"}"#,
    r#"{"v":1,"id":1,"do":{"silence":{"seconds":4294967296}}}"#,
    r#"{"v":1,"id":1,"do":{"ack":{"alarm":"\ud800"}}}"#,
    r#"{"v":1,"id":1,"do":{"ack":{"alarm":"\u0000"}}}"#,
    r#"{"v":1e400,"id":1,"do":"stop"}"#,
];

/// One line that is no request, with its end: never one that moves or stops the pump.
pub fn malformed(random: &mut Random) -> Vec<u8> {
    let mut line = match random.below(6) {
        0 => random.bytes(200),
        1 => WRONG[random.below(WRONG.len())].into(),
        2 => {
            let good = GOOD[random.below(GOOD.len())].as_bytes();
            good[..random.below(good.len())].into()
        }
        3 => {
            let mut good = GOOD[random.below(GOOD.len())].as_bytes().to_vec();
            // Without its first brace it is nothing, whatever else is changed.
            good.remove(0);
            for _ in 0..random.below(4) {
                let place = random.below(good.len());
                good[place] = random.draw() as u8;
            }
            good
        }
        4 => "[".repeat(random.below(3000)).into(),
        _ => GOOD.concat().into(),
    };
    line.retain(|byte| *byte != b'\n');
    line.push(b'\n');
    line
}

/// A connection without a client's manners: it sends without waiting for room, and takes the
/// answers so that the server goes on.
#[derive(Debug)]
pub struct Thrower {
    stream: UnixStream,
    /// What is still to be sent.
    pub out: Vec<u8>,
    /// The lines that came back.
    pub answers: u64,
    /// The end of what came back.
    pub last: Vec<u8>,
    /// The other end has closed.
    pub closed: bool,
}

impl Thrower {
    /// Connects.
    ///
    /// # Errors
    /// Nobody listens there.
    pub fn connect(path: &Path) -> io::Result<Self> {
        let stream = UnixStream::connect(path)?;
        stream.set_nonblocking(true)?;
        Ok(Self {
            stream,
            out: Vec::new(),
            answers: 0,
            last: Vec::new(),
            closed: false,
        })
    }

    /// Sends what there is room for, and takes what is there.
    pub fn pump(&mut self) {
        if !self.out.is_empty() {
            match self.stream.write(&self.out) {
                Ok(count) => {
                    self.out.drain(..count);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(_) => self.out.clear(),
            }
        }
        let mut gulp = [0; 65536];
        match self.stream.read(&mut gulp) {
            Ok(0) => self.closed = true,
            Ok(count) => {
                let came = &gulp[..count];
                self.answers += came.iter().filter(|byte| **byte == b'\n').count() as u64;
                self.last.extend_from_slice(came);
                let keep = self.last.len().saturating_sub(KEPT);
                self.last.drain(..keep);
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => std::thread::yield_now(),
            Err(_) => self.closed = true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_lines_and_each_is_one() {
        let (mut one, mut other) = (Random(1), Random(1));
        for _ in 0..10_000 {
            let line = malformed(&mut one);
            assert_eq!(line, malformed(&mut other));
            let ends = line.iter().filter(|byte| **byte == b'\n').count();
            assert_eq!((ends, line.last()), (1, Some(&b'\n')));
            let text = line.strip_suffix(b"\n").unwrap_or_default();
            assert!(!GOOD.iter().any(|good| good.as_bytes() == text));
        }
    }
}
