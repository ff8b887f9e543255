//! How long a regimen is without a live order after its strategy is killed.

use std::time::{Duration, Instant};

use pump_control::{Client, Watched, Watching};
use pump_flood::Random;
use rustix::process::{Pid, Signal, kill_process};

use crate::figures::Figures;
use crate::rig::{Daemon, held};

const KILLS: usize = 200;
const WITH_BUDGET: usize = 3;
const TARGET: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) fn run(figures: &mut Figures) {
    let what = "from kill -9 to the next live order, as a watcher hears of it";
    let times = killed(&["--unlimited-respawns"], KILLS);
    figures.all_below(&format!("{what}, started again at once"), times, TARGET);
    let times = killed(&[], WITH_BUDGET);
    figures.all_below(
        &format!("{what}, the first three of an hour"),
        times,
        TARGET,
    );
}

fn killed(args: &[&str], kills: usize) -> Vec<Duration> {
    let daemon = Daemon::start(args);
    daemon.infuse(&held(""));
    let client = Client::connect(&daemon.socket()).expect("it listens");
    let mut watching = client.watch().expect("it can be watched");
    let mut random = Random::seeded();
    let mut times = Vec::new();
    for _ in 0..kills {
        std::thread::sleep(Duration::from_millis(random.below(64) as u64));
        let live = daemon.until("it is live", |status| {
            status.regimens.iter().all(|it| it.link == "live")
        });
        let pid = live.regimens[0].pid.and_then(|pid| i32::try_from(pid).ok());
        let pid = pid.and_then(Pid::from_raw).expect("a child");
        let begun = Instant::now();
        kill_process(pid, Signal::KILL).expect("it is killed");
        hear("strategy-lost", &mut watching);
        hear("strategy-back", &mut watching);
        times.push(begun.elapsed());
    }
    times
}

fn hear(kind: &str, watching: &mut Watching) {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        let next = watching.next_within(PATIENCE).expect("it goes on");
        if let Some(Watched::Event(event)) = next
            && event.kind == kind
        {
            return;
        }
    }
    panic!("never: {kind}");
}
