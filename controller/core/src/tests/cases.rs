//! Random prescriptions and what happens to them, played with a witness of every edge.

extern crate std;

use std::boxed::Box;
use std::cell::RefCell;
use std::rc::Rc;
use std::vec;
use std::vec::Vec;

use proptest::prelude::*;

use super::rig::*;
use crate::event::EventKind;
use crate::order::{Answer, BolusRequest, Order, Snapshot};
use crate::prescription::*;
use crate::pump::Command;
use crate::quantity::{Nanoseconds, Rate, Steps, Volume};

/// What a test's strategy says until it is told otherwise.
#[derive(Clone, Debug)]
pub(super) struct Will {
    basal: Rate,
    /// Asked for once, at the next snapshot.
    bolus: Option<BolusRequest>,
    /// Given for every demand.
    dose: BolusRequest,
    valid_for: u64,
    silent: bool,
}

#[derive(Clone, Debug)]
pub(super) enum Act {
    Run(u64),
    Press,
    Clinician {
        nl: u64,
        over: u64,
    },
    Pause,
    Resume,
    Stop,
    /// Regimen, rate in per cent of its envelope's.
    Order {
        regimen: usize,
        percent: u64,
        valid_for: u64,
    },
    /// An unasked bolus, in per cent of the envelope's volume and time.
    Bolus {
        regimen: usize,
        percent: u64,
        over_percent: u64,
    },
    /// What demands are answered with.
    Dose {
        regimen: usize,
        percent: u64,
        over_percent: u64,
    },
    Silence {
        regimen: usize,
    },
    PowerLoss {
        off_for: u64,
        /// A clock that is known good says for how long.
        known: bool,
    },
    /// Stop, refill after measuring so much of what the ledger has, arm and start; where it
    /// differs too much somebody answers for that, or nothing starts.
    Refill {
        found_percent: u64,
        acknowledged: bool,
    },
    /// Stop, another subject, arm and start.
    NewSubject,
    /// Stop, arm again with the caps at so many per cent, start; where that is even, disarmed
    /// between the two.
    Rearm {
        caps_percent: u64,
    },
    JournalStalls(bool),
}

#[derive(Clone, Debug)]
pub(super) struct Case {
    /// How long a sync takes, and how late the loop may be.
    pub(super) sync_takes: u64,
    pub(super) late_by: u64,
    pub(super) p: Prescription,
    pub(super) acts: Vec<Act>,
}

pub(super) fn percent(volume: Volume, percent: u64) -> Volume {
    Volume::from_wide(
        u128::from(volume.num()) * u128::from(percent),
        u128::from(volume.den()) * 100,
    )
    .unwrap()
}

pub(super) fn dose_of(envelope: &Envelope, of_volume: u64, of_time: u64) -> BolusRequest {
    let (max, over) = match envelope.bolus {
        Some(bolus) => (bolus.max, bolus.over.0),
        None => (Volume::from_nl(10_000), MIN),
    };
    let over = Nanoseconds((over / 100 * of_time).max(1));
    BolusRequest {
        volume: percent(max, of_volume.max(1)),
        over,
        loading: false,
    }
}

