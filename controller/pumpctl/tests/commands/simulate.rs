//! `pumpctl simulate` as its users see it: the real program, the real plugins.

use std::fs;

use crate::rig::Rig;
use serde_json::{Value, json};

fn outcomes(report: &Value) -> Vec<(String, String, Value)> {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let boluses = report["boluses"].as_array().expect("a list");
    boluses
        .iter()
        .map(|b| (text(&b["kind"]), text(&b["outcome"]), b["reason"].clone()))
        .collect()
}

/// Every number of nanolitres or nanoseconds is whole, at any depth.
fn assert_whole(key: &str, value: &Value) {
    match value {
        Value::Object(map) => {
            for (inner, value) in map {
                // The windows of `window_peaks_nl` are nanolitres too.
                let key = if key.ends_with("_nl") { key } else { inner };
                assert_whole(key, value);
            }
        }
        Value::Array(list) => list.iter().for_each(|value| assert_whole("", value)),
        value if key.ends_with("_nl") || key.ends_with("_ns") => {
            assert!(value.is_u64(), "{key} is {value}");
        }
        _ => {}
    }
}

#[test]
fn the_report_has_every_field_that_programs_rely_on() {
    let rig = Rig::new();
    let report = rig.report(&["--for", "24h", "--at", "2h03m press", "--at", "2h10m press"]);
    for key in [
        "prescription_sha256",
        "duration_ns",
        "steps",
        "nl_per_step",
        "delivered_nl",
        "commanded_nl",
        "missed_nl",
        "uncertain_nl",
        "displaced_nl",
        "per_drug",
        "regimens",
        "boluses",
        "demands",
        "refusals",
        "alarms",
        "occlusions",
        "window_peaks_nl",
        "final_state",
    ] {
        assert!(report.get(key).is_some(), "{key} is missing");
    }
    assert_whole("", &report);
    assert_eq!(report["duration_ns"], 86_400_000_000_000_u64);
    assert_eq!(report["nl_per_step"], "50/1");
    // 1 mL of basal and one bolus of 50 µL.
    assert_eq!(report["steps"], 21_000);
    assert_eq!(report["delivered_nl"], 1_050_000);
    assert_eq!(report["commanded_nl"], 1_050_000);
    let drug = json!({"name": "morphine", "delivered": 2.1, "unit": "mg", "delivered_pg": 2_100_000_000_u64});
    assert_eq!(report["per_drug"], json!([drug]));
    let share = |name: &str, basal_nl: u64, boluses: (u64, u64, u64)| {
        json!({
            "name": name, "basal_nl": basal_nl,
            "boluses": boluses.0, "boluses_refused": boluses.1, "bolus_nl": boluses.2,
        })
    };
    assert_eq!(
        report["regimens"],
        json!([
            share("background", 1_000_000, (0, 0, 0)),
            share("patient", 0, (1, 1, 50_000))
        ])
    );
    assert_eq!(report["demands"], json!({"attempted": 2, "given": 1}));
    assert_eq!(report["refusals"], json!({"lockout": 1}));
    assert_eq!(report["final_state"], "infusing");
    assert_eq!(report["seed"], 0);

    let given = &report["boluses"][0];
    for (key, expected) in [
        ("kind", json!("demand")),
        ("regimen", json!("patient")),
        ("asked_at_ns", json!(7_380_000_000_000_u64)),
        ("started_at_ns", json!(7_380_000_000_000_u64)),
        ("volume_nl", json!(50_000)),
        ("delivered_nl", json!(50_000)),
        ("outcome", json!("completed")),
        ("reason", Value::Null),
    ] {
        assert_eq!(given[key], expected, "{key}");
    }
    let ended = given["ended_at_ns"].as_u64().expect("an instant");
    assert!(
        (7_499_000_000_000..=7_500_000_000_000).contains(&ended),
        "two minutes later: {ended}"
    );
    assert_eq!(report["boluses"][1]["outcome"], "refused");
    assert_eq!(report["boluses"][1]["reason"], "lockout");
    assert_eq!(report["boluses"][1]["asked_at_ns"], 7_800_000_000_000_u64);
}

