//! The package's own papers, and the packing.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::unusable;
use crate::checkout::Checkout;
use crate::machine::Machine;
use crate::tool::{self, Failure};

/// The workspace's version.
const VERSION: &str = env!("CARGO_PKG_VERSION");
const SCRIPTS: [&str; 3] = ["postinst", "prerm", "postrm"];

/// Packs what lies below `root`. The package's path.
pub(super) fn pack(
    here: &Checkout,
    machine: &Machine,
    architecture: &str,
    root: &Path,
) -> Result<PathBuf, Failure> {
    let paths = below(root)?;
    let papers = root.join("DEBIAN");
    fs::create_dir(&papers).map_err(|error| unusable(&papers, &error))?;
    let write = |name: &str, text: &[u8], mode: u32| {
        let place = papers.join(name);
        fs::write(&place, text).map_err(|error| unusable(&place, &error))?;
        fs::set_permissions(&place, fs::Permissions::from_mode(mode))
            .map_err(|error| unusable(&place, &error))
    };
    let debian = here.path("deploy/debian");
    let read = |name: &str| {
        let file = debian.join(name);
        fs::read_to_string(&file).map_err(|error| unusable(&file, &error))
    };
    for script in SCRIPTS {
        write(script, read(script)?.as_bytes(), 0o755)?;
    }
    // What an administrator changes is asked about, and kept.
    let configuration = paths.iter().filter(|path| path.starts_with("etc/"));
    let configuration: String = configuration.map(|path| format!("/{path}\n")).collect();
    write("conffiles", configuration.as_bytes(), 0o644)?;
    let ours = paths.iter().filter(|path| !path.starts_with("etc/"));
    let sums = tool::capture(Command::new("md5sum").current_dir(root).args(ours))?;
    write("md5sums", &sums.stdout, 0o644)?;
    let control = read("control")?
        .replace("@VERSION@", VERSION)
        .replace("@ARCHITECTURE@", architecture)
        .replace("@INSTALLED_SIZE@", &kibibytes(root, &paths)?.to_string())
        .replace("@GLIBC@", &newest_glibc(machine, root, &paths)?);
    write("control", control.as_bytes(), 0o644)?;

    let file = here.target(format!("debian/pumpd_{VERSION}_{architecture}.deb"));
    let mut pack = Command::new("dpkg-deb");
    pack.args(["--root-owner-group", "-Zxz", "--build"]);
    tool::capture(pack.args([root, &file]))?;
    Ok(file)
}

/// Every file below a folder, as seen from it, sorted.
fn below(root: &Path) -> Result<Vec<String>, Failure> {
    let mut paths = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let wrong = |error| unusable(&folder, &error);
        // Whatever the umask was.
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).map_err(wrong)?;
        for entry in fs::read_dir(&folder).map_err(wrong)? {
            let path = entry.map_err(wrong)?.path();
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(path) = path.strip_prefix(root) {
                paths.push(path.display().to_string());
            }
        }
    }
    paths.sort();
    Ok(paths)
}

fn kibibytes(root: &Path, paths: &[String]) -> Result<u64, Failure> {
    let mut sum = 0;
    for path in paths {
        let path = root.join(path);
        let file = fs::metadata(&path).map_err(|error| unusable(&path, &error))?;
        sum += file.len().div_ceil(1024);
    }
    Ok(sum)
}

/// The oldest C library that has everything which the programs and strategies want of it.
fn newest_glibc(machine: &Machine, root: &Path, paths: &[String]) -> Result<String, Failure> {
    let mut newest = None;
    for path in paths {
        if !path.starts_with("usr/lib/pumpd/") && !path.contains("bin/") {
            continue;
        }
        let symbols = tool::capture(machine.tool("objdump").arg("-T").arg(root.join(path)))?;
        newest = newest.max(glibc(&String::from_utf8_lossy(&symbols.stdout)));
    }
    match newest {
        Some((major, minor)) => Ok(format!("{major}.{minor}")),
        None => Err(Failure::new("no program wants anything of the C library")),
    }
}

/// The newest `GLIBC_major.minor` in a table of symbols.
fn glibc(symbols: &str) -> Option<(u32, u32)> {
    let versions = symbols.split("GLIBC_").skip(1).filter_map(|rest| {
        let number = |text: &str| {
            let end = text
                .find(|c: char| !c.is_ascii_digit())
                .unwrap_or(text.len());
            text.get(..end).and_then(|digits| digits.parse().ok())
        };
        let (major, rest) = rest.split_once('.')?;
        Some((number(major)?, number(rest)?))
    });
    versions.max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_symbol_names_the_c_library() {
        let symbols = "DF *UND* (GLIBC_2.9) a\nDF *UND* (GLIBC_2.34) b\nDF (GLIBC_2.2.5) c\n";
        assert_eq!(glibc(symbols), Some((2, 34)));
        assert_eq!(glibc("DF *UND* GCC_3.0"), None);
    }

    #[test]
    fn the_changelog_is_of_this_version() {
        let here = Checkout::find().unwrap();
        let log = fs::read_to_string(here.path("deploy/debian/changelog")).unwrap();
        let first = format!("pumpd ({VERSION}) ");
        assert!(log.starts_with(&first), "{first}");
    }
}
