//! How far a long run is, for somebody who sits before a terminal.

use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use pump_core::quantity::Nanoseconds;

/// Looking at the wall clock for every edge would cost more than the edge.
const LOOK_EVERY: u32 = 1 << 14;
const FIRST_AFTER: Duration = Duration::from_millis(700);
const THEN_EVERY: Duration = Duration::from_millis(200);

pub(crate) struct Progress {
    duration: Nanoseconds,
    next: Instant,
    calls: u32,
    shown: bool,
    wanted: bool,
}

impl Progress {
    pub(crate) fn new(duration: Nanoseconds) -> Self {
        Self {
            duration,
            next: Instant::now() + FIRST_AFTER,
            calls: 0,
            shown: false,
            wanted: std::io::stderr().is_terminal(),
        }
    }

    pub(crate) fn instant(&mut self, now: Nanoseconds) {
        self.calls = self.calls.wrapping_add(1);
        if !self.wanted || !self.calls.is_multiple_of(LOOK_EVERY) || Instant::now() < self.next {
            return;
        }
        self.next = Instant::now() + THEN_EVERY;
        self.shown = true;
        let done = now.0 as f64 / self.duration.0.max(1) as f64;
        let bar = "█".repeat((done * 40.0) as usize);
        let _ = write!(std::io::stderr(), "\r  {bar:░<40} {:3.0} %", done * 100.0);
    }

    /// Takes the line away again.
    pub(crate) fn finish(&self) {
        if self.shown {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}
