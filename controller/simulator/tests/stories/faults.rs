//! The line, the reservoir and the strategies fail.

use std::cell::RefCell;
use std::rc::Rc;

use pump_core::quantity::{Nanoseconds, Steps, Volume};
use pump_simulator::presses::random_presses;
use pump_simulator::{Action, Leases, Scenario, Strategy, StrategyFault, WALL_CLOCK_START_UTC_S};
use strategy_abi as abi;

use crate::bench::{
    Fragile, Patient, Watcher, hours, infusion, min, occlude, order, run, run_on,
    run_with_real_leases,
};
use crate::{BACKGROUND, PATIENT, alarms, outcomes};

#[test]
fn an_occlusion_stops_the_pump_until_the_operator_resumes() {
    let scenario = Scenario::new()
        .at(hours(1), occlude(min(10)))
        .at(Nanoseconds(min(65).0), Action::Resume)
        .at(hours(2), Action::Resume);
    let (report, edges) = run(&scenario, hours(3));
    assert_eq!(alarms(&report), ["occlusion"]);
    assert_eq!(report.alarms[0].at_ns, hours(1).0);
    assert_eq!(report.alarms[0].cleared_at_ns, Some(hours(2).0));
    assert_eq!(edges.between(hours(1), hours(2)), 0);
    assert_eq!(edges.between(hours(2), hours(3)), 2_000);
    assert_eq!(
        report.notes.len(),
        1,
        "resuming against the occlusion was refused: {report:?}"
    );
    assert!(report.notes[0].text.starts_with("resume: refused"));
}

/// W03.
#[test]
fn what_is_given_against_a_blockage_before_it_is_seen_is_reported() {
    let secs = Nanoseconds::from_secs;
    // A step each 1.8 s; what is seen after 20 s has had 11 of them against it.
    let slow = |from| Action::Occlude {
        span: Some(min(10)),
        seen_after: secs(from),
    };
    let scenario = Scenario::new()
        .at(hours(1), slow(20))
        .at(min(75), Action::Resume)
        .at(hours(2), slow(0))
        .at(min(135), Action::Resume)
        // It is gone before the pressure has risen.
        .at(hours(3), slow(601))
        // The first blockage is still there, and is seen because of the second.
        .at(hours(4), slow(60))
        .at(hours(4).saturating_add(secs(10)), slow(10));
    let (report, edges) = run(&scenario, hours(5));
    let occlusions = report.occlusions.iter();
    let told: Vec<_> = occlusions.map(|o| (o.at_ns, o.trapped_nl)).collect();
    assert_eq!(
        told,
        [
            (hours(1).saturating_add(secs(20)).0, 550),
            (hours(2).0, 0),
            (hours(4).saturating_add(secs(20)).0, 550),
        ]
    );
    assert_eq!(edges.between(hours(1), min(75)), 11);
    assert_eq!(edges.between(hours(3), min(190)), 333);
}

#[test]
fn each_start_after_the_motor_was_off_is_reported_and_no_step_of_it_is_an_edge() {
    let mut infusion = infusion();
    infusion.prescription.full_step = Steps(16);
    let scenario = Scenario::new()
        .at(hours(1), Action::Pause)
        .at(hours(1), Action::Resume)
        .at(hours(2), occlude(min(5)))
        .at(hours(3), Action::Resume);
    let patient = Box::new(|| Ok(Patient));
    let (report, edges) = run_on(&infusion, patient, &scenario, hours(4), Leases::Vouched);
    assert_eq!(report.displaced_nl, 2 * 16 * 50);
    assert_eq!(report.steps, edges.0.len() as u64);
    assert_eq!(report.ledger_steps, report.steps);
    let used = report.reservoir.start_nl - report.reservoir.left_nl;
    assert_eq!(used, report.delivered_nl + report.displaced_nl);
}

#[test]
fn an_open_door_that_nobody_closes_ends_the_run_in_a_fault() {
    let (report, edges) = run(&Scenario::new().at(min(30), Action::Door(None)), hours(2));
    assert_eq!(report.final_state, "faulted");
    assert_eq!(edges.between(min(30), hours(2)), 0);
    assert_eq!(report.reservoir.lasts_ns, None);
}

#[test]
fn of_two_overlapping_faults_of_a_sensor_the_longer_holds() {
    let scenario = Scenario::new()
        .at(min(10), Action::Air(Some(min(30))))
        .at(min(20), Action::Air(Some(min(5))))
        .at(min(30), Action::Resume)
        .at(min(41), Action::Resume);
    let (report, edges) = run(&scenario, hours(1));
    assert_eq!(edges.between(min(10), min(41)), 0);
    assert!(edges.between(min(41), hours(1)) > 0);
    assert_eq!(report.notes.len(), 1);
}

