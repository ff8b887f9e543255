//! A disk, and what may be left on it after its power was cut.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::dice::Dice;
use crate::trace::Call;

/// What is written as one, or spoilt.
const SECTOR: usize = 4096;

#[derive(Clone, Debug)]
enum Change {
    Write { at: usize, bytes: Vec<u8> },
    Resize(usize),
}

/// A file, whatever its name.
#[derive(Clone, Debug, Default)]
struct Content {
    synced: Vec<u8>,
    /// What the disk may have done since, or not.
    pending: Vec<Change>,
}

type Names = BTreeMap<String, usize>;

/// A folder's part of a disk.
#[derive(Clone, Debug)]
pub struct Disk {
    files: Vec<Content>,
    names: Names,
    /// The names as they were synced, and after each change since. What is changed in a folder
    /// reaches the disk in its order.
    folder: Vec<Names>,
}

impl Disk {
    /// As a folder is.
    ///
    /// # Panics
    /// Where it can't be read.
    pub fn of(folder: &Path) -> Self {
        let mut files = Vec::new();
        let mut names = Names::new();
        for file in fs::read_dir(folder).expect("a folder") {
            let file = file.expect("a file");
            let name = file.file_name().into_string().expect("a plain name");
            names.insert(name, files.len());
            files.push(Content {
                synced: fs::read(file.path()).expect("read"),
                pending: Vec::new(),
            });
        }
        Self {
            files,
            folder: vec![names.clone()],
            names,
        }
    }

    /// Does what a call does.
    ///
    /// # Panics
    /// Where the call is about a file that no call before has made.
    pub fn take(&mut self, call: &Call) {
        match call {
            Call::Said(_) => {}
            Call::Made { name, emptied } => {
                if self.names.contains_key(name) {
                    if *emptied {
                        self.change(name, Change::Resize(0));
                    }
                } else {
                    self.names.insert(name.clone(), self.files.len());
                    self.files.push(Content::default());
                    self.folder.push(self.names.clone());
                }
            }
            Call::Wrote { name, at, bytes } => self.change(
                name,
                Change::Write {
                    at: *at,
                    bytes: bytes.clone(),
                },
            ),
            Call::Resized { name, length } => self.change(name, Change::Resize(*length)),
            Call::Synced(name) => {
                let file = &mut self.files[self.names[name]];
                for change in std::mem::take(&mut file.pending) {
                    change.apply(&mut file.synced);
                }
            }
            // The kernel tells it once and takes the pages for written: they never will be, and
            // who reads the file sees them all the same.
            Call::FailedToSync(name) => self.files[self.names[name]].pending.clear(),
            Call::SyncedFolder => self.folder = vec![self.names.clone()],
            Call::Removed(name) => {
                self.names.remove(name);
                self.folder.push(self.names.clone());
            }
            Call::Renamed { from, to } => {
                let file = self.names.remove(from).expect("a file");
                self.names.insert(to.clone(), file);
                self.folder.push(self.names.clone());
            }
        }
    }

    fn change(&mut self, name: &str, change: Change) {
        // What processes share is not read from the disk again.
        if !name.ends_with("-shm") {
            self.files[self.names[name]].pending.push(change);
        }
    }

    /// Makes up what may be left.
    ///
    /// # Panics
    /// Where it can't be written into the folder.
    pub fn after_power_loss(&self, folder: &Path, dice: &mut Dice) {
        let names = &self.folder[dice.below(self.folder.len())];
        for (name, file) in names {
            let file = &self.files[*file];
            let mut bytes = file.synced.clone();
            let mut pending = file.pending.clone();
            // A disk is free to take them in another order.
            for last in (1..pending.len()).rev() {
                if dice.below(4) == 0 {
                    pending.swap(last, dice.below(last + 1));
                }
            }
            // Mostly much of it arrives or little, or nothing, so that either end is met.
            let arrives = [0, 1, 5, 9][dice.below(4)];
            for change in &pending {
                if dice.below(10) < arrives {
                    change.apply(&mut bytes);
                } else if dice.below(2) == 0 {
                    change.tear(&mut bytes, dice);
                }
            }
            if name.ends_with("-shm") {
                bytes = (0..dice.below(40_000))
                    .map(|_| dice.below(256) as u8)
                    .collect();
            }
            fs::write(folder.join(name), bytes).expect("written");
        }
    }
}

impl Disk {
    /// What whoever opens the files sees as long as the machine lives: all that was written.
    ///
    /// # Panics
    /// Where it can't be written into the folder.
    pub fn after_process_death(&self, folder: &Path) {
        for (name, file) in &self.names {
            let file = &self.files[*file];
            let mut bytes = file.synced.clone();
            for change in &file.pending {
                change.apply(&mut bytes);
            }
            fs::write(folder.join(name), bytes).expect("written");
        }
    }
}

impl Change {
    fn apply(&self, file: &mut Vec<u8>) {
        match self {
            Self::Resize(length) => file.resize(*length, 0),
            Self::Write { at, bytes } => {
                let end = at + bytes.len();
                if file.len() < end {
                    file.resize(end, 0);
                }
                file[*at..end].copy_from_slice(bytes);
            }
        }
    }

    /// The power went while it was being done: each sector is new, or old, or spoilt.
    fn tear(&self, file: &mut Vec<u8>, dice: &mut Dice) {
        let Self::Write { at, bytes } = self else {
            return;
        };
        let before = file.clone();
        self.apply(file);
        let end = at + bytes.len();
        for sector in at / SECTOR..=(end - 1) / SECTOR {
            let (from, to) = (sector * SECTOR, ((sector + 1) * SECTOR).min(file.len()));
            match dice.below(3) {
                0 => {}
                1 => {
                    let old = before
                        .iter()
                        .copied()
                        .skip(from)
                        .chain(std::iter::repeat(0));
                    for (byte, old) in file[from..to].iter_mut().zip(old) {
                        *byte = old;
                    }
                }
                _ => {
                    let from = from + dice.below(to - from);
                    for byte in &mut file[from..to] {
                        *byte = dice.below(256) as u8;
                    }
                }
            }
        }
    }
}
