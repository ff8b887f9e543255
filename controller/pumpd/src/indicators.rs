//! Lights and a buzzer: what somebody in the room sees and hears of the alarms.
//!
//! A thread of its own drives the lines, at no priority and waited for by nobody: the loop only
//! leaves in [`Signals`] which alarms are active, and goes on whatever becomes of that. The thread
//! does not ask the desk either. A desk that hangs is an alarm, which must be heard, and a silence
//! ends though nobody is there to end it.
//!
//! Each light tells of the alarms of its own priority, so a lower one never hides a higher; the
//! sound is that of the highest alarm that is not silenced (W09). A silence is for the alarms that
//! were active when it began, and never touches a light. An alarm that waits for somebody when its
//! cause is gone is signalled as before.

pub(crate) mod pattern;

use std::fs::File;
use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering};

use pump_core::alarm::{ActiveAlarms, Alarm, Priority};
use pump_core::quantity::{MonoNs, Nanoseconds};
use pump_hal::{Level, LineError, OutputLine, Polarity};
use pump_rt::clock;

use crate::faults::{Faults, Victim};
use crate::vitals::Vitals;

/// So often the thread looks for a change, though none of its lines is due.
const LOOK_EVERY: Nanoseconds = Nanoseconds::from_millis(20);
const MS: u64 = 1_000_000;
const PRIORITIES: [Priority; 3] = [Priority::Low, Priority::Medium, Priority::High];

/// What is to be signalled, as atomics that nobody waits for. Instants are of the monotonic clock.
#[derive(Debug)]
pub(crate) struct Signals {
    /// The active alarms, as the loop tells them.
    active: AtomicU32,
    /// Those that are silent until then.
    silenced: AtomicU32,
    silent_until: AtomicU64,
    /// The priority that is being tested and one, until then.
    tested: AtomicU8,
    tested_until: AtomicU64,
    /// What the kernel said of a line that did not do as it was told, and one; 0: nothing.
    trouble: AtomicU32,
}

impl Signals {
    pub(crate) const fn new() -> Self {
        Self {
            active: AtomicU32::new(0),
            silenced: AtomicU32::new(0),
            silent_until: AtomicU64::new(0),
            tested: AtomicU8::new(0),
            tested_until: AtomicU64::new(0),
            trouble: AtomicU32::new(0),
        }
    }

    /// The loop tells which alarms are active.
    pub(crate) fn tell(&self, active: ActiveAlarms) {
        self.active.store(active.bits(), Ordering::Release);
    }

    /// These are silent until then, and nothing else is.
    pub(crate) fn silence(&self, silenced: ActiveAlarms, until: MonoNs) {
        // Never the old ones with the new end.
        if silenced != ActiveAlarms::NONE {
            self.silent_until.store(until.0, Ordering::Release);
        }
        self.silenced.store(silenced.bits(), Ordering::Release);
    }

    /// A priority is shown until then, beside what is real.
    pub(crate) fn test(&self, priority: Priority, until: MonoNs) {
        self.tested.store(place(priority) + 1, Ordering::Release);
        self.tested_until.store(until.0, Ordering::Release);
    }

    /// A line that did not do as it was told, with what the kernel said; the last one.
    pub(crate) fn trouble(&self) -> Option<LineError> {
        let errno = self.trouble.load(Ordering::Acquire).checked_sub(1)?;
        Some(LineError {
            errno: i32::try_from(errno).unwrap_or(0),
        })
    }

    /// What there is to signal now.
    fn now(&self, now: MonoNs, braked: bool) -> Shown {
        let mut active = ActiveAlarms::from_bits(self.active.load(Ordering::Acquire));
        if braked {
            // The loop may never again say so itself.
            active = active.with(Alarm::LoopStalled);
        }
        let silenced = match now.0 < self.silent_until.load(Ordering::Acquire) {
            true => ActiveAlarms::from_bits(self.silenced.load(Ordering::Acquire)),
            false => ActiveAlarms::NONE,
        };
        let tested = match now.0 < self.tested_until.load(Ordering::Acquire) {
            true => self.tested.load(Ordering::Acquire).checked_sub(1),
            false => None,
        };
        Shown::of(active, silenced, tested.and_then(priority))
    }
}

const fn place(priority: Priority) -> u8 {
    match priority {
        Priority::Low => 0,
        Priority::Medium => 1,
        Priority::High => 2,
    }
}

fn priority(place: u8) -> Option<Priority> {
    PRIORITIES.get(usize::from(place)).copied()
}

/// Which priorities are lit, and which one sounds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Shown {
    lit: [bool; 3],
    sounds: Option<Priority>,
}

impl Shown {
    fn of(active: ActiveAlarms, silenced: ActiveAlarms, tested: Option<Priority>) -> Self {
        let of = |alarm: Alarm| alarm.row().priority;
        let lit = PRIORITIES.map(|priority| {
            tested == Some(priority) || active.iter().any(|alarm| of(alarm) == priority)
        });
        let heard = active.iter().filter(|alarm| !silenced.contains(*alarm));
        Self {
            lit,
            sounds: heard.map(of).chain(tested).max(),
        }
    }
}

/// What is shown, and since when \[ms\].
#[derive(Clone, Copy, Debug, Default)]
struct Signalled {
    shown: Shown,
    lit_since: [u64; 3],
    sounds_since: u64,
}

/// Which lines are on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct On {
    lights: [bool; 3],
    buzzer: bool,
}

