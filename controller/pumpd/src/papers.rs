//! What the journal keeps of an arming, in full: the prescription as it was written, every
//! hash that it stands on (P06), who confirmed it, and the figures without which the steps of
//! the run can't be read.

use pump_core::prescription::Caps;
use serde_json::{Value, json};
use strategy_link::Sha256;

use crate::propose::Proposed;
use crate::words;

/// The papers of what is about to be armed. Exact figures are fractions, in text.
pub(crate) fn of(proposed: &Proposed, simulated: bool) -> Value {
    let checked = &proposed.checked;
    let core = &checked.core;
    let regimens = checked.regimens.iter().zip(&proposed.plans);
    let regimens = regimens.map(|(regimen, plan)| {
        json!({
            "name": regimen.name,
            "strategy": regimen.declaration.name,
            "version": regimen.declaration.version,
            "plugin_sha256": plan.sha256.to_string(),
        })
    });
    let drugs = checked.drugs.iter().enumerate().map(|(place, drug)| {
        let core = core.drugs.get(place).copied().flatten();
        json!({
            "name": drug.name,
            "ng_per_nl": format!("{}/{}", drug.concentration.num(), drug.concentration.den()),
            "unit": drug.unit,
            "caps_steps": core.map(|drug| caps(drug.caps)),
        })
    });
    json!({
        "id": checked.id,
        "route": checked.route.name(),
        "sha256": checked.sha256_hex(),
        "prescription": proposed.text,
        "confirmed_by": proposed.confirmed_by,
        "proposed_by": proposed.by,
        "reason": proposed.reason,
        "beyond_soft_limits": proposed.beyond_soft_limits,
        "simulated": simulated,
        "pumpd": env!("CARGO_PKG_VERSION"),
        "nl_per_step": words::exact(core.volume_per_step),
        "regimens": regimens.collect::<Vec<_>>(),
        "drugs": drugs.collect::<Vec<_>>(),
        "caps_steps": caps(core.caps),
        "vtbi_steps": core.vtbi.map(|vtbi| vtbi.0),
        "reservoir_steps": core.reservoir.volume.0,
        "device_sha256": Sha256(checked.device.sha256).to_string(),
        "drug_library_sha256": Sha256(checked.library_sha256).to_string(),
        "drug_library_version": checked.library_version,
    })
}

fn caps(caps: Caps) -> Value {
    json!({
        "h1": caps.h1.map(|cap| cap.0),
        "h4": caps.h4.map(|cap| cap.0),
        "h24": caps.h24.map(|cap| cap.0),
    })
}
