//! The whole picture of a prescription: what every window may hold in the worst case, beside
//! the caps in force, and how long the reservoir lasts (W05).

use pump_core::prescription::Prescription;
use pump_core::quantity::{Nanoseconds, Steps};

use crate::appetite::{Appetite, Held, by_lockout};
use crate::ceiling::{Limit, WINDOWS};
use crate::checked::Checked;
use crate::exact::Exact;

/// The most that a window may hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorstCase {
    /// The window's length.
    pub window: Nanoseconds,
    /// The most steps in it, a full step of the rotor at a start included.
    pub steps: Steps,
    /// Their volume \[nL\], rounded up. `None`: it does not fit.
    pub nl: Option<u128>,
    /// Their mass of each drug \[ng\], rounded up, in the order of [`Checked::drugs`]. `None`:
    /// it does not fit.
    pub ng: Vec<Option<u128>>,
    /// How many boluses count in the window, before the highest rate and the caps.
    pub boluses: u64,
    /// What keeps it from being more.
    pub held: Held,
}

/// How long what is in the reservoir at the start lasts, rounded down. `None`: ten years and
/// more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lasts {
    /// Until the low mark.
    pub to_low: Option<Nanoseconds>,
    /// Until the empty mark.
    pub to_empty: Option<Nanoseconds>,
}

/// What a prescription amounts to in the worst case that [`Appetite`] describes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Windows of 1, 4 and 24 h, and those of a count that lets less through than its lockout
    /// does; the shortest first.
    pub windows: Vec<WorstCase>,
    /// At the basals alone.
    pub basal_alone: Lasts,
    /// With every bolus that is allowed.
    pub worst_case: Lasts,
}

impl Picture {
    /// Of a checked prescription.
    pub fn of(rx: &Checked) -> Self {
        let worst = Appetite::of(&rx.core);
        let windows = lengths(&rx.core).into_iter();
        Self {
            windows: windows.map(|length| window(rx, &worst, length)).collect(),
            basal_alone: lasts(&rx.core, &Appetite::of_basals(&rx.core)),
            worst_case: lasts(&rx.core, &worst),
        }
    }
}

impl Checked {
    /// The cap in force of the mixture, or of one of its drugs, over such a window.
    pub fn cap(&self, window: Nanoseconds, drug: Option<usize>) -> Option<&Limit> {
        let of_window = |(hours, _): &&(u8, _)| Nanoseconds::from_hours((*hours).into()) == window;
        let (_, kind) = WINDOWS.iter().find(of_window)?;
        let mut limits = self.limits.iter();
        limits.find(|limit| limit.kind == *kind && limit.drug == drug)
    }
}

fn lengths(rx: &Prescription) -> Vec<Nanoseconds> {
    let mut lengths: Vec<Nanoseconds> = WINDOWS
        .iter()
        .map(|(hours, _)| Nanoseconds::from_hours((*hours).into()))
        .collect();
    for bolus in rx.regimens.iter().flatten().filter_map(|it| it.bolus) {
        let counts = bolus.demand.iter().flat_map(|demand| demand.counts);
        let binding = counts.flatten().filter(|limit| {
            u64::from(limit.max) < by_lockout(&bolus, rx.volume_per_step, limit.period)
        });
        lengths.extend(binding.map(|limit| limit.period));
    }
    lengths.sort();
    lengths.dedup();
    lengths
}

fn window(rx: &Checked, worst: &Appetite<'_>, window: Nanoseconds) -> WorstCase {
    let (steps, held) = worst.most(window);
    let volume = Exact::whole(u128::from(steps.0)).times(rx.volume_per_step);
    let mass = |drug: &crate::CheckedDrug| Some(volume?.times(drug.concentration)?.ceil());
    WorstCase {
        window,
        steps,
        nl: volume.map(Exact::ceil),
        ng: rx.drugs.iter().map(mass).collect(),
        boluses: worst.boluses(window),
        held,
    }
}

fn lasts(rx: &Prescription, appetite: &Appetite<'_>) -> Lasts {
    let above = |mark| appetite.soonest(rx.reservoir.volume.saturating_sub(mark));
    Lasts {
        to_low: above(rx.reservoir.low),
        to_empty: above(rx.reservoir.empty),
    }
}
