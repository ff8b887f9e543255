//! Section 6 of the design as stories in virtual time.

extern crate std;

use std::vec;
use std::vec::Vec;

use super::rig::*;
use crate::event::EventKind;
use crate::prescription::*;
use crate::pump::{Command, State};
use crate::quantity::{Nanoseconds, Rate, Steps};
use crate::reason::Reason;

#[test]
fn a_steady_rate_gives_evenly_spaced_edges_and_the_first_after_one_interval() {
    let rate = ul_per_h(360); // 2 steps a second
    let mut p = roomy();
    p.regimens[0] = Some(basal(rate));
    let mut rig = Rig::new(&p, [Some(steady(rate)), None, None, None]);
    rig.run_until(10 * S);
    let expected: Vec<u64> = (1..=20).map(|n| n * S / 2).collect();
    assert_eq!(rig.edges, expected);
}

#[test]
fn a_demand_bolus_is_given_whole_over_its_time_from_its_tick() {
    let mut p = roomy();
    p.regimens[0] = Some(demand(volume_ul(50), 2 * MIN, 30 * MIN));
    let mut rig = Rig::new(
        &p,
        [Some(generous(volume_ul(50), 2 * MIN)), None, None, None],
    );
    rig.run_until(H);
    rig.press();
    rig.run_for(H);
    assert_eq!(rig.edges.len(), 1000);
    assert_eq!(rig.edges[0], H + 120 * MS);
    assert_eq!(rig.edges[999], H + 2 * MIN);
}

#[test]
fn a_demand_exactly_at_the_end_of_the_lockout_is_given_and_one_tick_before_is_not() {
    let mut p = roomy();
    p.regimens[0] = Some(demand(volume_ul(5), 2 * MIN, 30 * MIN));
    let mut rig = Rig::new(
        &p,
        [Some(generous(volume_ul(5), 2 * MIN)), None, None, None],
    );
    rig.press();
    rig.run_until(30 * MIN - 10 * MS);
    rig.press();
    rig.run_until(30 * MIN);
    rig.press();
    rig.run_for(MIN);
    assert_eq!(rig.started(), vec![0, 30 * MIN]);
    assert_eq!(rig.refusals(), vec![Reason::Lockout]);
}

#[test]
fn an_end_to_start_lockout_counts_from_the_last_edge() {
    let mut p = roomy();
    let mut envelope = demand(volume_ul(5), 2 * MIN, 30 * MIN);
    envelope
        .bolus
        .as_mut()
        .unwrap()
        .demand
        .as_mut()
        .unwrap()
        .edge = LockoutEdge::EndToStart;
    p.regimens[0] = Some(envelope);
    let mut rig = Rig::new(
        &p,
        [Some(generous(volume_ul(5), 2 * MIN)), None, None, None],
    );
    rig.press();
    rig.run_until(MIN);
    rig.press();
    rig.run_until(32 * MIN - 10 * MS);
    rig.press();
    rig.run_until(32 * MIN);
    rig.press();
    assert_eq!(rig.started(), vec![0, 32 * MIN]);
    assert_eq!(rig.refusals(), vec![Reason::BolusRunning, Reason::Lockout]);
}

/// D06.
#[test]
fn counts_use_the_half_open_window() {
    let mut p = roomy();
    let mut envelope = demand(volume_ul(5), 10 * S, 10 * MIN);
    let limit = CountLimit {
        max: 2,
        period: Nanoseconds(H),
    };
    envelope
        .bolus
        .as_mut()
        .unwrap()
        .demand
        .as_mut()
        .unwrap()
        .counts = [Some(limit), None];
    p.regimens[0] = Some(envelope);
    let mut rig = Rig::new(&p, [Some(generous(volume_ul(5), 10 * S)), None, None, None]);
    for at in [0, 10 * MIN, 20 * MIN, H - 10 * MS, H] {
        rig.run_until(at);
        rig.press();
    }
    assert_eq!(rig.started(), vec![0, 10 * MIN, H]);
    assert_eq!(rig.refusals(), vec![Reason::MaxPer1h, Reason::MaxPer1h]);
}

/// D07.
#[test]
fn a_bolus_is_refused_when_the_basal_would_overflow_the_hour() {
    // The published defect: early in the hour the window is almost empty, so a check of the
    // present lets the bolus through, and the basal then overfills the hour.
    let rate = ul_per_h(300);
    let mut p = roomy();
    p.caps.h1 = Some(Steps(400_000 / 50));
    p.regimens[0] = Some(basal(rate));
    p.regimens[1] = Some(demand(volume_ul(150), 2 * MIN, 30 * MIN));
    let strategies = || {
        [
            Some(steady(rate)),
            Some(generous(volume_ul(150), 2 * MIN)),
            None,
            None,
        ]
    };
    let mut rig = Rig::new(&p, strategies());
    rig.run_until(5 * MIN);
    rig.press();
    rig.run_until(2 * H);
    assert_eq!(rig.refusals(), vec![Reason::Window1h]);
    let expected: Vec<u64> = (1..=12_000).map(|n| n * 600 * MS).collect();
    assert_eq!(rig.edges, expected, "the basal runs on unchanged");
}

