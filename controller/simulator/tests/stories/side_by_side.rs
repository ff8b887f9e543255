//! Several regimens on one pump: who is given what, and who is refused, when they meet. The
//! text that these stories show is in the documentation of `strategy-sdk`.

use pump_core::order::RegimenId;
use pump_core::prescription::Flaw;
use pump_core::pump::{ArmError, Pump};
use pump_core::quantity::{MonoNs, Rate, Steps, Volume};
use pump_simulator::{Action, Scenario};

use crate::bench::{hours, min};
use crate::outcomes;
use crate::regimens::{
    Regimen, basal, boluses, patient, pump, story, told, told_with_what_was_shown, unasked,
};

#[test]
fn basals_add_up_and_each_regimen_has_its_own() {
    let report = story(&[basal("a", 100), basal("b", 50), basal("c", 25)], &[]);
    assert_eq!(report.delivered_nl, 4 * 175_000);
    let shares: Vec<_> = report.regimens.iter().map(|share| share.basal_nl).collect();
    assert_eq!(shares, [400_000, 200_000, 100_000]);
}

#[test]
fn basals_that_together_pass_the_highest_rate_are_not_armed() {
    let regimens = [basal("a", 100), basal("b", 50)];
    let mut infusion = pump(&regimens);
    for (highest_ul_per_h, armed) in [
        (150, Ok(())),
        (149, Err(ArmError::Prescription(Flaw::BasalAboveMaxRate))),
    ] {
        infusion.prescription.max_rate =
            Rate::of(Volume::from_nl(highest_ul_per_h * 1_000), hours(1)).expect("a rate");
        let mut pump = Box::new(Pump::new());
        assert_eq!(pump.arm(MonoNs(0), &infusion.prescription), armed);
    }
}

#[test]
fn above_the_highest_rate_the_bolus_of_one_is_stretched_and_the_basals_of_all_run_on() {
    // 50 µL over 2 min are 1500 µL/h; beside 300 µL/h of basals there is room for 750.
    let regimens = [basal("a", 200), basal("b", 100), patient("c", 50, min(30))];
    let mut infusion = pump(&regimens);
    infusion.prescription.max_rate =
        Rate::of(Volume::from_nl(1_050_000), hours(1)).expect("a rate");
    let scenario = Scenario::new().at(min(60), Action::Press);
    let (report, edges) = told(&infusion, &regimens, &scenario);
    assert_eq!(
        boluses(&report),
        [("c", "completed", Some("max-rate"), (60, 64))]
    );
    // 1050 µL/h for 4 min, in steps of 50 nL.
    assert_eq!(edges.between(min(60), min(64)), 1_400);
    let shares: Vec<_> = report.regimens.iter().map(|share| share.basal_nl).collect();
    assert_eq!(shares, [800_000, 400_000, 0]);
}

#[test]
fn of_two_that_ask_unasked_at_once_the_one_written_first_is_given_and_the_other_refused() {
    const AT: &[u64] = &[30];
    let regimens = [unasked("a", 50, AT), unasked("b", 50, AT)];
    let report = story(&regimens, &[]);
    assert_eq!(
        boluses(&report),
        [
            ("b", "refused", Some("bolus-running"), (30, 30)),
            ("a", "completed", None, (30, 40)),
        ]
    );
}

#[test]
fn the_one_that_was_refused_is_shown_when_the_way_is_free_and_may_ask_again() {
    const AT: &[u64] = &[30];
    let second = Regimen {
        persists: true,
        ..unasked("b", 50, AT)
    };
    let report = story(&[unasked("a", 50, AT), second], &[]);
    assert_eq!(
        boluses(&report),
        [
            ("b", "refused", Some("bolus-running"), (30, 30)),
            ("a", "completed", None, (30, 40)),
            ("b", "completed", None, (40, 50)),
        ]
    );
}

#[test]
fn a_demand_goes_before_the_scheduled_bolus_of_another_which_then_goes_on_with_what_it_had_left() {
    let regimens = [unasked("a", 50, &[30]), patient("b", 20, min(30))];
    let report = story(&regimens, &[min(35)]);
    assert_eq!(
        boluses(&report),
        [
            ("a", "completed", None, (30, 42)),
            ("b", "completed", None, (35, 37)),
        ]
    );
    assert_eq!(report.regimens[0].bolus_nl, 50_000);
}

