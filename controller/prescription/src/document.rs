//! From bytes to a tree of values, each with its place.

use core::ops::Range;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::code::Code;
use crate::diagnostic::{Diagnostic, FileId, Place, quoted};
use crate::input::Input;
use crate::report::Report;
use crate::suggestion::repair;
use crate::syntax::{MAX_DEPTH, TooDeep, parse_toml};
use crate::tree::{Table, Value, table};

/// A file that was read as far as it could be.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    pub(crate) text: Arc<str>,
    pub(crate) root: Table,
    /// Lines with an error of syntax: what is found there by reading on is no news.
    /// By where each begins, with where it ends.
    broken: BTreeMap<usize, usize>,
    /// Whether something may be missing only because of an error of syntax.
    pub(crate) partial: bool,
}

impl Document {
    /// Reads a file; its errors go to the report. `None`: nothing of it could be read.
    pub(crate) fn read(input: &Input, file: FileId, report: &mut Report) -> Option<Self> {
        let text = input.text(file, report)?;
        report.set_text(file, &text);
        let parsed = match parse_toml(&text) {
            Ok(parsed) => parsed,
            Err(TooDeep { place }) => {
                let place = Place {
                    file,
                    start: place.start,
                    end: place.end,
                };
                report.add(
                    Diagnostic::new(Code::TooDeep, place, "this is nested too deeply")
                        .allowed(format!("at most {MAX_DEPTH} levels"))
                        .help(
                            "no file of this format needs more than 3 levels; is it the right \
                             file?",
                        ),
                );
                return None;
            }
        };
        let place = Place {
            file,
            start: 0,
            end: 0,
        };
        let root = table(parsed.root.get_ref(), place);
        let mut document = Self {
            text: Arc::clone(&text),
            root,
            broken: BTreeMap::new(),
            partial: false,
        };
        for error in parsed.errors {
            document.complain(&error.message, error.place, file, report);
        }
        Some(document)
    }

    fn complain(&mut self, message: &str, span: Range<usize>, file: FileId, report: &mut Report) {
        let place = Place {
            file,
            start: span.start,
            end: span.end,
        };
        if message == "duplicate key" {
            if report.is_full(file) {
                report.leave_out(file, true);
                return;
            }
            let key = self.text.get(span).unwrap_or_default();
            let mut diagnostic = Diagnostic::new(
                Code::DuplicateKey,
                place,
                format!("{} is written twice", quoted(key)),
            )
            .label("written again")
            .help("keep the one that is meant, and remove the other");
            let first = self
                .first(key.trim_matches(['"', '\'']), place)
                .or_else(|| self.first_header(key, place));
            if let Some(first) = first {
                diagnostic = diagnostic.related(first, "first written here");
            }
            report.add(diagnostic);
            return;
        }
        let line = line_of(&self.text, span.start);
        let already = self.broken.insert(line.start, line.end).is_some();
        self.partial = true;
        // One slip often trips the parser several times in its line: the first is the cause.
        if already {
            return;
        }
        if report.is_full(file) {
            report.leave_out(file, true);
            return;
        }
        let written = self.text.get(line).unwrap_or_default();
        report.add(
            Diagnostic::new(Code::Syntax, place, "this is not TOML")
                .label(message.to_owned())
                .maybe_help(repair(written)),
        );
    }

    /// Where the key of a duplicate was written first.
    fn first(&self, key: &str, again: Place) -> Option<Place> {
        let mut tables = vec![&self.root];
        let mut owner = &self.root;
        while let Some(table) = tables.pop() {
            if table.place.start < again.start && table.place.start >= owner.place.start {
                owner = table;
            }
            for entry in &table.entries {
                match &entry.value {
                    Value::Table(table) => tables.push(table),
                    Value::Tables(list) => tables.extend(list),
                    _ => {}
                }
            }
        }
        [owner, &self.root]
            .into_iter()
            .filter_map(|table| table.get(key))
            .map(|entry| entry.key_place)
            .find(|place| place.start < again.start)
    }

    /// Where a table's header stands first, when the same header comes again.
    fn first_header(&self, key: &str, again: Place) -> Option<Place> {
        let line = line_of(&self.text, again.start);
        let written = self.text.get(line)?.trim();
        let before = self.text.get(..again.start)?;
        let mut start = 0;
        for candidate in before.split_inclusive('\n') {
            if candidate.trim() == written && written.starts_with('[') {
                let start = start + candidate.find(key)?;
                return Some(Place {
                    start,
                    end: start + key.len(),
                    ..again
                });
            }
            start += candidate.len();
        }
        None
    }

    /// The end of the last line that has something.
    pub(crate) fn end(&self) -> Place {
        let end = self.text.trim_end().len();
        Place {
            start: end,
            end,
            ..self.root.place
        }
    }

    /// Whether a place lies in a line that is no TOML, and was reported as such.
    pub(crate) fn is_broken(&self, place: Place) -> bool {
        self.broken
            .range(..=place.start)
            .next_back()
            .is_some_and(|(_, end)| place.start <= *end)
    }
}

fn line_of(text: &str, at: usize) -> Range<usize> {
    let start = text
        .get(..at)
        .and_then(|t| t.rfind('\n'))
        .map_or(0, |at| at + 1);
    let end = text
        .get(at..)
        .and_then(|t| t.find('\n'))
        .map_or(text.len(), |n| at + n);
    start..end
}
