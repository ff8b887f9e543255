//! Are the files still those that were checked (P06)?

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::{Aim, Finding, Site, green, red};

/// A file and the hash it must have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pin {
    /// What it is for.
    pub(crate) what: String,
    pub(crate) path: PathBuf,
    pub(crate) sha256: [u8; 32],
}

pub(super) fn unchanged(_: &Site, aim: &Aim) -> Finding {
    for pin in &aim.pins {
        let path = pin.path.display();
        match hash(&pin.path) {
            Ok(found) if found == pin.sha256 => {}
            Ok(_) => {
                return red(
                    format!("{} {path} is not the file that was checked", pin.what),
                    "propose the prescription again",
                );
            }
            Err(error) => {
                return red(
                    format!("{} {path} can't be read: {error}", pin.what),
                    "put it back, or propose the prescription again",
                );
            }
        }
    }
    match aim.pins.len() {
        0 => Finding::Skipped("nothing is proposed or armed".to_owned()),
        files => green(format!("{files} files are those that were checked")),
    }
}

fn hash(path: &Path) -> io::Result<[u8; 32]> {
    let mut file = File::open(path)?;
    let mut hasher = Sha256::new();
    let mut buffer = [0; 16 * 1024];
    loop {
        let length = file.read(&mut buffer)?;
        if length == 0 {
            return Ok(hasher.finalize().into());
        }
        hasher.update(buffer.get(..length).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_was_changed_is_not_the_one_that_was_checked() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("plugin.so");
        std::fs::write(&path, "one").expect("a file");
        let checked = hash(&path).expect("its hash");
        assert_eq!(checked, <[u8; 32]>::from(Sha256::digest(b"one")));
        std::fs::write(&path, "two").expect("a file");
        assert_ne!(hash(&path).expect("its hash"), checked);
    }
}