#[test]
fn a_demand_and_a_scheduled_bolus_of_the_same_tick_are_both_given_if_the_scheduled_one_is_first() {
    let scheduled = unasked("a", 50, &[30]);
    let demand = patient("b", 20, min(30));
    let report = story(&[scheduled.clone(), demand.clone()], &[min(30)]);
    assert_eq!(
        boluses(&report),
        [
            ("a", "completed", None, (30, 42)),
            ("b", "completed", None, (30, 32)),
        ]
    );
    let report = story(&[demand, scheduled], &[min(30)]);
    assert_eq!(
        boluses(&report),
        [
            ("a", "refused", Some("bolus-running"), (30, 30)),
            ("b", "completed", None, (30, 32)),
        ]
    );
}

#[test]
fn nothing_goes_before_a_loading_bolus() {
    let loading = Regimen {
        loading: true,
        ..unasked("a", 50, &[30])
    };
    let regimens = [loading, patient("b", 20, min(5)), unasked("c", 20, &[36])];
    let report = story(&regimens, &[min(35), min(41)]);
    assert_eq!(
        boluses(&report),
        [
            ("a", "completed", None, (30, 40)),
            ("b", "refused", Some("bolus-running"), (35, 35)),
            ("c", "refused", Some("bolus-running"), (36, 36)),
            ("b", "completed", None, (41, 43)),
        ]
    );
}

#[test]
fn a_clinician_bolus_goes_before_a_scheduled_one_and_before_no_other() {
    let regimens = [unasked("a", 50, &[30, 75]), patient("b", 20, min(5))];
    let clinician = Action::ClinicianBolus {
        volume: Volume::from_nl(30_000),
        over: min(3),
    };
    let scenario = Scenario::new()
        .at(min(35), clinician)
        // Nothing goes before it, nor before a dose, and only one bolus waits.
        .at(min(36), Action::Press)
        .at(min(60), Action::Press)
        .at(min(61), clinician);
    let (report, _) = told(&pump(&regimens), &regimens, &scenario);
    assert_eq!(
        boluses(&report),
        [
            ("a", "completed", None, (30, 43)),
            ("nobody", "completed", None, (35, 38)),
            ("b", "refused", Some("bolus-running"), (36, 36)),
            ("b", "completed", None, (60, 62)),
            ("nobody", "refused", Some("bolus-running"), (61, 61)),
            ("a", "completed", None, (75, 85)),
        ]
    );
}

#[test]
fn a_press_goes_to_the_first_that_answers_presses_and_is_passed_on_where_that_gives_nothing() {
    let first = patient("b", 50, min(60));
    let second = patient("c", 20, min(10));
    let regimens = [basal("a", 100), first.clone(), second.clone()];
    let report = story(&regimens, &[min(10), min(20), min(25)]);
    assert_eq!(
        boluses(&report),
        [
            ("b", "completed", None, (10, 12)),
            // The lockout of the first is not over, that of the second is.
            ("c", "completed", None, (20, 22)),
            // Counted once, and told under the first one's name.
            ("b", "refused", Some("lockout"), (25, 25)),
        ]
    );
    assert_eq!((report.demands.attempted, report.demands.given), (3, 2));

    let unwilling = Regimen {
        refuses: true,
        ..first
    };
    let report = story(&[unwilling, second], &[min(10)]);
    assert_eq!(boluses(&report), [("c", "completed", None, (10, 12))]);
}

#[test]
fn a_press_while_another_waits_for_its_answer_is_refused() {
    // At the same tick: the first is not answered yet.
    let report = story(&[patient("a", 50, min(30))], &[min(10), min(10)]);
    assert_eq!((report.demands.attempted, report.demands.given), (2, 1));
    assert_eq!(report.refusals.get("bolus-running"), Some(&1));
}

