//! A loaded plugin: the safe side of the C contract.

use crate::entry;
use crate::image::Image;
use crate::probe::Probed;
use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
use std::ffi::c_void;
use std::fmt;
use std::os::fd::IntoRawFd as _;
use std::path::PathBuf;
use std::ptr::NonNull;
use strategy_abi::{
    CreateFn, Descriptor, DestroyFn, ENTRY_SYMBOL, Entry, Fraction, LoadFn, MAX_STATE, Order,
    STATUS_BAD_CALL, STATUS_OK, STATUS_PANICKED, STATUS_REFUSED, SaveFn, Snapshot, StepFn,
};
use strategy_link::{Declaration, FRACTION_ZERO, Sha256};

/// Opens a library for good and finds its entry.
pub(crate) fn open(path: &str) -> Result<*const Entry, String> {
    let told = |error: libloading::Error| {
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        cause.unwrap_or_else(|| error.to_string())
    };
    // SAFETY: this runs the library's constructors, which is what this crate is for: the
    // image was validated, and either this is the probe's child, or a probe went well.
    let library = unsafe { Library::open(Some(path), RTLD_NOW | RTLD_LOCAL) };
    let library = library.map_err(|error| format!("it can't be opened: {}", told(error)))?;
    // SAFETY: the validation has seen that the symbol is a static of an entry's size; it is
    // only taken as an address here.
    let entry = unsafe { library.get::<*const Entry>(ENTRY_SYMBOL) };
    let entry = entry.map(|symbol| symbol.as_raw_ptr().cast_const().cast());
    // Never closed: code of it may be running, be registered to run at exit, or hold
    // thread-local destructors.
    std::mem::forget(library);
    entry.map_err(|error| format!("it does not export `{ENTRY_SYMBOL}`: {}", told(error)))
}

/// Why a probed plugin was not loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadError {
    /// The plugin.
    pub path: PathBuf,
    cause: String,
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.cause)
    }
}

impl std::error::Error for LoadError {}

/// A plugin in this process. Stays loaded to the process's end; copies are the same plugin.
#[derive(Clone, Debug)]
pub struct Plugin {
    declaration: Declaration,
    sha256: Sha256,
    create: CreateFn,
    functions: Functions,
}

#[derive(Clone, Copy, Debug)]
struct Functions {
    step: StepFn,
    state: Option<(SaveFn, LoadFn)>,
    destroy: DestroyFn,
}

impl Probed {
    /// Loads what was probed into this process.
    ///
    /// # Errors
    /// It can't be opened here, or does not declare what it declared in the probe.
    pub fn load(&self) -> Result<Plugin, LoadError> {
        let failed = |cause| LoadError {
            path: self.image.path().to_owned(),
            cause,
        };
        let (entry, now_declared) = open_image(&self.image).map_err(failed)?;
        if !entry::same(&self.descriptor, &now_declared) {
            return Err(failed(
                "it declares something else here than in its probe".to_owned(),
            ));
        }
        Plugin::new(&entry, self.declaration().clone(), self.sha256()).map_err(failed)
    }
}

/// Opens an image for good, and reads the table that it exports.
fn open_image(image: &Image) -> Result<(Entry, Descriptor), String> {
    let memory = image.memory().try_clone();
    let memory = memory.map_err(|error| format!("no descriptor for it: {error}"))?;
    // The loader knows a library by the path it came from. Were this descriptor ever
    // closed, its number would go to another image, and the loader would answer with
    // this library. So it stays open as long as the library: for good.
    let number = memory.into_raw_fd();
    let library = open(&format!("/proc/self/fd/{number}"))?;
    // SAFETY: the exported static of a library that is never closed; the validation has
    // seen its size.
    unsafe { entry::read(library) }.map_err(|fault| fault.to_string())
}

/// Why a call into a plugin gave nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallError {
    /// `create` refused the values, or `load` the state.
    Refused,
    /// It panicked, now or in an earlier call; its instance is of no more use.
    Panicked,
    /// It does not know this size of message.
    BadCall,
    /// It returned a status that there is none.
    UnknownStatus(u32),
    /// It said that it made an instance and gave none.
    NoInstance,
    /// It wrote a state of more than [`MAX_STATE`] bytes.
    StateTooLarge(u32),
    /// The instance failed before and is not called again.
    Spent,
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused => f.write_str("the strategy refuses these values or this state"),
            Self::Panicked => f.write_str("the strategy panicked"),
            Self::BadCall => f.write_str("the strategy does not know this size of message"),
            Self::UnknownStatus(status) => write!(f, "the strategy returned the status {status}"),
            Self::NoInstance => f.write_str("the strategy made no instance and says it did"),
            Self::StateTooLarge(size) => {
                write!(
                    f,
                    "the strategy's state has {size} bytes; at most {MAX_STATE}"
                )
            }
            Self::Spent => f.write_str("the strategy failed before and is not called again"),
        }
    }
}

impl std::error::Error for CallError {}

const fn check(status: u32) -> Result<(), CallError> {
    match status {
        STATUS_OK => Ok(()),
        STATUS_PANICKED => Err(CallError::Panicked),
        STATUS_REFUSED => Err(CallError::Refused),
        STATUS_BAD_CALL => Err(CallError::BadCall),
        status => Err(CallError::UnknownStatus(status)),
    }
}

