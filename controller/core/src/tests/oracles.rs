//! The oracles: what must hold of a run, judged from the instants of its edges.

extern crate std;

use std::boxed::Box;
use std::cell::RefCell;
use std::format;
use std::rc::Rc;
use std::string::String;
use std::vec::Vec;

use proptest::prelude::*;

use super::cases::{Case, play};
use super::rig::*;
use crate::alarm::Alarm;
use crate::bolus::BolusKind;
use crate::event::{Event, EventKind};
use crate::order::Order;
use crate::prescription::*;
use crate::pump::State;
use crate::quantity::{Nanoseconds, Rate, Steps, Volume};
use crate::reason::Reason;

/// I4: in every half-open window that ends at an edge the steps stay within the cap.
pub(super) fn windows_hold(case: &Case) -> Result<(), String> {
    let told = play(case);
    let edges = &given(&told.rig);
    let moved: Vec<u64> = displaced(&told.rig).map(|(at, _)| at).collect();
    for (hours, cap) in [
        (1, (|c: &Caps| c.h1) as fn(&Caps) -> Option<Steps>),
        (4, |c| c.h4),
        (24, |c| c.h24),
    ] {
        let mut first = 0;
        for (last, at) in edges.iter().enumerate() {
            let since = told.subject_since(*at);
            while edges[first] + hours * H <= *at || since.is_some_and(|it| edges[first] <= it) {
                first += 1;
            }
            // No edge is given at the very instant of an arming, but one may be before it. What
            // a rotor has moved is booked at a start, under the caps of an arming of that
            // instant; of several there the witness can't tell which.
            let started = moved.contains(at);
            let before = told.caps.iter().rev().find(|(from, _)| from < at);
            let same = told.caps.iter().filter(|(from, _)| started && from == at);
            let in_force = before.into_iter().chain(same);
            let Some(cap) = in_force
                .map(|(_, caps)| cap(caps))
                .max_by_key(|cap| cap.map_or(u64::MAX, |cap| cap.0))
            else {
                return Err(format!("nothing was armed at {at} ns"));
            };
            let Some(cap) = cap else { continue };
            let given = (last - first + 1) as u64;
            if given > cap.0 {
                return Err(format!(
                    "{given} steps in {hours} h before {at} ns, cap {cap:?}"
                ));
            }
        }
    }
    Ok(())
}

/// Everything that left or may have left by the witness's count: the edges, and a rotor's own
/// movement at the start that booked it.
fn given(rig: &Rig) -> Vec<u64> {
    let moved = displaced(rig);
    let mut given: Vec<u64> = moved
        .flat_map(|(at, steps)| core::iter::repeat_n(at, steps))
        .collect();
    given.extend(&rig.edges);
    given.sort_unstable();
    given
}

/// When it was booked that a rotor may have moved, and by how much.
fn displaced(rig: &Rig) -> impl Iterator<Item = (u64, usize)> {
    let moved = |event: &Event| match event.kind {
        EventKind::Displaced { steps } => Some((event.at.0, steps.0 as usize)),
        _ => None,
    };
    rig.events.iter().filter_map(moved)
}

/// The other side of I4: a bolus is refused for a window only where the promise, with every
/// window a minute longer, could not be kept.
pub(super) fn windows_are_not_stingy(case: &Case) -> Result<(), String> {
    let told = play(case);
    let edges = &given(&told.rig);
    let given = boluses(&told.rig);
    let sum = case
        .p
        .regimens
        .iter()
        .flatten()
        .fold(Rate::ZERO, |sum, envelope| {
            sum.checked_add(envelope.basal).unwrap()
        });
    let per_step = case.p.volume_per_step;
    let flows = |ns: u64| -> u64 {
        let num = u128::from(sum.num()) * u128::from(ns) * u128::from(per_step.den());
        let den = u128::from(sum.den()) * u128::from(per_step.num());
        u64::try_from(num.div_ceil(den)).unwrap()
    };
    for event in &told.rig.events {
        let (asked, reason) = match event.kind {
            EventKind::DemandRefused { steps, reason, .. }
            | EventKind::BolusRefused { steps, reason, .. } => (steps.0, reason),
            _ => continue,
        };
        let hours = match reason {
            Reason::Window1h => 1,
            Reason::Window4h => 4,
            Reason::Window24h => 24,
            _ => continue,
        };
        let now = event.at.0;
        // What is uncertain was not seen by the witness, and what was given before a loss of
        // power is younger to the pump than to the witness; at the very instant of a
        // re-arming it can't tell which caps were in force.
        let rearmed = told.caps.iter().skip(1).any(|(from, _)| *from == now);
        let mut unseen = told.uncertain.iter().chain(&told.power_lost);
        if rearmed || unseen.any(|at| *at <= now) {
            continue;
        }
        let (_, caps) = told
            .caps
            .iter()
            .rev()
            .find(|(from, _)| *from <= now)
            .unwrap();
        let cap = match hours {
            1 => caps.h1,
            4 => caps.h4,
            _ => caps.h24,
        };
        let unfinished: u64 = given
            .iter()
            .filter(|bolus| bolus.start <= now && now <= bolus.end)
            .map(|bolus| bolus.steps)
            .sum();
        let to_come = asked + unfinished;
        let window = hours * H;
        let inside: Vec<u64> = edges
            .iter()
            .copied()
            .filter(|at| *at <= now && at + window + MIN > now)
            .filter(|at| told.subject_since(now).is_none_or(|since| *at > since))
            .collect();
        let kept = (0..inside.len()).all(|left| {
            let elapsed = (inside[left] + window + MIN - now).min(window);
            (inside.len() - left) as u64 + to_come + flows(elapsed) < cap.unwrap().0
        });
        if kept && to_come + flows(window) < cap.unwrap().0 {
            return Err(format!("{event:?} could have been given, cap {cap:?}"));
        }
    }
    Ok(())
}

