//! `[[regimen]]`: a strategy and its parameters, read as the strategy declares them.

use pump_core::prescription::{Envelope, MAX_REGIMENS};
use pump_core::quantity::Nanoseconds;
use strategy_abi::Fraction;
use strategy_link::{Declaration, EnvelopeError, Kind, Param, Role};

use crate::catalogue::{Catalogue, CatalogueError};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Located, Place, quoted};
use crate::exact::Exact;
use crate::keys::PROFILE_ROW;
use crate::measure::{DOSE, RATE, TIME, Wanted, in_range, measure};
use crate::profile;
use crate::quantity::Quantity;
use crate::report::Report;
use crate::section::Section;
use crate::suggestion::{list, nearest};
use crate::tree::Entry;
use crate::unit::Dimension;
use crate::value;

/// A regimen as written, its values read and its envelope derived.
#[derive(Clone, Debug)]
pub(crate) struct Regimen {
    pub(crate) name: Located<String>,
    pub(crate) declaration: Declaration,
    /// In the order of the declaration.
    pub(crate) values: Vec<Fraction>,
    /// Where each value is written; none where the default holds.
    places: Vec<Option<Place>>,
    pub(crate) envelope: Envelope,
    header: Place,
}

impl Regimen {
    /// Where its profile is written, by whose local time it goes.
    pub(crate) fn profile(&self) -> Option<Place> {
        let (index, _) = self.declaration.profile()?;
        Some(
            self.places
                .get(index)
                .copied()
                .flatten()
                .unwrap_or(self.header),
        )
    }

    /// Where the parameter with this role is written, or else where the regimen begins.
    pub(crate) fn place_of(&self, role: Role) -> Place {
        self.declaration
            .by_role(role)
            .and_then(|(index, _)| self.places.get(index).copied().flatten())
            .unwrap_or(self.header)
    }

    /// The name of the parameter with this role.
    pub(crate) fn name_of(&self, role: Role) -> &str {
        self.declaration
            .by_role(role)
            .map_or("", |(_, param)| param.name.as_str())
    }

    /// Where a count of boluses in this period is written, and under which name.
    pub(crate) fn count(&self, period: Nanoseconds) -> Option<(&str, Place)> {
        let params = self.declaration.params.iter().zip(&self.places);
        let mut counts = params
            .filter(|(param, _)| param.role == Role::MaxCount && param.period == period)
            .filter_map(|(param, place)| Some((param.name.as_str(), (*place)?)));
        counts.next()
    }

    /// The highest basal \[nL/ns\].
    pub(crate) fn basal(&self) -> Exact {
        let basal = self.envelope.basal;
        Exact::new(u128::from(basal.num()), u128::from(basal.den())).unwrap_or(Exact::ZERO)
    }

    /// The largest bolus \[nL\] and the shortest time for it \[ns\].
    pub(crate) fn bolus(&self) -> Option<(Exact, Exact)> {
        let bolus = self.envelope.bolus?;
        let volume = Exact::new(u128::from(bolus.max.num()), u128::from(bolus.max.den()))?;
        Some((volume, Exact::whole(u128::from(bolus.over.0))))
    }
}

