//! What passes between the loop and the other threads. Everything is `Copy` and goes over a
//! lane; nobody ever waits on one.

use std::sync::Arc;

use pump_core::alarm::ActiveAlarms;
use pump_core::bolus::BolusId;
use pump_core::event::Event;
use pump_core::ledger::Ledger;
use pump_core::order::{DemandWait, Order, RegimenId};
use pump_core::prescription::{MAX_REGIMENS, Prescription};
use pump_core::pump::{ArmError, Command, EdgeFate, Inputs, Pump, Sensors, State, Watch};
use pump_core::quantity::{MonoNs, Rate, Steps};
use pump_core::refill::Remembered;
use pump_recording::row::Dossier;
use strategy_link::WallClock;

use crate::books::Label;

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
    /// Forget what is armed: its strategies are gone.
    Disarm,
    /// Forget the subject, and what is armed with it.
    NewSubject,
    /// Obey the operator.
    Obey(Command),
    /// The patient's button, pressed by the operator's command.
    Press,
}

/// From the loop to `control`.
#[derive(Clone, Copy, Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "it lies in a lane, not on a heap"
)]
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
    /// Those of them whose cause is still there.
    pub(crate) lasting: ActiveAlarms,
    /// The ledger of what is armed.
    pub(crate) ledger: Option<Ledger>,
    /// When the arming was started first; `None`: not yet.
    pub(crate) started_at: Option<MonoNs>,
    /// The bolus that flows, and what of it has been delivered.
    pub(crate) bolus: Option<(BolusId, Steps)>,
    /// What 1, 4 and 24 h hold, with their caps.
    pub(crate) windows: Option<[(Steps, Option<Steps>); 3]>,
    /// The basal of all regimens.
    pub(crate) basal: Rate,
    /// What is remembered whatever is armed.
    pub(crate) remembered: Remembered,
}

/// From the loop to `control`, with each view: when each regimen's next demand could be let
/// through. In a lane of its own: what is said of events must find room for many, and only the
/// last of these counts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Waits {
    /// The pump's clock.
    pub(crate) at: MonoNs,
    /// By regimen.
    pub(crate) waits: [Option<DemandWait>; MAX_REGIMENS],
}

/// From the loop's regimen to its link is the core's own `Snapshot`; this is the way back.
#[derive(Clone, Copy, Debug)]
pub(crate) enum FromLink {
    /// What the strategy proposes.
    Order {
        order: Order,
        /// What it was shown of the wall clock.
        clock: WallClock,
    },
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
    /// When the occlusion's line first changed, by the monotonic clock; `None`: it is not
    /// blocked.
    pub(crate) occluded_at: Option<MonoNs>,
}

/// From the loop to `journal`: every call of the control law, in order. Whoever repeats them
/// has the same control law, and that is where the journal takes its checkpoints from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Record {
    /// The prescription of this task was armed.
    Armed {
        /// The task.
        id: u64,
        /// When.
        at: MonoNs,
    },
    /// What was armed was forgotten.
    Disarmed {
        /// When.
        at: MonoNs,
    },
    /// The subject was forgotten, and what was armed with it.
    NewSubject {
        /// When.
        at: MonoNs,
    },
    /// An order that is told in the next tick.
    Order {
        /// The regimen's place.
        place: usize,
        /// What its strategy proposes.
        order: Order,
        /// What it was shown of the wall clock.
        clock: WallClock,
    },
    /// A tick.
    Tick(Told),
    /// A strategy was shown how things are.
    Shown(RegimenId),
    /// What the control law has come to, to hold the repetition against.
    Sum(Sum),
    /// An edge, where a tape is kept.
    Edge {
        /// When it was due, by the monotonic clock.
        due: MonoNs,
        /// When its call returned, by the monotonic clock.
        issued: MonoNs,
        /// The kernel took it.
        taken: bool,
    },
}

/// What the control law was told in a tick, but for the orders: they come before it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Told {
    /// The instant.
    pub(crate) now: MonoNs,
    edge: EdgeFate,
    credit: Option<Steps>,
    sensors: Sensors,
    trapped: Steps,
    watch: Watch,
    command: Option<Command>,
    press: bool,
    lost: [bool; MAX_REGIMENS],
}

impl Told {
    /// What is told now.
    pub(crate) fn new(now: MonoNs, inputs: &Inputs) -> Self {
        // Named one by one, so that nothing that is added to the inputs is left out here.
        let Inputs {
            edge,
            credit,
            sensors,
            trapped,
            watch,
            command,
            press,
            orders: _,
            lost,
        } = *inputs;
        Self {
            now,
            edge,
            credit,
            sensors,
            trapped,
            watch,
            command,
            press,
            lost,
        }
    }

    /// The inputs, with these orders.
    pub(crate) fn inputs(&self, orders: [Option<Order>; MAX_REGIMENS]) -> Inputs {
        Inputs {
            edge: self.edge,
            credit: self.credit,
            sensors: self.sensors,
            trapped: self.trapped,
            watch: self.watch,
            command: self.command,
            press: self.press,
            orders,
            lost: self.lost,
        }
    }
}

/// What the control law has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sum {
    pub(crate) state: State,
    pub(crate) alarms: ActiveAlarms,
    pub(crate) ledger: Option<Ledger>,
    pub(crate) windows: Option<[(Steps, Option<Steps>); 3]>,
    pub(crate) remembered: Remembered,
}

impl Sum {
    /// Of this one.
    pub(crate) fn of(pump: &Pump) -> Self {
        Self {
            state: pump.state(),
            alarms: pump.alarms(),
            ledger: pump.ledger(),
            windows: pump.windows(),
            // As it was at its last call, which is the same for both.
            remembered: pump.remembered(MonoNs(0)),
        }
    }
}

/// From `control` to `journal`.
#[derive(Debug)]
pub(crate) enum Note {
    /// The loop is asked to arm this.
    Arming {
        /// The task.
        id: u64,
        /// Names and strategies of the regimens.
        names: Vec<(String, String)>,
        prescription: Box<Prescription>,
        /// What its run is about.
        dossier: Box<Dossier>,
        /// What the journal keeps of it, in full.
        papers: serde_json::Value,
        /// What it is called.
        label: Arc<Label>,
    },
    /// Everything that was told before this is to be made durable at once, and then this
    /// number is to be shown.
    Mark(u64),
    /// Something to be written down: its kind, and the words.
    Entry {
        kind: &'static str,
        body: serde_json::Value,
    },
}

/// Durable steps of an arming, asked for or granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Credit {
    /// Numbers the armings, so that no credit of an older one is taken for this one's.
    pub(crate) arming: u64,
    /// Steps.
    pub(crate) steps: Steps,
}
