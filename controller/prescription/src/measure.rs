//! Values that are quantities: what a key takes, and what to say to who wrote another.

use core::ops::RangeInclusive;

use crate::code::Code;
use crate::diagnostic::{Diagnostic, Located, Place};
use crate::exact::Exact;
use crate::notation::show;
use crate::quantity::{Fault, Quantity, QuantityError, quantity};
use crate::report::Report;
use crate::span::read_span;
use crate::tree::{Entry, Value};
use crate::unit::Dimension;

/// What a key takes, and an example to show who wrote something else.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    pub(crate) dimensions: &'static [Dimension],
    pub(crate) example: &'static str,
    /// What to say to who wrote a mass where only a volume will do.
    pub(crate) no_mass: &'static str,
    /// Whether a time may be written in microseconds, as those of the mechanics are.
    pub(crate) microseconds: bool,
}

const NO_MASS: &str = "this takes no mass";

/// A volume.
pub(crate) const VOLUME: Wanted = Wanted {
    dimensions: &[Dimension::Volume],
    example: "20 mL",
    no_mass: NO_MASS,
    microseconds: false,
};
/// A volume or a mass.
pub(crate) const DOSE: Wanted = Wanted {
    dimensions: &[Dimension::Volume, Dimension::Mass],
    example: "0.1 mg",
    no_mass: NO_MASS,
    microseconds: false,
};
/// A rate of volume.
pub(crate) const VOLUME_RATE: Wanted = Wanted {
    dimensions: &[Dimension::VolumeRate],
    example: "2 mL/h",
    no_mass: NO_MASS,
    microseconds: false,
};
/// A rate of volume or mass.
pub(crate) const RATE: Wanted = Wanted {
    dimensions: &[Dimension::VolumeRate, Dimension::MassRate],
    example: "2 mg/day",
    no_mass: NO_MASS,
    microseconds: false,
};
/// A time.
pub(crate) const TIME: Wanted = Wanted {
    dimensions: &[Dimension::Time],
    example: "30 min",
    no_mass: NO_MASS,
    microseconds: false,
};
/// A concentration.
pub(crate) const CONCENTRATION: Wanted = Wanted {
    dimensions: &[Dimension::Concentration],
    example: "2 mg/mL",
    no_mass: NO_MASS,
    microseconds: false,
};
/// A frequency.
pub(crate) const FREQUENCY: Wanted = Wanted {
    dimensions: &[Dimension::Frequency],
    example: "1000 Hz",
    no_mass: NO_MASS,
    microseconds: false,
};
/// A length.
pub(crate) const LENGTH: Wanted = Wanted {
    dimensions: &[Dimension::Length],
    example: "14.5 mm",
    no_mass: NO_MASS,
    microseconds: false,
};

/// A quantity of one of the wanted dimensions.
pub(crate) fn measure(
    entry: &Entry,
    wanted: Wanted,
    report: &mut Report,
) -> Option<Located<Quantity>> {
    let key = &entry.key;
    let text = match &entry.value {
        Value::Text(text) => text,
        Value::Integer(_) | Value::Float => {
            let written = report.excerpt(entry.place).to_owned();
            let unit = wanted.example.split_once(' ').map_or("", |(_, unit)| unit);
            let number = written.replace('_', "");
            let help = match quantity(&format!("{number} {unit}")) {
                Ok(_) => {
                    format!("write it in quotes with its unit, for example `\"{number} {unit}\"`")
                }
                Err(error) => {
                    let example = wanted.example;
                    format!("{}; write for example `\"{example}\"`", error.message())
                }
            };
            report.add(
                Diagnostic::new(
                    Code::BareNumber,
                    entry.place,
                    format!("`{key}` has no unit"),
                )
                .label("a bare number")
                .allowed(units(wanted))
                .help(help),
            );
            return None;
        }
        other => {
            report.add(
                Diagnostic::new(
                    Code::WrongType,
                    entry.place,
                    format!("`{key}` is {}, not {}", names(wanted), other.kind()),
                )
                .help(format!(
                    "write for example `{key} = \"{}\"`",
                    wanted.example
                )),
            );
            return None;
        }
    };
    let quantity = match quantity(text) {
        Ok(quantity) => quantity,
        Err(error) => {
            report.add(misread(entry, text, &error, wanted, report));
            return None;
        }
    };
    if quantity.dimension == Dimension::Time && !wanted.microseconds && in_microseconds(text) {
        report.add(microseconds(entry, wanted));
        return None;
    }
    if !wanted.dimensions.contains(&quantity.dimension) {
        report.add(
            Diagnostic::new(
                Code::WrongDimension,
                entry.place,
                format!("`{key}` is {}", names(wanted)),
            )
            .label(format!("this is {}", quantity.dimension.name()))
            .allowed(units(wanted))
            .help(redimension(text, quantity.dimension, wanted)),
        );
        return None;
    }
    Some(Located {
        value: quantity,
        place: entry.place,
    })
}

fn in_microseconds(text: &str) -> bool {
    let text = text.trim_end();
    ["us", "µs", "μs"].iter().any(|unit| text.ends_with(unit))
}

