//! A prescription as rows of what and how much, to lay two of them side by side.

use pump_core::prescription::{Envelope, LockoutEdge, OnStrategyLoss};
use pump_core::quantity::{Nanoseconds, Rate, Steps, Volume};
use pump_prescription::{Checked, CheckedRegimen, Dimension, Exact, show};
use strategy_abi::Fraction;
use strategy_link::{Kind, Param, whole};

const TOO_LONG: &str = "more than can be written";

/// What is given, under which limits and by which rule.
pub(crate) fn of(rx: &Checked) -> Vec<(String, String)> {
    let mut rows = Vec::new();
    let mut row = |what: String, text: String| rows.push((what, text));
    row("prescription".to_owned(), rx.id.clone());
    row("sha256".to_owned(), rx.sha256_hex());
    row("route".to_owned(), rx.route.name().to_owned());
    for drug in &rx.drugs {
        let concentration = show(drug.concentration, Dimension::Concentration);
        let primary = if drug.primary && rx.drugs.len() > 1 {
            ", doses in mass mean this"
        } else {
            ""
        };
        let what = format!("drug {}", drug.name);
        row(what, format!("{concentration}{primary}"));
    }
    let step = rx.core.volume_per_step;
    let steps = |steps: Steps| fraction(step.num(), step.den(), Dimension::Volume, steps.0);
    let held = rx.core.reservoir;
    let (volume, low, empty) = (steps(held.volume), steps(held.low), steps(held.empty));
    row(
        "reservoir".to_owned(),
        format!("{volume}, low at {low}, empty at {empty}"),
    );
    if let Some(vtbi) = rx.core.vtbi {
        row("volume to be infused".to_owned(), steps(vtbi));
    }
    let per_step = show(rx.volume_per_step, Dimension::Volume);
    let device = format!("{}, {per_step} a step", rx.device.name);
    row("device".to_owned(), device);
    row("drug library".to_owned(), rx.library_version.clone());
    for limit in &rx.limits {
        let of = limit.drug.and_then(|place| rx.drugs.get(place));
        let of = of.map_or(String::new(), |drug| format!(" of {}", drug.name));
        let what = format!("limit {}{of}", limit.kind.name());
        let text = format!("{}, set by {}", limit.text(), limit.source.name());
        row(what, text);
    }
    for one in &rx.regimens {
        regimen(one, &mut row);
    }
    let lost = match rx.core.on_strategy_loss {
        OnStrategyLoss::Stop => "nothing is given".to_owned(),
        OnStrategyLoss::Kvo(rate) => format!("{} are given", rate_text(rate)),
        OnStrategyLoss::HoldBasal(span) => {
            let span = span_text(span);
            format!("the basal is held for {span}, then nothing is given")
        }
    };
    let lease = span_text(rx.core.order_lease);
    row(format!("without its strategy for {lease}"), lost);
    rows
}

fn regimen(regimen: &CheckedRegimen, row: &mut impl FnMut(String, String)) {
    let (name, declaration) = (&regimen.name, &regimen.declaration);
    let strategy = format!("{} {}", declaration.name, declaration.version);
    row(format!("{name}: strategy"), strategy);
    for (param, value) in declaration.params.iter().zip(&regimen.values) {
        row(format!("{name}: {}", param.name), value_text(param, *value));
    }
    let most = envelope(&regimen.envelope);
    let most = match most.is_empty() {
        true => "nothing".to_owned(),
        false => most.join("; "),
    };
    row(format!("{name}: at most"), most);
}

/// A parameter's value in the words of its kind.
fn value_text(param: &Param, value: Fraction) -> String {
    let in_units = |dimension| match Exact::from_fraction(value) {
        Some(exact) => show(exact, dimension),
        None => TOO_LONG.to_owned(),
    };
    let plain = || match whole(value) {
        Some(number) => number.to_string(),
        None => format!("{}/{}", value.num, value.den),
    };
    match param.kind {
        Kind::Dose => in_units(Dimension::Volume),
        Kind::Rate => in_units(Dimension::VolumeRate),
        Kind::Time => in_units(Dimension::Time),
        Kind::Count => plain(),
        Kind::Choice => {
            let place = whole(value).and_then(|place| usize::try_from(place).ok());
            let choice = place.and_then(|place| param.choices.get(place));
            choice.cloned().unwrap_or_else(plain)
        }
        Kind::Flag => match whole(value) {
            Some(0) => "no".to_owned(),
            Some(1) => "yes".to_owned(),
            _ => plain(),
        },
    }
}

/// What an envelope allows.
fn envelope(envelope: &Envelope) -> Vec<String> {
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
    value.map_or_else(|| TOO_LONG.to_owned(), |value| show(value, dimension))
}

fn volume_text(volume: Volume) -> String {
    fraction(volume.num(), volume.den(), Dimension::Volume, 1)
}

fn rate_text(rate: Rate) -> String {
    fraction(rate.num(), rate.den(), Dimension::VolumeRate, 1)
}

fn span_text(span: Nanoseconds) -> String {
    fraction(span.0, 1, Dimension::Time, 1)
}
