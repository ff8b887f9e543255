//! Regimens of any kind, to meet each other on one pump.

use std::cell::RefCell;
use std::rc::Rc;

use pump_core::prescription::{
    BolusEnvelope, Caps, CountLimit, DemandEnvelope, Envelope, LockoutEdge, OnStrategyLoss,
};
use pump_core::quantity::{Nanoseconds, Rate, Volume};
use pump_simulator::{Infusion, Leases, Report, Scenario, Strategy, StrategyFault, StrategySource};
use strategy_abi as abi;

use crate::bench::{Edges, hours, infusion, min, order, run_regimens};

/// A regimen and its strategy.
#[derive(Clone)]
pub(crate) struct Regimen {
    pub(crate) name: &'static str,
    pub(crate) basal_ul_per_h: u64,
    pub(crate) dose_ul: u64,
    pub(crate) over: Nanoseconds,
    /// Present where it answers presses.
    pub(crate) lockout: Option<Nanoseconds>,
    /// In any hour.
    pub(crate) most: u32,
    /// Present where it gives boluses unasked.
    pub(crate) interval: Option<Nanoseconds>,
    /// When it does.
    pub(crate) at: Vec<Nanoseconds>,
    pub(crate) loading: bool,
    /// It asks again when the way is free.
    pub(crate) persists: bool,
    /// It refuses every press.
    pub(crate) refuses: bool,
}

pub(crate) const PLAIN: Regimen = Regimen {
    name: "",
    basal_ul_per_h: 0,
    dose_ul: 0,
    over: min(2),
    lockout: None,
    most: 60,
    interval: None,
    at: Vec::new(),
    loading: false,
    persists: false,
    refuses: false,
};

pub(crate) fn basal(name: &'static str, ul_per_h: u64) -> Regimen {
    Regimen {
        name,
        basal_ul_per_h: ul_per_h,
        ..PLAIN
    }
}

pub(crate) fn patient(name: &'static str, dose_ul: u64, lockout: Nanoseconds) -> Regimen {
    Regimen {
        name,
        dose_ul,
        lockout: Some(lockout),
        ..PLAIN
    }
}

/// At these minutes.
pub(crate) fn unasked(name: &'static str, dose_ul: u64, at: &[u64]) -> Regimen {
    Regimen {
        name,
        dose_ul,
        over: min(10),
        interval: Some(min(30)),
        at: at.iter().copied().map(min).collect(),
        ..PLAIN
    }
}

impl Regimen {
    fn rate(&self) -> Rate {
        Rate::of(Volume::from_nl(self.basal_ul_per_h * 1_000), hours(1)).expect("a rate")
    }

    fn envelope(&self) -> Envelope {
        let demand = self.lockout.map(|lockout| DemandEnvelope {
            lockout,
            edge: LockoutEdge::StartToStart,
            others_restart_lockout: false,
            others_count: false,
            counts: [
                Some(CountLimit {
                    max: self.most,
                    period: hours(1),
                }),
                None,
            ],
        });
        Envelope {
            basal: self.rate(),
            bolus: (self.dose_ul > 0).then_some(BolusEnvelope {
                max: Volume::from_nl(self.dose_ul * 1_000),
                over: self.over,
                demand,
                interval: self.interval,
            }),
        }
    }
}

/// What a strategy was shown.
type Shown = Rc<RefCell<Vec<abi::Snapshot>>>;

struct Running {
    regimen: Regimen,
    asked: usize,
    /// Its last request was refused for another bolus.
    waits: bool,
    shown: Shown,
}

