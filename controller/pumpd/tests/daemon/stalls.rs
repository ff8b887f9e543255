//! Threads that hang or panic: noticed, alarmed, and no edge moved that should not be.

use pump_control::Request;

use crate::rig::{Daemon, await_it, brisk, delivered, has_alarm, held};

/// W08: standing still or spinning, the loop loses its motor, and only arming gives it back.
#[test]
fn a_loop_that_stands_still_or_spins_loses_its_motor() {
    for manner in ["stall", "spin"] {
        let daemon = Daemon::start(&["--fault", &format!("loop={manner}@8s+400ms")]);
        daemon.infuse(&brisk(""));
        assert_eq!(daemon.status().health.cut_after_ns, None, "{manner}");
        let status = daemon.until("the sentinel has noticed", |status| {
            has_alarm(status, "loop-stalled")
        });
        assert_eq!(status.state, "faulted", "{manner}");
        let cut = status.health.cut_after_ns;
        assert!(cut.is_some_and(|after| after > 0), "{manner}");
        assert!(daemon.log().contains("the motor is cut off"), "{manner}");
        daemon.ask(&Request::Stop).expect("it stops");
        daemon.infuse(&brisk(""));
        daemon.until("it delivers again", |status| {
            status.state == "infusing" && delivered(status) > 10
        });
    }
}

/// A panic anywhere disables the motor first, ends the daemon, and what was given is known.
#[test]
fn a_thread_that_panics_ends_the_daemon_with_its_motor_off() {
    std::thread::scope(|scope| {
        for thread in ["loop", "inputs", "journal"] {
            scope.spawn(move || panic_of(thread));
        }
    });
}

fn panic_of(thread: &str) {
    let mut daemon = Daemon::start(&["--fault", &format!("{thread}=panic@8s+1ms")]);
    daemon.infuse(&brisk(""));
    let ended = daemon.child.wait().expect("it ends");
    assert_eq!(ended.code(), Some(1), "{thread}");
    let log = daemon.log();
    assert!(log.contains("a thread has panicked"), "{thread}: {log}");
    daemon.restart(&[]);
    let status = daemon.status();
    assert_eq!(status.state, "disarmed", "{thread}");
    // Only without its journal the daemon can't say what of the credit was used.
    let unknown = daemon
        .log()
        .contains("steps may or may not have been given");
    assert_eq!(unknown, thread == "journal", "{thread}: {log}");
}

/// The threads around the loop hang one by one; the loop goes on as planned.
#[test]
fn a_thread_that_hangs_is_an_alarm_and_moves_no_edge() {
    let victims = [
        ("inputs", "inputs-stalled"),
        ("journal", "journal-stalled"),
        // Its regimen's basal is held, as the prescription says.
        ("link-0", "link-stalled"),
        // It has nothing to run.
        ("link-3", "link-stalled"),
    ];
    std::thread::scope(|scope| {
        for (thread, alarm) in victims {
            scope.spawn(move || hang(thread, alarm));
        }
    });
}

fn hang(thread: &str, alarm: &str) {
    let mut daemon = Daemon::start(&["--fault", &format!("{thread}=stall@8s+4s")]);
    daemon.infuse(&held(""));
    let status = daemon.until("it is noticed", |status| has_alarm(status, alarm));
    assert_eq!(status.state, "infusing", "{thread}");
    let noticed = delivered(&status);
    daemon.until("it clears", |status| {
        status.alarms.is_empty() && status.regimens.iter().all(|it| it.link == "live")
    });
    daemon.ask(&Request::Stop).expect("it stops");
    let status = daemon.until("it stops", |status| status.state == "stopped");
    assert_eq!(status.health.forbidden_allocations, 0);
    assert!(delivered(&status) > noticed, "{thread}: it went on");
    assert!(daemon.terminate().success(), "{thread}");
    let edges = daemon.tape();
    assert_eq!(edges.count(), delivered(&status), "{thread}");
    assert!(edges.are_brisk(), "{thread} has moved an edge");
}

/// The thread that operators speak to can't say itself that it hangs: the record does.
#[test]
fn operators_that_are_kept_waiting_are_an_alarm_in_the_record_and_move_no_edge() {
    let mut daemon = Daemon::start(&["--fault", "control=stall@8s+4s"]);
    daemon.infuse(&brisk(""));
    await_it("it is noticed, and over", || {
        let log = daemon.log();
        let raised = log.contains("AlarmRaised { alarm: ControlStalled }");
        (raised && log.contains("AlarmCleared { alarm: ControlStalled }")).then_some(())
    });
    assert_eq!(daemon.status().state, "infusing");
    daemon.ask(&Request::Stop).expect("it stops");
    daemon.terminate();
    assert!(daemon.tape().are_brisk());
}
