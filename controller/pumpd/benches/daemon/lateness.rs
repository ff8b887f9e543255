//! I12: how late edges are beside a guest of the zoo, against without.
//!
//! One daemon arms in turn the honest regimen alone and with a guest, so that both are measured
//! on the same machine in the same minutes: a guest counts against the worse of the two runs
//! without it, right before and right after.

use std::process::Command;
use std::time::Duration;

use pump_control::{Distribution, Reply, Request};

use crate::figures::{Figures, short};
use crate::rig::{Daemon, brisk, config};

/// So long each is measured, after what it takes to arm. A guest goes wrong within the first
/// half second, and is given up within two.
const MEASURED: Duration = Duration::from_secs(8);
/// What a guest does it does each time; what comes from elsewhere on the machine does not. One
/// that misses is measured again, so often in all.
const ATTEMPTS: usize = 3;
/// The published bound: the 99th percentile beside any guest, to the one without.
const MOST_P99: f64 = 3.0;
/// The same of the medians of all guests' ratios.
const MOST_MEDIAN: f64 = 1.5;

/// Its place among the quantiles.
const P99: usize = 1;

const GUESTS: [&str; 21] = [
    "abort",
    "absurd-rate",
    "absurd-volume",
    "exit",
    "flips-orders",
    "fork",
    "infinite-loop",
    "lockout-off-by-one",
    "never-renews",
    "non-deterministic",
    "open-gpiochip",
    "open-socket",
    "out-of-memory",
    "panic",
    "raise-priority",
    "segfault",
    "sleep",
    "stack-overflow",
    "stale-sequence",
    "thread",
    "wrong-size",
];

pub(crate) fn run(figures: &mut Figures) {
    let folder = tempfile::tempdir().expect("a folder");
    let command = Daemon::plain(folder.path(), &config("pump.toml"));
    let daemon = Daemon::begin(folder, command);
    println!(
        "  edge lateness in µs, {} s each at 333 steps a second, alone and beside a guest",
        MEASURED.as_secs()
    );
    println!(
        "  {:<18} {:>30}   {:>30}   {:>27}",
        "", "alone: p50 p99 p99.9 max", "beside: p50 p99 p99.9 max", "ratios"
    );
    let (mut ratios, mut worst) = (Vec::new(), 0.0_f64);
    let mut before = quantiles(&measure(&daemon, ""));
    for guest in GUESTS {
        let beside = format!("[[regimen]]\nname = \"guest\"\nstrategy = \"zoo-{guest}\"\n");
        let mut least = f64::MAX;
        for _ in 0..ATTEMPTS {
            let with = quantiles(&measure(&daemon, &beside));
            let after = quantiles(&measure(&daemon, ""));
            let alone: [f64; 4] = std::array::from_fn(|it| before[it].max(after[it]));
            let ratio: [f64; 4] = std::array::from_fn(|it| with[it] / alone[it]);
            let words = |list: [f64; 4]| list.map(|it| format!("{:>7}", short(it))).join("");
            println!(
                "  {guest:<18} {:>30}   {:>30}   {:>27}",
                words(alone),
                words(with),
                words(ratio)
            );
            before = after;
            least = least.min(ratio[P99]);
            if least < MOST_P99 {
                break;
            }
        }
        ratios.push(least);
        worst = worst.max(least);
    }
    ratios.sort_by(f64::total_cmp);
    figures.below(
        "p99 of edge lateness beside a guest to alone, the median of all guests",
        ratios[ratios.len() / 2],
        MOST_MEDIAN,
        "times",
    );
    figures.below(
        "p99 of edge lateness beside a guest to alone, the worst guest",
        worst,
        MOST_P99,
        "times",
    );
    yardstick(&daemon);
}

/// Edge lateness of an infusion with this beside it.
fn measure(daemon: &Daemon, beside: &str) -> Distribution {
    daemon.infuse(&brisk(beside));
    let read = |reset| match daemon.ask(&Request::Latency { reset }) {
        Ok(Reply::Latency(latency)) => latency,
        other => panic!("no latency: {other:?}"),
    };
    read(true);
    std::thread::sleep(MEASURED);
    let latency = read(false);
    let status = daemon.status();
    assert_eq!(status.state, "infusing", "{:?}", status.alarms);
    daemon.ask(&Request::Stop).expect("it stops");
    daemon.until("it stops", |status| status.state == "stopped");
    let edges = latency.histograms.into_iter();
    let mut edges = edges.filter(|one| one.name == "edge-lateness");
    edges.next().expect("edges")
}

fn quantiles(one: &Distribution) -> [f64; 4] {
    [one.p50_ns, one.p99_ns, one.p999_ns, one.max_ns].map(|ns| ns as f64 / 1e3)
}

/// What the machine itself can do, where cyclictest is there to say it.
fn yardstick(daemon: &Daemon) {
    daemon.infuse(&brisk(""));
    let pumpctl = config("../target/release/pumpctl");
    let beside = std::env::current_exe().ok();
    let built = beside.and_then(|it| Some(it.ancestors().nth(2)?.join("pumpctl")));
    let mut command = Command::new(built.unwrap_or(pumpctl));
    command.arg("--socket").arg(daemon.socket());
    command.args(["latency", "--for", "10s"]);
    match command.output() {
        Ok(output) => {
            for line in String::from_utf8_lossy(&output.stdout).lines() {
                println!("  {line}");
            }
        }
        Err(error) => println!("  pumpctl latency: {error}"),
    }
}
