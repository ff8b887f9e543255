//! Colours, where somebody sits before a terminal that has them.

use std::io::IsTerminal as _;
use std::time::Duration;

/// Paints, or does not.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paint {
    on: bool,
    /// The time that alarms flash by; `None`: they do not.
    flash: Option<Duration>,
}

/// How long a flash of an urgent alarm takes, from dark to dark: 2 Hz, of the 1.4 to 2.8 Hz
/// that W09 asks for.
const HIGH: Duration = Duration::from_millis(500);
/// Of a medium one: 0.6 Hz, of 0.4 to 0.8 Hz.
const MEDIUM: Duration = Duration::from_millis(1_666);

impl Paint {
    /// Plain text.
    pub(crate) const NONE: Self = Self {
        on: false,
        flash: None,
    };

    /// As standard output and `NO_COLOR` will have it.
    pub(crate) fn stdout() -> Self {
        let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|value| value == "dumb");
        Self {
            on: std::io::stdout().is_terminal() && !unwanted && !dumb,
            flash: None,
        }
    }

    /// The same at an instant of the flashing.
    pub(crate) fn flashing(self, at: Duration) -> Self {
        Self {
            flash: Some(at),
            ..self
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
        let lit = |period: Duration| {
            let since = self.flash.unwrap_or_default().as_millis();
            since % period.as_millis() < period.as_millis() / 2
        };
        match priority {
            "high" if self.flash.is_some() && lit(HIGH) => self.put("1;37;41", text),
            "high" => self.put("1;31", text),
            "medium" if self.flash.is_some() && lit(MEDIUM) => self.put("30;43", text),
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
    fn alarms_flash_as_often_as_their_priority_asks() {
        let paint = Paint {
            on: true,
            flash: None,
        };
        // Changes in 100 s, two to a flash.
        let flashes = |priority: &str| {
            let at = |ms: u64| {
                paint
                    .flashing(Duration::from_millis(ms))
                    .alarm(priority, "x")
            };
            let changes = (1..100_000_u64).filter(|ms| at(*ms) != at(ms - 1)).count();
            changes as f64 / 2.0 / 100.0
        };
        assert!((1.4..=2.8).contains(&flashes("high")));
        assert!((0.4..=0.8).contains(&flashes("medium")));
        assert!(flashes("low") == 0.0);
    }

    #[test]
    fn nothing_is_painted_where_nobody_sees_it() {
        assert_eq!(Paint::NONE.alarm("high", "x"), "x");
        assert_eq!(Paint::NONE.bold("x"), "x");
    }
}
