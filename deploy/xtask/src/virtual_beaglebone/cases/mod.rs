//! The system tests, in the order in which they run.

mod ending;
mod machine;
mod package;
mod programs;
pub(super) mod pump;
mod running;

use super::bench::Bench;
use crate::tool::Failure;

/// One test. It may find the machine on or off, as the one before has left it; what it
/// needs otherwise it sees to.
pub(crate) struct Case {
    /// A sentence in snake case.
    pub(crate) name: &'static str,
    pub(crate) run: fn(&mut Bench) -> Result<(), Failure>,
}

/// All of them.
pub(crate) fn all() -> impl Iterator<Item = &'static Case> {
    [
        machine::CASES,
        programs::CASES,
        package::CASES,
        running::CASES,
        ending::CASES,
        package::LAST,
    ]
    .into_iter()
    .flatten()
}

/// Fails with `what` unless it holds.
fn ensure(holds: bool, what: impl FnOnce() -> String) -> Result<(), Failure> {
    if holds {
        Ok(())
    } else {
        Err(Failure::new(what()))
    }
}

/// Fails unless the two are the same.
fn same<T: PartialEq + std::fmt::Debug>(what: &str, found: &T, wanted: &T) -> Result<(), Failure> {
    ensure(found == wanted, || {
        format!("{what}: found {found:?}, wanted {wanted:?}")
    })
}
