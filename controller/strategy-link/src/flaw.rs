//! What can be wrong with a descriptor, in words for the plugin's author.

use crate::declaration::{Kind, Role};
use std::fmt;

/// Where in a descriptor something is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The descriptor as a whole.
    Descriptor,
    /// The parameter at this index, from 0, by name where the name could be read.
    Param(usize, Option<String>),
}

/// A descriptor that was refused: where, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeclarationError {
    /// Where.
    pub place: Place,
    /// Why.
    pub flaw: Flaw,
}

impl fmt::Display for DeclarationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Descriptor => write!(f, "descriptor: {}", self.flaw),
            Place::Param(index, Some(name)) => {
                write!(
                    f,
                    "parameter {} (`{name}`): {}",
                    index.saturating_add(1),
                    self.flaw
                )
            }
            Place::Param(index, None) => {
                write!(f, "parameter {}: {}", index.saturating_add(1), self.flaw)
            }
        }
    }
}

impl std::error::Error for DeclarationError {}

/// What is wrong with a descriptor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// Its `size` field is not the size of this version's descriptor.
    Size {
        /// What it says.
        found: u32,
        /// What it must say.
        expected: u32,
    },
    /// More parameters than fit.
    TooManyParams(u32),
    /// The text of this field has no ending zero.
    Unterminated(&'static str),
    /// The text of this field is not UTF-8.
    NotUtf8(&'static str),
    /// The text of this field is empty.
    Empty(&'static str),
    /// The text of this field holds a control character or more than one line.
    NotOneLine(&'static str),
    /// A name that does not follow the pattern.
    BadName {
        /// Which field.
        field: &'static str,
        /// What it says.
        name: String,
        /// What a name there looks like.
        pattern: &'static str,
    },
    /// A parameter may not have this name: it is a key of every regimen.
    ReservedName(String),
    /// Two parameters have this name.
    DuplicateName(String),
    /// A flag of the message is neither 0 nor 1.
    NotAFlag {
        /// Which field.
        field: &'static str,
        /// What it says.
        found: u32,
    },
    /// No such kind.
    UnknownKind(u32),
    /// No such role.
    UnknownRole(u32),
    /// This fraction's denominator is zero.
    ZeroDenominator(&'static str),
    /// A time or a count whose `min`, `max` or `default` is no whole number.
    NotWhole(&'static str),
    /// A count above the largest.
    CountTooLarge,
    /// The smallest value is above the largest.
    EmptyRange,
    /// The default is outside the range.
    DefaultOutOfRange,
    /// A choice needs 2 to 4 choices, everything else has none.
    ChoiceCount {
        /// What it says.
        found: u32,
        /// Of which kind it is.
        kind: Kind,
    },
    /// Two choices are the same.
    DuplicateChoice(String),
    /// A role on a parameter of the wrong kind.
    RoleKind {
        /// The role.
        role: Role,
        /// The kind it needs.
        needs: Kind,
        /// The kind it has.
        has: Kind,
    },
    /// Two parameters have this role.
    DuplicateRole(Role),
    /// More counted periods than the governor keeps.
    TooManyCounts,
    /// Two counts over the same period.
    DuplicatePeriod,
    /// A count needs a period of more than 0 and at most 24 h.
    BadPeriod,
    /// A period on a parameter without the role `max-count`.
    PeriodWithoutCount,
    /// A profile must be written: there is none that holds by itself.
    ProfileWithDefault,
    /// Another parameter is a profile already.
    DuplicateProfile,
    /// The choices of a lockout edge must be exactly these two, in this order.
    BadEdges,
    /// The range of a role lies outside what the pump serves.
    RoleRange {
        /// The role.
        role: Role,
        /// The allowed range in words.
        allowed: &'static str,
    },
    /// A role without another one it needs.
    RoleNeeds {
        /// The role that is there.
        role: Role,
        /// What is missing.
        needs: &'static str,
    },
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Size { found, expected } => {
                write!(f, "its size is {found}, but this version's is {expected}")
            }
            Self::TooManyParams(count) => {
                write!(
                    f,
                    "it has {count} parameters; at most {}",
                    strategy_abi::MAX_PARAMS
                )
            }
            Self::Unterminated(field) => write!(f, "`{field}` has no ending zero"),
            Self::NotUtf8(field) => write!(f, "`{field}` is not UTF-8"),
            Self::Empty(field) => write!(f, "`{field}` is empty"),
            Self::NotOneLine(field) => {
                write!(
                    f,
                    "`{field}` holds a control character; write one plain line"
                )
            }
            Self::BadName {
                field,
                name,
                pattern,
            } => {
                write!(
                    f,
                    "`{field}` is \"{}\"; it must be {pattern}",
                    name.escape_debug()
                )
            }
            Self::ReservedName(name) => {
                write!(f, "`{name}` is a key of every regimen; choose another name")
            }
            Self::DuplicateName(name) => write!(f, "another parameter is called `{name}` too"),
            Self::NotAFlag { field, found } => {
                write!(f, "`{field}` is {found}; it must be 0 or 1")
            }
            Self::UnknownKind(kind) => write!(f, "there is no kind {kind}"),
            Self::UnknownRole(role) => write!(f, "there is no role {role}"),
            Self::ZeroDenominator(field) => write!(f, "`{field}` has the denominator 0"),
            Self::NotWhole(field) => {
                write!(f, "`{field}` must be a whole number for a time or a count")
            }
            Self::CountTooLarge => write!(f, "`max` of a count is at most {}", u32::MAX),
            Self::EmptyRange => write!(f, "`min` is above `max`"),
            Self::DefaultOutOfRange => write!(f, "`default` lies outside `min` to `max`"),
            Self::ChoiceCount {
                found,
                kind: Kind::Choice,
            } => write!(
                f,
                "it has {found} choices; a choice has 2 to {}",
                strategy_abi::MAX_CHOICES
            ),
            Self::ChoiceCount { found, kind } => {
                write!(f, "it has {found} choices, but a {kind} has none")
            }
            Self::DuplicateChoice(choice) => write!(f, "it has the choice `{choice}` twice"),
            Self::RoleKind { role, needs, has } => {
                write!(f, "the role {role} needs a {needs}, but this is a {has}")
            }
            Self::DuplicateRole(role) => {
                write!(
                    f,
                    "another parameter has the role {role} already; only one may"
                )
            }
            Self::TooManyCounts => write!(
                f,
                "more than {} parameters have the role {}",
                pump_core::prescription::MAX_COUNTS,
                Role::MaxCount
            ),
            Self::DuplicatePeriod => {
                write!(f, "another {} has the same period", Role::MaxCount)
            }
            Self::BadPeriod => write!(
                f,
                "the role {} needs a period of more than 0 and at most 24 h",
                Role::MaxCount
            ),
            Self::PeriodWithoutCount => {
                write!(
                    f,
                    "it has a period, but only the role {} uses one",
                    Role::MaxCount
                )
            }
            Self::ProfileWithDefault => {
                write!(f, "a profile has no default: `required` must be 1")
            }
            Self::DuplicateProfile => {
                write!(f, "another parameter is a profile already; only one may be")
            }
            Self::BadEdges => {
                let [first, second] = crate::LOCKOUT_EDGES;
                write!(
                    f,
                    "the choices of a {} must be `{first}` and `{second}`, in this order",
                    Role::LockoutEdge
                )
            }
            Self::RoleRange { role, allowed } => {
                write!(f, "the range of the role {role} must lie within {allowed}")
            }
            Self::RoleNeeds { role, needs } => write!(f, "the role {role} needs {needs}"),
        }
    }
}
