//! From words to an [`Action`]: the part that a scenario file and `--at` share.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use pump_core::order::RegimenId;
use pump_core::quantity::{Nanoseconds, Volume};
use pump_prescription::{Dimension, quantity, read_span};

use crate::scenario::Action;
use crate::words::{ACTIONS, KEYS, Takes, Word};

/// Something wrong in a text, with its place and how to put it right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The offending bytes.
    pub place: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// How to write it.
    pub help: String,
}

impl Finding {
    pub(crate) fn new(place: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            place,
            message: message.into(),
            help: String::new(),
        }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }
}

/// Findings and the text they are about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Findings {
    /// What the text is called in messages: a path, or `--at`.
    pub name: String,
    /// The text.
    pub text: String,
    /// What is wrong with it, in the order of the text.
    pub list: Vec<Finding>,
}

impl std::error::Error for Findings {}

impl std::fmt::Display for Findings {
    /// Every finding with its line, the offending text underlined, and the fix.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = annotate_snippets::normalize_untrusted_str(&self.name);
        for (n, finding) in self.list.iter().enumerate() {
            let message = annotate_snippets::normalize_untrusted_str(&finding.message);
            let help = annotate_snippets::normalize_untrusted_str(&finding.help);
            let mark = AnnotationKind::Primary.span(finding.place.clone());
            let snippet = Snippet::source(&self.text).path(&name).annotation(mark);
            let mut group = Group::with_title(Level::ERROR.primary_title(message)).element(snippet);
            if !help.is_empty() {
                group = group.element(Level::HELP.message(help));
            }
            let gap = if n == 0 { "" } else { "\n\n" };
            write!(f, "{gap}{}", Renderer::plain().render(&[group]))?;
        }
        Ok(())
    }
}

/// A key with its value, as written.
#[derive(Clone, Debug)]
pub(crate) struct Field<'a> {
    pub(crate) key: &'a str,
    pub(crate) key_place: Range<usize>,
    pub(crate) value: &'a str,
    pub(crate) place: Range<usize>,
}

/// Reads an action. `regimens` are the names a `lose-strategy` may use.
pub(crate) fn read_action(
    word: &str,
    word_place: Range<usize>,
    fields: &[Field<'_>],
    regimens: &[String],
) -> Result<Action, Vec<Finding>> {
    let Some(Word {
        word,
        needs: required,
        takes: optional,
        ..
    }) = ACTIONS.iter().find(|action| action.word == word)
    else {
        let names = ACTIONS.iter().map(|action| action.word);
        let help = match nearest(word, names.clone()) {
            Some(name) => format!("did you mean `{name}`?"),
            None => format!("one of {}", listed(names)),
        };
        return Err(vec![
            Finding::new(word_place, "there is no such action").help(help),
        ]);
    };
    let mut wrong = Vec::new();
    for field in fields {
        if !required.contains(&field.key) && !optional.contains(&field.key) {
            let message = format!("`{word}` does not take `{}`", field.key);
            let takes = required.iter().chain(*optional).copied();
            let help = match listed(takes) {
                none if none.is_empty() => "it takes nothing".to_owned(),
                takes => format!("it takes {takes}"),
            };
            wrong.push(Finding::new(field.key_place.clone(), message).help(help));
        }
    }
    for key in *required {
        if !fields.iter().any(|field| field.key == *key) {
            let message = format!("`{word}` needs `{key}`");
            let help = format!("add `{key}` with a value such as `{}`", example(key));
            wrong.push(Finding::new(word_place.clone(), message).help(help));
        }
    }
    let mut reader = Reader {
        fields,
        regimens,
        wrong,
    };
    let action = reader.action(word);
    match action {
        Some(action) if reader.wrong.is_empty() => Ok(action),
        _ => Err(reader.wrong),
    }
}

fn example(key: &str) -> &'static str {
    match key {
        "volume" => "50uL",
        "over" => "2min",
        "by" => "-1h",
        "seen_after" => "2s",
        "regimen" => "patient",
        _ => "10min",
    }
}

pub(crate) fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

/// The name somebody most likely meant.
pub(crate) fn nearest<'a>(word: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let score = |name: &str| strsim::normalized_damerau_levenshtein(&word, name);
    let best = names
        .map(|name| (score(name), name))
        .max_by(|a, b| a.0.total_cmp(&b.0))?;
    (best.0 > 0.6).then_some(best.1)
}

struct Reader<'a> {
    fields: &'a [Field<'a>],
    regimens: &'a [String],
    wrong: Vec<Finding>,
}

