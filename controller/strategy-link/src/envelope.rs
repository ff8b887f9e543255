//! The most a regimen may ever be given, derived from roles and values.

use crate::declaration::{Declaration, Kind, Param, Role};
use crate::profile::ProfileFault;
use crate::{compare, whole};
use pump_core::prescription::{
    BolusEnvelope, CountLimit, DemandEnvelope, Envelope, LockoutEdge, MAX_COUNTS,
};
use pump_core::quantity::{Nanoseconds, Rate, Volume};
use std::cmp::Ordering;
use std::fmt;
use strategy_abi::{Fraction, MAX_STEPS};

/// What is wrong with one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueFault {
    /// Its denominator is zero.
    ZeroDenominator,
    /// A time, count, choice or flag that is no whole number.
    NotWhole,
    /// Below the declared smallest.
    TooSmall,
    /// Above the declared largest.
    TooLarge,
}

/// Why no envelope could be derived. Indices are those of [`Declaration::params`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EnvelopeError {
    /// Not one value per parameter.
    WrongCount {
        /// How many parameters there are.
        expected: usize,
        /// How many values were given.
        given: usize,
    },
    /// A value is not one that its parameter takes.
    Value {
        /// Whose.
        index: usize,
        /// Its name.
        name: String,
        /// What is wrong.
        fault: ValueFault,
    },
    /// A step of a profile is not one that its parameter takes.
    Step {
        /// Whose.
        index: usize,
        /// Its name.
        name: String,
        /// Which step, from 0; as many as there are, where one is missing at the end.
        step: usize,
        /// What is wrong.
        fault: ProfileFault,
    },
    /// Unasked boluses would start before the one before has ended (requirement D01).
    IntervalTooShort {
        /// The parameter with the role `interval`.
        interval: usize,
        /// Its name.
        interval_name: String,
        /// The parameter with the role `bolus-duration`.
        duration: usize,
        /// Its name.
        duration_name: String,
    },
}

impl fmt::Display for EnvelopeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WrongCount { expected, given } => {
                write!(f, "{given} values were given where {expected} are needed")
            }
            Self::Value { name, fault, .. } => match fault {
                ValueFault::ZeroDenominator => write!(f, "`{name}` has the denominator 0"),
                ValueFault::NotWhole => write!(f, "`{name}` is no whole number"),
                ValueFault::TooSmall => write!(f, "`{name}` is below its smallest value"),
                ValueFault::TooLarge => write!(f, "`{name}` is above its largest value"),
            },
            Self::Step {
                name, step, fault, ..
            } => {
                let step = step.saturating_add(1);
                write!(f, "step {step} of `{name}` {fault}")
            }
            Self::IntervalTooShort {
                interval_name,
                duration_name,
                ..
            } => {
                write!(f, "`{interval_name}` is shorter than `{duration_name}`")
            }
        }
    }
}

impl std::error::Error for EnvelopeError {}

impl Param {
    /// Whether the parameter takes this value.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(&self, value: Fraction) -> Result<(), ValueFault> {
        if self.kind == Kind::Profile {
            // Each day has a step of its own.
            return match whole(value) {
                _ if value.den == 0 => Err(ValueFault::ZeroDenominator),
                None => Err(ValueFault::NotWhole),
                Some(..7) => Err(ValueFault::TooSmall),
                Some(steps) if steps > MAX_STEPS as u64 => Err(ValueFault::TooLarge),
                Some(_) => Ok(()),
            };
        }
        let (Some(low), Some(high)) = (compare(value, self.min), compare(value, self.max)) else {
            return Err(ValueFault::ZeroDenominator);
        };
        if !matches!(self.kind, Kind::Dose | Kind::Rate) && whole(value).is_none() {
            return Err(ValueFault::NotWhole);
        }
        match (low, high) {
            (Ordering::Less, _) => Err(ValueFault::TooSmall),
            (_, Ordering::Greater) => Err(ValueFault::TooLarge),
            _ => Ok(()),
        }
    }
}

