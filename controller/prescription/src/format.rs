//! The `format` key that every file begins with.

use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::report::Report;
use crate::section::Section;
use crate::tree::Value;

/// The only format this version reads.
const FORMAT: u64 = 1;

/// Whether the file says the format this version reads.
pub(crate) fn check(root: &mut Section<'_>, report: &mut Report) -> Option<()> {
    let entry = root.required("format", "1", report)?;
    match entry.value {
        Value::Integer(Some(FORMAT)) => Some(()),
        _ => {
            report.add(
                Diagnostic::new(Code::Format, entry.place, "this format is not known")
                    .allowed(FORMAT.to_string())
                    .help(format!("write `format = {FORMAT}`")),
            );
            None
        }
    }
}
