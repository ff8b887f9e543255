//! The table that a plugin exports, read without trusting it.

use std::fmt;
use strategy_abi::{ABI_MAJOR, ABI_MINOR, Descriptor, Entry, MAGIC, Message as _};

/// Why an exported table is not one that this host can use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EntryFault {
    Magic,
    Version { major: u32, minor: u32 },
    Size(u32),
    Reserved,
    Missing(&'static str),
    LoadWithoutSave,
    MisalignedDescriptor,
}

impl fmt::Display for EntryFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let symbol = strategy_abi::ENTRY_SYMBOL;
        match self {
            Self::Magic => write!(f, "`{symbol}` does not begin with the mark of a strategy"),
            Self::Version { major, minor } => write!(
                f,
                "it is built for version {major}.{minor} of the strategy contract; this program \
                 serves {ABI_MAJOR}.0 to {ABI_MAJOR}.{ABI_MINOR}: build the plugin against its \
                 strategy.h or strategy-abi"
            ),
            Self::Size(size) => write!(
                f,
                "`{symbol}` says it has {size} bytes; version {ABI_MAJOR}.{ABI_MINOR} has {}",
                size_of::<Entry>()
            ),
            Self::Reserved => write!(f, "the reserved field of `{symbol}` is not 0"),
            Self::Missing(field) => write!(f, "`{symbol}` has no `{field}`"),
            Self::LoadWithoutSave => {
                write!(
                    f,
                    "`{symbol}` has one of `save` and `load`; it needs both or neither"
                )
            }
            Self::MisalignedDescriptor => {
                write!(f, "the `descriptor` of `{symbol}` is not aligned")
            }
        }
    }
}

/// Copies and checks the table at `entry`, and the descriptor it leads to.
///
/// # Safety
/// `entry` leads to at least `size_of::<Entry>()` readable bytes, as the exported symbol of
/// a library that stays loaded does. That the descriptor's pointer is sound is the plugin's
/// word: a wild one is a crash, which is why the probe does this in a child first.
pub(crate) unsafe fn read(entry: *const Entry) -> Result<(Entry, Descriptor), EntryFault> {
    // SAFETY: readable as the caller promises, without an assumption on its alignment. The
    // function pointers are `Option`s, for which any bits are valid until they are called.
    let entry = unsafe { entry.read_unaligned() };
    if entry.magic != MAGIC {
        return Err(EntryFault::Magic);
    }
    let (major, minor) = (entry.abi_major, entry.abi_minor);
    if major != ABI_MAJOR || minor > ABI_MINOR {
        return Err(EntryFault::Version { major, minor });
    }
    if usize::try_from(entry.size) != Ok(size_of::<Entry>()) {
        return Err(EntryFault::Size(entry.size));
    }
    if entry.reserved != 0 {
        return Err(EntryFault::Reserved);
    }
    let missing = [
        (entry.descriptor.is_null(), "descriptor"),
        (entry.create.is_none(), "create"),
        (entry.step.is_none(), "step"),
        (entry.destroy.is_none(), "destroy"),
    ];
    if let Some((_, field)) = missing.iter().find(|(missing, _)| *missing) {
        return Err(EntryFault::Missing(field));
    }
    if entry.save.is_some() != entry.load.is_some() {
        return Err(EntryFault::LoadWithoutSave);
    }
    if !entry.descriptor.is_aligned() {
        return Err(EntryFault::MisalignedDescriptor);
    }
    // SAFETY: not null and aligned; that it leads to a descriptor is the plugin's word.
    let descriptor = unsafe { entry.descriptor.read() };
    Ok((entry, descriptor))
}

/// Whether two descriptors are the same to the byte.
pub(crate) fn same(a: &Descriptor, b: &Descriptor) -> bool {
    a.as_bytes() == b.as_bytes()
}
