//! The files of `config/` pass, and come out as what they say.

mod common;

use common::Stub;
use pump_core::prescription::{LockoutEdge, OnStrategyLoss, Prescription};
use pump_core::quantity::{Nanoseconds, Rate, Steps, Volume};
use pump_prescription::{
    Checked, Exact, Input, LimitKind, LimitSource, Outcome, Route, check, check_files, show,
};
use std::path::{Path, PathBuf};
use strategy_abi::Fraction;

const MIN: u64 = 60_000_000_000;
const DAY: u64 = 1_440 * MIN;

fn config() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config")
}

fn sample(name: &str) -> Outcome {
    let folder = config();
    let prescription = folder.join("prescriptions").join(name);
    check_files(&prescription, &folder.join("pump.toml"), None, &Stub)
}

fn accepted(name: &str) -> Checked {
    let outcome = sample(name);
    outcome
        .checked
        .unwrap_or_else(|| panic!("{name} is refused:\n{}", outcome.report))
}

fn core(name: &str) -> Prescription {
    accepted(name).core
}

#[test]
fn every_sample_passes_without_a_finding() {
    for entry in std::fs::read_dir(config().join("prescriptions")).unwrap() {
        let name = entry.unwrap().file_name();
        let outcome = sample(name.to_str().unwrap());
        assert_eq!(outcome.report.to_string(), "", "{name:?}");
        assert!(outcome.checked.is_some(), "{name:?}");
    }
}

#[test]
fn the_background_of_two_milligrams_a_day_is_one_millilitre_a_day() {
    let core = core("background-and-pca.toml");
    let background = core.regimens[0].unwrap();
    assert_eq!(background.basal, Rate::new(1_000_000, DAY).unwrap());
    assert!(background.bolus.is_none());
}

#[test]
fn the_patients_dose_of_a_tenth_of_a_milligram_is_fifty_microlitres() {
    let core = core("background-and-pca.toml");
    let patient = core.regimens[1].unwrap();
    assert!(patient.basal.is_zero());
    let bolus = patient.bolus.unwrap();
    assert_eq!(bolus.max, Volume::from_nl(50_000));
    assert_eq!(bolus.over, Nanoseconds(2 * MIN));
    assert_eq!(bolus.interval, None);
    let demand = bolus.demand.unwrap();
    assert_eq!(demand.lockout, Nanoseconds(30 * MIN));
    assert_eq!(demand.edge, LockoutEdge::StartToStart);
    assert!(demand.others_restart_lockout);
    assert!(!demand.others_count);
    let counts = demand
        .counts
        .map(|count| count.map(|count| (count.max, count.period)));
    let expected = [
        (2, Nanoseconds::from_hours(1)),
        (12, Nanoseconds::from_hours(24)),
    ];
    assert_eq!(counts, expected.map(Some));
    assert_eq!(core.regimens[2], None);
}

#[test]
fn limits_become_whole_steps_of_fifty_nanolitres() {
    let core = core("background-and-pca.toml");
    assert_eq!(core.volume_per_step, Volume::from_nl(50));
    assert_eq!(core.max_rate, Rate::new(2_000_000, 60 * MIN).unwrap());
    assert_eq!(core.caps.h1, Some(Steps(8_000)));
    assert_eq!(core.caps.h4, Some(Steps(20_000)));
    assert_eq!(core.caps.h24, Some(Steps(80_000)));
    assert_eq!(core.vtbi, None);
    assert_eq!(core.max_clinician_bolus, None);
    assert_eq!(core.reservoir.volume, Steps(400_000));
    assert_eq!(core.reservoir.low, Steps(40_000));
    assert_eq!(core.reservoir.empty, Steps(10_000));
    assert_eq!(core.order_lease, Nanoseconds::from_secs(2));
    let hold = OnStrategyLoss::HoldBasal(Nanoseconds::from_mins(30));
    assert_eq!(core.on_strategy_loss, hold);
    // The drug library's 15 mg a day at 2 mg/mL are 7.5 mL.
    let morphine = core.drugs[0].unwrap();
    assert_eq!(morphine.caps.h24, Some(Steps(150_000)));
    // 50 nL of 2 mg/mL hold 100 ng.
    assert_eq!(morphine.fg_per_step, 100_000_000);
}

#[test]
fn the_tightest_limit_applies_and_says_who_set_it() {
    let checked = accepted("background-and-pca.toml");
    let find = |kind| {
        checked
            .limits
            .iter()
            .find(|limit| limit.kind == kind)
            .unwrap()
    };
    let rate = find(LimitKind::MaxRate);
    assert_eq!(
        (rate.source, rate.text().as_str()),
        (LimitSource::Prescription, "2 mL/h")
    );
    let bolus = find(LimitKind::MaxBolus);
    assert_eq!(
        (bolus.source, bolus.text().as_str()),
        (LimitSource::DrugLibrary, "1 mg")
    );
    assert_eq!(checked.core.max_bolus, Volume::from_nl(500_000));
}

#[test]
fn a_strategy_gets_its_values_in_the_order_it_declared_them() {
    let checked = accepted("background-and-pca.toml");
    let regimen = &checked.regimens[1];
    assert_eq!(regimen.name, "patient");
    assert_eq!(regimen.declaration.name, "pca");
    let whole = |num| Fraction { num, den: 1 };
    let expected = [
        whole(50_000),
        whole(2 * MIN),
        whole(30 * MIN),
        whole(0),
        whole(1),
        whole(0),
        whole(2),
        whole(12),
        whole(0),
    ];
    assert_eq!(regimen.values, expected);
}

