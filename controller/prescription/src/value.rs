//! Values that are no quantities: texts, flags, counts and choices.

use core::ops::RangeInclusive;

use crate::code::Code;
use crate::diagnostic::{Diagnostic, Located, quoted};
use crate::report::Report;
use crate::suggestion::{list, nearest};
use crate::tree::{Entry, Value};

/// The longest text: an identifier or a name, in characters.
pub(crate) const MAX_TEXT: usize = 120;

/// Whether a character could forge a line of a log, or turn what is shown around.
fn forges(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A name: a line of text that is safe to show and to log.
pub(crate) fn text(entry: &Entry, example: &str, report: &mut Report) -> Option<Located<String>> {
    line(entry, example, MAX_TEXT, report)
}

/// A line of text of at most so many characters.
pub(crate) fn line(
    entry: &Entry,
    example: &str,
    most: usize,
    report: &mut Report,
) -> Option<Located<String>> {
    let key = &entry.key;
    let Value::Text(text) = &entry.value else {
        report.add(
            Diagnostic::new(
                Code::WrongType,
                entry.place,
                format!("`{key}` is a text, not {}", entry.value.kind()),
            )
            .help(format!(
                "write it in quotes, for example `{key} = \"{example}\"`"
            )),
        );
        return None;
    };
    let trouble = if text.trim().is_empty() {
        Some("it is empty")
    } else if text.chars().count() > most {
        Some("it is too long")
    } else if text.chars().any(forges) {
        Some("it has a line break or another control character")
    } else {
        None
    };
    if let Some(trouble) = trouble {
        report.add(
            Diagnostic::new(
                Code::BadText,
                entry.place,
                format!("`{key}` can't be used: {trouble}"),
            )
            .allowed(format!("1 to {most} characters in one line")),
        );
        return None;
    }
    Some(Located {
        value: text.clone(),
        place: entry.place,
    })
}

/// True or false.
pub(crate) fn flag(entry: &Entry, report: &mut Report) -> Option<Located<bool>> {
    let Value::Flag(value) = entry.value else {
        let key = &entry.key;
        let help = match &entry.value {
            Value::Text(text) if text == "true" || text == "false" => {
                format!("write it without quotes: `{key} = {text}`")
            }
            _ => format!("write `{key} = true` or `{key} = false`"),
        };
        report.add(
            Diagnostic::new(
                Code::WrongType,
                entry.place,
                format!("`{key}` is true or false, not {}", entry.value.kind()),
            )
            .help(help),
        );
        return None;
    };
    Some(Located {
        value,
        place: entry.place,
    })
}

/// A whole number within a range.
pub(crate) fn count(
    entry: &Entry,
    range: RangeInclusive<u64>,
    report: &mut Report,
) -> Option<Located<u64>> {
    let key = &entry.key;
    let allowed = format!("{} to {}", range.start(), range.end());
    let Value::Integer(value) = entry.value else {
        let help = match &entry.value {
            Value::Text(text) if text.parse::<u64>().is_ok() => {
                format!("a count is written without quotes: `{key} = {text}`")
            }
            _ => format!(
                "write a whole number, for example `{key} = {}`",
                range.start()
            ),
        };
        let kind = match &entry.value {
            Value::Float => "a number with a fraction",
            other => other.kind(),
        };
        report.add(
            Diagnostic::new(
                Code::WrongType,
                entry.place,
                format!("`{key}` is a count, not {kind}"),
            )
            .allowed(allowed)
            .help(help),
        );
        return None;
    };
    match value.filter(|value| range.contains(value)) {
        Some(value) => Some(Located {
            value,
            place: entry.place,
        }),
        None => {
            report.add(
                Diagnostic::new(
                    Code::OutOfRange,
                    entry.place,
                    format!("`{key}` is out of range"),
                )
                .allowed(allowed),
            );
            None
        }
    }
}

/// One of some words: its index.
pub(crate) fn choice<S: AsRef<str>>(
    entry: &Entry,
    choices: &[S],
    report: &mut Report,
) -> Option<Located<usize>> {
    let key = &entry.key;
    let words: Vec<&str> = choices.iter().map(AsRef::as_ref).collect();
    let Value::Text(text) = &entry.value else {
        report.add(
            Diagnostic::new(
                Code::WrongType,
                entry.place,
                format!("`{key}` is a word, not {}", entry.value.kind()),
            )
            .allowed(list(&words)),
        );
        return None;
    };
    if let Some(value) = words.iter().position(|word| word == text) {
        return Some(Located {
            value,
            place: entry.place,
        });
    }
    let near = nearest(text, &words).map(|near| format!("did you mean `{near}`?"));
    report.add(
        Diagnostic::new(
            Code::NotAChoice,
            entry.place,
            format!("{} is not one of the words for `{key}`", quoted(text)),
        )
        .allowed(list(&words))
        .maybe_help(near),
    );
    None
}
