//! What is given and refused, and when.

use pump_core::prescription::Envelope;
use pump_core::quantity::{Nanoseconds, Steps, Volume};
use pump_simulator::presses::random_presses;
use pump_simulator::{Action, Leases, Scenario};

use crate::bench::{
    Edges, Fragile, hours, infusion, min, occlude, run, run_on, run_with_real_leases,
};
use crate::outcomes;

#[test]
fn an_hour_of_basal_is_counted_to_the_step() {
    let (report, edges) = run(&Scenario::new(), hours(1));
    assert_eq!(
        (report.steps, report.delivered_nl, report.commanded_nl),
        (2_000, 100_000, 100_000)
    );
    assert_eq!(report.commanded_steps, "2000");
    assert_eq!((report.missed_nl, report.uncertain_nl), (0, 0));
    assert_eq!(
        edges.0.first(),
        Some(&1_800_000_000),
        "50 nL at 100 µL/h take 1.8 s"
    );
    assert_eq!(
        edges.0.last(),
        Some(&hours(1).0),
        "an edge at the very end counts"
    );
    assert_eq!(report.window_peaks_nl.h1, 100_000);
    assert_eq!(report.final_state, "infusing");
    assert_eq!(report.reservoir.left_nl, 20_000_000 - 100_000);
    // 19.9 mL less the 0.5 mL that stay, at 0.1 mL/h.
    assert_eq!(report.reservoir.lasts_ns, Some(hours(194).0));
}

#[test]
fn presses_are_given_or_refused_and_each_is_listed_once() {
    let scenario = Scenario::new()
        .at(min(10), Action::Press)
        .at(min(11), Action::Press)
        .at(min(39), Action::Press)
        .at(min(40), Action::Press)
        .at(min(69), Action::Press);
    let (report, _) = run(&scenario, hours(2));
    assert_eq!(
        outcomes(&report),
        [
            ("demand", "completed", None),
            ("demand", "refused", Some("bolus-running")),
            ("demand", "refused", Some("lockout")),
            ("demand", "completed", None),
            ("demand", "refused", Some("lockout")),
        ]
    );
    assert_eq!((report.demands.attempted, report.demands.given), (5, 2));
    assert_eq!(report.refusals.get("bolus-running"), Some(&1));
    assert_eq!(report.refusals.get("lockout"), Some(&2));
    assert_eq!(report.refusals.values().sum::<u64>(), 3);
    assert_eq!(report.delivered_nl, 200_000 + 2 * 50_000);

    let given = &report.boluses[0];
    assert_eq!(given.regimen.as_deref(), Some("patient"));
    assert_eq!(
        (given.asked_at_ns, given.started_at_ns),
        (min(10).0, min(10).0)
    );
    assert_eq!((given.volume_nl, given.delivered_nl), (50_000, 50_000));
    assert_eq!(given.ended_at_ns, min(12).0);
    let refused = &report.boluses[1];
    assert_eq!((refused.asked_at_ns, refused.delivered_nl), (min(11).0, 0));
}

#[test]
fn a_press_binds_to_the_next_tick_of_the_grid() {
    let scenario = Scenario::new().at(Nanoseconds(min(10).0 + 1), Action::Press);
    let (report, _) = run(&scenario, hours(1));
    assert_eq!(report.boluses[0].started_at_ns, min(10).0 + 10_000_000);
}

#[test]
fn actions_of_one_instant_act_in_the_order_of_writing() {
    let paused_first = Scenario::new()
        .at(min(10), Action::Pause)
        .at(min(10), Action::Press);
    assert_eq!(
        outcomes(&run(&paused_first, hours(1)).0),
        [("demand", "refused", Some("paused"))]
    );
    let pressed_first = Scenario::new()
        .at(min(10), Action::Press)
        .at(min(10), Action::Pause);
    assert_eq!(
        outcomes(&run(&pressed_first, hours(1)).0),
        [("demand", "cut", Some("paused"))]
    );
}

