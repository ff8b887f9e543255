//! The short commands, exit codes, and how the daemon is found.

use std::process::Command;

use pump_control::{Code, Refusal, Request, Rights};

use super::bench::Daemon;
use crate::rig::Done;

#[test]
fn orders_are_passed_on_and_tell_the_state_they_lead_to() {
    for (words, request, told) in [
        (vec!["start"], Request::Start, "infusing\n"),
        (vec!["pause"], Request::Pause, "paused\n"),
        (vec!["resume"], Request::Resume, "infusing\n"),
        (vec!["stop"], Request::Stop, "stopped\n"),
        (vec!["press"], Request::Press, "pressed; infusing\n"),
        (
            vec!["ack", "reservoir-low"],
            Request::Ack {
                alarm: "reservoir-low".into(),
            },
            "reservoir-low is acknowledged; infusing\n",
        ),
        (
            vec!["silence"],
            Request::Silence { seconds: 120 },
            "alarms are silent for 120 s; infusing\n",
        ),
        (
            vec!["silence", "1min"],
            Request::Silence { seconds: 60 },
            "alarms are silent for 60 s; infusing\n",
        ),
        (
            vec!["silence", "0s"],
            Request::Silence { seconds: 0 },
            "alarms sound again; infusing\n",
        ),
    ] {
        let daemon = Daemon::new();
        let done = daemon.run(&words);
        assert_eq!(done.code(), 0, "{words:?}: {}", done.err());
        assert_eq!(done.out(), told);
        assert_eq!(daemon.asked(), [request]);

        let words: Vec<&str> = words.into_iter().chain(["--json"]).collect();
        let done = daemon.run(&words);
        assert_eq!(done.code(), 0, "{words:?}: {}", done.err());
        let read: serde_json::Value = serde_json::from_str(&done.out()).expect("one document");
        assert!(read["state"].is_string());
    }
}

#[test]
fn a_refusal_is_told_with_its_fix() {
    let daemon = Daemon::new();
    let refusal = Refusal::new(Code::WrongState, "nothing is armed").fix("`pumpctl arm` first");
    *daemon.shared.refusal.lock().unwrap() = Some(refusal);
    for json in [None, Some("--json")] {
        let words: Vec<&str> = ["start"].into_iter().chain(json).collect();
        let done = daemon.run(&words);
        assert_eq!((done.code(), done.out().as_str()), (1, ""));
        assert_eq!(
            done.err(),
            "error: nothing is armed\n  fix: `pumpctl arm` first\n"
        );
    }
}

#[test]
fn who_may_not_is_told_which_group_may() {
    let daemon = Daemon::with(Rights::Observe);
    assert_eq!(daemon.run(&["status"]).code(), 0);
    let done = daemon.run(&["stop"]);
    assert_eq!(done.code(), 4);
    assert!(done.err().contains("ada may not `stop`"), "{}", done.err());
    assert!(done.err().contains("pump-operate ada"), "{}", done.err());
    assert!(daemon.asked().iter().all(|asked| *asked != Request::Stop));
}

#[test]
fn a_daemon_that_is_not_there_has_an_exit_code_of_its_own() {
    let mut daemon = Daemon::new();
    daemon.end();
    daemon_less(&daemon, "no daemon listens at");
    drop(std::os::unix::net::UnixListener::bind(daemon.socket()).expect("a socket"));
    daemon_less(&daemon, "is no longer there");
}

fn daemon_less(daemon: &Daemon, told: &str) {
    std::fs::write(daemon.folder.path().join("rx.toml"), "").expect("a file");
    for words in [
        vec!["status"],
        vec!["preflight", "--json"],
        vec!["arm", "rx.toml", "--yes"],
        vec!["start"],
        vec!["watch"],
        vec!["latency", "--for", "1s"],
    ] {
        let done = daemon.run(&words);
        assert_eq!(done.code(), 3, "{words:?}: {}", done.err());
        assert_eq!(done.out(), "");
        for part in [told, "start pumpd", "--socket PATH"] {
            assert!(done.err().contains(part), "{part:?} not in {}", done.err());
        }
    }
}

#[test]
fn a_wrong_command_line_asks_the_daemon_for_nothing() {
    let daemon = Daemon::new();
    for words in [
        vec!["silence", "3min"],
        vec!["silence", "500ms"],
        vec!["silence", "60"],
        vec!["ack"],
        vec!["arm"],
        vec!["arm", "rx.toml", "--json"],
        vec!["watch", "--for", "0s"],
        vec!["latency", "--for", "long"],
        vec!["start", "now"],
    ] {
        let done = daemon.run(&words);
        assert_eq!(done.code(), 2, "{words:?}: {}", done.err());
        assert!(done.out().is_empty() && !done.err().is_empty(), "{words:?}");
    }
    assert!(daemon.asked().is_empty());
}

#[test]
fn the_socket_of_the_command_line_wins_wherever_it_stands() {
    let daemon = Daemon::new();
    let socket = daemon.socket();
    let socket = socket.to_str().expect("it is UTF-8");
    for words in [["--socket", socket, "start"], ["start", "--socket", socket]] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pumpctl"));
        command.args(words).env("PUMPD_SOCKET", "/nowhere/s");
        let done = Done(command.output().expect("the program runs"));
        assert_eq!(done.code(), 0, "{}", done.err());
    }
    let mut command = daemon.command(&["start"]);
    command.env("PUMPD_SOCKET", "/nowhere/s");
    let done = Done(command.output().expect("the program runs"));
    assert_eq!(done.code(), 3);
    assert!(done.err().contains("/nowhere/s"), "{}", done.err());
}