pub(super) fn act() -> impl Strategy<Value = Act> {
    let regimen = 0..3_usize;
    prop_oneof![
        8 => (1..400_u64).prop_map(|n| Act::Run(n * 10 * S)),
        2 => (1..1000_u64).prop_map(|n| Act::Run(n * 10 * MS)),
        2 => (1..10_u64).prop_map(|n| Act::Run(n * H)),
        8 => Just(Act::Press),
        1 => (1..30_000_u64, 1..300_u64).prop_map(|(nl, s)| Act::Clinician { nl, over: s * S }),
        1 => Just(Act::Pause),
        2 => Just(Act::Resume),
        1 => Just(Act::Stop),
        2 => (regimen.clone(), prop_oneof![Just(100), Just(0), 0..400_u64], prop_oneof![
            3 => Just(u64::MAX), 1 => 1..2 * H,
        ]).prop_map(|(regimen, percent, valid_for)| Act::Order { regimen, percent, valid_for }),
        2 => (regimen.clone(), prop_oneof![2 => Just(100), 1 => 1..200_u64], 50..200_u64)
            .prop_map(|(regimen, percent, over_percent)| Act::Bolus { regimen, percent, over_percent }),
        1 => (regimen.clone(), prop_oneof![2 => Just(100), 1 => 1..200_u64], 50..200_u64)
            .prop_map(|(regimen, percent, over_percent)| Act::Dose { regimen, percent, over_percent }),
        1 => regimen.prop_map(|regimen| Act::Silence { regimen }),
        1 => (0..3 * H, any::<bool>())
            .prop_map(|(off_for, known)| Act::PowerLoss { off_for, known }),
        1 => (80..120_u64, any::<bool>()).prop_map(|(found_percent, acknowledged)| {
            Act::Refill { found_percent, acknowledged }
        }),
        1 => Just(Act::NewSubject),
        1 => (50..150_u64).prop_map(|caps_percent| Act::Rearm { caps_percent }),
        1 => any::<bool>().prop_map(Act::JournalStalls),
    ]
}

pub(super) fn envelope() -> impl Strategy<Value = Envelope> {
    let demand = (1..40_u64, any::<[bool; 3]>(), 1..6_u32, 1..12_u32).prop_map(
        |(lockout, [end, restart, count], per_hour, per_day)| DemandEnvelope {
            lockout: Nanoseconds(lockout * MIN),
            edge: if end {
                LockoutEdge::EndToStart
            } else {
                LockoutEdge::StartToStart
            },
            others_restart_lockout: restart,
            others_count: count,
            counts: [
                Some(CountLimit {
                    max: per_hour,
                    period: Nanoseconds(H),
                }),
                Some(CountLimit {
                    max: per_day,
                    period: Nanoseconds(DAY),
                }),
            ],
        },
    );
    let bolus = (1..30_u64, 5..300_u64, demand, 0..3_u8, 10..120_u64).prop_map(
        |(ul, over, demand, kind, interval)| BolusEnvelope {
            max: volume_ul(ul),
            over: Nanoseconds(over * S),
            demand: (kind != 1).then_some(demand),
            interval: (kind != 0).then_some(Nanoseconds(interval * MIN)),
        },
    );
    (0..40_u64, proptest::option::weighted(0.7, bolus)).prop_map(|(ul, bolus)| Envelope {
        basal: ul_per_h(ul),
        bolus,
    })
}

