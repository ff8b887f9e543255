//! The books: what became of the volume, in the words of the prescription that was armed.
//!
//! The control law counts steps and knows drugs by their hashes. What they are called, how much
//! of each is in a step and what every regimen may ever be given is in the prescription; here
//! the two meet. The desk keeps books to answer from, and the journal keeps the same to make
//! them durable with each checkpoint: so the account of a daemon that was killed can be read
//! from its journal, and the one that is started next knows what was armed then.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use pump_control::{Account, Amount, Drug, Mass, Prescribed, Residue, Subject};
use pump_core::ledger::Ledger;
use pump_core::prescription::Prescription;
use pump_core::pump::State;
use pump_core::quantity::{Nanoseconds, Rate, Steps, Volume};
use pump_core::refill::{self, Remembered};
use pump_prescription::{Appetite, Checked, Exact};

use crate::durable::Resumed;
use crate::words;

/// Picograms in a nanogram.
const PG: u128 = 1_000;

/// What is armed, or was last.
#[derive(Debug)]
pub(crate) struct Label {
    id: String,
    sha256: String,
    volume_per_step: Volume,
    /// Names and concentrations \[ng/nL\]; empty: the mixture is not known.
    drugs: Vec<(String, Exact)>,
    /// What may be given by it; `None`: it was armed by a daemon that has ended.
    rx: Option<Box<Prescription>>,
}

impl Label {
    pub(crate) fn of(checked: &Checked) -> Self {
        let drugs = checked.drugs.iter();
        Self {
            id: checked.id.clone(),
            sha256: checked.sha256_hex(),
            volume_per_step: checked.core.volume_per_step,
            drugs: drugs
                .map(|drug| (drug.name.clone(), drug.concentration))
                .collect(),
            rx: Some(Box::new(checked.core)),
        }
    }

    /// As the account of the last run has it.
    fn told(account: &Account) -> Option<Self> {
        let prescription = account.prescription.as_ref()?;
        let (num, den) = fraction(account.nl_per_step.as_deref()?)?;
        let drugs = account.drugs.iter().map(|drug| {
            let (num, den) = fraction(&drug.ng_per_nl)?;
            Some((drug.name.clone(), Exact::new(num, den)?))
        });
        Some(Self {
            id: prescription.id.clone(),
            sha256: prescription.sha256.clone(),
            volume_per_step: Volume::from_wide(num, den)?,
            drugs: drugs.collect::<Option<_>>()?,
            rx: None,
        })
    }

    pub(crate) fn volume_per_step(&self) -> Volume {
        self.volume_per_step
    }
}

/// The steps of an arming.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    delivered: Steps,
    missed: Steps,
    uncertain: Steps,
    displaced: Steps,
}

impl Counts {
    const fn of(ledger: &Ledger) -> Self {
        Self {
            delivered: ledger.delivered,
            missed: ledger.missed,
            uncertain: ledger.uncertain,
            displaced: ledger.displaced,
        }
    }
}

/// How things are in the control law.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    pub(crate) state: State,
    pub(crate) ledger: Option<Ledger>,
    pub(crate) remembered: Remembered,
    /// The basal of all regimens.
    pub(crate) basal: Rate,
    /// The time of day in nanoseconds since 1970, where it is known to be right.
    pub(crate) utc_ns: Option<u64>,
}

/// What is armed or was last, and what was counted of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Books {
    label: Option<Arc<Label>>,
    counts: Counts,
}

impl Books {
    /// Those of the last run, with what is uncertain of it.
    pub(crate) fn resumed(resumed: &Resumed) -> Self {
        let Some(account) = &resumed.account else {
            return Self::default();
        };
        let steps = |amount: &Amount| Steps(amount.steps);
        Self {
            label: Label::told(account).map(Arc::new),
            counts: Counts {
                delivered: steps(&account.delivered),
                missed: steps(&account.missed),
                uncertain: steps(&account.uncertain).saturating_add(resumed.uncertain),
                displaced: steps(&account.displaced),
            },
        }
    }

    /// Something else is armed.
    pub(crate) fn armed(&mut self, label: Arc<Label>) {
        self.label = Some(label);
        self.counts = Counts::default();
    }

    /// What is armed, or was last.
    pub(crate) fn label(&self) -> Option<&Label> {
        self.label.as_deref()
    }

    /// So much of the mixture.
    pub(crate) fn amount(&self, volume_per_step: Volume, steps: Steps) -> Amount {
        let drugs = self.label.iter().flat_map(|label| &label.drugs);
        Amount {
            steps: steps.0,
            nl: volume_per_step.times_floor_nl(steps),
            masses: drugs
                .filter_map(|(drug, concentration)| {
                    Some(Mass {
                        drug: drug.clone(),
                        pg: picograms(volume_per_step, steps, *concentration)?,
                    })
                })
                .collect(),
        }
    }

