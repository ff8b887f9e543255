//! The ledgers of all armings of a run, added up.

use pump_core::ledger::Ledger;
use pump_prescription::Exact;

/// What the control law's ledgers say, arming by arming.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// An arming is under way whose ledger is not added yet.
    open: bool,
    pub(crate) delivered: u64,
    pub(crate) missed: u64,
    pub(crate) displaced: u64,
    pub(crate) commanded: u64,
    /// Parts of a step beyond them …
    pub(crate) remainder: u128,
    /// … of which so many make a step. The same for every arming of one prescription.
    pub(crate) parts_per_step: u128,
}

impl Tally {
    /// An arming begins.
    pub(crate) fn open(&mut self) {
        self.open = true;
    }

    /// The arming under way, if there is one, ends with this ledger.
    pub(crate) fn close(&mut self, ledger: Option<&Ledger>) {
        let Some(ledger) = ledger else { return };
        if !std::mem::take(&mut self.open) {
            return;
        }
        self.delivered += ledger.delivered.0;
        self.missed += ledger.missed.0;
        self.displaced += ledger.displaced.0;
        self.commanded += ledger.commanded.0;
        self.remainder += ledger.remainder;
        self.parts_per_step = ledger.parts_per_step.max(1);
        self.commanded += (self.remainder / self.parts_per_step) as u64;
        self.remainder %= self.parts_per_step;
    }

    /// Steps commanded so far, for a picture.
    pub(crate) fn commanded_for_pictures(&self, ledger: Option<&Ledger>) -> f64 {
        let here = ledger.filter(|_| self.open).map_or(0.0, |ledger| {
            let part = ledger.remainder as f64 / ledger.parts_per_step.max(1) as f64;
            ledger.commanded.0 as f64 + part
        });
        self.closed_for_pictures() + here
    }

    /// Steps commanded in the armings that have ended, for a picture.
    pub(crate) fn closed_for_pictures(&self) -> f64 {
        self.commanded as f64 + self.remainder as f64 / self.parts_per_step.max(1) as f64
    }

    /// The whole, exact: `whole` or `whole + num/den`.
    pub(crate) fn commanded_exactly(&self) -> String {
        match Exact::new(self.remainder, self.parts_per_step) {
            Some(part) if !part.is_zero() => {
                format!("{} + {}/{}", self.commanded, part.num(), part.den())
            }
            _ => self.commanded.to_string(),
        }
    }
}
