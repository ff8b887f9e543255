//! Ends that nobody asked for: a power cut, a machine that hangs, a daemon that does.

use super::machine::watchdog_bites;
use super::{Case, ensure, pump, same};
use crate::tool::Failure;
use crate::virtual_beaglebone::bench::Bench;

pub(super) const CASES: &[Case] = &[
    Case {
        name: "a_daemon_that_stands_still_is_ended_and_starts_again_disarmed",
        run: a_daemon_that_stands_still_is_ended_and_starts_again_disarmed,
    },
    Case {
        name: "a_hung_machine_is_reset_by_its_watchdog_and_comes_up_disarmed",
        run: a_hung_machine_is_reset_by_its_watchdog_and_comes_up_disarmed,
    },
    Case {
        name: "after_a_power_cut_in_a_basal_no_edge_is_missing_in_the_ledger",
        run: after_a_power_cut_in_a_basal_no_edge_is_missing_in_the_ledger,
    },
    Case {
        name: "after_a_power_cut_in_a_bolus_no_edge_is_missing_in_the_ledger",
        run: after_a_power_cut_in_a_bolus_no_edge_is_missing_in_the_ledger,
    },
];

fn a_daemon_that_stands_still_is_ended_and_starts_again_disarmed(
    bench: &mut Bench,
) -> Result<(), Failure> {
    pump::infusing(bench)?;
    let first = bench.number("systemctl show --value --property MainPID pumpd")?;
    bench.must("systemctl kill --signal=STOP pumpd; sleep 1")?;
    let edges = bench.number("witness count")?;
    bench.must("sleep 60")?;
    same(
        "edges of a daemon that stands still",
        &bench.number("witness count")?,
        &edges,
    )?;
    same(
        "service",
        &bench.must("systemctl is-active pumpd")?,
        &"active".into(),
    )?;
    let second = bench.number("systemctl show --value --property MainPID pumpd")?;
    ensure(second != first && second != 0, || {
        format!("process {first}, then {second}")
    })?;
    pump::state(bench, "disarmed")?;
    same(
        "alarms",
        &pump::alarms(bench)?,
        &"restarted uncertain-volume".into(),
    )
}

fn a_hung_machine_is_reset_by_its_watchdog_and_comes_up_disarmed(
    bench: &mut Bench,
) -> Result<(), Failure> {
    pump::ready(bench)?;
    let before = pump::accounted(bench)?;
    pump::infusing(bench)?;
    // Above everything of pumpd's, and for ever. This machine's watchdog is a timer of the
    // kernel's, so the thread that runs those must be above it still; a board's is hardware.
    bench.must(
        "sysctl -q kernel.sched_rt_runtime_us=-1
         chrt -f -p 99 $(pgrep -x ktimers/0)
         systemd-run --quiet --unit hog sh -c 'sleep 2; exec chrt -f 98 sh -c \"while :; do :; done\"'",
    )?;
    watchdog_bites(bench)?;
    after_the_reset(bench, before, 0)
}

fn after_a_power_cut_in_a_basal_no_edge_is_missing_in_the_ledger(
    bench: &mut Bench,
) -> Result<(), Failure> {
    pump::ready(bench)?;
    let before = pump::accounted(bench)?;
    pump::infusing(bench)?;
    bench.must("sleep 37")?;
    let edges = bench.cut_power()?;
    ensure(edges > 0, || "nothing was given before the cut".to_owned())?;
    after_the_reset(bench, before, edges)
}

fn after_a_power_cut_in_a_bolus_no_edge_is_missing_in_the_ledger(
    bench: &mut Bench,
) -> Result<(), Failure> {
    pump::ready(bench)?;
    let before = pump::accounted(bench)?;
    pump::infusing(bench)?;
    // A test before this one may have pressed too, and a lockout outlives a restart.
    bench.must(
        "for try in $(seq 180); do
             pumpctl status --json | jq -e '.regimens[1].next_demand.in_ns == 0' >/dev/null && exit
             sleep 1
         done; pumpctl status; exit 1",
    )?;
    pump::press(bench)?;
    bench.must("sleep 23")?;
    let told = bench.must("pumpctl status --json | jq -r .bolus.outcome")?;
    same("the bolus", &told, &"running".into())?;
    let edges = bench.cut_power()?;
    ensure(edges > 3_000, || {
        format!("only {edges} edges before the cut")
    })?;
    after_the_reset(bench, before, edges)
}

/// The machine comes up by itself, disarmed and still; and what counts as delivered is not
/// less than what was, nor more than the credit of three minutes and a bolus can explain.
fn after_the_reset(bench: &mut Bench, before: u64, edges: u64) -> Result<(), Failure> {
    pump::active(bench)?;
    pump::state(bench, "disarmed")?;
    let alarms = pump::alarms(bench)?;
    ensure(alarms.contains("uncertain-volume"), || alarms.clone())?;
    bench.must("witness start; sleep 30")?;
    same("edges afterwards", &bench.number("witness count")?, &0)?;
    pump::green(bench)?;
    let after = pump::accounted(bench)?;
    let counted = after - before;
    ensure(counted >= edges, || {
        format!("the kernel saw {edges} edges, and the ledger counts {counted}")
    })?;
    bench.note(format!("{edges} edges, {counted} in the ledger"));
    ensure(counted <= edges + 40_000, || {
        format!("the ledger counts {counted} for {edges} edges")
    })
}
