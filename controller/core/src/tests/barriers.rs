//! Barriers that stand behind others: each has a story of its own, so that none can be
//! taken away unnoticed.

extern crate std;

use std::boxed::Box;
use std::vec;

use super::rig::*;
use crate::alarm::Alarm;
use crate::event::EventKind;
use crate::grid::Grid;
use crate::lockout::BolusMemory;
use crate::order::{BolusRequest, Order, RegimenId};
use crate::prescription::*;
use crate::pump::{ArmError, Command, EdgeFate, Inputs, Pump, Sensors, State};
use crate::quantity::{MonoNs, Nanoseconds, Rate, Steps, Volume};
use crate::reason::Reason;

/// A demand of 5 µL over a minute, at most each minute.
fn on_demand() -> (Prescription, Rig) {
    let mut p = roomy();
    p.regimens[0] = Some(demand(volume_ul(5), MIN, MIN));
    let rig = Rig::new(&p, [Some(generous(volume_ul(5), MIN)), None, None, None]);
    (p, rig)
}

#[test]
fn a_change_of_the_step_keeps_what_the_windows_hold() {
    let (mut p, mut rig) = on_demand();
    rig.press();
    rig.run_until(5 * MIN);
    rig.command(Command::Stop);
    // 100 steps of 50 nL are 50 steps of 100 nL; 99 of those leave no room for 50 more.
    p.volume_per_step = Volume::from_nl(100);
    p.caps.h1 = Some(Steps(99));
    rig.arm(&p);
    rig.command(Command::Start);
    rig.press();
    assert_eq!(rig.refusals(), vec![Reason::Window1h]);
}

#[test]
fn uncertain_volume_is_in_the_windows_and_out_of_the_reservoir() {
    let (mut p, mut rig) = on_demand();
    rig.press();
    rig.run_until(30 * S);
    rig.lose_power(0);
    let content = rig.pump.memory.content();
    assert!(
        content <= Steps(20_000_000 - 100),
        "the bolus may be gone whole: {content:?}"
    );
    p.caps.h1 = Some(Steps(199));
    rig.arm(&p);
    rig.command(Command::Start);
    rig.run_for(2 * MIN);
    rig.press();
    assert_eq!(rig.refusals(), vec![Reason::Window1h]);
    assert!(rig.edges.len() < 100);
}

#[test]
fn a_bolus_that_the_power_cut_ended_ends_its_lockout_too() {
    let mut p = roomy();
    let mut envelope = demand(volume_ul(5), MIN, 10 * MIN);
    let rules = envelope.bolus.as_mut().unwrap().demand.as_mut().unwrap();
    rules.edge = LockoutEdge::EndToStart;
    p.regimens[0] = Some(envelope);
    let mut rig = Rig::new(&p, [Some(generous(volume_ul(5), MIN)), None, None, None]);
    rig.press();
    rig.run_until(30 * S);
    rig.lose_power(0);
    rig.arm(&p);
    rig.command(Command::Start);
    // The lockout counts from the power cut, and does not move on with every question.
    rig.run_for(11 * MIN);
    rig.press();
    assert!(rig.refusals().is_empty());
}

#[test]
fn a_driver_that_says_nothing_of_an_edge_may_have_made_it() {
    let rate = ul_per_h(360);
    let mut p = roomy();
    p.regimens[0] = Some(basal(rate));
    let mut rig = Rig::new(&p, [Some(steady(rate)), None, None, None]);
    rig.run_until(499 * MS);
    let outputs = rig.pump.tick(MonoNs(500 * MS), &Inputs::default());
    assert!(outputs.step);
    rig.pump.tick(
        MonoNs(501 * MS),
        &Inputs {
            edge: EdgeFate::None,
            ..Inputs::default()
        },
    );
    let ledger = rig.pump.ledger().unwrap();
    assert_eq!((ledger.delivered, ledger.uncertain), (Steps(0), Steps(1)));
    assert!(rig.pump.alarms().contains(Alarm::MotorFault));
}

