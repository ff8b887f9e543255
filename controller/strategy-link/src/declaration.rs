//! What a strategy says of itself, checked.

use crate::flaw::{DeclarationError, Flaw, Place};
use crate::{FRACTION_ZERO, compare, roles, whole};
use pump_core::quantity::Nanoseconds;
use std::cmp::Ordering;
use std::fmt;
use strategy_abi::{Descriptor, Fraction};

/// What kind of value a parameter takes, and what the number means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A volume or a mass; in nanolitres.
    Dose,
    /// A volume or a mass per time; in nanolitres per nanosecond.
    Rate,
    /// A time; in whole nanoseconds.
    Time,
    /// A whole number up to 2³² - 1.
    Count,
    /// One of the parameter's choices; its index.
    Choice,
    /// True (1) or false (0).
    Flag,
    /// A rate through the week; how many steps it has. The steps are
    /// [behind all values](Declaration::steps).
    Profile,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::Dose,
        Self::Rate,
        Self::Time,
        Self::Count,
        Self::Choice,
        Self::Flag,
        Self::Profile,
    ];

    /// The kind with this `KIND_*` number.
    pub const fn from_code(code: u32) -> Option<Self> {
        match code {
            strategy_abi::KIND_DOSE => Some(Self::Dose),
            strategy_abi::KIND_RATE => Some(Self::Rate),
            strategy_abi::KIND_TIME => Some(Self::Time),
            strategy_abi::KIND_COUNT => Some(Self::Count),
            strategy_abi::KIND_CHOICE => Some(Self::Choice),
            strategy_abi::KIND_FLAG => Some(Self::Flag),
            strategy_abi::KIND_PROFILE => Some(Self::Profile),
            _ => None,
        }
    }

    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dose => "dose",
            Self::Rate => "rate",
            Self::Time => "time",
            Self::Count => "count",
            Self::Choice => "choice",
            Self::Flag => "flag",
            Self::Profile => "profile",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How a parameter bounds the dose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Not at all.
    None,
    /// The regimen's highest basal rate. Without it the regimen gets no basal.
    MaxBasal,
    /// The regimen's largest bolus. Without it the regimen gets no bolus.
    MaxBolus,
    /// The shortest time over which the largest bolus is given.
    BolusDuration,
    /// The lockout. With it the regimen may answer demands.
    Lockout,
    /// Which edge of a bolus starts the lockout.
    LockoutEdge,
    /// The most demand boluses in [`Param::period`].
    MaxCount,
    /// Clinician and loading boluses restart the lockout.
    OthersRestartLockout,
    /// Clinician and loading boluses count.
    OthersCount,
    /// The shortest time from the start of one unasked bolus to the start of the next.
    /// With it the regimen may give boluses unasked.
    Interval,
}

impl Role {
    /// The role with this `ROLE_*` number.
    pub const fn from_code(code: u32) -> Option<Self> {
        match code {
            strategy_abi::ROLE_NONE => Some(Self::None),
            strategy_abi::ROLE_MAX_BASAL => Some(Self::MaxBasal),
            strategy_abi::ROLE_MAX_BOLUS => Some(Self::MaxBolus),
            strategy_abi::ROLE_BOLUS_DURATION => Some(Self::BolusDuration),
            strategy_abi::ROLE_LOCKOUT => Some(Self::Lockout),
            strategy_abi::ROLE_LOCKOUT_EDGE => Some(Self::LockoutEdge),
            strategy_abi::ROLE_MAX_COUNT => Some(Self::MaxCount),
            strategy_abi::ROLE_OTHERS_RESTART_LOCKOUT => Some(Self::OthersRestartLockout),
            strategy_abi::ROLE_OTHERS_COUNT => Some(Self::OthersCount),
            strategy_abi::ROLE_INTERVAL => Some(Self::Interval),
            _ => None,
        }
    }

    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::MaxBasal => "max-basal",
            Self::MaxBolus => "max-bolus",
            Self::BolusDuration => "bolus-duration",
            Self::Lockout => "lockout",
            Self::LockoutEdge => "lockout-edge",
            Self::MaxCount => "max-count",
            Self::OthersRestartLockout => "others-restart-lockout",
            Self::OthersCount => "others-count",
            Self::Interval => "interval",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One declared parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Param {
    /// The TOML key.
    pub name: String,
    /// One line of help.
    pub help: String,
    /// What it takes.
    pub kind: Kind,
    /// How it bounds the dose.
    pub role: Role,
    /// Whether it must be written.
    pub required: bool,
    /// What holds where it is not written; absent where it must be.
    pub default: Option<Fraction>,
    /// The smallest value; of a profile, its smallest rate.
    pub min: Fraction,
    /// The largest value; of a profile, its largest rate.
    pub max: Fraction,
    /// The period of a [`Role::MaxCount`]; else zero.
    pub period: Nanoseconds,
    /// The choices of a [`Kind::Choice`]; else none.
    pub choices: Vec<String>,
}

/// What a strategy says of itself, checked: every text is readable, every range holds
/// something, and the roles fit together so that an envelope can be derived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declaration {
    /// The strategy's name, `a-b`.
    pub name: String,
    /// Its version.
    pub version: String,
    /// One line on what it does.
    pub summary: String,
    /// Its parameters, in the order in which `create` gets their values.
    pub params: Vec<Param>,
}

