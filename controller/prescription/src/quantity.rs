//! Reading a quantity: a decimal or a fraction, and its unit.
//!
//! `"20 mL"`, `"0.5 mg/h"`, `"1/7 mL/day"`, `"1000/2857 nL"`. The value is an [`Exact`]
//! fraction of the base unit of its [`Dimension`]; nothing is ever a float. What could be
//! meant in two ways is refused: a bare number, an exponent, a decimal comma, "Mg".

use core::ops::Range;

use crate::exact::Exact;
use crate::unit::{self, Dimension, Unit};

/// The most digits a number may have, before and after its point together.
const MAX_DIGITS: usize = 18;

/// A number with a dimension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quantity {
    /// The value in base units of the dimension.
    pub value: Exact,
    /// What it measures.
    pub dimension: Dimension,
}

/// Why a text is no quantity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing is written.
    Empty,
    /// It does not begin with a number.
    NotANumber,
    /// It is below zero.
    Negative,
    /// It says `nan` or `inf`.
    NotFinite,
    /// It has an exponent, as in `1e-3`.
    Exponent,
    /// It has a decimal comma.
    Comma,
    /// It begins or ends with its decimal point.
    LoosePoint,
    /// Its denominator is zero.
    ZeroDenominator,
    /// It has more digits than are read exactly.
    TooManyDigits,
    /// It has no unit.
    NoUnit,
    /// Its unit is none of ours; perhaps it was meant to be written like this.
    UnknownUnit(Option<String>),
    /// Its unit is one that the pump can't reckon with, for this reason.
    ForeignUnit(&'static str),
    /// Both units are known, but they don't make a quantity together.
    OddQuotient,
}

/// Why and where a text is no quantity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuantityError {
    /// What is wrong.
    pub fault: Fault,
    /// The offending bytes of the text.
    pub span: Range<usize>,
}

impl QuantityError {
    /// What is wrong, in a few words.
    pub fn message(&self) -> &'static str {
        match self.fault {
            Fault::Empty => "nothing is written here",
            Fault::NotANumber => "this does not begin with a number",
            Fault::Negative => "this is below zero",
            Fault::NotFinite => "this is not a finite number",
            Fault::Exponent => "exponents are not read",
            Fault::Comma => "the decimal mark is a point",
            Fault::LoosePoint => "a decimal point needs a digit on both sides",
            Fault::ZeroDenominator => "this divides by zero",
            Fault::TooManyDigits => "this has more digits than can be kept exactly",
            Fault::NoUnit => "this has no unit",
            Fault::UnknownUnit(_) => "this is not a known unit",
            Fault::ForeignUnit(_) => "this unit can't be used here",
            Fault::OddQuotient => "these units make no quantity together",
        }
    }

    /// How to write it, where that can be said.
    pub fn help(&self, text: &str) -> Option<String> {
        let part = text.get(self.span.clone()).unwrap_or_default();
        let instead = |right: String| {
            let head = text.get(..self.span.start).unwrap_or_default();
            let tail = text.get(self.span.end..).unwrap_or_default();
            Some(format!("write `{head}{right}{tail}`"))
        };
        match &self.fault {
            Fault::Comma => Some(format!("write `{}`", text.replace(',', "."))),
            Fault::LoosePoint if part.starts_with('.') => instead(format!("0{part}")),
            Fault::LoosePoint => instead(part.trim_end_matches('.').to_owned()),
            Fault::Exponent => Some("write it out, or choose a smaller or larger unit".into()),
            Fault::TooManyDigits => Some(format!(
                "at most {MAX_DIGITS} digits; a fraction such as `1/7 mL` is exact"
            )),
            Fault::UnknownUnit(Some(right)) => Some(format!("did you mean `{right}`?")),
            Fault::ForeignUnit(why) => Some((*why).into()),
            Fault::Negative => Some("write a number of zero or more".into()),
            _ => None,
        }
    }
}

