//! The commands that ask the daemon, against a small daemon of the tests' own.

mod alarms;
mod arming;
pub(crate) mod bench;
mod keeping;
mod measuring;
mod orders;
pub(crate) mod pty;
mod telling;
mod watching;