impl Declaration {
    /// Reads a descriptor.
    ///
    /// # Errors
    /// The first flaw found, with its place.
    pub fn from_descriptor(descriptor: &Descriptor) -> Result<Self, DeclarationError> {
        let whole_descriptor = |flaw| DeclarationError {
            place: Place::Descriptor,
            flaw,
        };
        let expected = size_of::<Descriptor>() as u32;
        if descriptor.size != expected {
            let found = descriptor.size;
            return Err(whole_descriptor(Flaw::Size { found, expected }));
        }
        let count = descriptor.param_count;
        let Some(raw_params) = usize::try_from(count)
            .ok()
            .and_then(|n| descriptor.params.get(..n))
        else {
            return Err(whole_descriptor(Flaw::TooManyParams(count)));
        };
        let name = name(&descriptor.name, "name", '-').map_err(whole_descriptor)?;
        let version = line(&descriptor.version, "version").map_err(whole_descriptor)?;
        let summary = line(&descriptor.summary, "summary").map_err(whole_descriptor)?;

        let mut params: Vec<Param> = Vec::with_capacity(raw_params.len());
        for (index, raw) in raw_params.iter().enumerate() {
            let nameless = |flaw| DeclarationError {
                place: Place::Param(index, None),
                flaw,
            };
            let name = self::name(&raw.name, "name", '_').map_err(nameless)?;
            let named = |flaw| DeclarationError {
                place: Place::Param(index, Some(name.clone())),
                flaw,
            };
            if ["name", "strategy"].contains(&name.as_str()) {
                return Err(nameless(Flaw::ReservedName(name)));
            }
            if params.iter().any(|other| other.name == name) {
                return Err(nameless(Flaw::DuplicateName(name)));
            }
            let param = param(name.clone(), raw).map_err(named)?;
            if param.kind == Kind::Profile {
                if !param.required {
                    return Err(named(Flaw::ProfileWithDefault));
                }
                if params.iter().any(|other| other.kind == Kind::Profile) {
                    return Err(named(Flaw::DuplicateProfile));
                }
            }
            roles::check_param(&param, &params).map_err(named)?;
            params.push(param);
        }
        roles::check_together(&params)?;
        Ok(Self {
            name,
            version,
            summary,
            params,
        })
    }

    /// The parameter with this role and its index; the first one where there are several.
    pub fn by_role(&self, role: Role) -> Option<(usize, &Param)> {
        self.params
            .iter()
            .enumerate()
            .find(|(_, param)| param.role == role)
    }

    /// Whether a regimen of this strategy answers the patient's button.
    pub fn answers_demands(&self) -> bool {
        self.by_role(Role::Lockout).is_some()
    }
}

fn param(name: String, raw: &strategy_abi::Param) -> Result<Param, Flaw> {
    let help = line(&raw.help, "help")?;
    let kind = Kind::from_code(raw.kind).ok_or(Flaw::UnknownKind(raw.kind))?;
    let role = Role::from_code(raw.role).ok_or(Flaw::UnknownRole(raw.role))?;
    let required = match raw.required {
        0 => false,
        1 => true,
        found => {
            return Err(Flaw::NotAFlag {
                field: "required",
                found,
            });
        }
    };
    let choices = choices(raw, kind)?;
    let (min, max) = range(raw, kind)?;
    let default = if required {
        None
    } else {
        check_number(raw.default_value, kind, "default")?;
        let inside = compare(raw.default_value, min) != Some(Ordering::Less)
            && compare(raw.default_value, max) != Some(Ordering::Greater);
        if !inside {
            return Err(Flaw::DefaultOutOfRange);
        }
        Some(raw.default_value)
    };
    let period = Nanoseconds(raw.period_ns);
    Ok(Param {
        name,
        help,
        kind,
        role,
        required,
        default,
        min,
        max,
        period,
        choices,
    })
}

