//! The table of functions.

use crate::{Descriptor, Fraction, Order, Snapshot};
use core::ffi::{c_char, c_void};

/// Makes an instance from `count` values, one per declared parameter and in that order, and
/// behind them two per step of a profile. An optional parameter that was not written has its
/// default. Each value is within its declared range.
///
/// Called: once per instance, before its other functions. In the pump's simulator and in the
/// process that runs the strategy; not in the probe that reads the declaration.
/// Thread: any, at normal priority. Other instances may be made or asked at the same time.
/// May allocate: yes. May block: no.
/// Returns: `STATUS_OK` with `*instance` set and not null; `STATUS_REFUSED` where the values
/// do not go together (each alone is in range); `STATUS_PANICKED`; `STATUS_BAD_CALL`. Unless
/// it is `STATUS_OK`, `*instance` is not read.
/// Why: it is the only moment at which a strategy gets memory, so that none can run out
/// later.
pub type CreateFn =
    unsafe extern "C" fn(values: *const Fraction, count: u32, instance: *mut *mut c_void) -> u32;

/// Answers a snapshot with an order.
///
/// Called: whenever there is a snapshot. On a pump the order must be there within 100 ms, or
/// the process is killed; in the simulator a longer silence ends the run.
/// Thread: any, at normal priority; on a pump the only one of the strategy's own process. No
/// other function of this instance runs meanwhile.
/// May allocate: no. May block: no. It reads no clock and does no I/O.
/// Returns: `STATUS_OK` with the whole order written; `STATUS_PANICKED`; `STATUS_BAD_CALL`
/// where a message is shorter than this plugin knows it. Unless it is `STATUS_OK`, the order
/// is not read.
/// Why: the same snapshots must give the same orders for ever, so that a run can be replayed
/// and a test means something.
pub type StepFn = unsafe extern "C" fn(
    instance: *mut c_void,
    snapshot: *const Snapshot,
    order: *mut Order,
) -> u32;

/// Writes the state into `buffer`, and its length into `length`. `capacity` is at least
/// `MAX_STATE`.
///
/// Called: after `create`, `load` or `step`, as often as the host likes.
/// Thread: as of `step`.
/// May allocate: no. May block: no. It changes nothing.
/// Returns: `STATUS_OK`; `STATUS_REFUSED` where the state does not fit; `STATUS_PANICKED`;
/// `STATUS_BAD_CALL`.
/// Why: after a crash the strategy goes on in a new process where it was.
pub type SaveFn = unsafe extern "C" fn(
    instance: *mut c_void,
    buffer: *mut u8,
    capacity: u32,
    length: *mut u32,
) -> u32;

/// Takes over a state of `length` bytes that `save` of the same file wrote, with the same
/// values of the parameters.
///
/// Called: at most once, after `create` and before the first `step`.
/// Thread: as of `step`.
/// May allocate: yes. May block: no.
/// Returns: `STATUS_OK`; `STATUS_REFUSED` where the bytes are no state of this strategy;
/// `STATUS_PANICKED`; `STATUS_BAD_CALL`. Unless it is `STATUS_OK`, the instance is destroyed.
/// Why: the bytes come from a disk; a strategy checks them and never trusts them.
pub type LoadFn =
    unsafe extern "C" fn(instance: *mut c_void, buffer: *const u8, length: u32) -> u32;

/// Ends an instance and frees what it holds.
///
/// Called: once per instance, as its last function; perhaps never, where the process is
/// killed.
/// Thread: as of `step`.
/// May allocate: yes. May block: no.
/// Returns: nothing, also after a panic.
/// Why: a simulator makes and ends thousands of instances in one process.
pub type DestroyFn = unsafe extern "C" fn(instance: *mut c_void);

/// Finds an extension by its zero-ended name.
///
/// Called: at any time once the library is open; needs no instance. A host that knows no
/// extension never calls it.
/// Thread: any, also while other functions run.
/// May allocate: no. May block: no.
/// Returns: a constant table that the extension's own document describes; null where the
/// plugin does not have it. Version 1.0 defines none.
/// Why: what only some strategies need does not have to wait for a new version of this
/// contract.
pub type ExtensionFn = unsafe extern "C" fn(name: *const c_char) -> *const c_void;

/// The exported constant. Everything it leads to is constant too.
///
/// It is not a message: it holds pointers, and its size differs between machines of 32 and of
/// 64 bits.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// `MAGIC`.
    pub magic: u64,
    /// Bytes in this struct.
    pub size: u32,
    /// The `ABI_MAJOR` the plugin was built with.
    pub abi_major: u32,
    /// The `ABI_MINOR` the plugin was built with.
    pub abi_minor: u32,
    /// Zero.
    pub reserved: u32,
    /// The declaration; not null.
    pub descriptor: *const Descriptor,
    /// Not null.
    pub create: Option<CreateFn>,
    /// Not null.
    pub step: Option<StepFn>,
    /// Null where the strategy has no state; then `load` is null too.
    pub save: Option<SaveFn>,
    /// Null where `save` is.
    pub load: Option<LoadFn>,
    /// Not null.
    pub destroy: Option<DestroyFn>,
    /// Null where the plugin has no extension.
    pub extension: Option<ExtensionFn>,
}

// SAFETY: an entry is constant, and so is everything its pointers lead to; the contract says so.
unsafe impl Sync for Entry {}
