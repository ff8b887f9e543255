//! Requests, rights, limits and ends.

use std::net::Shutdown;
use std::os::unix::net::UnixListener;
use std::sync::atomic::Ordering;
use std::time::Duration;

use pump_control::{
    BindError, Client, ClientError, Code, Limits, MAX_LINE, Reply, Request, Rights, Server,
};

use crate::rig::{Rig, patient};

fn request(id: u64, what: &str) -> String {
    format!("{{\"v\":1,\"id\":{id},\"do\":{what}}}\n")
}

#[test]
fn requests_are_answered_in_their_order() {
    let rig = Rig::new();
    let mut raw = rig.raw();
    let lines: String = (1..=100).map(|id| request(id, "\"start\"")).collect();
    raw.send(lines);
    for id in 1..=100 {
        assert_eq!(raw.reply().0, Some(id));
    }
    let mut client = rig.client();
    let asked = client.ask(&Request::Resume);
    assert!(matches!(asked, Err(ClientError::Refused(why)) if why.code == Code::WrongState));
    assert!(matches!(client.ask(&Request::Start), Ok(Reply::Done(_))));
}

#[test]
fn a_slow_request_holds_nobody_up_but_its_asker() {
    let rig = Rig::new();
    let mut slow = rig.raw();
    slow.send(request(1, r#"{"confirm":{"token":"t"}}"#) + &request(2, "\"start\""));
    rig.until("it was asked", |shared| {
        shared.done.lock().is_ok_and(|done| *done == ["confirm"])
    });
    let mut other = rig.client();
    assert!(matches!(other.ask(&Request::Stop), Ok(Reply::Done(_))));
    rig.shared.answer.store(true, Ordering::SeqCst);
    rig.wake();
    let (id, reply) = slow.reply();
    assert!(id == Some(1) && matches!(reply, Reply::Done(done) if done.state == "armed"));
    assert_eq!(slow.reply().0, Some(2));
    assert_eq!(rig.done(), ["confirm", "stop", "start"]);
}

#[test]
fn the_service_learns_that_the_asker_of_a_slow_request_has_gone() {
    let rig = Rig::new();
    let mut slow = rig.raw();
    slow.send(request(1, r#"{"confirm":{"token":"t"}}"#));
    rig.until("it was asked", |shared| {
        shared.done.lock().is_ok_and(|done| done.len() == 1)
    });
    drop(slow);
    rig.until("it is told", |shared| {
        shared.gone.load(Ordering::SeqCst) == 1
    });
    rig.until("it is closed", |shared| {
        shared.connected.load(Ordering::SeqCst) == 0
    });
}

#[test]
fn what_was_sent_before_closing_is_done() {
    let rig = Rig::new();
    let mut raw = rig.raw();
    raw.send(request(1, "\"stop\""));
    drop(raw);
    rig.until("it is done", |shared| {
        shared.done.lock().is_ok_and(|done| *done == ["stop"])
    });
}

#[test]
fn after_half_closing_all_answers_still_come() {
    let rig = Rig::new();
    let mut raw = rig.raw();
    raw.send(request(1, "\"start\"") + &request(2, r#"{"confirm":{"token":"t"}}"#));
    raw.stream.shutdown(Shutdown::Write).expect("a socket");
    assert_eq!(raw.reply().0, Some(1));
    rig.shared.answer.store(true, Ordering::SeqCst);
    rig.wake();
    assert_eq!(raw.reply().0, Some(2));
    assert_eq!(raw.line(), "");
}

#[test]
fn a_cut_off_line_is_not_done() {
    let rig = Rig::new();
    let mut raw = rig.raw();
    raw.send(request(1, "\"pause\"") + request(2, "\"stop\"").trim_end());
    raw.stream.shutdown(Shutdown::Write).expect("a socket");
    assert_eq!(raw.reply().0, Some(1));
    let (id, refusal) = raw.refusal();
    assert_eq!((id, refusal.code), (None, Code::BadRequest));
    assert_eq!(raw.line(), "");
    assert_eq!(rig.done(), ["pause"]);
}

#[test]
fn a_line_that_is_too_long_is_refused_and_the_longest_is_read() {
    let rig = Rig::new();
    let mut raw = rig.raw();
    let (before, after) = (
        r#"{"v":1,"id":1,"do":{"propose":{"name":"n","text":""#,
        "\"}}}\n",
    );
    let room = MAX_LINE - before.len() - after.len();
    raw.send(format!("{before}{}{after}", "x".repeat(room)));
    assert_eq!(raw.reply().0, Some(1));
    raw.send(format!("{before}{}{after}", "x".repeat(room + 1)));
    let (id, refusal) = raw.refusal();
    assert_eq!((id, refusal.code), (None, Code::TooLarge));
    assert_eq!(raw.line(), "");

    let long = Request::Propose {
        name: "n".into(),
        text: "\"".repeat(MAX_LINE / 2),
    };
    let asked = rig.client().ask(&long);
    assert!(matches!(asked, Err(ClientError::Refused(why)) if why.code == Code::TooLarge));
}

#[test]
fn rights_decide_what_is_done() {
    let names = |rights| {
        let rig = Rig::with(patient(), Some(rights));
        let mut client = rig.client();
        let mut refused = 0;
        for asked in [
            Request::Status { threads: false },
            Request::Start,
            Request::Cancel { token: "t".into() },
            Request::Latency { reset: false },
            Request::Latency { reset: true },
            Request::Ledger,
            Request::Refill {
                residue_nl: 0,
                filled_nl: 1,
                lot: "l".into(),
            },
            Request::NewSubject,
            Request::AcknowledgeResidue { reason: "r".into() },
        ] {
            match client.ask(&asked) {
                Ok(_) => {}
                Err(ClientError::Refused(why)) => {
                    assert_eq!(why.code, Code::NoRight);
                    let fix = why.fix.expect("a fix");
                    assert!(fix.contains(asked.needs().group()), "{fix}");
                    refused += 1;
                }
                Err(error) => panic!("{error}"),
            }
        }
        assert_eq!(rig.done().len() + refused, 9);
        rig.done()
    };
    assert_eq!(names(Rights::Observe), ["status", "latency", "ledger"]);
    assert_eq!(
        names(Rights::Operate),
        ["status", "start", "latency", "latency", "ledger", "refill"]
    );
    assert_eq!(names(Rights::Prescribe).len(), 9);
}

#[test]
fn who_has_no_right_at_all_holds_no_place() {
    let rig = Rig::with(patient(), None);
    for _ in 0..100 {
        let asked = rig.client().ask(&Request::Hello);
        assert!(
            matches!(&asked, Err(ClientError::Refused(why)) if why.code == Code::NoRight),
            "{asked:?}"
        );
    }
    assert_eq!(rig.shared.connected.load(Ordering::SeqCst), 0);
    assert!(rig.done().is_empty());
}

#[test]
fn places_are_kept_for_those_who_may_stop_the_pump() {
    let rig = Rig::with(patient(), Some(Rights::Observe));
    let held: Vec<Client> = (0..48)
        .map(|_| {
            let mut client = rig.client();
            client.ask(&Request::Hello).expect("there is room");
            client
        })
        .collect();
    let asked = rig.client().ask(&Request::Hello);
    assert!(
        matches!(asked, Err(ClientError::Refused(why)) if why.code == Code::TooManyConnections)
    );
    drop(held);
    rig.until("they are closed", |shared| {
        shared.connected.load(Ordering::SeqCst) == 0
    });
    rig.client()
        .ask(&Request::Hello)
        .expect("there is room again");
}

#[test]
fn who_keeps_silent_or_does_not_end_a_line_is_closed() {
    let limits = Limits {
        idle: Duration::from_millis(50),
        line: Duration::from_millis(100),
        ..Limits::default()
    };
    let rig = Rig::with(limits, Some(Rights::Prescribe));
    for begun in ["", "{\"v\":1,"] {
        let mut raw = rig.raw();
        raw.send(begun);
        let (id, refusal) = raw.refusal();
        assert_eq!((id, refusal.code), (None, Code::TimedOut), "{begun:?}");
        assert_eq!(raw.line(), "");
    }
}

#[test]
fn the_end_of_the_daemon_is_told() {
    let mut rig = Rig::new();
    let mut idle = rig.raw();
    let mut waiting = rig.raw();
    waiting.send(request(1, r#"{"confirm":{"token":"t"}}"#));
    rig.until("it was asked", |shared| {
        shared.done.lock().is_ok_and(|done| done.len() == 1)
    });
    idle.send(request(1, "\"hello\""));
    idle.reply();
    let path = rig.path();
    rig.end();
    for raw in [&mut idle, &mut waiting] {
        assert_eq!(raw.refusal().1.code, Code::ShuttingDown);
        assert_eq!(raw.line(), "");
    }
    assert_eq!(rig.shared.gone.load(Ordering::SeqCst), 1);
    assert!(!path.exists(), "the socket is removed");
    let connected = Client::connect(&path);
    assert!(matches!(connected, Err(ClientError::Unreachable { .. })));
}

#[test]
fn a_socket_that_nobody_listens_on_is_taken_over_and_others_are_left_alone() {
    let rig = Rig::new();
    let taken = Server::bind(&rig.path());
    assert!(matches!(taken, Err(BindError::Taken { .. })));
    rig.client().ask(&Request::Hello).expect("it still listens");

    let stale = rig.path().with_file_name("stale.sock");
    drop(UnixListener::bind(&stale).expect("a socket"));
    assert!(stale.exists());
    drop(Server::bind(&stale).expect("it is taken over"));
    assert!(!stale.exists());

    let file = rig.path().with_file_name("file");
    std::fs::write(&file, "precious").expect("a file");
    let refused = Server::bind(&file);
    assert!(matches!(refused, Err(BindError::NoSocket { .. })));
    assert!(file.exists());

    let long = rig.path().with_file_name("n".repeat(120));
    assert!(matches!(
        Server::bind(&long),
        Err(BindError::TooLong { .. })
    ));
    let absent = rig.path().with_file_name("absent").join("s");
    assert!(matches!(Server::bind(&absent), Err(BindError::Io { .. })));
}

#[test]
fn the_kernel_says_who_asks() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("s");
    let mut server = Server::bind(&path).expect("it can listen");
    struct Asks;
    impl pump_control::Service for Asks {
        fn handle(
            &mut self,
            _: Request,
            peer: &pump_control::Peer,
            _: pump_control::Ticket,
        ) -> pump_control::Outcome {
            assert_eq!(peer.pid, std::process::id());
            assert_eq!(peer.rights, Rights::Prescribe, "the daemon's own user");
            pump_control::Refusal::new(Code::WrongState, peer.user.clone()).into()
        }
        fn turn(&mut self, _: &mut pump_control::Mail<'_>) {}
    }
    let asker = std::thread::spawn(move || Client::connect(&path)?.ask(&Request::Start));
    while !asker.is_finished() {
        let turn = server.turn(&mut Asks, Duration::from_millis(20));
        turn.expect("it goes on");
    }
    let asked = asker.join().expect("no panic");
    assert!(matches!(asked, Err(ClientError::Refused(why)) if !why.message.is_empty()));
}
