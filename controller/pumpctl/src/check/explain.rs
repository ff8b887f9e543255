//! What a code means, with a finding as it looks.

use std::fmt::Write as _;

use pump_prescription::{Code, Severity};

use crate::failure::Failure;
use crate::output;

/// Explains a code, or lists all of them where it is `list`.
pub(crate) fn run(word: &str) -> Result<(), Failure> {
    if word == "list" {
        return output::print(&list());
    }
    let code = Code::from_id(&word.to_uppercase()).ok_or_else(|| {
        Failure::Usage(format!(
            "`{word}` is no code of this program\nhelp: `pumpctl check --explain list` shows them"
        ))
    })?;
    output::print(&explanation(code))
}

/// What it means, with a finding as it looks.
pub(crate) fn explanation(code: Code) -> String {
    let mut text = format!(
        "{}, {}: {}\n\n{}\n",
        code.id(),
        code.severity().name(),
        consequence(code.severity()),
        code.about()
    );
    if let Some(example) = code.example() {
        let _ = write!(text, "\nFor example:\n\n{example}\n");
    }
    text
}

const fn consequence(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "the file is refused",
        Severity::Warning => {
            "it is accepted, and arming asks for a reason where a soft limit is passed"
        }
        Severity::Note => "it is accepted",
    }
}

fn list() -> String {
    Code::ALL.iter().fold(String::new(), |mut text, code| {
        let _ = writeln!(text, "{}  {}", code.id(), code.about());
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_explained_and_listed() {
        let list = list();
        for code in Code::ALL {
            assert!(list.contains(code.id()));
            assert!(explanation(*code).contains(code.about()));
        }
    }
}
