//! Reading a table key by key: what is missing, unknown or of the wrong kind is reported
//! where it stands, and reading goes on.

use core::ops::RangeInclusive;

use crate::code::Code;
use crate::diagnostic::{Diagnostic, Located, Place, quoted};
use crate::document::Document;
use crate::exact::Exact;
use crate::keys::{Keys, Takes};
use crate::measure::{Wanted, in_range, measure};
use crate::quantity::Quantity;
use crate::report::Report;
use crate::suggestion::{list, nearest};
use crate::tree::{Entry, Table, Value};
use crate::value;

/// A table that is being read.
pub(crate) struct Section<'a> {
    document: &'a Document,
    pub(crate) table: &'a Table,
    /// As it is called in messages, for example "`[limits]`".
    title: String,
    /// What it may have.
    keys: &'static Keys,
    known: Vec<String>,
}

impl<'a> Section<'a> {
    fn new(
        document: &'a Document,
        table: &'a Table,
        title: impl Into<String>,
        keys: &'static Keys,
    ) -> Self {
        Self {
            document,
            table,
            title: title.into(),
            keys,
            known: Vec::new(),
        }
    }

    pub(crate) fn root(document: &'a Document, keys: &'static Keys) -> Self {
        Self::new(document, &document.root, "the file", keys)
    }

    const fn is_root(&self) -> bool {
        self.table.place.end == 0
    }

    /// Where the table begins.
    pub(crate) const fn place(&self) -> Place {
        self.table.place
    }

    /// Whether the entry stands in a line that was reported as no TOML.
    fn is_broken(&self, entry: &Entry) -> bool {
        self.document.is_broken(entry.key_place) || self.document.is_broken(entry.place)
    }

    /// The tables say everything that is read: a reader that asks for more is a defect, whatever
    /// the file.
    fn know(&mut self, key: &str) {
        debug_assert!(
            self.keys.open || self.keys.find(key).is_some(),
            "`{key}` is in no table of keys"
        );
        #[cfg(test)]
        asked::add(self.keys, key, false);
        if !self.known.iter().any(|known| known == key) {
            self.known.push(key.to_owned());
        }
    }

