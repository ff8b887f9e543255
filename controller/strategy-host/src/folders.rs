//! Plugins by name, in folders.

use crate::elf;
use crate::helper::Helper;
use crate::image::{Image, ImageError};
use crate::plugin::{LoadError, Plugin};
use crate::probe::{PROBE_TIMEOUT, ProbeError, Probed};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use strategy_link::{Declaration, Sha256};

/// Why a strategy is not to be had.
#[derive(Debug)]
pub enum FolderError {
    /// A folder that was asked for can't be read.
    Folder {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is in none of the folders.
    NotFound {
        /// The strategy's name.
        name: String,
        /// Where it was looked for.
        folders: Vec<PathBuf>,
    },
    /// It is in more than one folder.
    FoundTwice {
        /// The strategy's name.
        name: String,
        /// The first file.
        first: PathBuf,
        /// The second file.
        second: PathBuf,
    },
    /// The file declares another name than its own.
    OtherName {
        /// The file.
        path: PathBuf,
        /// The name it should declare.
        expected: String,
        /// The name it declares.
        declared: String,
    },
    /// It is there, but not as the file that is wanted.
    OtherHash {
        /// The strategy's name.
        name: String,
        /// The hash that is wanted.
        expected: Sha256,
        /// The files of this name, with theirs.
        found: Vec<(PathBuf, Sha256)>,
    },
    /// The file is no shared library for this machine.
    Image(ImageError),
    /// The probe refused it.
    Probe(ProbeError),
    /// It could not be loaded.
    Load(LoadError),
}

impl fmt::Display for FolderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder { path, source } => {
                write!(
                    f,
                    "{}: the strategy folder can't be read: {source}",
                    path.display()
                )
            }
            Self::NotFound { name, folders } => {
                let file = file_name(name);
                write!(f, "no strategy is called `{name}`: there is no {file}")?;
                let mut joint = " in ";
                for folder in folders {
                    write!(f, "{joint}{}", folder.display())?;
                    joint = " or ";
                }
                Ok(())
            }
            Self::FoundTwice {
                name,
                first,
                second,
            } => write!(
                f,
                "the strategy `{name}` is there twice: {} and {}; remove one, or one of the \
                 folders",
                first.display(),
                second.display()
            ),
            Self::OtherName {
                path,
                expected,
                declared,
            } => write!(
                f,
                "{}: it declares the name `{declared}`, but this file's strategy is \
                 `{expected}`; rename the file to {}",
                path.display(),
                file_name(declared)
            ),
            Self::OtherHash {
                name,
                expected,
                found,
            } => {
                write!(
                    f,
                    "no plugin of the strategy `{name}` has the SHA-256 {expected}"
                )?;
                let mut joint = ": ";
                for (path, sha256) in found {
                    write!(f, "{joint}{} has {sha256}", path.display())?;
                    joint = ", ";
                }
                Ok(())
            }
            Self::Image(error) => error.fmt(f),
            Self::Probe(error) => error.fmt(f),
            Self::Load(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for FolderError {}

/// `liba_b.so` for `a-b`.
fn file_name(name: &str) -> String {
    format!("lib{}.so", name.replace('-', "_"))
}

/// `a-b` for `liba_b.so`.
fn strategy_name(file: &str) -> Option<String> {
    let stem = file.strip_prefix("lib")?.strip_suffix(".so")?;
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    (!stem.is_empty() && stem.chars().all(plain)).then(|| stem.replace('_', "-"))
}

/// What asking for a strategy gave. The error is shared because it is remembered: a plugin
/// that hangs is probed once, and not again for every regimen that names it.
type Answer<T> = Result<T, Arc<FolderError>>;

/// The plugins in some folders, by the names that prescriptions use. Each is looked for and
/// probed once, when it is first asked for; what was probed then is what is loaded.
#[derive(Debug)]
pub struct StrategyFolders {
    helper: Helper,
    timeout: Duration,
    folders: Vec<PathBuf>,
    known: Mutex<BTreeMap<String, Answer<Arc<Probed>>>>,
}

impl StrategyFolders {
    /// No folder yet.
    pub const fn new(helper: Helper) -> Self {
        Self {
            helper,
            timeout: PROBE_TIMEOUT,
            folders: Vec::new(),
            known: Mutex::new(BTreeMap::new()),
        }
    }

    /// Adds a folder. The same folder again, under whichever path, changes nothing.
    ///
    /// # Errors
    /// It does not exist or can't be read.
    pub fn add(&mut self, folder: impl AsRef<Path>) -> Result<(), FolderError> {
        let folder = folder.as_ref();
        let failed = |source| FolderError::Folder {
            path: folder.to_owned(),
            source,
        };
        let real = folder.canonicalize().map_err(failed)?;
        std::fs::read_dir(&real).map_err(failed)?;
        if !self.folders.contains(&real) {
            self.folders.push(real);
            // A name that was found once may be there twice now.
            self.known
                .get_mut()
                .unwrap_or_else(PoisonError::into_inner)
                .clear();
        }
        Ok(())
    }

    /// The program that looks at plugins.
    pub const fn helper(&self) -> &Helper {
        &self.helper
    }

    /// The folders, in the order in which they were added.
    pub fn folders(&self) -> &[PathBuf] {
        &self.folders
    }

    /// The names of the strategies that are there, going by their files, sorted. Nothing is
    /// opened for it: a name in this list may still be refused.
    pub fn names(&self) -> Vec<String> {
        let entries = self
            .folders
            .iter()
            .filter_map(|folder| std::fs::read_dir(folder).ok());
        let files = entries
            .flatten()
            .filter_map(Result::ok)
            .map(|entry| entry.file_name());
        let names: BTreeSet<String> = files
            .filter_map(|file| file.to_str().and_then(strategy_name))
            .collect();
        names.into_iter().collect()
    }

    /// What the strategy of this name declares.
    ///
    /// # Errors
    /// It is not there, is there twice, or its plugin is refused.
    pub fn declaration(&self, name: &str) -> Answer<Declaration> {
        self.probed(name).map(|probed| probed.declaration().clone())
    }

    /// The hash of the plugin of this name.
    ///
    /// # Errors
    /// As for [`StrategyFolders::declaration`].
    pub fn sha256(&self, name: &str) -> Answer<Sha256> {
        self.probed(name).map(|probed| probed.sha256())
    }

    /// Loads the plugin of this name into this process.
    ///
    /// # Errors
    /// As for [`StrategyFolders::declaration`], or it can't be loaded.
    pub fn load(&self, name: &str) -> Answer<Plugin> {
        self.probed(name)?
            .load()
            .map_err(|error| Arc::new(FolderError::Load(error)))
    }

    /// Loads the plugin of this name and this hash, from whichever folder it is in; there may
    /// be others of its name.
    ///
    /// # Errors
    /// There is none, or it is refused, or it can't be loaded.
    pub fn load_pinned(&self, name: &str, expected: Sha256) -> Result<Plugin, FolderError> {
        let mut found = Vec::new();
        for path in self.files(name) {
            match Image::pinned(&path, expected) {
                Ok((image, bytes)) => {
                    elf::check(&bytes)
                        .map_err(|fault| FolderError::Image(ImageError::Elf { path, fault }))?;
                    return self.load_image(image);
                }
                Err(ImageError::OtherHash { path, found: other }) => found.push((path, other)),
                Err(error) => return Err(FolderError::Image(error)),
            }
        }
        if found.is_empty() {
            return Err(self.not_found(name));
        }
        Err(FolderError::OtherHash {
            name: name.to_owned(),
            expected,
            found,
        })
    }

    /// Loads a plugin from a file that is in no folder of these.
    ///
    /// # Errors
    /// It is refused, or it can't be loaded.
    pub fn load_file(&self, path: &Path) -> Result<Plugin, FolderError> {
        self.load_image(Image::read(path).map_err(FolderError::Image)?)
    }

    fn load_image(&self, image: Image) -> Result<Plugin, FolderError> {
        let probed = image.probe(&self.helper, self.timeout);
        let loaded = probed.map_err(FolderError::Probe)?.load();
        loaded.map_err(FolderError::Load)
    }

    /// The plugin of this name, looked at and not loaded.
    ///
    /// # Errors
    /// As for [`StrategyFolders::declaration`].
    pub fn probed(&self, name: &str) -> Answer<Arc<Probed>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let first = || self.probe(name).map(Arc::new).map_err(Arc::new);
        known.entry(name.to_owned()).or_insert_with(first).clone()
    }

    fn probe(&self, name: &str) -> Result<Probed, FolderError> {
        let path = self.find(name)?;
        let image = Image::read(&path).map_err(FolderError::Image)?;
        let probed = image
            .probe(&self.helper, self.timeout)
            .map_err(FolderError::Probe)?;
        let declared = &probed.declaration().name;
        if declared != name {
            return Err(FolderError::OtherName {
                path,
                expected: name.to_owned(),
                declared: declared.clone(),
            });
        }
        Ok(probed)
    }

    fn not_found(&self, name: &str) -> FolderError {
        FolderError::NotFound {
            name: name.to_owned(),
            folders: self.folders.clone(),
        }
    }

    /// The files of this name.
    fn files(&self, name: &str) -> impl Iterator<Item = PathBuf> + use<'_> {
        let file = file_name(name);
        // A name is a word, never a path; and `a_b` is not another way to write `a-b`.
        let is_name = strategy_name(&file).as_deref() == Some(name);
        let folders = self.folders.iter().filter(move |_| is_name);
        folders
            .map(move |folder| folder.join(&file))
            // A link that leads nowhere is there too: reading it says what is wrong with it.
            .filter(|path| path.symlink_metadata().is_ok())
    }

    fn find(&self, name: &str) -> Result<PathBuf, FolderError> {
        let mut found = self.files(name);
        let first = found.next().ok_or_else(|| self.not_found(name))?;
        match found.next() {
            None => Ok(first),
            Some(second) => Err(FolderError::FoundTwice {
                name: name.to_owned(),
                first,
                second,
            }),
        }
    }
}