struct Scan<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scan<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn spaces(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches(' ').len();
    }

    fn digits(&mut self) -> &'a str {
        let rest = self.rest();
        let end = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        self.at += end;
        rest.get(..end).unwrap_or_default()
    }

    fn take(&mut self, c: char) -> bool {
        let found = self.rest().starts_with(c);
        if found {
            self.at += c.len_utf8();
        }
        found
    }

    fn fault(&self, fault: Fault, span: Range<usize>) -> QuantityError {
        QuantityError { fault, span }
    }

    /// The bytes up to the next space, for underlining.
    fn word(&self, from: usize) -> Range<usize> {
        let tail = self.text.get(from..).unwrap_or_default();
        from..from + tail.find(' ').unwrap_or(tail.len())
    }

    /// A decimal number.
    fn decimal(&mut self) -> Result<Exact, QuantityError> {
        let start = self.at;
        let rest = self.rest();
        let lower = rest.get(..3).map(str::to_ascii_lowercase);
        if matches!(lower.as_deref(), Some("nan" | "inf")) {
            return Err(self.fault(Fault::NotFinite, self.word(start)));
        }
        if rest.starts_with(['-', '\u{2212}', '\u{2013}']) {
            let tail = rest.trim_start_matches(['-', '\u{2212}', '\u{2013}']);
            let fault = match tail.get(..3).map(str::to_ascii_lowercase).as_deref() {
                Some("nan" | "inf") => Fault::NotFinite,
                _ if tail.starts_with(|c: char| c.is_ascii_digit() || c == '.') => Fault::Negative,
                _ => Fault::NotANumber,
            };
            return Err(self.fault(fault, self.word(start)));
        }
        let whole = self.digits();
        if whole.is_empty() {
            let fault = match rest.strip_prefix('.') {
                Some(tail) if tail.starts_with(|c: char| c.is_ascii_digit()) => Fault::LoosePoint,
                _ => Fault::NotANumber,
            };
            return Err(self.fault(fault, self.word(start)));
        }
        let mut decimals = "";
        if self.take('.') {
            decimals = self.digits();
            if decimals.is_empty() {
                return Err(self.fault(Fault::LoosePoint, self.word(start)));
            }
        }
        if self.rest().starts_with(',') {
            return Err(self.fault(Fault::Comma, self.word(start)));
        }
        let mut after = self.rest().chars();
        if matches!(after.next(), Some('e' | 'E'))
            && matches!(after.next(), Some('0'..='9' | '+' | '-'))
        {
            return Err(self.fault(Fault::Exponent, self.word(start)));
        }
        let whole = whole.trim_start_matches('0');
        let decimals = decimals.trim_end_matches('0');
        let too_many = QuantityError {
            fault: Fault::TooManyDigits,
            span: start..self.at,
        };
        if whole.len() + decimals.len() > MAX_DIGITS {
            return Err(too_many);
        }
        let mut num = 0u128;
        let mut den = 1u128;
        for digit in whole.bytes() {
            num = num * 10 + u128::from(digit - b'0');
        }
        for digit in decimals.bytes() {
            num = num * 10 + u128::from(digit - b'0');
            den *= 10;
        }
        Exact::new(num, den).ok_or(too_many)
    }

    /// A decimal number or a fraction of two.
    fn number(&mut self) -> Result<Exact, QuantityError> {
        let start = self.at;
        let top = self.decimal()?;
        let before = self.at;
        self.spaces();
        // A slash before a digit divides numbers, before a letter it divides units.
        if self.rest().starts_with('/') {
            self.at += 1;
            self.spaces();
            if self
                .rest()
                .starts_with(|c: char| c.is_ascii_digit() || c == '.')
            {
                let bottom = self.decimal()?;
                let span = start..self.at;
                if bottom.is_zero() {
                    return Err(self.fault(Fault::ZeroDenominator, span));
                }
                return top
                    .over(bottom)
                    .ok_or(self.fault(Fault::TooManyDigits, span));
            }
            return Err(self.fault(Fault::NoUnit, start..before));
        }
        self.at = before;
        Ok(top)
    }

    /// One simple unit: everything up to a space or a slash.
    fn unit(&mut self) -> Result<Unit, QuantityError> {
        let start = self.at;
        let rest = self.rest();
        let end = rest.find([' ', '/']).unwrap_or(rest.len());
        self.at += end;
        let name = rest.get(..end).unwrap_or_default();
        if name.is_empty() {
            return Err(self.fault(Fault::NoUnit, 0..self.text.len()));
        }
        unit::find(name).ok_or_else(|| {
            if let Some(why) = unit::foreign(name) {
                return self.fault(Fault::ForeignUnit(why), start..start + end);
            }
            let right = unit::suggest(name).map(|right| {
                let head = self.text.get(..start).unwrap_or_default();
                format!("{head}{right}{}", self.rest())
            });
            self.fault(Fault::UnknownUnit(right), start..start + end)
        })
    }
}