    /// The entry of a key that may be absent.
    pub(crate) fn optional(&mut self, key: &str) -> Option<&'a Entry> {
        self.know(key);
        let entry = self.table.get(key)?;
        (!self.is_broken(entry)).then_some(entry)
    }

    /// The entry of a key that must be there.
    pub(crate) fn required(
        &mut self,
        key: &str,
        example: &str,
        report: &mut Report,
    ) -> Option<&'a Entry> {
        #[cfg(test)]
        asked::add(self.keys, key, true);
        let entry = self.optional(key);
        if entry.is_none() {
            self.missing(key, example, report);
        }
        entry
    }

    fn missing(&self, key: &str, example: &str, report: &mut Report) {
        if self.document.partial {
            return;
        }
        let message = format!("{} lacks `{key}`", self.title);
        let (place, label) = if self.is_root() {
            (self.document.end(), "the file ends here".to_owned())
        } else {
            (self.place(), format!("`{key}` is missing here"))
        };
        report.add(
            Diagnostic::new(Code::MissingKey, place, message)
                .label(label)
                .help(format!("add it, for example `{key} = {example}`")),
        );
    }

    /// A table that may be absent.
    pub(crate) fn optional_section(
        &mut self,
        key: &str,
        report: &mut Report,
    ) -> Option<Section<'a>> {
        let entry = self.optional(key)?;
        match &entry.value {
            Value::Table(table) => {
                let title = if self.is_root() {
                    format!("`[{key}]`")
                } else {
                    format!("`{key}`")
                };
                let keys = self.below(key)?;
                Some(Section::new(self.document, table, title, keys))
            }
            other => {
                report.add(
                    Diagnostic::new(
                        Code::WrongType,
                        entry.place,
                        format!("`{key}` is a table, not {}", other.kind()),
                    )
                    .help(if self.is_root() {
                        format!("write `[{key}]` on a line of its own, and its keys below")
                    } else {
                        format!("write `{key} = {{ … }}` with its keys between the braces")
                    }),
                );
                None
            }
        }
    }

    fn below(&self, key: &str) -> Option<&'static Keys> {
        let below = self.keys.find(key).and_then(|key| key.takes.below());
        debug_assert!(below.is_some(), "`{key}` is no table in the table of keys");
        below
    }

    /// A table that must be there.
    pub(crate) fn section(&mut self, key: &str, report: &mut Report) -> Option<Section<'a>> {
        #[cfg(test)]
        asked::add(self.keys, key, true);
        if self.table.get(key).is_none() {
            self.know(key);
            if !self.document.partial {
                let message = format!("the section `[{key}]` is missing");
                report.add(
                    Diagnostic::new(Code::MissingSection, self.document.end(), message)
                        .label("the file ends here")
                        .help(format!("add `[{key}]` and its keys")),
                );
            }
            return None;
        }
        self.optional_section(key, report)
    }

    /// An array of tables, written `[[key]]`.
    pub(crate) fn sections(
        &mut self,
        key: &str,
        most: usize,
        report: &mut Report,
    ) -> Vec<Section<'a>> {
        self.know(key);
        #[cfg(test)]
        asked::add(self.keys, key, true);
        let Some(entry) = self.table.get(key) else {
            if !self.document.partial {
                let message = format!("there is no `[[{key}]]`");
                report.add(
                    Diagnostic::new(Code::MissingSection, self.document.end(), message)
                        .label("the file ends here")
                        .help(format!("add `[[{key}]]` and its keys")),
                );
            }
            return Vec::new();
        };
        if self.is_broken(entry) {
            return Vec::new();
        }
        let Value::Tables(tables) = &entry.value else {
            let message = format!("`{key}` is written `[[{key}]]`, once for each");
            let place = match &entry.value {
                Value::Table(table) => table.place,
                _ => entry.place,
            };
            report.add(
                Diagnostic::new(Code::WrongType, place, message)
                    .label(format!("this is {}", entry.value.kind()))
                    .help(format!("write `[[{key}]]` with two brackets")),
            );
            return Vec::new();
        };
        let Some(keys) = self.below(key) else {
            return Vec::new();
        };
        if let Some(extra) = tables.get(most) {
            let message = format!("there are {} `[[{key}]]`", tables.len());
            report.add(
                Diagnostic::new(Code::TooMany, extra.place, message)
                    .label("one too many")
                    .allowed(format!("at most {most}")),
            );
        }
        tables
            .iter()
            .take(most)
            .map(|table| Section::new(self.document, table, format!("this `[[{key}]]`"), keys))
            .collect()
    }

    /// The rows of a table that is written as an array of tables, in braces or as `[[…]]`.
    pub(crate) fn rows(
        &self,
        entry: &'a Entry,
        keys: &'static Keys,
        example: &str,
        report: &mut Report,
    ) -> Option<Vec<Section<'a>>> {
        let key = &entry.key;
        let Value::Tables(tables) = &entry.value else {
            let message = format!("`{key}` is a table of rows, not {}", entry.value.kind());
            report.add(
                Diagnostic::new(Code::WrongType, entry.place, message)
                    .help(format!("write for example `{key} = {example}`")),
            );
            return None;
        };
        let row = |table| Section::new(self.document, table, format!("this row of `{key}`"), keys);
        Some(tables.iter().map(row).collect())
    }

    /// Reports every key that nobody asked for. `more` says what else belongs to the answer,
    /// for example which strategy's parameters these are.
    pub(crate) fn finish(self, report: &mut Report) {
        for entry in &self.table.entries {
            let key = entry.key.as_str();
            if self.known.iter().any(|known| known == key) || self.is_broken(entry) {
                continue;
            }
            // Looking for suggestions is the costly part; a file of nonsense gets no more.
            if report.is_full(entry.key_place.file) {
                report.leave_out(entry.key_place.file, true);
                continue;
            }
            let open: Vec<&str> = self
                .known
                .iter()
                .map(String::as_str)
                .filter(|known| self.table.get(known).is_none())
                .collect();
            let all: Vec<&str> = self.known.iter().map(String::as_str).collect();
            let help = match nearest(key, &open).or_else(|| nearest(key, &all)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the keys here are {}", list(&all)),
            };
            let message = format!("{} has no key {}", self.title, quoted(key));
            report.add(
                Diagnostic::new(Code::UnknownKey, entry.key_place, message)
                    .label("unknown key")
                    .help(help),
            );
        }
    }

    // Readers of one value each.

    /// A line of text.
    pub(crate) fn text(
        &mut self,
        key: &str,
        example: &str,
        report: &mut Report,
    ) -> Option<Located<String>> {
        let entry = self.required(key, &format!("\"{example}\""), report)?;
        value::text(entry, example, report)
    }

    /// A count that must be there.
    pub(crate) fn count(
        &mut self,
        key: &str,
        example: &str,
        range: RangeInclusive<u64>,
        report: &mut Report,
    ) -> Option<Located<u64>> {
        let said = self.keys.find(key).map(|key| &key.takes);
        debug_assert!(
            matches!(said, Some(Takes::Count(low, high)) if range == (*low..=*high)),
            "`{key}` is another count in the table of keys"
        );
        let entry = self.required(key, example, report)?;
        value::count(entry, range, report)
    }

    fn is_as_said(&self, key: &str, wanted: Wanted) -> bool {
        matches!(
            self.keys.find(key).map(|key| &key.takes),
            Some(Takes::Quantity { dimensions, microseconds, .. })
                if (*dimensions, *microseconds) == (wanted.dimensions, wanted.microseconds)
        )
    }

    /// A required quantity.
    pub(crate) fn quantity(
        &mut self,
        key: &str,
        wanted: Wanted,
        report: &mut Report,
    ) -> Option<Located<Quantity>> {
        debug_assert!(self.is_as_said(key, wanted), "`{key}` in the table of keys");
        let entry = self.required(key, &format!("\"{}\"", wanted.example), report)?;
        measure(entry, wanted, report)
    }

    /// A quantity that may be absent.
    pub(crate) fn optional_quantity(
        &mut self,
        key: &str,
        wanted: Wanted,
        report: &mut Report,
    ) -> Option<Located<Quantity>> {
        debug_assert!(self.is_as_said(key, wanted), "`{key}` in the table of keys");
        measure(self.optional(key)?, wanted, report)
    }

    /// A required quantity of one dimension, within a range.
    pub(crate) fn ranged(
        &mut self,
        key: &str,
        wanted: Wanted,
        range: RangeInclusive<Exact>,
        report: &mut Report,
    ) -> Option<Located<Exact>> {
        let found = self.quantity(key, wanted, report)?;
        in_range(key, found, &range, report)
    }
}

/// What the readers asked for, for the test that holds it against the tables of keys.
#[cfg(test)]
pub(crate) mod asked {
    use std::cell::RefCell;
    use std::collections::BTreeSet;

    use crate::keys::Keys;

    /// Names of tables with names of keys.
    type Both = BTreeSet<(&'static str, &'static str)>;

    thread_local! {
        static ASKED: RefCell<Option<(Both, Both)>> = const { RefCell::new(None) };
    }

    pub(crate) fn begin() {
        ASKED.with_borrow_mut(|asked| *asked = Some(Default::default()));
    }

    /// Everything that was asked for, and what had to be there.
    pub(crate) fn end() -> (Both, Both) {
        ASKED.with_borrow_mut(Option::take).expect("begun")
    }

    pub(super) fn add(keys: &'static Keys, key: &str, required: bool) {
        ASKED.with_borrow_mut(|asked| {
            let Some((read, needed)) = asked else { return };
            let known = keys.find(key).map(|key| key.name);
            let key = known.unwrap_or_else(|| String::leak(key.to_owned()));
            read.insert((keys.name, key));
            if required {
                needed.insert((keys.name, key));
            }
        });
    }
}
