//! Keeps processors and memory busy while latencies are measured.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

/// Larger than a processor's caches \[bytes\].
const BLOCK: usize = 32 << 20;
/// Of a board's memory the load must not take much.
const MEMORY_THREADS: usize = 2;

/// Busy until it is dropped.
pub(crate) struct Load {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Load {
    /// Two threads for each processor that count, and a few that copy memory.
    pub(crate) fn start() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let stop = Arc::new(AtomicBool::new(false));
        let counting = (0..2 * processors).map(|_| count as fn(&AtomicBool));
        let copying = (0..processors.min(MEMORY_THREADS)).map(|_| copy as fn(&AtomicBool));
        let spawn = |body: fn(&AtomicBool)| {
            let stop = Arc::clone(&stop);
            std::thread::spawn(move || body(&stop))
        };
        let threads = counting.chain(copying).map(spawn).collect();
        Self { stop, threads }
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            // It can't panic; if it did, the load has ended all the same.
            let _ = thread.join();
        }
    }
}

fn count(stop: &AtomicBool) {
    let mut n = 0_u64;
    while !stop.load(Ordering::Relaxed) {
        for _ in 0..10_000 {
            n = black_box(n.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
        }
    }
}

fn copy(stop: &AtomicBool) {
    let from = vec![1_u8; BLOCK];
    let mut to = vec![0_u8; BLOCK];
    while !stop.load(Ordering::Relaxed) {
        for (to, from) in to.chunks_mut(1 << 20).zip(from.chunks(1 << 20)) {
            if stop.load(Ordering::Relaxed) {
                return;
            }
            to.copy_from_slice(black_box(from));
        }
        black_box(&mut to);
    }
}
