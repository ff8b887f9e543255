//! The sentinel: above the loop, and the hand on its brake.
//!
//! Every 20 ms it looks whether the loop has shown itself. A loop that stands still has not;
//! one that spins inside a tick has not either, because the sentinel runs above it; one that
//! wakes without ever sleeping has done so too often. Then the motor's ENABLE is dropped here,
//! within 100 ms of the last sign of life (W08), and stays dropped until somebody arms again.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use pump_core::quantity::{MonoNs, Nanoseconds};
use pump_hal::Brake;
use pump_rt::clock;

use crate::counter::StepCounter;
use crate::vitals::{Beat, LOOP_STALE, Stalled, Vitals};

const EVERY: Nanoseconds = Nanoseconds::from_millis(20);
/// The others show themselves many times a second; a disk may take its time.
const THREAD_STALE: Nanoseconds = Nanoseconds::from_secs(3);
/// The counter in hardware is read so often, a second after the last.
const COUNT_EVERY: Nanoseconds = Nanoseconds::from_secs(1);
/// No pump has more edges in 20 ms, and no loop a reason to wake more often.
const MOST_WAKES: u64 = 4_000;

pub(crate) struct Sentinel {
    pub(crate) vitals: Arc<Vitals>,
    pub(crate) brake: Arc<dyn Brake>,
    pub(crate) counter: Option<StepCounter>,
}

impl Sentinel {
    pub(crate) fn run(mut self) {
        let mut next = clock::now();
        let mut count_at = next;
        let mut wakes = self.vitals.wakes.load(Ordering::Relaxed);
        while !self.vitals.is_ending() {
            next = next.after(EVERY);
            clock::sleep_until(next);
            let now = clock::now();
            // After a sleep of its own that was too long there is nothing to catch up with.
            next = next.max(MonoNs(now.0.saturating_sub(EVERY.0)));
            let seen = self.vitals.wakes.load(Ordering::Relaxed);
            let wild = seen.saturating_sub(wakes) > MOST_WAKES;
            wakes = seen;
            let sick = self.vitals.pump_loop.age(now) > LOOP_STALE || wild;
            if !sick && self.vitals.pump_loop.is_shown() {
                self.vitals.healthy.show(now);
            }
            if sick && !self.vitals.braked.swap(true, Ordering::AcqRel) {
                let seen = self.vitals.pump_loop.last();
                // Where even this fails the heartbeat stops, and with it the charge pump.
                let _ = self.brake.cut();
                self.vitals.cut.note(seen, clock::now());
            }
            self.vitals
                .stalled
                .store(self.stalled(now), Ordering::Release);
            if now >= count_at {
                count_at = now.after(COUNT_EVERY);
                self.count();
            }
            self.vitals.sentinel.show(now);
        }
    }

    /// The steps as a witness in hardware has them (W12).
    fn count(&mut self) {
        let Some(counter) = &mut self.counter else {
            return;
        };
        if self.vitals.recount.swap(false, Ordering::AcqRel) {
            counter.forget();
        }
        let edges = || self.vitals.edges.load(Ordering::Acquire);
        if counter.compare(edges).is_err() {
            self.vitals.count_differs.store(true, Ordering::Release);
        }
    }

    fn stalled(&self, now: MonoNs) -> u32 {
        let vitals = &self.vitals;
        let bit = |beat: &Beat, which: Stalled| {
            if beat.age(now) > THREAD_STALE {
                which as u32
            } else {
                0
            }
        };
        let links = vitals.links.iter().map(|beat| bit(beat, Stalled::Link));
        bit(&vitals.inputs, Stalled::Inputs)
            | bit(&vitals.journal, Stalled::Journal)
            | bit(&vitals.disk, Stalled::Journal)
            | bit(&vitals.control, Stalled::Control)
            | links.fold(0, |all, one| all | one)
    }
}
