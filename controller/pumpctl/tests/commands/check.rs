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
