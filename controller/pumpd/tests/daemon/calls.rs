//! I7: what the loop asks of the kernel while it infuses.

use std::process::{Command, Stdio};

use crate::rig::{Daemon, await_it, brisk, config, signal};

/// So many calls are looked at.
const CALLS: usize = 2_000;

#[test]
fn the_loop_asks_the_kernel_for_nothing_but_its_sleep() {
    if let Err(why) = Command::new("strace").arg("-V").output() {
        return skip(&format!("there is no strace: {why}"));
    }
    // A witness of the simulated motor would be a call of its own.
    let folder = tempfile::tempdir().expect("a folder");
    let command = Daemon::plain(folder.path(), &config("pump.toml"));
    let daemon = Daemon::begin(folder, command);
    daemon.infuse(&brisk(""));
    let threads = daemon.status().threads.expect("the threads");
    let dosing = threads
        .list
        .iter()
        .find(|thread| thread.name == "pump-loop");
    let tid = dosing.expect("the loop").tid.to_string();
    let calls = daemon.folder.path().join("calls");
    let mut strace = Command::new("strace")
        .args(["-p", &tid, "-o"])
        .arg(&calls)
        .stderr(Stdio::piped())
        .spawn()
        .expect("strace starts");
    let seen = || std::fs::read_to_string(&calls).unwrap_or_default();
    let ended = await_it("it sleeps a thousand times, or can't be traced", || {
        let ended = strace.try_wait().expect("strace");
        (ended.is_some() || seen().lines().count() > CALLS).then_some(ended)
    });
    if ended.is_some() {
        let output = strace.wait_with_output().expect("what strace says");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        return skip(&format!("the loop can't be traced: {}", said.trim()));
    }
    signal("INT", strace.id());
    strace.wait().expect("strace ends");
    // The first was under way, and the last is not over: they are named all the same.
    let all = seen();
    let other: Vec<&str> = all
        .lines()
        .filter(|line| !line.starts_with("clock_nanosleep("))
        .filter(|line| !line.contains("resuming interrupted clock_nanosleep"))
        .collect();
    let shown = &other[..other.len().min(5)];
    assert!(other.is_empty(), "{} other calls: {shown:?}", other.len());
    let due = all.lines().filter(|line| line.contains("TIMER_ABSTIME"));
    assert!(due.count() > CALLS / 2, "it sleeps until an instant");
}

fn skip(why: &str) {
    let required = std::env::var_os("PUMP_REQUIRE_STRACE").is_some_and(|it| it == "1");
    assert!(!required, "{why}");
    println!("skipped: {why}");
}
