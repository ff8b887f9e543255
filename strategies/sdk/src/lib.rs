//! Write a strategy plugin in Rust.
//!
//! A strategy decides for one regimen of a prescription: which basal rate, and when a
//! bolus. It only ever *proposes*. The pump shows it a [`Snapshot`], it answers with an
//! [`Order`], and the governor grants what the prescription's envelope, the windows and
//! the state of the pump allow. So a strategy can be short: it need not guard limits, and
//! no mistake in it can give more than its declared parameters allow.
//!
//! The rule that makes it testable: **`order = f(state, snapshot)`**. A strategy has no
//! clock but [`Snapshot::now`], no I/O, no threads, no randomness. The same snapshots give
//! the same orders for ever, in the simulator and on the pump. Snapshots come when the
//! strategy asked for one ([`Order::wake_in`]), when its bolus changed, when the patient
//! presses the button, and at any other time too: **an extra snapshot must change
//! nothing**.
//!
//! **From nothing.** `pumpctl strategy new slow-drip` makes a crate that builds, passes its
//! tests and runs in the simulator, with nothing from a registry, and tells what to type next.
//!
//! **By hand.** A plugin is a crate of type `cdylib` (and `rlib`, for its tests) with
//! `#![forbid(unsafe_code)]`, this crate as its only dependency, and one [`export!`]:
//!
//! ```
//! #![forbid(unsafe_code)]
//! use strategy_sdk::{Declaration, Order, Param, Rate, Refused, Role, Snapshot, Strategy, Values};
//!
//! /// A steady rate.
//! struct Steady {
//!     rate: Rate,
//! }
//!
//! impl Strategy for Steady {
//!     const DECLARATION: Declaration = Declaration::new("steady", "0.1.0", "A steady rate")
//!         .param(
//!             Param::rate("rate", "the rate", Rate::ZERO, Rate::ml_per_h(10))
//!                 .role(Role::MaxBasal),
//!         );
//!
//!     fn new(values: &Values) -> Result<Self, Refused> {
//!         Ok(Self { rate: values.rate("rate")? })
//!     }
//!
//!     fn step(&mut self, _: &Snapshot) -> Order {
//!         Order::basal(self.rate)
//!     }
//! }
//!
//! strategy_sdk::export!(Steady);
//! # fn main() {
//! use strategy_sdk::testkit::Story;
//! let mut story = Story::<Steady>::with("rate", Rate::ml_per_h(2)).start();
//! assert_eq!(story.basal(), Rate::ml_per_h(2));
//! # }
//! ```
//!
//! What the exported functions do with the C contract (null pointers, sizes, panics) is in
//! one module, the only one with `unsafe`; a panic in a strategy is caught there, inside
//! the plugin's own library, because it can't be caught outside. After a panic the instance answers
//! nothing but `STATUS_PANICKED`; the pump falls back to what the prescription says of a
//! lost strategy.
//!
//! [`testkit`] drives a strategy without a pump, so that its tests read as a story, and
//! [`conform!`] makes a test for each rule that holds for every strategy: no allocation in
//! `step`, no change by an extra snapshot, all of the state saved. What only shows from
//! outside, a clock that is read or a symbol too many, is for `pumpctl strategy check
//! libslow_drip.so`, which also looks for a story that breaks it (`--fuzz 10min`).
//!
//! # Side by side
//!
//! A prescription has one to four regimens, and they run beside each other on one pump, with
//! one reservoir and one patient. A strategy is written as if it were alone: none sees
//! another's orders, and the pump says who is given what, by these rules. Each of them has its
//! stories in `controller/simulator/tests/stories/side_by_side.rs`:
//!
//! - **Basals** add up, each within its own regimen's envelope; none is ever narrowed for
//!   another one or for a bolus. A prescription whose basals could together pass the highest
//!   rate is not armed. Above that rate a bolus is stretched in time, whosever it is.
//! - **One bolus at a time** runs on the pump. Whoever asks while one runs, or waits for its
//!   credit, is refused with [`Reason::BolusRunning`], of the same regimen or of another.
//! - **Orders of one tick** are taken in the order in which the prescription has the
//!   regimens: of two that ask unasked at once, the first is given and the other refused.
//!   Otherwise the order that comes first has it. The one that was refused is not lost for
//!   ever: when the bolus has ended, every strategy is shown a snapshot
//!   ([`Snapshot::bolus_running`] says that the way is free), and may ask again.
//! - **A demand goes before** a scheduled bolus that runs, of whatever regimen: that is
//!   suspended and then goes on with what it had left. A clinician bolus goes before it, too. A
//!   loading, a demand and a clinician bolus are never interrupted, and nothing waits but one
//!   scheduled bolus. A demand of the very tick in which a scheduled bolus was let through lets it begin
//!   first.
//! - **A press** goes to the first regimen that answers presses (the role
//!   [`Role::Lockout`]), in the prescription's order. Where that gives nothing, for whatever
//!   reason, the next one is shown the same [`Demand`]. It is counted once: given, or refused
//!   under the first one's name and reason. A press while another waits for its answer is
//!   refused.
//! - **Lockouts and counts** are of the patient. A demand bolus of one regimen closes the
//!   lockout of all, each for its own time, and counts toward the maxima of all. Scheduled
//!   boluses do neither. [`Role::Interval`] alone is a regimen's own.
//! - **Windows, reservoir and the volume to be infused** are of the pump: what one was given
//!   is not left for the other. A bolus is let through only if the *whole* basal that every
//!   envelope allows still fits afterwards, so that a basal which is not ordered now is still
//!   set aside.
//! - **A strategy that is lost** takes down its own basal and its own bolus, as
//!   `on_strategy_loss` says; the others run on.
//! - **What is shown**: [`Snapshot::delivered_nl`] and [`Snapshot::bolus_running`] are of the
//!   whole pump, [`Snapshot::lockout_left`] is this regimen's lockout since anybody's dose,
//!   and everything else is of this regimen alone.
//!
//! `pumpctl simulate` shows each regimen's share of what was given. Edges have no owner;
//! grants do: the share is the integral of the basal that was granted, and what left of the
//! regimen's boluses.
//!
//! # By time of day
//!
//! [`Snapshot::wall_clock`] is the clock on the wall while somebody vouches for it, in the local
//! time of the prescription's `time_zone`. It may jump, be lost, and leave an hour out or tell it
//! twice: a strategy goes by it where nothing hangs on it but which rate holds, and by
//! [`Snapshot::now`] everywhere else. A rate for each time of the week is a parameter of its own
//! kind, [`Param::profile`]; the pump reads and checks its rows, and a strategy gets the steps in
//! their order as a [`Profile`]. `day-profile` is a whole strategy of it, and
//! [`testkit::Clock`] the clock of a story.
//!
//! **Where to look.** What a strategy is shown: [`Snapshot`]. What it answers: [`Order`]. What
//! it may declare, and how that bounds the dose: [`Param`], [`Role`]. Three whole ones are in
//! the folders beside this crate, from none to some state: `continuous`, `pca`,
//! `intermittent-bolus`.
#![deny(unsafe_code)]

