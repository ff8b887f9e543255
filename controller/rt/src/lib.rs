//! What a thread needs on Linux so that its lateness has a bound, and the means to show it.
//!
//! A thread that must act at an instant is late for few reasons, and each has a remedy here:
//!
//! | it is late because | remedy |
//! |---|---|
//! | another thread has the processor | [`thread`]: FIFO priority, pinned to a processor |
//! | its memory isn't there yet, or was taken away | [`memory`]: locked, stack touched beforehand |
//! | the allocator takes a lock or asks the kernel | [`guard`]: counts every allocation of a thread that promised none |
//! | it slept a span, not until an instant | [`clock`]: absolute sleep |
//! | the processor was in a deep sleep | [`latency`]: a request that it doesn't |
//!
//! [`histogram`] measures in passing how late it was, always, in release builds too.
//! [`report`] reads from the kernel what was really granted, because what a program asked
//! for is no evidence.
//!
//! What this crate refuses to do: it knows nothing of pumps, doses and lines; it never
//! decides that a refusal of the kernel can be lived with. [`thread::spawn`] says what was
//! [`Granted`](thread::Granted), and whoever arms real hardware refuses for want of it. It
//! turns no real-time throttling off: that is the last thing between a spinning thread and
//! a dead machine.
//!
//! A thread on a 10 ms grid that measures how late it wakes:
//!
//! ```
//! use std::sync::Arc;
//!
//! use pump_core::quantity::Nanoseconds;
//! use pump_rt::clock;
//! use pump_rt::histogram::Histogram;
//! use pump_rt::thread::{self, Policy, Setting, Spec};
//!
//! const LOOP: Spec = Spec { name: "pump-loop", policy: Policy::Fifo(80), stack: 256 * 1024 };
//!
//! let lateness = Arc::new(Histogram::new());
//! let measured = Arc::clone(&lateness);
//! // In a simulation no privilege is asked for, and the thread stays an ordinary one.
//! let setting = Setting { realtime: false, ..Setting::default() };
//! let thread = thread::spawn(&LOOP, setting, move || {
//!     let mut due = clock::now();
//!     for _ in 0..3 {
//!         due = due.after(Nanoseconds::from_millis(10));
//!         clock::sleep_until(due);
//!         measured.record(clock::now().since(due));
//!     }
//! })?;
//! assert_eq!(thread.granted().error, None);
//! thread.join().expect("its body doesn't panic");
//! assert_eq!(lateness.snapshot().count, 3);
//! # Ok::<(), std::io::Error>(())
//! ```

pub mod clock;
pub mod guard;
pub mod histogram;
pub mod latency;
pub mod memory;
pub mod report;
pub mod thread;
