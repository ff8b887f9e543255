//! What a good prescription amounts to.

use std::fmt::Write as _;
use std::path::Path;

use pump_core::prescription::OnStrategyLoss;
use pump_core::quantity::Steps;
use pump_prescription::{
    Checked, Dimension, envelope_lines, rate_text, show, span_text, steps_text,
};

use crate::story::printable;

/// On one screen.
pub(super) fn summary(path: &Path, rx: &Checked) -> String {
    let mut text = String::new();
    let step = rx.core.volume_per_step;
    let in_steps = |steps: Steps| steps_text(step, steps);
    let _ = writeln!(text, "{}: good", path.display());
    let _ = writeln!(text, "  {}, {}", printable(&rx.id), rx.route.name());
    let _ = writeln!(text, "  sha256 {}", rx.sha256_hex());
    for drug in &rx.drugs {
        let primary = if drug.primary && rx.drugs.len() > 1 {
            ", doses in mass mean this"
        } else {
            ""
        };
        let concentration = show(drug.concentration, Dimension::Concentration);
        let _ = writeln!(
            text,
            "  {:<19} {concentration}{primary}",
            printable(&drug.name)
        );
    }
    let held = rx.core.reservoir;
    let (volume, low, empty) = (
        in_steps(held.volume),
        in_steps(held.low),
        in_steps(held.empty),
    );
    let _ = writeln!(
        text,
        "  {:<19} {volume}, low at {low}, empty at {empty}",
        "reservoir"
    );
    let per_step = show(rx.volume_per_step, Dimension::Volume);
    let (device, library) = (printable(&rx.device.name), printable(&rx.library_version));
    let _ = writeln!(
        text,
        "  {:<19} {device}, {per_step} a step; drug library {library}",
        "device"
    );

    let _ = writeln!(text, "\n  {:<20}{:<31}set by", "limit", "in force");
    for limit in &rx.limits {
        let of = limit.drug.and_then(|n| rx.drugs.get(n));
        let of = of.map_or(String::new(), |drug| {
            format!(" of {}", printable(&drug.name))
        });
        let value = format!("{}{of}", limit.text());
        let _ = writeln!(
            text,
            "  {:<20}{value:<30} {}",
            limit.kind.name(),
            limit.source.name()
        );
    }

    let _ = writeln!(text, "\n  {:<19} {:<19} at most", "regimen", "strategy");
    for regimen in &rx.regimens {
        let mut lines = envelope_lines(&regimen.envelope).into_iter();
        let first = lines.next().unwrap_or_else(|| "nothing".to_owned());
        let name = printable(&regimen.name);
        let _ = writeln!(
            text,
            "  {name:<19} {:<19} {first}",
            regimen.declaration.name
        );
        for line in lines {
            let _ = writeln!(text, "  {:<39} {line}", "");
        }
    }
    let lost = match rx.core.on_strategy_loss {
        OnStrategyLoss::Stop => "nothing is given".to_owned(),
        OnStrategyLoss::Kvo(rate) => format!("{} are given", rate_text(rate)),
        OnStrategyLoss::HoldBasal(span) => {
            format!(
                "the basal is held for {}, then nothing is given",
                span_text(span)
            )
        }
    };
    let lease = span_text(rx.core.order_lease);
    let _ = writeln!(text, "\n  without its strategy for {lease}: {lost}");
    text
}
