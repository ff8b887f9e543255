//! Writing quantities so that people and files can read them: exact where a short decimal
//! or a small fraction is exact, else marked "about".

use crate::exact::Exact;
use crate::unit::Dimension;

const S: u128 = 1_000_000_000;
const MIN: u128 = 60 * S;
const H: u128 = 60 * MIN;
const DAY: u128 = 24 * H;

/// Units to write in, the preferred first: name, size as a fraction of base units.
type Scale = &'static [(&'static str, u128, u128)];

const VOLUME: Scale = &[
    ("mL", 1_000_000, 1),
    ("µL", 1_000, 1),
    ("nL", 1, 1),
    ("L", 1_000_000_000, 1),
];
const MASS: Scale = &[
    ("mg", 1_000_000, 1),
    ("µg", 1_000, 1),
    ("ng", 1, 1),
    ("g", 1_000_000_000, 1),
];
const VOLUME_RATE: Scale = &[
    ("mL/h", 1_000_000, H),
    ("mL/day", 1_000_000, DAY),
    ("µL/h", 1_000, H),
    ("µL/day", 1_000, DAY),
    ("nL/h", 1, H),
    ("nL/day", 1, DAY),
    ("mL/min", 1_000_000, MIN),
    ("mL/s", 1_000_000, S),
];
const MASS_RATE: Scale = &[
    ("mg/h", 1_000_000, H),
    ("mg/day", 1_000_000, DAY),
    ("µg/h", 1_000, H),
    ("µg/day", 1_000, DAY),
    ("ng/h", 1, H),
    ("ng/day", 1, DAY),
    ("mg/min", 1_000_000, MIN),
    ("g/min", 1_000_000_000, MIN),
];
const TIME: Scale = &[
    ("h", H, 1),
    ("min", MIN, 1),
    ("s", S, 1),
    ("ms", 1_000_000, 1),
    ("µs", 1_000, 1),
    ("ns", 1, 1),
    ("day", DAY, 1),
];
const CONCENTRATION: Scale = &[
    ("mg/mL", 1, 1),
    ("µg/mL", 1, 1_000),
    ("ng/mL", 1, 1_000_000),
    ("g/mL", 1_000, 1),
];
const FREQUENCY: Scale = &[("Hz", 1, 1)];
const LENGTH: Scale = &[("mm", 1_000_000, 1), ("µm", 1_000, 1)];

const fn scale(dimension: Dimension) -> Scale {
    match dimension {
        Dimension::Volume => VOLUME,
        Dimension::Mass => MASS,
        Dimension::VolumeRate => VOLUME_RATE,
        Dimension::MassRate => MASS_RATE,
        Dimension::Time => TIME,
        Dimension::Concentration => CONCENTRATION,
        Dimension::Frequency => FREQUENCY,
        Dimension::Length => LENGTH,
    }
}

/// The most decimals that are written as exact.
const DECIMALS: u32 = 4;

/// The value as a decimal where it has at most [`DECIMALS`] of them.
fn decimal(value: Exact) -> Option<String> {
    let shift = 10u128.pow(DECIMALS);
    let scaled = value.times(Exact::whole(shift))?;
    if !scaled.is_whole() {
        return None;
    }
    let (whole, rest) = (scaled.num() / shift, scaled.num() % shift);
    if rest == 0 {
        return Some(whole.to_string());
    }
    let decimals = format!("{rest:0width$}", width = DECIMALS as usize);
    Some(format!("{whole}.{}", decimals.trim_end_matches('0')))
}

