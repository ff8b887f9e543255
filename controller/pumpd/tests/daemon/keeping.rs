//! What the operator answers for, and what survives anything: the uncertain volume, the subject,
//! the reservoir.

use std::path::PathBuf;

use pump_control::{Account, ClientError, Code, Refilled, Refusal, Reply, Request};
use pump_journal::{Kept, Query, Reader};
use serde_json::Value;

use crate::rig::{Daemon, await_it, brisk, delivered, has_alarm, undisturbed};

const ML: u64 = 1_000_000;

/// 60 mL/h, and 50 µL for a press, once in an hour.
fn with_button() -> String {
    brisk(
        r#"
[[regimen]]
name = "patient"
strategy = "pca"
dose = "50 uL"
over = "30 s"
lockout = "1 h"
lockout_edge = "start-to-start"
max_per_1h = 1
max_per_24h = 10
other_boluses_restart_lockout = false
other_boluses_count = false
"#,
    )
}

fn account(daemon: &Daemon) -> Account {
    match daemon.ask(&Request::Ledger) {
        Ok(Reply::Ledger(account)) => *account,
        other => panic!("no account: {other:?}"),
    }
}

fn refused<T: std::fmt::Debug>(asked: Result<T, ClientError>) -> Refusal {
    match asked {
        Err(ClientError::Refused(refusal)) => refusal,
        other => panic!("it was not refused: {other:?}"),
    }
}

fn refill(daemon: &Daemon, residue_nl: u64, filled_nl: u64) -> Result<Refilled, ClientError> {
    let asked = daemon.ask(&Request::Refill {
        residue_nl,
        filled_nl,
        lot: "L123".to_owned(),
    });
    asked.map(|reply| match reply {
        Reply::Refilled(refilled) => refilled,
        other => panic!("no refill: {other:?}"),
    })
}

fn stop(daemon: &Daemon) {
    daemon.ask(&Request::Stop).expect("it stops");
    daemon.until("it stops", |status| status.state == "stopped");
}

fn state_dir(daemon: &Daemon) -> PathBuf {
    daemon.folder.path().join("state")
}

/// What operators did, as the journal has it.
pub(crate) fn did(daemon: &Daemon, what: &str) -> Vec<Value> {
    let mut reader = Reader::open(&state_dir(daemon)).expect("a journal");
    let query = Query {
        kinds: vec!["operator".to_owned()],
        ..Query::default()
    };
    let rows = reader.rows(&query).expect("it can be read");
    let bodies = rows.iter().map(|row| serde_json::from_str(&row.body));
    let bodies = bodies.map(|body| body.expect("a body"));
    bodies.filter(|body: &Value| body["did"] == what).collect()
}

fn whoami() -> String {
    let output = std::process::Command::new("id").arg("-un").output();
    let output = output.expect("id runs");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// P05, P01: what is uncertain is shown with its mass, is armed over by nobody who does not say
/// so, is told again after any number of restarts, and whoever acknowledges it is in the journal.
#[test]
fn uncertain_volume_is_acknowledged_before_anything_is_armed() {
    undisturbed(uncertain_is_acknowledged);
}

fn uncertain_is_acknowledged() {
    let mut daemon = Daemon::start(&[]);
    daemon.infuse(&brisk(""));
    let flows = daemon.until("it delivers", |status| delivered(status) > 300);
    let displaced = flows.ledger.expect("a ledger").displaced_steps;
    daemon.kill();
    daemon.restart(&[]);
    let first = daemon.until("it says so", |status| has_alarm(status, "uncertain-volume"));
    assert_eq!(first.state, "disarmed", "I8");
    let uncertain = account(&daemon).unacknowledged;
    assert!(uncertain.steps > 0);
    // 9 mg/mL are 9 ng/nL.
    assert_eq!(uncertain.nl, 50 * uncertain.steps);
    assert_eq!(uncertain.masses[0].drug, "sodium chloride");
    assert_eq!(uncertain.masses[0].pg, 9_000 * uncertain.nl);

    // It is still so after another kill, though nothing has flowed since.
    daemon.kill();
    daemon.restart(&[]);
    daemon.until("it says so again", |status| {
        has_alarm(status, "uncertain-volume")
    });
    assert_eq!(account(&daemon).unacknowledged, uncertain);

    let refusal = refused(daemon.confirm(&brisk(""), false));
    assert_eq!(refusal.code, Code::NeedsAcknowledgement);
    for part in ["sodium chloride", &format!("{} steps", uncertain.steps)] {
        assert!(refusal.message.contains(part), "{refusal}");
    }
    let fix = refusal.fix.expect("a fix");
    assert!(fix.contains("--acknowledge-uncertain"), "{fix}");
    assert_eq!(daemon.status().state, "disarmed");
    assert!(did(&daemon, "acknowledge-uncertain").is_empty());

    daemon.confirm(&brisk(""), true).expect("it is armed");
    daemon.kill();
    let told = did(&daemon, "acknowledge-uncertain");
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["who"], whoami());
    assert_eq!(told[0]["uncertain"]["steps"], uncertain.steps);
    daemon.restart(&[]);
    daemon.until("it says so", |status| has_alarm(status, "restarted"));
    // It was armed when it was killed: a start might have moved the rotor, and that is all.
    assert_eq!(account(&daemon).unacknowledged.steps, displaced);
}

