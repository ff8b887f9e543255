//! The kernel's monotonic clock, which also stamps its line events.

use pump_core::quantity::MonoNs;
use rustix::time::{ClockId, clock_gettime};

/// Now, by `CLOCK_MONOTONIC`: the clock of [`LiveMotor::ready_at`](crate::LiveMotor::ready_at)
/// and of the stamps of [`InputEvent`](crate::InputEvent)s. No system call where the kernel has
/// a vDSO clock, which it has not on a BeagleBone.
pub fn now() -> MonoNs {
    let now = clock_gettime(ClockId::Monotonic);
    // This clock begins at boot and is never negative; 64 bits hold 584 years.
    let seconds = u64::try_from(now.tv_sec).unwrap_or(0);
    let rest = u64::try_from(now.tv_nsec).unwrap_or(0);
    MonoNs(seconds.saturating_mul(1_000_000_000).saturating_add(rest))
}
