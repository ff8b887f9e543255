//! What the daemon costs and how fast it is: built here, measured by `pumpd`'s own bench.

use super::Missed;
use crate::checkout::Checkout;
use crate::tool::{self, Failure};

/// The benches of `controller/pumpd/benches/daemon`.
pub(super) const BENCHES: [&str; 7] = [
    "start",
    "memory",
    "loop-cost",
    "brake",
    "recovery",
    "zoo-lateness",
    "wear",
];

/// Runs these.
pub(super) fn run(here: &Checkout, benches: &[&str]) -> Result<Option<Missed>, Failure> {
    let names = benches.join(" ");
    tool::heading(&format!("the daemon on a simulated pump: {names}"));
    if benches.contains(&"zoo-lateness") {
        let mut build = here.cargo("build");
        build.arg("--release");
        for guest in here.zoo()? {
            build.args(["--package", &guest]);
        }
        tool::run(&mut build)?;
    }
    let mut bench = here.cargo("bench");
    bench.args(["--profile", "release", "--package", "pumpd"]);
    bench.args(["--bench", "daemon", "--"]).args(benches);
    // It has said what it has missed.
    Ok(tool::run(&mut bench).err().map(|failure| failure.what))
}
