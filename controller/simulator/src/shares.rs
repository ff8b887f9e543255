//! What each regimen had of a run.
//!
//! An edge belongs to the whole flow, and nobody can say whose it is. What has an owner is the
//! grant: a basal rate over a time, and a bolus.

use std::collections::BTreeMap;

use pump_core::event::{Event, EventKind};
use pump_core::prescription::MAX_REGIMENS;
use pump_core::pump::State;
use pump_core::quantity::{MonoNs, Nanoseconds, Rate};
use pump_prescription::Exact;

/// The basal of one regimen.
#[derive(Clone, Debug, Default)]
struct Basal {
    granted: Rate,
    since: Nanoseconds,
    /// How long it had each rate, as numerator and denominator.
    spans: BTreeMap<(u64, u64), u128>,
}

impl Basal {
    fn becomes(&mut self, at: Nanoseconds, granted: Rate) {
        let span = at.0.saturating_sub(self.since.0);
        if span > 0 && !self.granted.is_zero() {
            let rate = (self.granted.num(), self.granted.den());
            *self.spans.entry(rate).or_default() += u128::from(span);
        }
        self.granted = granted;
        self.since = at;
    }

    /// The integral in nanolitres, rounded down.
    fn nl(&self) -> u64 {
        let volumes = self.spans.iter().map(|((num, den), span)| {
            Exact::new(u128::from(*num), u128::from(*den))?.times(Exact::whole(*span))
        });
        let sum = |sum: Exact, volume: Option<Exact>| sum.plus(volume?);
        let exact = volumes.clone().try_fold(Exact::ZERO, sum).map(Exact::floor);
        // Rates that have no common fraction in 128 bits are rounded one by one.
        let nl = exact.unwrap_or_else(|| volumes.flatten().map(Exact::floor).sum());
        u64::try_from(nl).unwrap_or(u64::MAX)
    }
}

/// The basals of all regimens.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shares([Basal; MAX_REGIMENS]);

impl Shares {
    /// Takes in an event. `sim` turns the pump's clock into the simulation's.
    pub(crate) fn hear(&mut self, event: &Event, sim: impl Fn(MonoNs) -> Nanoseconds) {
        match event.kind {
            EventKind::Basal {
                regimen, granted, ..
            } => {
                if let Some(basal) = self.0.get_mut(usize::from(regimen.0)) {
                    basal.becomes(sim(event.at), granted);
                }
            }
            // No grant outlives the infusion, and nobody tells of that.
            EventKind::State { from, to } if from == State::Infusing && to != from => {
                self.close(sim(event.at));
            }
            _ => {}
        }
    }

    /// Nothing is granted from here on.
    pub(crate) fn close(&mut self, at: Nanoseconds) {
        for basal in &mut self.0 {
            basal.becomes(at, Rate::ZERO);
        }
    }

    /// The integrals of the granted basals, by regimen, in nanolitres rounded down.
    pub(crate) fn basal_nl(&self) -> [u64; MAX_REGIMENS] {
        self.0.each_ref().map(Basal::nl)
    }
}