    /// The account, now.
    pub(crate) fn account(&mut self, seen: &Seen) -> Account {
        if let Some(ledger) = &seen.ledger {
            self.counts = Counts::of(ledger);
        }
        let remembered = &seen.remembered;
        let step = match &self.label {
            Some(label) => label.volume_per_step,
            None => remembered.volume_per_step,
        };
        let measure = remembered.volume_per_step;
        let counted = |steps| self.amount(step, steps);
        let content = remembered.reservoir.map(|(content, _)| content);
        let armed = self.label.as_ref().and_then(|label| label.rx.as_deref());
        let armed = armed.filter(|_| seen.state != State::Disarmed);
        let refill_in = content.zip(armed).and_then(|(content, rx)| {
            let above = content.saturating_sub(rx.reservoir.low);
            Appetite::of(rx).soonest(above)
        });
        Account {
            state: seen.state.name().to_owned(),
            prescription: self.label.as_ref().map(|label| Prescribed {
                id: label.id.clone(),
                sha256: label.sha256.clone(),
            }),
            nl_per_step: self
                .label
                .as_ref()
                .map(|label| words::exact(label.volume_per_step)),
            drugs: self.drugs(),
            delivered: counted(self.counts.delivered),
            missed: counted(self.counts.missed),
            uncertain: counted(self.counts.uncertain),
            displaced: counted(self.counts.displaced),
            unacknowledged: self.amount(measure, remembered.unacknowledged),
            remaining: content.map(|content| self.amount(measure, content)),
            capacity_nl: remembered
                .reservoir
                .map(|(_, capacity)| measure.times_floor_nl(capacity)),
            residue: residue(remembered),
            lasts_ns: content
                .zip(armed)
                .and_then(|(content, rx)| lasts(rx, content, seen.basal))
                .map(|span| span.0),
            refill_in_ns: refill_in.map(|span| span.0),
            refill_utc_ns: refill_in
                .zip(seen.utc_ns)
                .and_then(|(span, utc)| utc.checked_add(span.0)),
            subject: subject(remembered),
        }
    }

    fn drugs(&self) -> Vec<Drug> {
        let drugs = self.label.iter().flat_map(|label| &label.drugs);
        drugs
            .map(|(name, concentration)| Drug {
                name: name.clone(),
                ng_per_nl: format!("{}/{}", concentration.num(), concentration.den()),
            })
            .collect()
    }
}

/// A residue that somebody has to answer for.
pub(crate) fn residue(remembered: &Remembered) -> Option<Residue> {
    let (residue, (_, capacity)) = remembered.residue.zip(remembered.reservoir)?;
    let step = remembered.volume_per_step;
    let nl = |steps| step.times_floor_nl(steps);
    Some(Residue {
        measured_nl: nl(residue.measured),
        expected_nl: nl(residue.expected),
        allowed_nl: nl(refill::allowed(capacity, step)),
    })
}

pub(crate) fn subject(remembered: &Remembered) -> Subject {
    let [h1, h4, h24] = remembered
        .given
        .map(|steps| remembered.volume_per_step.times_floor_nl(steps));
    Subject {
        given_1h_nl: h1,
        given_4h_nl: h4,
        given_24h_nl: h24,
        boluses_24h: remembered.boluses,
    }
}

/// How long the present basal can go on, down to the mark for empty.
fn lasts(rx: &Prescription, content: Steps, basal: Rate) -> Option<Nanoseconds> {
    let above = content.saturating_sub(rx.reservoir.empty);
    let nl = rx.volume_per_step.times_floor_nl(above);
    let parts = u128::from(nl).checked_mul(u128::from(basal.den()))?;
    let span = parts.checked_div(u128::from(basal.num()))?;
    u64::try_from(span).ok().map(Nanoseconds)
}

/// Rounded down; `None`: more than can be counted.
fn picograms(volume_per_step: Volume, steps: Steps, concentration: Exact) -> Option<u64> {
    let step = Exact::new(volume_per_step.num().into(), volume_per_step.den().into())?;
    let nl = step.times(Exact::whole(steps.0.into()))?;
    let pg = nl.times(concentration)?.times(Exact::whole(PG))?;
    u64::try_from(pg.floor()).ok()
}

/// `num/den`.
fn fraction(text: &str) -> Option<(u128, u128)> {
    let (num, den) = text.split_once('/')?;
    Some((num.parse().ok()?, den.parse().ok()?))
}