pub(super) fn case() -> impl Strategy<Value = Case> {
    let caps = (100..220_u64, 100..220_u64, 100..220_u64);
    let per_step = prop_oneof![Just((1000, 1)), Just((2000, 7)), Just((500, 1))];
    let policy = prop_oneof![
        Just(OnStrategyLoss::Stop),
        (0..40_u64).prop_map(|ul| OnStrategyLoss::Kvo(ul_per_h(ul))),
        (1..60_u64).prop_map(|min| OnStrategyLoss::HoldBasal(Nanoseconds(min * MIN))),
    ];
    let lease = prop_oneof![Just(10 * MIN), Just(H), Just(30 * S)];
    (
        proptest::collection::vec(envelope(), 1..4),
        per_step,
        caps,
        policy,
        lease,
        60..400_u64,
        proptest::option::weighted(0.2, 50..4000_u64),
        proptest::collection::vec(act(), 1..40),
        any::<bool>(),
        prop_oneof![2 => Just((0, 0)), 1 => (0..1900 * MS, 0..50 * MS)],
    )
        .prop_map(
            |(
                envelopes,
                (nl, parts),
                caps,
                policy,
                lease,
                rate,
                vtbi,
                acts,
                drug,
                (sync_takes, late_by),
            )| {
                let mut p = roomy();
                // Some motors have none, so that nothing is displaced.
                p.full_step = Steps(rate % 7);
                p.volume_per_step = Volume::new(nl, parts).unwrap();
                for (place, envelope) in p.regimens.iter_mut().zip(&envelopes) {
                    *place = Some(*envelope);
                }
                let sum: Rate = envelopes.iter().fold(Rate::ZERO, |sum, envelope| {
                    sum.checked_add(envelope.basal).unwrap()
                });
                p.max_rate = ul_per_h(rate).max(sum);
                // Caps begin at what `check` asks for: the basal's hours and one step.
                let cap = |hours: u64, of: u64| {
                    let basal = u128::from(sum.num()) * u128::from(hours * H) * u128::from(parts)
                        / (u128::from(sum.den()) * u128::from(nl));
                    Steps((u64::try_from(basal).unwrap() + 20) * of / 100 + 2)
                };
                p.caps = Caps {
                    h1: Some(cap(1, caps.0)),
                    h4: Some(cap(4, caps.1)),
                    h24: Some(cap(24, caps.2)),
                };
                if drug {
                    p.drugs[0] = Some(Drug {
                        id: DrugId([1; 16]),
                        fg_per_step: 7_000,
                        caps: p.caps,
                    });
                    p.caps.h4 = None;
                }
                p.vtbi = vtbi.map(Steps);
                p.order_lease = Nanoseconds(lease);
                p.on_strategy_loss = match policy {
                    OnStrategyLoss::Kvo(kvo) => {
                        let basals = envelopes
                            .iter()
                            .map(|e| e.basal)
                            .filter(|rate| !rate.is_zero());
                        OnStrategyLoss::Kvo(kvo.min(basals.min().unwrap_or(Rate::ZERO)))
                    }
                    other => other,
                };
                Case {
                    p,
                    acts,
                    sync_takes,
                    late_by,
                }
            },
        )
}

/// The power, or the daemon alone, is lost after every other act.
pub(super) fn restless() -> impl Strategy<Value = Case> {
    (case(), any::<bool>()).prop_map(|(case, known)| {
        let lost = Act::PowerLoss { off_for: S, known };
        let acts = case.acts.chunks(2);
        let acts = acts.flat_map(|acts| acts.iter().chain([&lost])).cloned();
        Case {
            acts: acts.collect(),
            ..case
        }
    })
}

/// What happened, as the witness saw it.
pub(super) struct Told {
    pub(super) rig: Rig,
    /// Caps and the instant from which they were in force.
    pub(super) caps: Vec<(u64, Caps)>,
    /// Instants at which volume was booked as uncertain.
    pub(super) uncertain: Vec<u64>,
    /// Instants of a loss of power. From the first on, the pump's memory is younger than
    /// the witness's: time without power counts as none.
    pub(super) power_lost: Vec<u64>,
    /// Instants at which the pump got another subject.
    pub(super) subjects: Vec<u64>,
    /// The first act, other than the passing of time and another subject, after which a window
    /// or a count held less.
    pub(super) loosened: Option<Act>,
    /// When each regimen had a live order: from, until, basal rate asked for.
    pub(super) live: Vec<(usize, u64, u64, Rate)>,
}

impl Told {
    /// Since when the pump has had the subject of an instant.
    pub(super) fn subject_since(&self, at: u64) -> Option<u64> {
        self.subjects
            .iter()
            .copied()
            .rev()
            .find(|since| *since < at)
    }
}

type Shared = Rc<RefCell<Will>>;
type Log = Rc<RefCell<Vec<(usize, u64, u64, Rate)>>>;

