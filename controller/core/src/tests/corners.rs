//! Corners in which an invariant could be lost: strange strategies, changes of drug and
//! measure, bounds.

extern crate std;

use std::boxed::Box;
use std::vec;

use super::rig::*;
use crate::alarm::Alarm;
use crate::event::EventKind;
use crate::order::{BolusRequest, Order, RegimenId};
use crate::prescription::*;
use crate::pump::{Command, Inputs, Pump, State};
use crate::quantity::{MonoNs, Nanoseconds, Rate, Steps, Volume};
use crate::reason::Reason;

#[test]
fn a_strategy_known_dead_is_asked_again() {
    let rate = ul_per_h(360);
    let mut p = roomy();
    p.regimens[0] = Some(basal(rate));
    let mut rig = Rig::new(&p, [Some(steady(rate)), None, None, None]);
    rig.run_until(10 * S);
    rig.tick(Inputs {
        lost: [true, false, false, false],
        ..Inputs::default()
    });
    rig.run_until(H);
    assert!(
        rig.edges.len() > 7000,
        "{} wake {}",
        rig.edges.len(),
        rig.next_wake()
    );
}

#[test]
fn an_order_of_a_few_milliseconds_does_not_silence_its_regimen_for_ever() {
    let rate = ul_per_h(360);
    let mut p = roomy();
    p.regimens[0] = Some(basal(rate));
    let mut first = true;
    let plan: Plan = Box::new(move |s| {
        let v = if core::mem::take(&mut first) {
            Nanoseconds::from_millis(5)
        } else {
            Nanoseconds::MAX
        };
        Some(Order {
            valid_for: v,
            ..order(s, rate)
        })
    });
    let mut rig = Rig::new(&p, [Some(plan), None, None, None]);
    rig.run_until(H);
    assert!(
        rig.edges.len() > 7000,
        "{} wake {}",
        rig.edges.len(),
        rig.next_wake()
    );
}

#[test]
fn two_new_drugs_do_not_share_a_memory() {
    let d = |n: u8, cap: u64| {
        Some(Drug {
            id: DrugId([n; 16]),
            fg_per_step: 100,
            caps: Caps {
                h1: None,
                h4: None,
                h24: Some(Steps(cap)),
            },
        })
    };
    let mut p = roomy();
    p.regimens[0] = Some(demand(volume_ul(10), MIN, MIN));
    let mut pump = Box::new(Pump::new());
    for n in [0_u8, 4] {
        p.drugs = [d(n, 1000), d(n + 1, 1000), d(n + 2, 1000), d(n + 3, 1000)];
        pump.arm(MonoNs(0), &p).unwrap();
    }
    // slots 0..3 are idle and not armed
    p.drugs = [d(20, 1000), d(21, 1000), None, None];
    pump.arm(MonoNs(0), &p).unwrap();
    pump.memory.give(Steps(900));
    // now drug 20 alone: 100 are left of its cap
    p.drugs = [d(20, 1000), None, None, None];
    pump.arm(MonoNs(0), &p).unwrap();
    let r = pump
        .memory
        .promise(MonoNs(0), &p, |room, _| room >= Steps(200));
    assert_eq!(r, Err(Reason::Window24h));
}

#[test]
fn a_known_drug_keeps_its_memory_when_a_new_one_comes() {
    let d = |n: u8| {
        Some(Drug {
            id: DrugId([n; 16]),
            fg_per_step: 100,
            caps: Caps {
                h1: None,
                h4: None,
                h24: Some(Steps(1000)),
            },
        })
    };
    let mut p = roomy();
    p.regimens[0] = Some(demand(volume_ul(10), MIN, MIN));
    let mut pump = Box::new(Pump::new());
    for n in [0_u8, 4] {
        p.drugs = [d(n), d(n + 1), d(n + 2), d(n + 3)];
        pump.arm(MonoNs(0), &p).unwrap();
    }
    p.drugs = [d(0), d(20), None, None];
    pump.arm(MonoNs(0), &p).unwrap();
    pump.memory.give(Steps(900));
    p.drugs = [d(0), None, None, None];
    pump.arm(MonoNs(0), &p).unwrap();
    let r = pump
        .memory
        .promise(MonoNs(0), &p, |room, _| room >= Steps(200));
    assert_eq!(r, Err(Reason::Window24h));
}

