//! When a level counts: the judgement over one input line, without a clock of its own.

use pump_core::quantity::{MonoNs, Nanoseconds};

use crate::{Input, InputEvent, Loss, Reading};

/// The most edges a line may make in [`SECOND`]. A bouncing contact stays below it; the hum
/// of 60 Hz on an open wire, or an oscillating sensor, does not.
pub(crate) const FLOOD: u32 = 100;
/// The time that edges are counted over, and for which a lost line is left alone.
pub(crate) const SECOND: Nanoseconds = Nanoseconds::from_secs(1);

/// One line: its raw level, what was last told of it, and how restless it is.
#[derive(Clone, Debug)]
pub(crate) struct Watched {
    input: Input,
    debounce: Nanoseconds,
    /// The last level, active or not, and since when it holds.
    active: bool,
    since: MonoNs,
    told: Reading,
    /// What was found when the line was opened is news as well.
    fresh: bool,
    /// Edges in the second that began then.
    counted: (MonoNs, u32),
    /// Since when no level has held for the debounce.
    restless: Option<MonoNs>,
    /// When to look at a lost line again.
    retry_at: MonoNs,
}

impl Watched {
    /// A line as it was found when it was opened. What it says then counts at once.
    pub(crate) const fn new(
        input: Input,
        debounce: Nanoseconds,
        active: bool,
        now: MonoNs,
    ) -> Self {
        Self {
            input,
            debounce,
            active,
            since: now,
            told: Reading::of(active),
            fresh: active,
            counted: (now, 0),
            restless: None,
            retry_at: MonoNs::NEVER,
        }
    }

    pub(crate) const fn input(&self) -> Input {
        self.input
    }

    /// What it says now.
    pub(crate) const fn reading(&self) -> Reading {
        self.told
    }

    pub(crate) const fn is_lost(&self) -> bool {
        matches!(self.told, Reading::Lost(_))
    }

    const fn event(&self, at: MonoNs) -> InputEvent {
        InputEvent {
            input: self.input,
            reading: self.told,
            at,
        }
    }

    /// Whether the level has held long enough at `now`.
    fn holds(&self, now: MonoNs) -> bool {
        now.since(self.since) >= self.debounce
    }

    /// When [`Watched::settle`] or, for a lost line, a new look is next due.
    pub(crate) fn due(&self) -> MonoNs {
        if self.is_lost() {
            self.retry_at
        } else if self.fresh {
            self.since
        } else if self.told == Reading::of(self.active) {
            MonoNs::NEVER
        } else {
            self.since.after(self.debounce)
        }
    }

    /// Time has passed, and every edge before `now` is known. At most one event comes of it.
    pub(crate) fn settle(&mut self, now: MonoNs) -> Option<InputEvent> {
        if self.is_lost() {
            return None;
        }
        if self.fresh {
            self.fresh = false;
            return Some(self.event(self.since));
        }
        if !self.holds(now) {
            return None;
        }
        self.restless = None;
        let reading = Reading::of(self.active);
        if reading == self.told {
            return None;
        }
        self.told = reading;
        Some(self.event(self.since))
    }

    /// The line changed. First what held until then, then what the change itself means.
    pub(crate) fn edge(&mut self, active: bool, at: MonoNs) -> [Option<InputEvent>; 2] {
        if self.is_lost() {
            return [None, None];
        }
        let at = at.max(self.since);
        let held = self.settle(at);
        // The same level twice: an edge between them was missed, so nothing has held.
        self.active = active;
        self.since = at;
        let (began, count) = self.counted;
        self.counted = if at.since(began) >= SECOND {
            (at, 1)
        } else {
            (began, count.saturating_add(1))
        };
        let restless = *self.restless.get_or_insert(at);
        let patience = SECOND.max(Nanoseconds(self.debounce.0.saturating_mul(4)));
        if self.counted.1 > FLOOD || at.since(restless) > patience {
            return [held, self.lose(Loss::Flood, at)];
        }
        // Without a debounce the new level counts at once.
        let now = if self.debounce == Nanoseconds::ZERO {
            self.settle(at)
        } else {
            None
        };
        [held, now]
    }

    /// The level was looked at. A change that no edge told of is an edge of now.
    pub(crate) fn look(&mut self, active: bool, now: MonoNs) -> [Option<InputEvent>; 2] {
        if self.active == active {
            return [self.settle(now), None];
        }
        self.edge(active, now)
    }

    /// The line says nothing any more. An event, unless that was known.
    pub(crate) fn lose(&mut self, loss: Loss, now: MonoNs) -> Option<InputEvent> {
        self.retry_at = now.after(SECOND);
        self.fresh = false;
        if self.told == Reading::Lost(loss) {
            return None;
        }
        self.told = Reading::Lost(loss);
        Some(self.event(now))
    }

    /// A lost line was still restless, or silent, when it was looked at.
    pub(crate) fn stay_lost(&mut self, now: MonoNs) {
        self.retry_at = now.after(SECOND);
    }

    /// A lost line was quiet for a second and can be read. What it says counts at once.
    pub(crate) fn revive(&mut self, active: bool, now: MonoNs) -> Option<InputEvent> {
        self.active = active;
        self.since = now;
        self.counted = (now, 0);
        self.restless = None;
        self.retry_at = MonoNs::NEVER;
        self.told = Reading::of(active);
        Some(self.event(now))
    }
}

#[cfg(test)]
mod tests;
