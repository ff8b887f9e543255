//! What is proposed: figures that the drug library allows and advises, round and small.

use pump_prescription::{
    Bench, Dimension, DrugLimits, Exact, LibraryDrug, Located, Quantity, Route,
};

pub(super) const HOUR: Exact = Exact::whole(3_600_000_000_000);
pub(super) const DAY: Exact = Exact::whole(86_400_000_000_000);
const MINUTES: u128 = 60_000_000_000;

/// The routes that the library has drugs for.
pub(super) fn routes(bench: &Bench) -> Vec<&'static str> {
    let has = |route: &Route| bench.library.drugs.iter().any(|drug| drug.route == *route);
    let routes = Route::ALL.into_iter().filter(has);
    routes.map(Route::name).collect()
}

/// The drugs that it lists for a route.
pub(super) fn drugs(bench: &Bench, route: Route) -> Vec<&str> {
    let drugs = bench.library.drugs.iter();
    let drugs = drugs.filter(|drug| drug.route == route);
    drugs.map(|drug| drug.name.value.as_str()).collect()
}

/// A fifth of the strongest, or that where it would be too thin.
pub(super) fn concentration(drug: &LibraryDrug) -> Exact {
    let (least, most) = drug.concentration;
    let fifth = most.over(Exact::whole(5));
    fifth.filter(|fifth| *fifth >= least).unwrap_or(most)
}

/// Half an hour, or what the library advises where that is longer.
pub(super) fn lockout(drug: &LibraryDrug) -> Exact {
    let advised = [&drug.hard.min_lockout, &drug.soft.min_lockout];
    let advised = advised.into_iter().flatten().map(|time| time.value);
    advised.fold(Exact::whole(30 * MINUTES), Exact::max)
}

/// A mass for a day \[ng\]: of a volume that suits the route, and a quarter of what is advised.
pub(super) fn daily(drug: &LibraryDrug, concentration: Exact, bench: &Bench) -> Option<Exact> {
    let room = Room::of(drug, concentration, bench);
    let suits = match drug.route {
        Route::Intrathecal | Route::Intracerebroventricular => 1_000_000,
        _ => 24_000_000,
    };
    let [hour, four, day] = room.windows;
    let times = |window: Option<Exact>, times| window?.times(Exact::whole(times));
    let advised = [times(hour, 24), times(four, 6), day, room.rate.times(DAY)];
    let quarters = advised.into_iter().flatten();
    let quarters = quarters.filter_map(|most| most.over(Exact::whole(4)));
    let volume = quarters.fold(Exact::whole(suits), Exact::min);
    Some(Exact::whole(round(volume.times(concentration)?.floor(), 1)))
}

/// A number with so many digits that are not zero, rounded down.
fn round(number: u128, digits: u32) -> u128 {
    let more = number.checked_ilog10().unwrap_or(0);
    let unit = 10_u128.pow(more.saturating_add(1).saturating_sub(digits));
    number / unit * unit
}

/// What device and drug library allow and advise, in volume of the mixture.
pub(super) struct Room {
    /// In 1, 4 and 24 h \[nL\]; absent: no limit.
    windows: [Option<Exact>; 3],
    /// The highest rate \[nL/ns\].
    pub(super) rate: Exact,
}

impl Room {
    pub(super) fn of(drug: &LibraryDrug, concentration: Exact, bench: &Bench) -> Self {
        let tightest = |of: fn(&DrugLimits) -> &Option<Located<Quantity>>| {
            let limits = [of(&drug.hard), of(&drug.soft)];
            let limits = limits.into_iter().flatten();
            let volumes = limits.filter_map(|limit| {
                let Quantity { value, dimension } = limit.value;
                match dimension {
                    Dimension::Mass | Dimension::MassRate => value.over(concentration),
                    _ => Some(value),
                }
            });
            volumes.min()
        };
        let device = &bench.device;
        let hertz = device.max_step_rate.value.over(Exact::whole(1_000_000_000));
        let mechanics = hertz.and_then(|hertz| hertz.times(device.volume_per_step.value));
        let rates = [tightest(|it| &it.max_rate), mechanics];
        Self {
            windows: [
                tightest(|it| &it.max_1h),
                tightest(|it| &it.max_4h),
                tightest(|it| &it.max_24h),
            ],
            rate: rates
                .into_iter()
                .flatten()
                .fold(device.max_rate.value, Exact::min),
        }
    }

    /// Caps that are wanted over 1, 4 and 24 h \[nL\], no higher than what is advised, each
    /// below what a shorter one comes to.
    pub(super) fn caps(&self, wanted: [Exact; 3]) -> Option<[Exact; 3]> {
        let mut shorter: Option<Exact> = None;
        let mut caps = wanted;
        for ((cap, most), times) in caps.iter_mut().zip(self.windows).zip([1, 4, 6]) {
            // Nine tenths of so many of the shorter window.
            let below = match shorter {
                Some(shorter) => Some(shorter.times(Exact::new(times * 9, 10)?)?),
                None => None,
            };
            let most = [most, below].into_iter().flatten().min();
            *cap = nice(*cap, most)?;
            shorter = Some(*cap);
        }
        Some(caps)
    }

    /// A highest rate that is wanted \[nL/ns\], no higher than what is allowed.
    pub(super) fn highest(&self, wanted: Exact) -> Option<Exact> {
        let hourly = nice(wanted.times(HOUR)?, self.rate.times(HOUR))?;
        hourly.over(HOUR)
    }
}

/// Whole nanolitres with three digits that are not zero, rounded up; but not more than `most`.
fn nice(wanted: Exact, most: Option<Exact>) -> Option<Exact> {
    let wanted = wanted.ceil();
    let down = round(wanted, 3);
    let up = match down == wanted {
        true => down,
        false => down.checked_add(10_u128.pow(down.checked_ilog10()?.saturating_sub(2)))?,
    };
    let up = Exact::whole(up);
    match most {
        Some(most) if most < up => Some(Exact::whole(most.floor())),
        _ => Some(up),
    }
}
