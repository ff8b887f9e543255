//! What a tick costs in instructions, which no other load on the machine can change.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use super::Missed;
use crate::checkout::Checkout;
use crate::tool::{self, Failure};

const HOUR: u64 = 1;
/// The longest window is full, and its partial minute too.
const DAY: u64 = 25;
const YEAR: u64 = 8760;

/// How far apart the same tick may cost at two ages, as a fraction.
const TARGET: f64 = 0.05;

/// The same ticks after a little and after a long therapy.
struct Comparison {
    kind: &'static str,
    what: &'static str,
    young: (u64, &'static str),
    /// Ticks of the shorter of two runs; the longer has twice as many.
    ticks: u64,
}

const COMPARISONS: [Comparison; 2] = [
    Comparison {
        kind: "deliver",
        what: "a tick of the 10 ms grid, at 20 steps and an order a second",
        young: (HOUR, "an hour"),
        ticks: 20_000,
    },
    // The windows look at every minute in which something was given: what this costs grows
    // while they fill, for a day, and then never again.
    Comparison {
        kind: "judge",
        what: "the same with a bolus that passes every window and is refused at the last rule",
        young: (DAY, "a day"),
        ticks: 2_000,
    },
];

/// Counts instructions of a tick after a short and after a long therapy.
pub(super) fn ticks(here: &Checkout) -> Result<Vec<Missed>, Failure> {
    tool::heading("instructions: what a tick costs, by valgrind");
    need_valgrind()?;
    let mut build = here.cargo("build");
    build.args([
        "--release",
        "--package",
        "pump-core",
        "--example",
        "tick_cost",
    ]);
    tool::run(&mut build)?;
    let mut missed = Vec::new();
    for Comparison {
        kind,
        what,
        young,
        ticks,
    } in COMPARISONS
    {
        let (hours, age) = young;
        let new = cost(here, hours, kind, ticks)?;
        let old = cost(here, YEAR, kind, ticks)?;
        let apart = (old / new - 1.0).abs();
        println!("{what}:");
        println!(
            "  after {age} {new:.0}, after a year {old:.0} instructions: {:.1} % apart (target: {:.0} %)",
            apart * 100.0,
            TARGET * 100.0
        );
        if apart > TARGET {
            missed.push(format!(
                "`{kind}` costs {new:.0} instructions after {age} and {old:.0} after a year"
            ));
        }
    }
    Ok(missed)
}

pub(super) fn need_valgrind() -> Result<(), Failure> {
    if tool::find("valgrind").is_some() {
        return Ok(());
    }
    Err(Failure::new(
        "there is no `valgrind` on the PATH\n\
         help: install it and try again: on Debian or Ubuntu\n    sudo apt-get install valgrind",
    ))
}

/// Instructions of one tick.
fn cost(here: &Checkout, hours: u64, kind: &str, ticks: u64) -> Result<f64, Failure> {
    let program = here.target("release/examples/tick_cost");
    let words = [hours.to_string(), kind.to_owned()];
    cost_of(&program, &words.each_ref().map(OsStr::new), ticks)
}

/// Instructions of one call that a program is told to make so often by its last word: what a
/// longer run takes more than a shorter one.
pub(super) fn cost_of(program: &Path, words: &[&OsStr], calls: u64) -> Result<f64, Failure> {
    let short = count(program, words, calls)?;
    let long = count(program, words, 2 * calls)?;
    let calls = long.calls.saturating_sub(short.calls);
    let instructions = long.instructions.saturating_sub(short.instructions);
    if calls == 0 || instructions == 0 {
        return Err(Failure::new("a longer run made no more calls"));
    }
    Ok(instructions as f64 / calls as f64)
}

struct Counted {
    instructions: u64,
    calls: u64,
}

fn count(program: &Path, words: &[&OsStr], calls: u64) -> Result<Counted, Failure> {
    let mut valgrind = Command::new("valgrind");
    valgrind
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args(words)
        .arg(calls.to_string());
    let output = tool::capture(&mut valgrind)?;
    let said = String::from_utf8_lossy(&output.stdout);
    let told = String::from_utf8_lossy(&output.stderr);
    let counted = || {
        Some(Counted {
            instructions: word_after(&told, "Collected : ")?.parse().ok()?,
            calls: word_after(&said, "calls=")?.parse().ok()?,
        })
    };
    counted().ok_or_else(|| Failure::new(format!("valgrind counted nothing:\n{said}{told}")))
}

pub(super) fn word_after<'a>(text: &'a str, mark: &str) -> Option<&'a str> {
    text.split_once(mark)?.1.split_whitespace().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_from_what_valgrind_says() {
        let told = "==7== Events    : Ir\n==7== Collected : 29945904\n==7==\n";
        assert_eq!(word_after(told, "Collected : "), Some("29945904"));
        assert_eq!(word_after("calls=20 steps=3", "calls="), Some("20"));
        assert_eq!(word_after("", "calls="), None);
    }
}
