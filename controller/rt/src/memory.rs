//! Memory that is there when it is needed.
//!
//! A page that is touched for the first time, or that was swapped out, costs a trip into
//! the kernel, perhaps to the disk. Call in this order, before the first thread starts:
//! [`calm_heap`], [`lock_all`]. [`thread::spawn`](crate::thread::spawn) then touches each
//! real-time thread's stack.

use std::hint::black_box;
use std::io;
use std::mem::MaybeUninit;

use rustix::mm::{MlockAllFlags, mlockall};

/// A page, or less where pages are larger.
const PAGE: usize = 4096;
/// Not touched at the far end of a stack: the guard pages, and what they may be counted as.
const MARGIN: usize = 4 * PAGE;

/// Locks every page of the process into memory, those of today and those to come. Counts
/// whole stacks and whole libraries: threads want small stacks.
///
/// # Errors
///
/// The user may not lock that much (`RLIMIT_MEMLOCK`, `CAP_IPC_LOCK`), or it is not there.
pub fn lock_all() -> io::Result<()> {
    mlockall(MlockAllFlags::CURRENT | MlockAllFlags::FUTURE)?;
    Ok(())
}

/// Tells the C library to keep what memory it has and to have one heap, not one for each
/// thread: an unlocked heap of 64 MiB address space per thread would count as locked.
/// Answers whether it obeyed; another C library than GNU's is not told anything.
pub fn calm_heap() -> bool {
    #[cfg(target_env = "gnu")]
    {
        let set = |option, value| {
            // SAFETY: `mallopt` takes two integers, locks for itself and keeps no pointer.
            unsafe { libc::mallopt(option, value) == 1 }
        };
        let one_heap = set(libc::M_ARENA_MAX, 1);
        let nothing_returned = set(libc::M_TRIM_THRESHOLD, libc::c_int::MAX);
        let nothing_mapped = set(libc::M_MMAP_MAX, 0);
        one_heap && nothing_returned && nothing_mapped
    }
    #[cfg(not(target_env = "gnu"))]
    false
}

/// Touches the calling thread's stack below here, at most `at_most` bytes and never into
/// the guard page. Answers how many bytes are there now; zero where the C library doesn't
/// say where the stack ends.
pub fn prefault_stack(at_most: usize) -> usize {
    let here = address_here();
    let Some(end) = end_of_stack() else {
        return 0;
    };
    let floor = end.saturating_add(MARGIN).max(here.saturating_sub(at_most));
    if here > floor {
        touch_down_to(floor);
    }
    here.saturating_sub(floor)
}

#[inline(never)]
fn address_here() -> usize {
    let here = 0_u8;
    black_box(&raw const here).addr()
}

/// A frame of a page at a time, written to, until the stack reaches that far.
#[inline(never)]
fn touch_down_to(floor: usize) {
    let mut page = [0_u8; PAGE];
    let here = black_box(&raw mut page).addr();
    if here > floor.saturating_add(2 * PAGE) {
        touch_down_to(floor);
    }
    // After the call, so that it can't be turned into a loop over one frame.
    black_box(&mut page);
}

/// The lowest address of the calling thread's stack.
fn end_of_stack() -> Option<usize> {
    let mut attributes = MaybeUninit::<libc::pthread_attr_t>::uninit();
    let mut end = std::ptr::null_mut();
    let mut size = 0;
    // SAFETY: `attributes` is read only after `pthread_getattr_np` said that it filled it
    // in, is destroyed exactly once, and all pointers are to locals that outlive the calls.
    let found = unsafe {
        if libc::pthread_getattr_np(libc::pthread_self(), attributes.as_mut_ptr()) != 0 {
            return None;
        }
        let found = libc::pthread_attr_getstack(attributes.as_ptr(), &mut end, &mut size);
        libc::pthread_attr_destroy(attributes.as_mut_ptr());
        found
    };
    (found == 0).then(|| end.addr())
}

/// How much of the process is locked into memory, in KiB, as the kernel says.
///
/// # Errors
///
/// `/proc` is not there, or doesn't say.
pub fn locked_kb() -> io::Result<u64> {
    field("VmLck:")
}

/// How much memory the process has, in KiB, as the kernel says.
///
/// # Errors
///
/// `/proc` is not there, or doesn't say.
pub fn resident_kb() -> io::Result<u64> {
    field("VmRSS:")
}

fn field(name: &str) -> io::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok())
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, format!("no {name} in it")))
}
