//! `drug-library.toml`: what is allowed for a drug by a route.

use crate::checked::digest;
use crate::code::Code;
use crate::diagnostic::{Diagnostic, FileId, Located};
use crate::document::Document;
use crate::exact::Exact;
use crate::input::Input;
use crate::keys;
use crate::measure::{CONCENTRATION, DOSE, RATE, TIME, Wanted};
use crate::notation::show;
use crate::quantity::Quantity;
use crate::report::Report;
use crate::route::Route;
use crate::section::Section;
use crate::suggestion::nearest;
use crate::unit::Dimension;
use crate::value::line;

/// The longest source: a full citation.
pub(crate) const MAX_SOURCE: usize = 1_000;
/// The longest name of an edition.
pub(crate) const MAX_EDITION: usize = 100;
/// The most drugs in a library.
pub(crate) const MAX_ENTRIES: usize = 1_000;

/// The checked content of `drug-library.toml`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrugLibrary {
    /// Which edition it is.
    pub version: String,
    /// The SHA-256 of the file's bytes: its identity.
    pub sha256: [u8; 32],
    /// The drugs, each for one route.
    pub drugs: Vec<LibraryDrug>,
}

/// One drug by one route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LibraryDrug {
    /// The drug; upper and lower case are one.
    pub name: Located<String>,
    /// The route these limits are for.
    pub route: Route,
    /// The lowest and the highest concentration \[ng/nL\].
    pub concentration: (Exact, Exact),
    /// Where the concentrations are written.
    pub concentration_place: crate::diagnostic::Place,
    /// Limits that are enforced.
    pub hard: DrugLimits,
    /// Limits beyond which `check` warns.
    pub soft: DrugLimits,
    /// Where the figures come from.
    pub source: String,
}

/// Limits of one drug, each in volume of the mixture or in mass of the drug.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DrugLimits {
    /// The highest rate.
    pub max_rate: Option<Located<Quantity>>,
    /// The largest bolus.
    pub max_bolus: Option<Located<Quantity>>,
    /// The most in any hour.
    pub max_1h: Option<Located<Quantity>>,
    /// The most in any 4 hours.
    pub max_4h: Option<Located<Quantity>>,
    /// The most in any 24 hours.
    pub max_24h: Option<Located<Quantity>>,
    /// The shortest lockout \[ns\].
    pub min_lockout: Option<Located<Exact>>,
}

impl DrugLibrary {
    /// The entry for a drug by a route.
    pub fn find(&self, name: &str, route: Route) -> Option<&LibraryDrug> {
        self.drugs
            .iter()
            .find(|drug| drug.route == route && same_drug(&drug.name.value, name))
    }

    /// The routes a drug is listed for.
    pub(crate) fn routes(&self, name: &str) -> Vec<&'static str> {
        self.drugs
            .iter()
            .filter(|drug| same_drug(&drug.name.value, name))
            .map(|drug| drug.route.name())
            .collect()
    }

    /// The drug listed for the route whose name is nearest.
    pub(crate) fn suggestion(&self, name: &str, route: Route) -> Option<&str> {
        let names: Vec<&str> = self
            .drugs
            .iter()
            .filter(|drug| drug.route == route)
            .map(|drug| drug.name.value.as_str())
            .collect();
        nearest(name, &names)
    }
}

/// Whether two names are one drug: case does not matter.
pub(crate) fn same_drug(a: &str, b: &str) -> bool {
    a.to_lowercase() == b.to_lowercase()
}

/// The edition of the library that a prescription says it was checked against, where it does.
pub(crate) fn stated_edition(
    root: &mut Section<'_>,
    report: &mut Report,
) -> Option<Located<String>> {
    let entry = root.optional("drug_library")?;
    line(entry, "2026-11", MAX_EDITION, report)
}

/// A library of another edition may allow something else.
pub(crate) fn check_edition(
    stated: Option<&Located<String>>,
    library: &DrugLibrary,
    report: &mut Report,
) {
    let Some(stated) = stated.filter(|stated| stated.value != library.version) else {
        return;
    };
    report.add(
        Diagnostic::new(
            Code::OtherLibrary,
            stated.place,
            "the drug library in use is of another edition",
        )
        .label("the edition it was checked against")
        .allowed(format!("{:?}, the edition in use", library.version))
        .help("see what has changed for these drugs, then write the edition in use"),
    );
}

