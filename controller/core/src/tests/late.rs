//! Late loops and slow disks: corners in which an invariant could be lost.

extern crate std;

use std::boxed::Box;
use std::vec;
use std::vec::Vec;

use super::rig::*;
use crate::event::EventKind;
use crate::order::{Answer, BolusRequest, Order, RegimenId};
use crate::prescription::*;
use crate::pump::{Command, Inputs, Pump};
use crate::quantity::{MonoNs, Nanoseconds, Rate, Steps};

fn ord(seq: u64, basal: Rate) -> Order {
    Order {
        seq,
        basal,
        bolus: None,
        answer: None,
        valid_for: Nanoseconds::MAX,
        wake_in: None,
    }
}

#[test]
fn a_bolus_waits_for_a_sync_that_holds_its_record() {
    let rate = ul_per_h(3600); // 20/s
    let mut p = roomy();
    p.order_lease = Nanoseconds::MAX;
    p.regimens[0] = Some(basal(rate));
    p.regimens[1] = Some(demand(volume_ul(5), MIN, 30 * MIN));
    let mut pump = Box::new(Pump::new());
    pump.arm(MonoNs(0), &p).unwrap();
    pump.tick(
        MonoNs(0),
        &Inputs {
            command: Some(Command::Start),
            ..Inputs::default()
        },
    );
    let s0 = pump.snapshot(RegimenId(0)).unwrap().seq;
    let s1 = pump.snapshot(RegimenId(1)).unwrap().seq;
    let out = pump.tick(
        MonoNs(0),
        &Inputs {
            orders: [Some(ord(s0, rate)), Some(ord(s1, Rate::ZERO)), None, None],
            ..Inputs::default()
        },
    );
    // The journal begins to sync this, with this checkpoint.
    let wanted = out.credit_wanted.unwrap();
    let saved = pump.checkpoint();
    // Meanwhile the basal strategy orders zero, and the patient presses.
    let t = MonoNs(10 * MS);
    let s0 = pump.snapshot(RegimenId(0)).unwrap().seq;
    pump.tick(
        t,
        &Inputs {
            orders: [Some(ord(s0, Rate::ZERO)), None, None, None],
            ..Inputs::default()
        },
    );
    pump.tick(
        t,
        &Inputs {
            press: true,
            ..Inputs::default()
        },
    );
    let s = pump.snapshot(RegimenId(1)).unwrap();
    let give = Order {
        answer: s.demand.map(Answer::Give),
        bolus: Some(BolusRequest {
            volume: volume_ul(5),
            over: Nanoseconds(MIN),
            loading: false,
        }),
        ..ord(s.seq, Rate::ZERO)
    };
    pump.tick(
        t,
        &Inputs {
            orders: [None, Some(give), None, None],
            ..Inputs::default()
        },
    );
    // The old sync is done.
    pump.tick(
        t,
        &Inputs {
            credit: Some(wanted),
            ..Inputs::default()
        },
    );
    let started = pump
        .events()
        .iter()
        .any(|e| matches!(e.kind, EventKind::BolusStarted { .. }));
    // power loss now
    let mut back = Pump::restore(&saved, wanted, saved.at());
    back.arm(MonoNs(0), &p).unwrap();
    back.tick(
        MonoNs(0),
        &Inputs {
            command: Some(Command::Start),
            ..Inputs::default()
        },
    );
    let left = back.snapshot(RegimenId(1)).unwrap().lockout_left;
    assert!(
        !(started && left == Nanoseconds::ZERO),
        "started, and after the restart the lockout is open"
    );
}

#[test]
fn a_bolus_that_waits_for_credit_is_not_completed_by_a_late_tick() {
    let mut p = roomy();
    p.order_lease = Nanoseconds::MAX;
    p.regimens[0] = Some(demand(volume_ul(50), 20 * MIN, 30 * MIN)); // 1000 steps, 1.2 s each
    let mut rig = Rig::new(
        &p,
        [Some(generous(volume_ul(50), 20 * MIN)), None, None, None],
    );
    rig.press();
    rig.journal = false;
    rig.oversleep_until(30 * MIN);
    rig.journal = true;
    rig.run_until(3 * H);
    let ended: Vec<_> = rig
        .events
        .iter()
        .filter_map(|e| match e.kind {
            EventKind::BolusEnded { delivered, cut, .. } => Some((delivered.0, cut)),
            _ => None,
        })
        .collect();
    let l = rig.pump.ledger().unwrap();
    assert_eq!(l.commanded, Steps(1000), "{ended:?} {l:?}");
}

#[test]
fn an_edge_that_is_due_and_not_issued_is_part_of_the_promise() {
    let rate = ul_per_h(360); // 2/s
    let mut p = roomy();
    p.order_lease = Nanoseconds::MAX;
    p.caps.h1 = Some(Steps(7200 + 1000));
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
    rig.run_until(100 * MS);
    rig.journal = false;
    rig.press();
    // credit comes in the tick that issues the first edge, 0.1 ms late
    rig.journal = true;
    rig.now = 500 * MS + 100_000;
    let outputs_credit = rig.pump.credit_wanted;
    rig.credit = outputs_credit;
    rig.tick(Inputs {
        credit: Some(outputs_credit),
        ..Inputs::default()
    });
    rig.run_until(2 * H);
    let e = &rig.edges;
    let mut first = 0;
    let mut most = 0;
    for (i, at) in e.iter().enumerate() {
        while e[first] + H <= *at {
            first += 1;
        }
        most = most.max(i - first + 1);
    }
    assert!(most <= 8200, "{most} steps in an hour, cap 8200");
}

