//! A finding about a file, with its place.

use core::ops::Range;

use crate::code::{Code, Severity};

/// Which of a report's files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub(crate) u8);

/// A place in a file: bytes from and to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    pub(crate) file: FileId,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

impl Place {
    /// The file it is in.
    pub const fn file(self) -> FileId {
        self.file
    }

    /// The bytes of the file's text.
    pub const fn bytes(self) -> Range<usize> {
        self.start..self.end
    }
}

/// A value and where it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// Where it was written.
    pub place: Place,
}

impl<T> Located<T> {
    pub(crate) fn map<U>(self, f: impl FnOnce(T) -> U) -> Located<U> {
        Located {
            value: f(self.value),
            place: self.place,
        }
    }
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// What it is about.
    pub code: Code,
    /// Which file.
    pub file: FileId,
    /// Where in the file; absent where it is about the file as a whole.
    pub place: Option<Place>,
    /// What is wrong, in one line.
    pub message: String,
    /// What to write under the offending text.
    pub label: String,
    /// What is allowed, for example "1 min to 24 h".
    pub allowed: Option<String>,
    /// How to put it right.
    pub help: Option<String>,
    /// Other places that belong to it, each with a line on what is there.
    pub related: Vec<(Place, String)>,
}

impl Diagnostic {
    pub(crate) fn new(code: Code, place: Place, message: impl Into<String>) -> Self {
        Self {
            code,
            file: place.file,
            place: Some(place),
            message: message.into(),
            label: String::new(),
            allowed: None,
            help: None,
            related: Vec::new(),
        }
    }

    /// A finding about a file as a whole.
    pub(crate) fn of_file(code: Code, file: FileId, message: impl Into<String>) -> Self {
        Self {
            place: None,
            file,
            ..Self::new(
                code,
                Place {
                    file,
                    start: 0,
                    end: 0,
                },
                message,
            )
        }
    }

    pub(crate) fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    pub(crate) fn allowed(mut self, allowed: impl Into<String>) -> Self {
        self.allowed = Some(allowed.into());
        self
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(crate) fn maybe_help(mut self, help: Option<String>) -> Self {
        self.help = help.or(self.help);
        self
    }

    pub(crate) fn related(mut self, place: Place, what: impl Into<String>) -> Self {
        self.related.push((place, what.into()));
        self
    }

    /// How bad it is.
    pub const fn severity(&self) -> Severity {
        self.code.severity()
    }
}

/// Text from a file or a path, so that it can't steer a terminal.
pub(crate) fn printable(text: &str) -> String {
    annotate_snippets::normalize_untrusted_str(text)
}

/// A text from a file between back quotes, shortened.
pub(crate) fn quoted(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut short = String::from("`");
    for c in text.chars().take(LONGEST) {
        if c.is_control() {
            short.extend(c.escape_default());
        } else {
            short.push(c);
        }
    }
    if text.chars().nth(LONGEST).is_some() {
        short.push('…');
    }
    short.push('`');
    short
}