#[test]
fn a_refill_to_nothing_is_an_empty_reservoir() {
    let rate = ul_per_h(360);
    let mut p = roomy();
    p.regimens[0] = Some(basal(rate));
    let mut rig = Rig::new(&p, [Some(steady(rate)), None, None, None]);
    rig.run_until(10 * S + 100 * MS);
    rig.command(Command::Refill {
        residue: None,
        content: Volume::ZERO,
    });
    rig.run_until(H);
    assert!(
        rig.pump.alarms().contains(Alarm::ReservoirEmpty),
        "{:?} {} edges",
        rig.pump.state(),
        rig.edges.len()
    );
}

#[test]
fn a_second_narrowing_is_told_too() {
    let rate = ul_per_h(360);
    let mut p = roomy();
    p.regimens[0] = Some(basal(rate));
    let mut n = 0;
    let plan: Plan = Box::new(move |s| {
        n += 1;
        Some(order(s, if n > 3 { ul_per_h(3600) } else { rate }))
    });
    let mut rig = Rig::new(&p, [Some(plan), None, None, None]);
    rig.run_until(MIN);
    assert!(rig.events.iter().any(|e| matches!(
        e.kind,
        EventKind::Basal {
            reason: Some(Reason::Envelope),
            ..
        }
    )));
}

#[test]
fn a_basal_withheld_from_the_start_names_its_window() {
    let rate = ul_per_h(60);
    let mut p = roomy();
    p.regimens[0] = Some(basal(rate));
    p.regimens[1] = Some(demand(volume_ul(50), 2 * MIN, 30 * MIN));
    let mut rig = Rig::new(
        &p,
        [
            Some(steady(rate)),
            Some(generous(volume_ul(50), 2 * MIN)),
            None,
            None,
        ],
    );
    rig.press();
    rig.run_until(10 * MIN);
    rig.command(Command::Stop);
    p.caps.h1 = Some(Steps(1201));
    rig.arm(&p);
    let from = rig.events.len();
    rig.command(Command::Start);
    rig.run_for(MIN);
    assert!(
        rig.events[from..].iter().any(|e| matches!(
            e.kind,
            EventKind::Basal {
                reason: Some(Reason::Window1h),
                ..
            }
        )),
        "{:?}",
        &rig.events[from..]
    );
}

#[test]
fn the_therapy_clock_begins_with_the_start_that_began() {
    let rate = ul_per_h(360);
    let mut p = roomy();
    p.reservoir.volume = Steps(5_000);
    p.regimens[0] = Some(basal(rate));
    let mut rig = Rig::new(&p, [Some(steady(rate)), None, None, None]);
    assert_eq!(rig.pump.state(), State::Faulted);
    rig.run_until(H);
    rig.command(Command::Refill {
        residue: None,
        content: volume_ul(5000),
    });
    rig.command(Command::Start);
    assert_eq!(rig.pump.state(), State::Infusing);
    assert_eq!(
        rig.pump.snapshot(RegimenId(0)).unwrap().now,
        Nanoseconds::ZERO
    );
}

#[test]
fn nothing_to_infuse_is_refused() {
    let rate = ul_per_h(360);
    let mut p = roomy();
    p.vtbi = Some(Steps(0));
    p.regimens[0] = Some(basal(rate));
    if p.validate().is_err() {
        return;
    }
    let mut rig = Rig::new(&p, [Some(steady(rate)), None, None, None]);
    rig.run_until(H);
    assert_eq!(rig.pump.state(), State::Complete);
}

#[test]
fn a_change_of_measure_that_does_not_fit_is_full() {
    let mut w = crate::window::Window::new();
    w.add(10);
    w.convert(1_000_000_000, 1);
    let caps = Caps {
        h1: Some(Steps(9_000_000_000)),
        h4: None,
        h24: None,
    };
    assert!(w.promise(MonoNs(0), caps, |_, _| true).is_err());
}

#[test]
fn a_change_of_measure_errs_by_a_step() {
    // 1 step a minute for a day, then a step that is 0.2 % smaller
    let mut w = crate::window::Window::new();
    for m in 0..1440 {
        w.advance(MonoNs(m * MIN));
        w.add(1);
    }
    w.convert(500, 499);
    let caps = Caps {
        h1: None,
        h4: None,
        h24: Some(Steps(1500)),
    };
    assert_eq!(w.promise(MonoNs(1439 * MIN), caps, |_, _| true), Ok(()));
}

