//! A pump in virtual time whose patient presses whenever a press may be answered, and whose
//! strategies ask for all they may have. Its witness knows the instants of the edges alone.

use pump_core::event::EventKind;
use pump_core::order::{Answer, BolusRequest, Order, RegimenId};
use pump_core::prescription::{BolusEnvelope, DemandEnvelope, LockoutEdge, Prescription};
use pump_core::pump::{Command, EdgeFate, Inputs, Pump, TICK};
use pump_core::quantity::{MonoNs, Nanoseconds, Rate};

/// A press that was refused is tried again at the latest after this.
const AGAIN: u64 = 97_000_000_000;

/// How they go about it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Habits {
    /// So long the patient lets pass after each instant at which a press may be answered; by
    /// turns. Empty: none.
    pub(crate) waits: Vec<u64>,
    /// Every basal runs at this, then at nothing, by turns of so long. Absent: always.
    pub(crate) basal_turns: Option<u64>,
}

struct Greed<'a> {
    rx: &'a Prescription,
    habits: &'a Habits,
    pump: Box<Pump>,
    /// The next press, and how many there were.
    press: u64,
    presses: usize,
    /// The starts of demand boluses.
    demands: Vec<u64>,
    /// The last start of a bolus that was given unasked, for each regimen.
    unasked: [Option<u64>; 4],
}

/// The instants of all edges up to `until`; the start's own steps of the rotor at 0.
pub(crate) fn edges(rx: &Prescription, habits: &Habits, until: u64) -> Vec<u64> {
    let mut greed = Greed {
        rx,
        habits,
        pump: Box::new(Pump::new()),
        press: 0,
        presses: 0,
        demands: Vec::new(),
        unasked: [None; 4],
    };
    let mut edges: Vec<u64> = (0..rx.full_step.0).map(|_| 0).collect();
    greed.pump.arm(MonoNs(0), rx).expect("it can be armed");
    let mut now = 0;
    let mut inputs = Inputs {
        command: Some(Command::Start),
        ..Inputs::default()
    };
    while now <= until {
        let outputs = greed.pump.tick(MonoNs(now), &inputs);
        greed.learn();
        inputs = Inputs {
            credit: outputs.credit_wanted,
            ..Inputs::default()
        };
        for (place, _) in outputs.wants_order.iter().enumerate().filter(|it| *it.1) {
            inputs.orders[place] = greed.order(place, now);
        }
        if outputs.step {
            edges.push(now);
            inputs.edge = EdgeFate::Accepted;
        } else if inputs.credit.is_none() && inputs.orders.iter().all(Option::is_none) {
            if greed.press <= now {
                inputs.press = true;
                greed.press = now + AGAIN;
            } else {
                now = outputs.wake_at.0.min(greed.press).max(now + 1);
            }
        }
    }
    edges
}

impl Greed<'_> {
    /// When the patient may hope again.
    fn learn(&mut self) {
        let demand = |envelope: BolusEnvelope| envelope.demand;
        let boluses = self.rx.regimens.iter().flatten().filter_map(|it| it.bolus);
        let demands: Vec<_> = boluses.filter_map(demand).collect();
        let shortest = demands.iter().map(|demand| demand.lockout.0).min();
        for event in self.pump.events().to_vec() {
            let hope = match event.kind {
                EventKind::BolusStarted {
                    demand: Some(_), ..
                } => {
                    self.demands.push(event.at.0);
                    shortest.map(|lockout| event.at.0 + lockout)
                }
                EventKind::BolusStarted {
                    regimen: Some(id), ..
                } => {
                    self.unasked[usize::from(id.0)] = Some(event.at.0);
                    None
                }
                EventKind::BolusEnded { ended_at, .. } => {
                    let by_end = |demand: &&DemandEnvelope| demand.edge == LockoutEdge::EndToStart;
                    let by_end = demands.iter().find(by_end);
                    by_end.map(|demand| ended_at.0 + demand.lockout.0)
                }
                EventKind::DemandRefused { .. } => {
                    let counts = demands.iter().flat_map(|demand| demand.counts);
                    let periods = counts.flatten().map(|it| it.period.0);
                    let periods: Vec<u64> = periods.chain(shortest).collect();
                    let free = |start: &u64| {
                        let start = *start;
                        periods.clone().into_iter().map(move |it| start + it)
                    };
                    let free = self.demands.iter().rev().take(100).flat_map(free);
                    free.filter(|at| *at > event.at.0)
                        .chain([event.at.0 + AGAIN])
                        .min()
                }
                _ => None,
            };
            if let Some(hope) = hope {
                self.presses += 1;
                let waits = &self.habits.waits;
                let wait = match waits.len() {
                    0 => 0,
                    many => waits[self.presses % many],
                };
                self.press = (hope + wait).next_multiple_of(TICK.0);
            }
        }
    }

    fn order(&mut self, place: usize, now: u64) -> Option<Order> {
        let shown = self.pump.snapshot(RegimenId(u8::try_from(place).ok()?))?;
        let envelope = self.rx.regimens[place]?;
        let (basal, turn) = match self.habits.basal_turns {
            None => (envelope.basal, u64::MAX),
            Some(turn) if (now / turn).is_multiple_of(2) => (envelope.basal, turn - now % turn),
            Some(turn) => (Rate::ZERO, turn - now % turn),
        };
        let request = envelope.bolus.map(|bolus| BolusRequest {
            volume: bolus.max,
            over: bolus.over,
            loading: false,
        });
        let interval = envelope.bolus.and_then(|bolus| bolus.interval);
        let due = interval.map(|it| self.unasked[place].map_or(0, |last| last + it.0));
        let unasked = due.is_some_and(|due| due <= now) && !shown.bolus_running;
        let wake = match due {
            Some(due) if due > now => turn.min(due - now),
            _ => turn,
        };
        Some(Order {
            seq: shown.seq,
            basal,
            bolus: request.filter(|_| shown.demand.is_some() || unasked),
            answer: shown.demand.map(Answer::Give),
            valid_for: Nanoseconds::MAX,
            wake_in: (wake < u64::MAX).then_some(Nanoseconds(wake)),
        })
    }
}

/// The most edges in any half-open window of this length.
pub(crate) fn peak(edges: &[u64], window: Nanoseconds) -> u64 {
    let mut oldest = 0;
    let mut peak = 0;
    for (newest, at) in edges.iter().enumerate() {
        while at - edges[oldest] >= window.0 {
            oldest += 1;
        }
        peak = peak.max(newest + 1 - oldest);
    }
    peak as u64
}
