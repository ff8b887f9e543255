//! From the start of the daemon to its first step.

use std::time::{Duration, Instant};

use pump_control::{Client, Request};
use pump_rt::clock;

use crate::figures::Figures;
use crate::rig::{Daemon, brisk, delivered};

const RUNS: usize = 20;

pub(crate) fn run(figures: &mut Figures) {
    let (mut ready, mut armed, mut stepped) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let folder = tempfile::tempdir().expect("a folder");
        let command = Daemon::command(folder.path());
        let begun = Instant::now();
        let mut daemon = Daemon::begin(folder, command);
        let mut client = Client::connect(&daemon.socket()).expect("it listens");
        client.ask(&Request::Hello).expect("it answers");
        ready.push(begun.elapsed());
        let begun = Instant::now();
        daemon.arm(&brisk("")).expect("it is armed");
        armed.push(begun.elapsed());
        let begun = clock::now();
        daemon.ask(&Request::Start).expect("it starts");
        daemon.until("it delivers", |status| delivered(status) > 0);
        assert!(daemon.terminate().success());
        const ISSUED: usize = 1;
        let first = daemon.on_tape(ISSUED).first().copied();
        let first = first.unwrap_or(u64::MAX);
        stepped.push(Duration::from_nanos(first.saturating_sub(begun.0)));
    }
    let within = Duration::from_secs;
    figures.all_below("from the process to its first answer", ready, within(1));
    figures.all_below(
        "to arm: judged, a plugin looked at, its child started, shown and confirmed",
        armed,
        within(2),
    );
    figures.all_below(
        "from `start` to the first step: checks, an order, durable credit, ENABLE settled",
        stepped,
        within(1),
    );
}
