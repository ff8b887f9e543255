//! Prescriptions that can't be armed, and what stays armed after them.

use std::sync::atomic::{AtomicBool, Ordering};

use pump_control::{ClientError, Code, Refusal, Request};

use crate::rig::{Daemon, brisk, delivered};

/// The regimen of a guest of the zoo.
fn guest(name: &str) -> String {
    format!("[[regimen]]\nname = \"guest\"\nstrategy = \"zoo-{name}\"\n")
}

fn refused<T: std::fmt::Debug>(answer: Result<T, ClientError>) -> Refusal {
    match answer {
        Err(ClientError::Refused(refusal)) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

/// I12: looking at a plugin takes until it is given up; the operators are heard meanwhile.
#[test]
fn a_plugin_that_hangs_when_it_is_opened_keeps_no_operator_waiting() {
    let mut daemon = Daemon::start(&[]);
    daemon.infuse(&brisk(""));
    let (judged, text) = (AtomicBool::new(false), brisk(&guest("hang-when-opened")));
    std::thread::scope(|scope| {
        let asker = scope.spawn(|| {
            let answer = daemon.propose(&text);
            judged.store(true, Ordering::SeqCst);
            refused(answer)
        });
        daemon.until("it is being judged", |_| {
            !judged.load(Ordering::SeqCst) && refused(daemon.propose(&text)).code == Code::Busy
        });
        // What is judged keeps nobody from the pump: it is paused and goes on.
        daemon.ask(&Request::Pause).expect("it pauses");
        let paused = daemon.until("it pauses", |status| status.state == "paused");
        daemon.ask(&Request::Resume).expect("it goes on");
        daemon.until("it delivers again", |status| {
            delivered(status) > delivered(&paused)
        });
        assert!(!judged.load(Ordering::SeqCst), "it was judged long ago");
        let refusal = asker.join().expect("an answer");
        assert_eq!(refusal.code, Code::BadPrescription);
        let findings = refusal.findings.unwrap_or_default();
        assert!(findings.contains("a constructor hangs"), "{findings}");
    });
    assert!(!daemon.log().contains("ControlStalled"));
    // The judge is free again, and not asked to finish where the daemon ends.
    daemon.propose(&brisk("")).expect("a proposal");
    std::thread::scope(|scope| {
        let asker = scope.spawn(|| daemon.propose(&text));
        daemon.until("it is being judged", |_| {
            refused(daemon.propose(&text)).code == Code::Busy
        });
        daemon.tell_to_end();
        assert!(asker.join().expect("an end").is_err());
    });
    assert!(daemon.child.wait().is_ok_and(|ended| ended.success()));
}

/// I8: an arming that fails has ended the strategies of what was armed before.
#[test]
fn after_an_arming_that_failed_nothing_is_armed() {
    let daemon = Daemon::start(&[]);
    daemon.arm(&brisk("")).expect("it is armed");
    let refusal = refused(daemon.arm(&brisk(&guest("refuse-to-begin"))));
    assert!(
        refusal.message.contains("could not start"),
        "{}",
        refusal.message
    );
    let status = daemon.status();
    assert_eq!(status.state, "disarmed");
    assert_eq!((status.prescription, status.ledger), (None, None));
    assert!(status.regimens.is_empty(), "{:?}", status.regimens);
    assert_eq!(
        refused(daemon.ask(&Request::Start)).code,
        Code::WrongState,
        "what was armed before has no strategies"
    );
    // Twice in a row, and then a good one.
    refused(daemon.arm(&brisk(&guest("refuse-to-begin"))));
    daemon.infuse(&brisk(""));
}
