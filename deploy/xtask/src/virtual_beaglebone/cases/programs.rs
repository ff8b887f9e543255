//! Tests of single crates that say more here than on the host: with real lines, real-time
//! priorities, a 32-bit kernel's system calls.

use super::{Case, ensure};
use crate::tool::Failure;
use crate::virtual_beaglebone::bench::Bench;

pub(super) const CASES: &[Case] = &[
    Case {
        name: "pump_hal_conforms_on_real_lines",
        run: pump_hal_conforms_on_real_lines,
    },
    Case {
        name: "pump_rt_gets_its_priorities_and_locks_its_memory",
        run: pump_rt_gets_its_priorities_and_locks_its_memory,
    },
    Case {
        name: "strategies_are_held_in_by_this_kernel",
        run: strategies_are_held_in_by_this_kernel,
    },
    Case {
        name: "strategies_that_misbehave_are_contained",
        run: strategies_that_misbehave_are_contained,
    },
    Case {
        name: "strategies_run_in_children",
        run: strategies_run_in_children,
    },
];

/// Runs a test program and sees to it that it ran tests. It looks for files where they lie
/// on the host, so checkout and build output are put there.
fn passes(bench: &mut Bench, before: &str, program: &str, after: &str) -> Result<(), Failure> {
    bench.must(
        "for name in checkout target; do
             place=$(cat /host/places/$name)
             mkdir -p \"$place\" 2>/dev/null || true
             mountpoint -q \"$place\" || mount -t 9p -o trans=virtio,version=9p2000.L,ro $name \"$place\"
         done",
    )?;
    let told = bench.must(&format!(
        "cd $(cat /host/places/checkout)
         {before} PUMP_REQUIRE_FIFO=1 $(cat /host/tests/{program}) --test-threads=1 {after}"
    ))?;
    let sum = told
        .lines()
        .find(|line| line.starts_with("test result: ok. "))
        .map(|line| line.trim_start_matches("test result: ok. "))
        .ok_or_else(|| Failure::new(told.clone()))?;
    ensure(!sum.starts_with("0 passed"), || told.clone())?;
    bench.note(sum.split(';').next().unwrap_or_default());
    Ok(())
}

fn pump_hal_conforms_on_real_lines(bench: &mut Bench) -> Result<(), Failure> {
    // A bank that the pump has no line on.
    passes(
        bench,
        "PUMP_TEST_GPIO=gpio-96-127",
        "pump-hal-gpio_chip",
        "",
    )
}

fn pump_rt_gets_its_priorities_and_locks_its_memory(bench: &mut Bench) -> Result<(), Failure> {
    passes(bench, "", "pump-rt-threads", "")
}

fn strategies_are_held_in_by_this_kernel(bench: &mut Bench) -> Result<(), Failure> {
    passes(bench, "", "strategy-host-sandbox", "")
}

fn strategies_that_misbehave_are_contained(bench: &mut Bench) -> Result<(), Failure> {
    passes(bench, "", "strategy-host-zoo", "")
}

fn strategies_run_in_children(bench: &mut Bench) -> Result<(), Failure> {
    passes(
        bench,
        "",
        "strategy-host-running",
        "--skip a_plugin_in_c_runs_too",
    )
}