#[test]
fn nothing_is_armed_while_an_edge_is_on_its_way() {
    let rate = ul_per_h(360);
    let mut p = roomy();
    p.vtbi = Some(Steps(1));
    p.regimens[0] = Some(basal(rate));
    let mut rig = Rig::new(&p, [Some(steady(rate)), None, None, None]);
    rig.run_until(499 * MS);
    let outputs = rig.pump.tick(MonoNs(500 * MS), &Inputs::default());
    assert_eq!((outputs.step, rig.pump.state()), (true, State::Complete));
    assert_eq!(
        outputs.wake_at,
        MonoNs(500 * MS),
        "the driver is called to tell of it"
    );
    assert_eq!(rig.pump.arm(MonoNs(501 * MS), &p), Err(ArmError::NotStill));
    rig.pump.tick(
        MonoNs(501 * MS),
        &Inputs {
            edge: EdgeFate::Accepted,
            ..Inputs::default()
        },
    );
    assert_eq!(rig.pump.arm(MonoNs(502 * MS), &p), Ok(()));
}

#[test]
fn the_devices_largest_bolus_holds_inside_a_wider_envelope() {
    let (mut p, _) = on_demand();
    p.max_bolus = Volume::from_nl(4_999);
    let mut rig = Rig::new(&p, [Some(generous(volume_ul(5), MIN)), None, None, None]);
    rig.press();
    assert_eq!(rig.refusals(), vec![Reason::MaxBolus]);
}

/// A square bolus of 60 µL over an hour, and a demand of 10 µL.
fn square_and_demand(p: &mut Prescription) -> Rig {
    let mut square = demand(volume_ul(60), H, MIN);
    let bolus = square.bolus.as_mut().unwrap();
    bolus.demand = None;
    bolus.interval = Some(Nanoseconds(4 * H));
    p.regimens[0] = Some(square);
    p.regimens[1] = Some(demand(volume_ul(10), 10 * MIN, 30 * MIN));
    let request = BolusRequest {
        volume: volume_ul(60),
        over: Nanoseconds(H),
        loading: false,
    };
    let plan: Plan = Box::new(move |snapshot| {
        let bolus = (snapshot.now == Nanoseconds::ZERO && snapshot.seq == 1).then_some(request);
        Some(Order {
            bolus,
            ..order(snapshot, Rate::ZERO)
        })
    });
    Rig::new(
        p,
        [
            Some(plan),
            Some(generous(volume_ul(10), 10 * MIN)),
            None,
            None,
        ],
    )
}

#[test]
fn what_a_suspended_bolus_has_left_counts_against_windows_and_the_volume_to_be_infused() {
    for (caps, vtbi, reason) in [
        (
            Caps {
                h4: Some(Steps(1_799)),
                ..Caps::default()
            },
            None,
            Reason::Window4h,
        ),
        (Caps::default(), Some(Steps(1_799)), Reason::Vtbi),
    ] {
        // 1200 steps of the square, 200 of the demand; then 400 of the operator's are one
        // too many, though hardly any of the square has been given.
        let mut p = roomy();
        (p.caps, p.vtbi) = (caps, vtbi);
        let mut rig = square_and_demand(&mut p);
        rig.run_until(MIN);
        rig.press();
        rig.run_until(11 * MIN + S);
        rig.command(Command::ClinicianBolus {
            volume: volume_ul(20),
            over: Nanoseconds(MIN),
        });
        assert_eq!(rig.refusals(), vec![reason]);
    }
}

#[test]
fn a_cut_lets_the_suspended_bolus_go_on() {
    let mut p = roomy();
    let mut rig = square_and_demand(&mut p);
    rig.run_until(MIN);
    rig.press();
    rig.strategies[1] = None;
    rig.run_until(3 * H);
    let resumed =
        |event: &crate::event::Event| matches!(event.kind, EventKind::BolusResumed { .. });
    assert!(rig.events.iter().any(resumed));
    assert!(
        (1200..1250).contains(&rig.edges.len()),
        "{}",
        rig.edges.len()
    );
}

