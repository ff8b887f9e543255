//! What the daemon costs and how fast it is, on a simulated pump.
//!
//! Each figure is printed beside its target, and a target that is missed fails the run. `cargo
//! bench-all` builds what is needed and calls this; what holds whatever the machine does is a
//! test in `tests/daemon`.

#[path = "../../tests/daemon/rig.rs"]
#[allow(
    dead_code,
    reason = "it is the tests' rig, of which not all is used here"
)]
mod rig;
#[path = "../../tests/daemon/tape.rs"]
#[allow(
    dead_code,
    reason = "it is the tests' tape, of which not all is used here"
)]
mod tape;

mod brake;
mod cost;
mod figures;
mod lateness;
mod memory;
mod recovery;
mod start;
mod wear;

use std::process::ExitCode;

use figures::Figures;

type Bench = (&'static str, fn(&mut Figures));

/// The benches by name, in the order in which they are run.
const BENCHES: [Bench; 7] = [
    ("start", start::run),
    ("memory", memory::run),
    ("loop-cost", cost::run),
    ("brake", brake::run),
    ("recovery", recovery::run),
    ("zoo-lateness", lateness::run),
    ("wear", wear::run),
];

fn main() -> ExitCode {
    // Cargo adds one of its own.
    let asked: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| a != "--bench")
        .collect();
    let known = |name: &String| BENCHES.iter().any(|(known, _)| known == name);
    if let Some(unknown) = asked.iter().find(|name| !known(name)) {
        eprintln!("there is no bench `{unknown}`");
        return ExitCode::from(2);
    }
    let mut figures = Figures::default();
    for (name, run) in BENCHES {
        if asked.iter().any(|asked| asked == name) {
            println!("{name}");
            run(&mut figures);
        }
    }
    figures.judge()
}
