//! What the regimens may give, held against the limits in force.

use strategy_link::Role;

use crate::ceiling::{Ceilings, Limit, LimitKind, WINDOWS, soft_limit, window_ns};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Place};
use crate::exact::Exact;
use crate::mixture::Listed;
use crate::notation::show;
use crate::prescription::Reservoir;
use crate::regimen::Regimen;
use crate::report::Report;
use crate::timing::check_interval;
use crate::unit::Dimension;

/// Everything a dose is held against.
pub(crate) struct Doses<'a> {
    pub(crate) step: Exact,
    pub(crate) ceilings: &'a Ceilings,
    pub(crate) listed: &'a [Listed<'a>],
    pub(crate) regimens: &'a [Regimen],
    /// Whether these are all regimens: none was left out for an error of its own.
    pub(crate) complete: bool,
    pub(crate) reservoir: Option<&'a Reservoir>,
}

/// One bolus that the prescription allows.
struct Bolus<'a> {
    /// How it is called in messages: "the bolus of `patient`".
    what: String,
    key: &'a str,
    place: Place,
    volume: Exact,
    over: Option<Exact>,
}

pub(crate) fn volume(value: Exact) -> String {
    show(value, Dimension::Volume)
}

impl Doses<'_> {
    /// The basal rates of all regimens together; `None`: too many digits.
    pub(crate) fn basal(&self) -> Option<Exact> {
        self.regimens
            .iter()
            .try_fold(Exact::ZERO, |sum, regimen| sum.plus(regimen.basal()))
    }

    pub(crate) fn whole_steps(&self, volume: Exact) -> Option<u128> {
        Some(volume.over(self.step)?.floor())
    }

    /// Reports everything about the doses.
    pub(crate) fn check(&self, report: &mut Report) {
        let Some(basal) = self.basal() else {
            if let Some(last) = self.regimens.last() {
                report.add(crate::regimen::too_exact(
                    "rate",
                    last.place_of(Role::MaxBasal),
                ));
            }
            return;
        };
        self.check_basal(basal, report);
        for regimen in self.regimens {
            self.check_lockout(regimen, report);
            let Some((volume, over)) = regimen.bolus() else {
                continue;
            };
            let bolus = Bolus {
                what: format!("the bolus of `{}`", regimen.name.value),
                key: regimen.name_of(Role::MaxBolus),
                place: regimen.place_of(Role::MaxBolus),
                volume,
                over: Some(over),
            };
            if self.check_size(&bolus, report) {
                self.check_grantable(&bolus, basal, report);
                self.check_schedule(regimen, volume, basal, report);
            }
            check_interval(regimen, report);
        }
        if let Some(limit) = self.ceilings.find(LimitKind::MaxClinicianBolus, None) {
            let bolus = Bolus {
                what: "the largest clinician bolus".into(),
                key: limit.kind.name(),
                place: self.ceilings.clinician.unwrap_or(limit.place),
                volume: limit.value,
                over: None,
            };
            if self.check_size(&bolus, report) {
                self.check_grantable(&bolus, basal, report);
            }
        }
    }

    /// Where the basal is written, for a message about all of it.
    pub(crate) fn basal_places(&self) -> impl Iterator<Item = &Regimen> {
        self.regimens
            .iter()
            .filter(|regimen| !regimen.basal().is_zero())
    }

    fn basal_finding(&self, code: Code, message: String, limit: &Limit) -> Diagnostic {
        let mut regimens = self.basal_places();
        let place = regimens
            .next()
            .map_or(limit.place, |regimen| regimen.place_of(Role::MaxBasal));
        let mut diagnostic = Diagnostic::new(code, place, message).label("this basal");
        for regimen in regimens {
            let place = regimen.place_of(Role::MaxBasal);
            diagnostic = diagnostic.related(place, "and this basal");
        }
        if place != limit.place {
            let whose = limit.source.name();
            diagnostic = diagnostic.related(limit.place, format!("the limit of the {whose}"));
        }
        diagnostic
    }

    fn check_basal(&self, basal: Exact, report: &mut Report) {
        if let Some(limit) = self.ceilings.find(LimitKind::MaxRate, None)
            && basal > limit.value
        {
            let rate = |value| show(value, Dimension::VolumeRate);
            let message = format!("the basal of {} is above the highest rate", rate(basal));
            report.add(
                self.basal_finding(Code::BasalAboveRate, message, limit)
                    .allowed(format!("at most {}", rate(limit.value)))
                    .help("lower the basal, or raise the limit where that is right"),
            );
        }
        for (hours, kind) in WINDOWS {
            for limit in self.ceilings.of(kind) {
                self.check_cap(basal, hours, limit, report);
            }
        }
    }

    /// The steps of a window's basal, as a fraction; `None`: too many digits.
    fn basal_steps(&self, basal: Exact, hours: u8) -> Option<Exact> {
        basal.times(window_ns(hours))?.over(self.step)
    }

    /// Whether the basal alone fits into a cap, with one step to spare for where the
    /// window's edges fall between steps.
    fn basal_fits(&self, basal: Exact, hours: u8, limit: &Limit) -> bool {
        let needed = self
            .basal_steps(basal, hours)
            .and_then(|steps| steps.plus(Exact::ONE));
        let cap = self.whole_steps(limit.value).map(Exact::whole);
        needed.zip(cap).is_some_and(|(needed, cap)| needed <= cap)
    }

    fn check_cap(&self, basal: Exact, hours: u8, limit: &Limit, report: &mut Report) {
        let Some(steps) = self.whole_steps(limit.value) else {
            return;
        };
        let name = limit.kind.name();
        if steps == 0 {
            report.add(
                Diagnostic::new(
                    Code::CapTooSmall,
                    limit.place,
                    format!("`{name}` is less than one motor step"),
                )
                .label("nothing could be given")
                .allowed(format!("at least {}", volume(self.step))),
            );
            return;
        }
        if self.basal_fits(basal, hours, limit) {
            return;
        }
        let window = basal.times(window_ns(hours));
        let given = window.map_or_else(String::new, |window| match self.mass(window, limit) {
            Some(mass) => format!(" gives {mass} in {hours} h"),
            None => format!(" gives {} in {hours} h", volume(window)),
        });
        let message = format!("the basal{given}, which the cap `{name}` does not allow");
        let mut diagnostic = self
            .basal_finding(Code::BasalAboveCap, message, limit)
            .help("lower the basal, or raise the cap where that is right");
        let highest = self.in_steps(steps.saturating_sub(1), limit);
        let needed = self
            .basal_steps(basal, hours)
            .and_then(|steps| self.in_steps(steps.ceil().checked_add(1)?, limit));
        if let Some((highest, needed)) = highest.zip(needed) {
            diagnostic = diagnostic.allowed(format!(
                "a basal of {highest} in {hours} h at most, or a cap of {needed} at least: \
                 the cap counts in whole motor steps, and one of them must be to spare"
            ));
        }
        report.add(diagnostic);
    }

    /// A number of steps, and what they give in the words of a limit.
    fn in_steps(&self, steps: u128, limit: &Limit) -> Option<String> {
        let given = Exact::whole(steps).times(self.step)?;
        let amount = match self.mass(given, limit) {
            Some(mass) => mass,
            // A rounded number could not be told from the one that is too small.
            None if given.is_whole() && volume(given).starts_with("about") => {
                format!("{} nL", given.floor())
            }
            None => volume(given),
        };
        let s = if steps == 1 { "" } else { "s" };
        Some(format!("{steps} step{s} ({amount})"))
    }

    /// A volume as mass of the drug whose limit it is.
    pub(crate) fn mass(&self, volume: Exact, limit: &Limit) -> Option<String> {
        if limit.written.dimension != Dimension::Mass {
            return None;
        }
        let drug = self.listed.get(limit.drug?)?.drug;
        let mass = volume.times(drug.concentration.value)?;
        Some(format!(
            "{} of `{}`",
            show(mass, Dimension::Mass),
            drug.name.value
        ))
    }

    /// Whether the size is one that can be given at all.
    fn check_size(&self, bolus: &Bolus<'_>, report: &mut Report) -> bool {
        if bolus.volume.is_zero() {
            return false;
        }
        if let Some(limit) = self.ceilings.find(LimitKind::MaxBolus, None)
            && bolus.volume > limit.value
        {
            let drug = limit.drug.and_then(|index| self.listed.get(index));
            let whose = match drug {
                Some(drug) => format!("{} for `{}`", limit.source.name(), drug.drug.name.value),
                None => limit.source.name().to_owned(),
            };
            let mut allowed = format!("at most {}", limit.text());
            if limit.written.dimension == Dimension::Mass {
                allowed.push_str(&format!(", which is {}", volume(limit.value)));
            }
            report.add(
                Diagnostic::new(
                    Code::BolusTooLarge,
                    bolus.place,
                    format!("{} is larger than `max_bolus` of the {whose}", bolus.what),
                )
                .label(volume(bolus.volume))
                .allowed(allowed)
                .related(limit.place, "the limit"),
            );
            return false;
        }
        for listed in self.listed {
            if let Some(soft) = &listed.entry.soft.max_bolus
                && bolus.over.is_some()
            {
                soft_limit(bolus.key, bolus.volume, bolus.place, listed, soft, report);
            }
        }
        let Some(steps) = bolus.volume.over(self.step) else {
            report.add(crate::regimen::too_exact(bolus.key, bolus.place));
            return false;
        };
        if steps < Exact::ONE {
            report.add(
                Diagnostic::new(
                    Code::BolusTooSmall,
                    bolus.place,
                    format!("{} is smaller than one motor step", bolus.what),
                )
                .label(volume(bolus.volume))
                .allowed(format!("at least {}", volume(self.step))),
            );
            return false;
        }
        if !steps.is_whole() {
            let whole = steps.floor();
            let given = Exact::whole(whole)
                .times(self.step)
                .map_or_else(String::new, volume);
            report.add(
                Diagnostic::new(
                    Code::RoundedDown,
                    bolus.place,
                    format!("{} is no whole number of motor steps", bolus.what),
                )
                .label(format!("{} is asked for", volume(bolus.volume)))
                .help(format!(
                    "it is rounded down to {whole} steps, which give {given}"
                )),
            );
        }
        true
    }

    /// Notes on what the limits do to a bolus of a possible size.
    fn check_grantable(&self, bolus: &Bolus<'_>, basal: Exact, report: &mut Report) {
        let Some(steps) = self.whole_steps(bolus.volume) else {
            return;
        };
        let never = |why: String, place: Place| {
            Diagnostic::new(
                Code::NeverGranted,
                bolus.place,
                format!("{} can never be granted: {why}", bolus.what),
            )
            .label("will always be refused")
            .related(place, "because of this")
        };
        for (hours, kind) in WINDOWS {
            for limit in self.ceilings.of(kind) {
                // Where not even the basal fits, that is the error to mend.
                if !self.basal_fits(basal, hours, limit) {
                    continue;
                }
                let needed = self
                    .basal_steps(basal, hours)
                    .and_then(|window| window.plus(Exact::whole(steps)));
                let cap = self.whole_steps(limit.value).map(Exact::whole);
                if needed > cap {
                    let why = format!("with {hours} h of basal it passes `{}`", kind.name());
                    report.add(never(why, limit.place));
                }
            }
        }
        if let Some(limit) = self.ceilings.find(LimitKind::Vtbi, None)
            && self
                .whole_steps(limit.value)
                .is_some_and(|vtbi| steps > vtbi)
        {
            report.add(never("it is more than `vtbi`".into(), limit.place));
        }
        if let Some(reservoir) = self.reservoir {
            let usable = reservoir.volume.value.minus(reservoir.empty.value);
            if usable.is_none_or(|usable| bolus.volume > usable) {
                let why = "it is more than the reservoir can give".into();
                report.add(never(why, reservoir.volume.place));
            }
        }
        let Some(limit) = self.ceilings.find(LimitKind::MaxRate, None) else {
            return;
        };
        if basal > limit.value {
            return;
        }
        if basal == limit.value {
            let why = "the basal leaves nothing of the highest rate".into();
            report.add(never(why, limit.place));
            return;
        }
        let rate = bolus.over.and_then(|over| bolus.volume.over(over));
        if let Some(rate) = rate
            && rate.plus(basal).is_none_or(|both| both > limit.value)
        {
            let room = limit.value.minus(basal);
            let takes = room
                .and_then(|room| bolus.volume.over(room))
                .map(|time| Exact::whole(time.ceil()))
                .map_or_else(String::new, |time| show(time, Dimension::Time));
            report.add(
                Diagnostic::new(
                    Code::Stretched,
                    bolus.place,
                    format!("{} is faster than the highest rate allows", bolus.what),
                )
                .label(format!("it will take {takes}"))
                .related(
                    limit.place,
                    format!("the highest rate, by the {}", limit.source.name()),
                ),
            );
        }
    }
}