#[test]
fn the_sha256_is_that_of_the_file() {
    let rig = Rig::new();
    let sum = std::process::Command::new("sha256sum")
        .arg(rig.path("rx.toml"))
        .output();
    let sum = String::from_utf8(sum.expect("sha256sum runs").stdout).expect("UTF-8");
    let report = rig.report(&["--for", "1min"]);
    assert_eq!(
        report["prescription_sha256"].as_str(),
        sum.split(' ').next()
    );
}

#[test]
fn the_edges_are_a_row_for_each_step() {
    let rig = Rig::new();
    let report = rig.report(&["--for", "2h", "--at", "1h press", "--edges", "edges.csv"]);
    let edges = rig.read("edges.csv");
    let mut rows = edges.lines();
    assert_eq!(rows.next(), Some("t_ns,step"));
    let mut last = 0;
    let mut steps = 0;
    for row in rows {
        let (at, step) = row.split_once(',').expect("two columns");
        let at: u64 = at.parse().expect("nanoseconds");
        steps += 1;
        assert_eq!(step, steps.to_string());
        assert!(at > last, "edges rise");
        last = at;
    }
    assert_eq!(report["steps"], steps);
    assert_eq!(
        edges.lines().nth(1),
        Some("4320000000,1"),
        "50 nL at 1 mL a day"
    );
}

#[test]
fn a_scenario_file_and_the_command_line_tell_the_same_story() {
    let rig = Rig::new();
    rig.write(
        "night.toml",
        r#"
        [[event]]
        at = "1h"
        do = "clinician-bolus"
        volume = "50 uL"
        over = "2 min"

        [[event]]
        at = "3h"
        do = "occlude"
        for = "10 min"

        [[event]]
        at = "3h15m"
        do = "resume"

        [[event]]
        at = "5h"
        do = "lose-strategy"
        regimen = "background"
        for = "1 h"

        [[event]]
        at = "7h"
        do = "restart"
        off_for = "5 min"

        [[event]]
        at = "8h"
        do = "arm"
        [[event]]
        at = "8h"
        do = "start"
        [[event]]
        at = "9h"
        do = "wall-clock-jump"
        by = "-1h"
        [[event]]
        at = "9h"
        do = "refill"
        volume = "20 mL"
        [[event]]
        at = "10h"
        do = "pause"
        "#,
    );
    let from_file = rig.report(&["--for", "11h", "--scenario", "night.toml"]);
    let from_line = rig.report(&[
        "--for",
        "11h",
        "--at",
        "1h clinician-bolus volume=50uL over=2min",
        "--at",
        "3h occlude for=10min",
        "--at",
        "3h15m resume",
        "--at",
        "5h lose-strategy regimen=background for=1h",
        "--at",
        "7h restart off_for=5min",
        "--at",
        "8h arm",
        "--at",
        "8h start",
        "--at",
        "9h wall-clock-jump by=-1h",
        "--at",
        "9h refill volume=20mL",
        "--at",
        "10h pause",
    ]);
    assert_eq!(from_file, from_line);
    assert_eq!(from_file["final_state"], "paused");
    assert_eq!(
        outcomes(&from_file),
        [("clinician".into(), "completed".into(), Value::Null)]
    );
    let alarms = from_file["alarms"].as_array().expect("a list");
    let names: Vec<&str> = alarms
        .iter()
        .filter_map(|alarm| alarm["name"].as_str())
        .collect();
    for name in [
        "occlusion",
        "strategy-lost-hold",
        "strategy-lost-stop",
        "restarted",
    ] {
        assert!(names.contains(&name), "{name} is not among {names:?}");
    }
}

