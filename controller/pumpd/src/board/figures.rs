//! The figures of the board: ledger, reservoir, regimens and boluses as documents.

use pump_control as doc;
use pump_core::bolus::BolusOutcome;
use pump_core::ledger::Ledger;
use pump_core::order::RegimenId;
use pump_core::pump::State;
use pump_core::quantity::{MonoNs, Nanoseconds, Rate, Steps};

use super::Board;
use crate::words;

/// Whole seconds, a begun one counted.
pub(super) fn seconds_up(span: Nanoseconds) -> u32 {
    u32::try_from(span.0.div_ceil(1_000_000_000)).unwrap_or(u32::MAX)
}

pub(super) fn ledger(ledger: &Ledger) -> doc::Ledger {
    let step = ledger.volume_per_step;
    let nl = |steps| step.times_floor_nl(steps);
    let booked = ledger
        .delivered
        .saturating_add(ledger.missed)
        .saturating_add(ledger.uncertain);
    let commanded = match ledger.remainder {
        0 => ledger.commanded.0.to_string(),
        rest => format!("{} + {rest}/{}", ledger.commanded.0, ledger.parts_per_step),
    };
    doc::Ledger {
        delivered_steps: ledger.delivered.0,
        missed_steps: ledger.missed.0,
        uncertain_steps: ledger.uncertain.0,
        displaced_steps: ledger.displaced.0,
        open_steps: ledger.commanded.saturating_sub(booked).0,
        commanded_steps: commanded,
        nl_per_step: format!("{}/{}", step.num(), step.den()),
        delivered_nl: nl(ledger.delivered),
        missed_nl: nl(ledger.missed),
        uncertain_nl: nl(ledger.uncertain),
        displaced_nl: nl(ledger.displaced),
        commanded_nl: nl(ledger.commanded),
    }
}

impl Board {
    /// The basal of all regimens while there is one.
    fn basal(&self) -> Option<Rate> {
        let granted = self.granted.values().map(|granted| granted.rate);
        let sum = granted
            .into_iter()
            .try_fold(Rate::ZERO, |sum, rate| sum.checked_add(rate))?;
        (self.state == State::Infusing && !sum.is_zero()).then_some(sum)
    }

    pub(super) fn reservoir(&self, ledger: &Ledger) -> Option<doc::Reservoir> {
        let marks = self.armed.as_ref()?.reservoir;
        let nl = |steps: Steps| ledger.volume_per_step.times_floor_nl(steps);
        let above = nl(ledger.reservoir.saturating_sub(marks.empty));
        let lasts = self.basal().and_then(|basal| {
            let parts = u128::from(above) * u128::from(basal.den());
            let ns = parts.checked_div(u128::from(basal.num()))?;
            u64::try_from(ns).ok()
        });
        Some(doc::Reservoir {
            content_nl: nl(ledger.reservoir),
            content_steps: ledger.reservoir.0,
            low_nl: nl(marks.low),
            empty_nl: nl(marks.empty),
            lasts_ns: lasts,
        })
    }

    /// What was given in the last hours. At rest nobody counts them on, and nothing is shown.
    pub(super) fn windows(&self) -> Vec<doc::Window> {
        let infusing = self.state == State::Infusing;
        let windows = self.view.as_ref().and_then(|view| view.windows);
        let (Some(windows), Some(armed), true) = (windows, &self.armed, infusing) else {
            return Vec::new();
        };
        let nl = |steps| armed.volume_per_step.times_floor_nl(steps);
        let named = ["1h", "4h", "24h"].into_iter().zip(windows);
        named
            .map(|(name, (given, cap))| doc::Window {
                name: name.to_owned(),
                given_nl: nl(given),
                cap_nl: cap.map(nl),
            })
            .collect()
    }

    /// The regimens, without their links.
    pub(super) fn regimens(&self, now: MonoNs) -> Vec<doc::Regimen> {
        let armed = self.armed.iter().flat_map(|armed| &armed.regimens);
        (0_u8..)
            .zip(armed)
            .map(|(place, (name, strategy))| {
                let granted = self.granted.get(&RegimenId(place));
                let rate = granted.map_or(Rate::ZERO, |granted| granted.rate);
                let reason = granted.and_then(|granted| granted.reason);
                doc::Regimen {
                    name: name.clone(),
                    strategy: strategy.clone(),
                    basal: words::rate(rate),
                    basal_nl_per_ns: format!("{}/{}", rate.num(), rate.den()),
                    narrowed_by: reason.map(|reason| reason.name().to_owned()),
                    next_demand: self.next_demand(usize::from(place), now),
                    ..doc::Regimen::default()
                }
            })
            .collect()
    }

    /// As the loop told, less what has gone by since.
    fn next_demand(&self, place: usize, now: MonoNs) -> Option<doc::NextDemand> {
        let told = self.waits.as_ref()?;
        let wait = told.waits.get(place).copied().flatten()?;
        let gone = now.since(told.at);
        let left = wait.left.map(|left| left.0.saturating_sub(gone.0));
        let over = left == Some(0);
        Some(doc::NextDemand {
            in_ns: left,
            reason: wait.reason.filter(|_| !over).map(|it| it.name().to_owned()),
        })
    }

    /// The bolus that runs, or else the one that began last.
    pub(super) fn bolus(&self) -> Option<doc::Bolus> {
        let running = self
            .boluses
            .iter()
            .find(|shown| shown.outcome == BolusOutcome::Running);
        let shown = running.or_else(|| self.boluses.front())?;
        let step = self.armed.as_ref()?.volume_per_step;
        // Its end says how much it gave; until then the loop does.
        let flowing = self.view.as_ref().and_then(|view| view.bolus);
        let delivered = match flowing {
            Some((id, delivered)) if id == shown.id => delivered,
            _ => shown.delivered,
        };
        Some(doc::Bolus {
            kind: shown.kind.to_owned(),
            regimen: shown.regimen.clone(),
            started_at_ns: self.therapy(shown.started_at),
            volume_nl: step.times_floor_nl(shown.steps),
            delivered_nl: step.times_floor_nl(delivered),
            outcome: shown.outcome.name().to_owned(),
            reason: shown.reason.map(|reason| reason.name().to_owned()),
        })
    }
}
