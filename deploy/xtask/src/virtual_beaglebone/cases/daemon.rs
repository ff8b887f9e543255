//! The daemon on a simulated pump, in this machine's real time.

use super::{Case, ensure, same};
use crate::tool::Failure;
use crate::virtual_beaglebone::bench::Bench;

pub(super) const CASES: &[Case] = &[Case {
    name: "a_simulated_pump_is_armed_pressed_and_stopped",
    run: a_simulated_pump_is_armed_pressed_and_stopped,
}];

fn a_simulated_pump_is_armed_pressed_and_stopped(bench: &mut Bench) -> Result<(), Failure> {
    bench.must(
        "mkdir -p /run/rig && cp -r /host/config /run/rig
         cd /run/rig
         setsid /host/bin/pumpd --sim --config config/pump.toml --state-dir state \\
             --socket /run/rig/socket >log 2>&1 </dev/null &
         until [ -S /run/rig/socket ]; do sleep 0.1; done",
    )?;
    let ctl = "export PUMPD_SOCKET=/run/rig/socket; cd /run/rig; /host/bin/pumpctl";
    bench.must(&format!(
        "{ctl} arm config/prescriptions/background-and-pca.toml --yes"
    ))?;
    bench.must(&format!("{ctl} start && /host/bin/pumpctl press"))?;
    bench.must("sleep 60")?;
    let given = bench.must(&format!(
        "{ctl} stop >/dev/null; /host/bin/pumpctl status --json | jq -c '[.state, .simulated, .demands.given, .bolus.outcome]'"
    ))?;
    ensure(given.starts_with("[\"stopped\",true,1"), || given.clone())?;
    let lost = bench.must(&format!("{ctl} status --json | jq -c '[.health.forbidden_allocations, .health.refused_edges, .ledger.uncertain_steps]'"))?;
    same(
        "allocations, refusals, uncertain steps",
        &lost,
        &"[0,0,0]".into(),
    )?;
    bench.must("kill $(pidof pumpd)").map(drop)
}
