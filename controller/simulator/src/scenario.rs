//! What happens to the pump during a run, and when.

use pump_core::order::RegimenId;
use pump_core::quantity::{Nanoseconds, Volume};

use crate::clock::on_grid;

/// One thing that happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// The patient presses the button.
    Press,
    /// The operator asks for a bolus.
    ClinicianBolus {
        /// The volume.
        volume: Volume,
        /// The time over which it is given.
        over: Nanoseconds,
    },
    /// The operator halts delivery.
    Pause,
    /// The operator lets it go on.
    Resume,
    /// The operator ends the run.
    Stop,
    /// The operator arms the same prescription again.
    Arm,
    /// The operator starts delivery.
    Start,
    /// The line is blocked downstream.
    Occlude {
        /// For this time; for good where it is absent.
        span: Option<Nanoseconds>,
        /// The sensor sees it so much later: the pressure must rise first.
        seen_after: Nanoseconds,
    },
    /// There is air in the line.
    Air(Option<Nanoseconds>),
    /// The motor stalls.
    Stall(Option<Nanoseconds>),
    /// The door is open.
    Door(Option<Nanoseconds>),
    /// The reservoir is emptied and now holds this volume.
    Refill(Volume),
    /// A regimen's strategy does not answer for this time.
    LoseStrategy {
        /// Whose.
        regimen: RegimenId,
        /// How long.
        span: Nanoseconds,
    },
    /// The wall clock jumps by this many milliseconds.
    WallClockJump {
        /// Forward, or back where it is negative.
        by_ms: i64,
    },
    /// Nobody knows for this time whether the wall clock is right; for good where it is absent.
    LoseWallClock(Option<Nanoseconds>),
    /// The power fails and returns after this time, with the pump disarmed.
    Restart {
        /// How long it is away.
        off_for: Nanoseconds,
    },
}

impl Action {
    /// The word that stands for it in a scenario.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Press => "press",
            Self::ClinicianBolus { .. } => "clinician-bolus",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Stop => "stop",
            Self::Arm => "arm",
            Self::Start => "start",
            Self::Occlude { .. } => "occlude",
            Self::Air(_) => "air",
            Self::Stall(_) => "stall",
            Self::Door(_) => "door",
            Self::Refill(_) => "refill",
            Self::LoseStrategy { .. } => "lose-strategy",
            Self::WallClockJump { .. } => "wall-clock-jump",
            Self::LoseWallClock(_) => "lose-wall-clock",
            Self::Restart { .. } => "restart",
        }
    }
}

/// A list of actions, each with its instant on the simulation's clock. Actions of one
/// instant act in the order in which they were added.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scenario {
    events: Vec<(Nanoseconds, Action)>,
}

impl Scenario {
    /// Nothing happens: the pump is armed and started at 0, as in every run, and left alone.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an action. Its instant is rounded up to the 10 ms grid.
    pub fn add(&mut self, at: Nanoseconds, action: Action) {
        let at = on_grid(at);
        // After everything of the same instant: that keeps the order of writing.
        let place = self.events.partition_point(|(other, _)| *other <= at);
        self.events.insert(place, (at, action));
    }

    /// Adds an action, for a story told in one expression.
    #[must_use]
    pub fn at(mut self, at: Nanoseconds, action: Action) -> Self {
        self.add(at, action);
        self
    }

    /// Adds many presses.
    pub fn add_presses(&mut self, presses: impl IntoIterator<Item = Nanoseconds>) {
        self.add_all(presses.into_iter().map(|at| (at, Action::Press)));
    }

    /// Adds many actions, in the order in which they act where they share an instant.
    pub fn add_all(&mut self, events: impl IntoIterator<Item = (Nanoseconds, Action)>) {
        self.events
            .extend(events.into_iter().map(|(at, action)| (on_grid(at), action)));
        // A stable sort: what was added first stays first.
        self.events.sort_by_key(|(at, _)| *at);
    }

    /// What happens, in order.
    pub fn events(&self) -> &[(Nanoseconds, Action)] {
        &self.events
    }
}