/// Reads every `[[regimen]]`. Those that could not be read whole are left out; their errors
/// are in the report.
pub(crate) fn read(
    root: &mut Section<'_>,
    catalogue: &dyn Catalogue,
    primary: Option<Exact>,
    report: &mut Report,
) -> Vec<Regimen> {
    let mut names: Vec<Located<String>> = Vec::new();
    let mut regimens = Vec::new();
    for mut section in root.sections("regimen", MAX_REGIMENS, report) {
        let name = section.text("name", "background", report);
        let strategy = section.text("strategy", "continuous", report);
        if let Some(name) = &name {
            if let Some(first) = names.iter().find(|other| other.value == name.value) {
                let message = format!("two regimens are called {}", quoted(&name.value));
                report.add(
                    Diagnostic::new(Code::DuplicateName, name.place, message)
                        .label("used again")
                        .related(first.place, "used first here")
                        .help("give each regimen a name of its own"),
                );
            }
            names.push(name.clone());
        }
        let Some(declaration) = strategy.and_then(|name| find(catalogue, &name, report)) else {
            // Without a declaration nothing is known of the other keys.
            continue;
        };
        let parameters = parameters(&mut section, &declaration, primary, report);
        let header = section.place();
        section.finish(report);
        let (Some(name), Some((values, places))) = (name, parameters) else {
            continue;
        };
        match declaration.envelope(&values) {
            Ok(envelope) => regimens.push(Regimen {
                name,
                declaration,
                values,
                places,
                envelope,
                header,
            }),
            Err(error) => report.add(unfit(&error, &places, header)),
        }
    }
    regimens
}

fn find(
    catalogue: &dyn Catalogue,
    name: &Located<String>,
    report: &mut Report,
) -> Option<Declaration> {
    let diagnostic = match catalogue.declaration(&name.value) {
        Ok(declaration) => return Some(declaration),
        Err(CatalogueError::Unknown) => {
            let names = catalogue.names();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let message = format!("no strategy is called {}", quoted(&name.value));
            Diagnostic::new(Code::UnknownStrategy, name.place, message)
                .allowed(list(&names))
                .maybe_help(
                    nearest(&name.value, &names).map(|near| format!("did you mean `{near}`?")),
                )
        }
        Err(CatalogueError::Unusable(why)) => {
            let message = format!("the strategy {} can't be used", quoted(&name.value));
            Diagnostic::new(Code::UnusableStrategy, name.place, message).label(why)
        }
    };
    report.add(diagnostic);
    None
}

type Values = (Vec<Fraction>, Vec<Option<Place>>);

fn parameters(
    section: &mut Section<'_>,
    declaration: &Declaration,
    primary: Option<Exact>,
    report: &mut Report,
) -> Option<Values> {
    let mut values = Some((Vec::new(), Vec::new()));
    let mut behind = Vec::new();
    for param in &declaration.params {
        let read = match section.optional(&param.name) {
            Some(entry) if param.kind == Kind::Profile => {
                let rows = section.rows(entry, &PROFILE_ROW, profile::EXAMPLE, report);
                let rate = |row: &mut Section<'_>, report: &mut Report| {
                    let entry = row.required("rate", &format!("\"{}\"", RATE.example), report)?;
                    let bounds = (
                        Exact::from_fraction(param.min)?,
                        Exact::from_fraction(param.max)?,
                    );
                    let value = measured(entry, &entry.key, RATE, bounds, primary, report)?;
                    let place = entry.place;
                    Some(Located { value, place })
                };
                rows.and_then(|rows| profile::read(rows, param, entry.place, report, rate))
                    .map(|written| {
                        behind.extend(written.steps.iter().flatten().copied());
                        let num = u64::try_from(written.steps.len()).unwrap_or(u64::MAX);
                        (Fraction { num, den: 1 }, Some(written.highest))
                    })
            }
            Some(entry) => {
                parameter(entry, param, primary, report).map(|value| (value, Some(entry.place)))
            }
            None => match param.default {
                Some(default) => Some((default, None)),
                None => {
                    section.required(&param.name, &example(param), report);
                    None
                }
            },
        };
        match (read, &mut values) {
            (Some((value, place)), Some((values, places))) => {
                values.push(value);
                places.push(place);
            }
            _ => values = None,
        }
    }
    if let Some((values, _)) = &mut values {
        values.extend(behind);
    }
    values
}

fn example(param: &Param) -> String {
    match param.kind {
        Kind::Dose => format!("\"{}\"", DOSE.example),
        Kind::Rate => format!("\"{}\"", RATE.example),
        Kind::Time => format!("\"{}\"", TIME.example),
        Kind::Count => "2".into(),
        Kind::Choice => format!("\"{}\"", param.choices.first().map_or("", String::as_str)),
        Kind::Flag => "true".into(),
        Kind::Profile => profile::EXAMPLE.into(),
    }
}

