//! From arming to the end, and the faults in between.

use std::process::{Command, Stdio};
use std::time::Duration;

use pump_control::{ClientError, Code, Request, Status};

use crate::rig::{Daemon, await_it, brisk};

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
    let delivered = |status: &Status| status.ledger.as_ref().map_or(0, |it| it.delivered_steps);
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
    assert_eq!(daemon.tape().len() as u64, ledger.delivered_steps);
}

/// P01, I9.
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

/// W08: standing still or spinning, the loop loses its motor, and only arming gives it back.
#[test]
fn a_loop_that_stands_still_or_spins_loses_its_motor() {
    for manner in ["stall", "spin"] {
        let daemon = Daemon::start(&["--fault", &format!("loop={manner}@8s+400ms")]);
        daemon.arm(&brisk("")).expect("it is armed");
        daemon.ask(&Request::Start).expect("it starts");
        let status = daemon.until("the sentinel has noticed", |status| {
            status.alarms.iter().any(|it| it.name == "loop-stalled")
        });
        assert_eq!(status.state, "faulted", "{manner}");
        daemon.ask(&Request::Stop).expect("it stops");
        daemon.arm(&brisk("")).expect("it is armed again");
        daemon.ask(&Request::Start).expect("it starts");
        daemon.until("it delivers again", |status| {
            status.state == "infusing"
                && status
                    .ledger
                    .as_ref()
                    .is_some_and(|it| it.delivered_steps > 10)
        });
    }
}

/// A panic anywhere disables the motor first, ends the daemon, and what was given is known.
#[test]
fn a_thread_that_panics_ends_the_daemon_with_its_motor_off() {
    for thread in ["loop", "inputs", "journal"] {
        let mut daemon = Daemon::start(&["--fault", &format!("{thread}=panic@8s+1ms")]);
        daemon.arm(&brisk("")).expect("it is armed");
        daemon.ask(&Request::Start).expect("it starts");
        let ended = daemon.child.wait().expect("it ends");
        assert_eq!(ended.code(), Some(1), "{thread}");
        let log = daemon.log();
        assert!(log.contains("a thread has panicked"), "{thread}: {log}");
        daemon.restart(&[]);
        let status = daemon.status();
        assert_eq!(status.state, "disarmed", "{thread}");
        let uncertain = status.alarms.iter().any(|it| it.name == "uncertain-volume");
        // Only without its journal the daemon can't say what of the credit was used.
        assert_eq!(uncertain, thread == "journal", "{thread}: {log}");
    }
}

/// The threads around the loop hang one by one; the loop goes on as planned.
#[test]
fn a_thread_that_hangs_is_an_alarm_and_moves_no_edge() {
    for (thread, alarm) in [("inputs", "inputs-stalled"), ("journal", "journal-stalled")] {
        let mut daemon = Daemon::start(&["--fault", &format!("{thread}=stall@8s+4s")]);
        daemon.arm(&brisk("")).expect("it is armed");
        daemon.ask(&Request::Start).expect("it starts");
        let status = daemon.until("it is noticed", |status| {
            status.alarms.iter().any(|it| it.name == alarm)
        });
        assert_eq!(status.state, "infusing", "{thread}");
        daemon.until("it clears", |status| status.alarms.is_empty());
        daemon.ask(&Request::Stop).expect("it stops");
        let status = daemon.status();
        assert_eq!(status.health.forbidden_allocations, 0);
        daemon.terminate();
        let edges = daemon.tape();
        // 60 mL/h in steps of 50 nL: every 3 ms, whatever a busy machine made of one or two.
        // The very first ones wait for their credit.
        let edges = &edges[100..];
        let first = edges[0];
        let planned = edges
            .iter()
            .all(|due| (due - first).is_multiple_of(3_000_000));
        assert!(planned, "{thread}");
    }
}

/// The thread that operators speak to can't say itself that it hangs: the record does.
#[test]
fn operators_that_are_kept_waiting_are_an_alarm_in_the_record_and_move_no_edge() {
    let mut daemon = Daemon::start(&["--fault", "control=stall@8s+4s"]);
    daemon.arm(&brisk("")).expect("it is armed");
    daemon.ask(&Request::Start).expect("it starts");
    await_it("it is noticed, and over", || {
        let log = daemon.log();
        let raised = log.contains("AlarmRaised { alarm: ControlStalled }");
        (raised && log.contains("AlarmCleared { alarm: ControlStalled }")).then_some(())
    });
    assert_eq!(daemon.status().state, "infusing");
    daemon.ask(&Request::Stop).expect("it stops");
    daemon.terminate();
    let edges = daemon.tape();
    let edges = &edges[100..];
    let planned = edges
        .iter()
        .all(|due| (due - edges[0]).is_multiple_of(3_000_000));
    assert!(planned);
}

/// P03: a running pump is not armed over, and its strategies stay.
#[test]
fn nothing_is_armed_while_the_pump_runs() {
    let daemon = Daemon::start(&[]);
    daemon.arm(&brisk("")).expect("it is armed");
    daemon.ask(&Request::Start).expect("it starts");
    let before = daemon.until("it delivers", |status| {
        status
            .ledger
            .as_ref()
            .is_some_and(|it| it.delivered_steps > 0)
    });
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
    let pid = before.regimens[0].pid.expect("a child").to_string();
    let killed = Command::new("kill").args(["-KILL", &pid]).status();
    assert!(killed.is_ok_and(|killed| killed.success()));
    let after = daemon.until("it is back", |status| {
        status
            .regimens
            .iter()
            .any(|it| it.link == "live" && it.pid.is_some_and(|now| now.to_string() != pid))
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
    let mut daemon = Daemon::start(&["--unlimited-respawns"]);
    let held = brisk("").replace(
        "action = \"stop\"",
        "action = \"hold-basal\"\nfor = \"10 min\"",
    );
    daemon.arm(&held).expect("it is armed");
    daemon.ask(&Request::Start).expect("it starts");
    daemon.until("it delivers", |status| {
        status
            .ledger
            .as_ref()
            .is_some_and(|it| it.delivered_steps > 0)
    });
    let mut dice = 1_u64;
    for death in 0..200 {
        let status = daemon.until("it is live", |status| {
            status.regimens.iter().any(|it| it.link == "live")
        });
        let pid = status.regimens[0].pid.expect("a child").to_string();
        dice = dice.wrapping_mul(6364136223846793005).wrapping_add(1);
        std::thread::sleep(Duration::from_millis(dice >> 58));
        let killed = Command::new("kill").args(["-KILL", &pid]).status();
        assert!(killed.is_ok_and(|killed| killed.success()));
        daemon.until("another is there", |status| {
            status.regimens[0].respawns > death
        });
    }
    daemon.until("it is live and well", |status| {
        status.regimens.iter().any(|it| it.link == "live") && status.alarms.is_empty()
    });
    daemon.ask(&Request::Stop).expect("it stops");
    let status = daemon.until("it stops", |status| status.state == "stopped");
    let ledger = status.ledger.expect("a ledger");
    assert_eq!(status.regimens[0].respawns, 200);
    assert_eq!(ledger.uncertain_steps, 0);
    daemon.terminate();
    let edges = daemon.tape();
    assert_eq!(edges.len() as u64, ledger.delivered_steps);
    let edges = &edges[100..];
    let planned = edges
        .iter()
        .all(|due| (due - edges[0]).is_multiple_of(3_000_000));
    assert!(planned, "a death has moved an edge");
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
