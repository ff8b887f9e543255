//! Counts the allocations of threads that promised to make none (I7).
//!
//! An allocator takes locks and asks the kernel for memory; a real-time thread that calls
//! it is late one day. That a thread doesn't is easy to say and easily lost with the next
//! change, so the guard watches in every build: [`GuardedAlloc`] is the program's
//! allocator, [`forbid`] marks the calling thread, and from then on each allocation,
//! reallocation or release by it adds to [`violations`]. The request is still served: the
//! guard finds a fault, it doesn't make one. Whoever runs the alarms looks at the count.
//!
//! ```
//! use pump_rt::guard::{self, GuardedAlloc};
//!
//! #[global_allocator]
//! static ALLOCATOR: GuardedAlloc = GuardedAlloc;
//!
//! guard::forbid();
//! let forgotten = String::from("once a second");
//! guard::permit();
//! assert_eq!(guard::violations(), 1);
//! # drop(forgotten);
//! ```
//!
//! To find the culprit, set a breakpoint on `pump_rt::guard::violated`.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

static VIOLATIONS: AtomicU64 = AtomicU64::new(0);
static LAST_SIZE: AtomicUsize = AtomicUsize::new(0);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    Permitted,
    Forbidden,
    /// Somebody wants to know whether the guard sees anything.
    Probing,
    /// It did.
    Seen,
}

thread_local! {
    // Without a lazy beginning and without a destructor: the allocator may read it at any
    // time in a thread's life, and reading it allocates nothing.
    static MARK: Cell<Mark> = const { Cell::new(Mark::Permitted) };
}

/// From now on, the calling thread allocates nothing.
pub fn forbid() {
    MARK.set(Mark::Forbidden);
}

/// The calling thread may allocate again.
pub fn permit() {
    MARK.set(Mark::Permitted);
}

/// How often a marked thread called the allocator, since the process began.
pub fn violations() -> u64 {
    VIOLATIONS.load(Relaxed)
}

/// The size in bytes of the last request that was a violation; zero where there was none.
pub fn last_size() -> usize {
    LAST_SIZE.load(Relaxed)
}

/// Whether the guard is the allocator of this program: without that, nothing is counted.
/// It allocates a byte to see.
pub fn is_installed() -> bool {
    let before = MARK.replace(Mark::Probing);
    drop(std::hint::black_box(Box::new(0_u8)));
    MARK.replace(before) == Mark::Seen
}

/// The system's allocator, watched.
#[derive(Clone, Copy, Debug, Default)]
pub struct GuardedAlloc;

#[inline]
fn watch(size: usize) {
    match MARK.get() {
        Mark::Permitted | Mark::Seen => {}
        Mark::Forbidden => violated(size),
        Mark::Probing => MARK.set(Mark::Seen),
    }
}

/// A function of its own, so that a debugger can stop at it.
#[cold]
#[inline(never)]
fn violated(size: usize) {
    VIOLATIONS.fetch_add(1, Relaxed);
    LAST_SIZE.store(size, Relaxed);
}

// SAFETY: every request goes to `System` as it came, and every answer back; `watch` neither
// allocates nor unwinds.
unsafe impl GlobalAlloc for GuardedAlloc {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        watch(layout.size());
        // SAFETY: the caller keeps the contract of `GlobalAlloc`, which is `System`'s.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        watch(layout.size());
        // SAFETY: as above; `ptr` came from `System`, the only source of this allocator.
        unsafe { System.dealloc(ptr, layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        watch(layout.size());
        // SAFETY: as for `alloc`.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, ptr: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        watch(new_size);
        // SAFETY: as for `dealloc`.
        unsafe { System.realloc(ptr, layout, new_size) }
    }
}
