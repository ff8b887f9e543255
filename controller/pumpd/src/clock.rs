//! The pump's clock.
//!
//! It is `CLOCK_MONOTONIC`, moved ahead by what the pump has lived through before this boot, so
//! that a window, a lockout and a count go on where they were when the power went. Only whole
//! boots move it: while the machine is up, the time in which no daemon ran has passed for
//! certain, and counts; the time in which the machine was off counts as zero, unless a wall clock
//! that was known good before and is known good now says how long it was (I13).

use pump_core::quantity::{MonoNs, Nanoseconds};
use pump_rt::clock;

/// The clock of the control law. Everything that it is told and tells is by this one; the
/// threads' beats, the tape and the kernel's stamps are by the monotonic clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PumpClock {
    ahead: Nanoseconds,
}

impl PumpClock {
    /// A clock that is so far ahead of the monotonic one.
    pub(crate) const fn ahead_by(ahead: Nanoseconds) -> Self {
        Self { ahead }
    }

    pub(crate) const fn ahead(self) -> Nanoseconds {
        self.ahead
    }

    pub(crate) fn now(self) -> MonoNs {
        self.of(clock::now())
    }

    /// The pump's instant of one of the monotonic clock.
    pub(crate) const fn of(self, mono: MonoNs) -> MonoNs {
        mono.after(self.ahead)
    }

    /// The monotonic instant of one of the pump's.
    pub(crate) fn mono(self, at: MonoNs) -> MonoNs {
        if at == MonoNs::NEVER {
            return at;
        }
        MonoNs(at.0.saturating_sub(self.ahead.0))
    }

    pub(crate) fn sleep_until(self, at: MonoNs) {
        clock::sleep_until(self.mono(at));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_survives_the_way_to_the_other_clock_and_back() {
        let clock = PumpClock::ahead_by(Nanoseconds::from_hours(1_000));
        for at in [0, 1, 1_000_000_007] {
            assert_eq!(clock.mono(clock.of(MonoNs(at))), MonoNs(at));
        }
        assert_eq!(clock.mono(MonoNs::NEVER), MonoNs::NEVER);
    }
}
