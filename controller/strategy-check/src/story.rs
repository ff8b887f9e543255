//! What happens to the pump while a strategy is watched.

use std::fmt;

use pump_core::prescription::{
    Caps, Envelope, MAX_DRUGS, MAX_REGIMENS, OnStrategyLoss, Prescription, Reservoir,
};
use pump_core::quantity::{Nanoseconds, Rate, Steps, Volume};
use pump_simulator::presses::SplitMix64;
use pump_simulator::{Action, Infusion, Scenario};

use crate::rules::At;
use crate::values::Values;

const SECOND: u64 = 1_000_000_000;
const MINUTE: u64 = 60 * SECOND;
const TICK: u64 = 10_000_000;
/// As in a device's file.
const LEASE: Nanoseconds = Nanoseconds::from_secs(2);
/// For the fixed stories, which are long, and played again many times.
const LONG_LEASE: Nanoseconds = Nanoseconds::from_secs(10);

/// A run of the real control law around one regimen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Story {
    pub(crate) values: Values,
    /// In any hour so many nanolitres beside the basal; without it no window ever refuses
    /// anything.
    pub(crate) room_1h: Option<u64>,
    pub(crate) lease: Nanoseconds,
    pub(crate) duration: Nanoseconds,
    pub(crate) events: Vec<(Nanoseconds, Action)>,
}

impl Story {
    pub(crate) fn scenario(&self) -> Scenario {
        let mut scenario = Scenario::new();
        scenario.add_all(self.events.iter().copied());
        scenario
    }

    /// The prescription that the regimen runs under.
    pub(crate) fn infusion(&self, envelope: Envelope) -> Infusion {
        let per_step = step_of(&envelope);
        let steps = |nl: u64| Steps(nl / per_step.max(1));
        let mut regimens = [None; MAX_REGIMENS];
        if let Some(first) = regimens.first_mut() {
            *first = Some(envelope);
        }
        let largest = envelope.bolus.map_or(0, |bolus| bolus.max.floor_nl());
        let clinician = Volume::from_nl(largest.clamp(1_000, 1_000_000));
        Infusion {
            id: "check".to_owned(),
            sha256: String::new(),
            regimens: vec!["regimen".to_owned()],
            drugs: Vec::new(),
            time_zone: None,
            prescription: Prescription {
                volume_per_step: Volume::from_nl(per_step),
                full_step: Steps(0),
                // 3.6 L/h: nothing is ever stretched for it.
                max_rate: Rate::new(1, 1_000).unwrap_or(Rate::ZERO),
                max_bolus: Volume::from_nl(u64::MAX / 4),
                max_clinician_bolus: Some(clinician),
                caps: Caps {
                    h1: self.room_1h.map(|room| {
                        let basal = nl_in_an_hour(envelope.basal);
                        // What rounding takes away.
                        Steps(steps(room.saturating_add(basal)).0.saturating_add(2))
                    }),
                    ..Caps::default()
                },
                drugs: [None; MAX_DRUGS],
                regimens,
                vtbi: None,
                reservoir: Reservoir {
                    volume: Steps(u64::from(u32::MAX)),
                    low: Steps(0),
                    empty: Steps(0),
                },
                air: None,
                order_lease: self.lease,
                on_strategy_loss: OnStrategyLoss::HoldBasal(Nanoseconds::from_mins(30)),
            },
        }
    }
}

fn nl_in_an_hour(rate: Rate) -> u64 {
    const HOUR: u128 = 3_600_000_000_000;
    // 64 bits times 42 bits; a rate's denominator is never zero.
    let nl = (u128::from(rate.num()) * HOUR).checked_div(u128::from(rate.den()));
    nl.and_then(|nl| u64::try_from(nl).ok()).unwrap_or(u64::MAX)
}

/// A step that makes a run of a few thousands of them, in nanolitres.
fn step_of(envelope: &Envelope) -> u64 {
    let by_basal = match nl_in_an_hour(envelope.basal) {
        0 => u64::MAX,
        nl => nl / 4_000,
    };
    let bolus = envelope.bolus.map_or(0, |bolus| bolus.max.floor_nl());
    let by_bolus = match bolus {
        0 => u64::MAX,
        // A bolus below one step is refused.
        nl => nl / 20,
    };
    // A tiny bolus beside a fast basal is refused as smaller than a step: otherwise a run
    // would have millions of them.
    let least = match by_basal {
        u64::MAX => 1,
        by_basal => by_basal / 25,
    };
    by_basal.min(by_bolus).max(least).clamp(1, 100_000)
}

fn bolus(nl: u64, over: u64) -> Action {
    Action::ClinicianBolus {
        volume: Volume::from_nl(nl),
        over: Nanoseconds(over),
    }
}

