//! `watch`.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Stdio};

use pump_control::{Code, Refusal, Request, Status, Watched};
use rustix::process::{Pid, Signal, kill_process};

use super::bench::{Daemon, event, infusing};
use super::pty::Terminal;

fn interrupt(child: &Child) {
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    kill_process(pid.expect("a process"), Signal::INT).expect("it runs");
}

/// Starts watching through a pipe; the lines it writes.
fn watch(daemon: &Daemon, words: &[&str]) -> (Child, impl Iterator<Item = String> + use<>) {
    let mut command = daemon.command(&["watch"]);
    command
        .args(words)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program runs");
    let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    daemon.until_somebody_watches();
    (child, lines.map(|line| line.expect("UTF-8")))
}

#[test]
fn in_a_pipe_each_event_is_a_line() {
    let daemon = Daemon::new();
    let (mut child, mut lines) = watch(&daemon, &[]);
    let first = lines.next().expect("how things are");
    assert!(
        first.starts_with("02:03:00  infusing, 1.35 mL given"),
        "{first}"
    );
    assert!(
        first.ends_with("alarms: reservoir-low, credit-spent"),
        "{first}"
    );
    daemon.publish(event(1, "press 1"));
    daemon.publish(event(2, "press\x1b[2J 2"));
    assert_eq!(lines.next().as_deref(), Some("01:01:01  press 1"));
    assert_eq!(
        lines.next().as_deref(),
        Some("01:01:01  press\u{fffd}[2J 2")
    );
    interrupt(&child);
    assert!(child.wait().expect("it ends").success());
}

#[test]
fn for_programs_each_line_is_a_document() {
    let daemon = Daemon::new();
    let (mut child, mut lines) = watch(&daemon, &["--json"]);
    let mut next = || -> Watched {
        let line = lines.next().expect("a line");
        serde_json::from_str(&line).expect("a document")
    };
    assert!(matches!(next(), Watched::Status(status) if *status == infusing()));
    daemon.publish(event(7, "press 7"));
    daemon.publish(Watched::Status(Box::new(Status {
        state: "paused".into(),
        ..Status::default()
    })));
    assert!(matches!(next(), Watched::Event(event) if event.seq == 7));
    assert!(matches!(next(), Watched::Status(status) if status.state == "paused"));
    interrupt(&child);
    assert!(child.wait().expect("it ends").success());
}

#[test]
fn it_ends_by_itself_after_a_time_and_when_nobody_reads() {
    let daemon = Daemon::new();
    let done = daemon.run(&["watch", "--for", "200ms"]);
    assert_eq!(done.code(), 0, "{}", done.err());

    let (mut child, lines) = watch(&daemon, &["--json"]);
    drop(lines);
    let ended = loop {
        daemon.publish(event(1, "press 1"));
        match child.try_wait().expect("it is a child") {
            Some(status) => break status,
            None => std::thread::sleep(std::time::Duration::from_millis(10)),
        }
    };
    assert!(ended.success());
}

#[test]
fn the_end_of_the_daemon_ends_it_with_its_own_exit_code() {
    let mut daemon = Daemon::new();
    let (mut child, lines) = watch(&daemon, &[]);
    daemon.end();
    assert_eq!(child.wait().expect("it ends").code(), Some(3));
    let mut told = String::new();
    let stderr = child.stderr.as_mut().expect("a pipe");
    stderr.read_to_string(&mut told).expect("UTF-8");
    assert!(told.contains("the daemon ends"), "{told}");
    drop(lines);
}

#[test]
fn on_a_terminal_it_is_one_screen_that_goes_at_the_end() {
    let daemon = Daemon::new();
    let mut terminal = Terminal::run(daemon.command(&["watch"]));
    terminal.expect_on_screen("INFUSING");
    terminal.expect_on_screen("! high   credit-spent");
    terminal.expect("\x1b[?1049h");
    // An alarm flashes: the same line comes in two colours, white and red.
    terminal.expect("\x1b[38;5;15;48;5;1m! high");
    terminal.expect("\x1b[38;5;1;49m");
    daemon.publish(event(4, "press 4"));
    terminal.expect_on_screen("01:01:01  press 4");
    daemon.publish(event(7, "press 7"));
    terminal.expect_on_screen("2 were not shown");
    terminal.interrupt();
    assert_eq!(terminal.end(), 0, "{}", terminal.seen);
    let end = terminal.seen.split("press 7").last().expect("an end");
    assert!(end.contains("\x1b[?1049l"), "its own screen goes: {end:?}");
    assert!(end.contains("\x1b[?25h"), "the cursor is back: {end:?}");
}

/// Nothing is done that was not asked for twice.
#[test]
fn keys_ask_and_then_do() {
    let daemon = Daemon::new();
    let mut terminal = Terminal::run(daemon.command(&["watch"]));
    terminal.expect_on_screen("q end watching");
    terminal.press("p");
    terminal.expect_on_screen("Halt delivery?");
    // Any other key is a no, also one that does something by itself.
    terminal.press("x");
    terminal.press("x");
    terminal.expect_on_screen("End delivery?");
    terminal.press("y");
    terminal.expect_on_screen("done; ");
    terminal.press("q");
    assert_eq!(terminal.end(), 0, "{}", terminal.seen);
    let orders = daemon.asked().into_iter();
    let orders: Vec<_> = orders
        .filter(|request| !matches!(request, Request::Hello | Request::Watch))
        .collect();
    assert_eq!(orders, [Request::Stop]);
}

#[test]
fn a_refusal_is_told_on_the_screen_and_watching_goes_on() {
    let daemon = Daemon::new();
    let mut terminal = Terminal::run(daemon.command(&["watch"]));
    terminal.expect_on_screen("q end watching");
    *daemon.shared.refusal.lock().unwrap() =
        Some(Refusal::new(Code::NoRight, "you may not").fix("join `pump`"));
    terminal.press("py");
    terminal.expect_on_screen("you may not");
    daemon.publish(event(4, "press 4"));
    terminal.expect_on_screen("press 4");
    terminal.press("q");
    assert_eq!(terminal.end(), 0, "{}", terminal.seen);
}
