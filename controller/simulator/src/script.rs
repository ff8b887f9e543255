//! What is still to happen, in order.

use std::collections::BTreeMap;

use pump_core::order::RegimenId;
use pump_core::quantity::Nanoseconds;
use pump_hal::Sensor;

use crate::journal::WRITTEN_EVERY;
use crate::scenario::{Action, Scenario};

/// Something that happens at an instant of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Happening {
    /// A blocked line has become so that its sensor sees it.
    Shows,
    /// A line may be sound again.
    Clears(Sensor),
    /// The daemon would have found a strategy dead.
    Lapses(RegimenId),
    /// A strategy that was away is back, and says so.
    Returns(RegimenId),
    /// The wall clock may be known right again.
    WallClockReturns,
    /// The power returns.
    PowerReturns,
    /// The journal writes down the pump, as it does from time to time.
    Journals,
    /// The scenario's next action.
    Acts(Action),
}

/// At one instant, what earlier actions lead to comes before new actions; these act in the
/// order in which they were written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Turn {
    Consequence(u64),
    Written(usize),
}

/// The queue of all of that.
#[derive(Clone, Debug)]
pub(crate) struct Script {
    queue: BTreeMap<(Nanoseconds, Turn), Happening>,
    consequences: u64,
    restarts_ahead: usize,
}

impl Script {
    pub(crate) fn new(scenario: &Scenario) -> Self {
        let written = scenario.events().iter().enumerate();
        let queue: BTreeMap<_, _> = written
            .map(|(n, (at, action))| ((*at, Turn::Written(n)), Happening::Acts(*action)))
            .collect();
        let restarts = queue.iter().filter(|(_, happening)| is_restart(happening));
        let restarts: Vec<Nanoseconds> = restarts.map(|((at, _), _)| *at).collect();
        let mut script = Self {
            queue,
            consequences: 0,
            restarts_ahead: restarts.len(),
        };
        for at in restarts {
            // Of all that the journal writes from time to time only the last matters.
            let written_before = at.0.saturating_sub(1) / WRITTEN_EVERY.0 * WRITTEN_EVERY.0;
            script.will(Nanoseconds(written_before), Happening::Journals);
        }
        script
    }

    /// Adds what follows from an action.
    pub(crate) fn will(&mut self, at: Nanoseconds, happening: Happening) {
        self.consequences += 1;
        self.queue
            .insert((at, Turn::Consequence(self.consequences)), happening);
    }

    /// When the next thing happens; never where nothing does.
    pub(crate) fn next_at(&self) -> Nanoseconds {
        self.queue
            .first_key_value()
            .map_or(Nanoseconds::MAX, |((at, _), _)| *at)
    }

    /// What happens at `now`, one by one.
    pub(crate) fn take(&mut self, now: Nanoseconds) -> Option<Happening> {
        let first = self.queue.first_entry()?;
        if first.key().0 > now {
            return None;
        }
        let happening = first.remove();
        if is_restart(&happening) {
            self.restarts_ahead -= 1;
        }
        Some(happening)
    }

    /// Whether the power will fail again: only then is a checkpoint worth its copy.
    pub(crate) fn has_restarts_ahead(&self) -> bool {
        self.restarts_ahead > 0
    }
}

fn is_restart(happening: &Happening) -> bool {
    matches!(happening, Happening::Acts(Action::Restart { .. }))
}
