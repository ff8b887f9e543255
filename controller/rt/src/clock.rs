//! The one clock of the dose path, and the one way to wait for it.
//!
//! `CLOCK_MONOTONIC` never goes back and no one can set it (I13). Instants are
//! nanoseconds since the machine started, in 64 bits on every machine.

use pump_core::quantity::{MonoNs, Nanoseconds};
use rustix::io::Errno;
use rustix::thread::clock_nanosleep_absolute;
use rustix::time::{ClockId, Timespec, clock_gettime};

const SECOND: u64 = 1_000_000_000;

/// The time now, in nanoseconds since the machine started. No system call where the kernel
/// maps the clock into the process: on x86-64, and on ARM with an architected timer. The
/// Cortex-A8 of a BeagleBone has none; there it is a short one.
pub fn now() -> MonoNs {
    instant(clock_gettime(ClockId::Monotonic))
}

/// The processor time that the calling thread has used. A system call.
pub fn own_cpu_time() -> Nanoseconds {
    Nanoseconds(instant(clock_gettime(ClockId::ThreadCPUTime)).0)
}

/// Sleeps until `at`; returns at once where that has passed. A signal doesn't shorten it.
///
/// It is one system call, and it sleeps until an instant and not for a span: whatever
/// delays the call makes the sleep shorter, and a grid of instants doesn't drift.
pub fn sleep_until(at: MonoNs) {
    let at = timespec(at);
    // The other errors are for clocks and times that don't exist. Should there be one all
    // the same, an early return is what a caller that looks at the clock can live with.
    while clock_nanosleep_absolute(ClockId::Monotonic, &at) == Err(Errno::INTR) {}
}

/// The wall clock's time in nanoseconds since 1970, where the kernel says that it is
/// synchronised to something better than itself; then it is wrong by no more than
/// [`MOST_WRONG`]. `None`: nobody knows how wrong it is. Whoever sets the clock by hand makes
/// the kernel say so.
///
/// Both come from one look, so that no setting of the clock falls between the two. A system
/// call; for a thread that may wait.
pub fn synchronised_utc() -> Option<u64> {
    // SAFETY: all-zero is a valid `timex`, a struct of integers; with no mode set the call only
    // fills it in, and it outlives the call.
    let (state, timex) = unsafe {
        let mut timex: libc::timex = std::mem::zeroed();
        (libc::adjtimex(&raw mut timex), timex)
    };
    if state < 0 || state == libc::TIME_ERROR {
        return None;
    }
    let s = u64::try_from(timex.time.tv_sec).ok()?;
    let part = u64::try_from(timex.time.tv_usec).ok()?;
    let in_nanoseconds = timex.status & libc::STA_NANO != 0;
    let part = if in_nanoseconds { part } else { part * 1_000 };
    s.checked_mul(SECOND)?.checked_add(part)
}

/// The kernel takes its word back that the clock is synchronised when its error may be larger.
pub const MOST_WRONG: Nanoseconds = Nanoseconds::from_secs(16);

/// Does once what the first reading of a clock would do: find out where the kernel put it,
/// which takes a file and memory on kernels before 6.4.
/// [`thread::spawn`](crate::thread::spawn) does it before a body begins.
pub fn warm_up() {
    now();
    own_cpu_time();
    sleep_until(MonoNs(0));
}

fn instant(time: Timespec) -> MonoNs {
    // This clock starts at zero, and a kernel can't have been up for 584 years.
    let s = u64::try_from(time.tv_sec).unwrap_or(0);
    let ns = u64::try_from(time.tv_nsec).unwrap_or(0);
    MonoNs(s.saturating_mul(SECOND).saturating_add(ns))
}

fn timespec(at: MonoNs) -> Timespec {
    // 2⁶⁴ ns are 1.8 × 10¹⁰ s: both parts fit their types, which differ between machines.
    Timespec {
        tv_sec: (at.0 / SECOND).try_into().unwrap_or_default(),
        tv_nsec: (at.0 % SECOND).try_into().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_never_goes_back() {
        let mut last = now();
        for _ in 0..10_000 {
            let next = now();
            assert!(next >= last, "{next:?} came after {last:?}");
            last = next;
        }
    }

    #[test]
    fn nobody_wakes_before_the_instant_he_asked_for() {
        for ms in [0, 1, 3] {
            let due = now().after(Nanoseconds::from_millis(ms));
            sleep_until(due);
            assert!(now() >= due);
        }
    }

    #[test]
    fn the_past_is_not_waited_for() {
        sleep_until(MonoNs(0));
        sleep_until(now());
    }

    #[test]
    fn an_instant_survives_the_way_to_the_kernel_and_back() {
        for ns in [
            0,
            1,
            999_999_999,
            SECOND,
            4_102_444_800 * SECOND + 7,
            u64::MAX,
        ] {
            assert_eq!(instant(timespec(MonoNs(ns))), MonoNs(ns));
        }
    }

    /// Whether it is synchronised is this machine's affair; what it says then is not.
    #[test]
    fn a_wall_clock_that_is_synchronised_says_the_wall_clocks_time() {
        let Some(utc) = synchronised_utc() else {
            println!("skipped: this machine's clock is not synchronised");
            return;
        };
        let wall = std::time::SystemTime::now();
        let wall = wall.duration_since(std::time::UNIX_EPOCH).expect("a time");
        let apart = wall.as_nanos().abs_diff(utc.into());
        assert!(apart < 60_000_000_000, "{apart} ns apart");
    }

    #[test]
    fn work_shows_in_the_processor_time() {
        let before = own_cpu_time();
        // However loaded the machine is, enough work shows some time.
        while own_cpu_time() == before {
            std::hint::spin_loop();
        }
    }
}
