//! All findings about a set of files, as data and as text.

use std::fmt;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use crate::code::Severity;
use crate::diagnostic::{Diagnostic, FileId, Place, printable};

/// The most findings kept for one file. A file with more is not a slip but another kind of
/// file; the report says how many there were.
const MAX_FINDINGS: usize = 200;
/// The longest part of a line that is shown, in bytes on either side of the place.
const MAX_LINE: usize = 4_000;

/// A file of a report: the name it is shown under and its text.
#[derive(Clone, Debug)]
struct Shown {
    name: String,
    text: Arc<str>,
    /// Findings kept.
    kept: usize,
    /// Findings beyond those kept.
    left_out: usize,
}

/// Every finding about a set of files.
#[derive(Clone, Debug, Default)]
pub struct Report {
    files: Vec<Shown>,
    diagnostics: Vec<Diagnostic>,
    errors: usize,
}

/// A place as an editor counts: from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineColumn {
    /// The line, from 1.
    pub line: usize,
    /// The character in the line, from 1.
    pub column: usize,
}

impl Report {
    pub(crate) fn add_file(&mut self, name: &str) -> FileId {
        let id = FileId(u8::try_from(self.files.len()).unwrap_or(u8::MAX));
        self.files.push(Shown {
            name: name.to_owned(),
            text: Arc::from(""),
            kept: 0,
            left_out: 0,
        });
        id
    }

    pub(crate) fn set_text(&mut self, file: FileId, text: &Arc<str>) {
        if let Some(shown) = self.files.get_mut(usize::from(file.0)) {
            shown.text = Arc::clone(text);
        }
    }

    pub(crate) fn add(&mut self, diagnostic: Diagnostic) {
        if self.diagnostics.contains(&diagnostic) {
            return;
        }
        let error = diagnostic.severity() == Severity::Error;
        if self.is_full(diagnostic.file) {
            self.leave_out(diagnostic.file, error);
            return;
        }
        self.errors += usize::from(error);
        if let Some(shown) = self.files.get_mut(usize::from(diagnostic.file.0)) {
            shown.kept += 1;
        }
        self.diagnostics.push(diagnostic);
    }

    /// Whether no more findings of a file are kept. They are still counted.
    pub(crate) fn is_full(&self, file: FileId) -> bool {
        self.files
            .get(usize::from(file.0))
            .is_some_and(|shown| shown.kept >= MAX_FINDINGS)
    }

    /// Counts a finding that is not kept.
    pub(crate) fn leave_out(&mut self, file: FileId, error: bool) {
        self.errors += usize::from(error);
        if let Some(shown) = self.files.get_mut(usize::from(file.0)) {
            shown.left_out += 1;
        }
    }

    /// Puts the findings in reading order.
    pub(crate) fn sort(&mut self) {
        self.diagnostics
            .sort_by_key(|d| (d.file, d.place.map_or((0, 0), |p| (p.start, p.end)), d.code));
    }

    /// Whether any file was refused.
    pub const fn has_errors(&self) -> bool {
        self.errors > 0
    }

    /// How many errors there are, those not kept included.
    pub const fn error_count(&self) -> usize {
        self.errors
    }

    /// Every finding, in the order of the files and of the places in them. At most 200
    /// for each file.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// How many findings of this severity are kept.
    pub fn count(&self, severity: Severity) -> usize {
        self.diagnostics
            .iter()
            .filter(|d| d.severity() == severity)
            .count()
    }

    /// The name a file is shown under.
    pub fn file_name(&self, file: FileId) -> &str {
        self.files
            .get(usize::from(file.0))
            .map_or("", |shown| &shown.name)
    }

    fn text(&self, file: FileId) -> &str {
        self.files
            .get(usize::from(file.0))
            .map_or("", |shown| &shown.text)
    }

    /// The text at a place.
    pub fn excerpt(&self, place: Place) -> &str {
        self.text(place.file).get(place.bytes()).unwrap_or_default()
    }

    /// Where a place begins, as an editor counts.
    pub fn position(&self, place: Place) -> LineColumn {
        self.line_column(place.file, place.start)
    }

    /// The character after a place, as an editor counts.
    pub fn end_position(&self, place: Place) -> LineColumn {
        self.line_column(place.file, place.end)
    }

    fn line_column(&self, file: FileId, byte: usize) -> LineColumn {
        let text = self.text(file);
        let before = text.get(..byte).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        LineColumn {
            line: before.matches('\n').count() + 1,
            column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
        }
    }

    /// "2 errors, 1 note", or nothing where there is nothing.
    pub fn summary(&self) -> String {
        let count = |severity: Severity| match self.count(severity) {
            0 => None,
            1 => Some(format!("1 {}", severity.name())),
            n => Some(format!("{n} {}s", severity.name())),
        };
        let parts: Vec<String> = [Severity::Error, Severity::Warning, Severity::Note]
            .into_iter()
            .filter_map(count)
            .collect();
        parts.join(", ")
    }

