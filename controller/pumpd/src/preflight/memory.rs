//! Is the loop's memory there when it is needed?

use pump_rt::{guard, memory};

use super::{Aim, Finding, Site, green, only_real, red};

pub(super) fn locked(site: &Site, _: &Aim) -> Finding {
    let finding = match memory::locked_kb() {
        Ok(kb) if kb > 0 => green(format!("{kb} kB are locked")),
        _ => red(
            "the daemon's memory is not locked",
            "run pumpd from its unit, or give it LimitMEMLOCK=infinity (`ulimit -l unlimited`)",
        ),
    };
    only_real(site, finding)
}

/// I7.
pub(super) fn no_allocation(_: &Site, _: &Aim) -> Finding {
    match guard::violations() {
        0 => green("no thread has allocated that must not"),
        count => red(
            format!("a real-time thread has allocated {count} times"),
            "restart pumpd, and report it as a fault of pumpd",
        ),
    }
}