#[test]
fn a_bolus_that_would_take_more_than_half_a_day_is_refused() {
    let mut p = roomy();
    p.max_rate = ul_per_h(10);
    p.regimens[0] = Some(basal(ul_per_h(5)));
    let mut rig = Rig::new(&p, [Some(steady(ul_per_h(5))), None, None, None]);
    for ul in [61, 60] {
        let (volume, over) = (volume_ul(ul), Nanoseconds(MIN));
        rig.command(Command::ClinicianBolus { volume, over });
    }
    assert_eq!(rig.refusals(), vec![Reason::MaxRate]);
    rig.run_until(DAY);
    assert_eq!(rig.edges.len(), 2400 + 1200);
}

#[test]
fn no_bolus_is_asked_for_over_years() {
    let mut p = roomy();
    p.regimens[0] = Some(demand(volume_ul(50), 2 * MIN, 30 * MIN));
    p.order_lease = Nanoseconds::MAX;
    let mut rig = Rig::new(
        &p,
        [Some(generous(volume_ul(50), u64::MAX)), None, None, None],
    );
    rig.press();
    rig.run_until(30 * DAY);
    rig.command(Command::ClinicianBolus {
        volume: volume_ul(10),
        over: Nanoseconds(MIN),
    });
    assert_eq!(
        rig.refusals(),
        vec![Reason::Envelope],
        "the demand, and not the clinician"
    );
}

#[test]
fn a_regimen_that_holds_does_not_hold_longer_over_a_pause() {
    let rate = ul_per_h(360);
    let mut p = roomy();
    p.on_strategy_loss = OnStrategyLoss::HoldBasal(Nanoseconds(10 * MIN));
    p.regimens[0] = Some(basal(rate));
    let mut rig = Rig::new(&p, [Some(steady(rate)), None, None, None]);
    rig.run_until(MIN);
    rig.strategies[0] = None;
    rig.run_until(5 * MIN);
    rig.command(Command::Pause);
    rig.run_until(30 * MIN);
    rig.command(Command::Resume);
    let n = rig.edges.len();
    rig.run_until(2 * H);
    let held = rig.edges.len() - n;
    assert!(
        (715..=725).contains(&held),
        "four of ten minutes were used before: {held}"
    );
}

#[test]
fn a_strategy_that_insists_is_not_asked_a_hundred_times_a_second() {
    let mut p = roomy();
    p.regimens[0] = Some(demand(volume_ul(5), MIN, MIN)); // no interval: unasked boluses are refused
    let n = std::rc::Rc::new(core::cell::Cell::new(0));
    let c = n.clone();
    let plan: Plan = Box::new(move |s| {
        c.set(c.get() + 1);
        Some(Order {
            bolus: Some(BolusRequest {
                volume: volume_ul(5),
                over: Nanoseconds(MIN),
                loading: false,
            }),
            ..order(s, Rate::ZERO)
        })
    });
    let mut rig = Rig::new(&p, [Some(plan), None, None, None]);
    rig.run_until(MIN);
    assert!(
        n.get() < 200,
        "{} asks, {} events in a minute",
        n.get(),
        rig.events.len()
    );
}

#[test]
fn the_same_drug_twice_is_refused() {
    let d = |fg, cap| {
        Some(Drug {
            id: DrugId([1; 16]),
            fg_per_step: fg,
            caps: Caps {
                h1: None,
                h4: None,
                h24: Some(Steps(cap)),
            },
        })
    };
    let mut p = roomy();
    p.drugs = [d(100, 1000), d(1000, 100), None, None];
    assert!(p.validate().is_err());
}

#[test]
fn a_bolus_that_the_basal_starves_ends_at_last() {
    let mut p = roomy();
    p.max_rate = ul_per_h(360);
    p.order_lease = Nanoseconds::MAX;
    p.regimens[0] = Some(basal(ul_per_h(360)));
    p.regimens[1] = Some(demand(volume_ul(5), MIN, MIN));
    let plan: Plan = Box::new(move |s| {
        let mut o = order(
            s,
            if s.now.0 >= 10 * S {
                ul_per_h(360)
            } else {
                Rate::ZERO
            },
        );
        o.wake_in = Some(Nanoseconds(10 * S));
        Some(o)
    });
    let mut rig = Rig::new(
        &p,
        [Some(plan), Some(generous(volume_ul(5), MIN)), None, None],
    );
    rig.press();
    rig.run_until(DAY);
    assert!(
        rig.pump.running.is_none(),
        "still runs, {:?}",
        rig.events
            .iter()
            .filter(|e| matches!(e.kind, EventKind::BolusStretched { .. }))
            .count()
    );
}
