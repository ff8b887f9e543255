//! Where things lie in the checkout, and how cargo is called in it.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::machine::Machine;
use crate::tool::{self, Failure};

/// The checkout that this program was built from.
#[derive(Debug)]
pub(crate) struct Checkout {
    root: PathBuf,
    /// The folder that holds a folder per profile, as `target/`.
    target: PathBuf,
}

impl Checkout {
    /// Finds the checkout, whatever the current folder.
    ///
    /// # Errors
    /// Where this program does not lie where cargo puts it.
    pub(crate) fn find() -> Result<Self, Failure> {
        // Cargo says it anew at every run, so that a checkout may be moved.
        let package = std::env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
        let lost = || Failure::new("this program is to be run by cargo, as in `cargo demo`");
        let root = package.ancestors().nth(2).ok_or_else(lost)?.to_path_buf();
        // The profiles lie side by side, wherever the user's settings put them.
        let program = std::env::current_exe().map_err(|_| lost())?;
        let target = program.ancestors().nth(2).ok_or_else(lost)?.to_path_buf();
        Ok(Self { root, target })
    }

    /// A file or folder of the checkout, by its path from the top.
    pub(crate) fn path(&self, below: impl AsRef<Path>) -> PathBuf {
        self.root.join(below)
    }

    /// A file or folder where build output goes.
    pub(crate) fn target(&self, below: impl AsRef<Path>) -> PathBuf {
        self.target.join(below)
    }

    /// A subcommand of the release `pumpctl` that was built before, with this checkout's
    /// `config/`.
    pub(crate) fn pumpctl(&self, subcommand: &str) -> Command {
        let mut command = Command::new(self.target("release/pumpctl"));
        command.arg(subcommand);
        // A program below the checkout finds it by itself.
        if !self.target.starts_with(&self.root) {
            command.arg("--device").arg(self.path("config/pump.toml"));
        }
        command
    }

    /// A cargo subcommand on the workspace. The current folder stays what it is: a relative
    /// `CARGO_TARGET_DIR` is relative to it.
    pub(crate) fn cargo(&self, subcommand: &str) -> Command {
        let mut command = cargo();
        command
            .arg(subcommand)
            .arg("--manifest-path")
            .arg(self.path("Cargo.toml"));
        command
    }

    /// The packages under `strategies/` that are plugins a user would want: everything
    /// that makes a shared library, but not those that misbehave on purpose.
    ///
    /// # Errors
    /// Where the folder can't be read.
    pub(crate) fn plugins(&self) -> Result<Vec<String>, Failure> {
        let folder = self.path("strategies");
        let unreadable = |error| Failure::new(format!("{}: {error}", folder.display()));
        let mut plugins = Vec::new();
        for entry in std::fs::read_dir(&folder).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let manifest = std::fs::read_to_string(entry.path().join("Cargo.toml"));
            if manifest.is_ok_and(|text| text.contains("cdylib")) && !name.starts_with("zoo") {
                plugins.push(name);
            }
        }
        plugins.sort();
        Ok(plugins)
    }

    /// The packages under `strategies/zoo/`: the plugins that misbehave on purpose.
    ///
    /// # Errors
    /// Where the folder can't be read.
    pub(crate) fn zoo(&self) -> Result<Vec<String>, Failure> {
        let folder = self.path("strategies/zoo");
        let unreadable = |error| Failure::new(format!("{}: {error}", folder.display()));
        let mut guests = Vec::new();
        for entry in std::fs::read_dir(&folder).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            if entry.path().join("Cargo.toml").is_file() {
                guests.push(format!("zoo-{}", entry.file_name().to_string_lossy()));
            }
        }
        guests.sort();
        Ok(guests)
    }

    /// Builds what an operator runs, in the release profile. [`Machine::release`] says where
    /// it is then.
    ///
    /// # Errors
    /// Where something is missing that can't be installed, or cargo fails.
    pub(crate) fn build_release(
        &self,
        machine: &Machine,
        features: &[&str],
    ) -> Result<(), Failure> {
        if machine.is_host() {
            tool::need_seccomp()?;
        }
        let mut packages = ["pumpd", "pumpctl", "strategy-host"]
            .map(str::to_owned)
            .to_vec();
        packages.extend(self.plugins()?);
        let mut cargo = self.cargo("build");
        cargo.arg("--release");
        machine.choose(&mut cargo);
        for package in &packages {
            cargo.args(["--package", package]);
        }
        for feature in features {
            cargo.args(["--features", feature]);
        }
        tool::run(&mut cargo)
    }
}

/// The cargo that runs this program.
pub(crate) fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checkout_is_found_and_its_plugins_listed() {
        let here = Checkout::find().unwrap();
        assert!(here.path("Cargo.toml").is_file());
        let plugins = here.plugins().unwrap();
        for plugin in ["continuous", "intermittent-bolus", "pca"] {
            assert!(plugins.iter().any(|name| name == plugin), "{plugins:?}");
        }
        assert!(!plugins.iter().any(|name| name == "sdk" || name == "abi"));
    }
}