/// D12, a normal stop.
#[test]
fn a_pause_cuts_a_bolus_for_good() {
    let mut p = roomy();
    p.regimens[0] = Some(demand(volume_ul(50), 2 * MIN, 30 * MIN));
    let mut rig = Rig::new(
        &p,
        [Some(generous(volume_ul(50), 2 * MIN)), None, None, None],
    );
    rig.press();
    rig.run_until(MIN);
    rig.command(Command::Pause);
    rig.run_until(5 * MIN);
    rig.command(Command::Resume);
    rig.run_until(10 * MIN);
    rig.press();
    assert_eq!(rig.edges.len(), 500);
    assert_eq!(rig.refusals(), vec![Reason::Lockout]);
    let cut = rig.events.iter().find_map(|event| match event.kind {
        EventKind::BolusEnded { delivered, cut, .. } => Some((delivered, cut)),
        _ => None,
    });
    assert_eq!(cut, Some((Steps(500), Some(Reason::Paused))));
}

#[test]
fn the_pump_completes_at_the_volume_to_be_infused() {
    let rate = ul_per_h(360);
    let mut p = roomy();
    p.vtbi = Some(Steps(100));
    p.regimens[0] = Some(basal(rate));
    let mut rig = Rig::new(&p, [Some(steady(rate)), None, None, None]);
    rig.run_until(H);
    assert_eq!(rig.edges.len(), 100);
    assert_eq!(rig.pump.state(), State::Complete);
}

#[test]
fn a_lost_strategy_stops_its_regimen_after_the_lease_and_a_live_order_brings_it_back() {
    let rate = ul_per_h(360);
    let mut p = roomy();
    p.regimens[0] = Some(basal(rate));
    let mut rig = Rig::new(&p, [Some(steady(rate)), None, None, None]);
    rig.run_until(10 * S);
    rig.strategies[0] = None;
    rig.run_until(MIN);
    let last = *rig.edges.last().unwrap();
    assert!(last <= 12 * S, "the last edge is at {last}");
    assert_eq!(rig.pump.state(), State::Infusing);
    rig.strategies[0] = Some(steady(rate));
    rig.run_until(2 * MIN);
    assert!(rig.edges.len() > 120);
}

/// I8.
#[test]
fn a_restart_leaves_the_pump_disarmed_and_books_the_gap() {
    let rate = ul_per_h(360);
    let mut p = roomy();
    p.regimens[0] = Some(basal(rate));
    let mut rig = Rig::new(&p, [Some(steady(rate)), None, None, None]);
    rig.run_until(H);
    let given = rig.edges.len() as u64;
    rig.lose_power(MIN);
    assert_eq!(rig.pump.state(), State::Disarmed);
    rig.run_for(H);
    assert_eq!(rig.edges.len() as u64, given);
    let uncertain = rig.events.iter().find_map(|event| match event.kind {
        EventKind::Uncertain { steps } => Some(steps.0),
        _ => None,
    });
    assert!(uncertain.unwrap() <= 360 + 120, "{uncertain:?}");
}

#[test]
fn ten_years_do_not_drift() {
    for rate in [ul_per_h(2), Rate::new(1_000_000, 7 * DAY).unwrap()] {
        let mut p = roomy();
        // Leases are vouched for, as in the simulator: idle hours cost nothing.
        p.order_lease = Nanoseconds::MAX;
        p.regimens[0] = Some(basal(rate));
        let mut rig = Rig::new(&p, [Some(steady(rate)), None, None, None]);
        rig.saves = false;
        let end = 3653 * DAY;
        rig.run_until(end);
        rig.tick(crate::pump::Inputs::default());
        let ledger = rig.pump.ledger().unwrap();
        let exact = u128::from(rate.num()) * u128::from(end);
        let per_step = u128::from(rate.den()) * 50;
        assert_eq!(u128::from(ledger.delivered.0), exact / per_step);
        assert_eq!(ledger.delivered.0, rig.edges.len() as u64);
        assert_eq!(ledger.missed, Steps::ZERO);
        // remainder / parts_per_step == (exact % per_step) / per_step, exactly
        let left = exact % per_step;
        let unit = ledger.parts_per_step / (per_step / gcd(left, per_step));
        assert_eq!(ledger.remainder, left / gcd(left, per_step) * unit);
    }
}

fn gcd(a: u128, b: u128) -> u128 {
    if b == 0 { a } else { gcd(b, a % b) }
}
