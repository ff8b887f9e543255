//! A device and its drug library, read once by whoever checks several prescriptions for them.

use std::path::Path;

use crate::catalogue::Catalogue;
use crate::checked::{Outcome, check, library_path};
use crate::device::{self, Device};
use crate::drug_library::{self, DrugLibrary};
use crate::input::Input;
use crate::report::Report;

/// A device and what is allowed of each drug there.
#[derive(Clone, Debug)]
pub struct Bench {
    /// The device.
    pub device: Device,
    /// The drug library.
    pub library: DrugLibrary,
    inputs: [Input; 2],
}

impl Bench {
    /// Reads a device, and the drug library that it names unless another one is given.
    ///
    /// # Errors
    ///
    /// Every finding, where one of them is wrong.
    pub fn open(device: &Path, drug_library: Option<&Path>) -> Result<Self, Report> {
        let mut report = Report::default();
        let input = Input::open(device);
        let file = report.add_file(&input.name);
        let (found, named) = device::read(&input, file, &mut report);
        let path = library_path(named, device, drug_library, file, &mut report);
        let library = path.and_then(|path| {
            let input = Input::open(&path);
            let file = report.add_file(&input.name);
            let library = drug_library::read(&input, file, &mut report)?;
            Some((library, input))
        });
        report.sort();
        match (found, library) {
            (Some(device), Some((library, of_library))) if !report.has_errors() => Ok(Self {
                device,
                library,
                inputs: [input, of_library],
            }),
            _ => Err(report),
        }
    }

    /// Checks a prescription for them.
    pub fn check(&self, prescription: &Input, catalogue: &dyn Catalogue) -> Outcome {
        let [device, library] = &self.inputs;
        check(prescription, device, library, catalogue)
    }
}
