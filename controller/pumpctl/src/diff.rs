//! `pumpctl diff`: what changes in the dose, not in the text.

use pump_control::Row;
use pump_prescription::side_by_side;
use serde_json::json;

use crate::cli::DiffArgs;
use crate::failure::Failure;
use crate::output;
use crate::paint::Paint;
use crate::places::Places;

/// Checks both and lays them side by side.
pub(crate) fn run(args: &DiffArgs) -> Result<(), Failure> {
    let places = Places::find(&args.places)?;
    let (old, new) = (places.checked(&args.old)?, places.checked(&args.new)?);
    let compared = side_by_side(Some(&old), &new);
    let same_dose = !compared.iter().any(|row| row.is_dose() && row.is_changed());
    let shown = compared
        .into_iter()
        .filter(|row| args.all || row.is_dose() && row.is_changed());
    let rows: Vec<Row> = shown
        .map(|row| Row {
            changed: row.is_changed(),
            what: row.what,
            old: row.old,
            new: row.new,
        })
        .collect();
    if args.json {
        let document = json!({ "same_dose": same_dose, "rows": rows });
        return output::print(&format!("{document:#}\n"));
    }
    let heads = [
        args.old.display().to_string(),
        args.new.display().to_string(),
    ];
    let mut text = String::new();
    if !rows.is_empty() {
        let heads = [heads[0].as_str(), heads[1].as_str()];
        text = crate::side_by_side::table(heads, &rows, &Paint::stdout());
        text.push('\n');
    }
    text.push_str(match same_dose {
        true => "the dose is the same\n",
        false => "the dose changes\n",
    });
    output::print(&text)
}
