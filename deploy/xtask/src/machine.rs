//! The machines that this workspace is built for, and with which tools.

use std::path::PathBuf;
use std::process::Command;

use crate::checkout::Checkout;
use crate::tool::{self, Failure};

/// The BeagleBone's, as rustc calls it.
const ARMV7: &str = "armv7-unknown-linux-gnueabihf";
/// The same, as Debian calls its tools.
const ARMV7_TOOLS: &str = "arm-linux-gnueabihf-";

/// A machine to build for.
#[derive(Debug)]
pub(crate) struct Machine {
    /// `None`: this one.
    target: Option<&'static str>,
    tools: &'static str,
    environment: Vec<(String, String)>,
}

impl Machine {
    /// This one.
    pub(crate) const fn host() -> Self {
        Self {
            target: None,
            tools: "",
            environment: Vec::new(),
        }
    }

    /// The one of this name; its toolchain is made where it is missing.
    ///
    /// # Errors
    /// There is none of this name, or no toolchain for it can be had.
    pub(crate) fn named(here: &Checkout, target: &str) -> Result<Self, Failure> {
        if target != ARMV7 {
            return Err(Failure::usage(format!(
                "`{target}` is no machine that can be built for; this one (without --target) and \
                 {ARMV7} are"
            )));
        }
        let folder = toolchain_folder()?;
        tool::run(Command::new(here.path("deploy/armv7/toolchain")).arg(&folder))?;
        let file = folder.join("env");
        let text = std::fs::read_to_string(&file)
            .map_err(|error| Failure::new(format!("{}: {error}", file.display())))?;
        Ok(Self {
            target: Some(ARMV7),
            tools: ARMV7_TOOLS,
            environment: variables(&text),
        })
    }

    pub(crate) const fn is_host(&self) -> bool {
        self.target.is_none()
    }

    /// Lets cargo build for it.
    pub(crate) fn choose(&self, cargo: &mut Command) {
        if let Some(target) = self.target {
            cargo.args(["--target", target]);
        }
        cargo.envs(self.environment.iter().map(|(name, value)| (name, value)));
    }

    /// Where a release build of this machine's lies.
    pub(crate) fn release(&self, here: &Checkout) -> PathBuf {
        let profiles = self.target.unwrap_or_default();
        here.target(profiles).join("release")
    }

    /// One of the binary tools, such as `strip`.
    pub(crate) fn tool(&self, name: &str) -> Command {
        Command::new(format!("{}{name}", self.tools))
    }

    /// What Debian calls its architecture.
    ///
    /// # Errors
    /// This is no Debian.
    pub(crate) fn debian_architecture(&self) -> Result<String, Failure> {
        if self.target.is_some() {
            return Ok("armhf".to_owned());
        }
        let output = tool::capture(Command::new("dpkg").arg("--print-architecture"))?;
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }
}

/// Where `deploy/armv7/toolchain` puts it unless it is told otherwise.
fn toolchain_folder() -> Result<PathBuf, Failure> {
    if let Some(folder) = std::env::var_os("PUMPD_ARMV7") {
        return Ok(folder.into());
    }
    let home = std::env::var_os("HOME")
        .ok_or_else(|| Failure::new("say where the toolchain is to be: PUMPD_ARMV7=FOLDER"))?;
    Ok(PathBuf::from(home).join(".cache/pumpd-armv7"))
}

/// `NAME=value` or `NAME="a value"`, one a line.
fn variables(text: &str) -> Vec<(String, String)> {
    let pairs = text.lines().filter_map(|line| line.split_once('='));
    pairs
        .map(|(name, value)| (name.to_owned(), value.trim_matches('"').to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_toolchains_variables_are_read() {
        let text = "RUSTC=/a/rustc\nRUNNER=\"qemu -L /usr -E A=b\"\n";
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            variables(text),
            [
                pair("RUSTC", "/a/rustc"),
                pair("RUNNER", "qemu -L /usr -E A=b")
            ]
        );
    }

    #[test]
    fn an_unknown_machine_is_refused_with_those_that_are_known() {
        let here = Checkout::find().unwrap();
        let failure = Machine::named(&here, "mips-unknown-none").unwrap_err();
        assert!(failure.usage && failure.what.contains(ARMV7), "{failure:?}");
    }
}