#[test]
fn a_lost_strategy_holds_its_basal_as_long_as_it_may_and_recovers_within_a_second() {
    let lose = Action::LoseStrategy {
        regimen: BACKGROUND,
        span: hours(2),
    };
    let (report, edges) = run(&Scenario::new().at(hours(1), lose), hours(4));
    // Noticed a lease of 2 s later, held for 30 min.
    assert_eq!(
        alarms(&report),
        ["strategy-lost-hold", "strategy-lost-stop"]
    );
    assert_eq!(report.alarms[0].at_ns, hours(1).0 + 2_000_000_000);
    assert_eq!(report.alarms[1].at_ns, min(90).0 + 2_000_000_000);
    assert_eq!(
        edges.between(Nanoseconds(min(90).0 + 2_000_000_000), hours(3)),
        0
    );
    let back = edges.between(hours(3), hours(4));
    assert!(
        (1_998..=2_000).contains(&back),
        "{back} steps in the hour after"
    );
}

#[test]
fn a_strategy_that_is_back_before_its_lease_lapsed_was_never_lost() {
    let blink = Action::LoseStrategy {
        regimen: BACKGROUND,
        span: Nanoseconds::from_secs(1),
    };
    let scenario = Scenario::new()
        .at(hours(1), blink)
        .at(Nanoseconds(hours(1).0 + 1_500_000_000), blink);
    let (report, edges) = run(&scenario, hours(2));
    assert_eq!(alarms(&report), [] as [&str; 0]);
    assert_eq!(edges.0.len(), 4_000);
}

#[test]
fn a_press_for_a_lost_strategy_is_refused_under_its_own_reason() {
    let scenario = Scenario::new()
        .at(
            min(10),
            Action::LoseStrategy {
                regimen: PATIENT,
                span: min(10),
            },
        )
        .at(min(15), Action::Press)
        .at(min(25), Action::Press);
    let (report, _) = run(&scenario, hours(1));
    assert_eq!(
        outcomes(&report),
        [
            ("demand", "refused", Some("lease")),
            ("demand", "completed", None)
        ]
    );
}

#[test]
fn a_strategy_that_breaks_is_lost_and_the_report_says_why() {
    let scenario = Scenario::new()
        .at(min(10), Action::Press)
        .at(min(50), Action::Press);
    let fragile = Box::new(|| Ok(Fragile));
    let (report, edges) = run_on(&infusion(), fragile, &scenario, hours(1), Leases::Vouched);
    assert_eq!(report.demands.given, 0);
    assert_eq!(report.refusals.get("lease"), Some(&2));
    assert_eq!(report.notes.len(), 1);
    assert_eq!(
        report.notes[0].text,
        "the strategy of regimen \"patient\" broke: it fell over"
    );
    assert_eq!(edges.0.len(), 2_000, "the background runs on");
}

#[test]
fn a_jump_of_the_wall_clock_moves_no_edge() {
    let jump = |by_ms| Action::WallClockJump { by_ms };
    let mut scenario = Scenario::new();
    scenario.add_presses(random_presses(3, 30, hours(24)));
    let (report, edges) = run(&scenario, hours(24));
    let jumpy = scenario
        .at(hours(3), jump(-86_400_000))
        .at(hours(7), jump(31_536_000_000));
    let (same, same_edges) = run(&jumpy, hours(24));
    assert_eq!(edges.0, same_edges.0);
    assert_eq!(report.boluses, same.boluses);
}

#[test]
fn an_empty_reservoir_stops_the_pump_and_a_refill_lets_it_go_on() {
    let mut little = infusion();
    little.prescription.reservoir.volume = Steps(11_000);
    little.prescription.reservoir.low = Steps(10_500);
    let scenario = Scenario::new()
        .at(hours(1), Action::Refill(Volume::from_nl(10_000_000)))
        .at(min(70), Action::Resume);
    let patient = Box::new(|| Ok(Fragile));
    let (report, edges) = run_on(&little, patient, &scenario, hours(2), Leases::Vouched);
    assert_eq!(alarms(&report), ["reservoir-low", "reservoir-empty"]);
    assert_eq!(edges.between(Nanoseconds::ZERO, hours(1)), 1_000);
    assert_eq!(edges.between(min(70), hours(2)), 1_666);
    assert_eq!(report.reservoir.left_nl, 10_000_000 - 1_666 * 50);
}

#[test]
fn a_press_that_nobody_answers_before_the_end_is_refused_too() {
    let lose = Action::LoseStrategy {
        regimen: PATIENT,
        span: hours(1),
    };
    let press_at = Nanoseconds(min(10).0 + 1_000_000_000);
    let end = Nanoseconds(min(10).0 + 1_500_000_000);
    let scenario = Scenario::new()
        .at(min(10), lose)
        .at(press_at, Action::Press);
    let (report, _) = run(&scenario, end);
    assert_eq!(outcomes(&report), [("demand", "refused", Some("lease"))]);
    assert_eq!(report.demands.attempted, 1);
}

