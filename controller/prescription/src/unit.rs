//! The units a file may use, and what each is in base units.

use crate::exact::Exact;

/// What a quantity measures. Base units in brackets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dimension {
    /// A volume \[nL\].
    Volume,
    /// A mass \[ng\].
    Mass,
    /// Volume over time \[nL/ns\].
    VolumeRate,
    /// Mass over time \[ng/ns\].
    MassRate,
    /// A time \[ns\].
    Time,
    /// Mass in a volume \[ng/nL, which is also mg/mL\].
    Concentration,
    /// A frequency \[Hz\].
    Frequency,
    /// A length \[nm\].
    Length,
}

impl Dimension {
    /// What it is called in a message, with its article.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Volume => "a volume",
            Self::Mass => "a mass",
            Self::VolumeRate => "a rate of volume",
            Self::MassRate => "a rate of mass",
            Self::Time => "a time",
            Self::Concentration => "a concentration",
            Self::Frequency => "a frequency",
            Self::Length => "a length",
        }
    }

    /// The units it is written in.
    pub const fn units(self) -> &'static str {
        match self {
            Self::Volume => "nL, µL, mL or L",
            Self::Mass => "ng, µg, mg or g",
            Self::VolumeRate => "nL, µL, mL or L per s, min, h or day",
            Self::MassRate => "ng, µg, mg or g per s, min, h or day",
            Self::Time => "ms, s, min, h or day",
            Self::Concentration => "ng, µg, mg or g per nL, µL, mL or L",
            Self::Frequency => "Hz",
            Self::Length => "µm or mm",
        }
    }
}

/// A regular expression for the number of a quantity: a decimal, or a fraction of two.
pub const NUMBER_PATTERN: &str = "[0-9]+(\\.[0-9]+)?( */ *[0-9]+(\\.[0-9]+)?)?";

impl Dimension {
    /// A regular expression for the units it is written in; with microseconds where a time may
    /// be in them.
    pub fn pattern(self, microseconds: bool) -> String {
        let simple = |dimension: Self, least: u128| {
            let units = UNITS.iter();
            let units = units.filter(|unit| unit.dimension == dimension && unit.size >= least);
            let names: Vec<&str> = units.map(|unit| unit.name).collect();
            format!("({})", names.join("|"))
        };
        let over = |top, bottom, least| format!("{} */ *{}", simple(top, 0), simple(bottom, least));
        match self {
            Self::Time if !microseconds => simple(self, MILLISECOND),
            Self::VolumeRate => over(Self::Volume, Self::Time, SECOND),
            Self::MassRate => over(Self::Mass, Self::Time, SECOND),
            Self::Concentration => over(Self::Mass, Self::Volume, 0),
            _ => simple(self, 0),
        }
    }
}

const MILLISECOND: u128 = 1_000_000;
/// The shortest unit that a rate is written per: anything less is a slip, not a dose.
const SECOND: u128 = 1_000_000_000;

/// One simple unit: its spelling, what it measures, and its size in base units.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unit {
    pub(crate) name: &'static str,
    pub(crate) dimension: Dimension,
    pub(crate) size: u128,
}

const fn unit(name: &'static str, dimension: Dimension, size: u128) -> Unit {
    Unit {
        name,
        dimension,
        size,
    }
}

