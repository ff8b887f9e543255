//! Stories on the simulated pump: what a scenario says happens, and the report tells it.

mod bench;
mod delivery;
mod faults;
mod power;
mod regimens;
mod side_by_side;

use pump_core::order::RegimenId;
use pump_simulator::Report;
use pump_simulator::report::BolusReport;

const BACKGROUND: RegimenId = RegimenId(0);
const PATIENT: RegimenId = RegimenId(1);

fn outcomes(report: &Report) -> Vec<(&'static str, &'static str, Option<&'static str>)> {
    let line = |bolus: &BolusReport| (bolus.kind, bolus.outcome, bolus.reason);
    report.boluses.iter().map(line).collect()
}

fn alarms(report: &Report) -> Vec<&'static str> {
    report.alarms.iter().map(|alarm| alarm.name).collect()
}