impl Strategy for Running {
    fn step(&mut self, snapshot: &abi::Snapshot) -> Result<abi::Order, StrategyFault> {
        self.shown.borrow_mut().push(*snapshot);
        let regimen = &self.regimen;
        let rate = regimen.rate();
        let next = |asked: usize| regimen.at.get(asked).map(|at| at.0);
        let mut order = abi::Order {
            basal: abi::Fraction {
                num: rate.num(),
                den: rate.den(),
            },
            demand_id: snapshot.demand_id,
            ..order(snapshot)
        };
        let bolus = |order: &mut abi::Order, kind| {
            order.bolus_kind = kind;
            order.bolus_volume.num = regimen.dose_ul * 1_000;
            order.bolus_over_ns = regimen.over.0;
        };
        let unasked = match regimen.loading {
            true => abi::BOLUS_LOADING,
            false => abi::BOLUS_SCHEDULED,
        };
        let refused = snapshot.bolus_outcome == abi::OUTCOME_REFUSED
            && snapshot.bolus_reason == abi::REASON_BOLUS_RUNNING;
        if snapshot.demand_id != 0 && regimen.refuses {
            order.refusal = abi::REASON_STRATEGY;
        } else if snapshot.demand_id != 0 {
            bolus(&mut order, abi::BOLUS_DEMAND);
        } else if next(self.asked).is_some_and(|at| at <= snapshot.now_ns) {
            self.asked += 1;
            self.waits = regimen.persists;
            bolus(&mut order, unasked);
        } else if self.waits && refused && snapshot.bolus_running == 0 {
            self.waits = false;
            bolus(&mut order, unasked);
        }
        if let Some(at) = next(self.asked) {
            order.wake_in_ns = at.saturating_sub(snapshot.now_ns);
        }
        Ok(order)
    }
}

/// A pump without a limit that these regimens would meet.
pub(crate) fn pump(regimens: &[Regimen]) -> Infusion {
    let mut infusion = infusion();
    let rx = &mut infusion.prescription;
    rx.caps = Caps::default();
    rx.max_rate = Rate::of(Volume::from_nl(50_000_000), hours(1)).expect("50 mL/h");
    rx.on_strategy_loss = OnStrategyLoss::Stop;
    rx.regimens = [None; 4];
    for (place, regimen) in rx.regimens.iter_mut().zip(regimens) {
        *place = Some(regimen.envelope());
    }
    infusion.regimens = regimens.iter().map(|regimen| regimen.name.into()).collect();
    infusion
}

pub(crate) fn told(
    infusion: &Infusion,
    regimens: &[Regimen],
    scenario: &Scenario,
) -> (Report, Edges) {
    let (report, edges, _) = told_with_what_was_shown(infusion, regimens, scenario);
    (report, edges)
}

/// The same, with what each strategy was shown.
pub(crate) fn told_with_what_was_shown(
    infusion: &Infusion,
    regimens: &[Regimen],
    scenario: &Scenario,
) -> (Report, Edges, Vec<Vec<abi::Snapshot>>) {
    let shown: Vec<Shown> = regimens.iter().map(|_| Shown::default()).collect();
    let strategies = regimens
        .iter()
        .cloned()
        .zip(&shown)
        .map(|(regimen, shown)| {
            let shown = Rc::clone(shown);
            let source = move || {
                Ok(Running {
                    regimen: regimen.clone(),
                    asked: 0,
                    waits: false,
                    shown: Rc::clone(&shown),
                })
            };
            Box::new(source) as Box<dyn StrategySource>
        });
    let (report, edges) = run_regimens(
        infusion,
        strategies.collect(),
        scenario,
        hours(4),
        Leases::Real,
    );
    let shown = shown.iter().map(|shown| shown.take());
    (report, edges, shown.collect())
}

pub(crate) fn story(regimens: &[Regimen], presses: &[Nanoseconds]) -> Report {
    let mut scenario = Scenario::new();
    scenario.add_presses(presses.iter().copied());
    told(&pump(regimens), regimens, &scenario).0
}

/// Whose a bolus was, what became of it and why, and the minutes of its start and its end.
type Told<'a> = (&'a str, &'a str, Option<&'a str>, (u64, u64));

/// Each bolus that was given or refused.
pub(crate) fn boluses(report: &Report) -> Vec<Told<'_>> {
    let boluses = report.boluses.iter().map(|bolus| {
        let name = bolus.regimen.as_deref().unwrap_or("nobody");
        let when = (
            bolus.started_at_ns / min(1).0,
            // Its last edge may fall just before its time is over.
            bolus.ended_at_ns.div_ceil(min(1).0),
        );
        (name, bolus.outcome, bolus.reason, when)
    });
    boluses.collect()
}
