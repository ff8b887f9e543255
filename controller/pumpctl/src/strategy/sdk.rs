//! Where the kit for writing strategies is.

use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// Where a package puts it.
const PACKAGED: &str = "/usr/share/pumpd/sdk";
/// Where a checkout has it, below its root.
const IN_A_CHECKOUT: &str = "strategies";

/// What must be there, below the folder.
const PARTS: [&str; 4] = [
    "sdk/Cargo.toml",
    "sdk/src/lib.rs",
    "abi/Cargo.toml",
    "abi/strategy.h",
];

fn missing(folder: &Path) -> Option<&'static str> {
    PARTS.into_iter().find(|part| !folder.join(part).is_file())
}

/// The folder that holds `sdk` and `abi`: the one that is named, or that of the build tree in
/// which this program lies, or the packaged one.
pub(super) fn find(named: Option<&Path>) -> Result<PathBuf, Failure> {
    if let Some(named) = named {
        let real = named.canonicalize();
        let real = real.map_err(|error| {
            Failure::Input(format!(
                "{}: the SDK can't be read: {error}",
                named.display()
            ))
        })?;
        return match missing(&real) {
            None => Ok(real),
            Some(part) => Err(Failure::Input(format!(
                "{}: this is not the SDK: there is no {part} in it; it is the folder \
                 {IN_A_CHECKOUT} of a checkout, or {PACKAGED}",
                real.display()
            ))),
        };
    }
    let program = std::env::current_exe().unwrap_or_default();
    let above = program.ancestors().skip(1);
    let candidates = above.map(|folder| folder.join(IN_A_CHECKOUT));
    let mut candidates = candidates.chain([PathBuf::from(PACKAGED)]);
    candidates
        .find(|folder| missing(folder).is_none())
        .ok_or_else(|| {
            Failure::Input(format!(
                "the SDK is not there: no {IN_A_CHECKOUT}/sdk in a folder above this program, \
                 and no {PACKAGED}; name it with --sdk DIR"
            ))
        })
}