/// The value rounded to four significant digits.
fn rounded(value: Exact) -> String {
    let mut decimals = 0u32;
    let mut shift = 1u128;
    let thousand = Exact::whole(1_000);
    while decimals < 18
        && value
            .times(Exact::whole(shift))
            .is_some_and(|scaled| scaled < thousand)
    {
        shift *= 10;
        decimals += 1;
    }
    let half = Exact::new(1, 2).unwrap_or(Exact::ZERO);
    let scaled = value
        .times(Exact::whole(shift))
        .and_then(|scaled| scaled.plus(half))
        .map_or_else(|| value.floor().saturating_mul(shift), Exact::floor);
    let (whole, rest) = (scaled / shift, scaled % shift);
    if rest == 0 {
        return whole.to_string();
    }
    let text = format!("{rest:0width$}", width = decimals as usize);
    format!("{whole}.{}", text.trim_end_matches('0'))
}

/// Writes a value of base units of `dimension` in a unit that suits it.
///
/// ```
/// use pump_prescription::{Dimension, quantity, show};
/// let rate = quantity("1/7 mL/day").unwrap();
/// assert_eq!(show(rate.value, Dimension::VolumeRate), "1/7 mL/day");
/// let dose = quantity("0.0004 L").unwrap();
/// assert_eq!(show(dose.value, Dimension::Volume), "0.4 mL");
/// ```
pub fn show(value: Exact, dimension: Dimension) -> String {
    let scale = scale(dimension);
    let first = scale.first().map_or("", |(name, ..)| *name);
    if value.is_zero() {
        return format!("0 {first}");
    }
    // Below this a smaller unit reads better.
    let least = match dimension {
        Dimension::Time => Exact::ONE,
        _ => Exact::new(1, 10).unwrap_or(Exact::ONE),
    };
    let most = Exact::whole(10_000);
    let inside = |v: Exact| v >= least && v < most;
    let each = || {
        scale
            .iter()
            .filter_map(|(name, num, den)| Some((*name, value.over(Exact::new(*num, *den)?)?)))
    };
    for (name, v) in each().filter(|(_, v)| inside(*v)) {
        if let Some(text) = decimal(v) {
            return format!("{text} {name}");
        }
    }
    // A value below every unit, or above, that is a decimal all the same.
    let plain = each()
        .filter(|(_, v)| *v < most)
        .find_map(|(name, v)| Some(format!("{} {name}", decimal(v)?)));
    if let Some(plain) = plain {
        return plain;
    }
    let simplest = each()
        .filter(|(_, v)| v.num() < 1_000 && v.den() < 1_000)
        .min_by_key(|(_, v)| v.num().max(v.den()));
    if let Some((name, v)) = simplest {
        return format!("{}/{} {name}", v.num(), v.den());
    }
    let chosen = each().find(|(_, v)| inside(*v)).or_else(|| each().next());
    match chosen {
        Some((name, v)) => match decimal(v) {
            Some(text) => format!("{text} {name}"),
            None => format!("about {} {name}", rounded(v)),
        },
        None => format!("more than can be written in {first}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quantity::quantity;

    fn again(text: &str) -> String {
        let read = quantity(text).unwrap();
        show(read.value, read.dimension)
    }

    #[test]
    fn a_short_decimal_is_written_exactly() {
        assert_eq!(again("20 mL"), "20 mL");
        assert_eq!(again("50 nL"), "50 nL");
        assert_eq!(again("0.1 mg"), "0.1 mg");
        assert_eq!(again("150 mL/h"), "150 mL/h");
        assert_eq!(again("48 uL/day"), "2 µL/h");
        assert_eq!(again("30 min"), "30 min");
        assert_eq!(again("1 day"), "24 h");
        assert_eq!(again("1000 Hz"), "1000 Hz");
        assert_eq!(again("2 mg/mL"), "2 mg/mL");
    }

    #[test]
    fn a_small_fraction_is_written_as_one() {
        assert_eq!(again("1/7 mL/day"), "1/7 mL/day");
        assert_eq!(again("0 mL"), "0 mL");
        assert_eq!(again("0.002 ng"), "0.002 ng");
    }

    #[test]
    fn what_is_neither_is_marked_as_rounded() {
        assert_eq!(again("1000/2857 nL"), "about 0.35 nL");
        assert_eq!(again("1.23456789 mL/h"), "about 1.235 mL/h");
    }
}
