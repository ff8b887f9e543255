//! What the journal wears of its disk: commits, and bytes that reach it.

use std::time::{Duration, Instant};

use crate::figures::Figures;
use crate::rig::{Daemon, brisk, config, delivered};

/// An infusion that was just started writes down how that went.
const SETTLED: Duration = Duration::from_secs(15);
/// As long as from one of the records that come every five minutes to the next.
const MEASURED: Duration = Duration::from_secs(300);
const DAY_S: f64 = 86_400.0;
/// Once a minute.
const MOST_COMMITS: f64 = 1_440.0;

pub(crate) fn run(figures: &mut Figures) {
    let folder = tempfile::tempdir().expect("a folder");
    let command = Daemon::plain(folder.path(), &config("pump.toml"));
    let daemon = Daemon::begin(folder, command);
    daemon.infuse(&brisk("").replace("\"60 mL/h\"", "\"1 mL/day\""));
    std::thread::sleep(SETTLED);
    let (begun, before) = (Instant::now(), written(&daemon));
    std::thread::sleep(MEASURED);
    let after = written(&daemon);
    let scale = DAY_S / begun.elapsed().as_secs_f64();
    let a_day = |what: fn(&Written) -> u64| (what(&after) - what(&before)) as f64 * scale;
    println!(
        "  1 mL/day, measured for {} s and scaled to a day, {} steps:",
        MEASURED.as_secs(),
        after.steps - before.steps
    );
    figures.below(
        "  commits in a day",
        a_day(|it| it.commits),
        MOST_COMMITS,
        "",
    );
    println!(
        "    bytes to the disk in a day: {:.1} MB, {:.0} sectors of 512 bytes",
        a_day(|it| it.bytes) / 1e6,
        a_day(|it| it.bytes) / 512.0
    );
}

struct Written {
    commits: u64,
    /// What the kernel has to bring to the disk for the thread that writes the journal; none
    /// where the folder is in memory.
    bytes: u64,
    steps: u64,
}

fn written(daemon: &Daemon) -> Written {
    let status = daemon.status();
    let steps = delivered(&status);
    let threads = status.threads.expect("the threads").list;
    let disk = threads.iter().find(|thread| thread.name == "disk");
    let (pid, tid) = (daemon.child.id(), disk.expect("the disk's").tid);
    let io = std::fs::read_to_string(format!("/proc/{pid}/task/{tid}/io")).expect("its figures");
    let mut lines = io.lines();
    let bytes = lines.find_map(|line| line.strip_prefix("write_bytes: "));
    Written {
        commits: status.journal.expect("a journal").commits,
        bytes: bytes.and_then(|it| it.parse().ok()).expect("a figure"),
        steps,
    }
}
