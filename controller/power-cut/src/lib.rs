//! What a power cut may leave on a disk, for tests: of the journal by itself, and of the whole
//! daemon.
//!
//! strace records each write and sync of a program ([`trace`]). The power is cut between any
//! two of them, or in the middle of one, and a [`Disk`] is made up that may have come of it:
//! what was synced is there; of everything else any part, in any order, and a sector of 4 KiB
//! whose writing was interrupted may hold anything. The same [`Dice`] make the same disk.
#![forbid(unsafe_code)]

mod dice;
mod disk;
pub mod trace;

pub use dice::Dice;
pub use disk::Disk;