#[test]
fn a_dose_of_one_closes_the_lockout_of_all_each_for_its_own_time_and_counts_for_all() {
    let first = Regimen {
        most: 1,
        ..patient("a", 50, min(10))
    };
    let second = patient("b", 20, min(30));
    let report = story(
        &[first.clone(), second.clone()],
        &[min(10), min(39), min(40)],
    );
    assert_eq!(
        boluses(&report),
        [
            ("a", "completed", None, (10, 12)),
            // The first has had its one of the hour, the second is locked out by it.
            ("a", "refused", Some("max-per-1h"), (39, 39)),
            ("b", "completed", None, (40, 42)),
        ]
    );
    // The dose of the second counts toward the maximum of the first, too.
    let report = story(&[first, second], &[min(10), min(40), min(71)]);
    assert_eq!(
        boluses(&report),
        [
            ("a", "completed", None, (10, 12)),
            ("b", "completed", None, (40, 42)),
            ("b", "completed", None, (71, 73)),
        ]
    );
}

#[test]
fn scheduled_boluses_touch_no_lockout_and_each_regimen_has_its_own_interval() {
    const EVERY: &[u64] = &[10, 25, 70];
    const OTHERS: &[u64] = &[21, 61];
    let regimens = [
        unasked("a", 10, EVERY),
        unasked("b", 10, OTHERS),
        patient("c", 20, min(30)),
    ];
    let report = story(&regimens, &[min(40)]);
    assert_eq!(
        boluses(&report),
        [
            ("a", "completed", None, (10, 20)),
            // Only 11 min after the other one's, and 40 min before its own next.
            ("b", "completed", None, (21, 31)),
            ("a", "refused", Some("bolus-running"), (25, 25)),
            ("c", "completed", None, (40, 42)),
            ("b", "completed", None, (61, 71)),
            ("a", "refused", Some("bolus-running"), (70, 70)),
        ]
    );
}

#[test]
fn the_windows_are_of_the_pump_so_that_what_one_was_given_is_not_left_for_the_other() {
    let regimens = [patient("a", 50, min(30)), unasked("b", 50, &[20, 100])];
    let mut infusion = pump(&regimens);
    infusion.prescription.caps.h1 = Some(Steps(1_500));
    let scenario = Scenario::new().at(min(10), Action::Press);
    let (report, _) = told(&infusion, &regimens, &scenario);
    assert_eq!(
        boluses(&report),
        [
            ("a", "completed", None, (10, 12)),
            ("b", "refused", Some("window-1h"), (20, 20)),
            ("b", "completed", None, (100, 110)),
        ]
    );
}

#[test]
fn the_volume_to_be_infused_and_the_reservoir_are_of_the_pump() {
    let regimens = [patient("a", 50, min(60)), patient("b", 20, min(10))];
    let scenario = Scenario::new()
        .at(min(10), Action::Press)
        .at(min(30), Action::Press);
    for (steps, fate) in [
        (1_400, ("b", "completed", None, (30, 32))),
        (1_399, ("a", "refused", Some("lockout"), (30, 30))),
    ] {
        let mut infusion = pump(&regimens);
        infusion.prescription.vtbi = Some(Steps(steps));
        let (report, _) = told(&infusion, &regimens, &scenario);
        assert_eq!(boluses(&report)[1], fate);
        let mut infusion = pump(&regimens);
        let reservoir = &mut infusion.prescription.reservoir;
        (reservoir.volume, reservoir.low, reservoir.empty) =
            (Steps(steps + 100), Steps(100), Steps(100));
        let (report, _) = told(&infusion, &regimens, &scenario);
        assert_eq!(boluses(&report)[1], fate);
    }
}

#[test]
fn the_whole_basal_that_a_regimen_may_have_is_set_aside_though_it_orders_none() {
    let idle = basal("a", 100);
    let regimens = [idle.clone(), patient("b", 50, min(30))];
    let mut infusion = pump(&regimens);
    // 100 µL/h of basal and 49 µL.
    infusion.prescription.caps.h1 = Some(Steps(2_980));
    let orders_none = Regimen {
        basal_ul_per_h: 0,
        ..idle
    };
    let press = Scenario::new().at(min(10), Action::Press);
    let playing = [orders_none, regimens[1].clone()];
    let (report, _) = told(&infusion, &playing, &press);
    assert_eq!(
        boluses(&report),
        [("b", "refused", Some("window-1h"), (10, 10))]
    );
    infusion.prescription.caps.h1 = Some(Steps(3_001));
    let (report, _) = told(&infusion, &playing, &press);
    assert_eq!(boluses(&report), [("b", "completed", None, (10, 12))]);
}