/// A stop gives back the credit that was not used: a kill after it leaves nothing uncertain.
#[test]
fn a_kill_after_a_stop_leaves_nothing_to_acknowledge() {
    undisturbed(a_kill_after_a_stop);
}

fn a_kill_after_a_stop() {
    let mut daemon = Daemon::start(&[]);
    daemon.infuse(&brisk(""));
    stop(&daemon);
    let stopped = daemon.status();
    let mut reader = Reader::open(&state_dir(&daemon)).expect("a journal");
    await_it("the unused credit is given back", || {
        let durable = reader.durable().expect("it can be read");
        durable.filter(|durable| durable.credit == delivered(&stopped))
    });
    daemon.kill();
    daemon.restart(&[]);
    let after = daemon.until("it is back", |status| has_alarm(status, "restarted"));
    assert!(!has_alarm(&after, "uncertain-volume"), "{:?}", after.alarms);
    let known = account(&daemon);
    assert_eq!(known.delivered.steps, delivered(&stopped));
    assert_eq!(known.uncertain.steps, 0);
    daemon
        .arm(&brisk(""))
        .expect("nothing is left to acknowledge");
}

/// So does an orderly end: nothing starts any more, so no rotor moves before a start.
#[test]
fn an_orderly_end_while_armed_leaves_nothing_to_acknowledge() {
    let mut daemon = Daemon::start(&[]);
    for _ in 0..2 {
        daemon
            .arm(&brisk(""))
            .expect("nothing is left to acknowledge");
        assert!(daemon.terminate().success());
        daemon.restart(&[]);
    }
    let status = daemon.until("it is back", |status| has_alarm(status, "restarted"));
    assert!(
        !has_alarm(&status, "uncertain-volume"),
        "{:?}",
        status.alarms
    );
}

/// I4, I5, section 6: arming and a kill change nothing of what the subject was given; a new
/// subject clears it, at rest only, and stays new over a kill in the very next moment.
#[test]
fn a_new_subject_alone_clears_windows_and_lockouts_and_survives_a_kill() {
    undisturbed(a_new_subject);
}

fn a_new_subject() {
    let mut daemon = Daemon::start(&[]);
    daemon.infuse(&with_button());
    daemon.ask(&Request::Press).expect("it is pressed");
    daemon.until("it is given", |status| status.demands.given == 1);
    let refusal = refused(daemon.ask(&Request::NewSubject));
    assert_eq!(refusal.code, Code::WrongState);
    assert_eq!(refusal.fix.as_deref(), Some("stop it first"));
    stop(&daemon);
    daemon.arm(&with_button()).expect("it is armed again");
    let given = account(&daemon).subject;
    assert!(given.given_24h_nl > 0);
    assert_eq!(given.boluses_24h, 1);
    daemon.ask(&Request::Start).expect("it starts");
    daemon.ask(&Request::Press).expect("it is pressed");
    daemon.until("the lockout holds over the arming", |status| {
        status.demands.refused.get("lockout") == Some(&1)
    });
    stop(&daemon);
    let content = account(&daemon).remaining;
    let Ok(Reply::Done(done)) = daemon.ask(&Request::NewSubject) else {
        panic!("it was not done");
    };
    assert_eq!(
        done.state, "disarmed",
        "what was armed is the last subject's"
    );
    daemon.kill();
    let told = did(&daemon, "new-subject");
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["who"], whoami());
    assert!(told[0]["cleared"]["given_24h_nl"].as_u64() >= Some(given.given_24h_nl));

    daemon.restart(&[]);
    let after = daemon.until("it is back", |status| has_alarm(status, "restarted"));
    assert!(!has_alarm(&after, "uncertain-volume"), "{:?}", after.alarms);
    let now = account(&daemon);
    assert_eq!((now.subject.given_24h_nl, now.subject.boluses_24h), (0, 0));
    assert_eq!(now.remaining, content, "the reservoir is the pump's");
    daemon.infuse(&with_button());
    daemon.ask(&Request::Press).expect("it is pressed");
    daemon.until("no lockout holds", |status| status.demands.given == 1);
    assert!(
        !daemon.log().contains("can't be repeated"),
        "{}",
        daemon.log()
    );
}

