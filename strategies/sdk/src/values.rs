//! The prescription's values of the declared parameters.

use crate::declare::Declaration;
use crate::quantity::nanoseconds;
use crate::{Profile, Rate, Refused, Volume};
use std::time::Duration;
use strategy_abi as abi;
use strategy_abi::Fraction;

/// One value of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// Of a dose.
    Dose(Volume),
    /// Of a rate.
    Rate(Rate),
    /// Of a time.
    Time(Duration),
    /// Of a count.
    Count(u32),
    /// Of a choice: its index.
    Choice(u32),
    /// Of a flag.
    Flag(bool),
}

impl Value {
    pub(crate) const fn kind(self) -> u32 {
        match self {
            Self::Dose(_) => abi::KIND_DOSE,
            Self::Rate(_) => abi::KIND_RATE,
            Self::Time(_) => abi::KIND_TIME,
            Self::Count(_) => abi::KIND_COUNT,
            Self::Choice(_) => abi::KIND_CHOICE,
            Self::Flag(_) => abi::KIND_FLAG,
        }
    }

    pub(crate) const fn fraction(self) -> Fraction {
        let num = match self {
            Self::Dose(volume) => return volume.fraction(),
            Self::Rate(rate) => return rate.fraction(),
            Self::Time(time) => nanoseconds(time),
            Self::Count(number) | Self::Choice(number) => number as u64,
            Self::Flag(flag) => flag as u64,
        };
        Fraction { num, den: 1 }
    }

    pub(crate) fn read(kind: u32, raw: Fraction) -> Option<Self> {
        let whole = match raw.num.checked_rem(raw.den)? {
            0 => raw.num.checked_div(raw.den),
            _ => None,
        };
        let number = || whole.and_then(|whole| u32::try_from(whole).ok());
        match kind {
            abi::KIND_DOSE => Volume::from_fraction(raw).map(Self::Dose),
            abi::KIND_RATE => Rate::from_fraction(raw).map(Self::Rate),
            abi::KIND_TIME => whole.map(Duration::from_nanos).map(Self::Time),
            abi::KIND_COUNT => number().map(Self::Count),
            abi::KIND_CHOICE => number().map(Self::Choice),
            abi::KIND_FLAG => match whole? {
                0 => Some(Self::Flag(false)),
                1 => Some(Self::Flag(true)),
                _ => None,
            },
            _ => None,
        }
    }
}

macro_rules! value_from {
    ($($variant:ident($inner:ty)),*) => {
        $(impl From<$inner> for Value {
            fn from(value: $inner) -> Self {
                Self::$variant(value)
            }
        })*
    };
}
value_from!(
    Dose(Volume),
    Rate(Rate),
    Time(Duration),
    Count(u32),
    Flag(bool)
);

/// The prescription's values, one per declared parameter.
#[derive(Clone, Copy, Debug)]
pub struct Values<'a> {
    declaration: &'a Declaration,
    raw: &'a [Fraction],
}

impl<'a> Values<'a> {
    /// `None` where there is not one value per parameter, and two per step of a profile behind
    /// them.
    pub(crate) fn new(declaration: &'a Declaration, raw: &'a [Fraction]) -> Option<Self> {
        let params = declaration.params();
        let mut both = params.iter().zip(raw);
        let steps = match both.find(|(param, _)| param.kind == abi::KIND_PROFILE) {
            Some((_, steps)) => usize::try_from(steps.num.checked_div(steps.den)?).ok()?,
            None => 0,
        };
        let count = steps.checked_mul(2)?.checked_add(params.len())?;
        (count == raw.len()).then_some(Self { declaration, raw })
    }

    /// The value of a profile.
    ///
    /// # Errors
    /// There is no profile of this name.
    pub fn profile(&self, name: &str) -> Result<Profile, Refused> {
        let params = self.declaration.params();
        let named = |param: &&abi::Param| crate::declare::text(&param.name) == name.as_bytes();
        let found = params.iter().find(named).ok_or(Refused)?;
        let behind = self.raw.get(params.len()..).unwrap_or_default();
        match found.kind {
            abi::KIND_PROFILE => Profile::new(behind.as_chunks().0).ok_or(Refused),
            _ => Err(Refused),
        }
    }

    /// The value of the parameter with this name.
    ///
    /// # Errors
    /// No such parameter, or a value that its kind does not have. The pump hands out
    /// neither; a test of `new` shows a misspelt name at once.
    pub fn value(&self, name: &str) -> Result<Value, Refused> {
        let mut both = self.declaration.params().iter().zip(self.raw);
        let found = both.find(|(param, _)| crate::declare::text(&param.name) == name.as_bytes());
        let (param, &raw) = found.ok_or(Refused)?;
        Value::read(param.kind, raw).ok_or(Refused)
    }

    /// The value of a dose.
    ///
    /// # Errors
    /// There is no dose of this name.
    pub fn dose(&self, name: &str) -> Result<Volume, Refused> {
        match self.value(name)? {
            Value::Dose(volume) => Ok(volume),
            _ => Err(Refused),
        }
    }

    /// The value of a rate.
    ///
    /// # Errors
    /// There is no rate of this name.
    pub fn rate(&self, name: &str) -> Result<Rate, Refused> {
        match self.value(name)? {
            Value::Rate(rate) => Ok(rate),
            _ => Err(Refused),
        }
    }

    /// The value of a time.
    ///
    /// # Errors
    /// There is no time of this name.
    pub fn time(&self, name: &str) -> Result<Duration, Refused> {
        match self.value(name)? {
            Value::Time(time) => Ok(time),
            _ => Err(Refused),
        }
    }

    /// The value of a count.
    ///
    /// # Errors
    /// There is no count of this name.
    pub fn count(&self, name: &str) -> Result<u32, Refused> {
        match self.value(name)? {
            Value::Count(count) => Ok(count),
            _ => Err(Refused),
        }
    }

    /// The index of a choice.
    ///
    /// # Errors
    /// There is no choice of this name.
    pub fn choice(&self, name: &str) -> Result<u32, Refused> {
        match self.value(name)? {
            Value::Choice(index) => Ok(index),
            _ => Err(Refused),
        }
    }

    /// The value of a flag.
    ///
    /// # Errors
    /// There is no flag of this name.
    pub fn flag(&self, name: &str) -> Result<bool, Refused> {
        match self.value(name)? {
            Value::Flag(flag) => Ok(flag),
            _ => Err(Refused),
        }
    }
}