/// Reads `drug-library.toml`. Its errors go to the report; `None`: something was wrong.
pub(crate) fn read(input: &Input, file: FileId, report: &mut Report) -> Option<DrugLibrary> {
    let document = Document::read(input, file, report)?;
    let mut root = Section::root(&document, &keys::DRUG_LIBRARY);
    let format = crate::format::check(&mut root, report);
    let version = root.text("version", "2026-11", report);
    let sections = root.sections("drug", MAX_ENTRIES, report);
    root.finish(report);
    let count = sections.len();
    let mut drugs: Vec<LibraryDrug> = Vec::with_capacity(count);
    for section in sections {
        let Some(drug) = entry(section, report) else {
            continue;
        };
        let twin = drugs.iter().find(|other| {
            other.route == drug.route && same_drug(&other.name.value, &drug.name.value)
        });
        if let Some(twin) = twin {
            let message = format!("`{}` is listed twice for this route", drug.name.value);
            report.add(
                Diagnostic::new(Code::DuplicateName, drug.name.place, message)
                    .label("listed again")
                    .related(twin.name.place, "listed first here")
                    .help("keep the one that is meant"),
            );
            continue;
        }
        drugs.push(drug);
    }
    format?;
    let version = version?.value;
    (drugs.len() == count && count > 0).then_some(DrugLibrary {
        version,
        sha256: digest(input.content.as_deref().unwrap_or_default()),
        drugs,
    })
}

fn entry(mut section: Section<'_>, report: &mut Report) -> Option<LibraryDrug> {
    let name = section.text("name", "morphine", report);
    let route = section
        .required("route", "\"intrathecal\"", report)
        .and_then(|entry| Route::read(entry, report));
    let concentration_place = section.optional("concentration").map(|entry| entry.place);
    let concentration = match section.table.get("concentration") {
        None => {
            let example = "{ min = \"0.1 mg/mL\", max = \"50 mg/mL\" }";
            section.required("concentration", example, report);
            None
        }
        Some(_) => section
            .optional_section("concentration", report)
            .and_then(|section| concentration(section, report)),
    };
    let mut limits = |key| match section.table.get(key) {
        None => {
            section.optional(key);
            Some(DrugLimits::default())
        }
        Some(_) => section
            .optional_section(key, report)
            .and_then(|section| drug_limits(section, report)),
    };
    let hard = limits("hard");
    let soft = limits("soft");
    let example = "where the figures come from";
    let source = section
        .required("source", &format!("\"{example}\""), report)
        .and_then(|entry| line(entry, example, MAX_SOURCE, report));
    section.finish(report);
    Some(LibraryDrug {
        name: name?,
        route: route?,
        concentration: concentration?,
        concentration_place: concentration_place?,
        hard: hard?,
        soft: soft?,
        source: source?.value,
    })
}

fn concentration(mut section: Section<'_>, report: &mut Report) -> Option<(Exact, Exact)> {
    let min = section.quantity(
        "min",
        Wanted {
            example: "0.1 mg/mL",
            ..CONCENTRATION
        },
        report,
    );
    let max = section.quantity(
        "max",
        Wanted {
            example: "50 mg/mL",
            ..CONCENTRATION
        },
        report,
    );
    section.finish(report);
    let (min, max) = (min?, max?);
    if min.value.value > max.value.value {
        report.add(
            Diagnostic::new(Code::RangeOrder, min.place, "`min` is above `max`")
                .label("the smallest")
                .related(max.place, "the largest")
                .allowed(format!(
                    "at most {}",
                    show(max.value.value, Dimension::Concentration)
                )),
        );
        return None;
    }
    Some((min.value.value, max.value.value))
}

fn drug_limits(mut section: Section<'_>, report: &mut Report) -> Option<DrugLimits> {
    let before = report.error_count();
    let limits = DrugLimits {
        max_rate: section.optional_quantity("max_rate", RATE, report),
        max_bolus: section.optional_quantity("max_bolus", DOSE, report),
        max_1h: section.optional_quantity("max_1h", DOSE, report),
        max_4h: section.optional_quantity("max_4h", DOSE, report),
        max_24h: section.optional_quantity("max_24h", DOSE, report),
        min_lockout: section
            .optional_quantity("min_lockout", TIME, report)
            .map(|time| time.map(|quantity| quantity.value)),
    };
    section.finish(report);
    // A limit that could not be read must not pass for no limit.
    (report.error_count() == before).then_some(limits)
}
