//! What is expensive to make: kept outside the checkout, each under the hash of whatever it
//! is made from.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use super::packages;
use crate::checkout::Checkout;
use crate::tool::{self, Failure};

const VARIABLE: &str = "PUMPD_VBB_CACHE";
/// What makes everything here, and the overlay on the root file system.
const HOME: &str = "deploy/virtual-beaglebone";

/// One thing in the cache: a folder whose name ends in the hash of its sources.
struct Item {
    name: &'static str,
    /// Where a script of the checkout makes it, called with the folder.
    script: PathBuf,
    sources: Vec<PathBuf>,
    /// The last file that the script leaves.
    product: &'static str,
    how_long: &'static str,
}

/// The cache of this checkout's machine.
pub(crate) struct Cache<'a> {
    here: &'a Checkout,
    folder: PathBuf,
}

/// The parts of a machine, ready to boot.
#[derive(Clone, Debug)]
pub(crate) struct Parts {
    /// The compressed kernel.
    pub(crate) kernel: PathBuf,
    /// A disk nobody writes to.
    pub(crate) disk: PathBuf,
}

impl<'a> Cache<'a> {
    /// The folder that the environment names, else one in the user's own cache.
    ///
    /// # Errors
    /// Where there is no home to keep it in.
    pub(crate) fn of(here: &'a Checkout) -> Result<Self, Failure> {
        let named = std::env::var_os(VARIABLE).map(PathBuf::from);
        let folder = named
            .or_else(|| {
                let home = std::env::var_os("HOME")?;
                Some(PathBuf::from(home).join(".cache/pumpd-virtual-beaglebone"))
            })
            .ok_or_else(|| {
                Failure::new(format!(
                    "there is no home folder to keep the machine in\nhelp: say where: {VARIABLE}=/some/folder"
                ))
            })?;
        Ok(Self { here, folder })
    }

    /// Whether kernel and root file system are there, so that nothing takes long.
    pub(crate) fn is_warm(&self) -> Result<bool, Failure> {
        Ok(self.is_there(&self.kernel())? && self.is_there(&self.rootfs())?)
    }

    /// Kernel and disk, made where they are missing.
    ///
    /// # Errors
    /// Where something can't be made, with what the script said.
    pub(crate) fn parts(&self) -> Result<Parts, Failure> {
        let kernel = self.make(&self.kernel())?;
        let rootfs = self.make(&self.rootfs())?;
        let disk = self.disk(&rootfs)?;
        Ok(Parts { kernel, disk })
    }

    fn kernel(&self) -> Item {
        self.item("kernel", "kernel/build.sh", &["kernel"], "zImage")
            .taking("10 to 25 minutes")
    }

    fn rootfs(&self) -> Item {
        self.item(
            "rootfs",
            "rootfs/build.sh",
            &["rootfs/build.sh", "rootfs/packages"],
            "rootfs.tar",
        )
        .taking("4 to 10 minutes")
    }

    fn item(
        &self,
        name: &'static str,
        script: &str,
        sources: &[&str],
        product: &'static str,
    ) -> Item {
        let home = self.here.path(HOME);
        let mut sources: Vec<PathBuf> = sources.iter().map(|source| home.join(source)).collect();
        sources.push(home.join("mirror.sh"));
        Item {
            name,
            script: home.join(script),
            sources,
            product,
            how_long: "",
        }
    }

    fn place(&self, item: &Item) -> Result<PathBuf, Failure> {
        let key = hash_of(&item.sources)?;
        Ok(self.folder.join(format!("{}-{key:016x}", item.name)))
    }

    fn is_there(&self, item: &Item) -> Result<bool, Failure> {
        Ok(self.place(item)?.join(item.product).is_file())
    }

    fn make(&self, item: &Item) -> Result<PathBuf, Failure> {
        let place = self.place(item)?;
        let product = place.join(item.product);
        if product.is_file() {
            return Ok(product);
        }
        create(&place)?;
        // Two at once would tread on each other; the second finds what the first has made.
        let _held = Hold::on(&place)?;
        if product.is_file() {
            return Ok(product);
        }
        packages::need(item.name)?;
        tool::heading(&format!(
            "{}: makes {}, once; {}",
            item.name,
            place.display(),
            item.how_long
        ));
        let begun = Instant::now();
        tool::run(Command::new("bash").arg(&item.script).arg(&place))?;
        eprintln!(
            "{} is ready after {} s",
            item.name,
            begun.elapsed().as_secs()
        );
        Ok(product)
    }

