//! `cargo virtual-beaglebone`: a 32-bit ARM machine with PREEMPT_RT, GPIO lines and a
//! watchdog, made and run here, and the tests of the whole system inside it.

mod bench;
mod board;
mod cache;
mod cases;
mod emulated;
mod latency;
mod machine;
mod packages;
mod report;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::checkout::Checkout;
use crate::tool::{self, Failure};
use bench::Bench;
use board::Board;
use cache::Cache;
use machine::{Machine, Pace, Plan, Workplace};
use report::Outcome;

/// Does what the arguments say; without any, the system tests.
///
/// # Errors
/// Where something is missing that can't be installed, the machine can't be made, or a test
/// fails.
pub(crate) fn run(here: &Checkout, args: &[String]) -> Result<(), Failure> {
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match words.as_slice() {
        [] => test(here, &[]),
        ["test", names @ ..] => test(here, names),
        ["build"] => build(here),
        ["emulated"] => emulated::run(here),
        ["latency"] => measure(here),
        ["is-cached"] => is_cached(here),
        ["cargo", rest @ ..] if !rest.is_empty() => Board::new(here)?.run_cargo(rest),
        ["shell"] => shell(here, Pace::Waits),
        ["shell", "--leap"] => shell(here, Pace::Leaps),
        ["run", script @ ..] if !script.is_empty() => run_inside(here, &script.join(" ")),
        _ => Err(Failure::usage(format!(
            "`{}` is nothing that cargo virtual-beaglebone does",
            args.join(" ")
        ))),
    }
}

fn build(here: &Checkout) -> Result<(), Failure> {
    let cache = Cache::of(here)?;
    let parts = cache.parts()?;
    println!(
        "kernel  {}\ndisk    {}",
        parts.kernel.display(),
        parts.disk.display()
    );
    Ok(())
}

/// So that a script need not wait for a kernel that it can do without.
fn is_cached(here: &Checkout) -> Result<(), Failure> {
    if Cache::of(here)?.is_warm()? {
        return Ok(());
    }
    Err(Failure::new(
        "kernel or root file system are not made yet\nhelp: cargo virtual-beaglebone build",
    ))
}

/// The machine with this checkout's programs for the board, freshly compiled, under `/host`.
fn plan(here: &Checkout, pace: Pace) -> Result<Plan, Failure> {
    let cache = Cache::of(here)?;
    let parts = cache.parts()?;
    let share = output(here).join("share");
    let board = Board::new(here)?;
    board.stage(&share)?;
    let folders = vec![("release", board.release())];
    Ok(Plan {
        parts,
        share,
        folders,
        pace,
    })
}

/// Where results go.
fn output(here: &Checkout) -> PathBuf {
    here.target("virtual-beaglebone")
}

/// Runs the tests that have one of the words in their name, or all.
fn test(here: &Checkout, words: &[&str]) -> Result<(), Failure> {
    let wanted = |name: &str| words.is_empty() || words.iter().any(|word| name.contains(word));
    let cases: Vec<_> = cases::all().filter(|case| wanted(case.name)).collect();
    if cases.is_empty() {
        let names: Vec<&str> = cases::all().map(|case| case.name).collect();
        return Err(Failure::usage(format!(
            "no test has `{}` in its name; there are\n  {}",
            words.join("` or `"),
            names.join("\n  ")
        )));
    }
    let plan = plan(here, Pace::Leaps)?;
    let board = Board::new(here)?;
    board.stage_package(&plan.share)?;
    board.stage_tests(&plan.share)?;
    let records = output(here).join("records");
    cache::create(&records)?;
    let mut bench = Bench::new(plan)?;
    tool::heading(&format!(
        "{} tests; what is done is in {}",
        cases.len(),
        records.display()
    ));
    let mut outcomes = Vec::new();
    for case in cases {
        let begun = Instant::now();
        let verdict = (case.run)(&mut bench);
        let (record, note) = bench.take_record();
        write(&records.join(format!("{}.txt", case.name)), &record)?;
        let failure = verdict.err().map(|failure| failure.what);
        let outcome = Outcome {
            name: case.name,
            took: begun.elapsed(),
            failure,
            note,
        };
        eprint!("{}", report::line(&outcome));
        if let Some(why) = &outcome.failure {
            eprintln!("{why}\n");
            // What a failed test leaves behind is no ground for the next.
            bench.fresh()?;
        }
        outcomes.push(outcome);
    }
    let table = report::table(&outcomes);
    write(&output(here).join("table.txt"), &table)?;
    write(&output(here).join("junit.xml"), &report::junit(&outcomes))?;
    println!("\n{table}");
    match report::failures(&outcomes) {
        0 => Ok(()),
        failed => Err(Failure::new(format!(
            "{failed} system tests failed; see {}",
            records.display()
        ))),
    }
}

/// Writes the evidence into the checkout.
fn measure(here: &Checkout) -> Result<(), Failure> {
    let plan = plan(here, Pace::Leaps)?;
    let board = Board::new(here)?;
    board.stage_package(&plan.share)?;
    board.stage_bare_loop(&plan.share)?;
    let mut bench = Bench::new(plan)?;
    let measured = latency::measure(&mut bench);
    let (record, _) = bench.take_record();
    cache::create(&output(here))?;
    write(&output(here).join("latency.txt"), &record)?;
    latency::write(&measured?, &here.path("deploy/virtual-beaglebone"))
}

fn write(file: &Path, text: &str) -> Result<(), Failure> {
    fs::write(file, text).map_err(|error| Failure::new(format!("{}: {error}", file.display())))
}

fn shell(here: &Checkout, pace: Pace) -> Result<(), Failure> {
    let plan = plan(here, pace)?;
    let workplace = Workplace::new(&plan.parts.disk)?;
    tool::heading("booting; Ctrl-A X ends the machine, /host is the folder below");
    eprintln!("{}", plan.share.display());
    machine::on_this_terminal(&plan, &workplace)
}

fn run_inside(here: &Checkout, script: &str) -> Result<(), Failure> {
    let plan = plan(here, Pace::Leaps)?;
    let workplace = Workplace::new(&plan.parts.disk)?;
    let mut machine = Machine::boot(&plan, &workplace)?;
    let said = machine.run(script)?;
    print!("{}", said.text);
    machine.power_off()?;
    if said.code == 0 {
        return Ok(());
    }
    Err(Failure::new(format!("it ended with code {}", said.code)))
}
