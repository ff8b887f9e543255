//! What a process gives up before it opens a plugin.
//!
//! In this order, each on its own enough against some of it:
//!
//! 1. [`privileges`]: another user where it is root, no groups, no capabilities, no new
//!    privileges for good; nobody of the same user may look into it.
//! 2. [`limits`]: memory, stack, files, processes, priorities.
//! 3. [`files`]: Landlock leaves the folders that the dynamic loader reads, and nothing else
//!    of the file system, and no network.
//! 4. [`calls`]: a list of system calls; any other one kills the process. It is drawn
//!    tighter once the plugin is loaded.

mod calls;
mod files;
mod limits;
mod privileges;

pub(crate) use calls::{Calls, UnknownHere};
pub(crate) use limits::Limits;
pub(crate) use privileges::{die_with_parent, ordinary_scheduling};

use std::fmt;
use strategy_link::protocol::Sandbox;

/// A part of the sandbox could not be set up.
#[derive(Debug)]
pub(crate) struct SandboxError {
    part: &'static str,
    cause: String,
}

impl SandboxError {
    fn new(part: &'static str, cause: impl fmt::Display) -> Self {
        let cause = cause.to_string();
        Self { part, cause }
    }
}

impl fmt::Display for SandboxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the sandbox is not to be had: {}: {}",
            self.part, self.cause
        )
    }
}

impl std::error::Error for SandboxError {}

/// Everything but the filter of system calls, which comes last: [`Calls::enforce`].
pub(crate) fn enter(user: Option<&str>, limits: &Limits) -> Result<Sandbox, SandboxError> {
    let own_user = privileges::drop_all(user)?;
    limits.set()?;
    let landlock = files::close()?;
    Ok(Sandbox { own_user, landlock })
}
