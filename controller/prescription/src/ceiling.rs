//! The limits in force: of device, drug library and prescription, the tightest of each,
//! and where it comes from.

use crate::code::Code;
use crate::device::Device;
use crate::diagnostic::{Diagnostic, Located, Place};
use crate::exact::Exact;
use crate::mixture::{Listed, of_mixture};
use crate::notation::show;
use crate::prescription::Limits;
use crate::quantity::Quantity;
use crate::report::Report;
use crate::unit::Dimension;

/// The windows in hours, and the keys of their caps.
pub(crate) const WINDOWS: [(u8, LimitKind); 3] = [
    (1, LimitKind::Max1h),
    (4, LimitKind::Max4h),
    (24, LimitKind::Max24h),
];

/// The window's length \[ns\].
pub(crate) const fn window_ns(hours: u8) -> Exact {
    Exact::whole(hours as u128 * 3_600_000_000_000)
}

/// What a limit bounds. Its name is its key in TOML.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LimitKind {
    /// The rate of basal and bolus together.
    MaxRate,
    /// One bolus.
    MaxBolus,
    /// One clinician bolus.
    MaxClinicianBolus,
    /// The volume or mass in any hour.
    Max1h,
    /// The volume or mass in any 4 hours.
    Max4h,
    /// The volume or mass in any 24 hours.
    Max24h,
    /// The volume of the whole run.
    Vtbi,
}

impl LimitKind {
    /// The key in TOML.
    pub const fn name(self) -> &'static str {
        match self {
            Self::MaxRate => "max_rate",
            Self::MaxBolus => "max_bolus",
            Self::MaxClinicianBolus => "max_clinician_bolus",
            Self::Max1h => "max_1h",
            Self::Max4h => "max_4h",
            Self::Max24h => "max_24h",
            Self::Vtbi => "vtbi",
        }
    }

    /// What it measures when it holds for the mixture.
    pub const fn dimension(self) -> Dimension {
        match self {
            Self::MaxRate => Dimension::VolumeRate,
            _ => Dimension::Volume,
        }
    }
}

/// Who set a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LimitSource {
    /// The prescription.
    Prescription,
    /// The drug library.
    DrugLibrary,
    /// The device's limits.
    Device,
    /// The device's step rate and volume per step.
    Mechanics,
}

impl LimitSource {
    /// What it is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Prescription => "prescription",
            Self::DrugLibrary => "drug library",
            Self::Device => "device",
            Self::Mechanics => "device's step rate",
        }
    }
}

/// One limit in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// What it bounds.
    pub kind: LimitKind,
    /// The place of the drug in the mixture where the limit is that drug's own.
    pub drug: Option<usize>,
    /// As volume \[nL\] or rate \[nL/ns\] of the mixture.
    pub value: Exact,
    /// As it was written: of the mixture or of the drug.
    pub written: Quantity,
    /// Who set it.
    pub source: LimitSource,
    /// Where it is written.
    pub place: Place,
}

impl Limit {
    /// The limit as text, in the dimension it was written in.
    pub fn text(&self) -> String {
        show(self.written.value, self.written.dimension)
    }

    fn plain(kind: LimitKind, found: &Located<Exact>, source: LimitSource) -> Self {
        Self {
            kind,
            drug: None,
            value: found.value,
            written: Quantity {
                value: found.value,
                dimension: kind.dimension(),
            },
            source,
            place: found.place,
        }
    }
}

/// Every limit in force.
#[derive(Clone, Debug)]
pub(crate) struct Ceilings {
    /// In the order of the report: rate, boluses, windows, drugs' windows, VTBI.
    pub(crate) limits: Vec<Limit>,
    /// Where the prescription writes its largest clinician bolus.
    pub(crate) clinician: Option<Place>,
}

