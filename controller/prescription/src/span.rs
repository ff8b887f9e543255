//! Times as people type them on a command line and in scenarios: `90s`, `15m` or `15min`,
//! `2h`, `2h03m`, `39m59s`, `7day`.

use std::error::Error;
use std::fmt;
use std::ops::Range;

use pump_core::quantity::Nanoseconds;

/// The longest time that is read.
const LONGEST_YEARS: u128 = 100;
/// More digits than any time needs.
const MOST_DIGITS: usize = 18;

/// A unit's name and its nanoseconds, the largest first; `m` is a minute, as in `2h03m`.
const UNITS: &[(&str, u128)] = &[
    ("day", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("min", 60_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
];

/// What people write instead, and what is read.
const MISSPELT: &[(&str, &str)] = &[
    ("d", "day"),
    ("days", "day"),
    ("hr", "h"),
    ("hrs", "h"),
    ("hour", "h"),
    ("hours", "h"),
    ("mins", "min"),
    ("minute", "min"),
    ("minutes", "min"),
    ("sec", "s"),
    ("secs", "s"),
    ("second", "s"),
    ("seconds", "s"),
    ("msec", "ms"),
    ("M", "min"),
    ("H", "h"),
    ("S", "s"),
];

/// Why a text is no time, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpanError {
    /// The offending bytes of the text.
    pub place: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// How to write it.
    pub help: String,
}

impl fmt::Display for SpanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.message, self.help)
    }
}

impl Error for SpanError {}

/// Reads a time: numbers with units, the largest unit first, each unit once. Only the last
/// number may have decimals. The value is exact.
///
/// # Errors
///
/// Where anything is missing, in disorder, finer than a nanosecond or longer than 100 years.
///
/// # Example
///
/// ```
/// use pump_core::quantity::Nanoseconds;
/// use pump_prescription::read_span;
///
/// assert_eq!(read_span("2h03m"), Ok(Nanoseconds::from_mins(123)));
/// assert_eq!(read_span("39 min 59.5 s"), Ok(Nanoseconds::from_millis(2_399_500)));
/// assert!(read_span("24").is_err(), "hours or days?");
/// ```
pub fn read_span(text: &str) -> Result<Nanoseconds, SpanError> {
    let whole = 0..text.len();
    let fail = |place: Range<usize>, message: &str, help: String| SpanError {
        place,
        message: message.to_owned(),
        help,
    };
    let example = || "write a time such as `90s`, `15min`, `2h03m` or `7day`".to_owned();
    let mut at = skip_spaces(text, 0);
    if at == text.len() {
        return Err(fail(whole, "there is no time here", example()));
    }
    let mut total = 0u128;
    let mut smaller_than = u128::MAX;
    let mut decimals_seen = false;
    while at < text.len() {
        let start = at;
        at = skip(text, at, |c| c.is_ascii_digit() || c == '.');
        let number = &text[start..at];
        if number.is_empty() {
            let end = skip(text, at, |c| c != ' ').max(at);
            let (message, help) = match text[start..].chars().next() {
                Some('-') => ("a time is not below zero", "leave the sign away".to_owned()),
                _ => ("this does not begin with a number", example()),
            };
            return Err(fail(start..end, message, help));
        }
        let number_end = at;
        at = skip_spaces(text, at);
        let unit_start = at;
        at = skip(text, at, |c| c.is_alphabetic() || c == 'µ');
        let unit = &text[unit_start..at];
        if unit.is_empty() {
            let help = format!("write for example `{number}s`, `{number}min` or `{number}h`");
            return Err(fail(start..number_end, "this number has no unit", help));
        }
        let Some((_, size)) = UNITS.iter().find(|(name, _)| *name == unit) else {
            let meant = MISSPELT.iter().find(|(wrong, _)| *wrong == unit);
            let help = match meant {
                Some((_, right)) => format!("write `{number}{right}`"),
                None => "a time is written in `ms`, `s`, `min`, `h` or `day`".to_owned(),
            };
            return Err(fail(unit_start..at, "this is no unit of time", help));
        };
        if *size >= smaller_than {
            let help = "write each unit once, the largest first, as in `2h03m`".to_owned();
            return Err(fail(start..at, "the units are out of order", help));
        }
        if decimals_seen {
            let help = "only the last number may have decimals".to_owned();
            return Err(fail(start..at, "there are decimals before this", help));
        }
        decimals_seen = number.contains('.');
        smaller_than = *size;
        let part = nanoseconds(number, *size).map_err(|message| {
            fail(
                start..number_end,
                message,
                "write it in a smaller unit".to_owned(),
            )
        })?;
        total = total.saturating_add(part);
        at = skip_spaces(text, at);
    }
    let longest = LONGEST_YEARS * 365 * 86_400_000_000_000;
    match u64::try_from(total) {
        Ok(ns) if total <= longest => Ok(Nanoseconds(ns)),
        _ => Err(fail(
            whole,
            "this is too long",
            format!("at most {LONGEST_YEARS} years"),
        )),
    }
}

