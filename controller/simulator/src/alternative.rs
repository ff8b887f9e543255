//! What another prescription or another strategy would have done.
//!
//! The world is that of a recorded run: the same state before, the same presses, commands and
//! lines at the same instants, the same threads that stalled. The strategies are others, or
//! what is armed is, so their orders are asked for here; each answers at the instant at which
//! it is asked. Credit is durable at once, and every edge is taken and in time: what the run's
//! machine made of that is no property of the prescription.

use pump_core::order::RegimenId;
use pump_core::prescription::{MAX_REGIMENS, Prescription};
use pump_core::pump::{ArmError, Command, EdgeFate, Inputs, Outputs, Pump, Sensors, Watch};
use pump_core::quantity::{MonoNs, Steps};
use pump_prescription::{Zone, wall_clock};
use pump_recording::row::Opening;
use pump_recording::{Call, Clock, Told, Witness};
use strategy_link::{WallClock, read_order, snapshot_message};

use crate::orders::wall;
use crate::outcome::Outcome;
use crate::strategy::{Strategy, StrategyFault, StrategySource};

const NS_PER_S: u64 = 1_000_000_000;
/// A wall clock that is this near to where it was expected was not set.
const SLACK_S: u64 = 2;
/// So many ticks at one instant are a control law that asks for ever.
const MAX_TICKS_AT_ONCE: u32 = 100_000;

/// Something that came from outside.
#[derive(Clone, Copy, Debug)]
struct Given {
    at: MonoNs,
    sensors: Sensors,
    trapped: Steps,
    watch: Watch,
    command: Option<Command>,
    press: bool,
    /// The wall clock goes otherwise from here on.
    clock: bool,
}

/// What came from outside in a recorded run, gathered while it is replayed.
#[derive(Clone, Debug, Default)]
pub struct World {
    given: Vec<Given>,
    lines: Sensors,
    watch: Watch,
    /// How the wall clock went: since when, and what it showed then. A new entry is where it
    /// went otherwise than by itself: it was set, lost, found, or its offset changed.
    clocks: Vec<(MonoNs, Clock)>,
    /// Whose local time it is, where that is not as it was told then.
    local_time: Option<Option<Zone>>,
    until: MonoNs,
}

impl World {
    fn take(&mut self, told: &Told) {
        self.until = told.now;
        for (order, clock) in told.inputs.orders.iter().zip(&told.clocks) {
            if order.is_some() {
                self.hear_clock(told.now, *clock);
            }
        }
        let Inputs {
            sensors,
            trapped,
            watch,
            command,
            press,
            ..
        } = told.inputs;
        let seen = (sensors, watch);
        if seen == (self.lines, self.watch) && command.is_none() && !press {
            return;
        }
        (self.lines, self.watch) = seen;
        self.given.push(Given {
            at: told.now,
            sensors,
            trapped,
            watch,
            command,
            press,
            clock: false,
        });
    }

    fn hear_clock(&mut self, now: MonoNs, clock: Clock) {
        let goes_on = self.clocks.last().is_some_and(|&(at, known)| {
            let by_itself = known.utc_s.saturating_add(now.since(at).0 / NS_PER_S);
            // An order is told a moment after its snapshot, and each is cut to whole seconds.
            let same = by_itself.abs_diff(clock.utc_s) <= SLACK_S;
            same && clock
                == Clock {
                    utc_s: clock.utc_s,
                    ..known
                }
        });
        if goes_on {
            return;
        }
        if !self.clocks.is_empty() {
            self.given.push(Given {
                at: now,
                sensors: self.lines,
                trapped: Steps::ZERO,
                watch: self.watch,
                command: None,
                press: false,
                clock: true,
            });
        }
        self.clocks.push((now, clock));
    }

    /// The clock that went at this instant, and since when. Before the first was told it went as
    /// it did then.
    fn clock(&self, now: MonoNs) -> (MonoNs, Clock) {
        let next = self.clocks.partition_point(|(at, _)| *at <= now);
        let known = self.clocks.get(next.saturating_sub(1));
        known.copied().unwrap_or_default()
    }

