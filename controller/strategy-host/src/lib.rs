//! Validates, probes and loads strategy plugins.
//!
//! A plugin is a shared library that anybody may have written, and merely opening one is
//! dangerous: a truncated file kills the dynamic loader, and `dlopen` runs the library's
//! constructors before a single symbol can be looked at. So a file comes in by four
//! steps, each of which may refuse it with the file's name and the cause:
//!
//! 1. **Image** ([`Image::read`]): the file is read once, hashed (SHA-256), and copied into
//!    sealed memory. From here on nobody looks at the file again: what was hashed is what
//!    is probed and what is loaded, whoever replaces the file meanwhile.
//! 2. **Validation** ([`elf`]): the image is an ELF shared library for this machine, every
//!    part of it lies inside the file, and it exports `strategy_entry`.
//! 3. **Probe** ([`Image::probe`]): the helper program `strategy-host` opens it in a child
//!    process with a time-out. Only its declaration comes back. A constructor that
//!    crashes, hangs, exits or prints can do so there.
//! 4. **Load** ([`Probed::load`]): only then is it opened here, with all symbols bound at
//!    once (`RTLD_NOW`) and none of them shared (`RTLD_LOCAL`), and it must declare the
//!    same as it did in the child. It is never closed: a library that has started threads
//!    or registered destructors can't be closed safely.
//!
//! [`StrategyFolders`] finds plugins by the name that a prescription uses: `a-b` is
//! `liba_b.so` in one of its folders; in two of them it is refused.
//!
//! ```no_run
//! use strategy_host::{Helper, StrategyFolders};
//! use strategy_abi::Fraction;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut folders = StrategyFolders::new(Helper::find()?);
//! folders.add("/usr/lib/pumpd/strategies")?;
//! println!("{}", folders.declaration("continuous")?.summary);
//! let plugin = folders.load("continuous")?;
//! let mut instance = plugin.create(&[Fraction { num: 1, den: 604_800_000 }])?;
//! # let _ = &mut instance;
//! # Ok(())
//! # }
//! ```
//!
//! Once loaded in this process, a plugin can do anything the process can. The simulator
//! accepts that for speed; a pump that moves does not. There each plugin lives in a process of
//! its own, which is this crate's program `strategy-host`:
//!
//! - `strategy-host run` ([`run_main`]) runs one plugin in a sandbox and answers snapshots on
//!   a socket. It gives up the user, the groups, every capability, the file system, the
//!   network and nearly every system call before it looks at the file, so that the worst a
//!   plugin can do is to answer wrongly, or not at all. Against the former stands the
//!   governor; against the latter the prescription's `on_strategy_loss`.
//! - `strategy-host declare` ([`declare_main`]) tells a program that loads no plugin what one
//!   declares.
//! - `strategy-host probe` ([`probe_main`]) is the child of a probe. It is held in too.
//! - `strategy-host rehearse` ([`rehearse_main`]) is the child of a [`Rehearsal`]: a plugin whose
//!   behaviour somebody wants to know.

mod declare;
pub mod elf;
mod entry;
mod folders;
mod helper;
mod image;
mod plugin;
mod printed;
mod probe;
mod rehearsal;
mod run;
mod sandbox;

pub use declare::declare_main;
pub use folders::{FolderError, StrategyFolders};
pub use helper::{Helper, HelperMissing, probe_main};
pub use image::{Image, ImageError};
pub use plugin::{CallError, Instance, LoadError, Plugin};
pub use probe::{PROBE_TIMEOUT, ProbeError, ProbeFault, Probed};
pub use rehearsal::{Allowed, Ended, Rehearsal, RehearseOptions, rehearse_main};
pub use run::{RunOptions, run_main};
pub use strategy_link::Sha256;
