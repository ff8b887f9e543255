//! A page in Markdown.

use std::fmt::Write as _;

use super::page::{Page, Table};
use crate::story::printable;

/// The page as text. What the journal holds can't add a line, a cell or a heading to it.
pub(super) fn write(page: &Page) -> String {
    let mut text = String::new();
    // Writing to a string can't fail.
    let _ = writeln!(text, "# {}", safe(&page.title));
    for section in &page.sections {
        if !section.title.is_empty() {
            let _ = write!(text, "\n## {}\n", section.title);
        }
        if !section.table.rows.is_empty() {
            text.push('\n');
            table(&mut text, &section.table);
        }
        for sentence in &section.text {
            let _ = write!(text, "\n{}\n", safe(sentence));
        }
    }
    text
}

/// With columns that are aligned, so that it reads well as it is.
fn table(text: &mut String, table: &Table) {
    let rows: Vec<Vec<String>> = std::iter::once(&table.head)
        .chain(&table.rows)
        .map(|row| row.iter().map(|cell| safe(cell)).collect())
        .collect();
    let mut widths = vec![3_usize; table.head.len()];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    for (place, row) in rows.iter().enumerate() {
        for (width, cell) in widths.iter().zip(row) {
            let _ = write!(text, "| {cell:<width$} ");
        }
        text.push_str("|\n");
        if place == 0 {
            for width in &widths {
                let _ = write!(text, "|{}", "-".repeat(width + 2));
            }
            text.push_str("|\n");
        }
    }
}

fn safe(cell: &str) -> String {
    printable(cell).replace('|', "\\|").replace('<', "\\<")
}
