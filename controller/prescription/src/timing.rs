//! How often the regimens may give: lockouts, intervals and schedules.

use pump_core::pump::TICK;
use strategy_link::Role;

use crate::ceiling::{WINDOWS, window_ns};
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::dose::{Doses, volume};
use crate::exact::Exact;
use crate::notation::show;
use crate::regimen::Regimen;
use crate::report::Report;
use crate::unit::Dimension;

impl Doses<'_> {
    /// Warns where scheduled boluses and the basal together would pass a cap.
    pub(crate) fn check_schedule(
        &self,
        regimen: &Regimen,
        size: Exact,
        basal: Exact,
        report: &mut Report,
    ) {
        let interval = regimen.envelope.bolus.and_then(|bolus| bolus.interval);
        let Some(interval) = interval.map(|interval| Exact::whole(u128::from(interval.0))) else {
            return;
        };
        for (hours, kind) in WINDOWS {
            for limit in self.ceilings.of(kind) {
                let window = window_ns(hours);
                let total = (|| {
                    let boluses = Exact::whole(window.over(interval)?.ceil());
                    boluses.times(size)?.plus(basal.times(window)?)
                })();
                let single = basal.times(window).and_then(|basal| basal.plus(size));
                // A bolus that alone is too much has its own note.
                if single.is_none_or(|single| single > limit.value) {
                    continue;
                }
                if total.is_none_or(|total| total > limit.value) {
                    let total = total.map_or_else(String::new, volume);
                    report.add(
                        Diagnostic::new(
                            Code::ScheduleAboveCap,
                            regimen.place_of(Role::MaxBolus),
                            format!(
                                "the schedule of `{}` and the basal come to {total} in {hours} h; some boluses will be refused",
                                regimen.name.value
                            ),
                        )
                        .label("this often is too much")
                        .related(regimen.place_of(Role::Interval), "this is how often")
                        .related(limit.place, format!("the cap `{}`: {}", kind.name(), limit.text())),
                    );
                }
            }
        }
    }

    /// Holds the lockout against the drug library.
    pub(crate) fn check_lockout(&self, regimen: &Regimen, report: &mut Report) {
        let demand = regimen.envelope.bolus.and_then(|bolus| bolus.demand);
        let Some(lockout) = demand.map(|demand| Exact::whole(u128::from(demand.lockout.0))) else {
            return;
        };
        let time = |value| show(value, Dimension::Time);
        let place = regimen.place_of(Role::Lockout);
        for listed in self.listed {
            let name = &listed.drug.name.value;
            if let Some(hard) = &listed.entry.hard.min_lockout
                && lockout < hard.value
            {
                report.add(
                    Diagnostic::new(
                        Code::LockoutTooShort,
                        place,
                        format!("the lockout is shorter than the drug library allows for `{name}`"),
                    )
                    .label("too short")
                    .allowed(format!("at least {}", time(hard.value)))
                    .related(hard.place, "the limit"),
                );
            } else if let Some(soft) = &listed.entry.soft.min_lockout
                && lockout < soft.value
            {
                report.add(
                    Diagnostic::new(
                        Code::SoftLimit,
                        place,
                        format!(
                            "the lockout is shorter than the drug library advises for `{name}`"
                        ),
                    )
                    .label("rather short")
                    .allowed(format!("advised is at least {}", time(soft.value)))
                    .related(soft.place, "the soft limit"),
                );
            }
        }
    }
}

/// A schedule keeps to the control law's ticks.
pub(crate) fn check_interval(regimen: &Regimen, report: &mut Report) {
    let interval = regimen.envelope.bolus.and_then(|bolus| bolus.interval);
    let Some(interval) = interval.filter(|interval| interval.0 % TICK.0 != 0) else {
        return;
    };
    let time = |ns: u64| show(Exact::whole(u128::from(ns)), Dimension::Time);
    let key = regimen.name_of(Role::Interval);
    let nearest = (interval.0 / TICK.0)
        .saturating_add(1)
        .saturating_mul(TICK.0);
    report.add(
        Diagnostic::new(
            Code::IntervalOffGrid,
            regimen.place_of(Role::Interval),
            format!("`{key}` is no whole number of ticks"),
        )
        .label("the boluses would drift")
        .allowed(format!("multiples of {}", time(TICK.0)))
        .help(format!("write `{}`", time(nearest))),
    );
}
