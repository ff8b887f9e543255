//! Messages as bytes, for what carries them from one process to another.

use crate::{Descriptor, Order, Snapshot};

mod sealed {
    pub trait Sealed {}
}

/// A message that may be carried as its bytes: no padding, no pointer, no bit pattern that
/// is invalid.
pub trait Message: sealed::Sealed + Copy + Sized {
    /// The message as it lies in memory.
    fn as_bytes(&self) -> &[u8];

    /// The message in these bytes. `None` where there are more or fewer than it has. What
    /// the fields *mean* is for the reader to check.
    fn from_bytes(bytes: &[u8]) -> Option<Self>;
}

macro_rules! messages {
    ($($name:ty),*) => {
        $(
            impl sealed::Sealed for $name {}

            impl Message for $name {
                fn as_bytes(&self) -> &[u8] {
                    let start: *const u8 = core::ptr::from_ref(self).cast();
                    // SAFETY: the bytes of `self`, borrowed as long as `self` is. Its size
                    // is the sum of its fields (asserted beside the types), so that none of
                    // them is padding.
                    unsafe { core::slice::from_raw_parts(start, size_of::<Self>()) }
                }

                fn from_bytes(bytes: &[u8]) -> Option<Self> {
                    if bytes.len() != size_of::<Self>() {
                        return None;
                    }
                    // SAFETY: as many bytes as the message has, read without alignment; it
                    // is made of integers and byte arrays, for which any bits are valid.
                    Some(unsafe { bytes.as_ptr().cast::<Self>().read_unaligned() })
                }
            }
        )*
    };
}

messages!(Snapshot, Order, Descriptor);
