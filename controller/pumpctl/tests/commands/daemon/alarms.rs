//! `alarms` and `explain`.

use pump_control::{Alarm, Request, Status, Urgency};
use pump_core::alarm::ALARMS;

use super::bench::{Daemon, infusing};
use super::pty::Terminal;

/// No daemon listens where the program is told to look.
fn no_daemon() -> Daemon {
    let mut daemon = Daemon::new();
    daemon.end();
    daemon
}

fn alarm(name: &str, priority: &str) -> Alarm {
    Alarm {
        name: name.into(),
        priority: priority.into(),
        text: "what it says".into(),
        ..Alarm::default()
    }
}

#[test]
fn the_exit_code_says_how_urgent_the_most_urgent_alarm_is() {
    let daemon = Daemon::new();
    for (priorities, code) in [
        (vec![], 0),
        (vec!["low"], 11),
        (vec!["low", "medium"], 12),
        (vec!["medium", "high", "low"], 13),
        (vec!["low", "of the next version"], 13),
    ] {
        let alarms = priorities.iter().map(|one| alarm("stall", one)).collect();
        *daemon.shared.status.lock().unwrap() = Status {
            alarms,
            ..infusing()
        };
        for json in [&[][..], &["--json"]] {
            let done = daemon.run(&[&["alarms"], json].concat());
            assert_eq!(done.code(), code, "{priorities:?}: {}", done.err());
            assert_eq!(done.err(), "");
        }
    }
    assert!(daemon.run(&["alarms"]).out().starts_with("! "));
    *daemon.shared.status.lock().unwrap() = Status::default();
    assert_eq!(daemon.run(&["alarms"]).out(), "no alarm\n");
}

#[test]
fn each_active_alarm_is_told_with_what_to_do_the_urgent_first() {
    let daemon = Daemon::new();
    daemon.shared.status.lock().unwrap().alarms[1] = Alarm {
        latched: true,
        action: "stop".into(),
        clears: "by a wave of the hand".into(),
        remedy: "wave\u{1b}[2J".into(),
        ..alarm("of-the-next-version", "high")
    };
    let done = daemon.run(&["alarms"]);
    let told = done.out();
    let lines: Vec<&str> = told.lines().collect();
    let since = |line: &str| line.starts_with("    since  20") && line.ends_with('Z');
    assert!(since(lines[1]) && since(lines[6]), "{told}");
    let low = ALARMS.iter().find(|row| row.name == "reservoir-low");
    let low = low.expect("it is in the table");
    for (place, line) in [
        (
            0,
            "! high   of-the-next-version: what it says (for 0s, its cause is past)".into(),
        ),
        (2, "    does   stop".into()),
        (3, "    clears by a wave of the hand".into()),
        (4, "    do     wave\u{fffd}[2J".into()),
        (
            5,
            "! medium reservoir-low: the reservoir is low (for 1 min, acknowledged)".into(),
        ),
        (7, "    does   warn".into()),
        (8, format!("    clears {}", low.clears.text())),
        (9, format!("    do     {}", low.remedy)),
        (10, "silenced for another 90 s".to_owned()),
    ] {
        assert_eq!(lines[place], line);
    }
    let read: serde_json::Value =
        serde_json::from_str(&daemon.run(&["alarms", "--json"]).out()).expect("one document");
    assert_eq!(read["highest"], "high");
    assert_eq!(read["silenced_for_s"], 90);
    assert_eq!(read["alarms"][0]["latched"], true);
    assert_eq!(read["alarms"][1]["name"], "reservoir-low");
}

#[test]
fn the_whole_table_needs_no_daemon() {
    let rig = no_daemon();
    let done = rig.run(&["alarms", "--all"]);
    assert_eq!(done.code(), 0, "{}", done.err());
    let read = rig.run(&["alarms", "--all", "--json"]);
    let read: serde_json::Value = serde_json::from_str(&read.out()).expect("one document");
    let listed = read["alarms"].as_array().expect("a list");
    assert_eq!(listed.len(), ALARMS.len());
    for row in ALARMS {
        assert!(
            done.out().contains(&format!("  {}", row.name)),
            "{}",
            row.name
        );
        let named = |one: &&serde_json::Value| one["name"] == row.name;
        let one = listed.iter().find(named).expect("it is listed");
        assert_eq!(
            (&one["cause"], &one["remedy"]),
            (&row.cause.into(), &row.remedy.into())
        );
    }
    assert_eq!(rig.run(&["alarms"]).code(), 3);
}

#[test]
fn a_name_is_explained_offline_and_a_slip_is_helped() {
    let rig = no_daemon();
    for (name, part) in [
        ("occlusion", "remedy     Relieve the pressure"),
        ("Occlusion", "clears     it stays on"),
        ("lockout", "the lockout since the last bolus has not passed"),
        ("e0036", "error[E0036]"),
    ] {
        let done = rig.run(&["explain", name]);
        assert_eq!(done.code(), 0, "{}", done.err());
        assert!(
            done.out().contains(part),
            "{part:?} is not in {}",
            done.out()
        );
        let json = rig.run(&["explain", name, "--json"]);
        let _: serde_json::Value = serde_json::from_str(&json.out()).expect("one document");
    }
    for (slip, right) in [
        ("oclusion", "did you mean `occlusion`?"),
        ("reservoir_low", "did you mean `reservoir-low`?"),
        ("lockuot", "did you mean `lockout`?"),
        ("xyzzy\u{1b}", "`xyzzy` is no alarm, reason or code"),
    ] {
        let done = rig.run(&["explain", slip]);
        assert_eq!((done.code(), done.out().as_str()), (2, ""), "{slip}");
        assert!(
            done.err().contains(right),
            "{right:?} is not in {}",
            done.err()
        );
    }
}

/// The answers as they are recorded: what has no light is not asked for.
#[test]
fn an_alarm_test_asks_what_was_noticed_and_records_it() {
    let daemon = Daemon::new();
    let mut terminal = Terminal::run(daemon.command(&["alarm-test"]));
    terminal.expect("high: a red light that flashes twice a second, and ten quick pulses");
    for answer in ["perhaps", "y", "yes", "y", "n", "y"] {
        terminal.enter(answer);
    }
    assert_eq!(terminal.end(), 1, "{}", terminal.seen);
    let seen = &terminal.seen;
    assert!(seen.contains("low: one pulse"), "{seen}");
    assert!(seen.contains("medium was not heard; recorded"), "{seen}");
    let asked = daemon.asked();
    let tested = |priority, seen, heard| Request::AlarmTested {
        priority,
        seen,
        heard,
    };
    let expected = [
        Request::AlarmTest {
            priority: Urgency::High,
        },
        tested(Urgency::High, Some(true), Some(true)),
        Request::AlarmTest {
            priority: Urgency::Medium,
        },
        tested(Urgency::Medium, Some(true), Some(false)),
        Request::AlarmTest {
            priority: Urgency::Low,
        },
        tested(Urgency::Low, None, Some(true)),
    ];
    assert_eq!(asked, expected);
}

#[test]
fn an_alarm_test_without_anybody_who_looks_is_none() {
    let daemon = Daemon::new();
    let done = daemon.run(&["alarm-test"]);
    assert_eq!(done.code(), 2, "{}", done.out());
    assert!(done.err().contains("at a terminal"), "{}", done.err());
    assert!(daemon.asked().is_empty());
}