fn choices(raw: &strategy_abi::Param, kind: Kind) -> Result<Vec<String>, Flaw> {
    let count = raw.choice_count;
    let wrong = Flaw::ChoiceCount { found: count, kind };
    if (kind == Kind::Choice) != (count >= 2) || (kind != Kind::Choice && count != 0) {
        return Err(wrong);
    }
    let raw_choices = usize::try_from(count)
        .ok()
        .and_then(|n| raw.choices.get(..n))
        .ok_or(wrong)?;
    let mut choices: Vec<String> = Vec::with_capacity(raw_choices.len());
    for raw in raw_choices {
        let choice = name(raw, "choices", '-')?;
        if choices.contains(&choice) {
            return Err(Flaw::DuplicateChoice(choice));
        }
        choices.push(choice);
    }
    Ok(choices)
}

/// The range of a number; that of a choice or a flag follows from what it is.
fn range(raw: &strategy_abi::Param, kind: Kind) -> Result<(Fraction, Fraction), Flaw> {
    let (min, max) = match kind {
        Kind::Flag => return Ok((FRACTION_ZERO, Fraction { num: 1, den: 1 })),
        Kind::Choice => {
            let last = u64::from(raw.choice_count.saturating_sub(1));
            return Ok((FRACTION_ZERO, Fraction { num: last, den: 1 }));
        }
        Kind::Dose | Kind::Rate | Kind::Time | Kind::Count | Kind::Profile => (raw.min, raw.max),
    };
    check_number(min, kind, "min")?;
    check_number(max, kind, "max")?;
    if compare(min, max) == Some(Ordering::Greater) {
        return Err(Flaw::EmptyRange);
    }
    if kind == Kind::Count && whole(max).is_none_or(|max| max > u64::from(u32::MAX)) {
        return Err(Flaw::CountTooLarge);
    }
    Ok((min, max))
}

fn check_number(value: Fraction, kind: Kind, field: &'static str) -> Result<(), Flaw> {
    if value.den == 0 {
        return Err(Flaw::ZeroDenominator(field));
    }
    if !matches!(kind, Kind::Dose | Kind::Rate | Kind::Profile) && whole(value).is_none() {
        return Err(Flaw::NotWhole(field));
    }
    Ok(())
}

fn text(bytes: &[u8], field: &'static str) -> Result<String, Flaw> {
    let end = bytes
        .iter()
        .position(|&byte| byte == 0)
        .ok_or(Flaw::Unterminated(field))?;
    let bytes = bytes.get(..end).unwrap_or_default();
    let text = std::str::from_utf8(bytes).map_err(|_| Flaw::NotUtf8(field))?;
    if text.is_empty() {
        return Err(Flaw::Empty(field));
    }
    Ok(text.to_owned())
}

fn line(bytes: &[u8], field: &'static str) -> Result<String, Flaw> {
    let text = text(bytes, field)?;
    // The text goes to terminals and logs: a line feed or an escape there could forge
    // another line.
    if text
        .chars()
        .any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'))
    {
        return Err(Flaw::NotOneLine(field));
    }
    Ok(text)
}

/// A word of lower-case letters and digits, joined by single `joint`s, a letter first.
fn name(bytes: &[u8], field: &'static str, joint: char) -> Result<String, Flaw> {
    let name = text(bytes, field)?;
    let starts = name.starts_with(|c: char| c.is_ascii_lowercase());
    let parts = name.split(joint).all(|part| {
        !part.is_empty()
            && part
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
    });
    if starts && parts {
        return Ok(name);
    }
    let pattern = match joint {
        '_' => "lower-case letters and digits joined by single `_`, a letter first",
        _ => "lower-case letters and digits joined by single `-`, a letter first",
    };
    Err(Flaw::BadName {
        field,
        name,
        pattern,
    })
}