impl Ceilings {
    /// The tightest of each kind. Notes on looser ones and warnings beyond soft limits go to
    /// the report.
    pub(crate) fn new(
        device: &Device,
        written: &Limits,
        listed: &[Listed<'_>],
        report: &mut Report,
    ) -> Option<Self> {
        let prescription = LimitSource::Prescription;
        let mut limits = Vec::new();

        // The rate: one number for the loop, whoever set it.
        let step_rate = device
            .max_step_rate
            .value
            .over(Exact::whole(1_000_000_000))?;
        let Some(mechanical) = device.volume_per_step.value.times(step_rate) else {
            report.add(crate::regimen::too_exact(
                "max_step_rate",
                device.max_step_rate.place,
            ));
            return None;
        };
        let kind = LimitKind::MaxRate;
        let mut rates = vec![
            Limit::plain(kind, &written.max_rate, prescription),
            Limit::plain(kind, &device.max_rate, LimitSource::Device),
            Limit::plain(
                kind,
                &Located {
                    value: mechanical,
                    place: device.max_step_rate.place,
                },
                LimitSource::Mechanics,
            ),
        ];
        rates.extend(of_drugs(kind, listed, report));
        note_looser(&rates, listed, report);
        limits.extend(tightest(rates));

        // One bolus, and one clinician bolus.
        let kind = LimitKind::MaxBolus;
        let mut boluses = vec![Limit::plain(kind, &device.max_bolus, LimitSource::Device)];
        boluses.extend(of_drugs(kind, listed, report));
        if let Some(clinician) = &written.max_clinician_bolus {
            let kind = LimitKind::MaxClinicianBolus;
            let mut all = boluses.clone();
            all.insert(0, Limit::plain(kind, clinician, prescription));
            note_looser(&all, listed, report);
            limits.extend(tightest(boluses));
            limits.extend(tightest(all).map(|limit| Limit { kind, ..limit }));
        } else {
            limits.extend(tightest(boluses));
        }

        // Windows: the mixture's own, and each drug's.
        for ((_, kind), cap) in WINDOWS.iter().zip(&written.caps) {
            let own = Limit::plain(*kind, cap, prescription);
            let mut all = vec![own.clone()];
            all.extend(of_drugs(*kind, listed, report));
            note_looser(&all, listed, report);
            limits.push(own);
            for index in 0..listed.len() {
                let drug = all
                    .iter()
                    .filter(|limit| limit.drug == Some(index))
                    .cloned();
                limits.extend(tightest(drug.collect()));
            }
        }
        if let Some(vtbi) = &written.vtbi {
            limits.push(Limit::plain(LimitKind::Vtbi, vtbi, prescription));
        }
        let ceilings = Self {
            limits,
            clinician: written
                .max_clinician_bolus
                .as_ref()
                .map(|bolus| bolus.place),
        };
        ceilings.warn_soft(written, listed, report);
        Some(ceilings)
    }

    /// The limit of a kind: the mixture's, or a drug's own.
    pub(crate) fn find(&self, kind: LimitKind, drug: Option<usize>) -> Option<&Limit> {
        let windowed = matches!(
            kind,
            LimitKind::Max1h | LimitKind::Max4h | LimitKind::Max24h
        );
        self.limits
            .iter()
            .find(|limit| limit.kind == kind && (!windowed || limit.drug == drug))
    }

    /// Every limit of a kind: the mixture's and the drugs' own.
    pub(crate) fn of(&self, kind: LimitKind) -> impl Iterator<Item = &Limit> {
        self.limits.iter().filter(move |limit| limit.kind == kind)
    }

    /// Warns where what is allowed goes beyond the library's soft limits.
    fn warn_soft(&self, written: &Limits, listed: &[Listed<'_>], report: &mut Report) {
        let [max_1h, max_4h, max_24h] = written.caps.each_ref().map(|cap| cap.place);
        let mut kinds = vec![
            (LimitKind::MaxRate, written.max_rate.place),
            (LimitKind::Max1h, max_1h),
            (LimitKind::Max4h, max_4h),
            (LimitKind::Max24h, max_24h),
        ];
        kinds.extend(
            self.clinician
                .map(|place| (LimitKind::MaxClinicianBolus, place)),
        );
        for (index, drug) in listed.iter().enumerate() {
            for (kind, place) in &kinds {
                let kind = *kind;
                let in_force = [self.find(kind, None), self.find(kind, Some(index))]
                    .into_iter()
                    .flatten()
                    .min_by_key(|limit| limit.value);
                let soft = Listed::library(&drug.entry.soft, kind);
                let (Some(in_force), Some(soft)) = (in_force, soft) else {
                    continue;
                };
                // The reader's own file is where it can be tightened.
                let place = drug.own(kind).map_or(*place, |own| own.place);
                soft_limit(kind.name(), in_force.value, place, drug, soft, report);
            }
        }
    }
}

/// Warns where `value` of the mixture goes beyond a soft limit of one of its drugs.
pub(crate) fn soft_limit(
    what: &str,
    value: Exact,
    place: Place,
    listed: &Listed<'_>,
    soft: &Located<Quantity>,
    report: &mut Report,
) {
    let concentration = listed.drug.concentration.value;
    let Some(advised) = of_mixture(soft.value, concentration) else {
        return;
    };
    if value <= advised {
        return;
    }
    let text = match soft.value.dimension {
        Dimension::Mass | Dimension::MassRate => value
            .times(concentration)
            .map(|mass| show(mass, soft.value.dimension)),
        other => Some(show(value, other)),
    };
    let name = &listed.drug.name.value;
    let text = text.map_or_else(String::new, |text| format!("{text} of `{name}`"));
    report.add(
        Diagnostic::new(
            Code::SoftLimit,
            place,
            format!("`{what}` allows more than the drug library advises"),
        )
        .label(text)
        .allowed(format!(
            "up to the hard limit; advised is at most {}",
            show(soft.value.value, soft.value.dimension)
        ))
        .related(soft.place, "the soft limit"),
    );
}

/// The limits of a kind that belong to the drugs: the library's, and the prescription's own.
fn of_drugs(kind: LimitKind, listed: &[Listed<'_>], report: &mut Report) -> Vec<Limit> {
    let mut limits = Vec::new();
    for (index, drug) in listed.iter().enumerate() {
        if let Some(own) = drug.own(kind) {
            limits.extend(drug.limit(index, kind, own, LimitSource::Prescription, report));
        }
        if let Some(hard) = Listed::library(&drug.entry.hard, kind) {
            limits.extend(drug.limit(index, kind, hard, LimitSource::DrugLibrary, report));
        }
    }
    limits
}

fn tightest(limits: Vec<Limit>) -> Option<Limit> {
    // The first of equals: the prescription's own word before the others'.
    limits.into_iter().min_by_key(|limit| limit.value)
}

/// Notes where the prescription's limit is looser than another source's.
fn note_looser(limits: &[Limit], listed: &[Listed<'_>], report: &mut Report) {
    for own in limits {
        if own.source != LimitSource::Prescription {
            continue;
        }
        // A limit of one drug is compared with that drug's, one of the mixture with all.
        let other = limits
            .iter()
            .filter(|other| other.source != LimitSource::Prescription)
            .filter(|other| own.drug.is_none() || other.drug.is_none() || own.drug == other.drug)
            .min_by_key(|other| other.value);
        let Some(other) = other.filter(|other| other.value < own.value) else {
            continue;
        };
        let whose = match other.drug.and_then(|index| listed.get(index)) {
            Some(drug) => format!("the {} for `{}`", other.source.name(), drug.drug.name.value),
            None => format!("the {}", other.source.name()),
        };
        report.add(
            Diagnostic::new(
                Code::LooserLimit,
                own.place,
                format!(
                    "`{}` is looser than the limit of {whose}: {}",
                    own.kind.name(),
                    other.text()
                ),
            )
            .label("does not apply")
            .related(other.place, "the tightest applies"),
        );
    }
}
