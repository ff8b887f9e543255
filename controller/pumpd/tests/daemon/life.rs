//! From arming to the end, and the faults in between.

use std::process::Stdio;
use std::time::Duration;

use pump_control::{ClientError, Code, Request};

use crate::rig::{Daemon, brisk, delivered, held, kill, signal, undisturbed};

#[test]
fn a_prescription_is_armed_run_paused_and_stopped_and_every_step_is_counted() {
    let mut daemon = Daemon::start(&[]);
    assert_eq!(
        daemon.status().state,
        "disarmed",
        "I8: nothing runs by itself"
    );
    daemon.arm(&brisk("")).expect("it is armed");
    daemon.ask(&Request::Start).expect("it starts");
    let flows = daemon.until("it delivers", |status| delivered(status) > 300);
    assert_eq!(flows.state, "infusing");
    assert_eq!(flows.regimens.len(), 1);
    assert_eq!(flows.health.forbidden_allocations, 0, "I7");
    daemon.ask(&Request::Pause).expect("it pauses");
    let paused = daemon.until("the last edge is out", |status| status.state == "paused");
    daemon.ask(&Request::Resume).expect("it goes on");
    daemon.until("it delivers again", |status| {
        delivered(status) > delivered(&paused) + 100
    });
    daemon.ask(&Request::Stop).expect("it stops");
    let stopped = daemon.until("it stops", |status| status.state == "stopped");
    let ledger = stopped.ledger.expect("a ledger");
    assert!(daemon.terminate().success());
    assert_eq!(daemon.tape().count(), ledger.delivered_steps);
}

/// P01, I9.
/// The loop wakes a moment before a step is due and waits for that instant: no step is early,
/// however late the machine makes some.
#[test]
fn no_step_is_made_before_it_is_due() {
    undisturbed(steps_are_not_early);
}

fn steps_are_not_early() {
    let mut daemon = Daemon::start(&[]);
    daemon.infuse(&brisk(""));
    daemon.until("it delivers", |status| delivered(status) > 600);
    assert!(daemon.terminate().success());
    let (due, made) = (daemon.on_tape(0), daemon.witness());
    assert_eq!(due.len(), made.len(), "every step is on the tape");
    let early = due.iter().zip(&made).filter(|(due, made)| made < due);
    assert_eq!(early.count(), 0, "of {} steps", due.len());
}

#[test]
fn what_is_wrong_is_refused_with_its_place_and_nothing_is_armed() {
    let daemon = Daemon::start(&[]);
    let wrong = brisk("").replace("60 mL/h", "60 mL");
    match daemon.arm(&wrong) {
        Err(ClientError::Refused(refusal)) => {
            assert_eq!(refusal.code, Code::BadPrescription);
            let findings = refusal.findings.unwrap_or_default();
            assert!(findings.contains("rate = \"60 mL\""), "{findings}");
        }
        other => panic!("{other:?}"),
    }
    match daemon.ask(&Request::Start) {
        Err(ClientError::Refused(refusal)) => assert_eq!(refusal.code, Code::WrongState),
        other => panic!("{other:?}"),
    }
    assert_eq!(daemon.status().state, "disarmed");
}

/// P03: a running pump is not armed over, and its strategies stay.
#[test]
fn nothing_is_armed_while_the_pump_runs() {
    let daemon = Daemon::start(&[]);
    daemon.infuse(&brisk(""));
    let before = daemon.status();
    match daemon.arm(&brisk("")) {
        Err(ClientError::Refused(refusal)) => assert_eq!(refusal.code, Code::WrongState),
        other => panic!("{other:?}"),
    }
    let after = daemon.status();
    assert_eq!(after.state, "infusing");
    assert_eq!(after.regimens[0].pid, before.regimens[0].pid);
}

/// I12, in small: a child that is killed is an alarm, is born again, and the pump goes on.
#[test]
fn a_killed_strategy_is_lost_and_comes_back() {
    let daemon = Daemon::start(&[]);
    daemon.arm(&brisk("")).expect("it is armed");
    daemon.ask(&Request::Start).expect("it starts");
    let before = daemon.until("the strategy is live", |status| {
        status
            .regimens
            .iter()
            .any(|it| it.link == "live" && it.pid.is_some())
    });
    let pid = before.regimens[0].pid.expect("a child");
    signal("KILL", pid);
    let after = daemon.until("it is back", |status| {
        status
            .regimens
            .iter()
            .any(|it| it.link == "live" && it.pid.is_some_and(|now| now != pid))
    });
    assert_eq!(after.regimens[0].respawns, 1);
    daemon.until("it delivers", |status| {
        status.state == "infusing" && status.alarms.is_empty()
    });
}

/// I12, I2: two hundred deaths at any moment. The basal is held as the prescription says, not
/// an edge moves, and the ledger is exact.
#[test]
fn two_hundred_deaths_of_a_strategy_move_no_edge() {
    undisturbed(two_hundred_deaths);
}

fn two_hundred_deaths() {
    let mut daemon = Daemon::start(&["--unlimited-respawns"]);
    daemon.infuse(&held(""));
    let (mut dice, mut kills, mut dead) = (1_u64, 0_u64, None);
    while kills < 200 {
        let status = daemon.until("another is live", |status| {
            let regimen = &status.regimens[0];
            regimen.link == "live" && regimen.pid != dead
        });
        dead = status.regimens[0].pid;
        dice = dice.wrapping_mul(6364136223846793005).wrapping_add(1);
        std::thread::sleep(Duration::from_millis(dice >> 58));
        kills += u64::from(kill(dead.expect("a child")));
    }
    daemon.until("the last one is lost too", |status| {
        status.regimens[0].pid != dead
    });
    daemon.until("it is live and well", |status| {
        status.regimens.iter().any(|it| it.link == "live") && status.alarms.is_empty()
    });
    daemon.ask(&Request::Stop).expect("it stops");
    let status = daemon.until("it stops", |status| status.state == "stopped");
    let ledger = status.ledger.expect("a ledger");
    let late = daemon.log().matches("it did not answer in time").count() as u64;
    let respawns = status.regimens[0].respawns;
    assert!(
        (kills..=kills + late).contains(&respawns),
        "{respawns} of {kills} kills and {late} late answers"
    );
    assert_eq!(ledger.uncertain_steps, 0);
    daemon.terminate();
    let edges = daemon.tape();
    assert_eq!(edges.count(), ledger.delivered_steps);
    assert!(edges.are_brisk(), "a death has moved an edge");
}

#[test]
fn a_second_daemon_in_the_same_folder_is_refused() {
    let daemon = Daemon::start(&[]);
    let mut second = Daemon::command(daemon.folder.path());
    let output = second.stderr(Stdio::piped()).output().expect("it runs");
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        said.contains("another pumpd uses the state folder"),
        "{said}"
    );
    assert_eq!(daemon.status().state, "disarmed", "the first is untouched");
}
