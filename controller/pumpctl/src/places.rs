//! Where the configuration and the strategies are.

use std::path::{Path, PathBuf};

use pump_prescription::{Catalogue, CatalogueError, Checked, Outcome, Severity, check_files};
use strategy_host::{FolderError, Helper, StrategyFolders};
use strategy_link::Declaration;

use crate::cli::PlaceArgs;
use crate::failure::Failure;

/// Where a package puts the configuration and the strategies.
const PACKAGED_CONFIG: &str = "/etc/pumpd";
const PACKAGED_STRATEGIES: &str = "/usr/lib/pumpd/strategies";
const DEVICE: &str = "pump.toml";

/// The device's file, the drug library's, and the strategies.
pub(crate) struct Places {
    pub(crate) device: PathBuf,
    pub(crate) drug_library: Option<PathBuf>,
    pub(crate) strategies: StrategyFolders,
}

impl Places {
    /// Finds everything, going by the command line first.
    pub(crate) fn find(args: &PlaceArgs) -> Result<Self, Failure> {
        let device = match &args.device {
            Some(path) => path.clone(),
            None => default_device()?,
        };
        log::debug!("device: {}", device.display());
        Ok(Self {
            device,
            drug_library: args.drug_library.clone(),
            strategies: strategies(&args.strategies)?,
        })
    }

    /// Checks a prescription against the device, the drug library and the strategies.
    pub(crate) fn check(&self, prescription: &Path) -> Outcome {
        let library = self.drug_library.as_deref();
        check_files(
            prescription,
            &self.device,
            library,
            &Installed(&self.strategies),
        )
    }

    /// Checks a prescription that is to be used; its errors go to standard error.
    pub(crate) fn checked(&self, prescription: &Path) -> Result<Checked, Failure> {
        let Outcome { checked, report } = self.check(prescription);
        let Some(checked) = checked else {
            eprint_report(&report.to_string());
            return Err(Failure::Input(format!(
                "error: {} is refused: {}",
                prescription.display(),
                report.summary()
            )));
        };
        if report.count(Severity::Warning) > 0 {
            let (shown, summary) = (prescription.display(), report.summary());
            log::warn!("{shown}: {summary}; `pumpctl check` shows them");
        }
        Ok(checked)
    }
}

/// The strategies beside this program, the packaged ones, and those in further folders.
pub(crate) fn strategies(further: &[PathBuf]) -> Result<StrategyFolders, Failure> {
    let helper = Helper::find().map_err(Failure::input)?;
    let mut strategies = StrategyFolders::new(helper);
    let beside = program_folder();
    let packaged = PathBuf::from(PACKAGED_STRATEGIES);
    for folder in beside
        .into_iter()
        .chain(Some(packaged))
        .filter(|folder| folder.is_dir())
    {
        // A default folder that can't be read holds nothing for us.
        if let Err(error) = strategies.add(&folder) {
            log::warn!("{error}");
        }
    }
    for folder in further {
        strategies.add(folder).map_err(Failure::input)?;
    }
    for folder in strategies.folders() {
        log::debug!("strategies from {}", folder.display());
    }
    Ok(strategies)
}

pub(crate) fn eprint_report(text: &str) {
    use std::io::Write as _;
    // Where nobody can read it, the exit code still says it.
    let _ = std::io::stderr().write_all(text.as_bytes());
}

fn program_folder() -> Option<PathBuf> {
    let program = std::env::current_exe().ok()?;
    program.parent().map(Path::to_owned)
}

/// `config/pump.toml` in the program's folder or any above it, else the packaged one.
fn default_device() -> Result<PathBuf, Failure> {
    let above = program_folder();
    let above = above.iter().flat_map(|folder| folder.ancestors());
    let candidates = above.map(|folder| folder.join("config").join(DEVICE));
    let packaged = Path::new(PACKAGED_CONFIG).join(DEVICE);
    let found = candidates.chain(Some(packaged)).find(|path| path.is_file());
    found.ok_or_else(|| {
        Failure::Input(format!(
            "there is no device file: no config/{DEVICE} in the folder of this program or any \
             above it, and no {PACKAGED_CONFIG}/{DEVICE}; name one with --device FILE"
        ))
    })
}

/// The installed strategies as the checks ask for them.
pub(crate) struct Installed<'a>(pub(crate) &'a StrategyFolders);

impl Catalogue for Installed<'_> {
    fn declaration(&self, name: &str) -> Result<Declaration, CatalogueError> {
        match self.0.declaration(name) {
            Ok(declaration) => {
                log::debug!("strategy {name} {}", declaration.version);
                Ok(declaration)
            }
            Err(error) => match error.as_ref() {
                FolderError::NotFound { .. } => Err(CatalogueError::Unknown),
                error => Err(CatalogueError::Unusable(error.to_string())),
            },
        }
    }

    fn names(&self) -> Vec<String> {
        self.0.names()
    }
}
