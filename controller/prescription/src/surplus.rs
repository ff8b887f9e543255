//! Limits that limit nothing, and a cap that lets a bolus through at first only. Nothing is
//! wrong with them, so each gets a note.

use pump_core::prescription::Prescription;
use pump_core::quantity::{Nanoseconds, Steps};
use strategy_link::Role;

use crate::appetite::{Appetite, by_lockout};
use crate::ceiling::{Limit, LimitKind, LimitSource, WINDOWS, window_ns};
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::dose::{Doses, volume};
use crate::exact::Exact;
use crate::regimen::Regimen;
use crate::report::Report;
use crate::words::span_text;

/// A cap that is so many times the worst case passes for room to spare.
const ROOM_TO_SPARE: u64 = 3;
/// What the governor counts whole once it has begun \[ns\].
const MINUTE: Exact = Exact::whole(60_000_000_000);

impl Doses<'_> {
    /// Notes on limits that hold nothing back, and on boluses that are granted at first only.
    pub(crate) fn note_surplus(&self, core: &Prescription, report: &mut Report) {
        for (hours, kind) in WINDOWS {
            for cap in self.ceilings.of(kind) {
                if cap.source == LimitSource::Prescription {
                    self.note_cap(hours, cap, core, report);
                }
                for regimen in self.regimens {
                    self.note_room(hours, cap, regimen, report);
                }
            }
        }
        for regimen in self.regimens {
            self.note_counts(regimen, core, report);
        }
    }

    fn note_cap(&self, hours: u8, cap: &Limit, core: &Prescription, report: &mut Report) {
        let steps = self.whole_steps(cap.value);
        let Some(steps) = steps.and_then(|steps| u64::try_from(steps).ok()) else {
            return;
        };
        // One that is looser than another source's is told to be that.
        let tighter = |other: &Limit| {
            other.source != LimitSource::Prescription
                && (cap.drug.is_none() || other.drug == cap.drug)
                && other.value < cap.value
        };
        if self.ceilings.of(cap.kind).any(tighter) {
            return;
        }
        let (name, steps) = (cap.kind.name(), Steps(steps));
        let never = |why: String| {
            let message = format!("`{name}` is never reached: {why}");
            Diagnostic::new(Code::CapNeverReached, cap.place, message).label("holds nothing back")
        };
        if let Some((why, other)) = self.no_more_than(hours, steps, core.full_step) {
            report.add(never(why).related(other.place, "this holds back before"));
            return;
        }
        let window = Nanoseconds::from_hours(hours.into());
        // Nobody knows what the operator will give besides.
        if core.max_clinician_bolus.is_some() {
            return;
        }
        let (worst, _) = Appetite::of(core).uncapped(window);
        let gives = worst > core.full_step;
        if gives && steps.0 > worst.0.saturating_mul(ROOM_TO_SPARE) {
            let given = Exact::whole(u128::from(worst.0)).times(self.step);
            let given = given.map_or_else(String::new, |given| {
                self.mass(given, cap).unwrap_or_else(|| volume(given))
            });
            report.add(
                never(format!(
                    "the regimens come to {given} in {hours} h at the most"
                ))
                .help("if it is to hold something back, write a cap nearer to that"),
            );
        }
    }

    /// A limit that lets no more than so many steps through in a window, and how: a cap of a
    /// shorter window, or the highest rate.
    fn no_more_than(&self, hours: u8, steps: Steps, rotor: Steps) -> Option<(String, &Limit)> {
        let steps = u128::from(steps.0);
        let rate = self.ceilings.find(LimitKind::MaxRate, None);
        let rate = rate.filter(|rate| {
            let most = rate.value.times(window_ns(hours));
            let most = most.and_then(|most| self.whole_steps(most));
            // A begun step counts, and what the rotor moves at a start.
            let more = u128::from(rotor.0).saturating_add(1);
            most.is_some_and(|most| most.saturating_add(more) <= steps)
        });
        let shorter = WINDOWS.iter().filter(|(shorter, _)| *shorter < hours);
        let mut shorter = shorter.flat_map(|(length, kind)| {
            let times = hours.checked_div(*length).unwrap_or(0);
            self.ceilings.of(*kind).map(move |cap| (times, cap))
        });
        let caps = shorter.find(|(times, cap)| {
            let most = self.whole_steps(cap.value);
            let most = most.and_then(|most| most.checked_mul(u128::from(*times)));
            most.is_some_and(|most| most <= steps)
        });
        let caps = caps.map(|(times, cap)| {
            let name = cap.kind.name();
            (format!("{times} times `{name}` is no more"), cap)
        });
        let rate = || rate.map(|rate| (format!("`max_rate` gives no more in {hours} h"), rate));
        caps.or_else(rate)
    }

    /// The bolus fits beside the basal of a window, but not beside a minute more of it.
    fn note_room(&self, hours: u8, cap: &Limit, regimen: &Regimen, report: &mut Report) {
        let steps = |volume: Exact| volume.over(self.step);
        let needed = |time: Option<Exact>| {
            let basal = steps(self.basal()?.times(time?)?)?;
            let bolus = self.whole_steps(regimen.bolus()?.0)?;
            basal.plus(Exact::whole(bolus))
        };
        let Some(cap_steps) = self.whole_steps(cap.value) else {
            return;
        };
        let window = window_ns(hours);
        let alone = needed(Some(window));
        let filled = needed(window.plus(MINUTE));
        // A step to spare for where the window's edges fall between steps.
        let Some((alone, filled)) = alone.zip(filled) else {
            return;
        };
        if alone > Exact::whole(cap_steps) || filled <= Exact::whole(cap_steps.saturating_add(1)) {
            return;
        }
        let name = cap.kind.name();
        let message = format!(
            "the bolus of `{}` is granted only until the basal has filled {hours} h",
            regimen.name.value
        );
        let mut note = Diagnostic::new(
            Code::RoomOnlyAtFirst,
            regimen.place_of(Role::MaxBolus),
            message,
        )
        .label("then always refused")
        .related(
            cap.place,
            format!("`{name}` leaves it no minute of basal to spare"),
        );
        let least = Exact::whole(filled.ceil()).times(self.step);
        if let Some(least) = least {
            let least = self.mass(least, cap).unwrap_or_else(|| volume(least));
            note = note.help(format!("raise `{name}` to {least}, or lower the bolus"));
        }
        report.add(note);
    }

    /// A count that lets more through than the lockout.
    fn note_counts(&self, regimen: &Regimen, core: &Prescription, report: &mut Report) {
        let Some(bolus) = regimen.envelope.bolus else {
            return;
        };
        let Some(demand) = bolus.demand else { return };
        // What others ask for counts too, and heeds another lockout or none.
        let boluses = || core.regimens.iter().flatten().filter_map(|it| it.bolus);
        let several = boluses().filter(|it| it.demand.is_some()).count() > 1;
        let others =
            core.max_clinician_bolus.is_some() || boluses().any(|it| it.interval.is_some());
        if several || (demand.others_count && others) {
            return;
        }
        for limit in demand.counts.iter().flatten() {
            let through = by_lockout(&bolus, core.volume_per_step, limit.period);
            let Some((name, place)) = regimen.count(limit.period) else {
                continue;
            };
            if u64::from(limit.max) <= through {
                continue;
            }
            let period = span_text(limit.period);
            report.add(
                Diagnostic::new(
                    Code::CountNeverReached,
                    place,
                    format!(
                        "`{name}` is never reached: the lockout lets {through} through in {period}"
                    ),
                )
                .label("refuses none")
                .related(regimen.place_of(Role::Lockout), "the lockout")
                .allowed(format!(
                    "what the lockout lets through, {through}, or fewer"
                )),
            );
        }
    }
}
