//! An operator's first hour with a simulated pump: what he types, and what he is told.

use crate::rig::Rig;
use crate::shell::{Shell, build_tree};

fn told(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
}

#[test]
fn an_operators_first_hour() {
    let rig = Rig::new();
    let mut shell = Shell {
        folder: rig.folder.path().to_owned(),
    };
    let programs = build_tree(rig.folder.path());
    let pumpctl = programs.join("pumpctl").display().to_string();
    let pumpd = programs.join("pumpd").display().to_string();

    // A prescription from a few answers, most of them what is proposed.
    let mut new = shell.sits_at(&format!("{pumpctl} new first.toml"));
    for (question, answer) in [
        ("Route (", "intravenous"),
        ("Drug (", "tracer dye"),
        ("Its concentration [2 mg/mL]", ""),
        ("Basal for a day, in mass or volume, or none [40 mg]", ""),
        ("Bolus for a press", "0.1 mg"),
        ("Lockout: no other bolus for [30 min]", ""),
    ] {
        new.expect(question);
        new.enter(answer);
    }
    assert_eq!(new.end(), 0, "{}", new.seen);
    told(&new.seen, &["then `pumpctl check first.toml`"]);

    // A slip of the pen is shown with its line and the fix.
    let rate = ["rate = \"40 mg/day\"", "rate = \"40 mg\""];
    shell.edits("first.toml", rate[0], rate[1]);
    let refused = shell.gets(1, &format!("{pumpctl} check first.toml"));
    told(
        &refused,
        &[
            "first.toml:31:8",
            "rate = \"40 mg\"",
            "this is a mass",
            "a rate needs a time, for example `40 mg/day` or `40 mg/h`",
        ],
    );
    shell.edits("first.toml", rate[1], rate[0]);
    // So that an alarm comes soon.
    shell.edits("first.toml", "low = \"25 mL\"", "low = \"249.995 mL\"");
    let checked = shell.types(&format!("{pumpctl} check first.toml"));
    told(&checked, &["worst case", "12 boluses", "reservoir"]);

    let day = format!("{pumpctl} simulate first.toml --for 24h --presses 6/day --seed 1");
    told(
        &shell.types(&day),
        &["1 day simulated", "pressed 6 times, given"],
    );

    let config = programs.join("../../config/pump.toml");
    let daemon = shell.starts(&format!(
        "{pumpd} --sim --config {} --state-dir state --socket rig.sock &",
        config.display()
    ));
    told(
        &shell.types(&format!("{pumpctl} preflight")),
        &["ready to arm"],
    );
    let mut arm = shell.sits_at(&format!("{pumpctl} arm first.toml"));
    arm.expect("Type `arm` to arm it");
    arm.enter("arm");
    assert_eq!(arm.end(), 0, "{}", arm.seen);
    told(&arm.seen, &["armed: a rig, tracer dye"]);
    told(&shell.types(&format!("{pumpctl} start")), &["infusing"]);

    // One terminal to watch, another to type at.
    let mut watch = shell.sits_at(&format!("{pumpctl} watch"));
    watch.expect_on_screen("INFUSING");
    watch.expect_on_screen("b press");
    shell.types(&format!("{pumpctl} press"));
    watch.expect_on_screen("medium reservoir-low");
    let alarms = shell.gets(12, &format!("{pumpctl} alarms"));
    told(&alarms, &["! medium reservoir-low", "next filling ready"]);
    told(
        &shell.types(&format!("{pumpctl} explain reservoir-low")),
        &["reservoir-low", "medium", "refill"],
    );
    watch.press("m");
    watch.expect_on_screen("silence");
    // The button again, within its lockout: nothing is given, and that is on record.
    shell.types(&format!("{pumpctl} press"));
    let status = shell.types(&format!("{pumpctl} status"));
    told(&status, &["pressed 2 times, given 1", "refused"]);

    // Nobody refills while the motor runs.
    let refill = format!("{pumpctl} refill --residue \"249.99 mL\" --filled \"250 mL\" --lot L1");
    told(
        &shell.gets(1, &refill),
        &["the pump is infusing", "fix: stop it first"],
    );
    told(&shell.types(&format!("{pumpctl} stop")), &["stopped"]);
    watch.expect_on_screen("STOPPED");
    shell.types(&refill);
    // The alarm has gone with its condition.
    told(&shell.types(&format!("{pumpctl} alarms")), &["no alarm"]);
    watch.press("q");
    assert_eq!(watch.end(), 0, "{}", watch.seen);

    let report = shell.types(&format!("{pumpctl} report --state-dir state last"));
    told(
        &report,
        &[
            "| demand | 1     | 0        | 1   | 0         |",
            "The button was pressed 2 times; 1 press was refused.",
            "| reservoir-low | medium",
            "refill",
        ],
    );
    // What was given is one figure, wherever it is read.
    let ledger = shell.types(&format!("{pumpctl} ledger --state-dir state"));
    let delivered = ledger
        .lines()
        .find_map(|line| line.strip_prefix("delivered"))
        .and_then(|line| line.split(',').next())
        .expect("what was delivered")
        .trim();
    told(
        &report,
        &[&format!("| delivered            | {delivered} ")],
    );
    told(
        &shell.types(&format!("{pumpctl} history --state-dir state --verify")),
        &["entries are as they were written"],
    );
    drop(daemon);
}
