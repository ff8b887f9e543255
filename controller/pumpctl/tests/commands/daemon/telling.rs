//! `status` and `preflight`.

use pump_control::{Check, CheckState, NextDemand, Request, Status, Thread, Threads};

use super::bench::{Daemon, infusing};

/// All of these, in this order.
fn tells(text: &str, parts: &[&str]) {
    let mut rest = text;
    for part in parts {
        let Some(place) = rest.find(part) else {
            panic!("{part:?} is not there, or not in its place, in\n{text}");
        };
        rest = &rest[place + part.len()..];
    }
}

#[test]
fn the_status_tells_everything_the_urgent_first() {
    let daemon = Daemon::new();
    let done = daemon.run(&["status"]);
    assert_eq!(done.code(), 0, "{}", done.err());
    tells(
        &done.out(),
        &[
            "infusing  test rig  sha256 abababababab…  2h03m since the start  simulated\n",
            "! high   credit-spent: the pump is at rest (for 1s, silenced)\n",
            "! medium reservoir-low: the reservoir is low (for 1 min, acknowledged)\n",
            "silenced for another 90 s\n",
            "given      1.35 mL, 27\u{202f}000 steps of 50 nL\n",
            "missed 50 nL\n",
            "uncertain 100 nL, which counts as given",
            "regimens   background  continuous  0.04167 mL/h, narrowed: max-rate: the highest",
            "; next demand in 19m01s (lockout)",
            "; its strategy: lost; started again 1 time\n",
            "bolus      demand of patient, running: 600 nL of 50 µL\n",
            "demands    pressed 3 times, given 1\n",
            "refused    2 lockout: the lockout since the last bolus has not passed\n",
            "windows    1h   ██████████░░░░░░░░░░ 0.2 of 0.4 mL (50 %)\n",
            "reservoir  1.9 mL left, 2h03m at the present basal\n",
            "loop       alive, 738\u{202f}040 ticks\n",
        ],
    );
    assert!(!done.out().contains('\x1b'), "no colours in a pipe");
}

#[test]
fn a_pump_that_rests_has_a_short_status() {
    let daemon = Daemon::new();
    *daemon.shared.status.lock().unwrap() = Status {
        state: "disarmed".into(),
        action: "none".into(),
        ..Status::default()
    };
    let done = daemon.run(&["status"]);
    assert_eq!(done.code(), 0, "{}", done.err());
    let lines: Vec<String> = done.out().lines().map(str::to_owned).collect();
    assert_eq!(lines.first().map(String::as_str), Some("disarmed"));
    assert!(lines.len() < 5, "{lines:?}");
    tells(&done.out(), &["loop       not alive"]);
}

#[test]
fn the_threads_are_shown_as_the_kernel_reports_them() {
    let daemon = Daemon::new();
    let thread = |name: &str, policy: &str, priority, planned: &str| Thread {
        name: name.into(),
        tid: 4243,
        policy: policy.into(),
        priority,
        planned: Some(planned.into()),
        cpus: "0".into(),
        voluntary_switches: 9_100,
        involuntary_switches: 2,
        cpu_ns: 12_000_000,
    };
    daemon.shared.status.lock().unwrap().threads = Some(Threads {
        list: vec![
            thread("pump-loop", "fifo", 80, "fifo 80"),
            thread("journal", "normal", 0, "normal"),
            thread("inputs", "normal", 0, "fifo 60"),
        ],
        locked_kb: 9_000,
        resident_kb: 9_100,
        preempt_rt: true,
        throttle_runtime_ns: Some(950_000_000),
        throttle_period_ns: Some(1_000_000_000),
    });
    assert!(!daemon.run(&["status"]).out().contains("pump-loop"));
    let done = daemon.run(&["status", "--threads"]);
    tells(
        &done.out(),
        &[
            "pump-loop           4243  fifo 80   fifo 80   0",
            "journal             4243  normal    normal    0",
            "inputs              4243  normal    fifo 60   0",
            "not as planned\n",
            "9\u{202f}000 KiB locked, 9\u{202f}100 KiB resident; kernel PREEMPT_RT; ",
            "real-time threads may run 0.95s of each 1s",
        ],
    );
    assert_eq!(done.out().matches("not as planned").count(), 1);
    assert!(daemon.asked().contains(&Request::Status { threads: true }));
}

