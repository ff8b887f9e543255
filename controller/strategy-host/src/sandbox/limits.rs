//! How much of each thing the process may have.

use super::SandboxError;
use rustix::process::{Resource, Rlimit, setrlimit};

/// What differs between a probe and a run; the rest is nothing at all.
pub(crate) struct Limits {
    /// Address space, bytes.
    pub(crate) memory: u64,
    /// The length to which it may write a file, bytes.
    pub(crate) file: u64,
    /// One more than the highest descriptor.
    pub(crate) descriptors: u64,
}

/// Enough for a strategy, which has no reason to recurse.
const STACK: u64 = 1024 * 1024;

impl Limits {
    /// For running a strategy. A board of 512 MiB survives four of them that take all they
    /// can get. Nothing can be written, and the descriptors are a few more than the loader
    /// needs.
    pub(crate) const RUN: Self = Self {
        memory: 64 * 1024 * 1024,
        file: 0,
        descriptors: 24,
    };

    pub(super) fn set(&self) -> Result<(), SandboxError> {
        let limits = [
            (Resource::As, self.memory),
            (Resource::Fsize, self.file),
            (Resource::Nofile, self.descriptors),
            (Resource::Stack, STACK),
            (Resource::Core, 0),
            (Resource::Nproc, 0),
            (Resource::Memlock, 0),
            (Resource::Msgqueue, 0),
            (Resource::Nice, 0),
            (Resource::Rtprio, 0),
        ];
        for (resource, most) in limits {
            let limit = Rlimit {
                current: Some(most),
                maximum: Some(most),
            };
            setrlimit(resource, limit).map_err(|error| {
                SandboxError::new("a limit", format_args!("{resource:?}: {error}"))
            })?;
        }
        Ok(())
    }
}
