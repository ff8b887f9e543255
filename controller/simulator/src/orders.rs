//! Whether the strategies of a replayed run give the orders again that they gave then.
//!
//! An order is a function of a strategy's state and of the snapshot, so each is asked about the
//! very snapshots that it answered then, in their order, and by the wall clock of then. One that
//! died and was born again goes on with the state it had after its last order, as in the daemon.

use std::collections::VecDeque;
use std::fmt;

use pump_core::order::{Order, Snapshot};
use pump_core::prescription::MAX_REGIMENS;
use pump_core::pump::Pump;
use pump_core::quantity::MonoNs;
use pump_recording::{Answer, Call, Clock, Told, Witness};
use strategy_link::{WallClock, read_order, snapshot_message};

use crate::strategy::{Strategy, StrategyFault, StrategySource};

/// More snapshots than are under way to a strategy at a time.
const UNANSWERED: usize = 64;

/// An order that is not given again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherOrder {
    /// When the order was told then.
    pub at: MonoNs,
    /// The regimen's place.
    pub place: usize,
    /// What its strategy proposed then.
    pub then: Order,
    /// What it proposes now, or why it proposes nothing.
    pub now: Result<Order, String>,
}

impl fmt::Display for OtherOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let then = &self.then;
        write!(f, "the order on snapshot {}: ", then.seq)?;
        let now = match &self.now {
            Ok(now) => now,
            Err(why) => return write!(f, "none is given now: {why}"),
        };
        let mut joint = "";
        let mut part = |name: &str, then: String, now: String| {
            if then == now {
                return Ok(());
            }
            write!(f, "{joint}{name} {then} then, {now} now")?;
            joint = "; ";
            Ok(())
        };
        let rate = |order: &Order| format!("{}/{} nL/ns", order.basal.num(), order.basal.den());
        part("basal", rate(then), rate(now))?;
        let bolus = |order: &Order| match order.bolus {
            None => "none".to_owned(),
            Some(bolus) => format!("{} nL over {} ns", bolus.volume.floor_nl(), bolus.over.0),
        };
        part("bolus", bolus(then), bolus(now))?;
        let answer = |order: &Order| format!("{:?}", order.answer);
        part("answer", answer(then), answer(now))?;
        let times = |order: &Order| format!("{:?} {:?}", order.valid_for, order.wake_in);
        part("times", times(then), times(now))?;
        part("snapshot", then.seq.to_string(), now.seq.to_string())
    }
}

struct Place {
    source: Box<dyn StrategySource>,
    strategy: Result<Box<dyn Strategy>, StrategyFault>,
    /// What it was shown and has not answered.
    shown: VecDeque<Snapshot>,
}

impl Place {
    fn answer(&mut self, order: &Order, clock: &Clock) -> Result<Order, String> {
        let strategy = self.strategy.as_mut().map_err(|fault| fault.0.clone())?;
        while self
            .shown
            .front()
            .is_some_and(|shown| shown.seq < order.seq)
        {
            self.shown.pop_front();
        }
        let shown = self.shown.front().filter(|shown| shown.seq == order.seq);
        let shown = shown.ok_or("it answers a snapshot that nobody showed it")?;
        let message = snapshot_message(shown, &wall(clock));
        let answer = strategy.step(&message).map_err(|fault| fault.0)?;
        read_order(&answer).map_err(|bad| bad.to_string())
    }

    /// Its process died: another one goes on with its state.
    fn die(&mut self) {
        let state = match &mut self.strategy {
            Ok(strategy) => strategy.save().unwrap_or_default(),
            Err(_) => Vec::new(),
        };
        self.strategy = self.source.create().and_then(|mut strategy| {
            if !state.is_empty() {
                strategy.load(&state)?;
            }
            Ok(strategy)
        });
    }
}

/// The wall clock of a recording, as a strategy is shown it.
pub(crate) fn wall(clock: &Clock) -> WallClock {
    let Clock {
        good,
        utc_s,
        local_offset_s,
        next_offset_change_utc_s,
    } = *clock;
    WallClock {
        good,
        utc_s,
        local_offset_s,
        next_offset_change_utc_s,
    }
}

/// Asks the strategies of a run again, while it is replayed.
pub struct Asked {
    places: Vec<Place>,
    orders: u64,
    /// By regimen, the first one that was another.
    others: Vec<Option<OtherOrder>>,
}

impl Asked {
    /// Makes every strategy; one that can't be made gives no orders.
    pub fn new(sources: Vec<Box<dyn StrategySource>>) -> Self {
        let places = sources.into_iter().map(|mut source| Place {
            strategy: source.create(),
            source,
            shown: VecDeque::new(),
        });
        let places: Vec<Place> = places.collect();
        Self {
            others: places.iter().map(|_| None).collect(),
            places,
            orders: 0,
        }
    }

    /// Orders that were given again, to the last bit.
    pub const fn orders(&self) -> u64 {
        self.orders
    }

    /// Of each regimen the first order that was not.
    pub fn others(&self) -> impl Iterator<Item = &OtherOrder> {
        self.others.iter().flatten()
    }

    fn tell(&mut self, told: &Told) {
        for place in 0..self.places.len().min(MAX_REGIMENS) {
            let (Some(asked), Some(other)) =
                (self.places.get_mut(place), self.others.get_mut(place))
            else {
                continue;
            };
            if let (Some(Some(then)), Some(clock)) =
                (told.inputs.orders.get(place), told.clocks.get(place))
                && other.is_none()
            {
                let now = asked.answer(then, clock);
                if now.as_ref() == Ok(then) {
                    self.orders += 1;
                } else {
                    *other = Some(OtherOrder {
                        at: told.now,
                        place,
                        then: *then,
                        now,
                    });
                }
            }
            if told.inputs.lost.get(place) == Some(&true) {
                asked.die();
            }
        }
    }
}

impl Witness for Asked {
    fn calls(&mut self, call: &Call, _late: bool) {
        if let Call::Tick(told) = call {
            self.tell(told);
        }
    }

    fn called(&mut self, call: &Call, answer: &Answer, _pump: &Pump) {
        let (Call::Shown(regimen), Answer::Snapshot(Some(snapshot))) = (call, answer) else {
            return;
        };
        if let Some(place) = self.places.get_mut(usize::from(regimen.0)) {
            if place.shown.len() >= UNANSWERED {
                place.shown.pop_front();
            }
            place.shown.push_back(*snapshot);
        }
    }
}
