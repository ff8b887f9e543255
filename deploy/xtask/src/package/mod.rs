//! `cargo package-deb`: the Debian package.
//!
//! It is made with `dpkg-deb` out of one table ([`contents`]) rather than with `cargo deb`:
//! that one belongs to a single crate, and this package is three programs, the strategies
//! and pages that are generated; and it would have to be built before the first package is.
//! What it would take off our hands is a few lines here.

mod archive;
mod contents;
mod kit;

use std::fs;
use std::path::{Path, PathBuf};

use crate::checkout::Checkout;
use crate::machine::Machine;
use crate::tool::{self, Failure};

/// What the packaged programs have beyond a plain build.
pub(crate) const FEATURES: &[&str] = &["pumpctl/parquet"];

/// Builds the package and prints its path.
///
/// # Errors
/// Where the command line is not understood, or the build fails.
pub(crate) fn run(here: &Checkout, args: &[String]) -> Result<(), Failure> {
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let machine = match args[..] {
        [] => Machine::host(),
        ["--target", target] => Machine::named(here, target)?,
        _ => {
            let what = "`cargo package-deb` takes nothing, or `--target MACHINE`";
            return Err(Failure::usage(what));
        }
    };
    println!("{}", build(here, &machine)?.display());
    Ok(())
}

/// Builds the package for a machine and gives its path.
///
/// # Errors
/// Where the build fails.
pub(crate) fn build(here: &Checkout, machine: &Machine) -> Result<PathBuf, Failure> {
    let architecture = machine.debian_architecture()?;
    tool::heading(&format!("building for {architecture}"));
    here.build_release(machine, FEATURES)?;

    let pages = here.target("debian/pages");
    anew(&pages)?;
    let mut generator = here.cargo("run");
    generator.args(["--release", "--quiet", "--package", "pumpctl"]);
    tool::run(generator.args(["--example", "pages", "--"]).arg(&pages))?;

    tool::heading("packing");
    let root = here.target("debian").join(&architecture);
    anew(&root)?;
    contents::stage(here, machine, &pages, &root)?;
    archive::pack(here, machine, &architecture, &root)
}

/// An empty folder.
fn anew(folder: &Path) -> Result<(), Failure> {
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(|error| unusable(folder, &error))?;
    }
    fs::create_dir_all(folder).map_err(|error| unusable(folder, &error))
}

fn unusable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("{}: {error}", path.display()))
}

/// The files of a folder, sorted.
fn files(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let entries = fs::read_dir(folder).map_err(|error| unusable(folder, &error))?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| unusable(folder, &error))?.path();
        if path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
