//! `pumpctl check` as its users see it.

use crate::rig::{PRESCRIPTION, Rig, repository};

#[test]
fn a_good_prescription_is_told_with_its_limits_and_who_set_them() {
    let rig = Rig::new();
    let done = rig.run(&["check", "rx.toml"]);
    assert_eq!(done.code(), 0, "{}", done.err());
    let told = done.out();
    for part in [
        "rx.toml: good",
        "test rig",
        "intrathecal",
        "2 mg/mL",
        "50 nL a step",
        "max_1h",
        "0.4 mL",
        "prescription",
        "drug library",
        "background",
        "continuous",
        "basal 1 mL/day",
        "patient",
        "pca",
        "bolus 50 µL over 2 min",
        "lockout 30 min start to start",
        "at most 2 in 1 h",
        "held for 30 min",
    ] {
        assert!(told.contains(part), "{part:?} is not in\n{told}");
    }
    assert_eq!(done.err(), "");
}

/// W05.
#[test]
fn the_worst_case_is_told_for_each_window_beside_its_caps_and_what_bounds_it() {
    let rig = Rig::new();
    // The basal, two doses in an hour by the lockout and a full step of the rotor.
    let done = rig.run(&["check", "rx.toml"]);
    let told = done.out();
    for line in [
        "  1 h         the mixture     0.1425 mL      0.4 mL         the basal and 2 boluses",
        "              morphine        0.285 mg       2 mg",
        "  24 h        the mixture     1.6008 mL      4 mL           the basal and 12 boluses",
        "  with 0.8 µL that the motor's rotor may move at a start",
        "  basal alone 17.9 days       19.4 days",
        "  worst case  11.0 days       12.0 days",
    ] {
        assert!(told.contains(line), "{line:?} is not in\n{told}");
    }
    // Held back by a cap, and by a cap of the drug alone; the day then by the hours.
    let tight = PRESCRIPTION
        .replace("max_1h = \"0.4 mL\"", "max_1h = \"0.1 mL\"")
        .replace("2 mg/mL\"", "2 mg/mL\"\nmax_24h = \"2.8 mg\"");
    rig.write("tight.toml", tight);
    let done = rig.run(&["check", "tight.toml"]);
    let told = done.out();
    for line in [
        "  1 h         the mixture     0.1 mL         0.1 mL         max_1h",
        "  4 h         the mixture     0.4 mL         1 mL           4 times max_1h",
        "  24 h        the mixture     1.4 mL         4 mL           max_24h of morphine",
        "              morphine        2.8 mg         2.8 mg",
    ] {
        assert!(told.contains(line), "{line:?} is not in\n{told}");
    }
}

/// W05.
#[test]
fn programs_get_the_worst_case_in_whole_steps_nanolitres_and_nanograms() {
    let rig = Rig::new();
    let own = PRESCRIPTION.replace("max_per_1h = 2", "max_per_1h = 1");
    rig.write("own.toml", own);
    let done = rig.run(&["check", "--json", "own.toml"]);
    assert_eq!(done.code(), 0, "{}", done.err());
    let told: serde_json::Value = serde_json::from_str(&done.out()).expect("a document");
    let picture = &told["files"][0]["prescription"]["picture"];
    let hour = &picture["windows"][0];
    // 41,666 2/3 nL of basal are 834 steps of 50 nL when the last is begun; a dose is 1000.
    assert_eq!(hour["window_ns"], 3_600_000_000_000_u64);
    assert_eq!(hour["steps"], 16 + 834 + 1_000);
    assert_eq!(hour["nl"], 50 * 1_850);
    assert_eq!(hour["drugs"][0]["ng"], 2 * 50 * 1_850);
    assert_eq!(hour["drugs"][0]["cap"], "2 mg");
    assert_eq!(hour["cap"], "0.4 mL");
    assert_eq!(hour["bounded_by"], "the basal and 1 bolus");
    assert_eq!(picture["rotor_steps"], 16);
    // 18 mL less the rotor's 800 nL at 1 mL/day, when the last step is begun.
    let low = &picture["reservoir"]["basal_alone"]["low_after_ns"];
    let days = 4_320_000_000_u64 * (360_000 - 16 - 1);
    assert_eq!(low.as_u64(), Some(days));
}

#[test]
fn all_errors_of_all_files_are_told_at_once_with_their_places() {
    let rig = Rig::new();
    let two = PRESCRIPTION
        .replace("\"20 mL\"", "\"20 ml\"")
        .replace("lockout = \"30 min\"", "lockout = \"30 s\"");
    rig.write("two.toml", two);
    rig.write(
        "typo.toml",
        PRESCRIPTION.replace("strategy = \"pca\"", "strategy = \"pcaa\""),
    );
    let done = rig.run(&["check", "two.toml", "rx.toml", "typo.toml", "absent.toml"]);
    assert_eq!(done.code(), 1);
    assert!(
        done.out().contains("rx.toml: good"),
        "the good one is told all the same"
    );
    let told = done.err();
    for part in [
        "two.toml:7:",
        "did you mean `20 mL`",
        "two.toml:36:",
        "1 min to 24 h",
        "two.toml: refused: 2 errors",
        "typo.toml:33:",
        "`pca`",
        "absent.toml",
    ] {
        assert!(told.contains(part), "{part:?} is not in\n{told}");
    }
}

