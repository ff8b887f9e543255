//! What a step of a strategy costs: as a call, and by way of the sandbox.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use super::Missed;
use super::instructions::{cost_of, need_valgrind, word_after};
use crate::checkout::Checkout;
use crate::tool::{self, Failure};

/// Called directly, in instructions, with those that make up the snapshot and look at the order:
/// a strategy that does little takes little.
const MOST_INSTRUCTIONS: f64 = 500.0;
/// From a snapshot to its order, in microseconds: a tenth of what the daemon waits for.
const LONGEST_P99: u64 = 10_000;

const CALLS: u64 = 20_000;

/// Counts and measures the PCA in Rust and its twin in C.
pub(super) fn run(here: &Checkout) -> Result<Vec<Missed>, Failure> {
    tool::heading("step: what a strategy's step costs, direct and by way of the sandbox");
    need_valgrind()?;
    let mut build = here.cargo("build");
    build.args([
        "--release",
        "--package",
        "pca",
        "--package",
        "strategy-host",
    ]);
    build.args(["--lib", "--bins", "--example", "step_cost"]);
    tool::run(&mut build)?;
    let release = here.target("release");
    let program = release.join("examples/step_cost");
    let host = release.join("strategy-host");
    let rust = release.join("libpca.so");
    let c = release.join("examples/libpca_c.so");
    compile(here, &c)?;
    let mut missed = Vec::new();
    for (language, plugin) in [("Rust", &rust), ("C", &c)] {
        let of = |how| [host.as_os_str(), plugin.as_os_str(), OsStr::new(how)];
        let instructions = cost_of(&program, &of("direct"), CALLS)?;
        println!(
            "the PCA in {language}, called directly: {instructions:.0} instructions a step \
             (target: {MOST_INSTRUCTIONS:.0})"
        );
        if instructions > MOST_INSTRUCTIONS {
            missed.push(format!(
                "a step of the PCA in {language} costs {instructions:.0} instructions"
            ));
        }
        let mut sandbox = Command::new(&program);
        sandbox.args(of("sandbox")).arg(CALLS.to_string());
        let output = tool::capture(&mut sandbox)?;
        let said = String::from_utf8_lossy(&output.stdout);
        let microseconds = |mark| word_after(&said, mark)?.parse::<u64>().ok();
        let (Some(p50), Some(p99), Some(most)) = (
            microseconds("p50="),
            microseconds("p99="),
            microseconds("max="),
        ) else {
            return Err(Failure::new(format!("nothing was measured:\n{said}")));
        };
        println!(
            "  from the snapshot to its order by way of the sandbox: p50 {p50} µs, p99 {p99} µs, \
             at most {most} µs (target of the p99: {LONGEST_P99} µs)"
        );
        if p99 > LONGEST_P99 {
            missed.push(format!(
                "the sandbox answers within {p99} µs only, in {language}"
            ));
        }
    }
    Ok(missed)
}

fn compile(here: &Checkout, library: &Path) -> Result<(), Failure> {
    let abi = here.path("strategies/abi");
    let mut cc = Command::new("cc");
    cc.args([
        "-std=c99",
        "-O2",
        "-fPIC",
        "-shared",
        "-fvisibility=hidden",
        "-I",
    ])
    .arg(&abi)
    .arg("-o")
    .arg(library)
    .arg(abi.join("examples/pca.c"));
    tool::run(&mut cc)
}