#[test]
fn a_line_that_goes_bad_during_a_pause_is_a_fault() {
    let (_, mut rig) = on_demand();
    rig.command(Command::Pause);
    rig.sensors = Sensors {
        air: true,
        ..Sensors::default()
    };
    rig.tick(Inputs::default());
    assert_eq!(rig.pump.state(), State::Faulted);
}

#[test]
fn an_order_for_a_snapshot_that_was_never_sent_is_dropped() {
    let rate = ul_per_h(360);
    let mut p = roomy();
    p.regimens[0] = Some(basal(rate));
    let eager: Plan = Box::new(move |snapshot| {
        Some(Order {
            seq: snapshot.seq + 1,
            ..order(snapshot, rate)
        })
    });
    let mut rig = Rig::new(&p, [Some(eager), None, None, None]);
    rig.run_until(MIN);
    assert!(rig.edges.is_empty());
}

#[test]
fn a_demand_that_its_strategy_does_not_answer_is_refused_in_the_end() {
    let (mut p, _) = on_demand();
    p.order_lease = Nanoseconds::MAX;
    let mut rig = Rig::new(&p, [Some(steady(Rate::ZERO)), None, None, None]);
    rig.run_until(MIN);
    rig.strategies[0] = None;
    rig.press();
    rig.run_for(10 * S);
    assert_eq!(rig.refusals(), vec![Reason::Lease]);
}

#[test]
fn no_order_outlives_a_pause() {
    let rate = ul_per_h(360);
    let mut p = roomy();
    p.order_lease = Nanoseconds::from_hours(1);
    p.regimens[0] = Some(basal(rate));
    let mut rig = Rig::new(&p, [Some(steady(rate)), None, None, None]);
    rig.run_until(MIN);
    rig.command(Command::Pause);
    let given = rig.edges.len();
    rig.strategies[0] = None;
    rig.command(Command::Resume);
    rig.run_for(10 * MIN);
    assert_eq!(rig.edges.len(), given, "the strategy has not said so since");
}

#[test]
fn a_step_above_a_cap_is_withheld_though_the_governor_let_it_through() {
    let rate = ul_per_h(360);
    let mut p = roomy();
    p.caps.h1 = Some(Steps(8000));
    p.regimens[0] = Some(basal(rate));
    let mut rig = Rig::new(&p, [Some(steady(rate)), None, None, None]);
    rig.run_until(MIN);
    // Something that no governor has seen.
    rig.pump.memory.give(Steps(7_880));
    rig.run_until(2 * MIN);
    assert_eq!(rig.edges.len(), 120);
    assert!(rig.pump.alarms().contains(Alarm::OverInfusion));
    assert_eq!(rig.pump.state(), State::Faulted);
}

#[test]
fn more_boluses_than_can_be_remembered_are_refused() {
    let mut memory = BolusMemory::new();
    let mut given = 0;
    for minute in 0..DAY / MIN * 2 {
        let now = MonoNs(minute * MIN / 2);
        if memory.has_room(now) {
            memory.started(now, false);
            given += 1;
        }
    }
    assert_eq!(given, 2048, "in a day, though there were 2880 occasions");
    assert!(memory.has_room(MonoNs(DAY)));
}

