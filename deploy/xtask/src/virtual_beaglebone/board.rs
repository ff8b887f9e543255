//! What runs in the machine: this checkout's programs, compiled for it.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::cache;
use crate::checkout::Checkout;
use crate::machine::Machine;
use crate::package;
use crate::tool::{self, Failure};

const TARGET: &str = "armv7-unknown-linux-gnueabihf";

/// Test programs that say something on real lines or in a real kernel: package, test.
/// They lie where their build left them and look for their files there.
const TESTS: [(&str, &str); 5] = [
    ("pump-hal", "gpio_chip"),
    ("pump-rt", "threads"),
    ("strategy-host", "sandbox"),
    ("strategy-host", "running"),
    ("strategy-host", "zoo"),
];

/// The board as something to compile for.
pub(crate) struct Board<'a> {
    here: &'a Checkout,
    machine: Machine,
}

impl<'a> Board<'a> {
    /// With the toolchain, made where it is missing.
    ///
    /// # Errors
    /// Where it can't be.
    pub(crate) fn new(here: &'a Checkout) -> Result<Self, Failure> {
        let machine = Machine::named(here, TARGET)?;
        Ok(Self { here, machine })
    }

    /// Compiles the programs and plugins an operator runs, and puts them with `config/` into
    /// `share`: `bin/`, where a program finds its plugins beside it, and `config/`.
    ///
    /// # Errors
    /// Where cargo fails, or a file can't be copied.
    pub(crate) fn stage(&self, share: &Path) -> Result<(), Failure> {
        tool::heading(&format!("compiling for the board ({TARGET})"));
        self.here.build_release(&self.machine, package::FEATURES)?;
        let built = self.machine.release(self.here);
        for program in ["pumpd", "pumpctl", "strategy-host"] {
            copy(&built.join(program), &share.join("bin"))?;
        }
        for plugin in self.here.plugins()? {
            let file = format!("lib{}.so", plugin.replace('-', "_"));
            copy(&built.join(file), &share.join("bin"))?;
        }
        copy_folder(&self.here.path("config"), &share.join("config"))
    }

    /// Makes the Debian package and puts it into `share` as `pumpd.deb`.
    ///
    /// # Errors
    /// Where it can't be built.
    pub(crate) fn stage_package(&self, share: &Path) -> Result<(), Failure> {
        let file = package::build(self.here, &self.machine)?;
        fs::copy(&file, share.join("pumpd.deb"))
            .map(drop)
            .map_err(|error| Failure::new(format!("{}: {error}", file.display())))
    }

    /// Compiles the loop that the daemon's is held against.
    ///
    /// # Errors
    /// As [`Board::stage`].
    pub(crate) fn stage_bare_loop(&self, share: &Path) -> Result<(), Failure> {
        let mut build = self.cargo("build");
        build.args([
            "--release",
            "--package",
            "pump-hal",
            "--example",
            "bare_steps",
        ]);
        tool::run(&mut build)?;
        copy(
            &self.release().join("examples/bare_steps"),
            &share.join("bin"),
        )
    }

    /// Compiles the tests of single crates that run in the machine, with the plugins they
    /// use, and says under `share` where they lie.
    ///
    /// # Errors
    /// As [`Board::stage`].
    pub(crate) fn stage_tests(&self, share: &Path) -> Result<(), Failure> {
        tool::heading("compiling tests for the board");
        let mut build = self.cargo("build");
        build.arg("--release");
        let guests = self.here.zoo()?;
        for guest in &guests {
            build.args(["--package", guest]);
        }
        tool::run(&mut build)?;
        for guest in &guests {
            let file = format!("lib{}.so", guest.replace('-', "_"));
            copy(
                &self.machine.release(self.here).join(file),
                &share.join("zoo"),
            )?;
        }
        for (package, test) in TESTS {
            let program = self.test_program(package, test)?;
            let name = program.file_name().unwrap_or_default();
            say(&share.join("tests"), &format!("{package}-{test}"), name)?;
        }
        let release = self.machine.release(self.here);
        say(&share.join("places"), "release", release.as_os_str())
    }

    /// Compiles a package's test and gives the program.
    ///
    /// # Errors
    /// Where cargo fails.
    fn test_program(&self, package: &str, test: &str) -> Result<PathBuf, Failure> {
        let mut build = self.cargo("test");
        build.args(["--release", "--no-run", "--color", "never"]);
        build.args(["--package", package, "--test", test]);
        let output = tool::capture(&mut build)?;
        let said = String::from_utf8_lossy(&output.stderr);
        // "  Executable tests/gpio_chip.rs (/…/gpio_chip-0123456789abcdef)"
        let program = said
            .lines()
            .filter(|line| line.trim_start().starts_with("Executable"))
            .find_map(|line| {
                Some(
                    line.rsplit_once('(')?
                        .1
                        .trim_end()
                        .strip_suffix(')')?
                        .into(),
                )
            });
        program.ok_or_else(|| Failure::new(format!("cargo names no test program:\n{said}")))
    }

    /// Any cargo command, for the board; what it builds is run by an emulator of its
    /// programs alone.
    ///
    /// # Errors
    /// Where cargo fails.
    pub(crate) fn run_cargo(&self, words: &[&str]) -> Result<(), Failure> {
        let [subcommand, rest @ ..] = words else {
            return Err(Failure::usage("cargo wants a command"));
        };
        tool::run(self.cargo(subcommand).args(rest))
    }

    /// Where the board's release build lies.
    pub(crate) fn release(&self) -> PathBuf {
        self.machine.release(self.here)
    }

    /// A cargo command for the board.
    pub(super) fn cargo(&self, subcommand: &str) -> Command {
        let mut cargo = self.here.cargo(subcommand);
        self.machine.choose(&mut cargo);
        cargo
    }
}

/// Writes where something lies into a file of `folder`.
fn say(folder: &Path, name: &str, place: &OsStr) -> Result<(), Failure> {
    cache::create(folder)?;
    let file = folder.join(name);
    fs::write(&file, place.as_encoded_bytes())
        .map_err(|error| Failure::new(format!("{}: {error}", file.display())))
}

fn copy(file: &Path, into: &Path) -> Result<(), Failure> {
    cache::create(into)?;
    let name = file.file_name().unwrap_or_default();
    fs::copy(file, into.join(name))
        .map(drop)
        .map_err(|error| Failure::new(format!("{}: {error}", file.display())))
}

fn copy_folder(folder: &Path, to: &Path) -> Result<(), Failure> {
    let said = |error| Failure::new(format!("{}: {error}", folder.display()));
    for entry in fs::read_dir(folder).map_err(said)? {
        let path = entry.map_err(said)?.path();
        if path.is_dir() {
            copy_folder(&path, &to.join(path.file_name().unwrap_or_default()))?;
        } else {
            copy(&path, to)?;
        }
    }
    Ok(())
}
