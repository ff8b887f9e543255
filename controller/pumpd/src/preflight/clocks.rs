//! Is the time of day known?

use pump_rt::clock;

use super::{Aim, Finding, Site, green};

/// Doses don't need it (I13): what is not known is said, and refuses nothing.
pub(super) fn known(_: &Site, _: &Aim) -> Finding {
    if clock::synchronised_utc().is_some() {
        green("the kernel says that the time of day is synchronised")
    } else {
        Finding::Skipped(
            "the time of day is not known to be right: what happens is stamped without it, time without power \
             counts as none, and a schedule by time of day is told so"
                .to_owned(),
        )
    }
}