#[test]
fn a_strategy_sees_the_wall_clock_jump_and_the_pump_does_not() {
    let seen = Rc::new(RefCell::new(Vec::new()));
    let shared = Rc::clone(&seen);
    let watcher = Box::new(move || Ok(Watcher(Rc::clone(&shared))));
    let scenario = Scenario::new().at(min(90), Action::WallClockJump { by_ms: -7_200_500 });
    let (report, _) = run_on(&infusion(), watcher, &scenario, hours(3), Leases::Vouched);
    let (start, hour) = (WALL_CLOCK_START_UTC_S, 3_600);
    // The jump takes half a second too, and seconds are whole. It is shown at once.
    assert_eq!(
        *seen.borrow(),
        [
            start,
            start + hour,
            start - hour / 2 - 1,
            start + hour / 2 - 1
        ]
    );
    assert_eq!(report.steps, 6_000);
}

/// Keeps at what instant the wall clock was good, in minutes.
struct Doubter(Rc<RefCell<Vec<(u64, bool)>>>);

impl Strategy for Doubter {
    fn step(&mut self, snapshot: &abi::Snapshot) -> Result<abi::Order, StrategyFault> {
        let seen = (snapshot.now_ns / min(1).0, snapshot.clock_good == 1);
        self.0.borrow_mut().push(seen);
        Ok(order(snapshot))
    }
}

#[test]
fn a_wall_clock_that_is_lost_is_shown_at_once_and_so_is_its_return() {
    let seen = Rc::new(RefCell::new(Vec::new()));
    let shared = Rc::clone(&seen);
    let doubter = Box::new(move || Ok(Doubter(Rc::clone(&shared))));
    let scenario = Scenario::new()
        .at(min(90), Action::LoseWallClock(Some(min(10))))
        .at(min(95), Action::LoseWallClock(Some(min(10))))
        .at(min(150), Action::LoseWallClock(None));
    run_on(&infusion(), doubter, &scenario, hours(3), Leases::Vouched);
    let mut seen = seen.take();
    seen.dedup_by_key(|(_, good)| *good);
    assert_eq!(seen, [(0, true), (90, false), (105, true), (150, false)]);
}

#[test]
fn a_strategy_that_is_still_away_is_lost_a_lease_after_each_start() {
    let lose = Action::LoseStrategy {
        regimen: BACKGROUND,
        span: hours(1),
    };
    let scenario = Scenario::new()
        .at(min(66), lose)
        .at(min(70), Action::Stop)
        .at(min(71), Action::Arm)
        .at(min(71), Action::Start);
    let (report, edges) = run(&scenario, hours(4));
    // What was held is forgotten with the arming: nothing was ever granted to hold.
    let lost: Vec<_> = report.alarms.iter().map(|a| (a.name, a.at_ns)).collect();
    assert_eq!(
        lost[..2],
        [
            ("strategy-lost-hold", min(66).0 + 2_000_000_000),
            ("strategy-lost-hold", min(71).0 + 2_000_000_000)
        ]
    );
    assert_eq!(edges.between(min(71), min(126)), 0);
    assert!(edges.between(hours(3), hours(4)) >= 1_999);
}

#[test]
fn a_pause_changes_nothing_of_when_a_silent_strategy_is_found_dead() {
    let lose = |span| Action::LoseStrategy {
        regimen: BACKGROUND,
        span,
    };
    let scenario = Scenario::new()
        .at(min(60), Action::Pause)
        .at(min(61), lose(min(20)))
        .at(min(62), Action::Resume)
        .at(min(100), lose(min(10)))
        .at(min(101), Action::Pause)
        .at(min(102), Action::Resume);
    let (report, edges) = run(&scenario, hours(3));
    let (real, real_edges) = run_with_real_leases(&scenario, hours(3));
    assert_eq!(alarms(&report), alarms(&real));
    for (ours, theirs) in report.alarms.iter().zip(&real.alarms) {
        // A real lease was renewed up to a second before the strategy fell silent.
        assert!((0..=1_000_000_000).contains(&(ours.at_ns - theirs.at_ns)));
    }
    assert_eq!(report.alarms[0], real.alarms[0]);
    assert_eq!(report.alarms[0].at_ns, min(62).0 + 2_000_000_000);
    let (ours, theirs) = (edges.0.len(), real_edges.0.len());
    assert!(ours.abs_diff(theirs) <= 2, "{ours} and {theirs} edges");
}

#[test]
fn a_hundred_thousand_events_of_one_instant_all_happen() {
    let mut scenario = Scenario::new();
    for _ in 0..100_001 {
        scenario = scenario.at(min(10), Action::Press);
    }
    let (report, _) = run(&scenario, min(11));
    assert_eq!(report.demands.attempted, 100_001);
    assert_eq!(report.demands.given, 1);
}
