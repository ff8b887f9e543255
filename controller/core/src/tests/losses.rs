//! What outlives an arming, and what a lost strategy, a slow journal or a power cut leaves
//! behind.

extern crate std;

use std::boxed::Box;
use std::vec;
use std::vec::Vec;

use super::rig::*;
use crate::alarm::Alarm;
use crate::event::EventKind;
use crate::prescription::*;
use crate::pump::{Command, State};
use crate::quantity::{Nanoseconds, Rate, Steps, Volume};
use crate::reason::Reason;

#[test]
fn windows_lockouts_and_counts_survive_arming_again() {
    let mut p = roomy();
    p.caps.h1 = Some(Steps(150));
    p.regimens[0] = Some(demand(volume_ul(5), MIN, 30 * MIN));
    let mut rig = Rig::new(&p, [Some(generous(volume_ul(5), MIN)), None, None, None]);
    rig.press();
    rig.run_until(10 * MIN);
    rig.command(Command::Stop);
    rig.arm(&p);
    rig.command(Command::Start);
    rig.press();
    rig.run_until(40 * MIN);
    rig.press();
    assert_eq!(rig.refusals(), vec![Reason::Lockout, Reason::Window1h]);
}

/// D10.
#[test]
fn a_drugs_mass_is_remembered_over_a_change_of_its_concentration() {
    let mut p = roomy();
    let drug = |fg_per_step, cap| Drug {
        id: DrugId([7; 16]),
        fg_per_step,
        caps: Caps {
            h1: None,
            h4: None,
            h24: Some(Steps(cap)),
        },
    };
    // 250 steps of the cap at the first concentration; the same mass is 25 steps later.
    p.drugs[0] = Some(drug(100, 250));
    p.regimens[0] = Some(demand(volume_ul(10), MIN, MIN));
    let mut rig = Rig::new(&p, [Some(generous(volume_ul(10), MIN)), None, None, None]);
    rig.press();
    rig.run_until(10 * MIN);
    assert_eq!(rig.edges.len(), 200);
    rig.command(Command::Stop);
    p.drugs[0] = Some(drug(1000, 25));
    p.regimens[0] = Some(demand(Volume::from_nl(6 * 50), MIN, MIN));
    rig.strategies[0] = Some(generous(Volume::from_nl(6 * 50), MIN));
    rig.arm(&p);
    rig.command(Command::Start);
    rig.press();
    assert_eq!(
        rig.refusals(),
        vec![Reason::Window24h],
        "20 of 25 steps are used, 6 are asked"
    );
}

#[test]
fn after_a_cap_is_lowered_nothing_is_given_until_the_windows_fit() {
    let rate = ul_per_h(60); // 1200 steps an hour
    let mut p = roomy();
    p.regimens[0] = Some(basal(rate));
    p.regimens[1] = Some(demand(volume_ul(50), 2 * MIN, 30 * MIN));
    let plans = [
        Some(steady(rate)),
        Some(generous(volume_ul(50), 2 * MIN)),
        None,
        None,
    ];
    let mut rig = Rig::new(&p, plans);
    rig.press();
    rig.run_until(10 * MIN);
    rig.command(Command::Stop);
    p.caps.h1 = Some(Steps(1201));
    rig.arm(&p);
    rig.command(Command::Start);
    let before = rig.edges.len();
    rig.run_until(40 * MIN);
    assert_eq!(rig.edges.len(), before);
    assert!(rig.pump.alarms().contains(Alarm::WindowsFull));
    rig.run_until(2 * H);
    assert!(rig.edges.len() > before);
    assert!(!rig.pump.alarms().contains(Alarm::WindowsFull));
}

#[test]
fn held_basal_adds_up_and_then_stops_until_the_strategy_was_live_for_an_hour() {
    let rate = ul_per_h(360);
    let mut p = roomy();
    p.on_strategy_loss = OnStrategyLoss::HoldBasal(Nanoseconds(30 * MIN));
    p.regimens[0] = Some(basal(rate));
    let mut rig = Rig::new(&p, [Some(steady(rate)), None, None, None]);
    let lost_for = |rig: &mut Rig, span: u64| {
        let before = rig.edges.len();
        rig.strategies[0] = None;
        rig.run_for(span);
        let given = rig.edges.len() - before;
        rig.strategies[0] = Some(steady(rate));
        rig.run_for(MIN);
        given
    };
    assert_eq!(lost_for(&mut rig, 20 * MIN), 2400, "held all the time");
    let second = lost_for(&mut rig, 20 * MIN);
    assert!(
        (1200..1210).contains(&second),
        "held for the ten minutes left: {second}"
    );
    let third = lost_for(&mut rig, 20 * MIN);
    assert!(third <= 4, "nothing left to hold: {third}");
    rig.run_for(H);
    assert_eq!(lost_for(&mut rig, 20 * MIN), 2400, "forgiven");
}

#[test]
fn the_loss_of_one_strategy_leaves_the_others_alone() {
    let rate = ul_per_h(360);
    let mut p = roomy();
    p.regimens[0] = Some(basal(rate));
    p.regimens[1] = Some(basal(rate));
    let plans = [Some(steady(rate)), Some(steady(rate)), None, None];
    let mut rig = Rig::new(&p, plans);
    rig.strategies[1] = None;
    rig.run_until(H);
    assert!((7200..7210).contains(&rig.edges.len()));
    assert!(rig.pump.alarms().contains(Alarm::StrategyLostStop));
}

