//! The power fails.

use pump_core::quantity::{Nanoseconds, Volume};
use pump_simulator::{Action, Leases, Scenario};

use crate::bench::{Patient, hours, infusion, min, run, run_on, run_regimens};
use crate::{BACKGROUND, alarms, outcomes};

#[test]
fn after_a_restart_nothing_moves_until_the_operator_arms_and_starts() {
    let scenario = Scenario::new()
        .at(hours(1), Action::Restart { off_for: min(10) })
        .at(min(65), Action::Press)
        .at(min(80), Action::Start)
        .at(hours(2), Action::Arm)
        .at(hours(2), Action::Start);
    let (report, edges) = run(&scenario, hours(3));
    assert_eq!(edges.between(hours(1), hours(2)), 0);
    assert_eq!(edges.between(hours(2), hours(3)), 2_000);
    assert_eq!(report.final_state, "infusing");
    assert!(alarms(&report).contains(&"restarted"));

    let restart = report.restarts[0];
    assert_eq!((restart.at_ns, restart.back_at_ns), (hours(1).0, min(70).0));
    // At least the credit's 180 s are in doubt, and never more than two of them.
    assert!(
        (1_000..=10_000).contains(&restart.uncertain_nl),
        "{restart:?}"
    );
    assert_eq!(report.uncertain_nl, restart.uncertain_nl);
    assert_eq!(
        report.delivered_nl, 200_000,
        "the simulation saw every edge"
    );
    assert_eq!(report.commanded_steps, "4000");

    let notes: Vec<&str> = report.notes.iter().map(|note| note.text.as_str()).collect();
    assert_eq!(notes.len(), 2, "{notes:?}");
    assert_eq!(
        notes[0],
        "press: without effect, the controller has no power"
    );
    assert!(notes[1].starts_with("start: refused"));
}

#[test]
fn a_power_cut_cuts_the_running_bolus_and_its_lockout_lives_on() {
    let scenario = Scenario::new()
        .at(hours(1), Action::Press)
        // Back five minutes before the operator arms; off-time counts as zero.
        .at(min(61), Action::Restart { off_for: min(354) })
        .at(hours(7), Action::Arm)
        .at(hours(7), Action::Start)
        .at(min(421), Action::Press)
        .at(hours(8), Action::Press);
    let (report, _) = run(&scenario, hours(9));
    assert_eq!(
        outcomes(&report),
        [
            ("demand", "cut", Some("power")),
            ("demand", "refused", Some("lockout")),
            ("demand", "completed", None)
        ]
    );
    assert_eq!(report.boluses[0].ended_at_ns, min(61).0);
    assert_eq!(report.boluses[0].delivered_nl, 25_000);
}

#[test]
fn a_restart_after_a_stop_in_good_order_leaves_nothing_uncertain() {
    let scenario = Scenario::new()
        .at(hours(1), Action::Stop)
        .at(hours(2), Action::Restart { off_for: min(1) });
    let (report, _) = run(&scenario, hours(3));
    assert_eq!(report.uncertain_nl, 0);
    assert_eq!(report.final_state, "disarmed");
}

#[test]
fn the_power_may_stay_away_to_the_end() {
    let scenario = Scenario::new().at(hours(1), Action::Restart { off_for: hours(24) });
    let (report, edges) = run(&scenario, hours(2));
    assert_eq!(edges.0.len(), 2_000);
    assert_eq!(report.final_state, "disarmed");
    assert_eq!(report.restarts[0].back_at_ns, hours(25).0);
}

#[test]
fn a_restart_does_not_forget_a_refill() {
    let scenario = Scenario::new()
        .at(hours(1), Action::Pause)
        .at(hours(2), Action::Refill(Volume::from_nl(3_000_000)))
        .at(
            hours(3),
            Action::Restart {
                off_for: Nanoseconds::from_secs(10),
            },
        )
        .at(hours(4), Action::Arm)
        .at(hours(4), Action::Start);
    let (report, edges) = run(&scenario, hours(60 * 24));
    assert_eq!(report.final_state, "faulted");
    assert!(alarms(&report).contains(&"reservoir-empty"));
    // The reservoir is empty at 0.5 mL, and what is uncertain is taken to have left it.
    let given = 50 * edges.between(hours(4), hours(60 * 24)) as u64;
    assert_eq!(given + report.uncertain_nl, 2_500_000);
}

