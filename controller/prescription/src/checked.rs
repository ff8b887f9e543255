//! Checking three files together, and what comes out of it.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};

use pump_core::prescription::{Envelope, Prescription};
use sha2::{Digest, Sha256};
use strategy_abi::Fraction;
use strategy_link::Declaration;

use crate::arming::Parts;
use crate::catalogue::Catalogue;
use crate::ceiling::{Ceilings, Limit};
use crate::code::Code;
use crate::device::{self, Device, DrugLibraryName};
use crate::diagnostic::{Diagnostic, FileId};
use crate::document::Document;
use crate::dose::Doses;
use crate::drug_library::{self, DrugLibrary};
use crate::exact::Exact;
use crate::fallback;
use crate::input::Input;
use crate::mixture::{self, Listed};
use crate::prescription;
use crate::regimen::{self, Regimen, too_exact};
use crate::report::Report;
use crate::route::Route;
use crate::section::Section;
use crate::zone::{self, Zone};

/// A drug of the mixture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedDrug {
    /// Its name as written.
    pub name: String,
    /// Its concentration \[ng/nL, which is mg/mL\].
    pub concentration: Exact,
    /// The unit its mass is written in: that of its concentration.
    pub unit: &'static str,
    /// That unit in nanograms.
    pub unit_ng: u128,
    /// Whether doses in mass mean this drug.
    pub primary: bool,
    /// Where the drug library has its figures from.
    pub source: String,
}

impl CheckedDrug {
    /// The mass in a volume of the mixture, in [`CheckedDrug::unit`]; `None`: it does not fit.
    pub fn mass(&self, nanolitres: Exact) -> Option<Exact> {
        nanolitres
            .times(self.concentration)?
            .over(Exact::whole(self.unit_ng))
    }
}

/// A regimen with everything its strategy needs.
#[derive(Clone, Debug)]
pub struct CheckedRegimen {
    /// Its name in the prescription.
    pub name: String,
    /// What its strategy declares; [`Declaration::name`] is the strategy's name.
    pub declaration: Declaration,
    /// The parameters for `create`, in the order of the declaration.
    pub values: Vec<Fraction>,
    /// The most it may ever be given; the same as in [`Checked::core`].
    pub envelope: Envelope,
}

/// A prescription that passed every check.
#[derive(Clone, Debug)]
pub struct Checked {
    /// What the loop is armed with.
    pub core: Prescription,
    /// The SHA-256 of the prescription's bytes: its identity.
    pub sha256: [u8; 32],
    /// What the prescription calls itself.
    pub id: String,
    /// Where the fluid goes.
    pub route: Route,
    /// The drugs in the order of the file, and of [`Prescription::drugs`].
    pub drugs: Vec<CheckedDrug>,
    /// The regimens in the order of the file, and of [`Prescription::regimens`].
    pub regimens: Vec<CheckedRegimen>,
    /// By whose clock the strategies go; where none is written, local time is UTC.
    pub time_zone: Option<Zone>,
    /// The limits in force and who set them.
    pub limits: Vec<Limit>,
    /// The volume one motor step gives \[nL\].
    pub volume_per_step: Exact,
    /// The device it was checked for.
    pub device: Device,
    /// The edition of the drug library it was checked against.
    pub library_version: String,
    /// The SHA-256 of the drug library's bytes.
    pub library_sha256: [u8; 32],
    /// The drug library's file; `None` where it was checked from memory.
    pub library_path: Option<PathBuf>,
}

