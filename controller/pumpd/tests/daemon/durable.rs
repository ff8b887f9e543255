//! What outlives the daemon: the ledger, the windows, and what is not known.

use pump_control::{Ledger, Request, Status};

use crate::rig::{Daemon, brisk, delivered, held, undisturbed};

/// What the hour's window holds, in nanolitres.
fn hour(status: &Status) -> u64 {
    status.windows.first().map_or(0, |window| window.given_nl)
}

/// Whatever may be uncertain.
fn run(daemon: &Daemon) {
    daemon.confirm(&brisk(""), true).expect("it is armed");
    daemon.ask(&Request::Start).expect("it starts");
}

/// I1, I8, P05: what the killed daemon's edges say lies between what is delivered for certain
/// and what counts as delivered, and nothing goes on by itself.
#[test]
fn after_a_kill_what_is_not_known_counts_as_given_and_nothing_resumes() {
    let mut daemon = Daemon::start(&[]);
    run(&daemon);
    daemon.until("it delivers", |status| delivered(status) > 500);
    daemon.kill();
    let before = daemon.witnessed() * 50;
    assert!(before > 0);
    daemon.restart(&[]);
    let has = |status: &Status, name| status.alarms.iter().any(|it| it.name == name);
    let status = daemon.until("it says so", |status| has(status, "restarted"));
    assert_eq!(status.state, "disarmed");
    assert!(has(&status, "uncertain-volume"), "{:?}", status.alarms);
    run(&daemon);
    let after = daemon.until("its windows are told", |status| !status.windows.is_empty());
    assert!(
        hour(&after) >= before,
        "{} nl are remembered of {before}",
        hour(&after)
    );
}

/// An orderly end leaves nothing uncertain, and the windows hold what was given, not more.
#[test]
fn after_an_orderly_end_nothing_is_uncertain_and_the_windows_go_on() {
    let mut daemon = Daemon::start(&[]);
    run(&daemon);
    daemon.until("it delivers", |status| delivered(status) > 300);
    daemon.ask(&Request::Stop).expect("it stops");
    let stopped = daemon.until("it stops", |status| status.state == "stopped");
    assert!(daemon.terminate().success());
    daemon.restart(&[]);
    let has = |status: &Status, name| status.alarms.iter().any(|it| it.name == name);
    let status = daemon.until("it says so", |status| has(status, "restarted"));
    assert!(!has(&status, "uncertain-volume"), "{:?}", status.alarms);
    run(&daemon);
    let after = daemon.until("its windows are told", |status| !status.windows.is_empty());
    let ledger = stopped.ledger.expect("a ledger");
    let given = |it: &Ledger| it.delivered_nl + it.displaced_nl;
    let fresh = after.ledger.as_ref().map_or(0, given);
    assert_eq!(hour(&after), given(&ledger) + fresh);
}

/// I1: the disk stands still, and the pump comes to rest where its credit ends, says so, and
/// goes on when the disk does.
#[test]
fn a_disk_that_stands_still_is_an_alarm_and_what_was_made_durable_still_flows() {
    undisturbed(a_disk_that_stands_still);
}

fn a_disk_that_stands_still() {
    let daemon = Daemon::start(&["--fault", "disk=stall@8s+6s"]);
    daemon.infuse(&held(""));
    // While the credit lasts nothing else may have to be written for two minutes.
    daemon.until("the fault is due", |status| {
        status.uptime_ns > 8_100_000_000
    });
    daemon.ask(&Request::Press).expect("it is recorded");
    let stalled = |status: &Status| status.alarms.iter().any(|it| it.name == "journal-stalled");
    let status = daemon.until("it is noticed", stalled);
    assert_eq!(status.state, "infusing", "its credit is not spent");
    let then = delivered(&status);
    daemon.until("it clears, and delivers on", |status| {
        !stalled(status) && delivered(status) > then
    });
}

/// The journal's repetition is the loop's control law, to the last bit, or the pump stops.
#[test]
fn the_record_repeats_the_loop_for_as_long_as_it_runs() {
    let daemon = Daemon::start(&[]);
    run(&daemon);
    let status = daemon.until("it delivers", |status| delivered(status) > 1_000);
    assert_eq!(status.state, "infusing");
    let log = daemon.log();
    assert!(!log.contains("can't be repeated"), "{log}");
    let journal = status.journal.expect("a journal");
    assert!(journal.commits > 1 && journal.trouble.is_none());
}

/// I1: a start whose first credit the disk has not taken gives nothing, says why, and gives it
/// when the disk has.
#[test]
fn no_step_is_taken_before_its_credit_is_durable() {
    undisturbed(no_step_before_its_credit);
}

fn no_step_before_its_credit() {
    let daemon = Daemon::start(&["--fault", "disk=stall@8s+12s"]);
    daemon.arm(&held("")).expect("it is armed");
    // So that the arming is durable, and the batch that stands still is the credit's own.
    daemon.until("the fault is due", |status| {
        status.uptime_ns > 8_100_000_000
    });
    daemon.ask(&Request::Start).expect("it starts");
    let status = daemon.until("it rests, or does not", |status| {
        delivered(status) > 0 || status.alarms.iter().any(|it| it.name == "credit-spent")
    });
    assert_eq!(status.state, "infusing");
    assert_eq!(delivered(&status), 0, "nothing is durable yet");
    assert_eq!(status.health.refused_edges, 0);
    daemon.until("the disk is back", |status| delivered(status) > 0);
}