/// The stories that every strategy is watched in.
pub(crate) fn fixed(values: &Values, largest_nl: u64) -> Vec<Story> {
    let at = |minutes: u64, seconds: u64| Nanoseconds(minutes * MINUTE + seconds * SECOND);
    let presses =
        [1, 2, 3, 130, 601, 602, 610, 1_201, 1_202, 1_900].map(|s| (at(0, s), Action::Press));
    let alone = Story {
        values: values.clone(),
        room_1h: None,
        lease: LONG_LEASE,
        duration: at(36, 0),
        events: presses.to_vec(),
    };
    let mut events = vec![
        (at(1, 0), Action::Press),
        (at(2, 0), bolus(5_000, MINUTE)),
        (at(2, 30), Action::Press),
        (at(5, 0), Action::Pause),
        (at(5, 10), Action::Press),
        (at(6, 0), Action::Resume),
        (at(8, 0), Action::WallClockJump { by_ms: -3_600_000 }),
        (at(10, 59), Action::Press),
        (
            at(11, 30),
            Action::Occlude {
                span: Some(at(1, 0)),
                seen_after: at(0, 1),
            },
        ),
        (at(13, 0), Action::Resume),
        (at(14, 0), Action::Door(Some(at(0, 30)))),
        (at(15, 0), Action::Resume),
        (
            at(16, 0),
            Action::LoseStrategy {
                regimen: pump_core::order::RegimenId(0),
                span: at(0, 20),
            },
        ),
        (at(18, 0), Action::Stop),
        (at(18, 5), Action::Press),
        (at(18, 30), Action::Arm),
        (at(18, 31), Action::Start),
        (at(22, 0), Action::Press),
        (at(24, 0), Action::Restart { off_for: at(3, 0) }),
        (at(28, 0), Action::Arm),
        (at(28, 1), Action::Start),
        (at(29, 0), Action::Press),
    ];
    events.extend([40, 43, 46, 52].map(|minute| (at(minute, 0), Action::Press)));
    let trouble = Story {
        values: values.clone(),
        // Room for a bolus or two.
        room_1h: Some(largest_nl.saturating_mul(5) / 2),
        lease: LONG_LEASE,
        duration: at(56, 0),
        events,
    };
    vec![alone, trouble]
}

/// A story by chance. Presses like to come at the end of a lockout, one tick before and one
/// after it, and everything likes the instants at which leases end.
pub(crate) fn drawn(random: &mut SplitMix64, values: Values, envelope: &Envelope) -> Story {
    let duration = (10 + random.below(50)) * MINUTE;
    let demand = envelope.bolus.and_then(|bolus| bolus.demand);
    let over = envelope.bolus.map_or(0, |bolus| bolus.over.0);
    let largest = envelope.bolus.map_or(0, |bolus| bolus.max.floor_nl());
    let mut events = Vec::new();
    let mut last = 0;
    let count = 1 + random.below(24);
    for _ in 0..count {
        let base = match random.below(3) {
            0 => last,
            _ => random.below(duration),
        };
        let lockout = demand.map_or(0, |demand| demand.lockout.0);
        let after = match random.below(6) {
            0 | 1 => lockout,
            2 => lockout.saturating_add(over),
            3 => over,
            4 => random.below(5 * SECOND),
            _ => 0,
        };
        let at = base.saturating_add(after);
        let at = match random.below(3) {
            0 => at / LEASE.0 * LEASE.0,
            1 => at / TICK * TICK,
            _ => at / SECOND * SECOND,
        };
        let at = match random.below(4) {
            0 => at.saturating_add(TICK),
            1 => at.saturating_sub(TICK),
            _ => at,
        };
        if at >= duration {
            continue;
        }
        last = at;
        let action = match random.below(24) {
            0 => bolus(1_000 + random.below(largest.max(1)).min(500_000), MINUTE),
            1 => Action::Pause,
            2 | 3 => Action::Resume,
            4 => Action::LoseStrategy {
                regimen: pump_core::order::RegimenId(0),
                span: Nanoseconds(random.below(10 * SECOND)),
            },
            5 => Action::WallClockJump {
                by_ms: i64::try_from(random.below(172_800_000)).unwrap_or(0) - 86_400_000,
            },
            6 => Action::Door(Some(Nanoseconds(random.below(10 * SECOND)))),
            7 => Action::Occlude {
                span: Some(Nanoseconds(random.below(MINUTE))),
                seen_after: Nanoseconds(random.below(SECOND)),
            },
            _ => Action::Press,
        };
        events.push((Nanoseconds(at), action));
    }
    events.sort_by_key(|(at, _)| *at);
    let room_1h = (random.below(4) == 0).then(|| largest.saturating_mul(1 + random.below(4)));
    Story {
        values,
        room_1h,
        lease: LEASE,
        duration: Nanoseconds(duration),
        events,
    }
}

impl fmt::Display for Story {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "for {}", At(self.duration.0))?;
        if let Some(room) = self.room_1h {
            writeln!(f, "in any hour room for {room} nL beside the basal")?;
        }
        for (at, action) in &self.events {
            write!(f, "{} {}", At(at.0), action.name())?;
            match action {
                Action::ClinicianBolus { volume, over } => {
                    write!(
                        f,
                        " volume={}nL over={}s",
                        volume.floor_nl(),
                        over.0 / SECOND
                    )?;
                }
                Action::Occlude { span, .. } | Action::Door(span) => {
                    if let Some(span) = span {
                        write!(f, " for={}ms", span.0 / 1_000_000)?;
                    }
                }
                Action::LoseStrategy { span, .. } => {
                    write!(f, " regimen=regimen for={}ms", span.0 / 1_000_000)?;
                }
                Action::WallClockJump { by_ms } => write!(f, " by={by_ms}ms")?,
                _ => {}
            }
            writeln!(f)?;
        }
        Ok(())
    }
}
