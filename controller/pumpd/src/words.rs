//! Quantities and events in words. Rounded, for people; integers only.

use pump_control as doc;
use pump_core::event::{Event, EventKind, OrderFault};
use pump_core::order::RegimenId;
use pump_core::quantity::{Rate, Steps, Volume};

/// Nanolitres a nanosecond to millilitres an hour.
const ML_PER_H: u128 = 3_600_000;
/// The fewest significant digits of a fraction: those of a number of this size.
const SIGNIFICANT: u128 = 1_000;
const MOST_DECIMALS: usize = 12;
const S: u64 = 1_000_000_000;

/// Four significant digits, without trailing zeros.
pub(crate) fn number(num: u128, den: u128) -> String {
    let (den, mut scale, mut decimals) = (den.max(1), 1_u128, 0_usize);
    loop {
        let rounded = num.saturating_mul(scale).saturating_add(den / 2) / den;
        if rounded >= SIGNIFICANT || decimals == MOST_DECIMALS || num == 0 {
            let (whole, part) = (rounded / scale, rounded % scale);
            if part == 0 {
                return whole.to_string();
            }
            let part = format!("{part:0decimals$}");
            return format!("{whole}.{}", part.trim_end_matches('0'));
        }
        scale *= 10;
        decimals += 1;
    }
}

/// A rate: `0.04167 mL/h`.
pub(crate) fn rate(rate: Rate) -> String {
    let num = u128::from(rate.num()) * ML_PER_H;
    format!("{} mL/h", number(num, u128::from(rate.den())))
}

/// A rate as it is: nanolitres a nanosecond.
pub(crate) fn fraction(rate: Rate) -> String {
    format!("{}/{}", rate.num(), rate.den())
}

/// A volume as it is, in nanolitres.
pub(crate) fn exact(volume: Volume) -> String {
    format!("{}/{}", volume.num(), volume.den())
}

/// A volume: `1.35 mL`, `50 µL`, `50 nL`.
pub(crate) fn volume(nl: u64) -> String {
    let (unit, size) = match nl {
        nl if nl >= 100_000 => ("mL", 1_000_000),
        nl if nl >= 1_000 => ("µL", 1_000),
        _ => ("nL", 1),
    };
    format!("{} {unit}", number(u128::from(nl), size))
}

/// A mass of so many picograms: `2.7 mg`, `15 µg`, `120 ng`.
pub(crate) fn mass(pg: u64) -> String {
    let (unit, size) = match pg {
        pg if pg >= 100_000_000 => ("mg", 1_000_000_000),
        pg if pg >= 100_000 => ("µg", 1_000_000),
        pg if pg >= 100 => ("ng", 1_000),
        _ => ("pg", 1),
    };
    format!("{} {unit}", number(u128::from(pg), size))
}

/// A time in its largest units: `2h03m`, `39m59s`, `12.34s`.
pub(crate) fn time(ns: u64) -> String {
    let s = ns / S;
    let (h, m, rest) = (s / 3_600, s / 60 % 60, s % 60);
    match (h, m) {
        (0, 0) => format!("{}s", number(u128::from(ns), u128::from(S))),
        (0, m) if rest == 0 => format!("{m} min"),
        (0, m) => format!("{m}m{rest:02}s"),
        (h, 0) if rest == 0 => format!("{h} h"),
        (h, m) if rest == 0 => format!("{h}h{m:02}m"),
        (h, m) => format!("{h}h{m:02}m{rest:02}s"),
    }
}

/// What names an event in documents.
pub(crate) const fn kind(event: &EventKind) -> &'static str {
    match event {
        EventKind::State { .. } => "state",
        EventKind::Basal { .. } => "basal",
        EventKind::DemandAsked { .. } => "demand-asked",
        EventKind::DemandGiven { .. } => "demand-given",
        EventKind::DemandRefused { .. } => "demand-refused",
        EventKind::BolusRefused { .. } => "bolus-refused",
        EventKind::BolusStarted { .. } => "bolus-started",
        EventKind::BolusStretched { .. } => "bolus-stretched",
        EventKind::BolusSuspended { .. } => "bolus-suspended",
        EventKind::BolusResumed { .. } => "bolus-resumed",
        EventKind::BolusEnded { .. } => "bolus-ended",
        EventKind::StrategyLost { .. } => "strategy-lost",
        EventKind::StrategyBack { .. } => "strategy-back",
        EventKind::OrderDropped { .. } => "order-dropped",
        EventKind::Line { .. } => "line",
        EventKind::Occluded { .. } => "occluded",
        EventKind::AlarmRaised { .. } => "alarm-raised",
        EventKind::AlarmCleared { .. } => "alarm-cleared",
        EventKind::Missed { .. } => "missed",
        EventKind::Uncertain { .. } => "uncertain",
        EventKind::Displaced { .. } => "displaced",
        EventKind::CommandRefused { .. } => "command-refused",
        EventKind::Refilled { .. } => "refilled",
        EventKind::Reconciled { .. } => "reconciled",
        EventKind::NewSubject { .. } => "new-subject",
    }
}

