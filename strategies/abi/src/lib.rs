//! The contract between a pump and a strategy plugin, version 1.1.
//!
//! A strategy decides for one regimen of a prescription: which basal rate, and when a
//! bolus. It only ever proposes. The pump's governor grants what the prescription allows;
//! whatever a plugin says, nothing beyond the envelope that follows from its own declared
//! parameters is given. In the folder `examples` beside the header, `pca.c` is a whole plugin
//! in C, `steady.c` the least and `week.c` one that goes by the time of day; in Rust, the crate
//! `strategy-sdk` writes all of this.
//!
//! THE LIBRARY. A plugin is a shared library `liba_b.so` for the strategy `a-b`. It exports
//! one constant, `strategy_entry`, and no function: the functions hang in that table. The
//! library is opened once, with all its symbols bound, and never closed. It is first opened
//! in a child process with a time-out, to read its declaration: constructors must be quick
//! and quiet, and the declaration must be constant. Better have none. A file is pinned by
//! its SHA-256 when a prescription is armed.
//!
//! MESSAGES are made of 32-bit and 64-bit unsigned integers and byte arrays only, without
//! padding, and are the same on 32-bit and 64-bit machines. There is no float, bool,
//! pointer or enum in them, so that no bit pattern is invalid and a NaN can't be expressed.
//! A quantity is an exact fraction. A text is UTF-8 and ends with a zero byte. Each message
//! starts with its `size` in bytes. What is marked reserved is written as zero.
//!
//! VERSIONS. A pump serves plugins of its own major version and of its own minor version or a
//! lower one; any other is refused with both versions named. Within a major version a field
//! keeps its place and its meaning, a constant its number, and the exported table and the
//! descriptor their size; a later minor version only appends fields to the snapshot and to
//! the order, and numbers to the lists. So a plugin says the sizes it was built with, reads
//! and writes the part it knows, leaves the rest, and takes a number it does not know for
//! one that does not concern it. Of an order, the pump reads as far as the size that the plugin
//! leaves, which is that of some minor version; an appended field that is zero says nothing.
//! A file that was built once runs for the whole major version.
//!
//! THREADS. The functions of one instance are never called at the same time, and never
//! again before the last call has returned. Different calls may come from different
//! threads. Different instances may be called at the same time: a plugin has no mutable
//! globals. On a real pump each instance lives in a process of its own, with few rights: no
//! network, no files, no time zone data. Never is a plugin called by a thread that moves the
//! motor, which waits for nobody. Each function below says by whom it is called; `create`,
//! `load` and `destroy` may allocate, and none may wait for anything.
//!
//! MEMORY. The caller owns every buffer; a pointer is not kept beyond the call. All
//! pointers given to a plugin are valid and aligned, unless it says otherwise.
//!
//! PURITY. `order = f(parameters, state, snapshot)`. A strategy reads no clock but the
//! snapshot's, does no I/O, draws no random number and starts no thread, so that a run can
//! be replayed from its records. Snapshots may come at any time: an extra one must change
//! nothing. The state lives in the instance, and `save` and `load` carry all of it.
//!
//! SIDE BY SIDE. A prescription has one to four regimens on one pump. None sees another's
//! orders. Basals add up; one bolus runs at a time, and whoever asks meanwhile is refused with
//! `REASON_BOLUS_RUNNING`, but a demand suspends a scheduled bolus; a demand goes to the first
//! regimen with a lockout and, where that gives nothing, to the next; lockouts, counts, windows
//! and the reservoir are common to all. The documentation of `strategy-sdk` has all of it.
//!
//! FAILURE. No exception, panic or `longjmp` may leave a function: catch it inside and
//! return `STATUS_PANICKED`. After any status but `STATUS_OK` from `step`, `save` or `load`
//! the instance is destroyed and not called again. A strategy that fails, hangs or dies
//! loses its live order, and the pump does what the prescription's `on_strategy_loss` says.
#![no_std]

mod bytes;
mod codes;
mod entry;
mod messages;

pub use bytes::Message;
pub use codes::*;
pub use entry::{CreateFn, DestroyFn, Entry, ExtensionFn, LoadFn, SaveFn, StepFn};
pub use messages::{Descriptor, Fraction, Order, Param, Snapshot};

/// The name of the exported constant.
pub const ENTRY_SYMBOL: &str = "strategy_entry";
