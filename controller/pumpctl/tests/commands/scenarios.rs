//! The scenarios that are shipped, and years of running.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::rig::{Rig, repository};

fn shipped(name: &str) -> String {
    let path: PathBuf = repository().join("config").join(name);
    path.to_str().expect("a path in UTF-8").to_owned()
}

/// The report and the edges of a run of `tight-hour.toml`.
fn tight_hour(more: &[&str]) -> (Value, String) {
    let rig = Rig::new();
    let prescription = shipped("prescriptions/tight-hour.toml");
    let edges = rig.path("edges.csv");
    let edges = edges.to_str().expect("a path in UTF-8");
    let words = [
        "simulate",
        &prescription,
        "--for",
        "3h",
        "--json",
        "--edges",
        edges,
    ];
    let done = rig.run(&[&words[..], more].concat());
    assert_eq!(done.code(), 0, "{}", done.err());
    let report = serde_json::from_str(&done.out()).expect("one document");
    (report, rig.read("edges.csv"))
}

#[test]
fn the_published_defect_is_refused_and_the_basal_runs_on_unchanged() {
    let scenario = shipped("scenarios/early-second-dose.toml");
    let (report, edges) = tight_hour(&["--scenario", &scenario]);
    let (_, without) = tight_hour(&["--at", "2m press", "--at", "1h05m press"]);
    assert_eq!(
        edges, without,
        "the refused press leaves no trace in the edges"
    );
    assert_eq!(report["refusals"], json!({"window-1h": 1}));
    assert_eq!(report["demands"], json!({"attempted": 3, "given": 2}));
    let cap = report["window_caps_nl"]["1h"].as_u64().expect("a number");
    let peak = report["window_peaks_nl"]["1h"].as_u64().expect("a number");
    assert!(peak <= cap);
    // What makes it the defect: at the press the hour has room for the dose, but not for
    // the dose and the basal still to come.
    let dose = report["boluses"][1]["volume_nl"]
        .as_u64()
        .expect("a number");
    let at_the_press = 180_000 * 33 / 60 + dose;
    assert!(at_the_press + dose <= cap && peak + dose > cap);
}

#[test]
fn the_night_in_which_clocks_go_forward_has_an_hour_less_of_the_nights_rate() {
    let rig = Rig::new();
    let scenario = shipped("scenarios/night-without-a-clock.toml");
    let prescription = shipped("prescriptions/day-profile.toml");
    let commanded = |start: &str, span: &str, scenario: &[&str]| {
        let words = [
            "simulate",
            &prescription,
            "--for",
            span,
            "--json",
            "--wall-clock",
            start,
        ];
        let done = rig.run(&[&words[..], scenario].concat());
        assert_eq!(done.code(), 0, "{}", done.err());
        let report: Value = serde_json::from_str(&done.out()).expect("one document");
        assert_eq!(report["refusals"], json!({}));
        report["commanded_nl"].as_u64().expect("a number")
    };
    // In minutes at 250, 750 and 1000 µL/day, of which the second is 1/1.92 µL a minute.
    let nl = |low: u64, middle: u64, high: u64| {
        (low * 250_000 + middle * 750_000 + high * 1_000_000) / 1_440
    };
    // 18:00 to 22:00, 9 h of night, 14 h of Sunday, 8 h 30 of night, and half an hour of Monday.
    let spring = "2026-03-28 18:00";
    let night = 9 * 60 + 8 * 60 + 30;
    assert_eq!(commanded(spring, "36h", &[]), nl(night, 18 * 60, 30));
    // An hour of Sunday has no clock.
    let lost = ["--scenario", scenario.as_str()];
    assert_eq!(commanded(spring, "36h", &lost), nl(night + 60, 17 * 60, 30));
    // A week before, the night has ten hours, and Monday's rate is not reached.
    let before = "2026-03-21 18:00";
    assert_eq!(commanded(before, "36h", &[]), nl(night + 30, 18 * 60, 0));
    // In autumn it has eleven, and so much less of Sunday is within 28 hours.
    let autumn = "2026-10-24 18:00";
    assert_eq!(commanded(autumn, "28h", &[]), nl(11 * 60, 17 * 60, 0));
}

#[test]
fn a_start_that_is_no_date_and_time_is_refused() {
    let rig = Rig::new();
    let prescription = shipped("prescriptions/day-profile.toml");
    let done = rig.run(&["simulate", &prescription, "--wall-clock", "7 o'clock"]);
    assert_eq!(done.code(), 2);
    assert!(
        done.err().contains("write it as \"2026-03-28 19:00\""),
        "{}",
        done.err()
    );
}

#[test]
fn ten_years_give_what_the_rate_says_to_the_step() {
    let days = 3653_u64;
    // 2 µL/h, and 1/7 mL/day, at 50 nL a step.
    for (rate, steps) in [
        ("2 uL/h", days * 24 * 40),
        ("1/7 mL/day", days * 20_000 / 7),
    ] {
        let rig = Rig::new();
        let text = crate::rig::PRESCRIPTION
            .replace("volume = \"20 mL\"", "volume = \"1 L\"")
            .replace("rate = \"2 mg/day\"", &format!("rate = \"{rate}\""));
        rig.write("rx.toml", text);
        let report = rig.report(&["--for", "3653day"]);
        assert_eq!(report["steps"], steps, "{rate}");
        assert_eq!(report["missed_nl"], 0);
        let whole = report["commanded_steps"].as_str().expect("a text");
        let whole = whole.split(" + ").next().expect("the whole steps");
        assert_eq!(
            whole,
            steps.to_string(),
            "commanded = delivered + less than a step"
        );
    }
}
