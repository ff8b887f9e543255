//! `cargo bench-all`: the figures, and whether they meet their targets.

mod daemon;
mod instructions;
mod journal;
mod speed;
mod step;

use crate::checkout::Checkout;
use crate::machine::Machine;
use crate::tool::{self, Failure};

/// Measures what is asked for, or everything.
///
/// # Errors
/// Where something can't be measured, or misses its target.
pub(crate) fn run(here: &Checkout, args: &[String]) -> Result<(), Failure> {
    /// Those of the daemon together.
    const DAEMON: &str = "daemon";
    let mut all = vec!["speed", "linear", "instructions", "step", "journal", DAEMON];
    all.extend(daemon::BENCHES);
    if let Some(unknown) = args.iter().find(|arg| !all.contains(&arg.as_str())) {
        return Err(Failure::usage(format!(
            "`cargo bench-all` measures {}, not `{unknown}`",
            all.join(", ")
        )));
    }
    let wants = |name: &str| args.is_empty() || args.iter().any(|arg| arg == name);
    let of_daemon: Vec<&str> = daemon::BENCHES
        .into_iter()
        .filter(|name| wants(DAEMON) || wants(name))
        .collect();
    let mut missed = Vec::new();
    if wants("speed") || wants("linear") || !of_daemon.is_empty() {
        tool::heading("building pumpctl, strategy-host and the strategies");
        here.build_release(&Machine::host(), &[])?;
    }
    if wants("speed") {
        missed.extend(speed::ninety_days(here)?);
    }
    if wants("linear") {
        missed.extend(speed::linear(here)?);
    }
    if wants("instructions") {
        missed.extend(instructions::ticks(here)?);
    }
    if wants("step") {
        missed.extend(step::run(here)?);
    }
    if wants("journal") {
        missed.extend(journal::decade(here)?);
    }
    if !of_daemon.is_empty() {
        missed.extend(daemon::run(here, &of_daemon)?);
    }
    if missed.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!("missed: {}", missed.join("; "))))
}

/// A figure that missed its target, in words.
type Missed = String;