/// D09.
#[test]
fn keep_vein_open_is_given_after_a_loss_and_the_bolus_is_cut() {
    let rate = ul_per_h(360);
    let mut p = roomy();
    p.on_strategy_loss = OnStrategyLoss::Kvo(ul_per_h(36));
    let mut envelope = demand(volume_ul(50), 10 * MIN, 30 * MIN);
    envelope.basal = rate;
    p.regimens[0] = Some(envelope);
    let mut rig = Rig::new(
        &p,
        [Some(generous(volume_ul(50), 10 * MIN)), None, None, None],
    );
    rig.press();
    rig.strategies[0] = None;
    rig.run_until(2 * H);
    let (_, _, cut) = ended(&rig)[0];
    assert_eq!(cut, Some(Reason::Lease));
    let tail = rig.edges.iter().filter(|at| **at > H).count();
    assert_eq!(tail, 720, "36 µL/h are 720 steps an hour");
}

#[test]
fn a_bolus_that_the_journal_does_not_make_durable_in_time_is_refused() {
    let mut p = roomy();
    p.regimens[0] = Some(demand(volume_ul(5), MIN, 30 * MIN));
    let mut rig = Rig::new(&p, [Some(generous(volume_ul(5), MIN)), None, None, None]);
    rig.journal = false;
    rig.press();
    rig.run_until(MIN);
    assert_eq!(rig.refusals(), vec![Reason::CreditLate]);
    rig.journal = true;
    rig.press();
    rig.run_until(H);
    assert_eq!(rig.edges.len(), 100, "a refused demand starts no lockout");
}

/// Each credit is a sync of a disk that wears by it.
#[test]
fn at_a_millilitre_a_day_credit_is_asked_for_at_most_once_a_minute() {
    let rate = Rate::of(Volume::from_nl(1_000_000), Nanoseconds::from_hours(24)).unwrap();
    let mut p = roomy();
    p.regimens[0] = Some(basal(rate));
    let mut rig = Rig::new(&p, [Some(steady(rate)), None, None, None]);
    rig.run_until(DAY);
    // What each edge was paid from: where that changes, there was a credit.
    let paid = rig.bills.windows(2).filter(|pair| pair[0].1 != pair[1].1);
    let credits: Vec<u64> = paid.map(|pair| pair[1].2).collect();
    assert!(credits.len() > 500, "{} credits", credits.len());
    let apart = credits.windows(2).map(|pair| pair[1] - pair[0]).min();
    assert!(apart >= Some(MIN), "{apart:?} ns apart");
}

#[test]
fn a_stalled_journal_brings_the_pump_to_rest_and_an_alarm() {
    let rate = ul_per_h(360);
    let mut p = roomy();
    p.regimens[0] = Some(basal(rate));
    let mut rig = Rig::new(&p, [Some(steady(rate)), None, None, None]);
    rig.run_until(MIN);
    rig.journal = false;
    rig.run_until(H);
    assert!(rig.edges.len() as u64 <= rig.credit.0);
    assert!(rig.pump.alarms().contains(Alarm::CreditSpent));
    let ledger = rig.pump.ledger().unwrap();
    assert_eq!(
        ledger.commanded, ledger.delivered,
        "what could not be given is not owed"
    );
    rig.journal = true;
    rig.run_until(2 * H);
    assert!(!rig.pump.alarms().contains(Alarm::CreditSpent));
    assert!(rig.edges.len() > 7000);
}

#[test]
fn a_stale_or_repeated_order_is_dropped() {
    let rate = ul_per_h(360);
    let mut p = roomy();
    p.regimens[0] = Some(basal(rate));
    let mut first = None;
    let stale: Plan = Box::new(move |snapshot| Some(*first.get_or_insert(order(snapshot, rate))));
    let mut rig = Rig::new(&p, [Some(stale), None, None, None]);
    rig.run_until(MIN);
    assert!(
        rig.edges.len() <= 4,
        "one lease, then nothing: {}",
        rig.edges.len()
    );
    let dropped =
        |event: &crate::event::Event| matches!(event.kind, EventKind::OrderDropped { .. });
    assert!(rig.events.iter().any(dropped));
}

/// I8, I13.
#[test]
fn after_a_restart_nothing_moves_until_armed_and_started_and_the_lockout_holds() {
    let mut p = roomy();
    p.regimens[0] = Some(demand(volume_ul(5), MIN, 30 * MIN));
    let mut rig = Rig::new(&p, [Some(generous(volume_ul(5), MIN)), None, None, None]);
    rig.press();
    rig.run_until(30 * S);
    // An hour without power counts as no time at all.
    rig.lose_power(H);
    assert_eq!(rig.pump.state(), State::Disarmed);
    rig.press();
    rig.command(Command::Start);
    assert_eq!(rig.pump.state(), State::Disarmed);
    rig.arm(&p);
    rig.command(Command::Start);
    rig.press();
    assert_eq!(rig.refusals(), vec![Reason::Stopped, Reason::Lockout]);
}