#[test]
fn two_runs_of_the_same_story_are_the_same_to_the_nanosecond() {
    let story = || {
        let mut scenario = Scenario::new()
            .at(hours(3), Action::Pause)
            .at(hours(4), Action::Resume)
            .at(hours(9), Action::Restart { off_for: min(7) })
            .at(hours(10), Action::Arm)
            .at(hours(10), Action::Start);
        scenario.add_presses(random_presses(42, 20, hours(48)));
        run(&scenario, hours(48))
    };
    let ((report, edges), (again, same_edges)) = (story(), story());
    assert_eq!(report, again);
    assert_eq!(edges.0, same_edges.0);
}

#[test]
fn renewing_real_leases_gives_the_same_edges_as_vouching_for_them() {
    let mut scenario = Scenario::new()
        .at(min(50), Action::Pause)
        .at(min(61), Action::Resume)
        .at(
            hours(2),
            Action::ClinicianBolus {
                volume: Volume::from_nl(30_000),
                over: min(1),
            },
        )
        .at(hours(5), occlude(min(5)))
        .at(hours(6), Action::Resume);
    scenario.add_presses(random_presses(7, 40, hours(12)));
    let (vouched, edges) = run(&scenario, hours(12));
    let (real, same_edges) = run_with_real_leases(&scenario, hours(12));
    assert!(vouched.demands.given > 4, "the story has boluses in it");
    assert_eq!(edges.0, same_edges.0);
    assert_eq!(vouched, real);
}

#[test]
fn a_clinician_bolus_is_the_operators_and_has_no_regimen() {
    let bolus = |volume| Action::ClinicianBolus {
        volume: Volume::from_nl(volume),
        over: min(1),
    };
    let scenario = Scenario::new()
        .at(min(5), bolus(100_000))
        .at(min(20), bolus(100_001));
    let (report, _) = run(&scenario, hours(1));
    assert_eq!(
        outcomes(&report),
        [
            ("clinician", "completed", Some("max-rate")),
            ("clinician", "refused", Some("max-bolus"))
        ]
    );
    assert_eq!(report.boluses[0].regimen, None);
    assert_eq!(report.boluses[0].delivered_nl, 100_000);
}

#[test]
fn a_bolus_that_is_running_at_the_end_says_how_far_it_is() {
    let scenario = Scenario::new().at(min(59), Action::Press);
    let (report, _) = run(&scenario, hours(1));
    assert_eq!(outcomes(&report), [("demand", "running", None)]);
    assert_eq!(report.boluses[0].delivered_nl, 25_000);
    assert_eq!(report.boluses[0].ended_at_ns, hours(1).0);
    assert_eq!(report.final_state, "infusing");
}

#[test]
fn the_peaks_of_the_report_are_those_of_its_edges() {
    let mut scenario = Scenario::new();
    scenario.add_presses(random_presses(11, 50, hours(30)));
    let (report, Edges(edges)) = run(&scenario, hours(30));
    let peak = |window: Nanoseconds| {
        let sum = |t: u64| {
            edges
                .iter()
                .filter(|&&e| e <= t && t - e < window.0)
                .count()
        };
        edges
            .iter()
            .step_by(7)
            .map(|&t| sum(t) as u64 * 50)
            .max()
            .unwrap_or(0)
    };
    let peaks = report.window_peaks_nl;
    assert!(peaks.h1 >= peak(hours(1)) && peaks.h1 <= 250_000);
    assert!(peaks.h4 >= peak(hours(4)) && peaks.h4 <= 1_000_000);
    assert!(peaks.h24 >= peak(hours(24)));
    assert_eq!(report.window_caps_nl.h1, Some(250_000));
    assert_eq!(report.window_caps_nl.h24, None);
}

#[test]
fn a_bolus_leaves_its_window_though_nothing_has_flowed_since() {
    let mut still = infusion();
    still.prescription.regimens[0] = Some(Envelope::default());
    still.prescription.caps.h1 = Some(Steps(3_000));
    let bolus = Action::ClinicianBolus {
        volume: Volume::from_nl(100_000),
        over: min(2),
    };
    let scenario = Scenario::new()
        .at(min(10), bolus)
        .at(min(60), bolus)
        .at(hours(4), bolus);
    let nobody = Box::new(|| Ok(Fragile));
    let (report, _) = run_on(&still, nobody, &scenario, hours(5), Leases::Vouched);
    assert_eq!(
        outcomes(&report),
        [
            ("clinician", "completed", None),
            ("clinician", "refused", Some("window-1h")),
            ("clinician", "completed", None)
        ]
    );
}