    /// The disk that the root file system and this checkout's overlay give.
    fn disk(&self, rootfs: &Path) -> Result<PathBuf, Failure> {
        let home = self.here.path(HOME);
        let (machine, script) = (home.join("machine"), home.join("rootfs/image.sh"));
        let key = hash_of(&[machine.clone(), script.clone()])?;
        let disk = rootfs.with_file_name(format!("disk-{key:016x}.img"));
        let _held = Hold::on(rootfs.parent().unwrap_or(&self.folder))?;
        if !disk.is_file() {
            packages::need("disk")?;
            tool::heading("laying this checkout's machine/ over the root file system");
            let mut image = Command::new("bash");
            image.arg(script).args([rootfs, &machine, &disk]);
            tool::run(&mut image)?;
        }
        Ok(disk)
    }
}

impl Item {
    fn taking(mut self, how_long: &'static str) -> Self {
        self.how_long = how_long;
        self
    }
}

/// A lock that goes with the process, however it ends.
struct Hold(File);

impl Hold {
    fn on(folder: &Path) -> Result<Self, Failure> {
        let path = folder.join("lock");
        let said = |error| Failure::new(format!("{}: {error}", path.display()));
        let file = File::create(&path).map_err(said)?;
        if file.try_lock().is_err() {
            eprintln!("waiting for whoever makes {}", folder.display());
            file.lock().map_err(said)?;
        }
        Ok(Self(file))
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        // Closing the file would do; a lock that can't be given back goes with it.
        let _ = self.0.unlock();
    }
}

pub(crate) fn create(folder: &Path) -> Result<(), Failure> {
    fs::create_dir_all(folder)
        .map_err(|error| Failure::new(format!("{} can't be made: {error}", folder.display())))
}

/// FNV-1a over names and contents, folders in order. It tells versions apart and guards
/// against nobody.
fn hash_of(sources: &[PathBuf]) -> Result<u64, Failure> {
    let mut hash = Fnv::new();
    for source in sources {
        hash.path(source)?;
    }
    Ok(hash.0)
}

struct Fnv(u64);

impl Fnv {
    fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    fn path(&mut self, path: &Path) -> Result<(), Failure> {
        let said = |error| Failure::new(format!("{}: {error}", path.display()));
        self.bytes(path.file_name().unwrap_or_default().as_encoded_bytes());
        self.bytes(&[0]);
        let kind = fs::symlink_metadata(path).map_err(said)?;
        if kind.is_symlink() {
            self.bytes(
                fs::read_link(path)
                    .map_err(said)?
                    .as_os_str()
                    .as_encoded_bytes(),
            );
        } else if kind.is_dir() {
            let entries: Result<Vec<_>, _> = fs::read_dir(path).map_err(said)?.collect();
            let mut below: Vec<PathBuf> = entries
                .map_err(said)?
                .iter()
                .map(fs::DirEntry::path)
                .collect();
            below.sort();
            for entry in &below {
                self.path(entry)?;
            }
        } else {
            self.bytes(&fs::read(path).map_err(said)?);
        }
        self.bytes(&[0]);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_follows_names_and_contents_below_a_folder() {
        let folder = std::env::temp_dir().join(format!("xtask-hash-{}", std::process::id()));
        fs::create_dir_all(folder.join("a/b")).unwrap();
        fs::write(folder.join("a/b/c"), "one").unwrap();
        let hash = || hash_of(&[folder.join("a")]).unwrap();
        let first = hash();
        assert_eq!(hash(), first);
        fs::write(folder.join("a/b/c"), "two").unwrap();
        let second = hash();
        assert_ne!(second, first);
        fs::rename(folder.join("a/b/c"), folder.join("a/b/d")).unwrap();
        assert_ne!(hash(), second);
        fs::remove_dir_all(&folder).unwrap();
        assert!(hash_of(&[folder]).is_err());
    }
}
