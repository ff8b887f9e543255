//! Why a command failed, and the exit code that says so.

use std::fmt::Display;
use std::io::Write as _;

/// A failure, with everything the operator should read.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The input is wrong. What was printed already needs no more words.
    Told,
    /// The input is wrong.
    Input(String),
    /// The command line is wrong.
    Usage(String),
    /// The daemon can't be reached, or went away.
    Unreachable(String),
    /// The asker has not the right.
    NoRight(String),
    /// A run is under way.
    UnderWay(String),
    /// There are alarms, and this exit code says how urgent they are.
    Alarmed(u8),
    /// The supervised process has said why, with this exit code.
    Passed(u8),
}

impl Failure {
    pub(crate) fn input(what: impl Display) -> Self {
        Self::Input(what.to_string())
    }

    /// What there is to read, and the exit code.
    pub(crate) fn parts(self) -> (Option<String>, u8) {
        match self {
            Self::Told => (None, 1),
            Self::Input(text) => (Some(text), 1),
            Self::Usage(text) => (Some(text), 2),
            Self::Unreachable(text) => (Some(text), 3),
            Self::NoRight(text) => (Some(text), 4),
            Self::UnderWay(text) => (Some(text), 5),
            Self::Alarmed(code) | Self::Passed(code) => (None, code),
        }
    }

    /// Says it on standard error. The exit code.
    pub(crate) fn tell(self) -> u8 {
        let (text, code) = self.parts();
        if let Some(text) = text {
            // Where nobody can read it, the exit code still says it.
            let prefix = if text.starts_with("error") {
                ""
            } else {
                "error: "
            };
            let _ = writeln!(std::io::stderr(), "{prefix}{text}");
        }
        code
    }
}
