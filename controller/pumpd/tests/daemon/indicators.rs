//! Lights and buzzer: what they did, as their tape has it.

use std::thread::sleep;
use std::time::Duration;

use pump_control::{ClientError, Code, Reply, Request, Urgency};

use crate::keeping::did;
use crate::rig::{Daemon, await_it, brisk, delivered, has_alarm};

/// A change of a line: when, in ns of the monotonic clock, which, and whether it is on then.
type Change = (u64, String, bool);

/// A daemon with a tape of its lights and its buzzer.
fn taped(args: &[&str]) -> Daemon {
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = Daemon::command(folder.path());
    command
        .arg("--indicator-tape")
        .arg(folder.path().join("lights"));
    command.args(args);
    Daemon::begin(folder, command)
}

fn changes(daemon: &Daemon) -> Vec<Change> {
    let text = std::fs::read_to_string(daemon.folder.path().join("lights")).expect("a tape");
    let change = |line: &str| {
        let mut fields = line.split(',');
        let at = fields.next()?.parse().ok()?;
        Some((at, fields.next()?.to_owned(), fields.next()? == "1"))
    };
    text.lines().filter_map(change).collect()
}

/// How often a line went on.
fn began(changes: &[Change], line: &str) -> usize {
    changes
        .iter()
        .filter(|(_, name, on)| name == line && *on)
        .count()
}

/// W08, W09: what the sentinel does is seen and heard at once; a silence quiets the buzzer and no
/// light, and ends by itself.
#[test]
fn an_alarm_flashes_and_sounds_and_a_silence_is_only_for_the_ear() {
    let daemon = taped(&["--fault", "loop=stall@8s+400ms"]);
    daemon.infuse(&brisk(""));
    let before = changes(&daemon);
    assert_eq!(
        began(&before, "high") + began(&before, "buzzer"),
        0,
        "{before:?}"
    );
    daemon.until("the sentinel has noticed", |status| {
        has_alarm(status, "loop-stalled")
    });
    await_it("it is seen and heard", || {
        let changes = changes(&daemon);
        (began(&changes, "high") > 4 && began(&changes, "buzzer") > 4).then_some(())
    });
    daemon
        .ask(&Request::Silence { seconds: 10 })
        .expect("silence");
    // The pulse that was sounding may end.
    sleep(Duration::from_millis(500));
    let quiet = changes(&daemon).len();
    await_it("the light goes on", || {
        (began(&changes(&daemon)[quiet..], "high") > 6).then_some(())
    });
    let status = daemon.status();
    let changes_now = changes(&daemon);
    let silent = status.silenced_for_s.is_some();
    let heard = began(&changes_now[quiet..], "buzzer");
    assert!(!silent || heard == 0, "heard {heard} times in a silence");
    await_it("the silence ends by itself", || {
        (began(&changes(&daemon)[quiet..], "buzzer") > 0).then_some(())
    });
    assert!(has_alarm(&daemon.status(), "loop-stalled"));
}

/// The indicators stand still: no edge moves, no alarm goes, and they come back.
#[test]
fn indicators_that_hang_move_no_edge() {
    let mut daemon = taped(&["--fault", "indicators=stall@8s+4s"]);
    daemon.infuse(&brisk(""));
    let given = delivered(&daemon.status());
    await_it("preflight sees it", || {
        let Ok(Reply::Preflight(preflight)) = daemon.ask(&Request::Preflight) else {
            return None;
        };
        let check = preflight
            .checks
            .into_iter()
            .find(|it| it.name == "indicators")?;
        check.found.contains("was last seen").then_some(())
    });
    await_it("preflight sees it again", || {
        let Ok(Reply::Preflight(preflight)) = daemon.ask(&Request::Preflight) else {
            return None;
        };
        let check = preflight
            .checks
            .into_iter()
            .find(|it| it.name == "indicators")?;
        check
            .found
            .contains("the light of high alarms")
            .then_some(())
    });
    assert!(delivered(&daemon.status()) > given + 300);
    daemon.ask(&Request::Stop).expect("it stops");
    let status = daemon.until("it stops", |status| status.state == "stopped");
    assert!(daemon.terminate().success());
    let edges = daemon.tape();
    assert_eq!(edges.count(), delivered(&status));
    assert!(edges.are_brisk(), "a light has moved an edge");
}

fn refused(answer: Result<Reply, ClientError>) -> Code {
    match answer {
        Err(ClientError::Refused(refusal)) => refusal.code,
        other => panic!("not refused: {other:?}"),
    }
}

/// Each priority is shown, and what an operator says of it is in the journal; not while it infuses.
#[test]
fn an_alarm_test_shows_each_priority_and_its_answer_is_recorded() {
    let daemon = taped(&[]);
    let answer = |priority| Request::AlarmTested {
        priority,
        seen: Some(true),
        heard: Some(false),
    };
    assert_eq!(refused(daemon.ask(&answer(Urgency::Low))), Code::WrongState);
    for (priority, name, pulses) in [
        (Urgency::Low, "low", 1),
        (Urgency::Medium, "medium", 3),
        (Urgency::High, "high", 10),
    ] {
        let from = changes(&daemon).len();
        let Ok(Reply::AlarmTest(test)) = daemon.ask(&Request::AlarmTest { priority }) else {
            panic!("no test of {name}");
        };
        assert!(test.light && test.sound);
        await_it("it was shown", || {
            let changes = &changes(&daemon)[from..];
            let over = changes.iter().rev().take(1).all(|(_, _, on)| !on);
            (over && began(changes, name) > 0 && began(changes, "buzzer") == pulses).then_some(())
        });
        daemon.ask(&answer(priority)).expect("it is recorded");
        assert_eq!(refused(daemon.ask(&answer(priority))), Code::WrongState);
        // The light's last turn ends, and the next test begins from the dark.
        sleep(Duration::from_secs(u64::from(test.lasts_s)));
    }
    daemon.infuse(&brisk(""));
    let test = Request::AlarmTest {
        priority: Urgency::High,
    };
    assert_eq!(refused(daemon.ask(&test)), Code::WrongState);
    daemon.ask(&Request::Stop).expect("it stops");
    let entries = await_it("they are in the journal", || {
        let entries = did(&daemon, "alarm-tested");
        (entries.len() == 3).then_some(entries)
    });
    let last = entries.last().expect("one");
    assert_eq!(last["priority"], "high");
    assert_eq!(
        (&last["seen"], &last["heard"]),
        (&true.into(), &false.into())
    );
    assert!(last["who"].is_string());
}