#[test]
fn the_same_seed_gives_the_same_run_and_another_seed_another() {
    let rig = Rig::new();
    let words = ["--for", "3day", "--presses", "20/day", "--seed"];
    let run = |seed| rig.report(&[&words[..], &[seed]].concat());
    let first = run("1");
    assert_eq!(first, run("1"));
    assert_ne!(first["boluses"], run("2")["boluses"]);
    assert_eq!(first["demands"]["attempted"], 60);
    assert_eq!(first["seed"], 1);
}

#[test]
fn the_story_fits_on_a_screen_and_says_what_was_refused_and_why() {
    let rig = Rig::new();
    let done = rig.run(&[
        "simulate",
        "rx.toml",
        "--at",
        "2h press",
        "--at",
        "2h05m press",
        "--at",
        "3h clinician-bolus volume=25uL over=2min",
    ]);
    assert_eq!(done.code(), 0, "{}", done.err());
    let story = done.out();
    for part in [
        "test rig",
        "1.075 mL",
        "morphine 2.15 mg",
        "background: 1 mL as basal\n",
        "patient: 50 µL in 1 bolus\n",
        "the operator: 25 µL in 1 bolus\n",
        "lockout: the lockout since",
        "of 0.4 mL",
        "left of 20 mL",
        "infusing",
        "●",
    ] {
        assert!(story.contains(part), "{part:?} is not in\n{story}");
    }
    assert!(story.lines().count() <= 40, "{story}");
    let widest = story.lines().map(|line| line.chars().count()).max();
    assert!(widest <= Some(100), "{widest:?}\n{story}");
}

#[test]
fn the_plot_is_drawn_with_titles_units_and_a_legend() {
    let rig = Rig::new();
    let words = [
        "--for",
        "24h",
        "--at",
        "2h press",
        "--at",
        "2h05m press",
        "--plot",
        "run.svg",
    ];
    rig.report(&words);
    let drawing = rig.read("run.svg");
    assert!(drawing.starts_with("<svg") && drawing.trim_end().ends_with("</svg>"));
    for part in [
        "test rig",
        "Commanded rate",
        "rate [mL/h]",
        "Delivered volume",
        "volume [mL]",
        "time since the start [h]",
        "share of the cap [%]",
        "cap 0.4 mL",
        "bolus",
        "refused",
    ] {
        assert!(drawing.contains(part), "{part:?} is not in the drawing");
    }
    let first = fs::read(rig.path("run.svg")).expect("the drawing");
    rig.report(&words);
    assert_eq!(
        first,
        fs::read(rig.path("run.svg")).expect("the drawing"),
        "drawn the same again"
    );
}

#[test]
fn a_bolus_that_the_power_cut_off_says_so() {
    let rig = Rig::new();
    let words = [
        "--for",
        "2h",
        "--at",
        "1h press",
        "--at",
        "61m restart off_for=10s",
    ];
    let report = rig.report(&words);
    assert_eq!(
        outcomes(&report),
        [("demand".into(), "cut".into(), json!("power"))]
    );
    let story = rig
        .run(&[&["simulate", "rx.toml"][..], &words].concat())
        .out();
    assert!(story.contains("1 demand, cut (power): 25 µL"), "{story}");
}

#[test]
fn a_refill_before_a_restart_is_what_the_pump_goes_by_after_it() {
    let rig = Rig::new();
    let report = rig.report(&[
        "--for",
        "60day",
        "--at",
        "1h pause",
        "--at",
        "2h refill volume=3mL",
        "--at",
        "3h restart off_for=10s",
        "--at",
        "4h arm",
        "--at",
        "4h start",
    ]);
    assert_eq!(report["final_state"], "faulted");
    let before = 41_650;
    let uncertain = report["uncertain_nl"].as_u64().expect("a number");
    let delivered = report["delivered_nl"].as_u64().expect("a number");
    // Two starts, a full step of 16 each; the second is from what was filled.
    assert_eq!(report["displaced_nl"], 1_600);
    // 3 mL less what is left at "empty": given, or taken for given.
    assert_eq!(delivered - before + uncertain + 800, 2_500_000);
}
