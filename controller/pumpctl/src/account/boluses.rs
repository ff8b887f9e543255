//! The boluses of a stretch of the journal, by their kind.

use std::collections::BTreeMap;

use crate::fact::OpenBolus;

/// How the boluses of a kind fared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct BolusTimes {
    pub(crate) started: u64,
    pub(crate) complete: u64,
    pub(crate) cut: u64,
    /// They had begun when the daemon died: what was given of them is not told apart.
    pub(crate) lost: u64,
    /// Steps of them that were delivered within the stretch.
    pub(crate) steps: u64,
}

/// One that has not ended.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Open {
    kind: String,
    /// What of it was delivered before the stretch, and at all.
    before: u64,
    delivered: u64,
}

/// The boluses of a stretch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Boluses {
    ended: BTreeMap<String, BolusTimes>,
    open: BTreeMap<u64, Open>,
}

impl Boluses {
    /// They had begun before the stretch.
    pub(super) fn open(&mut self, boluses: &[OpenBolus]) {
        for bolus in boluses {
            let open = Open {
                kind: bolus.kind.clone(),
                before: bolus.delivered,
                delivered: bolus.delivered,
            };
            self.open.insert(bolus.bolus, open);
        }
    }

    pub(super) fn start(&mut self, bolus: u64, kind: &str) {
        let times = self.ended.entry(kind.to_owned()).or_default();
        times.started = times.started.saturating_add(1);
        let open = Open {
            kind: kind.to_owned(),
            before: 0,
            delivered: 0,
        };
        self.open.insert(bolus, open);
    }

    /// How they are.
    pub(super) fn know(&mut self, boluses: &[OpenBolus]) {
        for bolus in boluses {
            if let Some(open) = self.open.get_mut(&bolus.bolus) {
                open.delivered = bolus.delivered;
            }
        }
    }

    pub(super) fn end(&mut self, bolus: u64, delivered: u64, cut: Option<&str>) {
        let Some(open) = self.open.remove(&bolus) else {
            return;
        };
        let times = self.ended.entry(open.kind).or_default();
        match cut {
            None => times.complete = times.complete.saturating_add(1),
            Some(_) => times.cut = times.cut.saturating_add(1),
        }
        let here = delivered.saturating_sub(open.before);
        times.steps = times.steps.saturating_add(here);
    }

    /// The daemon died with them.
    pub(super) fn lose(&mut self) {
        for open in std::mem::take(&mut self.open).into_values() {
            let times = self.ended.entry(open.kind).or_default();
            times.lost = times.lost.saturating_add(1);
            let here = open.delivered.saturating_sub(open.before);
            times.steps = times.steps.saturating_add(here);
        }
    }

    /// Each kind, with how many of it have not ended; what those were given is counted.
    pub(crate) fn by_kind(&self) -> BTreeMap<String, (BolusTimes, u64)> {
        let ended = self.ended.iter();
        let mut kinds: BTreeMap<_, _> = ended
            .map(|(kind, times)| (kind.clone(), (*times, 0)))
            .collect();
        for open in self.open.values() {
            let (times, count) = kinds.entry(open.kind.clone()).or_default();
            let here = open.delivered.saturating_sub(open.before);
            times.steps = times.steps.saturating_add(here);
            *count += 1;
        }
        kinds
    }

    /// Steps of all boluses that were delivered within the stretch.
    pub(crate) fn steps(&self) -> u64 {
        let kinds = self.by_kind();
        let steps = kinds.values().map(|(times, _)| times.steps);
        steps.fold(0, u64::saturating_add)
    }
}
