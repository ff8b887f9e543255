//! Volumes, masses, rates and times in words. Rounded, for people; the exact figures are in
//! the report's JSON.

const NS_PER_S: u64 = 1_000_000_000;
const S_PER_DAY: u64 = 86_400;

/// Four significant digits, without trailing zeros.
pub(crate) fn number(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let digits = (3 - value.abs().log10().floor() as i32).clamp(0, 12);
    let text = format!("{value:.*}", digits as usize);
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

/// The unit that suits a number of nanolitres, and its size.
pub(crate) fn volume_unit(nl: f64) -> (&'static str, f64) {
    match nl {
        nl if nl >= 1e5 => ("mL", 1e6),
        nl if nl >= 1e3 => ("µL", 1e3),
        _ => ("nL", 1.0),
    }
}

/// A volume: `1.35 mL`, `50 µL`, `50 nL`.
pub(crate) fn volume(nl: u64) -> String {
    let nl = nl as f64;
    let (unit, size) = volume_unit(nl);
    format!("{} {unit}", number(nl / size))
}

/// A mass: `2.7 mg`, `15 µg`.
pub(crate) fn mass(mg: f64) -> String {
    match mg {
        mg if mg >= 0.1 || mg == 0.0 => format!("{} mg", number(mg)),
        mg if mg >= 1e-4 => format!("{} µg", number(mg * 1e3)),
        mg => format!("{} ng", number(mg * 1e6)),
    }
}

/// Without what of a second has begun: where a figure changes all the time, tenths flicker.
pub(crate) const fn whole_seconds(ns: u64) -> u64 {
    ns / NS_PER_S * NS_PER_S
}

/// A time in its two largest units: `2h03m`, `39m59s`, `9 days 4h`, `12.34s`.
pub(crate) fn time(ns: u64) -> String {
    let s = ns / NS_PER_S;
    let (days, h, m, rest) = (s / S_PER_DAY, s / 3_600 % 24, s / 60 % 60, s % 60);
    match (days, h, m) {
        (0, 0, 0) => format!("{}s", number(ns as f64 / NS_PER_S as f64)),
        (0, 0, m) if rest == 0 => format!("{m} min"),
        (0, 0, m) => format!("{m}m{rest:02}s"),
        (0, h, 0) if rest == 0 => format!("{h} h"),
        (0, h, m) if rest == 0 => format!("{h}h{m:02}m"),
        (0, h, m) => format!("{h}h{m:02}m{rest:02}s"),
        (1, 0, _) => "1 day".to_owned(),
        (1, h, _) => format!("1 day {h} h"),
        (days, 0, _) => format!("{days} days"),
        (days, h, _) if days < 30 => format!("{days} days {h} h"),
        (days, ..) => format!("{days} days"),
    }
}

/// An instant of a run: a [`time`], and after a day to the minute all the same.
pub(crate) fn instant(ns: u64) -> String {
    let s = ns / NS_PER_S;
    match s / S_PER_DAY {
        0 => time(ns),
        days => format!("day {} {:02}:{:02}", days + 1, s / 3_600 % 24, s / 60 % 60),
    }
}

/// A whole number with its thousands apart.
pub(crate) fn count(n: u64) -> String {
    grouped(n, '\u{202f}')
}

/// The same with this between them.
pub(crate) fn grouped(n: u64, between: char) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(between);
        }
        text.push(digit);
    }
    text
}

/// One, or many.
pub(crate) fn plural(n: u64, one: &str) -> String {
    let s = if n == 1 { "" } else { "s" };
    format!("{} {one}{s}", count(n))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_written_as_people_write_them() {
        assert_eq!(volume(1_350_000), "1.35 mL");
        assert_eq!(volume(50_000), "50 µL");
        assert_eq!(volume(50), "50 nL");
        assert_eq!(volume(0), "0 nL");
        assert_eq!(mass(2.7), "2.7 mg");
        assert_eq!(mass(0.015), "15 µg");
        assert_eq!(time(7_380 * NS_PER_S), "2h03m");
        assert_eq!(time(2_399 * NS_PER_S), "39m59s");
        assert_eq!(time(86_400 * NS_PER_S), "1 day");
        assert_eq!(time(1_500_000_000), "1.5s");
        assert_eq!(count(1_234_567), "1\u{202f}234\u{202f}567");
        assert_eq!(plural(1, "step"), "1 step");
    }
}