impl Checked {
    /// The SHA-256 as 64 hexadecimal digits.
    pub fn sha256_hex(&self) -> String {
        self.sha256
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

/// What checking came to: the prescription, unless something was wrong, and every finding.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The prescription. `None` exactly where the report has errors.
    pub checked: Option<Checked>,
    /// Every finding in the three files.
    pub report: Report,
}

/// Checks three files from memory.
///
/// Every error of every file is found in one go. Nothing is guessed: `checked` is there
/// only where no file has an error.
pub fn check(
    prescription: &Input,
    device: &Input,
    drug_library: &Input,
    catalogue: &dyn Catalogue,
) -> Outcome {
    run(
        prescription,
        device,
        |_, _, _| Some(drug_library.clone()),
        catalogue,
    )
}

/// Checks a prescription for a device. The drug library is the one the device file names,
/// beside it, unless `drug_library` overrides it.
pub fn check_files(
    prescription: &Path,
    device: &Path,
    drug_library: Option<&Path>,
    catalogue: &dyn Catalogue,
) -> Outcome {
    let opened = OnceCell::new();
    let library = |named: DrugLibraryName, file: FileId, report: &mut Report| {
        let path = library_path(named, device, drug_library, file, report)?;
        Some(Input::open(opened.get_or_init(|| path)))
    };
    let mut outcome = run(
        &Input::open(prescription),
        &Input::open(device),
        library,
        catalogue,
    );
    if let Some(checked) = &mut outcome.checked {
        checked.library_path = opened.into_inner();
    }
    outcome
}

/// The drug library: the one that is given, else the one the device names, beside it.
pub(crate) fn library_path(
    named: DrugLibraryName,
    device: &Path,
    given: Option<&Path>,
    file: FileId,
    report: &mut Report,
) -> Option<PathBuf> {
    if let Some(path) = given {
        return Some(path.to_owned());
    }
    match named {
        DrugLibraryName::Written(name) => {
            let folder = device.parent().unwrap_or_else(|| Path::new(""));
            Some(folder.join(name))
        }
        DrugLibraryName::Absent => {
            report.add(
                Diagnostic::of_file(Code::MissingKey, file, "the device names no drug library")
                    .help("add `drug_library = \"drug-library.toml\"`, a path beside this file"),
            );
            None
        }
        DrugLibraryName::Unreadable => None,
    }
}

fn run(
    prescription: &Input,
    device: &Input,
    library: impl FnOnce(DrugLibraryName, FileId, &mut Report) -> Option<Input>,
    catalogue: &dyn Catalogue,
) -> Outcome {
    let mut report = Report::default();
    let file = report.add_file(&prescription.name);
    let device_file = report.add_file(&device.name);
    let (device, named) = device::read(device, device_file, &mut report);
    let library = library(named, device_file, &mut report).and_then(|input| {
        let file = report.add_file(&input.name);
        drug_library::read(&input, file, &mut report)
    });
    let checked = read(
        prescription,
        file,
        device.as_ref(),
        library.as_ref(),
        catalogue,
        &mut report,
    );
    report.sort();
    if checked.is_none() && !report.has_errors() {
        // Whoever gave up must have said why; a silent refusal would be a defect here.
        report.add(internal(file, "it was refused without a reason"));
    }
    Outcome {
        checked: checked.filter(|_| !report.has_errors()),
        report,
    }
}

/// A finding that should not exist.
pub(crate) fn internal(file: FileId, what: &str) -> Diagnostic {
    Diagnostic::of_file(Code::Internal, file, what)
        .help("this is a defect of this program; please report it with the files")
}

fn read(
    input: &Input,
    file: FileId,
    device: Option<&Device>,
    library: Option<&DrugLibrary>,
    catalogue: &dyn Catalogue,
    report: &mut Report,
) -> Option<Checked> {
    let document = Document::read(input, file, report)?;
    let mut root = Section::root(&document, &crate::keys::PRESCRIPTION);
    let format = crate::format::check(&mut root, report);
    let id = root.text("id", "rig 3, water with dye", report);
    let edition = drug_library::stated_edition(&mut root, report);
    let time_zone = zone::read(&mut root, report);
    let route = root
        .required("route", "\"intrathecal\"", report)
        .and_then(|entry| Route::read(entry, report));
    let reservoir = prescription::reservoir(&mut root, report);
    let drugs = prescription::drugs(&mut root, report);
    let limits = prescription::limits(&mut root, report);
    let on_loss = prescription::on_loss(&mut root, report);
    let primary = drugs
        .iter()
        .flatten()
        .find(|drug| drug.primary)
        .map(|drug| drug.concentration.value);
    let before = report.error_count();
    let regimens = regimen::read(&mut root, catalogue, primary, report);
    let regimens_whole = report.error_count() == before && !regimens.is_empty();
    zone::needed(&root, time_zone.as_ref(), &regimens, report);
    root.finish(report);

    // From here on the files are held against each other, as far as they could be read.
    let (device, library, route, drugs) = (device?, library?, route?, drugs?);
    drug_library::check_edition(edition.as_ref(), library, report);
    let listed = mixture::listed(&drugs, route, library, report)?;
    let ceilings = Ceilings::new(device, &limits?, &listed, report)?;
    let doses = Doses {
        step: device.volume_per_step.value,
        ceilings: &ceilings,
        listed: &listed,
        regimens: &regimens,
        complete: regimens_whole,
        reservoir: reservoir.as_ref(),
    };
    doses.check(report);
    doses.check_vtbi(report);
    let on_loss = on_loss?;
    let kvo = match fallback::kvo(&on_loss, primary?) {
        Some((None, place)) => {
            report.add(too_exact("rate", place));
            return None;
        }
        Some((Some(rate), place)) => {
            doses.check_kvo(rate, place, route, report);
            rate
        }
        None => Exact::ZERO,
    };
    format?;
    let (id, reservoir) = (id?, reservoir.clone()?);
    if !regimens_whole || report.has_errors() {
        return None;
    }
    let parts = Parts {
        file,
        device,
        listed: &listed,
        ceilings: &ceilings,
        regimens: &regimens,
        reservoir: &reservoir,
        on_loss: &on_loss,
        kvo,
    };
    let core = parts.core(report)?;
    doses.note_surplus(&core, report);
    Some(Checked {
        core,
        sha256: digest(input.content.as_deref().unwrap_or_default()),
        id: id.value,
        route,
        drugs: listed.iter().map(checked_drug).collect(),
        regimens: regimens.iter().map(checked_regimen).collect(),
        time_zone: time_zone.map(|zone| zone.value),
        limits: ceilings.limits,
        volume_per_step: device.volume_per_step.value,
        device: device.clone(),
        library_version: library.version.clone(),
        library_sha256: library.sha256,
        library_path: None,
    })
}

pub(crate) fn digest(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

fn checked_drug(listed: &Listed<'_>) -> CheckedDrug {
    let (unit, unit_ng) = listed.drug.mass_unit;
    CheckedDrug {
        name: listed.drug.name.value.clone(),
        concentration: listed.drug.concentration.value,
        unit,
        unit_ng,
        primary: listed.drug.primary,
        source: listed.entry.source.clone(),
    }
}

fn checked_regimen(regimen: &Regimen) -> CheckedRegimen {
    CheckedRegimen {
        name: regimen.name.value.clone(),
        declaration: regimen.declaration.clone(),
        values: regimen.values.clone(),
        envelope: regimen.envelope,
    }
}
