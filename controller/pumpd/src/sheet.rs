//! A prescription as rows of what and how much, to lay two of them side by side.

use pump_core::prescription::OnStrategyLoss;
use pump_core::quantity::Steps;
use pump_prescription::{
    Checked, CheckedRegimen, Dimension, Exact, envelope_lines, rate_text, show, span_text,
    steps_text,
};
use strategy_abi::Fraction;
use strategy_link::{Kind, Param, whole};

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
    let steps = |steps: Steps| steps_text(step, steps);
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
    let most = envelope_lines(&regimen.envelope);
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
        None => "more than can be written".to_owned(),
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