#[test]
fn a_broken_device_is_told_by_its_own_name() {
    let rig = Rig::new();
    rig.write("pump.toml", "format = 1\nname = \"x\"\n");
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_pumpctl"));
    command
        .current_dir(rig.folder.path())
        .args(["check", "--device", "pump.toml", "rx.toml"]);
    let done = command.output().expect("it runs");
    assert_eq!(done.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&done.stderr).contains("pump.toml"));
}

#[test]
fn every_prescription_that_is_shipped_is_good() {
    let rig = Rig::new();
    let folder = repository().join("config/prescriptions");
    let files = std::fs::read_dir(folder).expect("the shipped prescriptions");
    let mut count = 0;
    for file in files {
        let path = file.expect("a file").path();
        let shown = path.display().to_string();
        let done = rig.run(&["check", &shown]);
        assert_eq!(done.code(), 0, "{shown}: {}", done.err());
        count += 1;
    }
    assert!(count > 0);
}

#[test]
fn a_plugin_that_is_no_plugin_is_refused_by_name() {
    let rig = Rig::new();
    rig.write(
        "rx2.toml",
        PRESCRIPTION.replace("strategy = \"pca\"", "strategy = \"mine\""),
    );
    std::fs::create_dir(rig.path("plugins")).expect("a folder");
    for content in [&b""[..], b"text", &[0x7f, b'E', b'L', b'F', 2, 1, 1]] {
        rig.write("plugins/libmine.so", content);
        let done = rig.run(&["check", "rx2.toml", "--strategies", "plugins"]);
        assert_eq!(done.code(), 1);
        assert!(done.err().contains("libmine.so"), "{}", done.err());
    }
}

#[test]
fn programs_get_every_finding_with_its_place() {
    let rig = Rig::new();
    rig.write("two.toml", PRESCRIPTION.replace("\"20 mL\"", "\"20 ml\""));
    let done = rig.run(&["check", "--format", "json", "two.toml", "rx.toml"]);
    assert_eq!(done.code(), 1);
    let told: serde_json::Value = serde_json::from_str(&done.out()).expect("a document");
    let finding = &told["files"][0]["findings"][0];
    assert_eq!(finding["code"], "E0013");
    assert_eq!(finding["at"]["line"], 7);
    // The unit alone.
    let (from, to) = (&finding["at"]["column"], &finding["at"]["end_column"]);
    assert_eq!(to.as_u64(), from.as_u64().map(|from| from + 2));
    assert_eq!(told["files"][0]["good"], false);
    assert_eq!(told["files"][1]["good"], true);
    let limits = told["files"][1]["prescription"]["limits"].as_array();
    assert!(limits.is_some_and(|limits| !limits.is_empty()));
}

#[test]
fn editors_get_the_same_as_sarif() {
    let rig = Rig::new();
    rig.write("two.toml", PRESCRIPTION.replace("\"20 mL\"", "\"20 ml\""));
    let done = rig.run(&["check", "--format", "sarif", "two.toml"]);
    assert_eq!(done.code(), 1);
    let told: serde_json::Value = serde_json::from_str(&done.out()).expect("a document");
    assert_eq!(told["version"], "2.1.0");
    let result = &told["runs"][0]["results"][0];
    assert_eq!(result["ruleId"], "E0013");
    assert_eq!(result["level"], "error");
    let location = &result["locations"][0]["physicalLocation"];
    assert_eq!(location["artifactLocation"]["uri"], "two.toml");
    assert_eq!(location["region"]["startLine"], 7);
}

#[test]
fn a_code_is_explained_without_any_file() {
    let rig = Rig::new();
    let done = rig.run(&["check", "--explain", "e0036"]);
    assert_eq!(done.code(), 0, "{}", done.err());
    assert!(done.out().contains("error[E0036]"), "{}", done.out());
    assert_eq!(rig.run(&["check", "--explain", "E9999"]).code(), 2);
    assert_eq!(rig.run(&["check"]).code(), 2);
}

#[test]
fn what_changes_in_the_dose_is_told_and_what_changes_in_the_text_is_not() {
    let rig = Rig::new();
    let other = PRESCRIPTION.replace("\"20 mL\"", "\"20000 uL\"");
    rig.write("same.toml", format!("# as before\n{other}"));
    let done = rig.run(&["diff", "rx.toml", "same.toml"]);
    assert_eq!(
        (done.code(), done.out().as_str()),
        (0, "the dose is the same\n")
    );
    rig.write("more.toml", PRESCRIPTION.replace("2 mg/day", "3 mg/day"));
    let done = rig.run(&["diff", "rx.toml", "more.toml", "--json"]);
    let told: serde_json::Value = serde_json::from_str(&done.out()).expect("a document");
    assert_eq!(told["same_dose"], false);
    let rows = told["rows"].as_array().expect("rows");
    assert!(rows.iter().any(|row| row["what"] == "background: rate"
        && row["old"] == "1 mL/day"
        && row["new"] == "1.5 mL/day"));
    assert!(rows.iter().all(|row| row["changed"] == true));
    rig.write("bad.toml", "format = 1\n");
    assert_eq!(rig.run(&["diff", "rx.toml", "bad.toml"]).code(), 1);
}
