//! Does the kernel run the loop when it is due?

use pump_rt::report;

use super::{Aim, Finding, Site, green, only_real, red};

pub(super) fn rt_kernel(site: &Site, _: &Aim) -> Finding {
    if report::is_preempt_rt() {
        return green("the kernel is a PREEMPT_RT one");
    }
    only_real(
        site,
        red(
            "the kernel is not a PREEMPT_RT one",
            "boot a PREEMPT_RT kernel: on Debian `apt-get install linux-image-rt-armmp`",
        ),
    )
}

pub(super) fn fifo_granted(site: &Site, _: &Aim) -> Finding {
    let finding = match site.refusals.first() {
        Some(refusal) => red(
            refusal,
            "run pumpd from its unit, or give it LimitRTPRIO=90 (`ulimit -r 90`)",
        ),
        None if !site.realtime => red("it was not asked for", "run pumpd as root"),
        None => green("every thread has the policy, priority and processor of the table"),
    };
    only_real(site, finding)
}

/// It stays on: it is the last thing between a spinning thread and a dead machine.
pub(super) fn rt_throttle(_: &Site, _: &Aim) -> Finding {
    match report::throttle() {
        Ok(throttle) => match throttle.runtime_us {
            Some(runtime) => green(format!(
                "real-time threads may run for {runtime} µs of each {} µs",
                throttle.period_us
            )),
            None => green("it is off: real-time threads may run for ever"),
        },
        Err(error) => red(
            format!("it can't be read: {error}"),
            "mount /proc where pumpd can read it",
        ),
    }
}
