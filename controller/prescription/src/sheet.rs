//! A prescription as rows of what and how much, to lay two of them side by side.

use pump_core::prescription::OnStrategyLoss;
use pump_core::quantity::Steps;
use strategy_abi::Fraction;
use strategy_link::{Kind, Param, whole};

use crate::checked::{Checked, CheckedRegimen};
use crate::exact::Exact;
use crate::notation::show;
use crate::profile;
use crate::unit::Dimension;
use crate::words::{envelope_lines, rate_text, span_text, steps_text};

/// A row of two prescriptions side by side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared {
    /// What is compared.
    pub what: String,
    /// In the old one; without it: it is not there.
    pub old: Option<String>,
    /// In the new one; without it: it is gone.
    pub new: Option<String>,
}

impl Compared {
    /// Whether the two differ.
    pub fn is_changed(&self) -> bool {
        self.old != self.new
    }

    /// Whether it is about what is given, and not about what the file is called and how it is
    /// written.
    pub fn is_dose(&self) -> bool {
        !matches!(self.what.as_str(), NAME | SHA256)
    }
}

const NAME: &str = "prescription";
const SHA256: &str = "sha256";

/// Old and new, in the order of the new; what is gone comes last.
pub fn side_by_side(old: Option<&Checked>, new: &Checked) -> Vec<Compared> {
    let mut before = old.map(of).unwrap_or_default();
    let mut rows = Vec::new();
    for (what, new) in of(new) {
        let place = before.iter().position(|(known, _)| *known == what);
        rows.push(Compared {
            what,
            old: place.map(|place| before.remove(place).1),
            new: Some(new),
        });
    }
    rows.extend(before.into_iter().map(|(what, old)| Compared {
        what,
        old: Some(old),
        new: None,
    }));
    rows
}

/// What is given, under which limits and by which rule.
fn of(rx: &Checked) -> Vec<(String, String)> {
    let mut rows = Vec::new();
    let mut row = |what: String, text: String| rows.push((what, text));
    row(NAME.to_owned(), rx.id.clone());
    row(SHA256.to_owned(), rx.sha256_hex());
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
    if let Some(zone) = &rx.time_zone {
        row("time zone".to_owned(), zone.to_string());
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
        let text = match param.kind {
            Kind::Profile => profile::text(declaration.steps(&regimen.values)),
            _ => value_text(param, *value),
        };
        row(format!("{name}: {}", param.name), text);
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
        Kind::Count | Kind::Profile => plain(),
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
