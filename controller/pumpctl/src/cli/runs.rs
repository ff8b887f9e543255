//! What a run is called on the command line.

use std::str::FromStr;

/// What somebody calls a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RunName {
    /// By the number of its arming.
    Arming(u64),
    /// The newest.
    Last,
}

impl FromStr for RunName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match (text, text.parse()) {
            ("last", _) => Ok(Self::Last),
            (_, Ok(arming)) => Ok(Self::Arming(arming)),
            _ => Err("write the number that `pumpctl report --list` shows, or `last`".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_a_number_or_the_last() {
        assert_eq!("12".parse(), Ok(RunName::Arming(12)));
        assert_eq!("last".parse(), Ok(RunName::Last));
        for text in ["", "first", "-1", "1.5", "18446744073709551616"] {
            assert!(text.parse::<RunName>().is_err(), "{text}");
        }
    }
}
