//! Pictures of the screens, as a terminal of 80 columns shows them: `controller/pumpctl/screens`.
//!
//! They are made anew by `UPDATE_SCREENS=1 cargo test -p pumpctl --test commands screens`.

use std::path::PathBuf;

use pump_control::{Alarm, Regimen, Reservoir, Status, Window};

use crate::daemon::bench::{Daemon, event, infusing};
use crate::daemon::pty::Terminal;
use crate::rig::Rig;

/// Holds a screen against its picture.
fn shows(name: &str, screen: &str) {
    let picture = anstyle_svg::Term::new().render_svg(screen);
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("screens")
        .join(name);
    if std::env::var_os("UPDATE_SCREENS").is_some() {
        std::fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        std::fs::write(&file, &picture).expect("the picture can be written");
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        kept == picture,
        "{} is of another screen: make the pictures anew by\n\
         UPDATE_SCREENS=1 cargo test -p pumpctl --test commands screens",
        file.display()
    );
}

/// All that a command says at a terminal.
fn said(rig: &Rig, code: i32, words: &[&str]) -> String {
    let mut terminal = Terminal::run(rig.command(words));
    assert_eq!(terminal.end(), code, "{}", terminal.seen);
    format!(
        "\x1b[1m$ pumpctl {}\x1b[m\n{}",
        words.join(" "),
        terminal.seen.replace("\r\n", "\n")
    )
}

#[test]
fn check() {
    let rig = Rig::new();
    let text = rig.read("rx.toml");
    let slip = text.replace("rate = \"2 mg/day\"", "rate = \"2 mg\"");
    assert_ne!(slip, text);
    rig.write("slip.toml", slip);
    shows("check-slip.svg", &said(&rig, 1, &["check", "slip.toml"]));
    shows("check.svg", &said(&rig, 0, &["check", "rx.toml"]));
}

#[test]
fn simulate() {
    let rig = Rig::new();
    let words = "simulate rx.toml --for 24h --presses 6/day --seed 1";
    let words: Vec<&str> = words.split(' ').collect();
    shows("simulate.svg", &said(&rig, 0, &words));
}

#[test]
fn watch() {
    let daemon = Daemon::new();
    let window = |name: &str, given_nl, cap_nl| Window {
        name: name.into(),
        given_nl,
        cap_nl: Some(cap_nl),
    };
    let regimen = |name: &str, strategy: &str, basal: &str| Regimen {
        name: name.into(),
        strategy: strategy.into(),
        basal: basal.into(),
        link: "live".into(),
        ..Regimen::default()
    };
    let running = infusing();
    *daemon.shared.status.lock().expect("no test failed") = Status {
        alarms: vec![Alarm {
            name: "reservoir-low".into(),
            priority: "medium".into(),
            text: "the reservoir is low".into(),
            age_ns: 60_000_000_000,
            ..Alarm::default()
        }],
        silenced_for_s: None,
        windows: vec![
            window("1h", 142_000, 400_000),
            window("4h", 391_000, 1_000_000),
            window("24h", 1_350_000, 4_000_000),
        ],
        regimens: vec![
            regimen("background", "continuous", "0.04167 mL/h"),
            Regimen {
                next_demand: running.regimens[0].next_demand.clone(),
                ..regimen("patient", "pca", "0 mL/h")
            },
        ],
        reservoir: Some(Reservoir {
            content_nl: 1_900_000,
            content_steps: 38_000,
            low_nl: 2_000_000,
            empty_nl: 500_000,
            lasts_ns: Some(120_960_000_000_000),
        }),
        ..running
    };
    let mut terminal = Terminal::run(daemon.command(&["watch"]));
    terminal.expect_on_screen("INFUSING");
    daemon.publish(event(1, "press 3"));
    daemon.publish(event(2, "demand bolus of patient: 50 µL"));
    terminal.expect_on_screen("demand bolus of patient");
    // The alarm flashes: while it is lit.
    let lit = "\x1b[0;1;38;5;0;48;5;3m!";
    shows("watch.svg", &terminal.expect_painted(lit));
    terminal.press("q");
    assert_eq!(terminal.end(), 0, "{}", terminal.seen);
}
