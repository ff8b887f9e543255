//! What the daemon and its children hold in memory, all of which is locked as root.

use crate::figures::Figures;
use crate::rig::{Daemon, brisk, config, delivered};

const MOST_DAEMON: f64 = 16.0;
const MOST_HOST: f64 = 8.0;

pub(crate) fn run(figures: &mut Figures) {
    let folder = tempfile::tempdir().expect("a folder");
    let command = Daemon::plain(folder.path(), &config("pump.toml"));
    let daemon = Daemon::begin(folder, command);
    let patient = "[[regimen]]\nname = \"patient\"\nstrategy = \"pca\"\ndose = \"0.05 mL\"\n\
                   over = \"1 min\"\nlockout = \"10 min\"\nlockout_edge = \"start-to-start\"\n\
                   other_boluses_restart_lockout = false\nother_boluses_count = false\n\
                   max_per_1h = 4\nmax_per_24h = 10\n";
    daemon.infuse(&brisk(patient));
    let status = daemon.until("it delivers for a while", |status| {
        delivered(status) > 3_000
    });
    let resident = |pid: u32| {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kb = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
        kb.map_or(f64::MAX, |kb| kb / 1024.0)
    };
    let threads = status.threads.expect("the threads");
    println!("  locked: {:.1} MiB", threads.locked_kb as f64 / 1024.0);
    figures.below(
        "pumpd, resident while it infuses",
        resident(daemon.child.id()),
        MOST_DAEMON,
        "MiB",
    );
    for regimen in &status.regimens {
        figures.below(
            &format!("strategy-host of {}, resident", regimen.strategy),
            regimen.pid.map_or(f64::MAX, resident),
            MOST_HOST,
            "MiB",
        );
    }
}