impl Plugin {
    /// Loads a validated image without a probe: for a process that is made for this one
    /// plugin, and that nothing depends on.
    pub(crate) fn load_unprobed(image: &Image) -> Result<Self, String> {
        let (entry, descriptor) = open_image(image)?;
        let declaration = Declaration::from_descriptor(&descriptor)
            .map_err(|error| format!("its declaration is flawed: {error}"))?;
        Self::new(&entry, declaration, image.sha256())
    }

    fn new(entry: &Entry, declaration: Declaration, sha256: Sha256) -> Result<Self, String> {
        let (Some(create), Some(step), Some(destroy)) = (entry.create, entry.step, entry.destroy)
        else {
            return Err("its table is incomplete".to_owned());
        };
        Ok(Self {
            declaration,
            sha256,
            create,
            functions: Functions {
                step,
                state: entry.save.zip(entry.load),
                destroy,
            },
        })
    }

    /// What it declares.
    pub const fn declaration(&self) -> &Declaration {
        &self.declaration
    }

    /// The hash of the file it was loaded from.
    pub const fn sha256(&self) -> Sha256 {
        self.sha256
    }

    /// Makes an instance from one value per declared parameter, in their order, and the steps of
    /// a profile behind them.
    ///
    /// # Errors
    /// The strategy refuses the values, or fails.
    pub fn create(&self, values: &[Fraction]) -> Result<Instance, CallError> {
        if values.len() != self.declaration.value_count(values) {
            return Err(CallError::Refused);
        }
        let count = u32::try_from(values.len()).map_err(|_| CallError::Refused)?;
        let mut instance = std::ptr::null_mut();
        // SAFETY: `count` readable values and a place for the instance, as `CreateFn` asks.
        check(unsafe { (self.create)(values.as_ptr(), count, &raw mut instance) })?;
        let pointer = NonNull::new(instance).ok_or(CallError::NoInstance)?;
        Ok(Instance {
            pointer,
            functions: self.functions,
            spent: false,
        })
    }
}

/// One running strategy. After any failed [`Instance::step`] it is spent and must be
/// replaced.
#[derive(Debug)]
pub struct Instance {
    pointer: NonNull<c_void>,
    functions: Functions,
    spent: bool,
}

// SAFETY: the contract lets an instance be used from any thread, by one at a time; `&mut self`
// on every call sees to the latter, and the type is not `Sync`.
unsafe impl Send for Instance {}

impl Instance {
    /// Shows the strategy a snapshot and takes its order. What the order says is not
    /// checked here: that is for `strategy_link::read_order`.
    ///
    /// # Errors
    /// The strategy failed. It is not called again.
    pub fn step(&mut self, snapshot: &Snapshot) -> Result<Order, CallError> {
        self.once_more()?;
        let mut order = Order {
            size: size_of::<Order>() as u32,
            bolus_kind: 0,
            seq: 0,
            basal: FRACTION_ZERO,
            bolus_volume: FRACTION_ZERO,
            bolus_over_ns: 0,
            demand_id: 0,
            refusal: 0,
            reserved: 0,
            valid_for_ns: 0,
            wake_in_ns: 0,
        };
        let step = self.functions.step;
        // SAFETY: an instance of this plugin that is not destroyed, used by nobody else
        // (`&mut self`); a snapshot and an order whose sizes are filled in.
        let status = unsafe { step(self.pointer.as_ptr(), snapshot, &raw mut order) };
        check(status)?;
        self.spent = false;
        Ok(order)
    }

    /// The strategy's state, at most [`MAX_STATE`] bytes; empty where it has none.
    ///
    /// # Errors
    /// The strategy failed.
    pub fn save(&mut self) -> Result<Vec<u8>, CallError> {
        let Some((save, _)) = self.functions.state else {
            return Ok(Vec::new());
        };
        self.once_more()?;
        let mut buffer = [0; MAX_STATE];
        let mut length = 0;
        // SAFETY: as in `step`; the buffer has the capacity that is said.
        let status = unsafe {
            save(
                self.pointer.as_ptr(),
                buffer.as_mut_ptr(),
                MAX_STATE as u32,
                &raw mut length,
            )
        };
        check(status)?;
        let state = buffer
            .get(..length as usize)
            .ok_or(CallError::StateTooLarge(length))?;
        self.spent = false;
        Ok(state.to_vec())
    }

    /// Takes over a state that [`Instance::save`] gave.
    ///
    /// # Errors
    /// The strategy refuses it, or failed. The instance is then spent.
    pub fn load(&mut self, state: &[u8]) -> Result<(), CallError> {
        let Some((_, load)) = self.functions.state else {
            return if state.is_empty() {
                Ok(())
            } else {
                Err(CallError::Refused)
            };
        };
        self.once_more()?;
        let length = u32::try_from(state.len()).map_err(|_| CallError::Refused)?;
        // SAFETY: as in `step`; the state has the length that is said.
        check(unsafe { load(self.pointer.as_ptr(), state.as_ptr(), length) })?;
        self.spent = false;
        Ok(())
    }

    /// Marks the instance as spent until the call that follows has gone well.
    fn once_more(&mut self) -> Result<(), CallError> {
        if std::mem::replace(&mut self.spent, true) {
            Err(CallError::Spent)
        } else {
            Ok(())
        }
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        let destroy = self.functions.destroy;
        // SAFETY: `create` made it, and nobody can use it after this.
        unsafe { destroy(self.pointer.as_ptr()) };
    }
}
