//! A prescription's own tables, read as written: drugs, reservoir, limits, and what happens
//! when a strategy is lost.

use pump_core::prescription::MAX_DRUGS;

use crate::code::Code;
use crate::diagnostic::{Diagnostic, Located, quoted};
use crate::drug_library::same_drug;
use crate::exact::Exact;
use crate::measure::{CONCENTRATION, DOSE, RATE, TIME, VOLUME, VOLUME_RATE, Wanted, in_range};
use crate::notation::show;
use crate::quantity::Quantity;
use crate::report::Report;
use crate::section::Section;
use crate::tree::Value;
use crate::unit::{self, Dimension};
use crate::value::{choice, flag};

const S: u128 = 1_000_000_000;
const H: u128 = 3_600 * S;
/// A limit of the whole mixture.
const NO_MASS: &str = "a limit in mass belongs to its drug: write it under `[[drug]]`";
/// No reservoir holds more \[nL\]: 10 L.
const MOST: u128 = 10_000_000_000;

/// One `[[drug]]`.
#[derive(Clone, Debug)]
pub(crate) struct Drug {
    pub(crate) name: Located<String>,
    pub(crate) concentration: Located<Exact>,
    /// The unit its mass was written in, and that unit in ng.
    pub(crate) mass_unit: (&'static str, u128),
    pub(crate) primary: bool,
    pub(crate) max_rate: Option<Located<Quantity>>,
    /// Its own caps over 1, 4 and 24 h.
    pub(crate) caps: [Option<Located<Quantity>>; 3],
}

/// `[reservoir]`, in nanolitres.
#[derive(Clone, Debug)]
pub(crate) struct Reservoir {
    pub(crate) volume: Located<Exact>,
    pub(crate) low: Located<Exact>,
    pub(crate) empty: Located<Exact>,
}

/// `[limits]`, in nanolitres and nanolitres over nanoseconds.
#[derive(Clone, Debug)]
pub(crate) struct Limits {
    pub(crate) max_rate: Located<Exact>,
    /// Over 1, 4 and 24 h.
    pub(crate) caps: [Located<Exact>; 3],
    pub(crate) vtbi: Option<Located<Exact>>,
    pub(crate) max_clinician_bolus: Option<Located<Exact>>,
}

/// `[on_strategy_loss]`.
#[derive(Clone, Debug)]
pub(crate) enum OnLoss {
    Stop,
    Kvo(Located<Quantity>),
    HoldBasal(Located<Exact>),
}

fn fraction(num: u128, den: u128) -> Exact {
    Exact::new(num, den).unwrap_or(Exact::ZERO)
}

/// Reads every `[[drug]]`. `None`: one of them could not be read whole.
pub(crate) fn drugs(root: &mut Section<'_>, report: &mut Report) -> Option<Vec<Drug>> {
    let sections = root.sections("drug", MAX_DRUGS, report);
    let count = sections.len();
    let mut flags: Vec<Located<bool>> = Vec::new();
    let mut drugs: Vec<Drug> = Vec::new();
    for section in sections {
        let header = section.place();
        let (drug, primary) = drug(section, report);
        flags.push(primary.unwrap_or(Located {
            value: false,
            place: header,
        }));
        let Some(drug) = drug else { continue };
        if let Some(twin) = drugs
            .iter()
            .find(|d| same_drug(&d.name.value, &drug.name.value))
        {
            let message = format!("{} is in the mixture twice", quoted(&drug.name.value));
            report.add(
                Diagnostic::new(Code::DuplicateName, drug.name.place, message)
                    .label("named again")
                    .related(twin.name.place, "named first here")
                    .help("write each drug once, with its concentration in the mixture"),
            );
        }
        drugs.push(drug);
    }
    let alone = count == 1;
    let fine = primaries(&flags, alone, report);
    if alone && let Some(drug) = drugs.first_mut() {
        drug.primary = true;
    }
    (fine && count > 0 && drugs.len() == count).then_some(drugs)
}

/// Exactly one drug of a mixture is primary; a drug alone is so anyway.
fn primaries(flags: &[Located<bool>], alone: bool, report: &mut Report) -> bool {
    let named: Vec<&Located<bool>> = flags.iter().filter(|flag| flag.value).collect();
    let diagnostic = match (named.as_slice(), flags) {
        (_, []) | ([_], _) => return true,
        ([], _) if alone => return true,
        ([], [first, ..]) => Diagnostic::new(
            Code::PrimaryDrug,
            first.place,
            "no drug of the mixture is primary",
        )
        .label("one of the drugs must say so")
        .help("write `primary = true` under the drug that doses in mass mean"),
        ([first, second, ..], _) => Diagnostic::new(
            Code::PrimaryDrug,
            second.place,
            "more than one drug of the mixture is primary",
        )
        .label("the second")
        .related(first.place, "the first")
        .help("keep `primary = true` under the drug that doses in mass mean"),
    };
    report.add(diagnostic);
    false
}

fn drug(mut section: Section<'_>, report: &mut Report) -> (Option<Drug>, Option<Located<bool>>) {
    let before = report.error_count();
    let name = section.text("name", "morphine", report);
    // 1 pg/mL to 10 g/mL.
    let range = fraction(1, 1_000_000_000)..=Exact::whole(10_000);
    let concentration = section.ranged("concentration", CONCENTRATION, range, report);
    let mass_unit = section
        .table
        .get("concentration")
        .and_then(|entry| match &entry.value {
            Value::Text(text) => mass_unit(text),
            _ => None,
        })
        .unwrap_or(("mg", 1_000_000));
    let primary = section.optional("primary").and_then(|entry| {
        flag(entry, report).map(|flag| Located {
            value: flag.value,
            place: entry.place,
        })
    });
    let max_rate = section.optional_quantity("max_rate", RATE, report);
    let caps =
        ["max_1h", "max_4h", "max_24h"].map(|key| section.optional_quantity(key, DOSE, report));
    section.finish(report);
    // A limit that could not be read must not pass for no limit.
    let whole = report.error_count() == before;
    let drug = name
        .zip(concentration)
        .filter(|_| whole)
        .map(|(name, concentration)| Drug {
            name,
            concentration,
            mass_unit,
            primary: primary.as_ref().is_some_and(|flag| flag.value),
            max_rate,
            caps,
        });
    (drug, primary)
}

/// The unit of mass in a concentration: "mg" of "2 mg/mL".
fn mass_unit(concentration: &str) -> Option<(&'static str, u128)> {
    let (top, _) = concentration.rsplit_once('/')?;
    let name = top.trim().trim_start_matches(|c: char| !c.is_alphabetic());
    let unit = unit::find(name)?;
    (unit.dimension == Dimension::Mass).then_some((unit.name, unit.size))
}

/// Reads `[reservoir]`.
pub(crate) fn reservoir(root: &mut Section<'_>, report: &mut Report) -> Option<Reservoir> {
    let mut section = root.section("reservoir", report)?;
    let least = fraction(1, 1_000);
    let volume = section.ranged("volume", VOLUME, least..=Exact::whole(MOST), report);
    let mut mark = |key, example| {
        let wanted = Wanted { example, ..VOLUME };
        section.ranged(key, wanted, Exact::ZERO..=Exact::whole(MOST), report)
    };
    let low = mark("low", "2 mL");
    let empty = mark("empty", "0.5 mL");
    section.finish(report);
    let reservoir = Reservoir {
        volume: volume?,
        low: low?,
        empty: empty?,
    };
    let text = |value: Exact| show(value, Dimension::Volume);
    let mut fine = true;
    if reservoir.low.value > reservoir.volume.value {
        report.add(
            Diagnostic::new(
                Code::ReservoirOrder,
                reservoir.low.place,
                "`low` is above `volume`",
            )
            .label("it would alarm from the start")
            .related(reservoir.volume.place, "what the reservoir holds")
            .allowed(format!("at most {}", text(reservoir.volume.value))),
        );
        fine = false;
    }
    if reservoir.empty.value >= reservoir.low.value {
        report.add(
            Diagnostic::new(
                Code::ReservoirOrder,
                reservoir.empty.place,
                "`empty` is not below `low`",
            )
            .label("it would stop before it warns")
            .related(reservoir.low.place, "the warning comes here")
            .allowed(format!("less than {}", text(reservoir.low.value))),
        );
        fine = false;
    }
    fine.then_some(reservoir)
}

/// Reads `[limits]`.
pub(crate) fn limits(root: &mut Section<'_>, report: &mut Report) -> Option<Limits> {
    let mut section = root.section("limits", report)?;
    let before = report.error_count();
    let rates = fraction(1, 1_000 * H)..=fraction(1_500_000_000, H);
    let volumes = fraction(1, 1_000)..=Exact::whole(MOST);
    let wanted = Wanted {
        no_mass: NO_MASS,
        ..VOLUME_RATE
    };
    let max_rate = section.ranged("max_rate", wanted, rates, report);
    let caps = [
        ("max_1h", "0.4 mL"),
        ("max_4h", "1 mL"),
        ("max_24h", "4 mL"),
    ]
    .map(|(key, example)| {
        let wanted = Wanted {
            example,
            no_mass: NO_MASS,
            ..VOLUME
        };
        section.ranged(key, wanted, volumes.clone(), report)
    });
    let mut optional = |key, example| {
        let wanted = Wanted {
            example,
            no_mass: NO_MASS,
            ..VOLUME
        };
        let found = section.optional_quantity(key, wanted, report)?;
        in_range(key, found, &volumes, report)
    };
    let vtbi = optional("vtbi", "18 mL");
    let max_clinician_bolus = optional("max_clinician_bolus", "0.1 mL");
    section.finish(report);
    let [max_1h, max_4h, max_24h] = caps;
    let limits = Limits {
        max_rate: max_rate?,
        caps: [max_1h?, max_4h?, max_24h?],
        vtbi,
        max_clinician_bolus,
    };
    (report.error_count() == before).then_some(limits)
}

/// What may be done when a strategy is lost.
pub(crate) const LOSS_ACTIONS: [&str; 3] = ["stop", "kvo", "hold-basal"];

/// Reads `[on_strategy_loss]`.
pub(crate) fn on_loss(root: &mut Section<'_>, report: &mut Report) -> Option<OnLoss> {
    let mut section = root.section("on_strategy_loss", report)?;
    let action = section
        .required("action", "\"stop\"", report)
        .and_then(|entry| choice(entry, &LOSS_ACTIONS, report));
    let Some(action) = action else {
        // Which keys belong here is not known without the action.
        return None;
    };
    let on_loss = match action.value {
        0 => Some(OnLoss::Stop),
        1 => section
            .quantity(
                "rate",
                Wanted {
                    example: "0.1 mL/h",
                    ..RATE
                },
                report,
            )
            .map(OnLoss::Kvo),
        _ => section
            .ranged("for", TIME, Exact::whole(S)..=Exact::whole(24 * H), report)
            .map(OnLoss::HoldBasal),
    };
    let spare = [("rate", 1), ("for", 2)];
    for (key, action_of) in spare {
        if action.value == action_of {
            continue;
        }
        if let Some(entry) = section.optional(key) {
            let written = LOSS_ACTIONS.get(action.value).copied().unwrap_or_default();
            let needed = LOSS_ACTIONS.get(action_of).copied().unwrap_or_default();
            report.add(
                Diagnostic::new(
                    Code::UnknownKey,
                    entry.key_place,
                    format!("the action `{written}` takes no `{key}`"),
                )
                .label("without meaning here")
                .related(action.place, "the action")
                .help(format!(
                    "`{key}` belongs to `action = \"{needed}\"`; remove it or change the action"
                )),
            );
        }
    }
    section.finish(report);
    on_loss
}
