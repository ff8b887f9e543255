//! What passes between the loop and the other threads. Everything is `Copy` and goes over a
//! lane; nobody ever waits on one.

use pump_core::alarm::ActiveAlarms;
use pump_core::bolus::BolusId;
use pump_core::event::Event;
use pump_core::ledger::Ledger;
use pump_core::order::Order;
use pump_core::prescription::Prescription;
use pump_core::pump::{ArmError, Command, Sensors, State};
use pump_core::quantity::{MonoNs, Steps};

/// From `control` to the loop: something to do. Each is answered with [`News::Answer`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Task {
    /// Numbers the tasks.
    pub(crate) id: u64,
    /// What to do.
    pub(crate) what: What,
}

/// What the loop is to do.
#[derive(Clone, Copy, Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "it lies in a lane, not on a heap"
)]
pub(crate) enum What {
    /// Arm this.
    Arm(Prescription),
    /// Obey the operator.
    Obey(Command),
    /// The patient's button, pressed by the operator's command.
    Press,
}

/// From the loop to `control`.
#[derive(Clone, Copy, Debug)]
pub(crate) enum News {
    /// Something happened.
    Event(Event),
    /// A task was done. A command that did not fit the state is an event besides.
    Answer {
        /// Which.
        id: u64,
        /// How it went.
        result: Result<(), ArmError>,
    },
    /// How things are: after every event, and now and then.
    View(View),
}

/// How things are in the loop.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View {
    /// The pump's clock.
    pub(crate) at: MonoNs,
    /// Where the pump is.
    pub(crate) state: State,
    /// The active alarms.
    pub(crate) alarms: ActiveAlarms,
    /// The ledger of what is armed.
    pub(crate) ledger: Option<Ledger>,
    /// When the arming was started first; `None`: not yet.
    pub(crate) started_at: Option<MonoNs>,
    /// The bolus that flows, and what of it has been delivered.
    pub(crate) bolus: Option<(BolusId, Steps)>,
    /// What 1, 4 and 24 h hold, with their caps.
    pub(crate) windows: Option<[(Steps, Option<Steps>); 3]>,
}

/// From the loop's regimen to its link is the core's own `Snapshot`; this is the way back.
#[derive(Clone, Copy, Debug)]
pub(crate) enum FromLink {
    /// What the strategy proposes.
    Order(Order),
    /// The strategy died, hangs or makes no sense: it has no live order any more.
    Lost,
    /// A new child runs: show it a snapshot.
    Reborn,
}

/// From `inputs` to the loop.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lines {
    /// How often the button went down since the last message.
    pub(crate) presses: u8,
    /// The lines now.
    pub(crate) sensors: Sensors,
    /// A line of the fluid path or the button can't be read (W11).
    pub(crate) lost: bool,
}

/// From the loop to `journal`.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Record {
    /// Something happened.
    Event(Event),
    /// An edge: when it was due, when it went out, and whether the kernel took it.
    Edge {
        /// When it was due.
        due: MonoNs,
        /// When its call returned.
        issued: MonoNs,
        /// The kernel took it.
        taken: bool,
    },
    /// Make so many steps of this arming durable.
    Credit(Credit),
}

/// Durable steps of an arming, asked for or granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Credit {
    /// Numbers the armings, so that no credit of an older one is taken for this one's.
    pub(crate) arming: u64,
    /// Steps.
    pub(crate) steps: Steps,
}