#[test]
fn a_rate_that_is_not_on_the_grid_is_rounded_down() {
    let mut p = roomy();
    p.regimens[0] = Some(basal(ul_per_h(7)));
    let grid = Grid::of(&p).unwrap();
    for n in 1..2000_u64 {
        let rate = Rate::new(n * 1_000_003, H * 7919 + n).unwrap();
        let (flow, exact) = grid.flow(rate);
        // flow / parts per step ≤ rate / volume per step, and the next larger is above it.
        let parts = grid.parts_per_step();
        let wanted = |flow: u128| {
            let left = wide(flow, u128::from(rate.den()) * 50);
            left.cmp(&wide(parts, u128::from(rate.num())))
        };
        let ordering = wanted(flow.0);
        assert!(ordering.is_lt() && !exact || ordering.is_eq() && exact);
        assert!(wanted(flow.0 + 1).is_gt());
    }
}

#[test]
fn a_bolus_that_is_not_on_the_grid_is_over_when_its_time_is() {
    let (mut p, _) = on_demand();
    p.max_clinician_bolus = Some(volume_ul(100));
    for (steps, seconds) in [(13, 7), (97, 601), (1999, 3601), (3, 1009)] {
        let mut rig = Rig::new(&p, [Some(steady(Rate::ZERO)), None, None, None]);
        let volume = Volume::from_nl(steps * 50);
        rig.command(Command::ClinicianBolus {
            volume,
            over: Nanoseconds(seconds * S),
        });
        rig.run_until(seconds * S - 10 * MS);
        rig.press();
        rig.run_until(seconds * S);
        rig.press();
        assert_eq!(rig.refusals()[0], Reason::BolusRunning);
        assert_ne!(rig.refusals()[1], Reason::BolusRunning);
        assert_eq!(rig.edges.len() as u64, steps);
        assert_eq!(rig.edges.last(), Some(&(seconds * S)));
    }
}

#[test]
fn a_bolus_in_no_time_is_given_at_the_highest_rate() {
    let (mut p, _) = on_demand();
    p.max_rate = ul_per_h(360); // 2 steps a second
    let mut rig = Rig::new(&p, [Some(steady(Rate::ZERO)), None, None, None]);
    rig.command(Command::ClinicianBolus {
        volume: volume_ul(1),
        over: Nanoseconds(1),
    });
    rig.run_until(MIN);
    assert_eq!((rig.edges.len(), rig.edges.last()), (20, Some(&(10 * S))));
}

/// The product as a pair of 128-bit halves, high first.
fn wide(a: u128, b: u128) -> (u128, u128) {
    let (a1, a0, b1, b0) = (
        a >> 64,
        a & u128::from(u64::MAX),
        b >> 64,
        b & u128::from(u64::MAX),
    );
    let middle = a1 * b0 + ((a0 * b0) >> 64);
    let middle2 = a0 * b1 + (middle & u128::from(u64::MAX));
    let low = (middle2 << 64) | ((a0 * b0) & u128::from(u64::MAX));
    (a1 * b1 + (middle >> 64) + (middle2 >> 64), low)
}

#[test]
fn a_pump_is_as_small_as_its_documentation_says() {
    assert!(size_of::<Pump>() < 81_000, "{}", size_of::<Pump>());
}

#[test]
fn there_is_no_snapshot_of_a_regimen_that_is_not_there() {
    assert_eq!(Pump::new().snapshot(RegimenId(0)), None);
    assert_eq!(Pump::new().snapshot(RegimenId(200)), None);
}

/// What an operator is shown of a bolus that flows and of the windows.
#[test]
fn a_running_bolus_and_the_windows_can_be_looked_at() {
    let (_, mut rig) = on_demand();
    assert_eq!(rig.pump.running_bolus(), None);
    rig.press();
    let (_, none_yet) = rig.pump.running_bolus().expect("it flows");
    assert_eq!(none_yet, Steps::ZERO);
    rig.run_for(30 * S);
    let (_, some) = rig.pump.running_bolus().expect("it flows");
    assert!(some > Steps::ZERO);
    assert_eq!(some.0, rig.edges.len() as u64);
    let windows = rig.pump.windows().expect("it is armed");
    assert_eq!(windows.map(|(given, _)| given), [some; 3]);
}