/// A time in microseconds where none is short enough for that.
fn microseconds(entry: &Entry, wanted: Wanted) -> Diagnostic {
    let message = format!("`{}` is not written in microseconds", entry.key);
    Diagnostic::new(Code::UnknownUnit, entry.place, message)
        .label("only the device's mechanics are this fast")
        .allowed(units(wanted))
        .help(format!("write for example `\"{}\"`", wanted.example))
}

/// A text that is no quantity.
fn misread(
    entry: &Entry,
    text: &str,
    error: &QuantityError,
    wanted: Wanted,
    report: &Report,
) -> Diagnostic {
    let key = &entry.key;
    let code = match error.fault {
        Fault::NoUnit => Code::BareNumber,
        Fault::UnknownUnit(_) | Fault::ForeignUnit(_) | Fault::OddQuotient => Code::UnknownUnit,
        _ => Code::NotAQuantity,
    };
    // The place of the fault inside the text, where the file shows the text as it is.
    let written = report.excerpt(entry.place);
    let verbatim = written.get(1..written.len().saturating_sub(1)) == Some(text);
    let place = if verbatim && !error.span.is_empty() {
        Place {
            start: entry.place.start + 1 + error.span.start,
            end: entry.place.start + 1 + error.span.end,
            ..entry.place
        }
    } else {
        entry.place
    };
    let help = match error.fault {
        Fault::NoUnit if text.trim_end().ends_with('/') => {
            let text = text.trim_end();
            Some(format!(
                "write what it is divided by, for example `\"{text}{}\"`",
                bottom(wanted)
            ))
        }
        Fault::NoUnit => {
            let unit = wanted.example.split_once(' ').map_or("", |(_, unit)| unit);
            let number = text.trim();
            Some(format!("write a unit, for example `\"{number} {unit}\"`"))
        }
        _ => clock_time(text, wanted)
            .or_else(|| error.help(text))
            .or_else(|| Some(format!("write for example `\"{}\"`", wanted.example))),
    };
    Diagnostic::new(
        code,
        place,
        format!("`{key}` can't be read as {}", names(wanted)),
    )
    .label(error.message())
    .allowed(units(wanted))
    .maybe_help(help)
}

/// What stands behind the slash of the example.
fn bottom(wanted: Wanted) -> &'static str {
    wanted
        .example
        .rsplit_once('/')
        .map_or("h", |(_, bottom)| bottom)
}

/// A time in the command line's notation, as these files have it.
fn clock_time(text: &str, wanted: Wanted) -> Option<String> {
    if !wanted.dimensions.contains(&Dimension::Time) {
        return None;
    }
    let time = Exact::whole(u128::from(read_span(text).ok()?.0));
    Some(format!("write `{}`", show(time, Dimension::Time)))
}

/// How to write what was probably meant.
fn redimension(text: &str, found: Dimension, wanted: Wanted) -> String {
    let takes = |dimension| wanted.dimensions.contains(&dimension);
    match found {
        Dimension::Mass if takes(Dimension::MassRate) => {
            format!("a rate needs a time, for example `{text}/day` or `{text}/h`")
        }
        Dimension::Volume if takes(Dimension::VolumeRate) => {
            format!("a rate needs a time, for example `{text}/day` or `{text}/h`")
        }
        Dimension::MassRate if takes(Dimension::Mass) => without_time(text),
        Dimension::VolumeRate if takes(Dimension::Volume) => without_time(text),
        Dimension::Mass | Dimension::MassRate => {
            format!("{}; write for example `{}`", wanted.no_mass, wanted.example)
        }
        _ => format!("write for example `{}`", wanted.example),
    }
}

fn without_time(text: &str) -> String {
    let dose = text.rsplit_once('/').map_or(text, |(dose, _)| dose).trim();
    format!("this is an amount, without a time: `{dose}`")
}

/// The unit names for what is wanted.
fn units(wanted: Wanted) -> String {
    if wanted.microseconds {
        return format!("µs, {}", Dimension::Time.units());
    }
    let each: Vec<&str> = wanted.dimensions.iter().map(|d| d.units()).collect();
    each.join("; or ")
}

fn names(wanted: Wanted) -> String {
    let each: Vec<&str> = wanted.dimensions.iter().map(|d| d.name()).collect();
    each.join(" or ")
}

/// The value of a quantity where it lies within a range.
pub(crate) fn in_range(
    key: &str,
    found: Located<Quantity>,
    range: &RangeInclusive<Exact>,
    report: &mut Report,
) -> Option<Located<Exact>> {
    let Quantity { value, dimension } = found.value;
    if range.contains(&value) {
        return Some(found.map(|quantity| quantity.value));
    }
    let (low, high) = (*range.start(), *range.end());
    let (label, help) = if value < low {
        ("too small", "smallest")
    } else {
        ("too large", "largest")
    };
    let bound = if value < low { low } else { high };
    report.add(
        Diagnostic::new(
            Code::OutOfRange,
            found.place,
            format!("`{key}` is out of range"),
        )
        .label(label)
        .allowed(format!(
            "{} to {}",
            show(low, dimension),
            show(high, dimension)
        ))
        .help(format!("the {help} is `{}`", show(bound, dimension))),
    );
    None
}
