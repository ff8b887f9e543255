//! `cargo demo`: the main job, on a simulated pump.

use std::process::Command;

use crate::checkout::Checkout;
use crate::tool::{self, Failure};

const PRESCRIPTION: &str = "config/prescriptions/background-and-pca.toml";

/// A day with a patient: presses that are given and presses that are not, a
/// pause, and a blocked line.
const EVENTS: &[&str] = &[
    "2h03m press",
    "2h04m press",
    "2h20m press",
    "2h33m press",
    "9h press",
    "12h pause",
    "12h10m press",
    "12h15m resume",
    "12h20m press",
    "16h01m occlude for=5min",
    "16h02m press",
    "16h10m resume",
    "18h45m press",
    "18h59m press",
];

/// Builds what an operator runs, checks the example prescription and runs a day of it.
///
/// # Errors
/// Where the build or one of the commands fails.
pub(crate) fn run(here: &Checkout, args: &[String]) -> Result<(), Failure> {
    if let Some(arg) = args.first() {
        return Err(Failure::usage(format!("`cargo demo` takes no `{arg}`")));
    }
    tool::heading("1 of 3: building pumpctl, strategy-host and the strategies");
    eprintln!("   (release profile; the first time takes a few minutes)");
    here.build_release()?;

    let prescription = here.path(PRESCRIPTION);
    tool::heading("2 of 3: checking a prescription against device, drug library and strategies");
    let mut check = here.pumpctl("check");
    check.arg(&prescription);
    show(here, &mut check)?;

    tool::heading("3 of 3: running a day of it on a simulated pump");
    let plot = here.target("demo.svg");
    let mut simulate = here.pumpctl("simulate");
    simulate.arg(&prescription);
    simulate.args(["--for", "24h", "--live", "2h"]);
    for event in EVENTS {
        simulate.args(["--at", event]);
    }
    simulate.arg("--plot").arg(&plot);
    show(here, &mut simulate)?;

    eprintln!("\nThe same as a plot: {}", plot.display());
    eprintln!("Now edit {PRESCRIPTION}, or read README.md for what else there is.");
    Ok(())
}

/// Runs a command after saying what the reader would type for it at the top of the
/// checkout.
fn show(here: &Checkout, command: &mut Command) -> Result<(), Failure> {
    // An empty path leaves the separator at the end.
    let top = here.path("").display().to_string();
    let mut line = command.get_program().to_string_lossy().replace(&top, "");
    for arg in command.get_args() {
        let arg = arg.to_string_lossy().replace(&top, "");
        let option = arg.starts_with("--");
        line += if option { " \\\n         " } else { " " };
        line += &if arg.contains(' ') {
            format!("\"{arg}\"")
        } else {
            arg
        };
    }
    eprintln!("   $ {line}\n");
    tool::run(command)
}
