//! The plugin that is checked.

use std::sync::Arc;
use std::time::Duration;

use strategy_host::{Allowed, Ended, Helper, Probed, Rehearsal};
use strategy_link::Declaration;

/// The pump waits for 100 ms. Here other programs may want the machine too, and a plugin may
/// be built for a debugger: only what hangs is to be found by this.
const PATIENCE: Duration = Duration::from_secs(4);

/// A plugin that was probed, and the program that runs it.
#[derive(Clone, Debug)]
pub struct Subject {
    probed: Arc<Probed>,
    helper: Helper,
}

impl Subject {
    /// What is to be checked.
    pub const fn new(probed: Arc<Probed>, helper: Helper) -> Self {
        Self { probed, helper }
    }

    /// What it was found to be.
    pub fn probed(&self) -> &Probed {
        &self.probed
    }

    /// What it declares.
    pub fn declaration(&self) -> &Declaration {
        self.probed.declaration()
    }

    pub(crate) fn rehearse(&self, allowed: Allowed) -> Result<Rehearsal, Ended> {
        Rehearsal::start(&self.probed, &self.helper, allowed, PATIENCE)
    }
}
