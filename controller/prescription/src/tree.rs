//! The tree of values that a file holds, in the order of the file, each with its place.

use core::ops::Range;
use std::borrow::Cow;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::diagnostic::Place;

/// A value of the tree.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Text(String),
    /// As written, for example `20` or `0x14`; the number where it fits.
    Integer(Option<u64>),
    Flag(bool),
    /// A TOML float or date, which no key takes.
    Float,
    Date,
    Array,
    Table(Table),
    /// An array of nothing but tables.
    Tables(Vec<Table>),
}

impl Value {
    /// What it is called in a message.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "a text",
            Self::Integer(_) => "a bare number",
            Self::Flag(_) => "true or false",
            Self::Float => "a bare number",
            Self::Date => "a date",
            Self::Array => "an array",
            Self::Table(_) => "a table",
            Self::Tables(_) => "an array of tables",
        }
    }
}

/// A key and its value.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_place: Place,
    pub(crate) value: Value,
    pub(crate) place: Place,
}

/// A table in the order of the file.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) place: Place,
    pub(crate) entries: Vec<Entry>,
}

impl Table {
    pub(crate) fn get(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }
}

fn at(parent: Place, span: Range<usize>) -> Place {
    Place {
        start: span.start,
        end: span.end.max(span.start),
        ..parent
    }
}

/// A table of the parser, turned into ours. The depth is bounded by who calls.
pub(crate) fn table(table: &DeTable<'_>, place: Place) -> Table {
    let mut entries: Vec<Entry> = table
        .iter()
        .map(|(key, value)| entry(key, value, place))
        .collect();
    entries.sort_by_key(|entry| entry.key_place.start);
    Table { place, entries }
}

fn entry(key: &Spanned<Cow<'_, str>>, value: &Spanned<DeValue<'_>>, parent: Place) -> Entry {
    Entry {
        key: key.get_ref().clone().into_owned(),
        key_place: at(parent, key.span()),
        value: convert(value, parent),
        place: at(parent, value.span()),
    }
}

fn convert(value: &Spanned<DeValue<'_>>, parent: Place) -> Value {
    match value.get_ref() {
        DeValue::String(text) => Value::Text(text.clone().into_owned()),
        DeValue::Integer(number) => {
            Value::Integer(u64::from_str_radix(number.as_str(), number.radix()).ok())
        }
        DeValue::Float(_) => Value::Float,
        DeValue::Boolean(flag) => Value::Flag(*flag),
        DeValue::Datetime(_) => Value::Date,
        DeValue::Table(inner) => Value::Table(table(inner, at(parent, value.span()))),
        DeValue::Array(array) => {
            let tables: Option<Vec<Table>> = array
                .iter()
                .map(|item| match item.get_ref() {
                    DeValue::Table(inner) => Some(table(inner, at(parent, item.span()))),
                    _ => None,
                })
                .collect();
            match tables {
                Some(tables) if !tables.is_empty() => Value::Tables(tables),
                _ => Value::Array,
            }
        }
    }
}