pub(super) fn willing(regimen: usize, will: &Shared, log: &Log, lease: u64) -> Plan {
    let (will, log) = (will.clone(), log.clone());
    Box::new(move |snapshot: &Snapshot| {
        let mut will = will.borrow_mut();
        if will.silent {
            return None;
        }
        let valid_for = Nanoseconds(will.valid_for);
        let mut order = Order {
            valid_for,
            ..order(snapshot, will.basal)
        };
        if let Some(demand) = snapshot.demand {
            order.answer = Some(Answer::Give(demand));
            order.bolus = Some(will.dose);
        } else {
            order.bolus = will.bolus.take();
        }
        order.wake_in = Some(Nanoseconds(10 * MIN));
        let until = snapshot.now.0.saturating_add(will.valid_for.min(lease));
        log.borrow_mut()
            .push((regimen, snapshot.now.0, until, will.basal));
        Some(order)
    })
}

pub(super) fn play(case: &Case) -> Told {
    let mut p = case.p;
    let log: Log = Rc::new(RefCell::new(Vec::new()));
    let wills: Vec<Shared> = (0..MAX_REGIMENS)
        .map(|id| {
            let envelope = p.regimens[id].unwrap_or_default();
            Rc::new(RefCell::new(Will {
                basal: envelope.basal,
                bolus: None,
                dose: dose_of(&envelope, 100, 100),
                valid_for: u64::MAX,
                silent: false,
            }))
        })
        .collect();
    let strategies = [0, 1, 2, 3].map(|id| Some(willing(id, &wills[id], &log, p.order_lease.0)));
    let mut rig = Rig::new(&p, strategies);
    (rig.sync_takes, rig.late_by) = (case.sync_takes, case.late_by);
    let mut live = Vec::new();
    let mut power_lost = Vec::new();
    let mut epoch = 0_u64;
    let mut caps = Vec::from([(0, p.caps_of_all())]);
    let mut subjects = Vec::new();
    let mut loosened = None;
    for act in &case.acts {
        let before = (rig.now, rig.pump.remembered(rig.pump_now()));
        match *act {
            Act::Run(span) => rig.run_for(span),
            Act::Press => rig.press(),
            Act::Clinician { nl, over } => rig.command(Command::ClinicianBolus {
                volume: Volume::from_nl(nl),
                over: Nanoseconds(over),
            }),
            Act::Pause => rig.command(Command::Pause),
            Act::Resume => rig.command(Command::Resume),
            Act::Stop => rig.command(Command::Stop),
            Act::Order {
                regimen,
                percent: of,
                valid_for,
            } => {
                let basal = p.regimens[regimen].unwrap_or_default().basal;
                let mut will = wills[regimen].borrow_mut();
                will.basal = Rate::new(basal.num() * of, basal.den() * 100).unwrap();
                will.valid_for = valid_for;
                will.silent = false;
            }
            Act::Bolus {
                regimen,
                percent,
                over_percent,
            } => {
                let envelope = p.regimens[regimen].unwrap_or_default();
                let bolus = dose_of(&envelope, percent, over_percent);
                let loading = over_percent % 2 == 0;
                wills[regimen].borrow_mut().bolus = Some(BolusRequest { loading, ..bolus });
            }
            Act::Dose {
                regimen,
                percent,
                over_percent,
            } => {
                let envelope = p.regimens[regimen].unwrap_or_default();
                wills[regimen].borrow_mut().dose = dose_of(&envelope, percent, over_percent);
            }
            Act::Silence { regimen } => wills[regimen].borrow_mut().silent = true,
            Act::PowerLoss { off_for, known } => {
                rig.journal = true;
                if known {
                    rig.lose_daemon(off_for);
                } else {
                    rig.lose_power(off_for);
                }
                power_lost.push(rig.now);
                keep(&mut live, &log, epoch);
                epoch = begin(&mut rig, &p);
                caps.push((epoch, p.caps_of_all()));
            }
            Act::Rearm { caps_percent } => {
                rig.command(Command::Stop);
                keep(&mut live, &log, epoch);
                if caps_percent % 2 == 0 {
                    rig.disarm().expect("a pump that was stopped");
                    rig.run_for(caps_percent * S);
                }
                let lowered = rearmed(&case.p, caps_percent);
                if lowered.validate().is_ok() {
                    p = lowered;
                }
                epoch = begin(&mut rig, &p);
                caps.push((epoch, p.caps_of_all()));
            }
            Act::Refill {
                found_percent,
                acknowledged,
            } => {
                rig.command(Command::Stop);
                keep(&mut live, &log, epoch);
                let (content, full) = before.1.reservoir.unwrap();
                let volume = |steps: Steps| {
                    let (num, den) = (p.volume_per_step.num(), p.volume_per_step.den());
                    Volume::from_wide(u128::from(num) * u128::from(steps.0), den.into()).unwrap()
                };
                rig.command(Command::Refill {
                    residue: Some(percent(volume(content), found_percent.min(100))),
                    content: volume(full),
                });
                if acknowledged {
                    rig.command(Command::AcknowledgeResidue);
                }
                epoch = begin(&mut rig, &p);
                caps.push((epoch, p.caps_of_all()));
            }
            Act::NewSubject => {
                rig.command(Command::Stop);
                keep(&mut live, &log, epoch);
                rig.new_subject().expect("a pump that was stopped");
                subjects.push(rig.now);
                rig.run_for(S);
                epoch = begin(&mut rig, &p);
                caps.push((epoch, p.caps_of_all()));
            }
            Act::JournalStalls(stalls) => rig.journal = !stalls,
        }
        let after = rig.pump.remembered(rig.pump_now());
        let less = after.boluses < before.1.boluses
            || after
                .given
                .iter()
                .zip(before.1.given)
                .any(|(now, then)| *now < then);
        let aged = match act {
            Act::PowerLoss { known, .. } => *known,
            _ => rig.now != before.0,
        };
        if less && !aged && loosened.is_none() {
            loosened = Some(act.clone());
        }
    }
    rig.journal = true;
    rig.run_for(H);
    keep(&mut live, &log, epoch);
    let uncertain = rig.events.iter().filter_map(|event| match event.kind {
        EventKind::Uncertain { .. } => Some(event.at.0),
        _ => None,
    });
    let uncertain = uncertain.collect();
    Told {
        rig,
        caps,
        uncertain,
        power_lost,
        subjects,
        loosened,
        live,
    }
}

