//! Whatever is thrown at the daemon's socket while it infuses, not a step goes missing.
//!
//! `PUMP_SEED=2 cargo test -p pumpd flood` throws something else.

use std::io::Write as _;
use std::net::Shutdown;
use std::os::unix::net::UnixStream;

use pump_control::{Client, MAX_LINE, Request};
use pump_flood::{Random, Thrower, malformed};

use crate::rig::{Daemon, await_it, brisk, delivered};

const MESSAGES: u64 = 100_000;
const AT_ONCE: usize = 500;
/// What the daemon may take for all of them, beyond what it had: the server holds 8 MiB at
/// most, and the heap is as large again where it has holes.
const MOST_MORE_KB: u64 = 16 * 1024;

#[test]
fn a_flood_of_the_socket_takes_no_step_from_an_infusion_and_bounded_memory() {
    let mut daemon = Daemon::start(&[]);
    daemon.infuse(&brisk(""));
    let pid = daemon.child.id();
    // From here on the peak is counted.
    std::fs::write(format!("/proc/{pid}/clear_refs"), "5").expect("the peak is forgotten");
    let before = daemon.status();
    let resident = memory_kb(pid, "VmRSS:");
    let mut random = Random::seeded();
    let thrower = || Thrower::connect(&daemon.socket()).expect("it listens");

    let mut throwers: Vec<Thrower> = (0..8).map(|_| thrower()).collect();
    let each = MESSAGES / throwers.len() as u64;
    for one in &mut throwers {
        for _ in 0..each {
            one.out.extend(malformed(&mut random));
        }
    }
    while throwers.iter().any(|one| one.answers < each && !one.closed) {
        throwers.iter_mut().for_each(Thrower::pump);
    }
    for one in &throwers {
        assert_eq!(one.answers, each, "{}", String::from_utf8_lossy(&one.last));
    }
    drop(throwers);

    // Five hundred at once, each with something that is wrong, short, endless or half-closed.
    let mut many: Vec<UnixStream> = (0..AT_ONCE)
        .map(|_| UnixStream::connect(daemon.socket()).expect("it listens"))
        .collect();
    for (n, stream) in many.iter_mut().enumerate() {
        stream.set_nonblocking(true).expect("a socket");
        let line = match n % 4 {
            0 => vec![b'x'; MAX_LINE - 1],
            1 => vec![b'['; 2 * MAX_LINE],
            _ => malformed(&mut random),
        };
        // There may be no room for it, or nobody there any more.
        let _ = stream.write(&line[..random.below(line.len()) + 1]);
        if n % 3 == 0 {
            let _ = stream.shutdown(Shutdown::Write);
        }
    }
    drop(many);
    await_it("there is room again", || {
        let mut client = Client::connect(&daemon.socket()).ok()?;
        client.ask(&Request::Hello).ok()
    });

    let after = daemon.status();
    assert_eq!(after.state, "infusing", "nothing of it was carried out");
    assert!(after.alarms.is_empty(), "{:?}", after.alarms);
    assert_eq!(after.health.forbidden_allocations, 0);
    assert!(delivered(&after) > delivered(&before));
    assert_eq!(after.regimens[0].pid, before.regimens[0].pid);
    let more = memory_kb(pid, "VmHWM:").saturating_sub(resident);
    println!("{resident} kB before, at most {more} kB more");
    assert!(more < MOST_MORE_KB, "{more} kB more than before");

    daemon.ask(&Request::Stop).expect("it stops");
    let stopped = daemon.until("it stops", |status| status.state == "stopped");
    let ledger = stopped.ledger.expect("a ledger");
    assert!(daemon.terminate().success());
    let edges = daemon.tape();
    assert_eq!(edges.count(), ledger.delivered_steps);
    assert!(edges.are_brisk(), "an edge was moved");
    // Every edge that was planned is there, or booked as missed by a machine that was busy.
    let settled = edges.settled();
    let (first, last) = (settled[0], settled[settled.len() - 1]);
    let planned = (last - first) / 3_000_000 + 1;
    let gone = planned - settled.len() as u64;
    assert!(gone <= ledger.missed_steps, "{gone} steps are lost");
}

fn memory_kb(pid: u32, what: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("the daemon");
    let line = status.lines().find_map(|line| line.strip_prefix(what));
    let figure = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    figure.expect("a figure")
}
