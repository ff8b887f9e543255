//! Colours, where somebody sits before a terminal that has them.

use std::io::IsTerminal as _;

use pump_prescription::Report;

/// Paints, or does not.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paint {
    on: bool,
}

impl Paint {
    /// Plain text.
    pub(crate) const NONE: Self = Self { on: false };

    /// As standard output and `NO_COLOR` will have it.
    pub(crate) fn stdout() -> Self {
        Self::on_a_terminal(std::io::stdout().is_terminal())
    }

    /// As standard error and `NO_COLOR` will have it.
    pub(crate) fn stderr() -> Self {
        Self::on_a_terminal(std::io::stderr().is_terminal())
    }

    fn on_a_terminal(terminal: bool) -> Self {
        let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|value| value == "dumb");
        Self {
            on: terminal && !unwanted && !dumb,
        }
    }

    /// What was found wrong with a prescription.
    pub(crate) fn report(&self, report: &Report) -> String {
        match self.on {
            true => format!("{report:#}"),
            false => report.to_string(),
        }
    }

    pub(crate) fn bold(&self, text: &str) -> String {
        self.put("1", text)
    }

    pub(crate) fn dim(&self, text: &str) -> String {
        self.put("2", text)
    }

    pub(crate) fn red(&self, text: &str) -> String {
        self.put("31", text)
    }

    pub(crate) fn green(&self, text: &str) -> String {
        self.put("32", text)
    }

    /// In an alarm's colour: red, yellow, or blue-green as IEC 60601-1-8 has it.
    pub(crate) fn alarm(&self, priority: &str, text: &str) -> String {
        match priority {
            "high" => self.put("1;31", text),
            "medium" => self.put("33", text),
            _ => self.put("36", text),
        }
    }

    fn put(&self, code: &str, text: &str) -> String {
        match self.on {
            true => format!("\x1b[{code}m{text}\x1b[0m"),
            false => text.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_painted_where_nobody_sees_it() {
        assert_eq!(Paint::NONE.alarm("high", "x"), "x");
        assert_eq!(Paint::NONE.bold("x"), "x");
    }
}