/// Every simple unit. A micro sign (U+00B5) and a Greek mu (U+03BC) look alike, so both
/// are read.
pub(crate) const UNITS: &[Unit] = &[
    unit("nL", Dimension::Volume, 1),
    unit("µL", Dimension::Volume, 1_000),
    unit("μL", Dimension::Volume, 1_000),
    unit("uL", Dimension::Volume, 1_000),
    unit("mL", Dimension::Volume, 1_000_000),
    unit("L", Dimension::Volume, 1_000_000_000),
    unit("ng", Dimension::Mass, 1),
    unit("µg", Dimension::Mass, 1_000),
    unit("μg", Dimension::Mass, 1_000),
    unit("ug", Dimension::Mass, 1_000),
    unit("mcg", Dimension::Mass, 1_000),
    unit("mg", Dimension::Mass, 1_000_000),
    unit("g", Dimension::Mass, 1_000_000_000),
    unit("us", Dimension::Time, 1_000),
    unit("µs", Dimension::Time, 1_000),
    unit("μs", Dimension::Time, 1_000),
    unit("ms", Dimension::Time, 1_000_000),
    unit("s", Dimension::Time, 1_000_000_000),
    unit("min", Dimension::Time, 60_000_000_000),
    unit("h", Dimension::Time, 3_600_000_000_000),
    unit("day", Dimension::Time, 86_400_000_000_000),
    unit("Hz", Dimension::Frequency, 1),
    unit("um", Dimension::Length, 1_000),
    unit("µm", Dimension::Length, 1_000),
    unit("μm", Dimension::Length, 1_000),
    unit("mm", Dimension::Length, 1_000_000),
];

/// Spellings people write, and the one that is read. Case matters in units ("Mg" is not
/// "mg"), so nothing is taken for another silently.
const MISSPELT: &[(&str, &str)] = &[
    ("cc", "mL"),
    ("ccm", "mL"),
    ("hr", "h"),
    ("hrs", "h"),
    ("hour", "h"),
    ("hours", "h"),
    ("std", "h"),
    ("m", "min"),
    ("mins", "min"),
    ("minute", "min"),
    ("minutes", "min"),
    ("sec", "s"),
    ("secs", "s"),
    ("second", "s"),
    ("seconds", "s"),
    ("msec", "ms"),
    ("d", "day"),
    ("days", "day"),
    ("24h", "day"),
    ("γ", "µg"),
    ("gamma", "µg"),
    ("mcL", "µL"),
    ("lambda", "µL"),
    ("gram", "g"),
    ("grams", "g"),
    ("litre", "L"),
    ("liter", "L"),
];

/// Units that can't be reckoned with, and why.
const FOREIGN: &[(&[&str], &str)] = &[
    (
        &[
            "IU", "iu", "U", "unit", "units", "mEq", "mmol", "mol", "µmol", "%",
        ],
        "what this unit means in mass or volume depends on the drug: work it out and write that",
    ),
    (
        &["kg", "m²", "m2"],
        "the pump knows no body weight: work the dose out and write it without",
    ),
    (
        &["week", "weeks", "month", "months", "year", "years"],
        "the longest unit of time is `day`",
    ),
    (
        &["drop", "drops", "gtt"],
        "a drop has no fixed volume: write the volume",
    ),
];

/// Why this unit can't be used, where it is one that people know.
pub(crate) fn foreign(name: &str) -> Option<&'static str> {
    FOREIGN
        .iter()
        .find(|(names, _)| names.contains(&name))
        .map(|(_, why)| *why)
}

/// The simple unit with this spelling.
pub(crate) fn find(name: &str) -> Option<Unit> {
    UNITS.iter().copied().find(|u| u.name == name)
}

/// The unit somebody who wrote `name` most likely meant.
pub(crate) fn suggest(name: &str) -> Option<&'static str> {
    let lower = name.to_lowercase();
    if let Some((_, right)) = MISSPELT
        .iter()
        .find(|(wrong, _)| wrong.to_lowercase() == lower)
    {
        return Some(right);
    }
    UNITS
        .iter()
        .map(|u| u.name)
        .find(|right| right.to_lowercase() == lower)
}

/// What the quotient of two units measures, and its size.
pub(crate) fn quotient(top: Unit, bottom: Unit) -> Option<(Dimension, Exact)> {
    let dimension = match (top.dimension, bottom.dimension) {
        (_, Dimension::Time) if bottom.size < SECOND => return None,
        (Dimension::Volume, Dimension::Time) => Dimension::VolumeRate,
        (Dimension::Mass, Dimension::Time) => Dimension::MassRate,
        (Dimension::Mass, Dimension::Volume) => Dimension::Concentration,
        _ => return None,
    };
    Some((dimension, Exact::new(top.size, bottom.size)?))
}