/// I2: every edge lies in the life of an order that asks for a basal, in a bolus, or in the
/// written fallback.
pub(super) fn steps_have_a_cause(case: &Case) -> Result<(), String> {
    let told = play(case);
    let boluses = boluses(&told.rig);
    let fallback = match case.p.on_strategy_loss {
        OnStrategyLoss::Stop => 0,
        OnStrategyLoss::HoldBasal(longest) => longest.0,
        OnStrategyLoss::Kvo(rate) if rate.is_zero() => 0,
        OnStrategyLoss::Kvo(_) => u64::MAX,
    };
    for at in &told.rig.edges {
        let ordered = told.live.iter().any(|(_, from, until, rate)| {
            let longest = until.saturating_add(fallback);
            // Nothing is held while the pump is paused; that time does not count.
            let idle = if fallback == 0 {
                0
            } else {
                idle_between(&told.rig, *until, *at)
            };
            let late = longest.saturating_add(idle).saturating_add(case.late_by);
            !rate.is_zero() && from < at && *at <= late
        });
        let bolus = boluses
            .iter()
            .any(|bolus| bolus.start < *at && *at <= bolus.end.saturating_add(case.late_by));
        let kvo = fallback == u64::MAX;
        if !ordered && !bolus && !kvo {
            return Err(format!("the edge at {at} ns has no cause"));
        }
    }
    Ok(())
}