impl Signalled {
    /// From now on this is shown. What was shown before goes on in its rhythm.
    fn follow(&mut self, shown: Shown, now_ms: u64) {
        let lights = self.lit_since.iter_mut().zip(self.shown.lit).zip(shown.lit);
        for ((since, was), is) in lights {
            if is && !was {
                *since = now_ms;
            }
        }
        if shown.sounds != self.shown.sounds {
            self.sounds_since = now_ms;
        }
        self.shown = shown;
    }

    /// The lines now, and for how long they stay so \[ms\].
    fn on(&self, now_ms: u64) -> (On, u64) {
        let mut on = On::default();
        let mut stays = u64::MAX;
        for (place, priority) in PRIORITIES.into_iter().enumerate() {
            if self.shown.lit[place] {
                let since = now_ms.saturating_sub(self.lit_since[place]);
                on.lights[place] = pattern::light(priority, since);
                stays = stays.min(pattern::light_stays(priority, since));
            }
        }
        if let Some(priority) = self.shown.sounds {
            let since = now_ms.saturating_sub(self.sounds_since);
            on.buzzer = pattern::sound(priority, since);
            stays = stays.min(pattern::sound_stays(priority, since));
        }
        (on, stays)
    }
}

/// A line with what its levels mean, and what it was told last.
pub(crate) struct Lamp {
    line: Box<dyn OutputLine>,
    polarity: Polarity,
    on: Option<bool>,
}

impl Lamp {
    pub(crate) fn new(line: Box<dyn OutputLine>, polarity: Polarity) -> Self {
        Self {
            line,
            polarity,
            on: None,
        }
    }

    /// On or off. What did not work is tried again.
    fn set(&mut self, on: bool, signals: &Signals) {
        if self.on == Some(on) {
            return;
        }
        match self.line.drive(self.polarity.level(on)) {
            Ok(()) => self.on = Some(on),
            Err(LineError { errno }) => {
                let errno = u32::try_from(errno).unwrap_or(0);
                signals
                    .trouble
                    .store(errno.saturating_add(1), Ordering::Release);
            }
        }
    }
}

/// The lines of a rig; those that are `None` it does not have.
#[derive(Default)]
pub(crate) struct Panel {
    /// Of low, medium and high priority.
    pub(crate) lights: [Option<Lamp>; 3],
    pub(crate) buzzer: Option<Lamp>,
}

/// Which of them there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wired {
    lights: [bool; 3],
    pub(crate) buzzer: bool,
}

impl Wired {
    pub(crate) fn light(self, priority: Priority) -> bool {
        let [low, medium, high] = self.lights;
        match priority {
            Priority::Low => low,
            Priority::Medium => medium,
            Priority::High => high,
        }
    }

    /// Whether there is anything at all.
    pub(crate) fn any(self) -> bool {
        self.buzzer || self.lights.contains(&true)
    }
}

impl Panel {
    /// Lines in memory, one of each. Each change is added to a file, where there is one: its
    /// instant of the monotonic clock in nanoseconds, the line, and whether it is on.
    pub(crate) fn in_memory(tape: Option<File>) -> std::io::Result<Self> {
        let lamp = |name| {
            let tape = tape.as_ref().map(File::try_clone).transpose()?;
            let line = Box::new(InMemory { name, tape });
            Ok::<_, std::io::Error>(Some(Lamp::new(line, Polarity::ActiveHigh)))
        };
        Ok(Self {
            lights: [lamp("low")?, lamp("medium")?, lamp("high")?],
            buzzer: lamp("buzzer")?,
        })
    }

    pub(crate) fn wired(&self) -> Wired {
        let [low, medium, high] = &self.lights;
        Wired {
            lights: [low.is_some(), medium.is_some(), high.is_some()],
            buzzer: self.buzzer.is_some(),
        }
    }

    fn set(&mut self, on: On, signals: &Signals) {
        for (lamp, on) in self.lights.iter_mut().zip(on.lights) {
            if let Some(lamp) = lamp {
                lamp.set(on, signals);
            }
        }
        if let Some(buzzer) = &mut self.buzzer {
            buzzer.set(on.buzzer, signals);
        }
    }
}

struct InMemory {
    name: &'static str,
    tape: Option<File>,
}

impl OutputLine for InMemory {
    fn drive(&mut self, level: Level) -> Result<(), LineError> {
        let Some(tape) = &mut self.tape else {
            return Ok(());
        };
        let line = format!(
            "{},{},{}\n",
            clock::now().0,
            self.name,
            u8::from(level == Level::High)
        );
        tape.write_all(line.as_bytes()).map_err(|error| LineError {
            errno: error.raw_os_error().unwrap_or(0),
        })
    }
}

/// The thread.
pub(crate) struct Indicators {
    pub(crate) panel: Panel,
    pub(crate) vitals: Arc<Vitals>,
    pub(crate) faults: Arc<Faults>,
}

impl Indicators {
    pub(crate) fn run(mut self) {
        let signals = &self.vitals.signals;
        let mut signalled = Signalled::default();
        while !self.vitals.is_ending() {
            let now = clock::now();
            self.vitals.indicators.show(now);
            self.faults.visit(Victim::Indicators, now, &self.vitals);
            let braked = self.vitals.braked.load(Ordering::Acquire);
            let now = clock::now();
            let now_ms = now.0 / MS;
            signalled.follow(signals.now(now, braked), now_ms);
            let (on, stays) = signalled.on(now_ms);
            self.panel.set(on, signals);
            let next = MonoNs(now_ms.saturating_add(stays).saturating_mul(MS));
            clock::sleep_until(next.min(now.after(LOOK_EVERY)));
        }
        self.panel.set(On::default(), signals);
    }
}

#[cfg(test)]
mod tests;
