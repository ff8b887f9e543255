//! W08: how long a loop that stands still or spins keeps its motor.

use std::time::Duration;

use crate::figures::Figures;
use crate::rig::{Daemon, brisk};

/// Of each manner.
const RUNS: usize = 20;
const TARGET: Duration = Duration::from_millis(100);

pub(crate) fn run(figures: &mut Figures) {
    for manner in ["stall", "spin"] {
        let mut after = Vec::new();
        for _ in 0..RUNS {
            let daemon = Daemon::start(&["--fault", &format!("loop={manner}@1500ms+300ms")]);
            daemon.infuse(&brisk(""));
            let status = daemon.until("the motor is cut off", |status| {
                status.health.cut_after_ns.is_some()
            });
            let cut = status.health.cut_after_ns.unwrap_or(u64::MAX);
            after.push(Duration::from_nanos(cut));
        }
        let what = format!("{manner}: ENABLE is off, after the loop's last sign of life");
        figures.all_below(&what, after, TARGET);
    }
}
