//! `--with`: what another plugin or another prescription would have done.

use std::path::Path;

use pump_core::prescription::Prescription;
use pump_prescription::{Checked, Input, Outcome as Judgement, Zone, check};
use pump_recording::row::Opening;
use pump_simulator::StrategySource;
use pump_simulator::alternative::{NoAlternative, World, live};
use strategy_host::StrategyFolders;

use super::runs::{Runs, Summary};
use super::{Eyes, ends_with, pinned, replayed, told, values};
use crate::cli::ReplayArgs;
use crate::failure::Failure;
use crate::places::{Installed, eprint_report};
use crate::simulate;

/// What is armed in place of what was, and by which strategies.
struct Other {
    prescription: Prescription,
    sources: Vec<Box<dyn StrategySource>>,
    /// What it is called.
    name: String,
    /// By whose clock it goes, where that is not as it was: a prescription says so for itself.
    local_time: Option<Option<Zone>>,
}

pub(super) fn tell(
    args: &ReplayArgs,
    with: &Path,
    strategies: &StrategyFolders,
    runs: &mut Runs,
    summary: &Summary,
    opening: &Opening,
) -> Result<(), Failure> {
    let other = if ends_with(with, "toml") {
        other_prescription(with, strategies, opening)?
    } else if ends_with(with, "so") {
        other_plugin(with, strategies, opening)?
    } else {
        return Err(Failure::Usage(format!(
            "--with {}: name a plugin (.so) or a prescription (.toml)",
            with.display()
        )));
    };
    let mut eyes = Eyes::new(summary, None);
    eyes.world = Some(World::default());
    let then = replayed(runs, summary, opening, &mut eyes)?;
    if let Some(difference) = then.difference {
        let what = difference.what;
        return Err(Failure::Input(format!(
            "run {} does not come to the same here, so nothing can be said of another: {what}",
            summary.run
        )));
    }
    let mut world = eyes.world.take().unwrap_or_default();
    if let Some(zone) = other.local_time {
        world.moved_to(zone);
    }
    let now = live(opening, &world, &other.prescription, other.sources);
    let now = now.map_err(|why| no_alternative(with, opening, &why))?;
    told::side_by_side(opening, &other.name, &eyes.outcome, &now, args.json)
}

fn no_alternative(with: &Path, opening: &Opening, why: &NoAlternative) -> Failure {
    let shown = with.display();
    match why {
        NoAlternative::Strategy { place, fault } => {
            let regimen = opening.dossier.regimens.get(*place);
            let regimen = regimen.map_or_else(|| place.to_string(), |it| it.name.clone());
            let text = format!("{shown}: the strategy of `{regimen}` can't be made: {fault}");
            Failure::Input(text)
        }
        why => Failure::Input(format!("{shown}: {why}")),
    }
}

fn other_prescription(
    with: &Path,
    strategies: &StrategyFolders,
    opening: &Opening,
) -> Result<Other, Failure> {
    let dossier = &opening.dossier;
    if dossier.device.is_empty() || dossier.drug_library.is_empty() {
        return Err(Failure::Input(
            "the run does not hold its device's file and drug library".into(),
        ));
    }
    let device = Input::new("the run's device", dossier.device.as_str());
    let library = Input::new("the run's drug library", dossier.drug_library.as_str());
    let judged = check(
        &Input::open(with),
        &device,
        &library,
        &Installed(strategies),
    );
    let Judgement { checked, report } = judged;
    let Some(checked) = checked else {
        eprint_report(&report.to_string());
        return Err(Failure::Input(format!(
            "error: {} is refused: {}",
            with.display(),
            report.summary()
        )));
    };
    Ok(Other {
        prescription: checked.core,
        sources: loaded(strategies, &checked)?,
        local_time: Some(checked.time_zone),
        name: checked.id,
    })
}

fn loaded(
    strategies: &StrategyFolders,
    checked: &Checked,
) -> Result<Vec<Box<dyn StrategySource>>, Failure> {
    let regimens = checked.regimens.iter().map(|regimen| {
        let plugin = strategies.load(&regimen.declaration.name);
        let plugin = plugin.map_err(Failure::input)?;
        Ok(simulate::source(
            plugin,
            regimen.values.clone(),
            &regimen.name,
        ))
    });
    regimens.collect()
}

/// The plugin takes the place of those of its name; the others are those of then.
fn other_plugin(
    with: &Path,
    strategies: &StrategyFolders,
    opening: &Opening,
) -> Result<Other, Failure> {
    let plugin = strategies.load_file(with).map_err(Failure::input)?;
    let declaration = plugin.declaration();
    let name = format!("{} {}", declaration.name, declaration.version);
    let regimens = &opening.dossier.regimens;
    let meant = |strategy: &str| strategy == declaration.name;
    if !regimens.iter().any(|it| meant(&it.strategy)) {
        let known: Vec<&str> = regimens.iter().map(|it| it.strategy.as_str()).collect();
        return Err(Failure::Input(format!(
            "{}: its strategy is `{}`, and the run's are `{}`",
            with.display(),
            declaration.name,
            known.join("`, `")
        )));
    }
    let mut sources = Vec::new();
    for (place, regimen) in regimens.iter().enumerate() {
        if !meant(&regimen.strategy) {
            let mut only = opening.clone();
            only.dossier.regimens = regimens.get(place..=place).unwrap_or_default().to_vec();
            sources.extend(pinned(strategies, &only)?);
            continue;
        }
        let values = values(&regimen.values);
        if values.len() != declaration.value_count(&values) {
            return Err(Failure::Input(format!(
                "{}: it has {} parameters, and regimen `{}` has values for {}",
                with.display(),
                declaration.params.len(),
                regimen.name,
                regimen.values.len()
            )));
        }
        sources.push(simulate::source(plugin.clone(), values, &regimen.name));
    }
    let prescription = opening.prescription().map_err(Failure::input)?;
    Ok(Other {
        prescription,
        sources,
        name,
        local_time: None,
    })
}
