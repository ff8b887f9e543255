//! The runs of a journal, a line each.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::failure::Failure;
use crate::history::when;
use crate::runs::{Run, Runs};
use crate::story::printable;

/// A list of the runs, the oldest first.
pub(super) fn tell(runs: &mut Runs<'_>, as_json: bool) -> Result<String, Failure> {
    let list = runs.list(usize::MAX)?;
    if as_json {
        let documents: Vec<Value> = list.iter().map(document).collect();
        return Ok(format!("{}\n", Value::from(documents)));
    }
    if list.is_empty() {
        return Err(runs.none());
    }
    let mut text = format!(
        "{:>5}  {:<24}  {:<24}  {:<12}  prescription\n",
        "run", "begun", "ended", "how"
    );
    for run in &list {
        let end = run.end.as_ref();
        let ended = end.map_or_else(String::new, |end| when(&end.row().stamp));
        let how = end.map_or("under way", |end| end.name());
        // Writing to a string can't fail.
        let _ = writeln!(
            text,
            "{:>5}  {:<24}  {ended:<24}  {how:<12}  {}",
            run.papers.arming,
            when(&run.armed.stamp),
            printable(&run.papers.id),
        );
    }
    Ok(text)
}

pub(super) fn document(run: &Run) -> Value {
    let end = run.end.as_ref();
    json!({
        "run": run.papers.arming,
        "id": run.papers.id,
        "sha256": run.papers.sha256,
        "first_seq": run.armed.seq,
        "last_seq": run.last,
        "begun_utc_ns": run.armed.stamp.utc_ns,
        "begun_mono_ns": run.armed.stamp.mono_ns,
        "boot": run.armed.stamp.boot.to_string(),
        "ended": end.map(|end| end.name()),
        "ended_utc_ns": end.and_then(|end| end.row().stamp.utc_ns),
    })
}