/// Reads a quantity of any dimension.
///
/// ```
/// use pump_prescription::{Dimension, Exact, quantity};
/// let dose = quantity("0.5 mg/h").unwrap();
/// assert_eq!(dose.dimension, Dimension::MassRate);
/// assert_eq!(dose.value, Exact::new(500_000, 3_600_000_000_000).unwrap()); // ng/ns
/// assert!(quantity("20").is_err());
/// ```
pub fn quantity(text: &str) -> Result<Quantity, QuantityError> {
    let mut scan = Scan { text, at: 0 };
    scan.spaces();
    if scan.rest().is_empty() {
        return Err(scan.fault(Fault::Empty, 0..text.len()));
    }
    let start = scan.at;
    let number = scan.number()?;
    let number_end = scan.at;
    scan.spaces();
    if scan.rest().is_empty() {
        return Err(scan.fault(Fault::NoUnit, start..number_end));
    }
    let unit_start = scan.at;
    let top = scan.unit()?;
    scan.spaces();
    let (dimension, size) = if scan.take('/') {
        scan.spaces();
        let bottom = scan.unit()?;
        scan.spaces();
        unit::quotient(top, bottom)
            .ok_or_else(|| scan.fault(Fault::OddQuotient, unit_start..scan.at))?
    } else {
        (top.dimension, Exact::whole(top.size))
    };
    if !scan.rest().is_empty() {
        let extra = scan.at..text.len();
        return Err(if scan.rest().starts_with('/') {
            scan.fault(Fault::OddQuotient, unit_start..text.len())
        } else {
            scan.fault(Fault::UnknownUnit(None), extra)
        });
    }
    let value = number
        .times(size)
        .ok_or_else(|| scan.fault(Fault::TooManyDigits, start..number_end))?;
    Ok(Quantity { value, dimension })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(text: &str) -> (u128, u128, Dimension) {
        let read = quantity(text).unwrap_or_else(|error| panic!("{text}: {error:?}"));
        (read.value.num(), read.value.den(), read.dimension)
    }

    fn fault(text: &str) -> Fault {
        quantity(text)
            .map(|read| panic!("{text}: {read:?}"))
            .unwrap_err()
            .fault
    }

    #[test]
    fn every_unit_has_its_size() {
        use Dimension::*;
        let volumes = [
            ("nL", 1),
            ("uL", 1_000),
            ("µL", 1_000),
            ("μL", 1_000),
            ("mL", 1_000_000),
        ];
        for (unit, size) in volumes {
            assert_eq!(base(&format!("3 {unit}")), (3 * size, 1, Volume));
        }
        assert_eq!(base("2 L"), (2_000_000_000, 1, Volume));
        let masses = [
            ("ng", 1),
            ("ug", 1_000),
            ("µg", 1_000),
            ("μg", 1_000),
            ("mcg", 1_000),
        ];
        for (unit, size) in masses {
            assert_eq!(base(&format!("3 {unit}")), (3 * size, 1, Mass));
        }
        assert_eq!(base("2 mg"), (2_000_000, 1, Mass));
        assert_eq!(base("2 g"), (2_000_000_000, 1, Mass));
        assert_eq!(base("20 us"), (20_000, 1, Time));
        assert_eq!(base("20 ms"), (20_000_000, 1, Time));
        assert_eq!(base("1 day"), (86_400_000_000_000, 1, Time));
        assert_eq!(base("2 mg/mL"), (2, 1, Concentration));
        assert_eq!(base("50 ug/mL"), (1, 20, Concentration));
        assert_eq!(base("1000 Hz"), (1_000, 1, Frequency));
        assert_eq!(base("14.5 mm"), (14_500_000, 1, Length));
    }

    #[test]
    fn a_rate_is_exact_whatever_it_is_written_per() {
        assert_eq!(base("1/7 mL/day"), (1, 604_800_000, Dimension::VolumeRate));
        assert_eq!(base("24 mL/day"), base("1 mL/h"));
        assert_eq!(base("60 mL/h"), base("1 mL/min"));
        assert_eq!(base("60 mL/min"), base("1 mL/s"));
        assert_eq!(base("1 mcg/h"), base("0.001 mg/h"));
    }

    #[test]
    fn spaces_matter_to_nobody_and_fractions_may_have_decimals() {
        assert_eq!(base("20mL"), base(" 20 mL "));
        assert_eq!(base("1 / 7 mL / day"), base("1/7 mL/day"));
        assert_eq!(base("1.5/3 mL"), base("0.5 mL"));
        assert_eq!(base("1000/2857 nL"), (1_000, 2_857, Dimension::Volume));
        assert_eq!(base("007.50 mL"), base("7.5 mL"));
    }

    #[test]
    fn what_could_be_meant_in_two_ways_is_refused() {
        assert_eq!(fault(""), Fault::Empty);
        assert_eq!(fault("20"), Fault::NoUnit);
        assert_eq!(fault("1/7"), Fault::NoUnit);
        assert_eq!(fault("20/mL"), Fault::NoUnit);
        assert_eq!(fault("2 mg/"), Fault::NoUnit);
        assert_eq!(fault("mL"), Fault::NotANumber);
        assert_eq!(fault("+1 mL"), Fault::NotANumber);
        assert_eq!(fault("-1 mL"), Fault::Negative);
        assert_eq!(fault("\u{2212}1 mL"), Fault::Negative);
        assert_eq!(fault("-inf mL"), Fault::NotFinite);
        assert_eq!(fault("NaN mL"), Fault::NotFinite);
        assert_eq!(fault("1e3 mL"), Fault::Exponent);
        assert_eq!(fault("1,5 mL"), Fault::Comma);
        assert_eq!(fault("1,000 mL"), Fault::Comma);
        assert_eq!(fault(".5 mL"), Fault::LoosePoint);
        assert_eq!(fault("5. mL"), Fault::LoosePoint);
        assert_eq!(fault("1.2.3 mL"), Fault::UnknownUnit(None));
        assert_eq!(fault("1/0 mL"), Fault::ZeroDenominator);
        assert_eq!(fault("1/-2 mL"), Fault::NoUnit);
        assert_eq!(
            fault("1234567890.1234567890 mL/h"),
            Fault::TooManyDigits.clone()
        );
        assert_eq!(fault("1 mL/h/h"), Fault::OddQuotient);
        assert_eq!(fault("1 mL/us"), Fault::OddQuotient);
        assert_eq!(fault("1 h/mL"), Fault::OddQuotient);
        assert_eq!(fault("1 mL mL"), Fault::UnknownUnit(None));
        assert_eq!(fault("1 ml"), Fault::UnknownUnit(Some("1 mL".into())));
        assert_eq!(fault("1 ML/H"), Fault::UnknownUnit(Some("1 mL/H".into())));
        assert!(matches!(fault("1 IU"), Fault::ForeignUnit(_)));
    }
}
