//! How long things took: counts in buckets that grow with the value.
//!
//! The shape is that of an HDR histogram: below 128 ns each value has a bucket of its own,
//! above that each power of two is divided into 64 buckets, so a value is known to within
//! 1/64 (1.6 %) of itself. 1856 buckets of 64 bits cover 0 ns to 17 s; what is longer
//! counts in the last one, and the longest value is kept exactly.
//!
//! One thread records, any other reads, and neither waits: [`Histogram::record`] is a few
//! relaxed atomic operations, with no lock, no allocation and no system call.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use pump_core::quantity::Nanoseconds;

/// log₂ of how many buckets a power of two has.
const FINENESS: u32 = 6;
const PER_OCTAVE: usize = 1 << FINENESS;
/// The range is that of numbers of so many bits.
const BITS: u32 = 34;
const BUCKETS: usize = (BITS - FINENESS + 1) as usize * PER_OCTAVE;

fn bucket(ns: u64) -> usize {
    let ns = ns.min((1 << BITS) - 1);
    // The lowest octave that is divided has buckets one nanosecond wide.
    let shift = (u64::BITS - ns.leading_zeros()).saturating_sub(FINENESS + 1);
    // At most 2 * PER_OCTAVE - 1.
    let within = (ns >> shift) as usize;
    shift as usize * PER_OCTAVE + within
}

/// The first and the last value that falls into a bucket.
fn edges(bucket: usize) -> (u64, u64) {
    let octave = bucket / PER_OCTAVE;
    let shift = octave.saturating_sub(1);
    let within = bucket - shift * PER_OCTAVE;
    let first = (within as u64) << shift;
    (first, first + (1 << shift) - 1)
}

/// Counts of durations, shared between the thread that measures and those that look.
///
/// It takes 15 KiB; put it into a `static` or an `Arc` before the thread begins.
pub struct Histogram {
    counts: [AtomicU64; BUCKETS],
    min: AtomicU64,
    max: AtomicU64,
}

impl Histogram {
    /// An empty histogram.
    pub const fn new() -> Self {
        Self {
            counts: [const { AtomicU64::new(0) }; BUCKETS],
            min: AtomicU64::new(u64::MAX),
            max: AtomicU64::new(0),
        }
    }

    /// Counts one duration. Never waits.
    pub fn record(&self, took: Nanoseconds) {
        let ns = took.0;
        if let Some(count) = self.counts.get(bucket(ns)) {
            count.fetch_add(1, Relaxed);
        }
        // Both are rare after the first moments, and a plain load is cheaper.
        if ns < self.min.load(Relaxed) {
            self.min.fetch_min(ns, Relaxed);
        }
        if ns > self.max.load(Relaxed) {
            self.max.fetch_max(ns, Relaxed);
        }
    }

    /// What was recorded up to now, in short.
    pub fn snapshot(&self) -> Summary {
        self.counts().summary()
    }

    /// What was recorded up to now. Allocates: for a reader, never for the thread that
    /// records. A duration that is recorded meanwhile may be missing in a part of it.
    pub fn counts(&self) -> Counts {
        self.collect(|cell, _| cell.load(Relaxed))
    }

    /// What was recorded up to now, and starts anew. Nothing is lost or counted twice:
    /// what is recorded meanwhile is either in the answer or stays for the next.
    pub fn take(&self) -> Counts {
        self.collect(|cell, empty| cell.swap(empty, Relaxed))
    }

    /// Forgets everything.
    pub fn reset(&self) {
        for cell in &self.counts {
            cell.store(0, Relaxed);
        }
        self.min.store(u64::MAX, Relaxed);
        self.max.store(0, Relaxed);
    }

    fn collect(&self, read: impl Fn(&AtomicU64, u64) -> u64) -> Counts {
        Counts {
            counts: self.counts.iter().map(|cell| read(cell, 0)).collect(),
            min: read(&self.min, u64::MAX),
            max: read(&self.max, 0),
        }
    }
}

impl Default for Histogram {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Histogram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.snapshot().fmt(f)
    }
}

/// The counts of one or several histograms at one instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counts {
    counts: Box<[u64]>,
    min: u64,
    max: u64,
}

impl Counts {
    /// Nothing counted.
    pub fn empty() -> Self {
        Self {
            counts: vec![0; BUCKETS].into(),
            min: u64::MAX,
            max: 0,
        }
    }

    /// Adds what another one counted: other threads, or an earlier period.
    pub fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.counts.iter_mut().zip(&other.counts) {
            *mine = mine.saturating_add(*theirs);
        }
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }

    /// How many durations there are.
    pub fn count(&self) -> u64 {
        self.counts.iter().fold(0, |sum, n| sum.saturating_add(*n))
    }

    /// The duration that at least `per_mille` thousandths of all did not exceed; zero where
    /// there are none. It is never told too short, and too long by at most 1/64.
    /// `per_mille` is 0 to 1000; 0 means the first.
    pub fn quantile(&self, per_mille: u16) -> Nanoseconds {
        let count = u128::from(self.count());
        let rank = (count * u128::from(per_mille.min(1000)))
            .div_ceil(1000)
            .max(1);
        let mut passed = 0;
        for (index, n) in self.counts.iter().enumerate() {
            passed += u128::from(*n);
            if passed >= rank {
                let (first, last) = edges(index);
                // What lies above the range has the longest value for its edge.
                let last = if index + 1 == BUCKETS { u64::MAX } else { last };
                return Nanoseconds(last.min(self.max).max(first));
            }
        }
        Nanoseconds::ZERO
    }

    /// The figures that are worth a line.
    pub fn summary(&self) -> Summary {
        let count = self.count();
        if count == 0 {
            return Summary::default();
        }
        Summary {
            count,
            min: Nanoseconds(self.min.min(self.max)),
            p50: self.quantile(500),
            p99: self.quantile(990),
            p999: self.quantile(999),
            max: Nanoseconds(self.max),
        }
    }

    /// The buckets with something in them, from the shortest durations to the longest.
    pub fn buckets(&self) -> impl Iterator<Item = Bucket> {
        let all = self.counts.iter().enumerate();
        all.filter(|(_, count)| **count > 0).map(|(index, count)| {
            let (first, last) = edges(index);
            Bucket {
                first: Nanoseconds(first),
                last: Nanoseconds(last),
                count: *count,
            }
        })
    }
}

/// One bucket of a histogram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// The shortest duration that counts here.
    pub first: Nanoseconds,
    /// The longest one; in the last bucket there is none, and this is where it begins to
    /// be too long.
    pub last: Nanoseconds,
    /// How many there were.
    pub count: u64,
}

/// A histogram in short; all zero where nothing was recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// How many durations.
    pub count: u64,
    /// The shortest, exactly.
    pub min: Nanoseconds,
    /// The median; this and the next two are at most 1/64 too long, never too short.
    pub p50: Nanoseconds,
    /// What 99 % did not exceed.
    pub p99: Nanoseconds,
    /// What 99.9 % did not exceed.
    pub p999: Nanoseconds,
    /// The longest, exactly.
    pub max: Nanoseconds,
}
