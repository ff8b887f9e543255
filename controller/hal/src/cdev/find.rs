//! One line among those of all chips.

use gpio_cdev::{Chip, Line};

use super::{LineName, OpenError, Trouble, of, refused};
use crate::LineError;

/// The one line that goes by this name.
pub(super) fn line(name: &LineName) -> Result<Line, OpenError> {
    let (chips, unreadable) = chips().map_err(|error| refused(name, error))?;
    let mut found: Vec<(String, Line)> = Vec::new();
    for mut chip in chips {
        let path = chip.path().display().to_string();
        match name {
            LineName::Offset {
                chip: label,
                offset,
            } => {
                if chip.label() == label && *offset < chip.num_lines() {
                    let line = chip.get_line(*offset);
                    let line = line.map_err(|_| refused(name, LineError::last()))?;
                    found.push((path, line));
                }
            }
            LineName::Name(wanted) => {
                for line in chip.lines() {
                    let info = line.info().map_err(|_| refused(name, LineError::last()))?;
                    if info.name() == Some(wanted) {
                        found.push((path.clone(), line));
                    }
                }
            }
        }
    }
    let line = match found.len() {
        0 => return Err(of(name.clone(), Trouble::NotFound { unreadable })),
        1 => found.swap_remove(0).1,
        _ => {
            let paths = found.into_iter().map(|(path, _)| path).collect();
            return Err(of(name.clone(), Trouble::Ambiguous(paths)));
        }
    };
    let info = line.info().map_err(|_| refused(name, LineError::last()))?;
    if info.is_kernel() {
        let by = info.consumer().unwrap_or("something else").to_owned();
        return Err(of(name.clone(), Trouble::Taken(by)));
    }
    Ok(line)
}

/// Every chip once, and what could not be opened.
fn chips() -> Result<(Vec<Chip>, Vec<String>), LineError> {
    let mut chips: Vec<Chip> = Vec::new();
    let mut unreadable = Vec::new();
    for chip in gpio_cdev::chips().map_err(|_| LineError::last())? {
        match chip {
            // A link in /dev is another path to the same chip.
            Ok(chip) if chips.iter().any(|known| known.name() == chip.name()) => {}
            Ok(chip) => chips.push(chip),
            Err(error) => unreadable.push(error.to_string()),
        }
    }
    Ok((chips, unreadable))
}
