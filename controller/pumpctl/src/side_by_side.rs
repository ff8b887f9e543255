//! Two prescriptions side by side, as a table.

use std::fmt::Write as _;

use pump_control::Row;

use crate::paint::Paint;
use crate::story::printable;

/// A column is not wider.
const WIDEST: usize = 44;

/// The rows under the two heads; what changes is marked.
pub(crate) fn table(heads: [&str; 2], rows: &[Row], paint: &Paint) -> String {
    let none = "–".to_owned();
    let cells: Vec<[String; 3]> = rows
        .iter()
        .map(|row| {
            let value = |value: &Option<String>| value.as_deref().map_or(none.clone(), printable);
            [printable(&row.what), value(&row.old), value(&row.new)]
        })
        .collect();
    let heads = ["", heads[0], heads[1]];
    let width = |column: usize| {
        let cells = cells.iter().map(|row| row[column].chars().count());
        let widest = cells.chain([heads[column].chars().count()]).max();
        widest.unwrap_or(0).min(WIDEST)
    };
    let (what, old, new) = (width(0), width(1), width(2));
    let head = format!("  {:<what$}  {:<old$}  {}", heads[0], heads[1], heads[2]);
    let mut text = format!("{}\n", paint.dim(&head));
    for (row, cells) in rows.iter().zip(&cells) {
        let [name, before, after] = cells;
        let line = format!("  {name:<what$}  {before:<old$}  {after:<new$}");
        let _ = match row.changed {
            true => writeln!(text, "{}  *", paint.bold(&line)),
            false => writeln!(text, "{}", line.trim_end()),
        };
    }
    if rows.iter().any(|row| row.changed) {
        text.push_str("  * changes\n");
    }
    text
}
