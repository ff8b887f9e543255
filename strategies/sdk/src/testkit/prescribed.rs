//! What a story starts from: a strategy's parameters.

use super::Clock;
use super::story::{Story, Telling};
use crate::{Profile, Rate, Strategy, Value, Values, Weekday, declare};
use std::marker::PhantomData;
use strategy_abi as abi;
use strategy_abi::Fraction;

/// Parameters, before the story begins.
#[derive(Debug)]
pub struct Prescribed<S> {
    values: Vec<(String, Value)>,
    profile: Option<(String, Profile)>,
    clock: Option<Clock>,
    of: PhantomData<fn() -> S>,
}

impl<S> Clone for Prescribed<S> {
    fn clone(&self) -> Self {
        Self {
            values: self.values.clone(),
            profile: self.profile.clone(),
            clock: self.clock,
            of: PhantomData,
        }
    }
}

impl<S: Strategy> Prescribed<S> {
    pub(super) const fn new() -> Self {
        Self {
            values: Vec::new(),
            profile: None,
            clock: None,
            of: PhantomData,
        }
    }

    /// Sets a parameter.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.values.retain(|(other, _)| other != name);
        self.values.push((name.to_owned(), value.into()));
        self
    }

    /// Sets a profile: on which days from when, in hours and minutes, which rate.
    ///
    /// # Panics
    /// Two rows begin at the same time, or none does at Monday 00:00.
    #[must_use]
    pub fn with_profile(self, name: &str, rows: &[(&[Weekday], (u32, u32), Rate)]) -> Self {
        let minutes = |minutes: u64| Fraction {
            num: minutes.saturating_mul(60),
            den: 1,
        };
        let mut steps = Vec::new();
        for (days, (hour, minute), rate) in rows {
            for day in *days {
                let time = u64::from(*hour) * 60 + u64::from(*minute);
                let at = u64::from(day.number()) * 24 * 60 + time;
                steps.push((at, rate.fraction()));
            }
        }
        steps.sort_by_key(|(at, _)| *at);
        let raw: Vec<[Fraction; 2]> = steps
            .into_iter()
            .map(|(at, rate)| [minutes(at), rate])
            .collect();
        let profile = Profile::new(&raw).expect("a profile begins at Monday 00:00 and rises");
        self.with_steps(name, profile)
    }

    pub(super) fn with_steps(mut self, name: &str, profile: Profile) -> Self {
        self.profile = Some((name.to_owned(), profile));
        self
    }

    /// Begins with this wall clock. Without it, none is known good.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = Some(clock);
        self
    }

    pub(super) const fn first_clock(&self) -> Option<Clock> {
        self.clock
    }

    /// Sets a choice by its word.
    ///
    /// # Panics
    /// There is no such choice.
    #[must_use]
    pub fn with_choice(self, name: &str, choice: &str) -> Self {
        let declared = S::DECLARATION;
        let param = declared
            .params()
            .iter()
            .find(|p| declare::text(&p.name) == name.as_bytes());
        let choices = param.map(|param| param.choices).unwrap_or_default();
        let index = choices
            .iter()
            .position(|c| declare::text(c) == choice.as_bytes());
        let index = index.unwrap_or_else(|| panic!("`{name}` has no choice `{choice}`"));
        self.with(
            name,
            Value::Choice(u32::try_from(index).expect("at most four choices")),
        )
    }

    fn fractions(&self) -> Vec<Fraction> {
        let declared = S::DECLARATION;
        for (name, _) in &self.values {
            let mut params = declared.params().iter();
            let known = params.any(|param| declare::text(&param.name) == name.as_bytes());
            assert!(known, "there is no parameter `{name}`");
        }
        let value_of = |param: &abi::Param| {
            let name = String::from_utf8_lossy(declare::text(&param.name));
            if param.kind == abi::KIND_PROFILE {
                let steps = self.steps(&name);
                let steps = steps.unwrap_or_else(|| panic!("the profile `{name}` is required"));
                return Fraction {
                    num: steps.steps().len() as u64,
                    den: 1,
                };
            }
            match self.values.iter().find(|(other, _)| *other == name) {
                Some((_, value)) => {
                    assert_eq!(value.kind(), param.kind, "`{name}` is of another kind");
                    value.fraction()
                }
                None => {
                    assert_eq!(param.required, 0, "the parameter `{name}` is required");
                    param.default_value
                }
            }
        };
        let mut fractions: Vec<Fraction> = declared.params().iter().map(value_of).collect();
        if let Some((name, profile)) = &self.profile {
            let mut params = declared.params().iter();
            let known = params.any(|param| declare::text(&param.name) == name.as_bytes());
            assert!(known, "there is no profile `{name}`");
            fractions.extend(profile.fractions());
        }
        fractions
    }

    fn steps(&self, name: &str) -> Option<&Profile> {
        let (known, profile) = self.profile.as_ref()?;
        (known == name).then_some(profile)
    }

    /// Whether [`Strategy::new`] takes these values.
    pub fn is_accepted(&self) -> bool {
        let values = self.fractions();
        let declared = S::DECLARATION;
        Values::new(&declared, &values).is_some_and(|values| S::new(&values).is_ok())
    }

    /// Begins the story at `t = 0`.
    ///
    /// # Panics
    /// A required parameter has no value, or the strategy refuses the values.
    pub fn start(self) -> Story<S> {
        Story::begin(self, Telling::Plain)
    }

    /// Tells a story as it is, with extra snapshots, and with a respawn after each
    /// snapshot.
    ///
    /// # Panics
    /// The boluses or refusals of the three differ, or the story itself panics.
    pub fn tell(self, story: impl Fn(&mut Story<S>)) {
        let run = |telling| {
            let mut told = Story::begin(self.clone(), telling);
            story(&mut told);
            (told.boluses().to_vec(), told.refusals().to_vec())
        };
        let plain = run(Telling::Plain);
        assert_eq!(
            plain,
            run(Telling::ExtraSnapshots),
            "extra snapshots changed something"
        );
        assert_eq!(
            plain,
            run(Telling::Respawning),
            "save and load lost something"
        );
    }

    /// The value of the parameter with this index, as it was set or by its default; of a profile
    /// its highest rate.
    pub(super) fn value_of(&self, index: usize) -> Option<Fraction> {
        let declared = S::DECLARATION;
        if declared.params().get(index)?.kind == abi::KIND_PROFILE {
            let (_, profile) = self.profile.as_ref()?;
            let highest = profile.steps().iter().map(|step| step.rate).max();
            return highest.map(Rate::fraction);
        }
        self.fractions().get(index).copied()
    }

    /// A new instance.
    pub(super) fn instance(&self) -> S {
        let values = self.fractions();
        let declared = S::DECLARATION;
        let values = Values::new(&declared, &values).expect("one value per parameter");
        S::new(&values).expect("the strategy refuses these values")
    }
}
