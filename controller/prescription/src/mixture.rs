//! The drugs of the mixture, each with its entry in the drug library.

use crate::ceiling::{Limit, LimitKind, LimitSource};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Located, quoted};
use crate::drug_library::{DrugLibrary, DrugLimits, LibraryDrug};
use crate::exact::Exact;
use crate::notation::show;
use crate::prescription::Drug;
use crate::quantity::Quantity;
use crate::report::Report;
use crate::route::Route;
use crate::suggestion::list;
use crate::unit::Dimension;

/// A volume or rate of the mixture that brings this quantity of a drug with this
/// concentration.
pub(crate) fn of_mixture(quantity: Quantity, concentration: Exact) -> Option<Exact> {
    match quantity.dimension {
        Dimension::Mass | Dimension::MassRate => quantity.value.over(concentration),
        _ => Some(quantity.value),
    }
}

/// A drug of the mixture with its entry in the library.
pub(crate) struct Listed<'a> {
    pub(crate) drug: &'a Drug,
    pub(crate) entry: &'a LibraryDrug,
}

impl Listed<'_> {
    /// The library's limit of a kind.
    pub(crate) fn library(limits: &DrugLimits, kind: LimitKind) -> Option<&Located<Quantity>> {
        match kind {
            LimitKind::MaxRate => limits.max_rate.as_ref(),
            LimitKind::MaxBolus | LimitKind::MaxClinicianBolus => limits.max_bolus.as_ref(),
            LimitKind::Max1h => limits.max_1h.as_ref(),
            LimitKind::Max4h => limits.max_4h.as_ref(),
            LimitKind::Max24h => limits.max_24h.as_ref(),
            LimitKind::Vtbi => None,
        }
    }

    /// The limit the prescription gives this drug.
    pub(crate) fn own(&self, kind: LimitKind) -> Option<&Located<Quantity>> {
        match kind {
            LimitKind::MaxRate => self.drug.max_rate.as_ref(),
            LimitKind::Max1h => self.drug.caps[0].as_ref(),
            LimitKind::Max4h => self.drug.caps[1].as_ref(),
            LimitKind::Max24h => self.drug.caps[2].as_ref(),
            _ => None,
        }
    }

    pub(crate) fn limit(
        &self,
        index: usize,
        kind: LimitKind,
        found: &Located<Quantity>,
        source: LimitSource,
        report: &mut Report,
    ) -> Option<Limit> {
        let Some(value) = of_mixture(found.value, self.drug.concentration.value) else {
            report.add(crate::regimen::too_exact(kind.name(), found.place));
            return None;
        };
        Some(Limit {
            kind,
            drug: Some(index),
            value,
            written: found.value,
            source,
            place: found.place,
        })
    }
}

/// Finds the library's entry of every drug, and checks its concentration.
pub(crate) fn listed<'a>(
    drugs: &'a [Drug],
    route: Route,
    library: &'a DrugLibrary,
    report: &mut Report,
) -> Option<Vec<Listed<'a>>> {
    let mut found = Vec::new();
    for drug in drugs {
        let name = &drug.name.value;
        let Some(entry) = library.find(name, route) else {
            let routes = library.routes(name);
            let diagnostic = Diagnostic::new(
                Code::DrugNotListed,
                drug.name.place,
                format!(
                    "the drug library does not list {} for the route `{}`",
                    quoted(name),
                    route.name()
                ),
            )
            .label("not listed for this route");
            report.add(if routes.is_empty() {
                diagnostic.help(match library.suggestion(name, route) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "add it to the drug library, with its limits and their source".into(),
                })
            } else {
                diagnostic.help(format!("it is listed for {}", list(&routes)))
            });
            continue;
        };
        let (min, max) = entry.concentration;
        let written = drug.concentration.value;
        if written < min || written > max {
            let text = |value| show(value, Dimension::Concentration);
            report.add(
                Diagnostic::new(
                    Code::ConcentrationOutOfRange,
                    drug.concentration.place,
                    format!("the concentration of `{name}` is out of range"),
                )
                .label(if written < min {
                    "too thin"
                } else {
                    "too strong"
                })
                .allowed(format!("{} to {}", text(min), text(max)))
                .related(entry.concentration_place, "the drug library allows this"),
            );
            continue;
        }
        found.push(Listed { drug, entry });
    }
    (found.len() == drugs.len()).then_some(found)
}