#[test]
fn a_regimen_whose_strategy_is_lost_loses_its_own_bolus_and_basal_and_the_others_run_on() {
    let first = Regimen {
        basal_ul_per_h: 50,
        ..unasked("a", 50, &[30])
    };
    let regimens = [first, basal("b", 100), patient("c", 20, min(30))];
    let scenario = Scenario::new()
        .at(
            min(35),
            Action::LoseStrategy {
                regimen: RegimenId(0),
                span: hours(4),
            },
        )
        .at(min(40), Action::Press);
    let (report, _) = told(&pump(&regimens), &regimens, &scenario);
    assert_eq!(
        outcomes(&report),
        [
            ("scheduled", "cut", Some("lease")),
            ("demand", "completed", None),
        ]
    );
    assert_eq!(report.final_state, "infusing");
    assert_eq!(report.regimens[1].basal_nl, 400_000);
    let lost = report.regimens[0].basal_nl;
    assert!(
        (29_000..=29_200).contains(&lost),
        "35 min of 50 µL/h: {lost}"
    );
}

#[test]
fn the_shares_and_the_operators_boluses_are_what_was_given() {
    let first = Regimen {
        basal_ul_per_h: 70,
        ..unasked("a", 50, &[30, 110])
    };
    let regimens = [first, patient("b", 20, min(30))];
    let scenario = Scenario::new()
        .at(min(33), Action::Press)
        .at(
            min(60),
            Action::ClinicianBolus {
                volume: Volume::from_nl(30_000),
                over: min(3),
            },
        )
        .at(min(80), Action::Pause)
        .at(min(95), Action::Resume)
        .at(min(113), Action::Pause)
        .at(min(115), Action::Resume)
        .at(min(150), Action::Stop);
    let (report, _) = told(&pump(&regimens), &regimens, &scenario);
    let operators: u64 = report
        .boluses
        .iter()
        .filter(|bolus| bolus.regimen.is_none())
        .map(|bolus| bolus.delivered_nl)
        .sum();
    assert_eq!(operators, 30_000);
    let shares = report.regimens.iter();
    let shares: u64 = shares.map(|share| share.basal_nl + share.bolus_nl).sum();
    // 133 min of 70 µL/h.
    assert_eq!(report.regimens[0].basal_nl, 155_166);
    // A bolus that was cut had begun a step.
    let rest = report.commanded_nl - operators - shares;
    assert!(rest <= 50, "{rest}");
}

#[test]
fn a_strategy_is_shown_the_whole_pumps_volume_and_bolus_and_its_own_lockout_and_basal() {
    let regimens = [
        basal("a", 60),
        patient("b", 50, min(30)),
        patient("c", 20, min(90)),
    ];
    let scenario = Scenario::new().at(min(20), Action::Press);
    let (_, _, shown) = told_with_what_was_shown(&pump(&regimens), &regimens, &scenario);
    // While the dose of the second runs.
    let at = |place: usize| {
        let later = |snapshot: &&strategy_abi::Snapshot| snapshot.now_ns >= min(21).0;
        let snapshot = shown[place].iter().find(later).expect("it is shown one");
        assert!(snapshot.now_ns < min(22).0, "the dose still runs");
        let lockout_ends = match snapshot.lockout_left_ns {
            0 => None,
            left => Some((snapshot.now_ns + left) / min(1).0),
        };
        let basal = snapshot.basal_granted.num > 0;
        let own = snapshot.bolus_seq > 0;
        // 21 min of 60 µL/h and half of the dose, to the step.
        let whole = snapshot.delivered_nl >= 45_950;
        (basal, own, lockout_ends, snapshot.bolus_running, whole)
    };
    assert_eq!(at(0), (true, false, None, 1, true));
    assert_eq!(at(1), (false, true, Some(50), 1, true));
    assert_eq!(at(2), (false, false, Some(110), 1, true));
}
