//! `pumpctl check`.

mod document;
pub(crate) mod explain;
mod picture;
mod sarif;
mod summary;

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use pump_prescription::Outcome;

use crate::cli::{CheckArgs, CheckFormat};
use crate::failure::Failure;
use crate::output;
use crate::paint::Paint;
use crate::places::Places;

/// Checks every file and says what each comes to; or says what a code means.
pub(crate) fn run(args: &CheckArgs) -> Result<(), Failure> {
    if let Some(code) = &args.explain {
        return explain::run(code);
    }
    let places = Places::find(&args.places)?;
    let checked: Vec<(&PathBuf, Outcome)> = args
        .files
        .iter()
        .map(|path| (path, places.check(path)))
        .collect();
    let format = match args.json {
        true => CheckFormat::Json,
        false => args.format,
    };
    match format {
        CheckFormat::Human => tell(&checked)?,
        CheckFormat::Json => output::print(&document::text(&checked))?,
        CheckFormat::Sarif => output::print(&sarif::text(&checked))?,
    }
    if checked.iter().any(|(_, outcome)| outcome.checked.is_none()) {
        return Err(Failure::Told);
    }
    Ok(())
}

/// What is good to standard output, what is refused to standard error.
fn tell(checked: &[(&PathBuf, Outcome)]) -> Result<(), Failure> {
    let mut good = String::new();
    for (path, outcome) in checked {
        match &outcome.checked {
            Some(checked) => {
                if !good.is_empty() {
                    good.push('\n');
                }
                good.push_str(&summary::summary(path, checked));
                good.push_str(&picture::table(checked));
                let findings = Paint::stdout().report(&outcome.report);
                if !findings.is_empty() {
                    let _ = write!(good, "\n{}", findings.trim_end());
                    good.push('\n');
                }
            }
            None => refuse(path, outcome),
        }
    }
    output::print(&good)
}

fn refuse(path: &Path, outcome: &Outcome) {
    let shown = path.display();
    let findings = Paint::stderr().report(&outcome.report);
    let summary = outcome.report.summary();
    let first = outcome.report.diagnostics().iter();
    let first = first.map(|finding| finding.code.id()).min();
    let more = first.map_or(String::new(), |code| {
        format!("; `pumpctl check --explain {code}` says more")
    });
    // Where nobody can read it, the exit code still says it.
    let _ = writeln!(
        std::io::stderr(),
        "{findings}{shown}: refused: {summary}{more}"
    );
}
