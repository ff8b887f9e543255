//! Does somebody reset a machine that hangs?

use pump_core::quantity::Nanoseconds;
use pump_rt::clock;

use super::{Aim, Finding, Site, green, only_real, red};

/// The thread that tells them does so more than twice a second.
const STALE: Nanoseconds = Nanoseconds::from_secs(2);

/// Who watches the daemon.
#[derive(Clone, Debug, Default)]
pub(crate) struct Watched {
    /// The hardware watchdog's device, or why there is none.
    pub(crate) hardware: Option<Result<String, String>>,
    /// systemd's time-out.
    pub(crate) systemd: Option<Nanoseconds>,
}

pub(super) fn running(site: &Site, _: &Aim) -> Finding {
    let systemd = match site.watched.systemd {
        Some(within) => format!("systemd within {} s", within.0 / 1_000_000_000),
        None => "not systemd".to_owned(),
    };
    let finding = match &site.watched.hardware {
        Some(Ok(device)) if site.vitals.watchdog.age(clock::now()) > STALE => red(
            format!("{device} is open, but nobody tells it that all is well"),
            "restart pumpd; if it comes again, look into its log",
        ),
        Some(Ok(device)) => green(format!("{device} watches the machine; {systemd}")),
        Some(Err(why)) => red(
            why,
            "load its driver (omap_wdt, or softdog), let pumpd's user write to it, and see that \
             nothing else holds it (systemd does with RuntimeWatchdogSec=)",
        ),
        None => red(
            "the device's file has no [watchdog]",
            "write [watchdog] with device = \"/dev/watchdog0\"",
        ),
    };
    only_real(site, finding)
}
