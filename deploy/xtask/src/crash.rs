//! `cargo crash-campaign`: the daemon ended at any moment, in `controller/crash-campaign`.

use std::process::Command;

use crate::checkout::Checkout;
use crate::tool::{self, Failure};

/// Builds what is needed and hands the arguments on. The profile is that of the tests, which
/// has overflow checks in the dose path.
///
/// # Errors
/// Where something is missing, the build fails, or a cut was not survived.
pub(crate) fn run(here: &Checkout, args: &[String]) -> Result<(), Failure> {
    tool::need_seccomp()?;
    if tool::find("strace").is_none() {
        return Err(Failure::new(
            "strace, which records what the daemon does to its disk, is not installed\n\
             help: install it and try again: on Debian or Ubuntu\n    sudo apt-get install strace",
        ));
    }
    tool::heading("building pumpd, strategy-host, the strategies and the campaign");
    let mut build = here.cargo("build");
    let packages = ["pumpd", "strategy-host", "crash-campaign"].map(str::to_owned);
    for package in packages.into_iter().chain(here.plugins()?) {
        build.args(["--package", &package]);
    }
    tool::run(&mut build)?;
    let mut older = here.cargo("build");
    older.args(["--package", "pump-journal", "--example", "older"]);
    tool::run(&mut older)?;
    let mut campaign = Command::new(here.target("debug/crash-campaign"));
    tool::run(campaign.args(args))
}
