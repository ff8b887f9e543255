//! Can what is given be made durable, and in time (I1)?

use std::sync::atomic::Ordering;

use pump_core::quantity::Nanoseconds;
use rustix::fs::statvfs;

use super::{Aim, Finding, Site, green, only_real, red};

/// The journal stays far below it in a month.
const LEAST_FREE: u64 = 64 * 1024 * 1024;
/// A bolus whose record takes longer is refused.
const SLOWEST_SYNC: Nanoseconds = Nanoseconds::from_secs(2);
const MB: u64 = 1_000_000;

pub(super) fn space(site: &Site, _: &Aim) -> Finding {
    let folder = site.state_dir.display();
    match statvfs(&site.state_dir) {
        Ok(found) => {
            let free = found.f_bavail.saturating_mul(found.f_frsize);
            if free < LEAST_FREE {
                return red(
                    format!("{folder} has {} MB free", free / MB),
                    format!("free at least {} MB there", LEAST_FREE / MB),
                );
            }
            green(format!("{folder} has {} MB free", free / MB))
        }
        Err(error) => red(
            format!("{folder} can't be looked at: {error}"),
            "see that it is mounted and belongs to pumpd's user",
        ),
    }
}

pub(super) fn sync(site: &Site, _: &Aim) -> Finding {
    let disk = site.disk.state();
    if disk.commits == 0 {
        let young = red(
            "nothing was made durable yet",
            "wait a second; if it stays so, look into pumpd's log",
        );
        return only_real(site, young);
    }
    let (last, worst) = (disk.took.0 / 1_000, disk.worst.0 / 1_000);
    if disk.took > SLOWEST_SYNC {
        return red(
            format!("the last sync took {} ms", last / 1_000),
            "use a faster disk for --state-dir, and see what else writes to this one",
        );
    }
    green(format!(
        "the last sync took {last} µs, the slowest {worst} µs"
    ))
}

pub(super) fn journal(site: &Site, _: &Aim) -> Finding {
    let disk = site.disk.state();
    if let Some((what, fix)) = disk.trouble {
        return red(what, fix);
    }
    if site.vitals.lost_to_journal.load(Ordering::Acquire) > 0 {
        return red(
            "records of the loop were lost, so nothing more is made durable",
            "restart pumpd; what is not known to be given counts as given",
        );
    }
    if site.vitals.discord.load(Ordering::Acquire) {
        return red(
            "the journal's repetition of the control law came to something else",
            "restart pumpd, and report it as a fault of pumpd",
        );
    }
    green(format!("{} commits, head {}", disk.commits, disk.head))
}
