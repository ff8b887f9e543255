//! `pumpctl fmt`: a layout for TOML files, so that two versions differ where something was
//! changed and nowhere else.
//!
//! A file that is no TOML is refused as it is. One that is gets only its white space written
//! anew ([`layout`]), and before it takes the old one's place it is parsed again and held against
//! it: a formatter that changed a dose would be the worst of editors.

pub(crate) mod layout;
mod meaning;

use std::io::Write as _;
use std::path::Path;

use pump_prescription::{TooDeep, parse_toml};
use pump_simulator::MAX_SCENARIO;

use crate::cli::FmtArgs;
use crate::failure::Failure;
use crate::output::{self, Output};
use crate::story::printable;

/// Formats every file, or says which are not as it would write them.
pub(crate) fn run(args: &FmtArgs) -> Result<(), Failure> {
    let mut fine = true;
    for path in &args.files {
        let shown = path.display();
        let formatted = read(path).and_then(|text| Ok((formatted(&text)?, text)));
        let (formatted, text) = match formatted {
            Ok(both) => both,
            Err(wrong) => {
                fine = false;
                for line in wrong {
                    // Where nobody can read it, the exit code still says it.
                    let _ = writeln!(std::io::stderr(), "{shown}:{}", printable(&line));
                }
                continue;
            }
        };
        if formatted == text {
            continue;
        }
        if args.check {
            fine = false;
            output::print(&format!("{shown}: `pumpctl fmt` would change it\n"))?;
        } else {
            let mut file = Output::replace(path)?;
            file.write_all(formatted.as_bytes())
                .map_err(|error| Failure::input(format_args!("{shown}: {error}")))?;
            file.finish()?;
            output::print(&format!("{shown}: formatted\n"))?;
        }
    }
    if fine { Ok(()) } else { Err(Failure::Told) }
}

/// What is wrong with a file, each beginning with its line and column where it has one.
type Wrong = Vec<String>;

fn read(path: &Path) -> Result<String, Wrong> {
    let whole = |why: String| vec![format!(" {why}")];
    let size = std::fs::metadata(path).map(|found| found.len());
    if size.is_ok_and(|size| size > MAX_SCENARIO as u64) {
        return Err(whole("it is too large; at most 4 MiB".to_owned()));
    }
    let bytes = std::fs::read(path).map_err(|error| whole(format!("it can't be read: {error}")))?;
    String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..good].iter().filter(|b| **b == b'\n');
        vec![format!("{}: this is not UTF-8", line.count() + 1)]
    })
}

/// The text as it would be laid out; or where it is no TOML.
pub(crate) fn formatted(text: &str) -> Result<String, Wrong> {
    let at = |place: usize| {
        let before = text.get(..place).unwrap_or_default();
        let column = before.rsplit('\n').next().unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        format!("{line}:{}", column.chars().count() + 1)
    };
    let before = parse_toml(text)
        .map_err(|TooDeep { place }| vec![format!("{}: nested too deeply", at(place.start))])?;
    if !before.errors.is_empty() {
        let mut errors: Vec<_> = before.errors.iter().collect();
        errors.sort_by_key(|error| error.place.start);
        let errors = errors.into_iter();
        let told = errors.map(|error| {
            format!(
                "{}: this is not TOML: {}",
                at(error.place.start),
                error.message
            )
        });
        return Err(told.collect());
    }
    let after = layout::of(text);
    let same = parse_toml(&after).is_ok_and(|parsed| {
        parsed.errors.is_empty()
            && meaning::same_table(before.root.get_ref(), parsed.root.get_ref())
    });
    if !same {
        let why = " formatting it would change its meaning, so it stays as it is; this is a \
                   defect of `pumpctl fmt`";
        return Err(vec![why.to_owned()]);
    }
    Ok(after)
}

#[cfg(test)]
mod tests;
