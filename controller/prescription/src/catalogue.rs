//! Where the declarations of strategies come from.

use std::fmt;

use strategy_link::Declaration;

/// Knows which strategies are installed and what they declare. This crate never loads one:
/// whoever can probe a plugin safely implements this.
pub trait Catalogue {
    /// What the strategy of this name declares.
    ///
    /// # Errors
    /// There is none, or it can't be used.
    fn declaration(&self, name: &str) -> Result<Declaration, CatalogueError>;

    /// The names of all strategies there are, for suggestions.
    fn names(&self) -> Vec<String>;
}

/// Why there is no declaration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CatalogueError {
    /// No strategy has this name.
    Unknown,
    /// There is one, but it can't be used, for this reason.
    Unusable(String),
}

impl fmt::Display for CatalogueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("no strategy has this name"),
            Self::Unusable(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for CatalogueError {}