/// The therapy clock of the strategies begins at `epoch`.
pub(super) fn keep(live: &mut Vec<(usize, u64, u64, Rate)>, log: &Log, epoch: u64) {
    let entries = log.borrow_mut().split_off(0);
    live.extend(entries.into_iter().map(|(regimen, from, until, rate)| {
        (regimen, from + epoch, until.saturating_add(epoch), rate)
    }));
}

pub(super) fn begin(rig: &mut Rig, p: &Prescription) -> u64 {
    rig.arm(p);
    rig.command(Command::Start);
    rig.now
}

pub(super) fn rearmed(p: &Prescription, percent: u64) -> Prescription {
    let scale = |cap: Option<Steps>| cap.map(|cap| Steps(cap.0 * percent / 100));
    let caps = Caps {
        h1: scale(p.caps.h1),
        h4: scale(p.caps.h4),
        h24: scale(p.caps.h24),
    };
    Prescription { caps, ..*p }
}

impl Prescription {
    /// The tightest cap of volume and drugs.
    fn caps_of_all(&self) -> Caps {
        let tightest = |cap: fn(&Caps) -> Option<Steps>| {
            let drugs = self
                .drugs
                .iter()
                .flatten()
                .filter_map(|drug| cap(&drug.caps));
            drugs.chain(cap(&self.caps)).min()
        };
        Caps {
            h1: tightest(|c| c.h1),
            h4: tightest(|c| c.h4),
            h24: tightest(|c| c.h24),
        }
    }
}
