//! Findings in SARIF 2.1.0, which editors and code hosts read.

use std::path::PathBuf;

use pump_prescription::{Code, Diagnostic, Outcome, Place, Report, Severity};
use serde_json::{Value, json};

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// One run with the findings of all files.
pub(super) fn text(checked: &[(&PathBuf, Outcome)]) -> String {
    let results: Vec<Value> = checked
        .iter()
        .flat_map(|(_, outcome)| {
            let findings = outcome.report.diagnostics().iter();
            findings.map(|found| result(&outcome.report, found))
        })
        .collect();
    let rules: Vec<Value> = Code::ALL
        .iter()
        .map(|code| {
            json!({
                "id": code.id(),
                "shortDescription": { "text": code.about() },
                "defaultConfiguration": { "level": level(code.severity()) },
            })
        })
        .collect();
    let run = json!({
        "tool": { "driver": {
            "name": "pumpctl check",
            "version": env!("CARGO_PKG_VERSION"),
            "rules": rules,
        }},
        // Columns are counted as in the texts for people.
        "columnKind": "unicodeCodePoints",
        "results": results,
    });
    let log = json!({ "$schema": SCHEMA, "version": "2.1.0", "runs": [run] });
    format!("{log:#}\n")
}

const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

fn result(report: &Report, found: &Diagnostic) -> Value {
    let mut text = found.message.clone();
    for (before, more) in [("allowed: ", &found.allowed), ("help: ", &found.help)] {
        if let Some(more) = more {
            text.push_str(&format!("\n{before}{more}"));
        }
    }
    let file = report.file_name(found.file);
    let related = found.related.iter().map(|(place, what)| {
        let mut location = location(report, report.file_name(place.file()), Some(*place));
        if let Some(location) = location.as_object_mut() {
            location.insert("message".to_owned(), json!({ "text": what }));
        }
        location
    });
    json!({
        "ruleId": found.code.id(),
        "level": level(found.severity()),
        "message": { "text": text },
        "locations": [location(report, file, found.place)],
        "relatedLocations": related.collect::<Vec<_>>(),
    })
}

fn location(report: &Report, file: &str, place: Option<Place>) -> Value {
    let mut physical = json!({ "artifactLocation": { "uri": file } });
    if let (Some(place), Some(physical)) = (place, physical.as_object_mut()) {
        let (from, to) = (report.position(place), report.end_position(place));
        physical.insert(
            "region".to_owned(),
            json!({
                "startLine": from.line,
                "startColumn": from.column,
                "endLine": to.line,
                "endColumn": to.column,
            }),
        );
    }
    json!({ "physicalLocation": physical })
}
