//! The wall between the C contract and a [`Strategy`]: the only `unsafe` of a plugin.
//!
//! Each function checks what can be checked of its pointers and sizes, calls the strategy
//! inside `catch_unwind`, and turns the outcome into a status. A strategy that has
//! panicked may hold anything, so its instance is poisoned: it is dropped at `destroy` and
//! not called again before.

use crate::{Snapshot, StateReader, StateWriter, Strategy, Values};
use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use strategy_abi as abi;
use strategy_abi::{Entry, Fraction, STATUS_BAD_CALL, STATUS_OK, STATUS_PANICKED, STATUS_REFUSED};

struct Instance<S> {
    strategy: S,
    poisoned: bool,
}

/// Runs the strategy's own code; `Err` where it panicked.
fn caught<T>(call: impl FnOnce() -> T) -> Result<T, u32> {
    catch_unwind(AssertUnwindSafe(call)).map_err(|payload| {
        // A payload's destructor may panic too.
        std::mem::forget(payload);
        STATUS_PANICKED
    })
}

impl<S: Strategy> Instance<S> {
    /// # Safety
    /// `instance` is null or came from [`create`] for this `S`, was not destroyed, and is
    /// used by nobody else during this call.
    unsafe fn call<T>(
        instance: *mut c_void,
        call: impl FnOnce(&mut S) -> Result<T, u32>,
    ) -> Result<T, u32> {
        // SAFETY: as this function's own contract says.
        let instance = unsafe { instance.cast::<Self>().as_mut() }.ok_or(STATUS_BAD_CALL)?;
        if instance.poisoned {
            return Err(STATUS_PANICKED);
        }
        // Also poisoned where the panic itself can't be caught and someone above goes on.
        instance.poisoned = true;
        let outcome = caught(|| call(&mut instance.strategy))?;
        instance.poisoned = false;
        outcome
    }
}

const fn status(outcome: Result<(), u32>) -> u32 {
    match outcome {
        Ok(()) => STATUS_OK,
        Err(status) => status,
    }
}

unsafe extern "C" fn create<S: Strategy>(
    values: *const Fraction,
    count: u32,
    instance: *mut *mut c_void,
) -> u32 {
    if instance.is_null() || (values.is_null() && count != 0) {
        return STATUS_BAD_CALL;
    }
    let values: &[Fraction] = match count {
        0 => &[],
        // SAFETY: not null, and the contract of `CreateFn` promises `count` values that
        // nobody writes during the call.
        count => unsafe { std::slice::from_raw_parts(values, count as usize) },
    };
    let made = caught(|| {
        let values = Values::new(&S::DECLARATION, values).ok_or(STATUS_BAD_CALL)?;
        let strategy = S::new(&values).map_err(|_| STATUS_REFUSED)?;
        Ok(Box::new(Instance {
            strategy,
            poisoned: false,
        }))
    });
    status(made.flatten().map(|made| {
        // SAFETY: not null, and the contract promises a place for one pointer.
        unsafe { instance.write(Box::into_raw(made).cast()) };
    }))
}

unsafe extern "C" fn step<S: Strategy>(
    instance: *mut c_void,
    snapshot: *const abi::Snapshot,
    order: *mut abi::Order,
) -> u32 {
    if snapshot.is_null() || order.is_null() {
        return STATUS_BAD_CALL;
    }
    // A host of a later minor version has longer messages: only what this version knows is
    // read and written. A shorter message is none.
    // SAFETY: not null; every message begins with its size, and the caller has filled it in.
    let (snapshot_size, order_size) = unsafe { ((*snapshot).size, (*order).size) };
    if (snapshot_size as usize) < size_of::<abi::Snapshot>()
        || (order_size as usize) < size_of::<abi::Order>()
    {
        return STATUS_BAD_CALL;
    }
    // SAFETY: the message is as long as this version's at least, and any bits are valid.
    let snapshot = Snapshot::new(unsafe { snapshot.read() });
    let call = |strategy: &mut S| Ok(strategy.step(&snapshot).message(&snapshot));
    // SAFETY: the contract of `StepFn` is that of `call`.
    let answer = unsafe { Instance::<S>::call(instance, call) };
    status(answer.map(|answer| {
        // SAFETY: the caller's buffer is as long as this version's order at least.
        unsafe { order.write(answer) };
    }))
}

