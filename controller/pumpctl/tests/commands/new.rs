//! `pumpctl new` as its users see it.

use std::process::Stdio;

use pump_prescription::{Bench, Dimension, LibraryDrug, show};

use crate::daemon::pty::Terminal;
use crate::rig::{Rig, repository};

fn bench() -> Bench {
    let device = repository().join("config/pump.toml");
    Bench::open(&device, None).unwrap_or_else(|report| panic!("{report}"))
}

/// What `check` says of a file, in which it finds nothing at all.
fn checked(rig: &Rig, name: &str) -> serde_json::Value {
    let done = rig.run(&["check", "--json", name]);
    let text = rig.read(name);
    assert_eq!(done.code(), 0, "{}\n{text}", done.out());
    let told: serde_json::Value = serde_json::from_str(&done.out()).expect("a document");
    let findings = told["files"][0]["findings"].as_array().expect("findings");
    let loud = |it: &&serde_json::Value| it["severity"] != "note";
    assert_eq!(findings.iter().find(loud), None, "{text}");
    let schema = repository().join("config/schema/prescription.schema.json");
    let first = format!("#:schema {}", schema.display());
    assert_eq!(text.lines().next(), Some(first.as_str()));
    let mut fmt = std::process::Command::new(env!("CARGO_BIN_EXE_pumpctl"));
    let fmt = fmt.args(["fmt", "--check"]).arg(rig.path(name)).output();
    assert!(fmt.expect("the program runs").status.success(), "{text}");
    told
}

fn said<'a>(drug: &'a LibraryDrug, file: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let (route, name) = (drug.route.name(), drug.name.value.as_str());
    let words = ["new", file, "--yes", "--route", route, "--drug", name];
    words.iter().chain(more).copied().collect()
}

#[test]
fn for_each_drug_and_route_of_the_library_the_defaults_pass_without_a_finding() {
    let rig = Rig::new();
    for (at, drug) in bench().library.drugs.iter().enumerate() {
        let file = format!("{at}.toml");
        let done = rig.run(&said(drug, &file, &[]));
        assert_eq!(done.code(), 0, "{drug:?}: {}", done.err());
        let told = checked(&rig, &file);
        assert_eq!(
            told["files"][0]["findings"],
            serde_json::json!([]),
            "{}",
            rig.read(&file)
        );
        let written = &told["files"][0]["prescription"]["route"];
        assert_eq!(written, drug.route.name());
        assert!(
            rig.read(&file)
                .contains(&format!("name = \"{}\"", drug.name.value))
        );
    }
}

#[test]
fn what_is_written_for_any_concentration_and_with_a_button_passes() {
    let rig = Rig::new();
    for (at, drug) in bench().library.drugs.iter().enumerate() {
        for (which, concentration) in [drug.concentration.0, drug.concentration.1]
            .into_iter()
            .enumerate()
        {
            let strength = show(concentration, Dimension::Concentration);
            let file = format!("{at}-{which}.toml");
            let alone = format!("alone-{file}");
            let done = rig.run(&said(drug, &alone, &["--concentration", &strength]));
            assert_eq!(done.code(), 0, "{drug:?}: {}", done.err());
            checked(&rig, &alone);
            let text = rig.read(&alone);
            let rate = text.lines().find_map(|line| line.strip_prefix("rate = \""));
            let rate = rate.and_then(|rate| rate.split_once(' ')).expect("a rate");
            let (number, unit) = (rate.0, rate.1.trim_end_matches("/day\""));
            // A twentieth of the basal that is proposed.
            let bolus = format!("{number}/20 {unit}");
            let more = ["--concentration", &strength, "--bolus", &bolus];
            let done = rig.run(&said(drug, &file, &more));
            assert_eq!(done.code(), 0, "{drug:?} {more:?}: {}", done.err());
            checked(&rig, &file);
            assert!(rig.read(&file).contains("strategy = \"pca\""));
        }
    }
}