/// W06: a residue that differs refuses the start, over arming and a kill, until somebody answers
/// for it, and that is durable too.
#[test]
fn a_residue_that_differs_keeps_the_pump_from_starting_until_it_is_acknowledged() {
    let mut daemon = Daemon::start(&[]);
    let refusal = refused(refill(&daemon, 0, 50 * ML));
    assert!(
        refusal.message.contains("nothing was armed yet"),
        "{refusal}"
    );
    daemon.infuse(&brisk(""));
    assert_eq!(
        refused(refill(&daemon, 90 * ML, 100 * ML)).code,
        Code::WrongState
    );
    stop(&daemon);
    let beyond = refused(refill(&daemon, 99 * ML, 100 * ML + 50));
    assert_eq!(beyond.code, Code::BadRequest);
    assert!(beyond.message.contains("a reservoir of 100 mL"), "{beyond}");

    let before = account(&daemon).remaining.expect("a content").nl;
    let sound = refill(&daemon, before, 80 * ML).expect("it is refilled");
    assert!(!sound.differs);
    assert_eq!(sound.residue.allowed_nl, 2 * ML, "of 100 mL");
    let differs = refill(&daemon, 77 * ML, 90 * ML).expect("it is refilled all the same");
    assert!(differs.differs, "{differs:?}");
    assert_eq!(differs.residue.expected_nl, 80 * ML);
    daemon.kill();

    let rows = did(&daemon, "refill");
    let last = rows.last().expect("it is in the journal");
    assert_eq!(
        (&last["residue_nl"], &last["lot"]),
        (&(77 * ML).into(), &"L123".into())
    );
    daemon.restart(&[]);
    daemon.until("it says so", |status| has_alarm(status, "residue-differs"));
    assert_eq!(account(&daemon).remaining.expect("a content").nl, 90 * ML);
    daemon.arm(&brisk("")).expect("it is armed");
    for word in [Request::Start, Request::Resume] {
        let refusal = refused(daemon.ask(&word));
        assert_eq!(refusal.code, Code::NeedsAcknowledgement);
        assert!(refusal.message.contains("77 mL"), "{refusal}");
        let fix = refusal.fix.expect("a fix");
        assert!(fix.contains("pumpctl refill --acknowledge"), "{fix}");
    }
    let acknowledge = Request::AcknowledgeResidue {
        reason: "spilled".to_owned(),
    };
    daemon.ask(&acknowledge).expect("it is acknowledged");
    daemon.kill();
    let rows = did(&daemon, "acknowledge-residue");
    assert_eq!(
        (&rows[0]["who"], &rows[0]["reason"]),
        (&whoami().into(), &"spilled".into())
    );
    daemon.restart(&[]);
    daemon.confirm(&brisk(""), true).expect("it is armed");
    daemon.ask(&Request::Start).expect("it starts");
    let status = daemon.until("it delivers", |status| delivered(status) > 0);
    assert!(
        !has_alarm(&status, "residue-differs"),
        "{:?}",
        status.alarms
    );
    assert_eq!(refused(daemon.ask(&acknowledge)).code, Code::NotFound);
}

/// P05, W05: the journal of a killed daemon has its account, and the next daemon goes on with it.
#[test]
fn the_account_is_in_the_journal_of_a_daemon_that_was_killed() {
    let mut daemon = Daemon::start(&[]);
    daemon.infuse(&with_button());
    daemon.until("it delivers", |status| delivered(status) > 500);
    let running = account(&daemon);
    assert_eq!(running.state, "infusing");
    assert!(running.lasts_ns.is_some(), "{running:?}");
    // 98 mL above the mark for low at 60 mL/h, and a bolus each hour.
    let refill = running.refill_in_ns.expect("a refill date") / 1_000_000_000;
    let without = 98 * 60;
    assert!((without - 30..without).contains(&refill), "{refill} s");
    daemon.kill();

    let mut reader = Reader::open(&state_dir(&daemon)).expect("a journal");
    let durable = reader.durable().expect("it can be read").expect("a state");
    let kept = Kept::read(&durable.checkpoint).expect("it can be read");
    let told = kept.told.expect("an account");
    let written: Account = serde_json::from_value(told).expect("an account");
    assert_eq!(written.prescription, running.prescription);
    assert!(written.delivered.steps <= durable.credit);

    daemon.restart(&[]);
    let after = account(&daemon);
    assert_eq!(after.state, "disarmed");
    assert_eq!(after.delivered, written.delivered, "what is certain");
    let known = after.delivered.steps + after.uncertain.steps;
    assert!(known >= running.delivered.steps, "{known} of {running:?}");
    assert_eq!(after.uncertain, after.unacknowledged);
}
