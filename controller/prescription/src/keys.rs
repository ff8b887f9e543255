//! Every key that a file may have, what it takes, and what it is for.
//!
//! The readers ask for keys by name, and a section stops a test
//! where one asks for a key, or for a kind of quantity, that its table here does not have. So a
//! schema made of these tables is of what is read, neither more nor less.

mod tables;

use crate::unit::Dimension;

pub use tables::{DEVICE, DRUG_LIBRARY, PRESCRIPTION, PROFILE_ROW, REGIMEN};

/// A table of a file.
#[derive(Debug)]
pub struct Keys {
    /// What no other table is called.
    pub name: &'static str,
    /// What it is, in a line.
    pub help: &'static str,
    /// Its keys, in the order in which they are usually written.
    pub keys: &'static [Key],
    /// What holds of several of them together.
    pub rules: &'static [Rule],
    /// Whether something else has a say in it: a regimen takes what its strategy declares.
    pub open: bool,
}

/// A key of a table.
#[derive(Debug)]
pub struct Key {
    /// As it is written.
    pub name: &'static str,
    /// What may stand behind it.
    pub takes: Takes,
    /// Whether it may be left out.
    pub needed: Needed,
    /// What it is for, in a line.
    pub help: &'static str,
}

/// What a key takes.
#[derive(Debug)]
pub enum Takes {
    /// The number 1.
    Format,
    /// A line of text of at most so many characters.
    Text(usize),
    /// A text that begins with `/`, of at most so many characters.
    Path(usize),
    /// A text with a number and a unit.
    Quantity {
        /// What it may measure.
        dimensions: &'static [Dimension],
        /// Whether a time may be in microseconds.
        microseconds: bool,
        /// One that would do.
        example: &'static str,
    },
    /// A whole number from one to another.
    Count(u64, u64),
    /// One of some words.
    Choice(&'static [&'static str]),
    /// True or false.
    Flag,
    /// A table.
    Table(&'static Keys),
    /// At least one table, and at most so many.
    Tables(&'static Keys, usize),
    /// The name of a line, or a table with more about it.
    Wire(&'static Keys),
}

/// Whether a key may be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needed {
    /// It may not.
    Always,
    /// That depends on others: the table's rules say how.
    Sometimes,
    /// It may.
    Never,
}

/// What holds of several keys of a table.
#[derive(Debug)]
pub enum Rule {
    /// Either all of the ones or all of the others, and never one of each.
    Either(&'static [&'static str], &'static [&'static str]),
    /// Where a key is this word it needs another key, which belongs to no other word.
    Belongs {
        /// The key with the word.
        key: &'static str,
        /// The word.
        word: &'static str,
        /// The other key.
        needs: &'static str,
    },
}

impl Keys {
    /// The key of this name.
    pub fn find(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }
}

impl Takes {
    /// The table below a key, where it takes one.
    pub const fn below(&self) -> Option<&'static Keys> {
        match self {
            Self::Table(keys) | Self::Tables(keys, _) | Self::Wire(keys) => Some(keys),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