#[test]
fn an_idle_pump_loses_no_more_than_what_it_has_not_written_down() {
    let mut demands_only = infusion();
    demands_only.prescription.regimens[0] = demands_only.prescription.regimens[1].take();
    demands_only.regimens = vec!["patient".into()];
    let scenario = Scenario::new()
        .at(hours(1), Action::Press)
        .at(
            Nanoseconds(hours(72).0 + 240_000_000_000),
            Action::Restart { off_for: min(1) },
        )
        .at(min(72 * 60 + 6), Action::Arm)
        .at(min(72 * 60 + 6), Action::Start)
        .at(min(72 * 60 + 6), Action::Press);
    let (report, _) = run_regimens(
        &demands_only,
        vec![Box::new(|| Ok(Patient))],
        &scenario,
        hours(74),
        Leases::Vouched,
    );
    // The bolus ended three days ago: its end is written down, and what remains in doubt is
    // the least credit there is.
    assert!(report.uncertain_nl <= 200, "{:?}", report.restarts);
    let completed = ("demand", "completed", None);
    assert_eq!(outcomes(&report), [completed, completed]);
}

#[test]
fn the_pumps_clock_falls_back_by_five_minutes_at_most() {
    // A lockout of 30 min, pressed 7 min before a cut; the off-time counts as zero.
    let mut bench = infusion();
    bench.prescription.caps.h1 = None;
    let press_again = |after: u64| {
        let back = hours(5).0;
        let scenario = Scenario::new()
            .at(min(62), Action::Press)
            .at(min(69), Action::Restart { off_for: min(231) })
            .at(Nanoseconds(back), Action::Arm)
            .at(Nanoseconds(back), Action::Start)
            .at(Nanoseconds(back + min(after).0), Action::Press);
        let patient = Box::new(|| Ok(Patient));
        let (report, _) = run_on(&bench, patient, &scenario, hours(7), Leases::Vouched);
        outcomes(&report)[1]
    };
    // 7 min of the lockout had passed, and at least 2 of them are known to have.
    assert_eq!(press_again(22), ("demand", "refused", Some("lockout")));
    assert_eq!(press_again(28), ("demand", "completed", None));
}

#[test]
fn each_of_two_restarts_books_its_own_uncertainty_once() {
    let scenario = Scenario::new()
        .at(hours(1), Action::Restart { off_for: min(1) })
        .at(hours(2), Action::Restart { off_for: min(1) })
        .at(hours(3), Action::Refill(Volume::from_nl(10_000_000)))
        .at(hours(4), Action::Restart { off_for: min(1) });
    let (report, _) = run(&scenario, hours(5));
    let booked: Vec<u64> = report.restarts.iter().map(|cut| cut.uncertain_nl).collect();
    assert!(booked[0] > 0, "{booked:?}");
    assert_eq!(booked[1..], [0, 0]);
    assert_eq!(report.uncertain_nl, booked[0]);
}

#[test]
fn a_strategy_that_is_away_across_a_restart_is_lost_a_lease_after_the_start() {
    let lose = Action::LoseStrategy {
        regimen: BACKGROUND,
        span: hours(3),
    };
    let scenario = Scenario::new()
        .at(min(66), lose)
        .at(min(70), Action::Restart { off_for: min(1) })
        .at(hours(2), Action::Arm)
        .at(hours(2), Action::Start);
    let (report, edges) = run(&scenario, hours(6));
    let lost = report.alarms.iter().find(|alarm| alarm.at_ns > hours(2).0);
    assert_eq!(
        lost.map(|alarm| alarm.at_ns),
        Some(hours(2).0 + 2_000_000_000),
        "{:?}",
        report.alarms
    );
    assert_eq!(edges.between(hours(2), min(246)), 0);
    assert!(edges.between(min(246), min(306)) >= 1_998);
}
