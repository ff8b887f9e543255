//! What a strategy says of itself, built at compile time: what does not fit does not
//! compile.

use crate::quantity::nanoseconds;
use crate::values::Value;
use crate::{Rate, Volume};
use std::time::Duration;
use strategy_abi as abi;
use strategy_abi::{Fraction, HELP_LEN, MAX_CHOICES, MAX_PARAMS, NAME_LEN};

/// How a parameter bounds the dose. The envelope that the governor holds comes from these
/// alone: without [`Role::MaxBasal`] there is no basal, without [`Role::MaxBolus`] no
/// bolus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A rate: the highest basal. A profile: its highest rate is that.
    MaxBasal,
    /// A dose: the largest bolus. Needs [`Role::BolusDuration`], and [`Role::Lockout`] or
    /// [`Role::Interval`].
    MaxBolus,
    /// A time up to 6 h: the shortest over which the largest bolus is given.
    BolusDuration,
    /// A time of 1 min to 24 h: the lockout. With it the regimen may answer demands.
    /// Needs [`Role::LockoutEdge`], [`Role::OthersRestartLockout`], [`Role::OthersCount`].
    Lockout,
    /// A choice of `start-to-start` and `end-to-start`.
    LockoutEdge,
    /// A count: the most demand boluses in this time, at most 24 h. Two at most.
    MaxCount(Duration),
    /// A flag: clinician and loading boluses restart the lockout.
    OthersRestartLockout,
    /// A flag: clinician and loading boluses count.
    OthersCount,
    /// A time: the shortest from the start of one unasked bolus to the start of the next.
    /// With it the regimen may give boluses unasked.
    Interval,
}

impl Role {
    pub(crate) const fn code(self) -> u32 {
        match self {
            Self::MaxBasal => abi::ROLE_MAX_BASAL,
            Self::MaxBolus => abi::ROLE_MAX_BOLUS,
            Self::BolusDuration => abi::ROLE_BOLUS_DURATION,
            Self::Lockout => abi::ROLE_LOCKOUT,
            Self::LockoutEdge => abi::ROLE_LOCKOUT_EDGE,
            Self::MaxCount(_) => abi::ROLE_MAX_COUNT,
            Self::OthersRestartLockout => abi::ROLE_OTHERS_RESTART_LOCKOUT,
            Self::OthersCount => abi::ROLE_OTHERS_COUNT,
            Self::Interval => abi::ROLE_INTERVAL,
        }
    }

    const fn kind(self) -> u32 {
        match self {
            Self::MaxBasal => abi::KIND_RATE,
            Self::MaxBolus => abi::KIND_DOSE,
            Self::BolusDuration | Self::Lockout | Self::Interval => abi::KIND_TIME,
            Self::LockoutEdge => abi::KIND_CHOICE,
            Self::MaxCount(_) => abi::KIND_COUNT,
            Self::OthersRestartLockout | Self::OthersCount => abi::KIND_FLAG,
        }
    }
}

/// Copies a text into a field of the descriptor.
const fn fixed<const N: usize>(text: &str) -> [u8; N] {
    let from = text.as_bytes();
    assert!(!from.is_empty(), "a text of the declaration is empty");
    assert!(
        from.len() < N,
        "a text of the declaration is too long for its field"
    );
    let mut to = [0; N];
    let mut i = 0;
    while i < from.len() {
        to[i] = from[i];
        i += 1;
    }
    to
}

/// The bytes before the ending zero.
pub(crate) fn text(field: &[u8]) -> &[u8] {
    field.split(|&byte| byte == 0).next().unwrap_or_default()
}

/// One parameter. It must be written in the prescription unless it has a
/// [`Param::default`].
#[derive(Clone, Copy, Debug)]
pub struct Param(abi::Param);

impl Param {
    const EMPTY: abi::Param = abi::Param {
        name: [0; NAME_LEN],
        help: [0; HELP_LEN],
        kind: 0,
        role: abi::ROLE_NONE,
        required: 1,
        choice_count: 0,
        min: Fraction { num: 0, den: 1 },
        max: Fraction { num: 0, den: 1 },
        default_value: Fraction { num: 0, den: 1 },
        period_ns: 0,
        choices: [[0; NAME_LEN]; MAX_CHOICES],
    };

