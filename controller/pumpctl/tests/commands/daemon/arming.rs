//! `arm`, in two steps (P01).

use pump_control::{Check, CheckState, Code, Refusal, Request};

use super::bench::{Daemon, TOKEN};
use super::pty::Terminal;

const RX: &str = "format = 1\n# dye\n";

fn daemon() -> Daemon {
    let daemon = Daemon::new();
    std::fs::write(daemon.folder.path().join("rx.toml"), RX).expect("a file");
    daemon
}

fn propose() -> Request {
    Request::Propose {
        name: "rx.toml".into(),
        text: RX.into(),
    }
}

fn confirm(reason: Option<&str>) -> Request {
    Request::Confirm {
        token: TOKEN.into(),
        reason: reason.map(Into::into),
        acknowledge_uncertain: false,
    }
}

fn cancel() -> Request {
    Request::Cancel {
        token: TOKEN.into(),
    }
}

#[test]
fn old_and_new_are_shown_side_by_side_before_it_is_confirmed() {
    let daemon = daemon();
    let done = daemon.run(&["arm", "rx.toml", "--yes"]);
    assert_eq!(done.code(), 0, "{}", done.err());
    for line in [
        "                   armed now    proposed",
        "  route            intrathecal  intrathecal",
        "  limit max-1h     0.3 mL       0.4 mL                  *",
        "  regimen patient  –            bolus 50 µL over 2 min  *",
        "  background by continuous 0.1.0, plugin sha256 cdcdcdcdcdcd…",
        "armed: test rig",
    ] {
        assert!(
            done.out().lines().any(|told| told == line),
            "{}",
            done.out()
        );
    }
    assert_eq!(daemon.asked(), [propose(), confirm(None)]);
}

#[test]
fn for_programs_the_proposal_and_its_end_are_one_document() {
    let daemon = daemon();
    let done = daemon.run(&["arm", "rx.toml", "--yes", "--json"]);
    assert_eq!(done.code(), 0, "{}", done.err());
    let read: serde_json::Value = serde_json::from_str(&done.out()).expect("one document");
    assert_eq!(read["proposal"]["rows"][1]["old"], "0.3 mL");
    assert_eq!(read["armed"]["id"], "test rig");
}

#[test]
fn without_a_terminal_it_is_confirmed_on_the_command_line_or_not_at_all() {
    let daemon = daemon();
    let done = daemon.run(&["arm", "rx.toml"]);
    assert_eq!((done.code(), done.out().as_str()), (2, ""));
    assert!(done.err().contains("--yes"), "{}", done.err());
    assert!(daemon.asked().is_empty());
}

#[test]
fn on_a_terminal_it_asks() {
    let daemon = daemon();
    let mut terminal = Terminal::run(daemon.command(&["arm", "rx.toml"]));
    terminal.expect("Type `arm` to arm it");
    assert!(terminal.seen.contains("proposed"), "{}", terminal.seen);
    assert_eq!(daemon.asked(), [propose()], "not before it is confirmed");
    terminal.enter("arm");
    assert_eq!(terminal.end(), 0, "{}", terminal.seen);
    assert!(terminal.seen.contains("armed: test rig"));
    assert_eq!(daemon.asked(), [propose(), confirm(None)]);
}

#[test]
fn what_is_not_confirmed_is_withdrawn() {
    for answer in ["", "y", "ARM"] {
        let daemon = daemon();
        let mut terminal = Terminal::run(daemon.command(&["arm", "rx.toml"]));
        terminal.expect("Type `arm`");
        terminal.enter(answer);
        assert_eq!(terminal.end(), 1, "{}", terminal.seen);
        assert!(terminal.seen.contains("not armed"), "{}", terminal.seen);
        assert_eq!(daemon.asked(), [propose(), cancel()]);
    }
}

#[test]
fn beyond_a_soft_limit_it_takes_a_reason() {
    let daemon = daemon();
    *daemon.shared.beyond.lock().unwrap() = vec!["max-1h 0.4 mL is beyond 0.3 mL".into()];
    let done = daemon.run(&["arm", "rx.toml", "--yes"]);
    assert_eq!(done.code(), 1);
    for part in ["--reason", "max-1h 0.4 mL is beyond 0.3 mL"] {
        assert!(done.err().contains(part), "{}", done.err());
    }
    assert_eq!(daemon.asked(), [propose(), cancel()]);
    let done = daemon.run(&["arm", "rx.toml", "--yes", "--reason", "protocol 7"]);
    assert_eq!(done.code(), 0, "{}", done.err());
    assert_eq!(daemon.asked().last(), Some(&confirm(Some("protocol 7"))));

    let mut terminal = Terminal::run(daemon.command(&["arm", "rx.toml"]));
    terminal.expect("Why?");
    terminal.enter("protocol 8");
    terminal.expect("Type `arm`");
    terminal.enter("arm");
    assert_eq!(terminal.end(), 0, "{}", terminal.seen);
    assert_eq!(daemon.asked().last(), Some(&confirm(Some("protocol 8"))));
}

#[test]
fn a_prescription_with_errors_is_told_as_check_tells_it() {
    let daemon = daemon();
    let refusal = Refusal::new(Code::BadPrescription, "rx.toml is refused: 1 error")
        .findings("error[E0001]: no route\n --> rx.toml:1:1\n  \x1b[2J\n");
    *daemon.shared.refusal.lock().unwrap() = Some(refusal);
    let done = daemon.run(&["arm", "rx.toml", "--yes"]);
    assert_eq!((done.code(), done.out().as_str()), (1, ""));
    let err = done.err();
    assert!(
        err.starts_with("error[E0001]: no route\n --> rx.toml:1:1\n"),
        "{err}"
    );
    assert!(
        err.ends_with("\nerror: rx.toml is refused: 1 error\n"),
        "{err}"
    );
    assert!(!err.contains('\x1b'), "{err:?}");
}

#[test]
fn a_red_check_is_told_with_its_fix() {
    let daemon = daemon();
    let red = Check {
        name: "kernel".into(),
        state: CheckState::Red,
        found: "no PREEMPT_RT".into(),
        fix: Some("install linux-image-rt-amd64".into()),
    };
    let refusal = Refusal::new(Code::PreflightRed, "a check is red").checks(vec![red]);
    *daemon.shared.refusal.lock().unwrap() = Some(refusal);
    let done = daemon.run(&["arm", "rx.toml", "--yes"]);
    assert_eq!(done.code(), 1);
    for part in [
        "red      kernel  no PREEMPT_RT",
        "fix: install linux-image-rt-amd64",
    ] {
        assert!(done.err().contains(part), "{}", done.err());
    }
}

#[test]
fn a_file_that_is_no_prescription_is_not_sent() {
    let daemon = daemon();
    let folder = daemon.folder.path();
    std::fs::write(folder.join("large.toml"), "#".repeat(300 * 1024)).expect("a file");
    std::fs::write(folder.join("escaped.toml"), "\"".repeat(200 * 1024)).expect("a file");
    std::fs::write(folder.join("noise.toml"), [0xff, 0x00]).expect("a file");
    for (name, part) in [
        ("large.toml", "at most 256 KiB"),
        ("escaped.toml", "make the prescription shorter"),
        ("noise.toml", "UTF-8"),
        ("absent.toml", "absent.toml"),
        (".", "regular file"),
    ] {
        let done = daemon.run(&["arm", name, "--yes"]);
        assert_eq!(done.code(), 1, "{name}: {}", done.err());
        assert!(done.err().contains(part), "{name}: {}", done.err());
    }
    assert!(daemon.asked().is_empty());
}
