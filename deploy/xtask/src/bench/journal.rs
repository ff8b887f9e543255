//! What a journal of ten years costs.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::Missed;
use crate::checkout::Checkout;
use crate::tool::{self, Failure};

const YEARS: u32 = 10;

/// A figure of `decade`, what it is, and what it must stay under.
struct Figure {
    name: &'static str,
    what: &'static str,
    unit: &'static str,
    target: Option<f64>,
}

const fn figure(
    name: &'static str,
    what: &'static str,
    unit: &'static str,
    target: Option<f64>,
) -> Figure {
    Figure {
        name,
        what,
        unit,
        target,
    }
}

const FIGURES: [Figure; 10] = [
    figure("entries", "entries", "", None),
    figure("file_mb", "the file", "MB", None),
    figure("open_ms", "to open it for writing", "ms", Some(1000.0)),
    figure("last_day_ms", "to read the last day", "ms", Some(50.0)),
    figure("last_day_entries", "  which has entries", "", None),
    figure("last_day_alarms_ms", "to read its alarms", "ms", Some(50.0)),
    figure(
        "memory_mb",
        "memory, at most, writing it included",
        "MB",
        Some(64.0),
    ),
    figure("verify_s", "to verify all of it", "s", None),
    figure(
        "day_written_mb",
        "written to the disk in a day, at 10 kB a checkpoint",
        "MB",
        None,
    ),
    figure(
        "commit_ms",
        "a commit, its sync included, at the median",
        "ms",
        None,
    ),
];

/// A generated journal of ten years, of which nothing was pruned.
pub(super) fn decade(here: &Checkout) -> Result<Vec<Missed>, Failure> {
    tool::heading("journal: ten years of basal, profile and 50 presses a day, nothing pruned");
    let mut build = here.cargo("build");
    build.args([
        "--release",
        "--package",
        "pump-journal",
        "--example",
        "decade",
    ]);
    tool::run(&mut build)?;
    // Beside what is built: that is on a disk.
    let folder = here.target(format!("bench-journal-{}", std::process::id()));
    fs::create_dir_all(&folder)
        .map_err(|error| Failure::new(format!("{}: {error}", folder.display())))?;
    let measured = measure(here, &folder);
    let removed = fs::remove_dir_all(&folder);
    let said = measured?;
    removed.map_err(|error| Failure::new(format!("{}: {error}", folder.display())))?;
    let mut missed = Vec::new();
    for Figure {
        name,
        what,
        unit,
        target,
    } in FIGURES
    {
        let value = value(&said, name)
            .ok_or_else(|| Failure::new(format!("`decade` did not tell {name}:\n{said}")))?;
        let aim = target.map_or(String::new(), |target| {
            format!(" (target: under {target} {unit})")
        });
        println!("{what:<52} {value:>12.1} {unit}{aim}");
        if target.is_some_and(|target| value >= target) {
            missed.push(format!("{what}: {value:.1} {unit}"));
        }
    }
    Ok(missed)
}

fn measure(here: &Checkout, folder: &Path) -> Result<String, Failure> {
    let mut decade = Command::new(here.target("release/examples/decade"));
    decade.arg(folder).arg(YEARS.to_string());
    let output = tool::capture(&mut decade)?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn value(said: &str, name: &str) -> Option<f64> {
    let mut lines = said.lines().filter_map(|line| line.split_once(' '));
    lines.find(|(named, _)| *named == name)?.1.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read_by_their_names() {
        let said = "open_ms 14.809\nlast_day_ms 0.762\n";
        assert_eq!(value(said, "last_day_ms"), Some(0.762));
        assert_eq!(value(said, "day_ms"), None);
    }
}