    const fn number(name: &str, help: &str, min: Value, max: Value) -> Self {
        Self(abi::Param {
            name: fixed(name),
            help: fixed(help),
            kind: min.kind(),
            min: min.fraction(),
            max: max.fraction(),
            ..Self::EMPTY
        })
    }

    /// A volume, written as a volume or a mass.
    pub const fn dose(name: &str, help: &str, min: Volume, max: Volume) -> Self {
        Self::number(name, help, Value::Dose(min), Value::Dose(max))
    }

    /// A rate, written as volume or mass per time.
    pub const fn rate(name: &str, help: &str, min: Rate, max: Rate) -> Self {
        Self::number(name, help, Value::Rate(min), Value::Rate(max))
    }

    /// A time.
    pub const fn time(name: &str, help: &str, min: Duration, max: Duration) -> Self {
        Self::number(name, help, Value::Time(min), Value::Time(max))
    }

    /// A count.
    pub const fn count(name: &str, help: &str, min: u32, max: u32) -> Self {
        Self::number(name, help, Value::Count(min), Value::Count(max))
    }

    /// One of 2 to 4 words; its value is the index.
    pub const fn choice(name: &str, help: &str, choices: &[&str]) -> Self {
        let count = choices.len();
        assert!(
            count >= 2 && count <= MAX_CHOICES,
            "a choice has 2 to 4 choices"
        );
        let last = Value::Choice((count - 1) as u32);
        let mut param = Self::number(name, help, Value::Choice(0), last);
        param.0.choice_count = count as u32;
        let mut i = 0;
        while i < count {
            param.0.choices[i] = fixed(choices[i]);
            i += 1;
        }
        param
    }

    /// `true` or `false`.
    pub const fn flag(name: &str, help: &str) -> Self {
        Self::number(name, help, Value::Flag(false), Value::Flag(true))
    }

    /// A rate through the week by the local clock, each rate within this range; see
    /// [`Profile`](crate::Profile). It must be written, and a strategy has one at most.
    pub const fn profile(name: &str, help: &str, min: Rate, max: Rate) -> Self {
        Self(abi::Param {
            kind: abi::KIND_PROFILE,
            ..Self::rate(name, help, min, max).0
        })
    }

    /// Makes the parameter bound the dose.
    pub const fn role(mut self, role: Role) -> Self {
        let by_profile = matches!(role, Role::MaxBasal) && self.0.kind == abi::KIND_PROFILE;
        assert!(
            by_profile || role.kind() == self.0.kind,
            "this role needs a parameter of another kind"
        );
        self.0.role = role.code();
        self.0.period_ns = match role {
            Role::MaxCount(period) => nanoseconds(period),
            _ => 0,
        };
        self
    }

    /// What holds where the parameter is not written. A value that bounds the dose should
    /// have a default only where that default gives nothing.
    pub const fn default(mut self, value: Value) -> Self {
        assert!(
            value.kind() == self.0.kind,
            "the default is of another kind"
        );
        self.0.required = 0;
        self.0.default_value = value.fraction();
        self
    }
}

/// What a strategy says of itself: the name under which prescriptions name it, one line on
/// what it does, and its parameters.
#[derive(Clone, Copy, Debug)]
pub struct Declaration(abi::Descriptor);

impl Declaration {
    /// A strategy without parameters. The name is `a-b` for the library `liba_b.so`.
    pub const fn new(name: &str, version: &str, summary: &str) -> Self {
        Self(abi::Descriptor {
            size: size_of::<abi::Descriptor>() as u32,
            param_count: 0,
            name: fixed(name),
            version: fixed(version),
            summary: fixed(summary),
            params: [Param::EMPTY; MAX_PARAMS],
        })
    }

    /// Adds a parameter; at most 16.
    pub const fn param(mut self, param: Param) -> Self {
        let index = self.0.param_count as usize;
        assert!(index < MAX_PARAMS, "a strategy has at most 16 parameters");
        self.0.params[index] = param.0;
        self.0.param_count += 1;
        self
    }

    /// The message itself.
    pub const fn descriptor(&self) -> &abi::Descriptor {
        &self.0
    }

    pub(crate) fn params(&self) -> &[abi::Param] {
        self.0
            .params
            .get(..self.0.param_count as usize)
            .unwrap_or_default()
    }
}
