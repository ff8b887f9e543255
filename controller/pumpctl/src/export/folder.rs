//! The folder that an export goes to.

use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// A folder. One that was made for the export goes away again where that fails.
pub(super) struct Folder {
    path: PathBuf,
    made: bool,
}

impl Folder {
    /// Makes it where it is missing. None of these files may be in it, but by `force`.
    ///
    /// # Errors
    /// Where one is, or the folder can't be made.
    pub(super) fn open(path: &Path, names: &[String], force: bool) -> Result<Self, Failure> {
        if path.is_dir() {
            let there = names.iter().map(|name| path.join(name));
            // A link that leads nowhere is there too.
            let there = there.filter(|file| file.symlink_metadata().is_ok());
            if let Some(file) = there.filter(|_| !force).min() {
                return Err(Failure::input(format_args!(
                    "{} is there already; name another folder, or replace it with --force",
                    file.display()
                )));
            }
            return Ok(Self {
                path: path.to_owned(),
                made: false,
            });
        }
        fs::create_dir(path).map_err(|error| {
            Failure::input(format_args!(
                "the folder {} can't be made: {error}",
                path.display()
            ))
        })?;
        Ok(Self {
            path: path.to_owned(),
            made: true,
        })
    }

    /// The export has come to an end.
    pub(super) fn keep(mut self) {
        self.made = false;
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.made {
            // Whatever else has come into it since stays, and the folder with it.
            let _ = fs::remove_dir(&self.path);
        }
    }
}