    fn wall(&self, now: MonoNs) -> WallClock {
        let (at, clock) = self.clock(now);
        let since_s = now.since(at).0 / NS_PER_S;
        let utc_s = clock.utc_s.saturating_add(since_s);
        match &self.local_time {
            Some(zone) => wall_clock(zone.as_ref(), clock.good, utc_s),
            None => WallClock {
                utc_s,
                ..wall(&clock)
            },
        }
    }

    /// From now on local time is that of this zone; without one it is UTC.
    pub fn moved_to(&mut self, zone: Option<Zone>) {
        self.local_time = Some(zone);
    }
}

impl Witness for World {
    fn calls(&mut self, call: &Call, _late: bool) {
        if let Call::Tick(told) = call {
            self.take(told);
        }
    }
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoAlternative {
    /// The state before can't be read.
    State,
    /// The control law refuses the prescription.
    Arm(ArmError),
    /// A strategy can't be made.
    Strategy {
        /// Its regimen's place.
        place: usize,
        /// Why.
        fault: StrategyFault,
    },
    /// The control law asks for tick after tick at the same instant.
    Stuck(MonoNs),
}

impl std::fmt::Display for NoAlternative {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::State => f.write_str("the state that the run began with can't be read"),
            Self::Arm(error) => write!(f, "it can't be armed: {error}"),
            Self::Strategy { place, fault } => {
                write!(f, "the strategy of regimen {place} can't be made: {fault}")
            }
            Self::Stuck(at) => write!(f, "time stands still at {} ns", at.0),
        }
    }
}

impl std::error::Error for NoAlternative {}

/// Lives through the world of a run with this armed and these strategies.
///
/// # Errors
/// See [`NoAlternative`].
pub fn live(
    opening: &Opening,
    world: &World,
    prescription: &Prescription,
    sources: Vec<Box<dyn StrategySource>>,
) -> Result<Outcome, NoAlternative> {
    let mut pump = opening.rested().ok_or(NoAlternative::State)?;
    let mut armed = *prescription;
    // A strategy called directly does not die: its orders are vouched for.
    armed.order_lease = pump_core::quantity::Nanoseconds::MAX;
    pump.arm(MonoNs(opening.armed_at_ns), &armed)
        .map_err(NoAlternative::Arm)?;
    let mut strategies = Vec::new();
    for (place, mut source) in sources.into_iter().enumerate() {
        let strategy = source.create();
        strategies.push(strategy.map_err(|fault| NoAlternative::Strategy { place, fault })?);
    }
    let mut life = Life {
        inputs: Inputs {
            sensors: pump.sensors(),
            watch: pump.watch(),
            ..Inputs::default()
        },
        pump,
        world,
        strategies: strategies.into_iter().map(Some).collect(),
        outcome: Outcome::default(),
        wake_at: MonoNs::NEVER,
    };
    life.run()?;
    life.outcome.settle(&life.pump);
    Ok(life.outcome)
}

struct Life<'a> {
    pump: Box<Pump>,
    world: &'a World,
    /// Those that have not broken.
    strategies: Vec<Option<Box<dyn Strategy>>>,
    outcome: Outcome,
    inputs: Inputs,
    wake_at: MonoNs,
}

