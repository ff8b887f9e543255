//! The guard as the allocator of a program: this one.
//!
//! One test, since the count is the whole program's.

use std::alloc::{GlobalAlloc, Layout};
use std::hint::black_box;
use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;

use pump_core::quantity::{MonoNs, Nanoseconds};
use pump_rt::guard::{self, GuardedAlloc};
use pump_rt::histogram::Histogram;
use pump_rt::{clock, thread::Setting, thread::Spec};

#[global_allocator]
static ALLOCATOR: GuardedAlloc = GuardedAlloc;

/// The violations while `body` ran in this thread, marked.
fn counted(body: impl FnOnce()) -> u64 {
    let before = guard::violations();
    guard::forbid();
    body();
    guard::permit();
    guard::violations() - before
}

#[test]
fn a_marked_thread_is_caught_at_each_way_to_the_allocator_and_served() {
    assert!(guard::is_installed());
    assert_eq!(guard::violations(), 0, "probing is no violation");

    each_call_counts_once();
    others_are_not_watched();
    what_the_loop_uses_is_clean_from_the_first_call_on();
    the_mark_ends_with_a_threads_body();
    it_is_still_installed_while_marked();
}

fn each_call_counts_once() {
    let layout = Layout::from_size_align(48, 8).expect("a power of two");
    // SAFETY: each block is made with the layout it is used and released with.
    unsafe {
        let mut block = std::ptr::null_mut();
        assert_eq!(counted(|| block = ALLOCATOR.alloc(layout)), 1);
        assert_eq!(guard::last_size(), 48);
        assert!(!block.is_null(), "it is served all the same");
        block.write_bytes(7, 48);
        assert_eq!(counted(|| block = ALLOCATOR.realloc(block, layout, 96)), 1);
        assert_eq!(guard::last_size(), 96);
        assert_eq!(block.add(47).read(), 7);
        let larger = Layout::from_size_align(96, 8).expect("a power of two");
        assert_eq!(counted(|| ALLOCATOR.dealloc(block, larger)), 1);
        assert_eq!(counted(|| block = ALLOCATOR.alloc_zeroed(layout)), 1);
        assert_eq!(block.add(47).read(), 0);
        ALLOCATOR.dealloc(block, layout);
    }
    let mut text = String::new();
    assert_eq!(counted(|| text = format!("{} steps", black_box(12))), 1);
    assert!(counted(|| drop(text)) == 1);
}

fn others_are_not_watched() {
    let (marked, free) = (Barrier::new(2), Barrier::new(2));
    let before = guard::violations();
    thread::scope(|scope| {
        scope.spawn(|| {
            guard::forbid();
            marked.wait();
            free.wait();
            guard::permit();
        });
        marked.wait();
        drop(black_box(vec![0_u8; 1000]));
        free.wait();
    });
    assert_eq!(guard::violations(), before);
}

const SPEC: Spec = Spec {
    name: "marked",
    policy: pump_rt::thread::Policy::Normal,
    stack: 64 * 1024,
};

fn what_the_loop_uses_is_clean_from_the_first_call_on() {
    static HISTOGRAM: Histogram = Histogram::new();
    static CAUGHT: AtomicU64 = AtomicU64::new(u64::MAX);
    let thread = pump_rt::thread::spawn(&SPEC, Setting::default(), || {
        let caught = counted(|| {
            let due = clock::now().after(Nanoseconds::from_millis(1));
            clock::sleep_until(due);
            clock::sleep_until(MonoNs(0));
            HISTOGRAM.record(clock::now().since(due));
            HISTOGRAM.record(clock::own_cpu_time());
        });
        CAUGHT.store(caught, Relaxed);
    });
    assert_eq!(thread.expect("a thread more").join(), Ok(()));
    assert_eq!(CAUGHT.load(Relaxed), 0);
    assert_eq!(HISTOGRAM.snapshot().count, 2);
}

fn the_mark_ends_with_a_threads_body() {
    let before = guard::violations();
    let thread = pump_rt::thread::spawn(&SPEC, Setting::default(), guard::forbid);
    assert_eq!(thread.expect("a thread more").join(), Ok(()));
    assert_eq!(
        guard::violations(),
        before,
        "a thread releases its own making"
    );
}

fn it_is_still_installed_while_marked() {
    assert_eq!(counted(|| assert!(guard::is_installed())), 0);
    assert_eq!(counted(|| drop(black_box(Box::new(1_u8)))), 2);
}
