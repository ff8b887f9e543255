//! The control law of the pump: why it can't overdose, whatever a plugin does.
//!
//! [`Pump::tick`](pump::Pump::tick) is the whole of it: a pure function of the pump's
//! state, an instant and the [`Inputs`](pump::Inputs), which answers with
//! [`Outputs`](pump::Outputs): issue one step, wake me then, ask this strategy, make this
//! much durable. It owns no clock, no thread, no file and no line; it has no float, no
//! unsafe code and no dependency, and it allocates nothing. What drives it (the real-time
//! loop, the simulator, a replay) can be anything, and gives the same edges.
//!
//! # The story of a dose
//!
//! 1. [`Pump::arm`](pump::Pump::arm) takes a [`Prescription`](prescription::Prescription):
//!    integers and exact fractions, every limit already the tightest there is, and for each
//!    regimen an [`Envelope`](prescription::Envelope), the most it may ever be given.
//! 2. A strategy is shown a [`Snapshot`](order::Snapshot) and answers with an
//!    [`Order`](order::Order): a basal, at most one bolus, an answer to a demand. It
//!    *proposes*. The order lives for its lease; when that lapses, the regimen falls to
//!    what the prescription wrote for the loss of a strategy.
//! 3. The **governor** (`governor.rs`) holds the basal down to the envelope and lets a
//!    bolus through whole or refuses it under one named [`Reason`](reason::Reason). Lockout
//!    and counts are kept here, not in the plugin, and survive re-arming and restart.
//! 4. The **windows** (`window.rs`) of 1, 4 and 24 hours are checked with a promise about
//!    the future: a bolus passes only if, for every window and every instant still to come,
//!
//!    ```text
//!    D(now − W + τ, now] + U + B + R·τ ≤ cap      for every 0 ≤ τ ≤ W
//!    ```
//!
//!    with D delivered, U uncertain, B all unfinished boluses with this one, and R the sum
//!    of the envelopes' basal rates. So no bolus can make a later basal overflow, and a
//!    running basal never has to be narrowed for one.
//! 5. The bolus waits until its record and its first **credit** are durable. Credit is the
//!    step past which nothing may fall due; if the disk stalls, the pump comes to rest.
//! 6. The **planner** (`planner.rs`) integrates the granted flows exactly, each a whole
//!    number of parts of a step per nanosecond, and says when the next edge falls due.
//! 7. The tick asks the driver for that edge; the edge that the driver accepted is
//!    [`delivered`](ledger::Ledger::delivered). One that could not be issued before the
//!    next fell due is *missed*, never made good by a burst, and more than a tenth of them in a
//!    quarter of an hour is an alarm. One whose fate nobody knows is
//!    *uncertain*, and counts as delivered wherever there is a maximum. What the rotor may
//!    have moved while the motor was disabled is *displaced*: a full step at each start.
//!
//! # An example
//!
//! A basal of 360 µL/h on a pump of 50 nL a step: two steps a second.
//!
//! ```
//! use pump_core::order::{Order, RegimenId};
//! use pump_core::prescription::*;
//! use pump_core::pump::{Command, EdgeFate, Inputs, Pump};
//! use pump_core::quantity::{MonoNs, Nanoseconds, Rate, Steps, Volume};
//!
//! let hour = Nanoseconds::from_hours(1);
//! let rate = Rate::of(Volume::from_nl(360_000), hour).unwrap();
//! let prescription = Prescription {
//!     volume_per_step: Volume::from_nl(50),
//!     full_step: Steps(0),
//!     max_rate: Rate::of(Volume::from_nl(2_000_000), hour).unwrap(),
//!     max_bolus: Volume::from_nl(5_000_000),
//!     max_clinician_bolus: None,
//!     caps: Caps { h1: Some(Steps(8_000)), h4: None, h24: None },
//!     drugs: [None; MAX_DRUGS],
//!     regimens: [Some(Envelope { basal: rate, bolus: None }), None, None, None],
//!     vtbi: None,
//!     reservoir: Reservoir { volume: Steps(400_000), low: Steps(40_000), empty: Steps(10_000) },
//!     air: None,
//!     order_lease: Nanoseconds::from_secs(2),
//!     on_strategy_loss: OnStrategyLoss::Stop,
//! };
//!
//! let mut pump = Box::new(Pump::new());
//! pump.arm(MonoNs(0), &prescription).unwrap();
//! let mut inputs = Inputs { command: Some(Command::Start), ..Inputs::default() };
//! let (mut now, mut edges) = (MonoNs(0), Vec::new());
//! while now <= MonoNs(10_000_000_000) {
//!     let outputs = pump.tick(now, &inputs);
//!     inputs = Inputs { credit: outputs.credit_wanted, ..Inputs::default() };
//!     if outputs.step {
//!         edges.push(now);
//!         inputs.edge = EdgeFate::Accepted;
//!     }
//!     if outputs.wants_order[0] {
//!         let seq = pump.snapshot(RegimenId(0)).unwrap().seq;
//!         let forever = Nanoseconds::MAX;
//!         inputs.orders[0] = Some(Order {
//!             seq, basal: rate, bolus: None, answer: None, valid_for: forever, wake_in: None,
//!         });
//!     } else if inputs.credit.is_none() {
//!         now = outputs.wake_at;
//!     }
//! }
//! assert_eq!(edges.len(), 20);
//! assert_eq!(edges[0], MonoNs(500_000_000));
//! ```
//!
//! # What it costs
//!
//! A [`Pump`](pump::Pump) is less than 81 kB: nine windows of 1441 minutes (the volume and
//! eight drugs) and 2048 bolus starts. A tick does the same work after a year as after an
//! hour. The longest is the judgement of a bolus, which walks each capped window once.
//!
//! # What holds it to that
//!
//! `src/tests/properties.rs` runs each invariant over random prescriptions, orders, presses, pauses,
//! re-armings, journal stalls and losses of power against an oracle that sees only the
//! instants of the edges; and for each it breaks the control law on purpose (`twin.rs`) and
//! demands that the same property notices.
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::as_conversions,
        clippy::expect_used,
        clippy::float_arithmetic,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unwrap_used,
    )
)]

mod air;
pub mod alarm;
mod arming;
pub mod bolus;
mod bytes;
pub mod checkpoint;
mod delivery;
mod demand;
pub mod event;
mod governor;
mod grants;
mod grid;
pub mod ledger;
mod lockout;
mod memory;
mod operator;
pub mod order;
mod planner;
pub mod prescription;
pub mod pump;
pub mod quantity;
pub mod reason;
pub mod refill;
mod regimen;
pub mod sensor;
mod shortfall;
mod strategy;
mod subject;
mod tick;
mod twin;
mod watch;
mod window;

#[cfg(test)]
mod tests;