impl Declaration {
    /// The most that a regimen with these values may ever be given: no `max-basal`, no
    /// basal; no `max-bolus`, no bolus; no `lockout`, no demand bolus; no `interval`, no
    /// unasked bolus.
    ///
    /// `values` are in the order of [`Declaration::params`], in the unit of their
    /// [`Kind`], and then the steps of a profile.
    ///
    /// # Errors
    /// The first value that its parameter does not take, or values that do not go
    /// together.
    pub fn envelope(&self, values: &[Fraction]) -> Result<Envelope, EnvelopeError> {
        let expected = self.value_count(values);
        if values.len() != expected {
            let given = values.len();
            return Err(EnvelopeError::WrongCount { expected, given });
        }
        for (index, (param, &value)) in self.params.iter().zip(values).enumerate() {
            param
                .check(value)
                .map_err(|fault| fault_of(index, param, fault))?;
        }
        if let Some((index, param)) = self.profile() {
            self.check_steps(values)
                .map_err(|(step, fault)| EnvelopeError::Step {
                    index,
                    name: param.name.clone(),
                    step,
                    fault,
                })?;
        }
        let regimen = Regimen {
            declaration: self,
            values,
        };
        let mut envelope = Envelope::default();
        if let Some(basal) = regimen.value(Role::MaxBasal) {
            envelope.basal = Rate::new(basal.num, basal.den).unwrap_or(Rate::ZERO);
        }
        if let Some(max) = regimen.value(Role::MaxBolus) {
            envelope.bolus = Some(regimen.bolus(max)?);
        }
        Ok(envelope)
    }
}

fn fault_of(index: usize, param: &Param, fault: ValueFault) -> EnvelopeError {
    EnvelopeError::Value {
        index,
        name: param.name.clone(),
        fault,
    }
}

/// A declaration and values that were checked against it.
struct Regimen<'a> {
    declaration: &'a Declaration,
    values: &'a [Fraction],
}

impl Regimen<'_> {
    fn value(&self, role: Role) -> Option<Fraction> {
        let (index, param) = self.declaration.by_role(role)?;
        match param.kind {
            Kind::Profile => self.declaration.highest(self.values),
            _ => self.values.get(index).copied(),
        }
    }

    fn time(&self, role: Role) -> Option<Nanoseconds> {
        self.value(role).and_then(whole).map(Nanoseconds)
    }

    fn flag(&self, role: Role) -> bool {
        self.value(role).and_then(whole) == Some(1)
    }

    fn bolus(&self, max: Fraction) -> Result<BolusEnvelope, EnvelopeError> {
        // The longest duration is the slowest bolus: should the role be missing, which the
        // declaration's check excludes, the envelope is narrower, never wider.
        let over = self.time(Role::BolusDuration).unwrap_or(Nanoseconds::MAX);
        let interval = self.time(Role::Interval);
        if interval.is_some_and(|interval| interval < over) {
            let place = |role| {
                let found = self.declaration.by_role(role);
                found
                    .map(|(index, param)| (index, param.name.clone()))
                    .unwrap_or_default()
            };
            let (interval, interval_name) = place(Role::Interval);
            let (duration, duration_name) = place(Role::BolusDuration);
            return Err(EnvelopeError::IntervalTooShort {
                interval,
                interval_name,
                duration,
                duration_name,
            });
        }
        Ok(BolusEnvelope {
            max: Volume::new(max.num, max.den).unwrap_or(Volume::ZERO),
            over,
            demand: self.time(Role::Lockout).map(|lockout| self.demand(lockout)),
            interval,
        })
    }

    fn demand(&self, lockout: Nanoseconds) -> DemandEnvelope {
        let edge = match self.value(Role::LockoutEdge).and_then(whole) {
            Some(0) => LockoutEdge::StartToStart,
            // The stricter edge.
            _ => LockoutEdge::EndToStart,
        };
        let mut counts = [None; MAX_COUNTS];
        let declared = self.declaration.params.iter().zip(self.values);
        let limits = declared.filter(|(param, _)| param.role == Role::MaxCount);
        for (slot, (param, &value)) in counts.iter_mut().zip(limits) {
            let max = whole(value)
                .and_then(|max| u32::try_from(max).ok())
                .unwrap_or(0);
            *slot = Some(CountLimit {
                max,
                period: param.period,
            });
        }
        DemandEnvelope {
            lockout,
            edge,
            others_restart_lockout: self.flag(Role::OthersRestartLockout),
            others_count: self.flag(Role::OthersCount),
            counts,
        }
    }
}
