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

/// Those that want a C compiler; they run on the host.
const IN_C: [&str; 11] = [
    "a_constructor_is_held_in_already",
    "it_goes_when_its_socket_closes_and_runs_no_code_of_the_plugin_for_it",
    "memory_can_not_be_made_executable_once_it_runs",
    "nothing_can_be_opened_once_it_runs",
    "other_plugins_of_the_same_user_are_out_of_reach",
    "a_file_that_is_no_plugin_is_refused_with_the_cause",
    "a_file_with_another_hash_is_not_opened",
    "a_message_that_is_none_ends_the_host",
    "a_plugin_in_c_runs_too",
    "a_plugin_that_prints_for_ever_blocks_nobody_and_forges_nothing",
    "what_the_strategy_refuses_is_told_apart",
];

/// Runs a test program and sees to it that it ran tests. It looks for the programs and
/// plugins where they lie on the host, so they are put there.
fn passes(bench: &mut Bench, before: &str, program: &str) -> Result<(), Failure> {
    bench.must(
        "set -e
         mountpoint -q /mnt && exit
         mount -t 9p -o trans=virtio,version=9p2000.L,ro,msize=262144 release /mnt
         place=$(cat /host/places/release)
         mkdir -p \"$place\"
         cp /mnt/strategy-host /mnt/*.so \"$place\"",
    )?;
    let told = bench.must(&format!(
        "cp /mnt/deps/$(cat /host/tests/{program}) /tmp/test
         {before} PUMP_REQUIRE_FIFO=1 /tmp/test --test-threads=1 --skip {}",
        IN_C.join(" --skip ")
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
    passes(bench, "PUMP_TEST_GPIO=gpio-96-127", "pump-hal-gpio_chip")
}

fn pump_rt_gets_its_priorities_and_locks_its_memory(bench: &mut Bench) -> Result<(), Failure> {
    passes(bench, "", "pump-rt-threads")
}

fn strategies_are_held_in_by_this_kernel(bench: &mut Bench) -> Result<(), Failure> {
    passes(bench, "", "strategy-host-sandbox")
}

fn strategies_that_misbehave_are_contained(bench: &mut Bench) -> Result<(), Failure> {
    passes(bench, "", "strategy-host-zoo")
}

fn strategies_run_in_children(bench: &mut Bench) -> Result<(), Failure> {
    passes(bench, "", "strategy-host-running")
}
