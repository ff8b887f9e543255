//! From nothing to an infusing pump: an author types what each step has printed.

use serde_json::Value;

use crate::rig::{Rig, repository};
use crate::shell::{Shell, build_tree};

/// The lines that a step tells to type next.
fn next(printed: &str) -> Vec<String> {
    let from = printed.find("Next").expect("a next step is told");
    let lines = printed[from..].lines().skip(1);
    let lines = lines.map_while(|line| line.strip_prefix("  "));
    lines.map(str::to_owned).collect()
}

#[test]
fn an_author_types_what_each_step_has_printed_and_the_pump_infuses() {
    let rig = Rig::new();
    let mut shell = Shell {
        folder: rig.folder.path().to_owned(),
    };
    let programs = build_tree(rig.folder.path());
    let pumpctl = programs.join("pumpctl").display().to_string();
    let sdk = repository().join("strategies");
    let new = format!("{pumpctl} strategy new slow-drip --sdk {}", sdk.display());
    let made = shell.types(&new);

    let steps = next(&made);
    let [enter, test, build, check] = steps.as_slice() else {
        panic!("four steps: {steps:?}");
    };
    shell.types(enter);
    let source = shell.folder.join("src/lib.rs");
    let text = std::fs::read_to_string(&source).expect("the source");
    let edited = text.replace("Duration::from_mins(30)", "Duration::from_mins(20)");
    assert_ne!(edited, text, "one line is edited");
    std::fs::write(&source, edited).expect("the source is writable");
    let tested = shell.types(test);
    assert!(
        tested.contains("a_step_allocates_nothing ... ok"),
        "{tested}"
    );
    shell.types(build);

    let library = check.rsplit(' ').next().expect("a file");
    let described = shell.types(&format!("{pumpctl} strategy describe {library} --json"));
    let described: Value = serde_json::from_str(&described).expect("a document");
    let gentle_for = &described["parameters"][2];
    assert_eq!(gentle_for["written"]["default"], "20 min", "{described}");

    let checked = shell.types(check);
    assert!(!checked.contains("not judged"), "{checked}");
    let steps = next(&checked);
    let [simulate] = steps.as_slice() else {
        panic!("one step: {steps:?}");
    };
    let simulated = shell.types(simulate);
    assert!(simulated.contains("3 h simulated"), "{simulated}");

    let steps = next(&simulated);
    let [daemon, arm, start] = steps.as_slice() else {
        panic!("three steps: {steps:?}");
    };
    let _daemon = shell.starts(daemon);
    // A person would be asked, and say yes.
    shell.types(&format!("{arm} --yes"));
    shell.types(start);
    let status = shell.types(&format!("{pumpctl} --socket rig.sock status --json"));
    let status: Value = serde_json::from_str(&status).expect("a document");
    assert_eq!(status["state"], "infusing", "{status}");
    let regimen = &status["regimens"][0];
    assert_eq!(regimen["strategy"], "slow-drip", "{status}");
}