#[test]
fn who_asks_for_a_pump_at_rest_fails_while_a_run_is_under_way() {
    let daemon = Daemon::new();
    for (state, code) in [
        ("infusing", 5),
        ("paused", 5),
        ("in a state of the next version", 5),
        ("disarmed", 0),
        ("armed", 0),
        ("stopped", 0),
        ("complete", 0),
        ("faulted", 0),
    ] {
        daemon.shared.status.lock().unwrap().state = state.into();
        for json in [&[][..], &["--json"]] {
            let done = daemon.run(&[&["status", "--at-rest"], json].concat());
            assert_eq!(done.code(), code, "{state}: {}", done.err());
            assert!(done.out().contains(state), "{state} is told all the same");
            let told = done.err().contains("a run is under way");
            assert_eq!(told, code == 5, "{state}: {}", done.err());
        }
        assert_eq!(daemon.run(&["status"]).code(), 0, "{state}");
    }
}

#[test]
fn the_status_for_programs_is_the_document_itself() {
    let daemon = Daemon::new();
    let done = daemon.run(&["status", "--json"]);
    assert_eq!(done.code(), 0);
    let status: Status = serde_json::from_str(&done.out()).expect("one document");
    assert_eq!(status, infusing());
}

#[test]
fn the_preflight_shows_each_check_and_the_fix_of_what_is_red() {
    let daemon = Daemon::new();
    let check = |name: &str, state, found: &str, fix: Option<&str>| Check {
        name: name.into(),
        state,
        found: found.into(),
        fix: fix.map(Into::into),
    };
    let green = check("memory-locked", CheckState::Green, "9 MiB", None);
    let skipped = check("watchdog", CheckState::Skipped, "not in a simulation", None);
    *daemon.shared.checks.lock().unwrap() = vec![green.clone(), skipped.clone()];
    let done = daemon.run(&["preflight"]);
    assert_eq!(done.code(), 0, "{}", done.err());
    tells(
        &done.out(),
        &[
            "green    memory-locked  9 MiB\n",
            "skipped  watchdog       not in a simulation\n",
            "ready to arm\n",
        ],
    );
    let fix = Some("install linux-image-rt-amd64");
    let red = check("kernel", CheckState::Red, "no PREEMPT_RT", fix);
    *daemon.shared.checks.lock().unwrap() = vec![green, red, skipped];
    let done = daemon.run(&["preflight"]);
    assert_eq!(done.code(), 1);
    tells(
        &done.out(),
        &[
            "red      kernel         no PREEMPT_RT\n",
            "fix: install linux-image-rt-amd64\n",
            "not ready to arm: 1 red\n",
        ],
    );
    let done = daemon.run(&["preflight", "--json"]);
    assert_eq!(done.code(), 1);
    let read: serde_json::Value = serde_json::from_str(&done.out()).expect("one document");
    assert_eq!(read["green"], false);
    assert_eq!(read["checks"][1]["state"], "red");
}

#[test]
fn what_the_daemon_says_can_not_steer_a_terminal() {
    let daemon = Daemon::new();
    {
        let mut status = daemon.shared.status.lock().unwrap();
        let evil = "a\x1b[2J\r\nb".to_owned();
        status.state = evil.clone();
        for alarm in &mut status.alarms {
            alarm.text = evil.clone();
            alarm.name = evil.clone();
            alarm.priority = evil.clone();
        }
        for regimen in &mut status.regimens {
            regimen.link = evil.clone();
            regimen.basal = evil.clone();
            regimen.narrowed_by = Some(evil.clone());
            regimen.next_demand = Some(NextDemand {
                in_ns: None,
                reason: Some(evil.clone()),
            });
        }
        status.demands.refused.insert(evil, 1);
    }
    let done = daemon.run(&["status"]);
    assert_eq!(done.code(), 0);
    let steers = |c: char| c.is_control() && c != '\n';
    assert!(!done.out().contains(steers), "{:?}", done.out());
}
