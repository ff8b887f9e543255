//! Findings and limits as one JSON document.

use std::path::PathBuf;

use pump_prescription::{Checked, Diagnostic, Outcome, Place, Report, envelope_lines};
use serde_json::{Value, json};

use super::picture;

/// One entry for each file, in the order of the command line.
pub(super) fn text(checked: &[(&PathBuf, Outcome)]) -> String {
    let files: Vec<Value> = checked
        .iter()
        .map(|(path, outcome)| {
            let findings = outcome.report.diagnostics();
            json!({
                "file": path.display().to_string(),
                "good": outcome.checked.is_some(),
                "findings": findings
                    .iter()
                    .map(|found| finding(&outcome.report, found))
                    .collect::<Vec<_>>(),
                "prescription": outcome.checked.as_ref().map(prescription),
            })
        })
        .collect();
    format!("{:#}\n", json!({ "files": files }))
}

fn finding(report: &Report, found: &Diagnostic) -> Value {
    json!({
        "code": found.code.id(),
        "severity": found.severity().name(),
        "message": found.message,
        "at": found.place.map(|place| at(report, place)),
        "file": report.file_name(found.file),
        "label": found.label,
        "allowed": found.allowed,
        "help": found.help,
        "related": found.related.iter().map(|(place, what)| json!({
            "file": report.file_name(place.file()),
            "at": at(report, *place),
            "what": what,
        })).collect::<Vec<_>>(),
    })
}

/// Lines and columns from 1, columns in characters; the end is the first character beyond.
fn at(report: &Report, place: Place) -> Value {
    let (from, to) = (report.position(place), report.end_position(place));
    json!({
        "line": from.line,
        "column": from.column,
        "end_line": to.line,
        "end_column": to.column,
    })
}

fn prescription(rx: &Checked) -> Value {
    json!({
        "id": rx.id,
        "sha256": rx.sha256_hex(),
        "route": rx.route.name(),
        "drug_library": rx.library_version,
        "limits": rx.limits.iter().map(|limit| json!({
            "limit": limit.kind.name(),
            "drug": limit.drug.and_then(|at| rx.drugs.get(at)).map(|drug| &drug.name),
            "in_force": limit.text(),
            "set_by": limit.source.name(),
        })).collect::<Vec<_>>(),
        "regimens": rx.regimens.iter().map(|regimen| json!({
            "name": regimen.name,
            "strategy": regimen.declaration.name,
            "at_most": envelope_lines(&regimen.envelope),
        })).collect::<Vec<_>>(),
        "picture": picture::document(rx),
    })
}
