//! A PCA on a pump by chance: values, limits, and what happens to it.

use std::fmt::Write as _;

use pump_core::prescription::{
    Caps, Envelope, MAX_DRUGS, MAX_REGIMENS, OnStrategyLoss, Prescription, Reservoir,
};
use pump_core::quantity::{Nanoseconds, Rate, Steps, Volume};
use pump_simulator::presses::SplitMix64;
use pump_simulator::{Action, Infusion, Leases, Options, Scenario};
use strategy_abi::Fraction;
use strategy_link::Declaration;

const TICK: u64 = 10_000_000;
const SECOND: u64 = 1_000_000_000;
const MINUTE: u64 = 60 * SECOND;
/// 1 µL/h is 1 nL in so many nanoseconds.
const NS_PER_UL_PER_H: u64 = 3_600_000_000;

/// One scenario.
pub(crate) struct Drawn {
    pub(crate) values: Vec<Fraction>,
    pub(crate) infusion: Infusion,
    pub(crate) scenario: Scenario,
    pub(crate) options: Options,
}

impl Drawn {
    /// In words, to be done again by hand.
    pub(crate) fn told(&self, declared: &Declaration) -> String {
        let mut text = String::new();
        let values = declared.params.iter().zip(&self.values);
        for (param, Fraction { num, den }) in values {
            writeln!(text, "{} = {num}/{den}", param.name).expect("a string takes it");
        }
        for (at, action) in self.scenario.events() {
            writeln!(text, "{} ns: {action:?}", at.0).expect("a string takes it");
        }
        write!(text, "{:?}\n{:?}", self.infusion.prescription, self.options)
            .expect("a string takes it");
        text
    }
}

/// From `least` to `most`, both included.
fn between(random: &mut SplitMix64, least: u64, most: u64) -> u64 {
    least + random.below(most - least + 1)
}

fn one_in(random: &mut SplitMix64, n: u64) -> bool {
    random.below(n) == 0
}

/// What the prescription says of the patient's boluses.
struct Pca {
    dose_nl: u64,
    over: u64,
    lockout: u64,
    end_to_start: bool,
    basal_ul_per_h: u64,
}

const fn whole(num: u64) -> Fraction {
    Fraction { num, den: 1 }
}

/// A scenario for a strategy that declares what the strategy `pca` does.
pub(crate) fn draw(random: &mut SplitMix64, declared: &Declaration) -> Drawn {
    let pca = Pca {
        dose_nl: between(random, 10_000, 500_000),
        over: between(random, 10 * SECOND / TICK, 6 * MINUTE / TICK) * TICK,
        // A lockout that is no multiple of a tick ends between two of them.
        lockout: match one_in(random, 3) {
            true => between(random, MINUTE, 20 * MINUTE),
            false => between(random, MINUTE / TICK, 20 * MINUTE / TICK) * TICK,
        },
        end_to_start: one_in(random, 2),
        basal_ul_per_h: match one_in(random, 3) {
            true => 0,
            false => between(random, 1, 5_000),
        },
    };
    let values = vec![
        // A dose need not be whole nanolitres.
        Fraction {
            num: pca.dose_nl * 3 + random.below(3),
            den: 3,
        },
        whole(pca.over),
        whole(pca.lockout),
        whole(u64::from(pca.end_to_start)),
        whole(random.below(2)),
        whole(random.below(2)),
        whole(between(random, 1, 8)),
        whole(between(random, 1, 30)),
        Fraction {
            num: pca.basal_ul_per_h,
            den: NS_PER_UL_PER_H,
        },
    ];
    let envelope = declared
        .envelope(&values)
        .expect("values as a prescription has them");
    let duration = between(random, 20, 180) * MINUTE;
    Drawn {
        infusion: infusion(random, &pca, envelope, duration),
        scenario: scenario(random, &pca, duration),
        options: Options {
            leases: match one_in(random, 2) {
                true => Leases::Real,
                false => Leases::Vouched,
            },
            ..Options::lasting(Nanoseconds(duration))
        },
        values,
    }
}

