//! From what was read to what the loop is armed with: integers, rounded to the safe side.

use pump_core::prescription::{
    AirLimits, Caps, Drug, DrugId, Flaw, MAX_DRUGS, MAX_REGIMENS, OnStrategyLoss, Prescription,
    Reservoir,
};
use pump_core::quantity::{Nanoseconds, Rate, Steps};
use strategy_link::Role;

use crate::ceiling::{Ceilings, LimitKind};
use crate::checked::{digest, internal};
use crate::code::Code;
use crate::device::Device;
use crate::diagnostic::{Diagnostic, FileId, Located, Place};
use crate::exact::Exact;
use crate::mixture::Listed;
use crate::prescription::{self, OnLoss};
use crate::regimen::{Regimen, too_exact};
use crate::report::Report;

/// What the loop's prescription is made of.
pub(crate) struct Parts<'a> {
    pub(crate) file: FileId,
    pub(crate) device: &'a Device,
    pub(crate) listed: &'a [Listed<'a>],
    pub(crate) ceilings: &'a Ceilings,
    pub(crate) regimens: &'a [Regimen],
    pub(crate) reservoir: &'a prescription::Reservoir,
    pub(crate) on_loss: &'a OnLoss,
    pub(crate) kvo: Exact,
}

impl Parts<'_> {
    /// Whole steps at or below a volume: what may be given rounds down.
    fn steps(&self, volume: Exact) -> Option<Steps> {
        let steps = volume.over(self.device.volume_per_step.value)?.floor();
        u64::try_from(steps).ok().map(Steps)
    }

    /// Whole steps at or above a volume: a mark that warns or stops rounds up.
    fn mark(&self, volume: Exact) -> Option<Steps> {
        let steps = volume.over(self.device.volume_per_step.value)?.ceil();
        u64::try_from(steps).ok().map(Steps)
    }

    fn cap(
        &self,
        kind: LimitKind,
        drug: Option<usize>,
        report: &mut Report,
    ) -> Option<Option<Steps>> {
        match self.ceilings.find(kind, drug) {
            None => Some(None),
            Some(limit) => {
                let steps = self.steps(limit.value);
                if steps.is_none() {
                    report.add(too_exact(kind.name(), limit.place));
                }
                steps.map(Some)
            }
        }
    }

    fn caps(&self, drug: Option<usize>, report: &mut Report) -> Option<Caps> {
        Some(Caps {
            h1: self.cap(LimitKind::Max1h, drug, report)?,
            h4: self.cap(LimitKind::Max4h, drug, report)?,
            h24: self.cap(LimitKind::Max24h, drug, report)?,
        })
    }

    fn drug(&self, index: usize, listed: &Listed<'_>, report: &mut Report) -> Option<Drug> {
        let digest = digest(listed.drug.name.value.to_lowercase().as_bytes());
        let mut id = [0u8; 16];
        for (to, from) in id.iter_mut().zip(digest) {
            *to = from;
        }
        // A nanogram has a million femtograms.
        let fg = self
            .device
            .volume_per_step
            .value
            .times(listed.drug.concentration.value)
            .and_then(|ng| ng.times(Exact::whole(1_000_000)))
            .and_then(|fg| u64::try_from(fg.ceil()).ok());
        let Some(fg_per_step) = fg else {
            report.add(too_exact("concentration", listed.drug.concentration.place));
            return None;
        };
        Some(Drug {
            id: DrugId(id),
            fg_per_step,
            caps: self.caps(Some(index), report)?,
        })
    }

    /// The loop's prescription, after the control law itself has accepted it.
    pub(crate) fn core(&self, report: &mut Report) -> Option<Prescription> {
        let step = self.device.volume_per_step;
        let volume_per_step = exact(
            step.value.to_volume(),
            "volume_per_step",
            step.place,
            report,
        )?;
        let limit = |kind| self.ceilings.find(kind, None);
        let rate = limit(LimitKind::MaxRate)?;
        let max_rate = exact(rate.value.to_rate(), "max_rate", rate.place, report)?;
        let bolus = limit(LimitKind::MaxBolus)?;
        let max_bolus = exact(bolus.value.to_volume(), "max_bolus", bolus.place, report)?;
        let max_clinician_bolus = match limit(LimitKind::MaxClinicianBolus) {
            None => None,
            Some(limit) => {
                let name = limit.kind.name();
                Some(exact(limit.value.to_volume(), name, limit.place, report)?)
            }
        };
        let mut drugs = [None; MAX_DRUGS];
        for ((index, listed), slot) in self.listed.iter().enumerate().zip(&mut drugs) {
            *slot = Some(self.drug(index, listed, report)?);
        }
        let mut regimens = [None; MAX_REGIMENS];
        for (regimen, slot) in self.regimens.iter().zip(&mut regimens) {
            *slot = Some(regimen.envelope);
        }
        let on_strategy_loss = match self.on_loss {
            OnLoss::Stop => OnStrategyLoss::Stop,
            OnLoss::Kvo(rate) => {
                OnStrategyLoss::Kvo(exact(self.kvo.to_rate(), "rate", rate.place, report)?)
            }
            OnLoss::HoldBasal(time) => {
                let ns = u64::try_from(time.value.floor()).ok().map(Nanoseconds);
                OnStrategyLoss::HoldBasal(exact(ns, "for", time.place, report)?)
            }
        };
        let held = self.reservoir;
        let volume = exact(
            self.steps(held.volume.value),
            "volume",
            held.volume.place,
            report,
        )?;
        let low = exact(self.mark(held.low.value), "low", held.low.place, report)?;
        let empty = exact(
            self.mark(held.empty.value),
            "empty",
            held.empty.place,
            report,
        )?;
        let air = match &self.device.air {
            None => None,
            Some(air) => {
                let (bubble, total) = (&air.max_bubble, &air.max_total);
                let steps = |limit: &Located<Exact>| self.steps(limit.value);
                Some(AirLimits {
                    max_bubble: exact(steps(bubble), "max_bubble", bubble.place, report)?,
                    max_total: exact(steps(total), "max_total", total.place, report)?,
                    within: air.within,
                })
            }
        };
        let core = Prescription {
            volume_per_step,
            full_step: Steps(self.device.microsteps),
            max_rate,
            max_bolus,
            max_clinician_bolus,
            caps: self.caps(None, report)?,
            drugs,
            regimens,
            vtbi: self.cap(LimitKind::Vtbi, None, report)?,
            reservoir: Reservoir { volume, low, empty },
            air,
            order_lease: self.device.order_lease,
            on_strategy_loss,
        };
        match core.validate() {
            Ok(()) => Some(core),
            Err(flaw) => {
                report.add(self.explain(flaw, &core));
                None
            }
        }
    }

    /// A flaw that only the control law finds. All others were looked for before, with
    /// their places; should one come through, the file is still refused.
    fn explain(&self, flaw: Flaw, core: &Prescription) -> Diagnostic {
        if flaw != Flaw::NoCommonGrid {
            return internal(self.file, &format!("the control law refused it: {flaw:?}"));
        }
        // The rate with the largest denominator, in steps per nanosecond, is to blame.
        let rate = |rate: Rate, place: Place| {
            let step = core.volume_per_step;
            let num = u128::from(rate.num()).saturating_mul(u128::from(step.den()));
            let den = u128::from(rate.den()).saturating_mul(u128::from(step.num()));
            (Exact::new(num, den).map_or(u128::MAX, Exact::den), place)
        };
        let mut rates = Vec::new();
        for regimen in self.regimens {
            rates.push(rate(
                regimen.envelope.basal,
                regimen.place_of(Role::MaxBasal),
            ));
            if let Some(bolus) = regimen.envelope.bolus {
                let steps = bolus.max.steps(core.volume_per_step).unwrap_or_default();
                let over = u128::from(bolus.over.0);
                let den = Exact::new(u128::from(steps.0), over).map_or(u128::MAX, Exact::den);
                rates.push((den, regimen.place_of(Role::BolusDuration)));
            }
        }
        if let (OnStrategyLoss::Kvo(kvo), OnLoss::Kvo(written)) =
            (core.on_strategy_loss, self.on_loss)
        {
            rates.push(rate(kvo, written.place));
        }
        if let Some(limit) = self.ceilings.find(LimitKind::MaxRate, None) {
            rates.push(rate(core.max_rate, limit.place));
        }
        let step = self.device.volume_per_step.place;
        let worst = rates.into_iter().max_by_key(|(den, _)| *den);
        Diagnostic::new(
            Code::NoCommonGrid,
            worst.map_or(step, |(_, place)| place),
            "the rates have no common time grid that the pump can keep exactly",
        )
        .label("this is the oddest of them")
        .related(step, "with this volume of a step")
        .help("write rounder numbers, or make the rates simple multiples of each other")
    }
}

/// A value that must fit into the loop's integers.
fn exact<T>(value: Option<T>, key: &str, place: Place, report: &mut Report) -> Option<T> {
    if value.is_none() {
        report.add(too_exact(key, place));
    }
    value
}
