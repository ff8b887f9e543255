//! What the tests of the installed pump share.

use super::{ensure, same};
use crate::tool::Failure;
use crate::virtual_beaglebone::bench::Bench;

/// Steps in the reservoir of `bench.toml`.
const RESERVOIR: u64 = 1_000_000;

/// The shortest interval that `bench.toml` can ask for, of basal and bolus together: 36 mL/h
/// in steps of 50 nL \[µs\].
const SHORTEST: u64 = 5_000;

/// The package on the machine, as a lab installs it. There is no eQEP here to count steps.
pub(in crate::virtual_beaglebone) fn install(bench: &mut Bench) -> Result<(), Failure> {
    bench.must(
        "dpkg --status pumpd >/dev/null 2>&1 && exit
         set -e
         apt-get install -y -qq /host/pumpd.deb
         sed -i '/^\\[counter\\]/,/^$/d' /etc/pumpd/pump.toml
         systemctl enable -q --now pumpd",
    )?;
    Ok(())
}

/// The installed daemon, just started, every line at rest, and the witness at zero.
pub(super) fn ready(bench: &mut Bench) -> Result<(), Failure> {
    install(bench)?;
    bench.must(
        "set -e
         for line in P8_7 P8_8 P8_10 P8_9 P8_14; do echo pull-up >/run/lines/$line/pull; done
         echo pull-down >/run/lines/P8_17/pull
         rm -rf /run/systemd/system/pumpd.service.d; systemctl daemon-reload
         systemctl reset-failed pumpd; systemctl restart pumpd
         witness start",
    )?;
    green(bench)
}

/// Waits until systemd has started the service by itself.
pub(super) fn active(bench: &mut Bench) -> Result<(), Failure> {
    bench.must(
        "for try in $(seq 60); do systemctl --quiet is-active pumpd && exit; sleep 1; done
         systemctl status pumpd; exit 1",
    )?;
    Ok(())
}

/// Waits until preflight is green.
pub(in crate::virtual_beaglebone) fn green(bench: &mut Bench) -> Result<(), Failure> {
    bench.must(
        "for try in $(seq 30); do pumpctl preflight >/run/preflight && exit; sleep 1; done
         cat /run/preflight; exit 1",
    )?;
    Ok(())
}

/// The same, with a run of `bench.toml` under way.
pub(super) fn infusing(bench: &mut Bench) -> Result<(), Failure> {
    ready(bench)?;
    start(bench, "/root/bench.toml")
}

pub(super) fn start(bench: &mut Bench, prescription: &str) -> Result<(), Failure> {
    bench.must(&format!(
        "pumpctl arm {prescription} --yes --acknowledge-uncertain && pumpctl start"
    ))?;
    bench.must("sleep 5")?;
    state(bench, "infusing")
}

pub(super) fn state(bench: &mut Bench, wanted: &str) -> Result<(), Failure> {
    let found = bench.must("pumpctl status --json | jq -r .state")?;
    same("state", &found, &wanted.to_owned())
}

/// Presses the patient's button for half a second, on its line.
pub(super) fn press(bench: &mut Bench) -> Result<(), Failure> {
    bench.must(
        "echo pull-down >/run/lines/P8_7/pull; sleep 0.5; echo pull-up >/run/lines/P8_7/pull; sleep 0.5",
    )?;
    Ok(())
}

/// Ends the run, and holds the kernel's count of edges against the ledger's.
pub(super) fn edges_equal_the_ledger(bench: &mut Bench) -> Result<u64, Failure> {
    bench.run("pumpctl stop")?;
    let ledger = bench.number("pumpctl status --json | jq .ledger.delivered_steps")?;
    let edges = bench.number("witness count")?;
    same(
        "edges in the kernel's trace against the ledger",
        &edges,
        &ledger,
    )?;
    ensure(edges > 0, || "not one step was made".to_owned())?;
    let others = bench.must(
        "pumpctl status --json | jq -c '[.ledger.missed_steps, .ledger.uncertain_steps,
             .health.refused_edges, .health.forbidden_allocations]'",
    )?;
    same(
        "missed, uncertain, refused, allocations",
        &others,
        &"[0,0,0,0]".into(),
    )?;
    let gaps = bench.must("witness gaps")?;
    let shortest = gaps
        .split(' ')
        .next()
        .and_then(|gap| gap.parse::<u64>().ok());
    ensure(shortest.is_some_and(|gap| 4 * gap >= 3 * SHORTEST), || {
        format!("two edges are closer than 0.75 of the shortest interval: {gaps} us")
    })?;
    bench.note(format!("{edges} edges"));
    Ok(edges)
}

/// What counts as delivered since the reservoir was full: delivered and uncertain.
pub(super) fn accounted(bench: &mut Bench) -> Result<u64, Failure> {
    bench.must("pumpctl arm /root/bench.toml --yes --acknowledge-uncertain")?;
    let left = bench.number("pumpctl status --json | jq .reservoir.content_steps")?;
    RESERVOIR
        .checked_sub(left)
        .ok_or_else(|| Failure::new(format!("the reservoir holds {left} steps")))
}

/// The active alarms' names.
pub(super) fn alarms(bench: &mut Bench) -> Result<String, Failure> {
    bench.must("pumpctl status --json | jq -r '[.alarms[].name] | sort | join(\" \")'")
}
