//! How the threads are: atomics that anybody may read at any time.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use pump_core::prescription::MAX_REGIMENS;
use pump_core::quantity::{MonoNs, Nanoseconds};
use pump_rt::histogram::Histogram;

use crate::indicators::Signals;

/// Without a beat for this long the loop is not alive: it wakes every 10 ms. The sentinel brakes
/// for it (W08).
pub(crate) const LOOP_STALE: Nanoseconds = Nanoseconds::from_millis(50);

/// The instant at which a thread last showed itself.
#[derive(Debug, Default)]
pub(crate) struct Beat(AtomicU64);

impl Beat {
    /// The thread is there.
    pub(crate) fn show(&self, now: MonoNs) {
        self.0.store(now.0, Ordering::Release);
    }

    /// When it was last seen; zero before its first beat.
    pub(crate) fn last(&self) -> MonoNs {
        MonoNs(self.0.load(Ordering::Acquire))
    }

    /// Whether it was ever seen.
    pub(crate) fn is_shown(&self) -> bool {
        self.0.load(Ordering::Acquire) != 0
    }

    /// Since when it has not been seen; zero before its first beat.
    pub(crate) fn age(&self, now: MonoNs) -> Nanoseconds {
        match self.0.load(Ordering::Acquire) {
            0 => Nanoseconds::ZERO,
            at => now.since(MonoNs(at)),
        }
    }
}

/// The sentinel's last cut of the motor.
#[derive(Debug, Default)]
pub(crate) struct Cut {
    seen: AtomicU64,
    done: AtomicU64,
}

impl Cut {
    /// The motor is off now; the loop was last seen then.
    pub(crate) fn note(&self, seen: MonoNs, done: MonoNs) {
        self.seen.store(seen.0, Ordering::Relaxed);
        self.done.store(done.0, Ordering::Release);
    }

    /// When the motor was off, and how long after the loop's last sign of life that was.
    pub(crate) fn last(&self) -> Option<(MonoNs, Nanoseconds)> {
        let done = MonoNs(self.done.load(Ordering::Acquire));
        let seen = MonoNs(self.seen.load(Ordering::Relaxed));
        (done.0 != 0).then(|| (done, done.since(seen)))
    }
}

/// What the threads know of each other.
#[derive(Debug)]
pub(crate) struct Vitals {
    pub(crate) pump_loop: Beat,
    pub(crate) inputs: Beat,
    pub(crate) journal: Beat,
    pub(crate) links: [Beat; MAX_REGIMENS],
    pub(crate) control: Beat,
    pub(crate) sentinel: Beat,
    /// The disk's thread: it is idle, or has just written.
    pub(crate) disk: Beat,
    pub(crate) watchdog: Beat,
    pub(crate) indicators: Beat,
    /// What lights and buzzer are to tell.
    pub(crate) signals: Signals,
    /// The sentinel has found the loop alive.
    pub(crate) healthy: Beat,
    /// Wake-ups of the loop, ticks of the control law, edges the kernel took and refused.
    pub(crate) wakes: AtomicU64,
    pub(crate) ticks: AtomicU64,
    pub(crate) edges: AtomicU64,
    pub(crate) refused_edges: AtomicU64,
    /// Messages of the loop that found a lane full: to journal, control, links.
    pub(crate) lost_to_journal: AtomicU64,
    pub(crate) lost_to_control: AtomicU64,
    pub(crate) lost_to_links: AtomicU64,
    /// The sentinel has cut the brake; it stays until the next arming.
    pub(crate) braked: AtomicBool,
    /// When it did so, the last time.
    pub(crate) cut: Cut,
    /// A counter in hardware disagrees with the ledger.
    pub(crate) count_differs: AtomicBool,
    /// Something else is armed: the counter is held against the ledger from here on.
    pub(crate) recount: AtomicBool,
    /// The journal's repetition of the control law came to something else than the loop's.
    pub(crate) discord: AtomicBool,
    /// The last mark before which everything is durable: see `Note::Mark`.
    pub(crate) durable_mark: AtomicU64,
    /// A self-test has failed while the pump ran.
    pub(crate) self_test_failed: AtomicBool,
    /// The threads whose beat is too old, one bit each: see [`Stalled`].
    pub(crate) stalled: AtomicU32,
    /// The daemon is to end.
    pub(crate) ending: AtomicBool,
    /// The loop has sent its last record.
    pub(crate) loop_ended: AtomicBool,
    pub(crate) wake_lateness: Histogram,
    pub(crate) edge_lateness: Histogram,
    pub(crate) tick_time: Histogram,
    pub(crate) ioctl_time: Histogram,
}

/// The threads that may hang without moving the loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stalled {
    Inputs = 1,
    Journal = 2,
    Link = 4,
    Control = 8,
}

impl Vitals {
    pub(crate) const fn new() -> Self {
        const fn beat() -> Beat {
            Beat(AtomicU64::new(0))
        }
        Self {
            pump_loop: beat(),
            inputs: beat(),
            journal: beat(),
            links: [const { beat() }; MAX_REGIMENS],
            control: beat(),
            sentinel: beat(),
            disk: beat(),
            watchdog: beat(),
            indicators: beat(),
            signals: Signals::new(),
            healthy: beat(),
            wakes: AtomicU64::new(0),
            ticks: AtomicU64::new(0),
            edges: AtomicU64::new(0),
            refused_edges: AtomicU64::new(0),
            lost_to_journal: AtomicU64::new(0),
            lost_to_control: AtomicU64::new(0),
            lost_to_links: AtomicU64::new(0),
            braked: AtomicBool::new(false),
            cut: Cut {
                seen: AtomicU64::new(0),
                done: AtomicU64::new(0),
            },
            count_differs: AtomicBool::new(false),
            recount: AtomicBool::new(false),
            discord: AtomicBool::new(false),
            durable_mark: AtomicU64::new(0),
            self_test_failed: AtomicBool::new(false),
            stalled: AtomicU32::new(0),
            ending: AtomicBool::new(false),
            loop_ended: AtomicBool::new(false),
            wake_lateness: Histogram::new(),
            edge_lateness: Histogram::new(),
            tick_time: Histogram::new(),
            ioctl_time: Histogram::new(),
        }
    }

    /// Whether a thread is known to hang.
    pub(crate) fn is_stalled(&self, which: Stalled) -> bool {
        self.stalled.load(Ordering::Acquire) & which as u32 != 0
    }

    /// Whether the daemon is to end.
    pub(crate) fn is_ending(&self) -> bool {
        self.ending.load(Ordering::Acquire)
    }
}
