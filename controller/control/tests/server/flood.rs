//! Whatever is thrown at the server, it goes on, and it does not grow.
//!
//! `PUMP_SEED=2 cargo test -p pump-control` throws something else.

use std::io::{Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::sync::atomic::Ordering;

use pump_control::{Code, Limits, MAX_LINE, Reply, Request, Rights};
use pump_flood::{Random, Thrower, malformed};

use crate::rig::{PATIENCE, Rig};

const MESSAGES: u64 = 100_000;
/// What the server may hold for everybody at a time: far below what its clients send.
const MOST_HELD: usize = 8 << 20;

fn thrower(rig: &Rig) -> Thrower {
    Thrower::connect(&rig.path()).expect("the server listens")
}

#[test]
fn a_hundred_thousand_malformed_messages_are_each_refused_and_nothing_is_done() {
    let rig = Rig::new();
    let mut random = Random::seeded();
    let mut throwers: Vec<Thrower> = (0..8).map(|_| thrower(&rig)).collect();
    let each = MESSAGES / throwers.len() as u64;
    let begun = std::time::Instant::now();
    for one in &mut throwers {
        for _ in 0..each {
            one.out.extend(malformed(&mut random));
        }
    }
    while throwers.iter().any(|one| one.answers < each && !one.closed) {
        assert!(begun.elapsed() < 3 * PATIENCE, "the server goes on");
        throwers.iter_mut().for_each(Thrower::pump);
    }
    for one in &throwers {
        assert_eq!(one.answers, each, "{}", String::from_utf8_lossy(&one.last));
    }
    assert!(rig.done().is_empty(), "{:?}", rig.done());
    let asked = rig.client().ask(&Request::Status { threads: false });
    assert!(matches!(asked, Ok(Reply::Status(status)) if status.state == "armed"));
    let held = rig.shared.most_held.load(Ordering::SeqCst);
    assert!(held < MOST_HELD, "{held} bytes were held");
}

#[test]
fn five_hundred_at_once_are_taken_in_or_told_that_there_is_no_room() {
    let rig = Rig::new();
    let many: Vec<UnixStream> = (0..500)
        .map(|_| {
            let stream = UnixStream::connect(rig.path()).expect("the server listens");
            stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
            stream
        })
        .collect();
    rig.until("there are as many as may be", |shared| {
        shared.connected.load(Ordering::SeqCst) == 64
    });
    let (mut admitted, mut refused) = (0, 0);
    for mut stream in &many {
        let _ = stream.write_all(b"{\"v\":1,\"id\":1,\"do\":\"pause\"}\n");
        let mut answer = [0; 4096];
        let count = stream.read(&mut answer).expect("an answer");
        let answer = pump_control::read_answer(&answer[..count]).expect("an answer");
        match answer {
            (Some(1), Ok(Reply::Done(_))) => admitted += 1,
            (None, Err(why)) if why.code == Code::TooManyConnections => refused += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((admitted, refused), (64, 436));
    drop(many);
    rig.until("all are closed", |shared| {
        shared.connected.load(Ordering::SeqCst) == 0
    });
    rig.client()
        .ask(&Request::Hello)
        .expect("there is room again");
}

#[test]
fn huge_lines_of_all_connections_at_once_take_bounded_memory() {
    let limits = Limits {
        // Those without a slot for their line are closed in the end.
        line: std::time::Duration::from_millis(500),
        ..Limits::default()
    };
    let rig = Rig::with(limits, Some(Rights::Prescribe));
    let mut throwers: Vec<Thrower> = (0..64).map(|_| thrower(&rig)).collect();
    for (n, one) in throwers.iter_mut().enumerate() {
        // Some too long, some almost, none of which ends.
        one.out = vec![
            b'x';
            if n % 2 == 0 {
                2 * MAX_LINE
            } else {
                MAX_LINE - 1
            }
        ];
    }
    while throwers.iter().any(|one| !one.closed) {
        throwers.iter_mut().for_each(Thrower::pump);
    }
    for one in &throwers {
        let (id, answer) = pump_control::read_answer(&one.last).expect("one answer");
        let code = answer.expect_err("a refusal").code;
        assert!(id.is_none() && matches!(code, Code::TooLarge | Code::TimedOut));
    }
    let held = rig.shared.most_held.load(Ordering::SeqCst);
    assert!(held < MOST_HELD, "{held} bytes were held");
    rig.client().ask(&Request::Hello).expect("it goes on");
    assert_eq!(rig.done(), ["hello"]);
}

#[test]
fn connections_that_are_cut_anywhere_leave_nothing_behind() {
    let rig = Rig::new();
    let mut random = Random::seeded();
    for n in 0..2000 {
        let mut raw = rig.raw();
        let line = malformed(&mut random);
        raw.send(&line[..random.below(line.len() + 1)]);
        match n % 3 {
            0 => {}
            1 => {
                let _ = raw.stream.shutdown(Shutdown::Write);
            }
            _ => {
                let _ = raw.stream.shutdown(Shutdown::Both);
            }
        }
    }
    // Until the last of them is closed there may be no room.
    rig.until("there is room again", |_| {
        rig.client().ask(&Request::Hello).is_ok()
    });
    assert_eq!(rig.done(), ["hello"]);
    rig.until("all are closed", |shared| {
        shared.connected.load(Ordering::SeqCst) == 0
    });
}