#[test]
fn a_report_can_tell_mass_from_steps() {
    let checked = accepted("background-and-pca.toml");
    assert_eq!(checked.id, "rig 3, water with dye");
    assert_eq!(checked.route, Route::Intrathecal);
    let morphine = &checked.drugs[0];
    assert_eq!(
        (morphine.name.as_str(), morphine.unit, morphine.primary),
        ("morphine", "mg", true)
    );
    let steps = Exact::whole(1_000).times(checked.volume_per_step).unwrap();
    assert_eq!(morphine.mass(steps), Exact::new(1, 10));
}

#[test]
fn a_prescription_is_known_by_the_sha_256_of_its_bytes() {
    let checked = accepted("continuous.toml");
    let hex = checked.sha256_hex();
    assert_eq!(hex.len(), 64);
    assert!(
        hex.chars()
            .all(|c| c.is_ascii_hexdigit() && !c.is_uppercase())
    );
    assert_ne!(hex, accepted("mixture.toml").sha256_hex());
}

#[test]
fn a_keep_vein_open_rate_an_end_and_a_clinician_bolus_reach_the_loop() {
    let core = core("continuous.toml");
    let kvo = Rate::new(500_000, 60 * MIN).unwrap();
    assert_eq!(core.on_strategy_loss, OnStrategyLoss::Kvo(kvo));
    assert_eq!(core.vtbi, Some(Steps(800_000)));
    assert_eq!(core.max_clinician_bolus, Some(Volume::from_nl(2_000_000)));
}

#[test]
fn a_schedule_has_an_interval_and_no_lockout() {
    let core = core("intermittent-bolus.toml");
    let bolus = core.regimens[0].unwrap().bolus.unwrap();
    assert_eq!(bolus.interval, Some(Nanoseconds::from_hours(4)));
    assert_eq!(bolus.demand, None);
    assert_eq!(core.on_strategy_loss, OnStrategyLoss::Stop);
}

#[test]
fn each_drug_of_a_mixture_keeps_its_own_tighter_caps() {
    let checked = accepted("mixture.toml");
    let caps = checked
        .core
        .drugs
        .map(|drug| drug.map(|drug| drug.caps.h24));
    // 3 mg at 1 mg/mL, and 15 mg at 5 mg/mL: 3 mL of the mixture either way.
    assert_eq!(caps[0], Some(Some(Steps(60_000))));
    assert_eq!(caps[1], Some(Some(Steps(60_000))));
    // 1.2 mg a day means the primary drug.
    let basal = checked.core.regimens[0].unwrap().basal;
    assert_eq!(basal, Rate::new(1_200_000, DAY).unwrap());
    assert_eq!(
        show(
            checked.drugs[1].concentration,
            pump_prescription::Dimension::Concentration
        ),
        "5 mg/mL"
    );
}

#[test]
fn the_highest_row_of_a_profile_bounds_its_regimen_and_its_steps_stand_in_the_order_of_the_week() {
    let checked = accepted("day-profile.toml");
    let regimen = &checked.regimens[0];
    // 2 mg/day of 2 mg/mL.
    assert_eq!(regimen.envelope.basal, Rate::new(1_000_000, DAY).unwrap());
    let whole = |num| Fraction { num, den: 1 };
    assert_eq!(regimen.values[..3], [whole(21), whole(1), whole(0)]);
    let steps = regimen.declaration.steps(&regimen.values);
    let hours: Vec<u64> = steps.iter().map(|[at, _]| at.num / 3_600).collect();
    assert_eq!(hours[..4], [0, 6, 22, 24]);
    assert_eq!(
        hours[15..],
        [5 * 24, 5 * 24 + 8, 5 * 24 + 22, 144, 152, 166]
    );
    let zone = checked.time_zone.expect("it is written");
    assert_eq!(zone.name(), "Europe/Berlin");
}

#[test]
fn a_profile_may_have_48_steps_on_each_day_of_the_week() {
    let folder = config();
    let text = std::fs::read_to_string(folder.join("prescriptions/day-profile.toml")).unwrap();
    let (head, _) = text.split_once("profile = [").unwrap();
    let mut text = format!("{head}profile = [\n");
    for day in ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] {
        for half in 0..48 {
            let (hour, minute, rate) = (half / 2, half % 2 * 30, half + 1);
            text.push_str(&format!(
                "{{ days = \"{day}\", at = \"{hour:02}:{minute:02}\", rate = \"{rate} uL/h\" }},\n"
            ));
        }
    }
    text.push_str("]\n");
    let open = |name: &str| Input::open(&folder.join(name));
    let prescription = Input::new("long.toml", text);
    let outcome = check(
        &prescription,
        &open("pump.toml"),
        &open("drug-library.toml"),
        &Stub,
    );
    let checked = outcome
        .checked
        .unwrap_or_else(|| panic!("{}", outcome.report));
    let regimen = &checked.regimens[0];
    assert_eq!(regimen.declaration.steps(&regimen.values).len(), 336);
}