#[test]
fn a_bolus_that_was_slept_through_is_not_reported_as_delivered() {
    let mut p = roomy();
    p.order_lease = Nanoseconds::MAX;
    p.regimens[0] = Some(demand(volume_ul(50), 2 * MIN, 30 * MIN));
    let mut rig = Rig::new(
        &p,
        [Some(generous(volume_ul(50), 2 * MIN)), None, None, None],
    );
    rig.press();
    rig.oversleep_until(3 * MIN);
    rig.run_for(MIN);
    let ended: Vec<_> = rig
        .events
        .iter()
        .filter_map(|e| match e.kind {
            EventKind::BolusEnded { delivered, cut, .. } => Some((delivered.0, cut)),
            _ => None,
        })
        .collect();
    assert_eq!(ended, vec![(rig.edges.len() as u64, None)]);
}

#[test]
fn the_edge_in_flight_is_booked_once() {
    let rate = ul_per_h(360);
    let mut p = roomy();
    p.order_lease = Nanoseconds::MAX;
    p.regimens[0] = Some(basal(rate));
    let mut rig = Rig::new(&p, [Some(steady(rate)), None, None, None]);
    rig.run_until(499 * MS);
    let credit = rig.credit;
    rig.now = 500 * MS;
    let o = rig.pump.tick(MonoNs(500 * MS), &Inputs::default());
    assert!(o.step);
    let saved = rig.pump.checkpoint();
    let back = Pump::restore(&saved, credit, saved.at());
    let gone = 20_000_000 - back.memory.content().0;
    assert_eq!(gone, credit.0, "no more than the credit can be gone");
}

#[test]
fn an_end_to_start_lockout_counts_from_the_edge_that_was_issued() {
    let mut p = roomy();
    p.order_lease = Nanoseconds::MAX;
    let mut e = demand(volume_ul(5), 100 * S, MIN); // 100 steps, 1 s apart
    e.bolus.as_mut().unwrap().demand.as_mut().unwrap().edge = LockoutEdge::EndToStart;
    p.regimens[0] = Some(e);
    let mut rig = Rig::new(
        &p,
        [Some(generous(volume_ul(5), 100 * S)), None, None, None],
    );
    rig.press();
    rig.run_until(99 * S);
    rig.oversleep_until(130 * S);
    rig.run_until(160 * S);
    rig.press();
    rig.run_for(S);
    let last = rig
        .edges
        .iter()
        .copied()
        .filter(|a| *a < 160 * S)
        .max()
        .unwrap();
    if let Some(second) = rig.started().get(1) {
        assert!(second - last >= MIN, "{} s", (second - last) / S);
    }
}

#[test]
fn unasked_boluses_keep_their_interval_from_start_to_start_though_the_disk_is_slow() {
    let mut p = roomy();
    p.order_lease = Nanoseconds::MAX;
    let mut e = demand(volume_ul(5), MIN, MIN);
    let b = e.bolus.as_mut().unwrap();
    b.demand = None;
    b.interval = Some(Nanoseconds(2 * MIN));
    p.regimens[0] = Some(e);
    let plan: Plan = Box::new(move |s| {
        let mut o = order(s, Rate::ZERO);
        if s.now.0 == MIN || s.now.0 == 3 * MIN {
            o.bolus = Some(BolusRequest {
                volume: volume_ul(5),
                over: Nanoseconds(MIN),
                loading: false,
            });
        }
        o.wake_in = Some(Nanoseconds(MIN - s.now.0 % MIN));
        Some(o)
    });
    let mut rig = Rig::new(&p, [Some(plan), None, None, None]);
    rig.run_until(MIN - 1);
    rig.journal = false;
    rig.run_until(MIN + 1900 * MS);
    rig.journal = true;
    rig.tick(Inputs::default());
    rig.run_until(10 * MIN);
    let s = rig.started();
    assert!(s.len() < 2 || s[1] - s[0] >= 2 * MIN, "{s:?}");
}

#[test]
fn a_demand_goes_before_a_scheduled_bolus_that_waits_for_its_credit() {
    let mut p = roomy();
    p.order_lease = Nanoseconds::MAX;
    let mut e = demand(volume_ul(5), MIN, MIN);
    let b = e.bolus.as_mut().unwrap();
    b.demand = None;
    b.interval = Some(Nanoseconds(2 * MIN));
    p.regimens[0] = Some(e);
    p.regimens[1] = Some(demand(volume_ul(5), MIN, MIN));
    let plan: Plan = Box::new(move |s| {
        let mut o = order(s, Rate::ZERO);
        if s.now.0 == MIN {
            o.bolus = Some(BolusRequest {
                volume: volume_ul(5),
                over: Nanoseconds(MIN),
                loading: false,
            });
        }
        o.wake_in = Some(Nanoseconds(MIN - s.now.0 % MIN));
        Some(o)
    });
    let mut rig = Rig::new(
        &p,
        [Some(plan), Some(generous(volume_ul(5), MIN)), None, None],
    );
    rig.run_until(MIN - 1);
    rig.journal = false;
    rig.run_until(MIN + 100 * MS);
    rig.press();
    rig.journal = true;
    rig.tick(Inputs::default());
    rig.run_until(10 * MIN);
    assert_eq!(rig.refusals(), vec![]);
}
