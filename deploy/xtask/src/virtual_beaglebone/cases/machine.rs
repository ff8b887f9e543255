//! The machine is what it claims to be.

use super::{Case, ensure, same};
use crate::tool::Failure;
use crate::virtual_beaglebone::bench::Bench;

pub(super) const CASES: &[Case] = &[
    Case {
        name: "the_kernel_is_preempt_rt_on_one_32_bit_arm_core",
        run: the_kernel_is_preempt_rt_on_one_32_bit_arm_core,
    },
    Case {
        name: "lines_have_the_names_and_places_of_the_board",
        run: lines_have_the_names_and_places_of_the_board,
    },
    Case {
        name: "the_witness_counts_exactly_what_is_driven",
        run: the_witness_counts_exactly_what_is_driven,
    },
    Case {
        name: "a_shutdown_in_good_order_keeps_everything",
        run: a_shutdown_in_good_order_keeps_everything,
    },
    Case {
        name: "a_watchdog_that_nobody_kicks_resets_the_machine",
        run: a_watchdog_that_nobody_kicks_resets_the_machine,
    },
    Case {
        name: "what_was_synced_survives_a_power_cut_and_what_was_not_may_not",
        run: what_was_synced_survives_a_power_cut_and_what_was_not_may_not,
    },
    Case {
        name: "cyclictest_is_on_time",
        run: cyclictest_is_on_time,
    },
];

fn the_kernel_is_preempt_rt_on_one_32_bit_arm_core(bench: &mut Bench) -> Result<(), Failure> {
    same(
        "real time",
        &bench.must("cat /sys/kernel/realtime")?,
        &"1".into(),
    )?;
    same("machine", &bench.must("uname -m")?, &"armv7l".into())?;
    same("cores", &bench.number("nproc")?, &1)?;
    same(
        "architecture",
        &bench.must("dpkg --print-architecture")?,
        &"armhf".into(),
    )?;
    let release = bench.must("uname -rv")?;
    ensure(release.contains("PREEMPT_RT"), || release.clone())?;
    bench.note(release.split(' ').next().unwrap_or_default());
    Ok(())
}

fn lines_have_the_names_and_places_of_the_board(bench: &mut Bench) -> Result<(), Failure> {
    for (line, place) in [
        ("P9_12", "gpio-32-63 28"),
        ("P9_23", "gpio-32-63 17"),
        ("P8_16", "gpio-32-63 14"),
        ("P8_26", "gpio-32-63 29"),
        ("P8_12", "gpio-32-63 12"),
        ("P8_15", "gpio-32-63 15"),
        ("P8_18", "gpio-64-95 1"),
        ("P8_13", "gpio-0-31 23"),
        ("P8_7", "gpio-64-95 2"),
        ("P8_8", "gpio-64-95 3"),
        ("P8_10", "gpio-64-95 4"),
        ("P8_9", "gpio-64-95 5"),
        ("P8_14", "gpio-0-31 26"),
        ("P8_17", "gpio-0-31 27"),
    ] {
        let found = bench.must(&format!(
            "set -- $(gpiofind {line}); gpiodetect | sed -n \"s/^$1 \\[\\(.*\\)\\] .*/\\1 $2/p\""
        ))?;
        same(line, &found, &place.to_owned())?;
    }
    Ok(())
}

fn the_witness_counts_exactly_what_is_driven(bench: &mut Bench) -> Result<(), Failure> {
    bench.must("witness start P9_12")?;
    same("before", &bench.number("witness count")?, &0)?;
    bench.must(
        "set -- $(gpiofind P9_12)
         for level in 1 0 1 0 1 0 1 0 1 0 1 0 1 0; do gpioset $1 $2=$level; done
         # Another line's edges are not this one's.
         set -- $(gpiofind P9_23)
         for level in 1 0 1 0; do gpioset $1 $2=$level; done",
    )?;
    same("rising edges", &bench.number("witness count")?, &7)?;
    bench.must("witness start P9_12")?;
    same("after it forgot", &bench.number("witness count")?, &0)
}

fn a_watchdog_that_nobody_kicks_resets_the_machine(bench: &mut Bench) -> Result<(), Failure> {
    bench.must("echo here >/root/before && sync")?;
    // Whoever opens it and goes without the magic letter leaves it running.
    bench.must("test -c /dev/watchdog0 && printf x >/dev/watchdog0")?;
    watchdog_bites(bench)?;
    same("the file", &bench.must("cat /root/before")?, &"here".into())
}

/// Waits for the reset. The watchdog's own words about it are lost: they would be printed by a
/// thread, which comes too late. A panic's are printed at once.
pub(super) fn watchdog_bites(bench: &mut Bench) -> Result<(), Failure> {
    let console = bench.wait_for_reset()?;
    ensure(!console.contains("Kernel panic"), || console.clone())
}

fn what_was_synced_survives_a_power_cut_and_what_was_not_may_not(
    bench: &mut Bench,
) -> Result<(), Failure> {
    bench.fresh()?;
    bench.must("witness start && echo safe >/root/synced && sync && echo lost >/root/unsynced")?;
    same("edges", &bench.cut_power()?, &0)?;
    same(
        "what was synced",
        &bench.must("cat /root/synced")?,
        &"safe".into(),
    )?;
    let other = bench.run("cat /root/unsynced")?;
    ensure(other.text.trim() != "lost", || {
        "the disk kept what nobody synced: this is no power cut".to_owned()
    })
}

fn cyclictest_is_on_time(bench: &mut Bench) -> Result<(), Failure> {
    let told = bench.must("cyclictest -m -p 90 -i 500 -l 20000 -q")?;
    let worst = told
        .rsplit_once("Max:")
        .and_then(|(_, worst)| worst.trim().parse::<u32>().ok())
        .ok_or_else(|| Failure::new(format!("no figure in `{told}`")))?;
    bench.note(format!("max {worst} us"));
    // Time is counted in instructions here: the host's noise does not show.
    ensure(worst < 100, || told.clone())
}

fn a_shutdown_in_good_order_keeps_everything(bench: &mut Bench) -> Result<(), Failure> {
    bench.must("echo kept >/root/kept")?;
    bench.power_off()?;
    same("the file", &bench.must("cat /root/kept")?, &"kept".into())
}
