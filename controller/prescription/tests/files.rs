//! Files on disk: where the drug library is found, and what happens when a file is not there.

mod common;

use std::path::{Path, PathBuf};

use common::Stub;
use pump_core::quantity::{Steps, Volume};
use pump_prescription::{Code, Input, Outcome, check, check_files};

fn bench() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bench")
}

fn codes(outcome: &Outcome) -> Vec<Code> {
    outcome
        .report
        .diagnostics()
        .iter()
        .map(|d| d.code)
        .collect()
}

fn with_device(device: String) -> Outcome {
    let open = |name: &str| Input::open(&bench().join(name));
    let device = Input::new("pump.toml", device);
    check(
        &open("prescription.toml"),
        &device,
        &open("drug-library.toml"),
        &Stub,
    )
}

fn device() -> String {
    std::fs::read_to_string(bench().join("pump.toml")).unwrap()
}

#[test]
fn the_drug_library_is_found_beside_the_device_file() {
    let folder = bench();
    let outcome = check_files(
        &folder.join("prescription.toml"),
        &folder.join("pump.toml"),
        None,
        &Stub,
    );
    assert!(outcome.checked.is_some(), "{}", outcome.report);
    assert_eq!(outcome.checked.unwrap().library_version, "tests");
}

#[test]
fn the_drug_library_can_be_overridden() {
    let folder = bench();
    let other = folder.join("../../../../config/drug-library.toml");
    let outcome = check_files(
        &folder.join("prescription.toml"),
        &folder.join("pump.toml"),
        Some(&other),
        &Stub,
    );
    assert_eq!(outcome.checked.unwrap().library_version, "2026-11-26");
}

#[test]
fn a_file_that_is_not_there_or_a_folder_is_named() {
    let folder = bench();
    let outcome = check_files(
        &folder.join("no-such-file.toml"),
        &folder,
        Some(&folder),
        &Stub,
    );
    assert!(outcome.checked.is_none());
    assert_eq!(
        codes(&outcome),
        [Code::Unreadable, Code::Unreadable, Code::Unreadable]
    );
    let text = outcome.report.to_string();
    assert!(text.contains("no-such-file.toml"), "{text}");
    assert!(text.contains("it is a folder"), "{text}");
}

#[test]
fn a_file_that_never_ends_is_not_read() {
    let folder = bench();
    let outcome = check_files(
        Path::new("/dev/zero"),
        &folder.join("pump.toml"),
        None,
        &Stub,
    );
    assert_eq!(codes(&outcome), [Code::Unreadable]);
}

#[test]
fn a_device_that_names_no_drug_library_needs_one_given() {
    let device = device().replace("drug_library = \"drug-library.toml\"\n", "");
    assert!(with_device(device.clone()).checked.is_some());
    let path = std::env::temp_dir().join(format!("pump-{}.toml", std::process::id()));
    std::fs::write(&path, device).unwrap();
    let outcome = check_files(&bench().join("prescription.toml"), &path, None, &Stub);
    std::fs::remove_file(&path).unwrap();
    assert_eq!(codes(&outcome), [Code::MissingKey]);
}

#[test]
fn the_volume_of_a_step_follows_from_the_geometry() {
    let geometry = "syringe_bore = \"14.5 mm\"\nlead = \"1 mm\"\nsteps_per_turn = 200";
    let outcome = with_device(device().replace("volume_per_step = \"50 nL\"", geometry));
    let core = outcome
        .checked
        .unwrap_or_else(|| panic!("{}", outcome.report))
        .core;
    // π/4 · 14.5² mm² · 1 mm / 3200 are 51.603 nL.
    assert_eq!(
        core.volume_per_step,
        Volume::new(355 * 841 * 1_000, 113 * 16 * 3_200).unwrap()
    );
    assert_eq!(core.volume_per_step.floor_nl(), 51);
    assert_eq!(core.full_step, Steps(16));
}

#[test]
fn the_volume_of_a_step_may_be_a_fraction() {
    let outcome = with_device(device().replace("50 nL", "1000/2857 nL"));
    let core = outcome
        .checked
        .unwrap_or_else(|| panic!("{}", outcome.report))
        .core;
    assert_eq!(core.volume_per_step, Volume::new(1_000, 2_857).unwrap());
}

/// W04. Whole steps at or below what is written.
#[test]
fn the_limits_of_air_are_steps_rounded_down_and_without_them_any_air_stops() {
    let air = |max_bubble: &str, max_total: &str| {
        let air = format!(
            "\n[air]\nmax_bubble = \"{max_bubble}\"\nmax_total = \"{max_total}\"\nwithin = \"1 h\"\n"
        );
        let outcome = with_device(device() + &air);
        let checked = outcome
            .checked
            .unwrap_or_else(|| panic!("{}", outcome.report));
        checked.core.air.expect("limits of air")
    };
    for (max_bubble, max_total, bubble, total) in [
        ("200 uL", "1 mL", 4_000, 20_000),
        ("200.049 uL", "1000.05 uL", 4_000, 20_001),
        ("199.999 uL", "199.999 uL", 3_999, 3_999),
        ("49 nL", "49 nL", 0, 0),
    ] {
        let air = air(max_bubble, max_total);
        assert_eq!((air.max_bubble.0, air.max_total.0), (bubble, total));
        assert_eq!(air.within.0, 3_600_000_000_000);
    }
    assert_eq!(with_device(device()).checked.unwrap().core.air, None);
}

#[test]
fn the_lease_is_two_seconds_where_the_device_does_not_say() {
    let outcome = with_device(device().replace("order_lease = \"2 s\"\n", ""));
    assert_eq!(outcome.checked.unwrap().core.order_lease.0, 2_000_000_000);
}

#[test]
fn findings_are_data_as_well_as_text() {
    let text = std::fs::read_to_string(bench().join("prescription.toml")).unwrap();
    let broken = Input::new(
        "rx.toml",
        text.replace("dose = \"0.1 mg\"", "dose = \"0.1 Mg\""),
    );
    let open = |name: &str| Input::open(&bench().join(name));
    let outcome = check(
        &broken,
        &open("pump.toml"),
        &open("drug-library.toml"),
        &Stub,
    );
    let [finding] = outcome.report.diagnostics() else {
        panic!("{}", outcome.report);
    };
    let place = finding.place.unwrap();
    let at = outcome.report.position(place);
    assert_eq!(outcome.report.file_name(finding.file), "rx.toml");
    assert_eq!((at.line, at.column), (32, 13));
    assert_eq!(outcome.report.excerpt(place), "Mg");
    assert_eq!(finding.code.id(), "E0013");
    assert_eq!(finding.severity().name(), "error");
    assert_eq!(finding.help.as_deref(), Some("did you mean `0.1 mg`?"));
    assert_eq!(outcome.report.summary(), "1 error");
}

#[test]
fn an_error_in_the_device_does_not_hide_those_of_the_drug_library_beside_it() {
    let folder = std::env::temp_dir().join(format!("pump-errors-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("pump.toml");
    std::fs::write(&path, device().replace("50 nL", "50 ng")).unwrap();
    std::fs::write(folder.join("drug-library.toml"), "format = 2\n").unwrap();
    let outcome = check_files(&bench().join("prescription.toml"), &path, None, &Stub);
    std::fs::remove_dir_all(&folder).unwrap();
    let codes = codes(&outcome);
    assert!(codes.contains(&Code::WrongDimension), "{}", outcome.report);
    assert!(codes.contains(&Code::Format), "{}", outcome.report);
}