#[test]
fn an_answer_that_cannot_be_given_writes_nothing_and_says_why() {
    let rig = Rig::new();
    let before = rig.names();
    for (flag, answer, part) in [
        ("--route", "intratecal", "intravenous"),
        ("--drug", "aspirin", "morphine"),
        ("--concentration", "2", "has no unit"),
        ("--concentration", "2 mg", "this is"),
        ("--concentration", "900 mg/mL", "out of range"),
        ("--daily", "2 ml", "did you mean `2 mL`"),
        ("--daily", "100 mg", "allowed"),
        ("--bolus", "50 mg", "max_bolus"),
        ("--bolus", "0.1 mg\"\nlockout = \"1 min", "--bolus"),
    ] {
        let done = rig.run(&["new", "bad.toml", "--yes", flag, answer]);
        assert_eq!(done.code(), 1, "{flag} {answer}: {}", done.out());
        let told = done.err();
        assert!(told.contains(flag), "{told}");
        assert!(told.contains(part), "{part:?} is not in {told}");
        assert_eq!(rig.names(), before, "{flag} {answer}");
    }
    let done = rig.run(&["new", "bad.toml", "--yes", "--daily", "none"]);
    assert_eq!(done.code(), 1);
    assert!(
        done.err().contains("nothing would be given"),
        "{}",
        done.err()
    );
    let short = ["--bolus", "0.1 mg", "--lockout", "1 min"];
    let done = rig.run(&[&["new", "bad.toml", "--yes"][..], &short].concat());
    assert_eq!(done.code(), 1);
    assert!(done.err().contains("lockout"), "{}", done.err());
    assert_eq!(rig.names(), before);
}

#[test]
fn a_file_that_is_there_is_never_written_over() {
    let rig = Rig::new();
    rig.write("mine.toml", "mine");
    let done = rig.run(&["new", "mine.toml", "--yes"]);
    assert_eq!(done.code(), 1);
    assert!(done.err().contains("it is there already"), "{}", done.err());
    assert_eq!(rig.read("mine.toml"), "mine");
}

#[test]
fn without_a_terminal_it_reads_nothing_and_says_what_is_missing() {
    let rig = Rig::new();
    let mut command = rig.command(&["new", "--route", "intrathecal", "--bolus", "none"]);
    let done = command.stdin(Stdio::null()).output().expect("it runs");
    assert_eq!(done.status.code(), Some(2));
    let told = String::from_utf8_lossy(&done.stderr);
    assert!(
        told.contains("not all is said: --drug, --concentration, --daily;"),
        "{told}"
    );
    assert!(done.stdout.is_empty());
    // All is said: nothing needs a yes.
    let all = [
        "new",
        "all.toml",
        "--route",
        "intrathecal",
        "--drug",
        "morphine",
        "--concentration",
        "2 mg/mL",
        "--daily",
        "2 mg",
        "--bolus",
        "0.1 mg",
        "--lockout",
        "45 min",
    ];
    let done = rig.command(&all).stdin(Stdio::null()).output();
    assert_eq!(done.expect("it runs").status.code(), Some(0));
    let text = rig.read("all.toml");
    for line in [
        "rate = \"2 mg/day\"",
        "dose = \"0.1 mg\"",
        "lockout = \"45 min\"",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    checked(&rig, "all.toml");
}

#[test]
fn at_a_terminal_each_question_has_a_default_and_is_asked_again_with_the_reason() {
    let rig = Rig::new();
    let mut terminal = Terminal::run(rig.command(&["new", "asked.toml"]));
    terminal.expect("[intrathecal]: ");
    terminal.enter("vein");
    terminal.expect("the drug library has drugs for intrathecal");
    terminal.enter("");
    terminal.expect("[morphine]: ");
    terminal.enter("hydromorphone");
    terminal.expect("[4 mg/mL]: ");
    terminal.enter("4");
    terminal.expect("no unit");
    terminal.enter("1 mg/mL");
    terminal.expect("or none [");
    terminal.enter("none");
    terminal.expect("or none [none]: ");
    terminal.enter("none");
    terminal.expect("nothing would be given");
    terminal.enter("9 mg");
    terminal.expect("is larger than `max_bolus`");
    terminal.enter("50 ug");
    terminal.expect("Lockout");
    terminal.enter("5 min");
    terminal.expect("at least 10 min");
    terminal.enter("");
    assert_eq!(terminal.end(), 0, "{}", terminal.seen);
    checked(&rig, "asked.toml");
    let text = rig.read("asked.toml");
    assert!(text.contains("dose = \"50 ug\"") && text.contains("lockout = \"30 min\""));
    assert!(!text.contains("continuous"), "{text}");
}
