//! A page in HTML: one file, nothing in it comes from elsewhere.

use std::fmt::Write as _;

use super::page::{Page, Table};
use super::plots::Plot;
use crate::story::printable;

const STYLE: &str = "
:root { color-scheme: light; }
body { font: 16px/1.5 system-ui, sans-serif; color: #282c34; background: #fff;
       max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .2rem .9rem .2rem 0; border-bottom: 1px solid #d9dce1;
         vertical-align: top; overflow-wrap: anywhere; }
th { color: #5c6370; font-weight: 600; }
thead th { white-space: nowrap; }
figure { margin: 1rem 0; }
svg { max-width: 100%; height: auto; }
code { overflow-wrap: anywhere; }
@media print { body { margin: 0; max-width: none; } figure, tr { break-inside: avoid; } }
";

/// The page as a document.
pub(super) fn write(page: &Page, plots: &[Plot]) -> String {
    let title = safe(&page.title);
    let mut text = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n"
    );
    for (place, section) in page.sections.iter().enumerate() {
        // Writing to a string can't fail.
        if !section.title.is_empty() {
            let _ = writeln!(text, "<h2>{}</h2>", safe(section.title));
        }
        if !section.table.rows.is_empty() {
            table(&mut text, &section.table);
        }
        for sentence in &section.text {
            let _ = writeln!(text, "<p>{}</p>", marked(&safe(sentence)));
        }
        if place == 0 {
            for plot in plots {
                let _ = writeln!(
                    text,
                    "<figure role=\"img\" aria-label=\"{}\">{}</figure>",
                    safe(plot.title),
                    plot.svg
                );
            }
        }
    }
    text.push_str("</body>\n</html>\n");
    text
}

fn table(text: &mut String, table: &Table) {
    text.push_str("<table>\n");
    if table.head.iter().any(|word| !word.is_empty()) {
        text.push_str("<thead><tr>");
        for word in &table.head {
            let _ = write!(text, "<th scope=\"col\">{}</th>", safe(word));
        }
        text.push_str("</tr></thead>\n");
    }
    text.push_str("<tbody>\n");
    for row in &table.rows {
        text.push_str("<tr>");
        for (place, cell) in row.iter().enumerate() {
            let cell = safe(cell);
            let _ = match place {
                0 => write!(text, "<th scope=\"row\">{cell}</th>"),
                _ => write!(text, "<td>{cell}</td>"),
            };
        }
        text.push_str("</tr>\n");
    }
    text.push_str("</tbody>\n</table>\n");
}

/// What the journal holds is text and stays text.
fn safe(text: &str) -> String {
    printable(text)
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// What sentences have between backticks is code.
fn marked(text: &str) -> String {
    let mut pieces = text.split('`');
    let mut out = pieces.next().unwrap_or_default().to_owned();
    while let Some(code) = pieces.next() {
        match pieces.next() {
            Some(rest) => {
                let _ = write!(out, "<code>{code}</code>{rest}");
            }
            // One that nothing closes is a backtick.
            None => {
                let _ = write!(out, "`{code}");
            }
        }
    }
    out
}
