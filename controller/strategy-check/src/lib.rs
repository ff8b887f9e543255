//! Says whether a strategy plugin keeps its contract, and looks for what breaks it.
//!
//! The contract (crate `strategy-abi`) asks more of a plugin than a compiler can see: that an
//! order follows from parameters, state and snapshot alone, that an extra snapshot changes
//! nothing, that a state survives its process. Each of these is a check with a name, a
//! description, and an advice for the author ([`CHECKS`]).
//!
//! **Nothing of a plugin is ever run in this process.** Every call goes to a child in a
//! sandbox ([`strategy_host::Rehearsal`]), which may crash, hang or reach out: that is then
//! the finding.
//!
//! **How it is done.** The real control law runs a few stories in virtual time: presses, an
//! operator who pauses and stops, a blocked line, a power cut. What the plugin was shown and
//! what it answered is a tape. Most checks play a tape again in another way: in a second
//! process, beside another instance, with every snapshot twice, with the instance saved and
//! loaded after each step, without a clock, without memory. An honest plugin gives the same
//! orders each time. [`fuzz`] draws stories by chance, each from a seed that brings it back,
//! and makes the story that breaks a rule as short as it gets.
//!
//! **One fault, one name.** A plugin that dies can't be judged by what it would have done:
//! such checks say so and do not fail. Each fault is for one check to name, and where nothing
//! was judged nothing is called good ([`Report::is_good`]).
//!
//! ```no_run
//! use std::sync::Arc;
//! use strategy_check::{Subject, check};
//! use strategy_host::{Helper, Image, PROBE_TIMEOUT};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let helper = Helper::find()?;
//! let probed = Image::read("libpca.so".as_ref())?.probe(&helper, PROBE_TIMEOUT)?;
//! let report = check(&Subject::new(Arc::new(probed), helper), &[]);
//! for outcome in &report.outcomes {
//!     println!("{}: {:?}", outcome.check, outcome.verdict);
//! }
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]

mod bench;
mod checks;
mod fuzz;
mod report;
mod rules;
mod story;
mod subject;
mod tape;
mod values;

pub use checks::{CHECKS, Check, check, named, unopened};
pub use fuzz::{Found, Progress, fuzz, reproduce};
pub use report::{Outcome, Report, Verdict};
pub use story::Story;
pub use subject::Subject;