impl Life<'_> {
    fn run(&mut self) -> Result<(), NoAlternative> {
        for given in &self.world.given {
            self.pass_until(given.at)?;
            self.inputs.sensors = given.sensors;
            self.inputs.trapped = given.trapped;
            self.inputs.watch = given.watch;
            self.inputs.command = given.command;
            self.inputs.press = given.press;
            self.settle(given.at)?;
            if given.clock {
                // Every strategy sees it, though its order was vouched for.
                for place in 0..self.strategies.len() {
                    self.ask(given.at, place);
                }
                self.settle(given.at)?;
            }
        }
        self.pass_until(self.world.until)?;
        self.settle(self.world.until)
    }

    /// Everything that falls due before this instant.
    fn pass_until(&mut self, at: MonoNs) -> Result<(), NoAlternative> {
        while self.wake_at < at {
            self.settle(self.wake_at)?;
        }
        Ok(())
    }

    /// Ticks at this instant until the control law wants nothing more of it.
    fn settle(&mut self, now: MonoNs) -> Result<(), NoAlternative> {
        for _ in 0..MAX_TICKS_AT_ONCE {
            let outputs = self.pump.tick(now, &self.inputs);
            self.outcome.hear(self.pump.events());
            self.wake_at = outputs.wake_at;
            if !self.serve(now, &outputs) && outputs.wake_at > now {
                return Ok(());
            }
        }
        Err(NoAlternative::Stuck(now))
    }

    /// What is told in the next tick, and whether that is due now.
    fn serve(&mut self, now: MonoNs, outputs: &Outputs) -> bool {
        self.inputs = Inputs {
            sensors: self.inputs.sensors,
            watch: self.inputs.watch,
            edge: match outputs.step {
                true => EdgeFate::Accepted,
                false => EdgeFate::None,
            },
            credit: outputs.credit_wanted,
            ..Inputs::default()
        };
        let mut more = outputs.step || outputs.credit_wanted.is_some();
        for place in 0..MAX_REGIMENS {
            if outputs.wants_order.get(place) == Some(&true) {
                more |= self.ask(now, place);
            }
        }
        more
    }

    fn ask(&mut self, now: MonoNs, place: usize) -> bool {
        let id = u8::try_from(place).ok().map(RegimenId);
        let Some(snapshot) = id.and_then(|id| self.pump.snapshot(id)) else {
            return false;
        };
        let Some(slot) = self.strategies.get_mut(place) else {
            return false;
        };
        let Some(strategy) = slot else { return false };
        let message = snapshot_message(&snapshot, &self.world.wall(now));
        let order = strategy.step(&message).ok();
        let order = order.and_then(|order| read_order(&order).ok());
        match (order, self.inputs.orders.get_mut(place)) {
            (Some(order), Some(place)) => {
                *place = Some(order);
                true
            }
            _ => {
                // As if its process had died.
                *slot = None;
                if let Some(lost) = self.inputs.lost.get_mut(place) {
                    *lost = true;
                }
                true
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pump_core::order::Order;
    use pump_core::quantity::{Nanoseconds, Rate};

    fn told(world: &mut World, now_s: u64, clock: Clock) {
        let order = Order {
            seq: 1,
            basal: Rate::ZERO,
            bolus: None,
            answer: None,
            valid_for: Nanoseconds::MAX,
            wake_in: None,
        };
        let mut told = Told {
            now: MonoNs(now_s * NS_PER_S),
            inputs: Inputs::default(),
            clocks: [Clock::default(); MAX_REGIMENS],
        };
        told.inputs.orders[0] = Some(order);
        told.clocks[0] = clock;
        world.take(&told);
    }

    #[test]
    fn the_wall_clock_of_a_recorded_run_goes_as_it_did_then() {
        let clock = |good, utc_s, local_offset_s| Clock {
            good,
            utc_s,
            local_offset_s,
            next_offset_change_utc_s: None,
        };
        let mut world = World::default();
        told(&mut world, 100, clock(true, 5_000, 0));
        told(&mut world, 200, clock(true, 5_101, 0)); // as it goes by itself
        told(&mut world, 300, clock(true, 8_800, 0)); // set forward by an hour
        told(&mut world, 400, clock(false, 8_900, 0)); // nobody vouches for it
        told(&mut world, 500, clock(true, 9_000, 3_600)); // another offset
        let changes: Vec<u64> = world.clocks.iter().map(|(at, _)| at.0 / NS_PER_S).collect();
        assert_eq!(changes, [100, 300, 400, 500]);
        // The strategies see each change at its instant, not only when they wake.
        let shown = world.given.iter().filter(|given| given.clock);
        let shown: Vec<u64> = shown.map(|given| given.at.0 / NS_PER_S).collect();
        assert_eq!(shown, [300, 400, 500]);
        let wall = |s: u64| {
            let wall = world.wall(MonoNs(s * NS_PER_S));
            (wall.good, wall.utc_s, wall.local_offset_s)
        };
        assert_eq!(wall(299), (true, 5_199, 0));
        assert_eq!(wall(310), (true, 8_810, 0));
        assert_eq!(wall(450), (false, 8_950, 0));
        assert_eq!(wall(600), (true, 9_100, 3_600));
        // Another prescription has a local time of its own, of the same instants.
        world.moved_to(Zone::named("Asia/Kolkata"));
        let moved = world.wall(MonoNs(450 * NS_PER_S));
        assert_eq!(
            (moved.good, moved.utc_s, moved.local_offset_s),
            (false, 8_950, 19_800)
        );
    }
}