impl Reader<'_> {
    /// The action with its values; `None` where any is missing or wrong.
    fn action(&mut self, word: &str) -> Option<Action> {
        Some(match word {
            "press" => Action::Press,
            "clinician-bolus" => {
                let (volume, over) = (self.volume("volume"), self.span("over"));
                Action::ClinicianBolus {
                    volume: volume?,
                    over: over?,
                }
            }
            "pause" => Action::Pause,
            "resume" => Action::Resume,
            "stop" => Action::Stop,
            "arm" => Action::Arm,
            "start" => Action::Start,
            "occlude" => Action::Occlude {
                span: self.span("for"),
                seen_after: self.span("seen_after").unwrap_or(Nanoseconds::ZERO),
            },
            "air" => Action::Air(self.span("for")),
            "stall" => Action::Stall(self.span("for")),
            "door" => Action::Door(self.span("for")),
            "refill" => Action::Refill(self.volume("volume")?),
            "lose-strategy" => {
                let (regimen, span) = (self.regimen(), self.span("for"));
                Action::LoseStrategy {
                    regimen: regimen?,
                    span: span?,
                }
            }
            "wall-clock-jump" => Action::WallClockJump {
                by_ms: self.jump()?,
            },
            "lose-wall-clock" => Action::LoseWallClock(self.span("for")),
            "restart" => Action::Restart {
                off_for: self.span("off_for")?,
            },
            _ => return None,
        })
    }

    fn field(&self, key: &str, takes: Takes) -> Option<Field<'_>> {
        let said = |(known, kind, _): &(&str, Takes, &str)| *known == key && *kind == takes;
        debug_assert!(KEYS.iter().any(said), "`{key}` in the table of keys");
        self.fields.iter().find(|field| field.key == key).cloned()
    }

    fn span(&mut self, key: &str) -> Option<Nanoseconds> {
        let field = self.field(key, Takes::Span)?;
        match read_span(field.value) {
            Ok(span) => Some(span),
            Err(error) => {
                let place = within(&field, &error.place);
                self.wrong
                    .push(Finding::new(place, error.message).help(error.help));
                None
            }
        }
    }

    fn jump(&mut self) -> Option<i64> {
        let field = self.field("by", Takes::Jump)?;
        let (sign, size) = match field.value.strip_prefix(['-', '\u{2212}']) {
            Some(size) => (-1, size),
            None => (1, field.value.strip_prefix('+').unwrap_or(field.value)),
        };
        match read_span(size) {
            // A hundred years of milliseconds fit.
            Ok(span) => Some(sign * (span.0 / 1_000_000) as i64),
            Err(error) => {
                self.wrong
                    .push(Finding::new(field.place, error.message).help(error.help));
                None
            }
        }
    }

    fn volume(&mut self, key: &str) -> Option<Volume> {
        let field = self.field(key, Takes::Volume)?;
        let finding = match quantity(field.value) {
            Ok(found) if found.dimension != Dimension::Volume => {
                let message = format!("this is {}, not a volume", found.dimension.name());
                Finding::new(field.place, message).help("write a volume, such as `50 uL`")
            }
            Ok(found) => match found.value.to_volume() {
                Some(volume) if !volume.is_zero() => return Some(volume),
                Some(_) => Finding::new(field.place, "this is nothing").help("more than 0 nL"),
                None => Finding::new(field.place, "this is too large or too fine")
                    .help("write fewer digits"),
            },
            Err(error) => {
                let help = error.help(field.value);
                Finding::new(within(&field, &error.span), error.message())
                    .help(help.unwrap_or_else(|| "write a volume, such as `50 uL`".to_owned()))
            }
        };
        self.wrong.push(finding);
        None
    }

    fn regimen(&mut self) -> Option<RegimenId> {
        let field = self.field("regimen", Takes::Regimen)?;
        let place = self.regimens.iter().position(|name| name == field.value);
        if let Some(id) = place.and_then(|n| u8::try_from(n).ok()) {
            return Some(RegimenId(id));
        }
        let message = format!("the prescription has no regimen {:?}", field.value);
        let names = listed(self.regimens.iter().map(String::as_str));
        let help = format!("its regimens are {names}");
        self.wrong
            .push(Finding::new(field.place, message).help(help));
        None
    }
}

/// A part of a field's value, as a place in the whole text.
fn within(field: &Field<'_>, part: &Range<usize>) -> Range<usize> {
    let start = field.place.start;
    let end = field.place.end;
    // A TOML text is written with quotes around it, and may be written with escapes: then
    // the bytes can't be told apart and the whole value is meant.
    let quotes = match (end - start).checked_sub(field.value.len()) {
        Some(0) => 0,
        Some(2) => 1,
        _ => return field.place.clone(),
    };
    let from = start + quotes + part.start;
    let to = start + quotes + part.end;
    if from < to {
        from..to
    } else {
        field.place.clone()
    }
}