fn skip(text: &str, from: usize, wanted: impl Fn(char) -> bool) -> usize {
    let rest = &text[from..];
    from + rest.find(|c: char| !wanted(c)).unwrap_or(rest.len())
}

fn skip_spaces(text: &str, from: usize) -> usize {
    skip(text, from, |c| c == ' ')
}

/// A decimal number of a unit, exactly.
fn nanoseconds(number: &str, size: u128) -> Result<u128, &'static str> {
    let (whole, decimals) = match number.split_once('.') {
        None => (number, ""),
        Some((whole, decimals)) if !whole.is_empty() && !decimals.is_empty() => (whole, decimals),
        Some(_) => return Err("a decimal point needs a digit on both sides"),
    };
    let whole = whole.trim_start_matches('0');
    let decimals = decimals.trim_end_matches('0');
    if whole.len() + decimals.len() > MOST_DIGITS {
        return Err("this has too many digits");
    }
    let mut value = 0u128;
    let mut divisor = 1u128;
    for digit in whole.bytes().chain(decimals.bytes()) {
        let digit = digit.checked_sub(b'0').filter(|digit| *digit < 10);
        value = value * 10 + u128::from(digit.ok_or("this has two decimal points")?);
    }
    for _ in decimals.bytes() {
        divisor *= 10;
    }
    // At most 18 digits times a day: far from the end of 128 bits.
    let ns = value * size;
    if !ns.is_multiple_of(divisor) {
        return Err("this is finer than a nanosecond");
    }
    Ok(ns / divisor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_the_manual_is_read() {
        let s = Nanoseconds::from_secs;
        for (text, expected) in [
            ("90s", s(90)),
            ("15m", s(900)),
            ("15min", s(900)),
            ("2h", s(7_200)),
            ("2h03m", s(7_380)),
            ("39m59s", s(2_399)),
            ("7day", s(604_800)),
            ("0s", s(0)),
            ("10 ms", Nanoseconds(10_000_000)),
            ("1.5 h", s(5_400)),
            ("1day 2h 3min 4s 5ms", Nanoseconds(93_784_005_000_000)),
        ] {
            assert_eq!(read_span(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_could_be_meant_in_two_ways_is_refused_with_its_place_and_a_fix() {
        for (text, place, message) in [
            ("", 0..0, "there is no time here"),
            ("24", 0..2, "this number has no unit"),
            ("2h 30", 3..5, "this number has no unit"),
            ("2 hours", 2..7, "this is no unit of time"),
            ("3m2h", 2..4, "the units are out of order"),
            ("1m1min", 2..6, "the units are out of order"),
            ("1.5h3m", 4..6, "there are decimals before this"),
            ("-2h", 0..3, "a time is not below zero"),
            ("noon", 0..4, "this does not begin with a number"),
            (".5h", 0..2, "a decimal point needs a digit on both sides"),
            ("1.2.3h", 0..5, "this has two decimal points"),
            ("0.0000001ms", 0..9, "this is finer than a nanosecond"),
            ("36501day", 0..8, "this is too long"),
            ("99999999999999999999h", 0..20, "this has too many digits"),
        ] {
            let error = read_span(text).expect_err(text);
            assert_eq!(
                (error.place, error.message.as_str()),
                (place, message),
                "{text}"
            );
            assert!(!error.help.is_empty());
        }
    }

    #[test]
    fn no_text_breaks_the_reader() {
        for text in [
            "é",
            "2é",
            "2hé",
            "2 \u{b5}s",
            "\u{0}",
            "2h\t3m",
            "٣h",
            "2h.",
            "..",
            "1e3s",
        ] {
            assert!(read_span(text).is_err(), "{text}");
        }
    }
}
