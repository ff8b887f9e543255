//! When something is written down: by the monotonic clock, and by the wall's where that is
//! known to be right (P04).

use std::time::{SystemTime, UNIX_EPOCH};

use pump_journal::{Boot, Stamp};
use pump_rt::clock;

/// An instant of this boot, now.
pub(crate) fn now(boot: Boot) -> Stamp {
    let wall = SystemTime::now().duration_since(UNIX_EPOCH).ok();
    let utc_ns = wall.and_then(|wall| u64::try_from(wall.as_nanos()).ok());
    Stamp {
        boot,
        mono_ns: clock::now().0,
        utc_ns: utc_ns.filter(|_| clock::wall_is_synchronised()),
    }
}