/// Time in which the pump was not infusing.
fn idle_between(rig: &Rig, from: u64, to: u64) -> u64 {
    let (mut idle, mut since) = (0, None);
    for event in &rig.events {
        if let EventKind::State {
            from: before,
            to: after,
        } = event.kind
        {
            let at = event.at.0.clamp(from, to.max(from));
            if before == State::Infusing {
                since = Some(at);
            } else if after == State::Infusing {
                idle += at - since.take().unwrap_or(at);
            }
        }
    }
    idle
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Given {
    kind: BolusKind,
    regimen: Option<usize>,
    start: u64,
    /// Cut, completed, or the end of the run.
    end: u64,
    steps: u64,
    over: u64,
    /// It ended while the power was off.
    forgotten: bool,
}

pub(super) fn boluses(rig: &Rig) -> Vec<Given> {
    let mut all: Vec<Given> = Vec::new();
    let mut open: Vec<(u64, usize)> = Vec::new();
    for event in &rig.events {
        match event.kind {
            EventKind::BolusStarted {
                bolus,
                kind,
                regimen,
                steps,
                over,
                ..
            } => {
                open.push((bolus.0, all.len()));
                all.push(Given {
                    kind,
                    regimen: regimen.map(|id| usize::from(id.0)),
                    start: event.at.0,
                    end: u64::MAX,
                    steps: steps.0,
                    over: over.0,
                    forgotten: false,
                });
            }
            EventKind::BolusEnded { bolus, .. } => {
                let place = open.iter().position(|(id, _)| *id == bolus.0).unwrap();
                all[open.remove(place).1].end = event.at.0;
            }
            EventKind::AlarmRaised {
                alarm: Alarm::Restarted,
            } => {
                for (_, place) in open.drain(..) {
                    all[place].end = event.at.0.max(all[place].start);
                    all[place].forgotten = true;
                }
            }
            _ => {}
        }
    }
    all
}

/// I3: nothing beyond an envelope is ever given, and what is narrowed says by what.
pub(super) fn envelopes_hold(case: &Case) -> Result<(), String> {
    let told = play(case);
    let given = boluses(&told.rig);
    for bolus in &given {
        let Some(id) = bolus.regimen else { continue };
        let envelope = case.p.regimens[id]
            .unwrap()
            .bolus
            .ok_or("a bolus without an envelope")?;
        let max = envelope.max.steps(case.p.volume_per_step).unwrap().0;
        // At the highest rate `max` steps take `over`; so many take at least their share.
        let least = u128::from(envelope.over.0) * u128::from(bolus.steps) / u128::from(max + 1);
        if bolus.steps > max || u128::from(bolus.over) < least {
            return Err(format!("{bolus:?} is beyond {envelope:?}"));
        }
        let allowed = match bolus.kind {
            BolusKind::Demand => envelope.demand.is_some(),
            _ => envelope.interval.is_some(),
        };
        if !allowed {
            return Err(format!("{bolus:?} is of a kind the regimen may not give"));
        }
    }
    // The basal: between any two edges no more steps than all envelopes' basal and the
    // boluses that were given allow.
    let sum = case
        .p
        .regimens
        .iter()
        .flatten()
        .fold(Rate::ZERO, |sum, envelope| {
            sum.checked_add(envelope.basal).unwrap()
        });
    let per_step = case.p.volume_per_step;
    let edges = &told.rig.edges;
    for first in (0..edges.len()).step_by(17) {
        for last in [
            first + 1,
            first + 7,
            first + 100,
            edges.len().saturating_sub(1),
        ] {
            let (Some(from), Some(to)) = (edges.get(first), edges.get(last)) else {
                continue;
            };
            if last <= first {
                continue;
            }
            let basal = u128::from(sum.num())
                * u128::from(to - from + case.late_by)
                * u128::from(per_step.den())
                / (u128::from(sum.den()) * u128::from(per_step.num()));
            let bolus: u64 = given
                .iter()
                .filter(|bolus| bolus.start < *to && bolus.end >= *from)
                .map(|bolus| bolus.steps + 1)
                .sum();
            if (last - first) as u128 > basal + u128::from(bolus) + 1 {
                return Err(format!("{} steps from {from} to {to} ns", last - first));
            }
        }
    }
    for event in &told.rig.events {
        if let EventKind::Basal {
            ordered,
            granted,
            reason,
            ..
        } = event.kind
            && granted < ordered
            && reason.is_none()
        {
            return Err(format!("narrowed without a reason: {event:?}"));
        }
    }
    Ok(())
}

/// The kinds that restart a lockout or count only where that is written.
fn is_other(bolus: &Given) -> bool {
    matches!(bolus.kind, BolusKind::Clinician | BolusKind::Loading)
}

/// I5: lockout and counts hold between any two demand boluses, over restarts too.
pub(super) fn lockouts_hold(case: &Case) -> Result<(), String> {
    let told = play(case);
    let given = boluses(&told.rig);
    for (place, bolus) in given.iter().enumerate() {
        if bolus.kind != BolusKind::Demand {
            continue;
        }
        let envelope = case.p.regimens[bolus.regimen.unwrap()].unwrap();
        let demand = envelope.bolus.unwrap().demand.unwrap();
        let since = told.subject_since(bolus.start);
        let before = given[..place]
            .iter()
            .filter(|other| since.is_none_or(|since| other.start > since));
        for other in before.clone() {
            let counts = other.kind == BolusKind::Demand
                || (demand.others_restart_lockout && is_other(other));
            let reference = match demand.edge {
                LockoutEdge::StartToStart => other.start,
                LockoutEdge::EndToStart if other.forgotten => other.start,
                LockoutEdge::EndToStart => last_edge(&told.rig.edges, other.start, other.end),
            };
            if counts && bolus.start.saturating_sub(reference) < demand.lockout.0 {
                return Err(format!("{bolus:?} is inside the lockout of {other:?}"));
            }
        }
        for limit in demand.counts.iter().flatten() {
            let counted = before.clone().filter(|other| {
                let counts =
                    other.kind == BolusKind::Demand || (demand.others_count && is_other(other));
                counts && bolus.start - other.start < limit.period.0
            });
            if counted.count() as u64 >= u64::from(limit.max) {
                return Err(format!("{bolus:?} is one too many in {limit:?}"));
            }
        }
    }
    demands_are_counted_once(&told.rig)
}

pub(super) fn last_edge(edges: &[u64], start: u64, end: u64) -> u64 {
    edges
        .iter()
        .copied()
        .filter(|at| (start..=end).contains(at))
        .max()
        .unwrap_or(start)
}

/// Each demand is counted once: given, or refused under one reason.
pub(super) fn demands_are_counted_once(rig: &Rig) -> Result<(), String> {
    let mut asked = Vec::new();
    let mut answered = Vec::new();
    let mut earlier = Vec::new();
    for event in &rig.events {
        match event.kind {
            EventKind::DemandAsked { demand } => asked.push(demand),
            EventKind::DemandGiven { demand, .. } | EventKind::DemandRefused { demand, .. } => {
                answered.push(demand);
            }
            EventKind::AlarmRaised {
                alarm: Alarm::Restarted,
            } => {
                // A press that was open when the power was lost is lost with it, and what
                // was refused since the last sync is forgotten, its number too.
                asked.retain(|demand| answered.contains(demand));
                asked.sort();
                answered.sort();
                earlier.extend(asked.drain(..).zip(answered.drain(..)));
            }
            _ => {}
        }
    }
    asked.sort();
    answered.sort();
    let repeated = earlier.iter().any(|(asked, answered)| asked != answered);
    if asked == answered && !repeated {
        Ok(())
    } else {
        Err(format!("asked {asked:?}, answered {answered:?}"))
    }
}

/// I4, I5: neither an arming, a refill, an acknowledgement nor a restart makes a window or a
/// count hold less at the instant at which it happens.
pub(super) fn nothing_else_loosens(case: &Case) -> Result<(), String> {
    match play(case).loosened {
        Some(act) => Err(format!("{act:?} has loosened a window or a count")),
        None => Ok(()),
    }
}

/// I1: the witness never counts more steps of an arming than were durable.
pub(super) fn credit_pays(case: &Case) -> Result<(), String> {
    let told = play(case);
    let rig = &told.rig;
    for (issued, credit, at) in &rig.bills {
        if issued > credit {
            return Err(format!("step {issued} of credit {credit} at {at} ns"));
        }
    }
    Ok(())
}

/// Section 6: commanded = delivered + missed + uncertain + open + remainder, and what was
/// commanded is the integral of what was granted.
#[derive(Clone, Debug)]
pub(super) struct Flowing {
    per_step: (u64, u64),
    rate: (u64, u64),
    dose: (u64, u64),
    /// Seconds until the rate is switched between nothing and all, or a demand comes.
    acts: Vec<(u64, bool)>,
}

pub(super) fn flowing() -> impl Strategy<Value = Flowing> {
    let acts = proptest::collection::vec((1..200_000_000_u64, any::<bool>()), 1..30);
    (
        (1..5000_u64, 1..50_u64),
        (1..2000_u64, 1..400_u64),
        (1..20_u64, 10..500_u64),
        acts,
    )
        .prop_map(|(per_step, rate, dose, acts)| Flowing {
            per_step,
            rate,
            dose,
            acts,
        })
}

pub(super) fn identity_holds(case: &Flowing) -> Result<(), String> {
    let rate = Rate::new(case.rate.0 * 1000, case.rate.1 * H / 100).unwrap();
    let mut p = roomy();
    p.volume_per_step = Volume::new(case.per_step.0, case.per_step.1).unwrap();
    p.reservoir = Reservoir {
        volume: Steps(1 << 40),
        low: Steps::ZERO,
        empty: Steps::ZERO,
    };
    p.max_rate = ul_per_h(10_000_000);
    p.order_lease = Nanoseconds::MAX;
    let (dose, over) = (volume_ul(case.dose.0), case.dose.1 * S);
    p.regimens[0] = Some(basal(rate));
    p.regimens[1] = Some(demand(dose, over, MIN));
    let on = Rc::new(RefCell::new(true));
    let switch = on.clone();
    let steady: Plan = Box::new(move |snapshot| {
        let basal = if *switch.borrow() { rate } else { Rate::ZERO };
        Some(Order {
            wake_in: Some(Nanoseconds(10 * MS)),
            ..order(snapshot, basal)
        })
    });
    if p.validate().is_err() {
        return Ok(());
    }
    let mut rig = Rig::new(&p, [Some(steady), Some(generous(dose, over)), None, None]);
    // (nanolitres × ns) of basal and steps of bolus, kept exactly.
    let mut basal_ns = 0_u128;
    let mut was_on = true;
    let mut since = 0_u64;
    for (span, press) in &case.acts {
        // Long rests would only repeat the same arithmetic a million times.
        let span = (span % 2_000_000) * 1000 / 10_000_000 * 10_000_000;
        rig.run_for(span);
        if *press {
            rig.press();
        } else {
            let flipped = !*on.borrow();
            *on.borrow_mut() = flipped;
            rig.run_for(10 * MS);
            if was_on {
                basal_ns += u128::from(rig.now - since);
            }
            was_on = *on.borrow();
            since = rig.now;
        }
    }
    if was_on {
        basal_ns += u128::from(rig.now - since);
    }
    let ledger = rig.pump.ledger().unwrap();
    let open = ledger.commanded.0 - ledger.delivered.0 - ledger.missed.0 - ledger.uncertain.0;
    if ledger.remainder >= ledger.parts_per_step || open > 1 {
        return Err(format!("{ledger:?}"));
    }
    let bolus_steps: u64 = boluses(&rig).iter().map(|bolus| bolus.steps).sum();
    let running = rig.pump.unfinished();
    let parts = ledger.parts_per_step;
    // parts commanded by boluses, exactly
    let bolus_parts = u128::from(bolus_steps) * parts - running;
    let commanded = u128::from(ledger.commanded.0) * parts + ledger.remainder;
    // parts of basal = rate · time / volume per step · parts
    let num = u128::from(rate.num()) * u128::from(case.per_step.1);
    let den = u128::from(rate.den()) * u128::from(case.per_step.0);
    let unit = parts / (den / gcd(num, den));
    let per_ns = unit * (num / gcd(num, den));
    let expected = per_ns * basal_ns + bolus_parts;
    if !parts.is_multiple_of(den / gcd(num, den)) || commanded != expected {
        return Err(format!(
            "commanded {commanded} parts, granted {expected}, {ledger:?}"
        ));
    }
    Ok(())
}

pub(super) fn gcd(a: u128, b: u128) -> u128 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// I6: sleeps of the loop, in nanoseconds after the instant it wanted to be woken.
#[derive(Clone, Debug)]
pub(super) struct Late {
    ul_per_h: u64,
    sleeps: Vec<u64>,
}

pub(super) fn late() -> impl Strategy<Value = Late> {
    let sleep = prop_oneof![Just(0), 0..400 * MS, 0..30 * S];
    (10..5000_u64, proptest::collection::vec(sleep, 1..80))
        .prop_map(|(ul_per_h, sleeps)| Late { ul_per_h, sleeps })
}

pub(super) fn late_loops_do_not_burst(case: &Late) -> Result<(), String> {
    let rate = ul_per_h(case.ul_per_h);
    let mut p = roomy();
    p.order_lease = Nanoseconds::MAX;
    p.regimens[0] = Some(basal(rate));
    let mut rig = Rig::new(&p, [Some(steady(rate)), None, None, None]);
    for sleep in &case.sleeps {
        rig.oversleep_until(rig.next_wake() + sleep);
    }
    // The k-th edge is due at ⌈k · interval⌉.
    let due = |k: u64| {
        let parts = u128::from(k) * 50 * u128::from(rate.den());
        u64::try_from(parts.div_ceil(u128::from(rate.num()))).unwrap()
    };
    let shortest = due(1) - 1;
    let mut before: Option<(u64, u64)> = None;
    for at in &rig.edges {
        let index =
            u64::try_from(u128::from(*at) * u128::from(rate.num()) / (50 * u128::from(rate.den())))
                .unwrap();
        if index == 0 || *at >= due(index + 1) {
            return Err(format!("the edge at {at} ns belongs to no due edge"));
        }
        if let Some((last, last_index)) = before {
            if index <= last_index {
                return Err(format!("two edges for one due edge at {at} ns"));
            }
            if (at - last) * 4 < shortest * 3 {
                return Err(format!("only {} ns before the edge at {at} ns", at - last));
            }
        }
        before = Some((*at, index));
    }
    let ledger = rig.pump.ledger().unwrap();
    let accounted = ledger.delivered.0 + ledger.missed.0 + ledger.uncertain.0;
    let flowed = u128::from(rig.now) * u128::from(rate.num()) / (50 * u128::from(rate.den()));
    // The fate of the last edge may not have been told yet.
    let told = rig.edges.len() as u64 - ledger.delivered.0;
    let exact = u128::from(ledger.commanded.0) == flowed && told <= 1;
    if !exact || ledger.commanded.0 - accounted > 1 {
        return Err(format!("{ledger:?}"));
    }
    Ok(())
}
