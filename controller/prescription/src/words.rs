//! What is enforced, in words: exact quantities in units that people use.

use pump_core::prescription::{Envelope, LockoutEdge};
use pump_core::quantity::{Nanoseconds, Rate, Steps, Volume};

use crate::exact::Exact;
use crate::notation::show;
use crate::unit::Dimension;

/// What an envelope allows, a line for each thing.
pub fn envelope_lines(envelope: &Envelope) -> Vec<String> {
    let mut lines = Vec::new();
    if !envelope.basal.is_zero() {
        lines.push(format!("basal {}", rate_text(envelope.basal)));
    }
    let Some(bolus) = envelope.bolus else {
        return lines;
    };
    let (volume, over) = (volume_text(bolus.max), span_text(bolus.over));
    lines.push(format!("bolus {volume} over {over}"));
    if let Some(demand) = bolus.demand {
        let edge = match demand.edge {
            LockoutEdge::StartToStart => "start to start",
            LockoutEdge::EndToStart => "end to start",
        };
        let lockout = span_text(demand.lockout);
        lines.push(format!("on demand, lockout {lockout} {edge}"));
        for count in demand.counts.into_iter().flatten() {
            let period = span_text(count.period);
            lines.push(format!("at most {} in {period}", count.max));
        }
    }
    if let Some(interval) = bolus.interval {
        lines.push(format!("unasked, every {}", span_text(interval)));
    }
    lines
}

fn fraction(num: u64, den: u64, dimension: Dimension, times: u64) -> String {
    let value = Exact::new(u128::from(num), u128::from(den));
    let value = value.and_then(|value| value.times(Exact::whole(u128::from(times))));
    value.map_or_else(
        || "more than can be written".to_owned(),
        |value| show(value, dimension),
    )
}

/// So many steps of this volume each, exactly.
pub fn steps_text(step: Volume, steps: Steps) -> String {
    fraction(step.num(), step.den(), Dimension::Volume, steps.0)
}

fn volume_text(volume: Volume) -> String {
    fraction(volume.num(), volume.den(), Dimension::Volume, 1)
}

/// A rate, exactly.
pub fn rate_text(rate: Rate) -> String {
    fraction(rate.num(), rate.den(), Dimension::VolumeRate, 1)
}

/// A time, exactly.
pub fn span_text(span: Nanoseconds) -> String {
    fraction(span.0, 1, Dimension::Time, 1)
}