mod declare;
mod order;
mod profile;
mod quantity;
mod reason;
mod snapshot;
mod state;
pub mod testkit;
mod values;
#[allow(unsafe_code)]
mod wall;

pub use declare::{Declaration, Param, Role};
pub use order::Order;
pub use profile::{Profile, Step};
pub use quantity::{Rate, Volume};
pub use reason::{Reason, Refused};
pub use snapshot::{BolusKind, BolusReport, Demand, Outcome, Snapshot, WallClock, Weekday};
pub use state::{StateReader, StateWriter};
pub use strategy_abi as abi;
pub use values::{Value, Values};
#[doc(hidden)]
pub use wall::entry;

/// A regimen's decisions.
pub trait Strategy: Sized + Send + 'static {
    /// Its name, what it does, and its parameters.
    const DECLARATION: Declaration;

    /// Makes an instance from the prescription's values. Each value is in its declared
    /// range already; only what spans several of them remains to be checked.
    ///
    /// # Errors
    /// The values do not go together.
    fn new(values: &Values) -> Result<Self, Refused>;

    /// Answers a snapshot. Pure and bounded: no clock, no I/O, no allocation. An extra
    /// snapshot changes nothing; a bolus is asked for once, because each order that
    /// carries one is a new request.
    fn step(&mut self, snapshot: &Snapshot) -> Order;

    /// Writes what must survive a new start of the plugin's process. Nothing, where the
    /// strategy follows from its parameters and the snapshot alone.
    fn save(&self, state: &mut StateWriter<'_>) {
        let _ = state;
    }

    /// Takes over what [`Strategy::save`] wrote, just after [`Strategy::new`].
    ///
    /// # Errors
    /// The state is not one of this strategy's.
    fn load(&mut self, state: &mut StateReader<'_>) -> Result<(), Refused> {
        let _ = state;
        Ok(())
    }
}

/// Exports a [`Strategy`] as the plugin of this library. Once per crate.
///
/// The crate may keep `#![forbid(unsafe_code)]`: the export itself is a constant table,
/// and the `unsafe` behind it lives in this crate.
#[macro_export]
macro_rules! export {
    ($strategy:ty) => {
        #[doc(hidden)]
        #[unsafe(no_mangle)]
        #[allow(non_upper_case_globals, unreachable_pub)]
        pub static strategy_entry: $crate::abi::Entry = $crate::entry::<$strategy>();
    };
}
