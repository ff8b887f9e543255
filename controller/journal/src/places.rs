//! The files of a journal.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, RenameFlags, StatxFlags, renameat_with, statx};
use rustix::io::Errno;

use crate::trouble::{Trouble, TroubleKind};

/// Where the files of one journal are.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    pub(crate) folder: PathBuf,
    /// The journal.
    pub(crate) file: PathBuf,
    /// What was committed last and is not in the file yet.
    pub(crate) wal: PathBuf,
    /// Held by the one who writes.
    pub(crate) lock: PathBuf,
    /// A journal that is being made and was never in use.
    pub(crate) scratch: PathBuf,
}

/// Which file it is, whatever its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    device: (u32, u32),
    inode: u64,
    /// A file system that was mounted again is another one to whoever has files of it open.
    mount: u64,
}

impl Places {
    pub(crate) fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            file: folder.join("journal.db"),
            wal: folder.join("journal.db-wal"),
            lock: folder.join("journal.lock"),
            scratch: folder.join("journal.db.new"),
        }
    }

    /// A journal that somebody has copied under a name of its own.
    pub(crate) fn of(file: &Path) -> Self {
        let beside = |end: &str| {
            let mut name = OsString::from(file);
            name.push(end);
            PathBuf::from(name)
        };
        Self {
            folder: file.parent().unwrap_or_else(|| Path::new("")).to_owned(),
            file: file.to_owned(),
            wal: beside("-wal"),
            lock: beside(".lock"),
            scratch: beside(".new"),
        }
    }

    /// The file and what belongs to it, as they are now. The latter is `None` where it is
    /// empty, as somebody who only looks can leave it.
    pub(crate) fn identities(&self) -> Result<(Option<Identity>, Option<Identity>), Trouble> {
        let file = identity(&self.file).map_err(|error| Trouble::os(&self.file, &error))?;
        let wal = identity(&self.wal).map_err(|error| Trouble::os(&self.wal, &error))?;
        Ok((
            file.map(|(identity, _)| identity),
            wal.and_then(|(identity, length)| (length > 0).then_some(identity)),
        ))
    }

    /// Makes a change of names in the folder durable.
    pub(crate) fn sync_folder(&self) -> Result<(), Trouble> {
        File::open(&self.folder)
            .and_then(|folder| folder.sync_all())
            .map_err(|error| Trouble::os(&self.folder, &error))
    }

    /// Gives the scratch file its name, unless there is one of that name already.
    pub(crate) fn put_in_place(&self) -> Result<(), Trouble> {
        File::open(&self.scratch)
            .and_then(|file| file.sync_all())
            .map_err(|error| Trouble::os(&self.scratch, &error))?;
        match renameat_with(CWD, &self.scratch, CWD, &self.file, RenameFlags::NOREPLACE) {
            Ok(()) => self.sync_folder(),
            Err(Errno::EXIST) => Err(Trouble::new(
                TroubleKind::Replaced,
                &self.file,
                "it appeared while a new one was made",
            )),
            Err(error) => Err(Trouble::os(&self.file, &error.into())),
        }
    }

    /// Copies what was committed last to a file of its own. Whoever wrote it may have had a
    /// disk that failed: then what the kernel shows of the file is not what is on the disk, and
    /// never would be.
    pub(crate) fn renew_log(&self) -> Result<(), Trouble> {
        let copy = self.folder.join("journal.db-wal.new");
        let renew = || {
            let meta = fs::metadata(&self.wal)?;
            let file = File::create(&copy)?;
            // Byte by byte: a copy that shares the other's place on the disk would be none.
            file.write_all_at(&fs::read(&self.wal)?, 0)?;
            file.set_permissions(meta.permissions())?;
            file.sync_all()?;
            fs::rename(&copy, &self.wal)
        };
        renew().map_err(|error| Trouble::os(&self.wal, &error))?;
        self.sync_folder()
    }

    /// Gives what is left beside a file that is gone another name, under which it belongs to
    /// no file.
    pub(crate) fn set_aside(&self) -> Result<(), Trouble> {
        for end in ["-wal", "-shm"] {
            let left = self.folder.join(format!("journal.db{end}"));
            let mut number = 0_u32;
            loop {
                let aside = self.folder.join(format!("journal.db{end}.left{number}"));
                match renameat_with(CWD, &left, CWD, &aside, RenameFlags::NOREPLACE) {
                    Ok(()) | Err(Errno::NOENT) => break,
                    Err(Errno::EXIST) => number = number.saturating_add(1),
                    Err(error) => return Err(Trouble::os(&left, &error.into())),
                }
            }
        }
        Ok(())
    }

    /// Removes what an interrupted making of a journal has left.
    pub(crate) fn clear_scratch(&self) -> Result<(), Trouble> {
        for end in ["", "-journal", "-wal", "-shm"] {
            let mut name: OsString = self.scratch.clone().into();
            name.push(end);
            let name = PathBuf::from(name);
            match fs::remove_file(&name) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(Trouble::os(&name, &error));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

fn identity(path: &Path) -> io::Result<Option<(Identity, u64)>> {
    let what = StatxFlags::INO | StatxFlags::SIZE | StatxFlags::MNT_ID;
    match statx(CWD, path, AtFlags::empty(), what) {
        Ok(found) => Ok(Some((
            Identity {
                device: (found.stx_dev_major, found.stx_dev_minor),
                inode: found.stx_ino,
                mount: found.stx_mnt_id,
            },
            found.stx_size,
        ))),
        Err(Errno::NOENT) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The path as SQLite's URI, with its options.
pub(crate) fn uri(path: &Path, options: &str) -> String {
    let mut uri = String::from("file:");
    for &byte in path.as_os_str().as_bytes() {
        match byte {
            b'/' | b'-' | b'_' | b'.' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => {
                uri.push(byte.into());
            }
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri.push('?');
    uri.push_str(options);
    uri
}