fn infusion(random: &mut SplitMix64, pca: &Pca, envelope: Envelope, duration: u64) -> Infusion {
    let basal_nl = |time: u64| {
        let nl = u128::from(pca.basal_ul_per_h) * u128::from(time) / u128::from(NS_PER_UL_PER_H);
        u64::try_from(nl).expect("a few litres")
    };
    // A run of a few hundred steps, and a dose of a few at least.
    let per_step = (basal_nl(duration) / 1_000)
        .max(pca.dose_nl / 25)
        .min(pca.dose_nl / 3);
    let steps = |nl: u64| Steps(nl / per_step);
    // The basal and a few doses, and what rounding takes away. Rarely reached caps are there
    // too: those of the counts come before them.
    let mut cap = |hours: u64, most: u64| {
        let doses = between(random, 1, most) * pca.dose_nl;
        let nl = basal_nl(hours * 60 * MINUTE) + doses;
        one_in(random, 2).then(|| Steps(steps(nl).0 + 2))
    };
    let caps = Caps {
        h1: cap(1, 5),
        h4: cap(4, 10),
        h24: cap(24, 20),
    };
    let least_rate = pca.basal_ul_per_h;
    let max_rate_ul_per_h = match one_in(random, 3) {
        // A dose is stretched under it, or refused where nothing is left for it.
        true => least_rate + between(random, 1, 20_000),
        false => 3_600_000,
    };
    let reservoir_nl = match one_in(random, 4) {
        true => basal_nl(duration) / 2 + between(random, 1, 8) * pca.dose_nl,
        false => 1_000_000_000,
    };
    let vtbi = one_in(random, 5);
    let vtbi = vtbi.then(|| Steps(1 + steps(between(random, 1, 8) * pca.dose_nl).0));
    let mut regimens = [None; MAX_REGIMENS];
    regimens[0] = Some(envelope);
    Infusion {
        id: "drawn".to_owned(),
        sha256: String::new(),
        regimens: vec!["patient".to_owned()],
        drugs: Vec::new(),
        time_zone: None,
        prescription: Prescription {
            volume_per_step: Volume::from_nl(per_step),
            full_step: Steps(0),
            max_rate: Rate::new(max_rate_ul_per_h, NS_PER_UL_PER_H).expect("a rate"),
            max_bolus: Volume::from_nl(pca.dose_nl * 4),
            max_clinician_bolus: Some(Volume::from_nl(pca.dose_nl * 2)),
            caps,
            drugs: [None; MAX_DRUGS],
            regimens,
            vtbi,
            reservoir: Reservoir {
                volume: steps(reservoir_nl),
                low: Steps(2),
                empty: Steps(1),
            },
            air: None,
            order_lease: Nanoseconds::from_secs(between(random, 1, 5)),
            on_strategy_loss: match random.below(2) {
                0 => OnStrategyLoss::Stop,
                _ => OnStrategyLoss::HoldBasal(Nanoseconds::from_mins(5)),
            },
        },
    }
}

/// Presses like to come where a lockout or a dose ends, one tick before it and one after.
fn scenario(random: &mut SplitMix64, pca: &Pca, duration: u64) -> Scenario {
    let mut scenario = Scenario::new();
    let mut last = 0;
    for _ in 0..between(random, 4, 30) {
        let wait = match random.below(6) {
            0 | 1 => pca.lockout,
            2 => pca.lockout + pca.over,
            3 => pca.over,
            4 => random.below(20 * MINUTE),
            _ => random.below(5 * SECOND),
        };
        let at = match random.below(3) {
            0 => last + wait,
            1 => last + wait + TICK,
            _ => (last + wait).saturating_sub(TICK),
        };
        if at >= duration {
            break;
        }
        last = at;
        let soon = |random: &mut SplitMix64| Nanoseconds(random.below(MINUTE));
        let action = match random.below(24) {
            0 | 1 => Action::ClinicianBolus {
                volume: Volume::from_nl(between(random, 1, pca.dose_nl * 2)),
                over: Nanoseconds(between(random, 1, 5) * MINUTE),
            },
            2 => Action::Pause,
            3 => Action::Stop,
            4 => Action::LoseStrategy {
                regimen: pump_core::order::RegimenId(0),
                span: soon(random),
            },
            5 => Action::Occlude {
                span: Some(soon(random)),
                seen_after: Nanoseconds(random.below(SECOND)),
            },
            6 => Action::Door(Some(soon(random))),
            7 => Action::Restart {
                off_for: soon(random),
            },
            8 => Action::Refill(Volume::from_nl(1_000_000_000)),
            _ => Action::Press,
        };
        scenario.add(Nanoseconds(at), action);
        // Mostly somebody comes and lets it go on.
        let away = match action {
            Action::Restart { off_for } => off_for.0,
            Action::Pause | Action::Stop | Action::Occlude { .. } | Action::Door(_) => MINUTE,
            _ => continue,
        };
        if !one_in(random, 8) {
            let back = at + away + random.below(MINUTE);
            for action in [Action::Arm, Action::Start, Action::Resume] {
                scenario.add(Nanoseconds(back), action);
            }
        }
    }
    scenario
}
