//! When something is written down: by the monotonic clock, and by the wall's where that is
//! known to be right (P04).

use pump_journal::{Boot, Stamp};
use pump_rt::clock;

/// An instant of this boot, now.
pub(crate) fn now(boot: Boot) -> Stamp {
    Stamp {
        boot,
        mono_ns: clock::now().0,
        utc_ns: utc_ns(),
    }
}

/// The time of day in nanoseconds since 1970, where it is known to be right.
pub(crate) fn utc_ns() -> Option<u64> {
    clock::synchronised_utc()
}