/// One value, in the unit of its kind.
fn parameter(
    entry: &Entry,
    param: &Param,
    primary: Option<Exact>,
    report: &mut Report,
) -> Option<Fraction> {
    let whole = |value: u64| Some(Fraction { num: value, den: 1 });
    let bounds = (
        Exact::from_fraction(param.min)?,
        Exact::from_fraction(param.max)?,
    );
    match param.kind {
        Kind::Dose => measured(entry, &param.name, DOSE, bounds, primary, report),
        Kind::Rate => measured(entry, &param.name, RATE, bounds, primary, report),
        Kind::Time => measured(entry, &param.name, TIME, bounds, primary, report),
        Kind::Count => {
            let limit = |value: Exact| u64::try_from(value.floor()).unwrap_or(u64::MAX);
            let found = value::count(entry, limit(bounds.0)..=limit(bounds.1), report)?;
            whole(found.value)
        }
        Kind::Choice => {
            let found = value::choice(entry, &param.choices, report)?;
            whole(u64::try_from(found.value).ok()?)
        }
        Kind::Flag => whole(u64::from(value::flag(entry, report)?.value)),
        // Its rows are read where the values behind all others are kept.
        Kind::Profile => None,
    }
}

fn measured(
    entry: &Entry,
    name: &str,
    wanted: Wanted,
    (low, high): (Exact, Exact),
    primary: Option<Exact>,
    report: &mut Report,
) -> Option<Fraction> {
    let found = measure(entry, wanted, report)?;
    let Quantity { value, dimension } = found.value;
    // The range is shown in what was written: of a mass, in mass.
    let of_mass = matches!(dimension, Dimension::Mass | Dimension::MassRate);
    let concentration = if of_mass { primary? } else { Exact::ONE };
    let range = low.times(concentration)?..=high.times(concentration)?;
    in_range(&entry.key, found, &range, report)?;
    let exact = value.over(concentration).and_then(|value| {
        // The contract's times are whole nanoseconds.
        (dimension != Dimension::Time || value.is_whole()).then_some(value)
    });
    let fraction = exact.and_then(Exact::to_fraction);
    if fraction.is_none() {
        report.add(if dimension == Dimension::Time {
            let message = format!("`{name}` is no whole number of nanoseconds");
            Diagnostic::new(Code::TooExact, found.place, message)
                .help("write fewer digits, or a simpler fraction")
        } else {
            too_exact(name, found.place)
        });
    }
    fraction
}

pub(crate) fn too_exact(key: &str, place: Place) -> Diagnostic {
    Diagnostic::new(
        Code::TooExact,
        place,
        format!("`{key}` has more digits than the pump can keep exactly"),
    )
    .help("write fewer digits, or a simpler fraction")
}

/// Values that were each read, but give no envelope together.
fn unfit(error: &EnvelopeError, places: &[Option<Place>], header: Place) -> Diagnostic {
    let place = |index: usize| places.get(index).copied().flatten().unwrap_or(header);
    match error {
        EnvelopeError::IntervalTooShort {
            interval,
            interval_name,
            duration,
            duration_name,
        } => Diagnostic::new(
            Code::IntervalTooShort,
            place(*interval),
            format!("`{interval_name}` is shorter than `{duration_name}`"),
        )
        .label("counted from start to start")
        .related(place(*duration), "a bolus takes this long")
        .help(format!("`{interval_name}` is at least `{duration_name}`")),
        EnvelopeError::Value { index, .. } | EnvelopeError::Step { index, .. } => {
            Diagnostic::new(Code::OutOfRange, place(*index), error.to_string())
        }
        EnvelopeError::WrongCount { .. } => {
            Diagnostic::new(Code::Internal, header, error.to_string())
        }
    }
}
