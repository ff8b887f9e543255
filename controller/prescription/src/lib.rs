//! From three TOML files to a prescription that the loop can be armed with, or to a
//! diagnosis of everything that stands in the way.
//!
//! A prescription says what is to be given, `pump.toml` what the device can do, and
//! `drug-library.toml` what is allowed for a drug by a route. [`check`] reads them together
//! and answers with an [`Outcome`]: a [`Checked`] prescription, unless there is an error,
//! and a [`Report`] of every finding in all three files, each with its place, the offending
//! text underlined, what is allowed, and what to write instead.
//!
//! # What it refuses to do
//!
//! - **Guess.** A missing value, an unknown key, a bare number, `Mg` for `mg`: each refuses
//!   (invariant I9). A misspelt limit must never pass for no limit.
//! - **Round.** A quantity is an [`Exact`] fraction from its first digit to the integers of
//!   [`pump_core`]; there is no float in this crate. Only at the very end is anything rounded,
//!   always to the safe side: what may be given down to whole motor steps, marks that warn
//!   or stop up, and the report says so where a dose is concerned.
//! - **Stop at the first error.** The parser goes on, the tables are walked to their ends,
//!   and the files are held against each other as far as each could be read.
//! - **Trust its input.** Any bytes give a diagnosis: files are bounded in size, nesting is
//!   bounded before the parser sees it, and text from a file can't steer a terminal.
//! - **Load a strategy.** Regimens are read by what their strategy declares; a [`Catalogue`]
//!   hands the declarations over, and whoever implements it does the loading.
//!
//! # How a limit comes about
//!
//! Each limit is the tightest of three sources, and [`Checked::limits`] says whose it is. A
//! prescription that asks for a looser one is legal and gets a note. The envelope of a
//! regimen comes from its values and the roles its strategy declares for them. Then the
//! doses are held against the limits: the basal of all regimens must leave a motor step of
//! room in every window (invariant I4), a bolus must be allowed in size, and where it could
//! never be granted, would be stretched or is no whole number of steps, a note tells, as it
//! does where a cap or a count holds nothing back. [`Picture`] shows what all of it comes to in
//! the worst case. Last, the control law itself is asked
//! ([`pump_core::prescription::Prescription::validate`]), so that nothing reaches the
//! arming unexplained.
//!
//! `programming-errors.md` beside this crate shows what is said to the classic errors in
//! programming a pump, and which of them no file can show.
//!
//! # Findings are data
//!
//! Every [`Diagnostic`] has a stable [`Code`] from one table: `E0001` an error, `W0001` a
//! warning, `N0001` a note. [`Report::position`] gives line and column as editors count
//! them; `Display` of the report writes the text for people, without colour.
//!
//! ```
//! use pump_prescription::{Catalogue, CatalogueError, Input, check};
//! use strategy_link::Declaration;
//!
//! /// No strategy is installed here.
//! struct Nothing;
//! impl Catalogue for Nothing {
//!     fn declaration(&self, _: &str) -> Result<Declaration, CatalogueError> {
//!         Err(CatalogueError::Unknown)
//!     }
//!     fn names(&self) -> Vec<String> {
//!         Vec::new()
//!     }
//! }
//!
//! let prescription = Input::new("rx.toml", "format = 1\nroute = \"intratecal\"\n");
//! let empty = Input::new("pump.toml", "");
//! let outcome = check(&prescription, &empty, &empty, &Nothing);
//! assert!(outcome.checked.is_none());
//! let text = outcome.report.to_string();
//! assert!(text.contains("rx.toml:2:9"));
//! assert!(text.contains("did you mean `intrathecal`?"));
//! ```
//!
//! The readers of single quantities ([`quantity`]) and of times on a command line
//! ([`read_span`]), the parser with its bounds ([`parse_toml`]), and [`show`], which writes
//! quantities, are public, because scenarios and reports speak the same language.
#![forbid(unsafe_code)]

mod air;
mod appetite;
mod arming;
mod bench;
mod catalogue;
mod ceiling;
mod checked;
mod code;
mod device;
mod diagnostic;
mod document;
mod dose;
mod drug_library;
mod exact;
mod example;
mod fallback;
mod format;
mod input;
pub mod keys;
mod measure;
mod mixture;
mod notation;
mod picture;
mod prescription;
mod profile;
mod quantity;
mod regimen;
mod report;
mod route;
mod section;
mod sheet;
mod span;
mod suggestion;
mod surplus;
mod syntax;
mod timing;
mod tree;
mod unit;
mod value;
mod vtbi;
mod wiring;
mod words;
mod zone;

pub use air::AirLimits;
pub use appetite::{Appetite, Held};
pub use bench::Bench;
pub use catalogue::{Catalogue, CatalogueError};
pub use ceiling::{Limit, LimitKind, LimitSource};
pub use checked::{Checked, CheckedDrug, CheckedRegimen, Outcome, check, check_files};
pub use code::{Code, Severity};
pub use device::{Device, DeviceOutcome, check_device};
pub use diagnostic::{Diagnostic, FileId, Located, Place};
pub use drug_library::{DrugLibrary, DrugLimits, LibraryDrug};
pub use exact::Exact;
pub use input::{Input, MAX_FILE};
pub use notation::show;
pub use picture::{Lasts, Picture, WorstCase};
pub use quantity::{Fault, Quantity, QuantityError, quantity};
pub use report::{LineColumn, Report};
pub use route::Route;
pub use sheet::{Compared, side_by_side};
pub use span::{SpanError, read_span};
pub use suggestion::nearest;
pub use syntax::{ParsedToml, SyntaxError, TooDeep, parse_toml};
pub use unit::{Dimension, NUMBER_PATTERN};
pub use wiring::{Active, Counter, Gpio, Indicators, InputWire, LineName, OutputWire};
pub use words::{envelope_lines, rate_text, span_text, steps_text};
pub use zone::{Zone, utc_of, wall_clock};