    /// One finding as text, without colour: the place, the line, the offending text
    /// underlined, what is allowed, and the suggestion.
    pub fn render(&self, diagnostic: &Diagnostic) -> String {
        self.render_by(&Renderer::plain(), diagnostic)
    }

    fn render_by(&self, renderer: &Renderer, diagnostic: &Diagnostic) -> String {
        let level = match diagnostic.severity() {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
            Severity::Note => Level::NOTE,
        };
        let message = printable(&diagnostic.message);
        let mut group = Group::with_title(level.primary_title(message).id(diagnostic.code.id()));
        match diagnostic.place {
            None => {
                let name = printable(self.file_name(diagnostic.file));
                group = group.element(Origin::path(name));
            }
            Some(place) => {
                let (same, elsewhere): (Vec<_>, Vec<_>) = diagnostic
                    .related
                    .iter()
                    .partition(|(related, _)| related.file == place.file);
                let mut marks = vec![(place, diagnostic.label.as_str(), true)];
                marks.extend(
                    same.iter()
                        .map(|(place, what)| (*place, what.as_str(), false)),
                );
                group = self.show(group, &marks);
                for (place, what) in elsewhere {
                    group = self.show(group, &[(*place, what.as_str(), false)]);
                }
            }
        }
        if let Some(allowed) = &diagnostic.allowed {
            group = group.element(Level::NOTE.message(printable(&format!("allowed: {allowed}"))));
        }
        if let Some(help) = &diagnostic.help {
            group = group.element(Level::HELP.message(printable(help)));
        }
        renderer.render(&[group])
    }

    /// Adds the lines around some places of one file, the first of which is named.
    fn show<'a>(&'a self, group: Group<'a>, marks: &[(Place, &str, bool)]) -> Group<'a> {
        let file = marks.first().map_or(FileId(0), |(place, ..)| place.file);
        let text = self.text(file);
        let first = marks.iter().map(|(p, ..)| p.start).min().unwrap_or(0);
        let last = marks.iter().map(|(p, ..)| p.end).max().unwrap_or(0);
        let start = text
            .get(..first)
            .and_then(|t| t.rfind('\n'))
            .map_or(0, |at| at + 1);
        let end = text
            .get(last..)
            .and_then(|t| t.find('\n'))
            .map_or(text.len(), |at| last + at);
        // A line may be as long as the file; only what is near the places is worth showing.
        let line_start = start;
        let start = floor_boundary(text, start.max(first.saturating_sub(MAX_LINE)));
        let end = ceil_boundary(text, end.min(last.saturating_add(MAX_LINE)));
        let shown = text.get(start..end).unwrap_or_default();
        let line = text.get(..start).unwrap_or_default().matches('\n').count() + 1;
        let name = printable(self.file_name(file));
        let mut snippet = Snippet::source(shown).line_start(line);
        let mut group = group;
        if start == line_start {
            snippet = snippet.path(name);
        } else {
            // What is shown does not begin where the line does: the column is counted here.
            let at = marks.first().map(|(place, ..)| self.position(*place));
            let at = at.unwrap_or(LineColumn { line, column: 1 });
            group = group.element(Origin::path(name).line(at.line).char_column(at.column));
        }
        for (place, label, primary) in marks {
            let kind = if *primary {
                AnnotationKind::Primary
            } else {
                AnnotationKind::Context
            };
            let from = place.start.saturating_sub(start).min(shown.len());
            let to = place.end.saturating_sub(start).min(shown.len()).max(from);
            let mut annotation = kind.span(from..to);
            if !label.is_empty() {
                annotation = annotation.label(printable(label));
            }
            snippet = snippet.annotation(annotation);
        }
        group.element(snippet)
    }
}

impl fmt::Display for Report {
    /// Every finding as text with an empty line after each; in colours by `{:#}`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let renderer = match f.alternate() {
            true => Renderer::styled(),
            false => Renderer::plain(),
        };
        for diagnostic in &self.diagnostics {
            writeln!(f, "{}\n", self.render_by(&renderer, diagnostic))?;
        }
        for file in self.files.iter().filter(|file| file.left_out > 0) {
            let name = printable(&file.name);
            writeln!(
                f,
                "{} more findings in {name} are not shown\n",
                file.left_out
            )?;
        }
        Ok(())
    }
}

fn floor_boundary(text: &str, mut at: usize) -> usize {
    while at > 0 && !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn ceil_boundary(text: &str, mut at: usize) -> usize {
    while at < text.len() && !text.is_char_boundary(at) {
        at += 1;
    }
    at.min(text.len())
}
