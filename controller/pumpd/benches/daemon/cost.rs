//! What the loop costs: processor time and context switches.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use pump_control::Thread;

use crate::figures::Figures;
use crate::rig::{Daemon, brisk, config, delivered};

/// So long each rate is measured; the figures are scaled to an hour.
const MEASURED: Duration = Duration::from_secs(30);
const HOUR_S: f64 = 3600.0;
/// A hundredth of a processor for the slowest infusion, and five for the fastest.
const MOST_CPU_S: [f64; 2] = [36.0, 180.0];
/// The loop wakes for its grid of 10 ms and for its edges, and for nothing else.
const GRID_PER_S: f64 = 100.0;
/// A switch in a hundred may be one that the machine forces on it.
const SLACK: f64 = 1.01;

pub(crate) fn run(figures: &mut Figures) {
    let folder = tempfile::tempdir().expect("a folder");
    let device = fastest(folder.path());
    let rates = [("1 mL/day", 1.0 / 24.0), ("150 mL/h", 150.0)];
    for ((rate, ml_per_h), most_cpu) in rates.into_iter().zip(MOST_CPU_S) {
        let steps_per_s = ml_per_h * 1e6 / 50.0 / HOUR_S;
        let folder = tempfile::tempdir().expect("a folder");
        let command = Daemon::plain(folder.path(), &device);
        let daemon = Daemon::begin(folder, command);
        daemon.infuse(&prescription(rate));
        let before = threads(&daemon);
        let begun = Instant::now();
        std::thread::sleep(MEASURED);
        let after = threads(&daemon);
        let scale = HOUR_S / begun.elapsed().as_secs_f64();
        let dosing = |list: &[Thread]| {
            let found = list.iter().find(|thread| thread.name == "pump-loop");
            found.cloned().expect("the loop")
        };
        let (first, last) = (dosing(&before), dosing(&after));
        let cpu = |list: &[Thread]| list.iter().map(|it| it.cpu_ns).sum::<u64>();
        let whole = (cpu(&after) - cpu(&before)) as f64 / 1e9 * scale;
        println!(
            "  {rate}, {steps_per_s:.2} steps a second, measured for {} s and scaled to an hour:",
            MEASURED.as_secs()
        );
        figures.below(
            "  processor time of the loop in an hour",
            (last.cpu_ns - first.cpu_ns) as f64 / 1e9 * scale,
            most_cpu,
            "s",
        );
        println!("    of all threads of pumpd: {whole:.1} s");
        let switches = |thread: &Thread| thread.voluntary_switches + thread.involuntary_switches;
        let forced = last.involuntary_switches - first.involuntary_switches;
        figures.below(
            "  context switches of the loop in an hour",
            (switches(&last) - switches(&first)) as f64 * scale / 1e3,
            (GRID_PER_S + steps_per_s) * HOUR_S * SLACK / 1e3,
            "thousand",
        );
        println!("    forced on it: {:.0}", forced as f64 * scale);
    }
}

fn threads(daemon: &Daemon) -> Vec<Thread> {
    let status = daemon.until("it delivers", |status| delivered(status) > 0);
    status.threads.expect("the threads").list
}

/// The sample device with a drug library that allows all that it can do.
fn fastest(folder: &Path) -> PathBuf {
    for name in ["pump.toml", "drug-library.toml"] {
        let text = std::fs::read_to_string(config(name)).expect("a file of config/");
        let text = text.replace("max_rate = \"120 mL/h\"", "max_rate = \"150 mL/h\"");
        std::fs::write(folder.join(name), text).expect("a copy");
    }
    folder.join("pump.toml")
}

fn prescription(rate: &str) -> String {
    let changes = [
        ("\"60 mL/h\"", format!("\"{rate}\"")),
        ("\"100 mL/h\"", "\"150 mL/h\"".to_owned()),
        ("max_1h = \"100 mL\"", "max_1h = \"151 mL\"".to_owned()),
        ("\"300 mL\"", "\"601 mL\"".to_owned()),
        ("\"1500 mL\"", "\"3601 mL\"".to_owned()),
    ];
    let text = brisk("");
    changes
        .iter()
        .fold(text, |text, (from, to)| text.replace(from, to))
}