/// What events need to be told: the names of what is armed, and the size of a step.
pub(crate) struct Teller<'a> {
    pub(crate) regimens: &'a [(String, String)],
    pub(crate) per_step: Option<Volume>,
}

impl Teller<'_> {
    /// A regimen's name; `None`: the operator's.
    pub(crate) fn regimen(&self, regimen: Option<RegimenId>) -> Option<&str> {
        let regimen = self.regimens.get(usize::from(regimen?.0))?;
        Some(&regimen.0)
    }

    fn name(&self, regimen: Option<RegimenId>) -> &str {
        match (regimen, self.regimen(regimen)) {
            (_, Some(name)) => name,
            (Some(_), None) => "a regimen",
            (None, None) => "the operator",
        }
    }

    fn nl(&self, steps: Steps) -> String {
        match self.per_step {
            Some(step) => volume(step.times_floor_nl(steps)),
            None => format!("{} steps", steps.0),
        }
    }

    /// It as a document: its number, and its instant on the therapy clock in ns.
    pub(crate) fn document(&self, seq: u64, at_ns: u64, event: &Event) -> doc::Event {
        let (mut regimen, mut reason, mut alarm) = (None, None, None);
        match event.kind {
            EventKind::Basal {
                regimen: of,
                reason: why,
                ..
            } => (regimen, reason) = (Some(of), why),
            EventKind::DemandRefused {
                regimen: of,
                reason: why,
                ..
            }
            | EventKind::BolusRefused {
                regimen: of,
                reason: why,
                ..
            } => (regimen, reason) = (of, Some(why)),
            EventKind::BolusStarted { regimen: of, .. } => regimen = of,
            EventKind::BolusStretched { reason: why, .. }
            | EventKind::CommandRefused { reason: why } => reason = Some(why),
            EventKind::BolusEnded { cut, .. } => reason = cut,
            EventKind::StrategyLost { regimen: of }
            | EventKind::StrategyBack { regimen: of }
            | EventKind::OrderDropped { regimen: of, .. } => regimen = Some(of),
            EventKind::AlarmRaised { alarm: which } | EventKind::AlarmCleared { alarm: which } => {
                alarm = Some(which.row())
            }
            _ => {}
        }
        doc::Event {
            seq,
            at_ns,
            kind: kind(&event.kind).to_owned(),
            text: self.tell(event),
            regimen: self.regimen(regimen).map(str::to_owned),
            reason: reason.map(|reason| reason.name().to_owned()),
            alarm: alarm.map(|row| row.name.to_owned()),
            priority: alarm.map(|row| row.priority.name().to_owned()),
        }
    }

    /// What an operator reads of it.
    pub(crate) fn tell(&self, event: &Event) -> String {
        match &event.kind {
            EventKind::State { to, .. } => to.name().to_owned(),
            EventKind::Basal {
                regimen,
                granted,
                reason,
                ..
            } => {
                let because = reason.map(|reason| format!(": {}", reason.text()));
                let (because, rate) = (because.unwrap_or_default(), rate(*granted));
                format!("{} gives {rate}{because}", self.name(Some(*regimen)))
            }
            EventKind::DemandAsked { demand } => format!("press {}", demand.0),
            EventKind::DemandGiven { demand, bolus } => {
                format!("press {} is answered by bolus {}", demand.0, bolus.0)
            }
            EventKind::DemandRefused { demand, reason, .. } => {
                let (name, text) = (reason.name(), reason.text());
                format!("press {} refused, {name}: {text}", demand.0)
            }
            EventKind::BolusRefused {
                kind,
                regimen,
                reason,
                ..
            } => {
                let name = self.name(*regimen);
                let (kind, reason, text) = (kind.name(), reason.name(), reason.text());
                format!("{kind} bolus of {name} refused, {reason}: {text}")
            }
            EventKind::BolusStarted {
                bolus,
                kind,
                regimen,
                steps,
                over,
                ..
            } => format!(
                "bolus {} starts: {}, {} over {}, {}",
                bolus.0,
                kind.name(),
                self.nl(*steps),
                time(over.0),
                self.name(*regimen)
            ),
            EventKind::BolusStretched { bolus, reason } => {
                format!("bolus {} is stretched: {}", bolus.0, reason.text())
            }
            EventKind::BolusSuspended { bolus } => format!("bolus {} is suspended", bolus.0),
            EventKind::BolusResumed { bolus } => format!("bolus {} goes on", bolus.0),
            EventKind::BolusEnded {
                bolus,
                delivered,
                cut,
                ..
            } => match cut {
                None => format!("bolus {} is complete", bolus.0),
                Some(reason) => {
                    let given = self.nl(*delivered);
                    format!("bolus {} is cut after {given}: {}", bolus.0, reason.text())
                }
            },
            EventKind::StrategyLost { regimen } => {
                format!("the strategy of {} is lost", self.name(Some(*regimen)))
            }
            EventKind::StrategyBack { regimen } => {
                format!("the strategy of {} is back", self.name(Some(*regimen)))
            }
            EventKind::OrderDropped { regimen, fault } => {
                let why = match fault {
                    OrderFault::WrongSequence => "it answers an old snapshot, or none",
                    OrderFault::NoSuchRegimen => "there is no such regimen",
                    OrderFault::EmptyBolus => "it asks for an empty bolus",
                    OrderFault::WrongDemand => "it answers a press it was not asked about",
                };
                format!(
                    "an order of {} is dropped: {why}",
                    self.name(Some(*regimen))
                )
            }
            EventKind::Line { sensor, bad: true } => format!("the {} line is bad", sensor.name()),
            EventKind::Line { sensor, bad: false } => {
                format!("the {} line is sound again", sensor.name())
            }
            EventKind::Occluded { trapped } => {
                format!(
                    "stopped by the blockage with {} given against it",
                    self.nl(*trapped)
                )
            }
            EventKind::AlarmRaised { alarm } => {
                let row = alarm.row();
                format!("! {} ({}): {}", row.name, row.priority.name(), row.text)
            }
            EventKind::AlarmCleared { alarm } => format!("{} has cleared", alarm.row().name),
            EventKind::Missed { steps } => format!("{} missed", self.nl(*steps)),
            EventKind::Uncertain { steps } => format!("{} uncertain", self.nl(*steps)),
            EventKind::Displaced { steps } => {
                format!("{} may have moved while the motor was off", self.nl(*steps))
            }
            EventKind::CommandRefused { reason } => format!("command refused: {}", reason.text()),
            EventKind::Refilled { content } => {
                format!("the reservoir now holds {}", self.nl(*content))
            }
            EventKind::Reconciled {
                measured,
                expected,
                differs,
            } => {
                let (found, ledger) = (self.nl(*measured), self.nl(*expected));
                let verdict = match differs {
                    true => ", which is too far apart",
                    false => "",
                };
                format!("{found} found in the reservoir, {ledger} by the ledger{verdict}")
            }
            EventKind::NewSubject { given, boluses } => {
                let given = self.nl(*given);
                format!("a new subject: {given} and {boluses} boluses of 24 h are forgotten")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_written_as_people_write_them() {
        assert_eq!(number(0, 7), "0");
        assert_eq!(number(1, 24), "0.04167");
        assert_eq!(number(99_996, 10_000), "10");
        assert_eq!(number(123_456, 10), "12346");
        assert_eq!(volume(1_350_000), "1.35 mL");
        assert_eq!(volume(50_000), "50 µL");
        assert_eq!(volume(0), "0 nL");
        assert_eq!(mass(2_700_000_000), "2.7 mg");
        assert_eq!(mass(15_000_000), "15 µg");
        assert_eq!(mass(120_000), "0.12 µg");
        assert_eq!(mass(7), "7 pg");
        assert_eq!(time(7_380 * S), "2h03m");
        assert_eq!(time(1_500_000_000), "1.5s");
        let rate_of = Rate::new(1, 24 * 3_600_000).map(rate);
        assert_eq!(rate_of.as_deref(), Some("0.04167 mL/h"));
    }
}
