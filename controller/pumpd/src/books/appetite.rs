//! The most that a prescription may give in a time, and how soon that empties a reservoir
//! (W05).
//!
//! Every bolus that is allowed is used, each at the first instant at which it may be, and given
//! whole then; every basal runs at its envelope. The caps of volume and drugs hold that back,
//! and so does the highest rate. What the rotor may move before a start counts once. What was given before and a lockout that runs are left out, so
//! the answer is never later than the truth. What the operator gives besides the regimens can't
//! be known and is left out too, and so is the end of the run by its volume to be infused.

use pump_core::prescription::{BolusEnvelope, Caps, LockoutEdge, Prescription};
use pump_core::quantity::{Nanoseconds, Rate, Steps, Volume};

/// Beyond this nobody plans.
const HORIZON: Nanoseconds = Nanoseconds::from_hours(24 * 3_650);

/// The time after which so many steps may have been given at the earliest. `None`: not within
/// ten years.
pub(super) fn soonest(rx: &Prescription, steps: Steps) -> Option<Nanoseconds> {
    if most(rx, HORIZON) < steps {
        return None;
    }
    // What may be given never falls with the time, so the first instant can be searched for.
    let (mut before, mut by) = (0, HORIZON.0);
    while before < by {
        let middle = before.midpoint(by);
        if most(rx, Nanoseconds(middle)) < steps {
            before = middle.saturating_add(1);
        } else {
            by = middle;
        }
    }
    Some(Nanoseconds(by))
}

/// The most steps that may be given in a time.
pub(super) fn most(rx: &Prescription, time: Nanoseconds) -> Steps {
    let step = rx.volume_per_step;
    let regimens = rx.regimens.iter().flatten();
    let wanted = regimens.fold(rx.full_step, |sum, envelope| {
        let boluses = envelope.bolus.map_or(0, |bolus| starts(&bolus, time));
        let each = envelope
            .bolus
            .and_then(|bolus| bolus.max.steps(step))
            .unwrap_or(Steps::ZERO);
        let boluses = Steps(boluses.saturating_mul(each.0));
        sum.saturating_add(flowed(envelope.basal, time, step))
            .saturating_add(boluses)
    });
    let drugs = rx
        .drugs
        .iter()
        .flatten()
        .map(|drug| capped(drug.caps, time));
    drugs
        .chain([
            capped(rx.caps, time),
            flowed(rx.max_rate, time, step).saturating_add(rx.full_step),
        ])
        .fold(wanted, Steps::min)
}

/// What a rate gives in a time, a begun step counted; saturates.
fn flowed(rate: Rate, time: Nanoseconds, step: Volume) -> Steps {
    let flowed = || {
        let num = u128::from(rate.num()).checked_mul(u128::from(time.0))?;
        let den = u128::from(rate.den()).checked_mul(u128::from(step.num()))?;
        let steps = num
            .checked_mul(u128::from(step.den()))?
            .div_ceil(den.max(1));
        u64::try_from(steps).ok().map(Steps)
    };
    flowed().unwrap_or(Steps::MAX)
}

/// The most that caps let through in a time: each full window, and one that is begun.
fn capped(caps: Caps, time: Nanoseconds) -> Steps {
    let windows = [(caps.h1, 1), (caps.h4, 4), (caps.h24, 24)];
    let most = windows.into_iter().filter_map(|(cap, hours)| {
        let times = each(time, Nanoseconds::from_hours(hours));
        Some(Steps(cap?.0.saturating_mul(times)))
    });
    most.min().unwrap_or(Steps::MAX)
}

/// How many boluses of a regimen may start in a time, the first at once.
fn starts(bolus: &BolusEnvelope, time: Nanoseconds) -> u64 {
    let unasked = bolus.interval.map_or(0, |interval| each(time, interval));
    let demands = bolus.demand.map_or(0, |demand| {
        // None is given while another one runs.
        let apart = match demand.edge {
            LockoutEdge::StartToStart => demand.lockout.max(bolus.over),
            LockoutEdge::EndToStart => demand.lockout.saturating_add(bolus.over),
        };
        let counted = demand.counts.iter().flatten();
        let counted = counted.map(|limit| {
            let times = each(time, limit.period);
            u64::from(limit.max).saturating_mul(times)
        });
        counted.fold(each(time, apart), u64::min)
    });
    unasked.saturating_add(demands)
}

/// How often something may begin that lies so far apart, the first at once.
fn each(time: Nanoseconds, apart: Nanoseconds) -> u64 {
    let further = time.0.checked_div(apart.0).unwrap_or(u64::MAX);
    further.saturating_add(1)
}