unsafe extern "C" fn save<S: Strategy>(
    instance: *mut c_void,
    buffer: *mut u8,
    capacity: u32,
    length: *mut u32,
) -> u32 {
    if length.is_null() || buffer.is_null() {
        return STATUS_BAD_CALL;
    }
    // The state is made in a buffer of our own, so that the caller's holds a whole state
    // or was not touched.
    let mut state = [0; abi::MAX_STATE];
    let call = |strategy: &mut S| {
        let mut writer = StateWriter::new(&mut state);
        strategy.save(&mut writer);
        writer.finish().ok_or(STATUS_REFUSED)
    };
    // SAFETY: the contract of `SaveFn` is that of `call`.
    let written = unsafe { Instance::<S>::call(instance, call) };
    let written = written.and_then(|used| {
        let used_u32 = u32::try_from(used).map_err(|_| STATUS_REFUSED)?;
        if used_u32 > capacity {
            Err(STATUS_BAD_CALL)
        } else {
            Ok((used, used_u32))
        }
    });
    status(written.map(|(used, used_u32)| {
        // SAFETY: neither is null; `used` is at most the capacity the caller promised and
        // at most the length of `state`.
        unsafe {
            buffer.copy_from_nonoverlapping(state.as_ptr(), used);
            length.write(used_u32);
        }
    }))
}

unsafe extern "C" fn load<S: Strategy>(
    instance: *mut c_void,
    buffer: *const u8,
    length: u32,
) -> u32 {
    if buffer.is_null() && length != 0 {
        return STATUS_BAD_CALL;
    }
    let bytes: &[u8] = match length {
        0 => &[],
        // SAFETY: not null, and the contract of `LoadFn` promises `length` bytes that
        // nobody writes during the call.
        length => unsafe { std::slice::from_raw_parts(buffer, length as usize) },
    };
    let call = |strategy: &mut S| {
        let mut reader = StateReader::new(bytes);
        strategy.load(&mut reader).map_err(|_| STATUS_REFUSED)?;
        if reader.is_empty() {
            Ok(())
        } else {
            Err(STATUS_REFUSED)
        }
    };
    // SAFETY: the contract of `LoadFn` is that of `call`.
    status(unsafe { Instance::<S>::call(instance, call) })
}

unsafe extern "C" fn destroy<S: Strategy>(instance: *mut c_void) {
    if instance.is_null() {
        return;
    }
    // SAFETY: the contract of `DestroyFn`: it came from `create`, and this is its end.
    let instance = unsafe { Box::from_raw(instance.cast::<Instance<S>>()) };
    // Nobody can be told of a panic here, and nothing is left that it could spoil.
    let _ = caught(|| drop(instance));
}

struct Table<S>(std::marker::PhantomData<S>);

impl<S: Strategy> Table<S> {
    const DESCRIPTOR: &'static abi::Descriptor = S::DECLARATION.descriptor();
}

/// The exported table of a strategy; for [`export!`](crate::export).
pub const fn entry<S: Strategy>() -> Entry {
    Entry {
        magic: abi::MAGIC,
        size: size_of::<Entry>() as u32,
        abi_major: abi::ABI_MAJOR,
        abi_minor: abi::ABI_MINOR,
        reserved: 0,
        descriptor: Table::<S>::DESCRIPTOR,
        create: Some(create::<S>),
        step: Some(step::<S>),
        save: Some(save::<S>),
        load: Some(load::<S>),
        destroy: Some(destroy::<S>),
        extension: None,
    }
}
