//! A scenario from a TOML file, or from one `--at` of the command line.

use std::borrow::Cow;
use std::ops::Range;

use pump_core::quantity::Nanoseconds;
use pump_prescription::{ParsedToml, TooDeep, parse_toml, read_span};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::scenario::{Action, Scenario};
use crate::wording::{Field, Finding, Findings, listed, nearest, read_action};
use crate::words::KEYS;

/// The largest scenario that is read, in bytes.
pub const MAX_SCENARIO: usize = 4 * 1024 * 1024;

type Key<'a> = Spanned<Cow<'a, str>>;
type Item<'a> = Spanned<DeValue<'a>>;

impl Scenario {
    /// Adds the events of a scenario file. `name` is what messages call the file;
    /// `regimens` are the prescription's, in its order.
    ///
    /// ```
    /// use pump_core::quantity::Nanoseconds;
    /// use pump_simulator::{Action, Scenario};
    ///
    /// let mut scenario = Scenario::new();
    /// scenario.add_toml("night.toml", r#"
    ///     [[event]]
    ///     at = "2h03m"
    ///     do = "press"
    ///
    ///     [[event]]
    ///     at = "3h"
    ///     do = "occlude"
    ///     for = "10 min"
    /// "#, &[]).unwrap();
    /// assert_eq!(scenario.events()[0], (Nanoseconds::from_mins(123), Action::Press));
    ///
    /// let error = scenario.add_toml("night.toml", "[[event]]\nat = \"3 o'clock\"\n", &[]);
    /// assert!(error.unwrap_err().to_string().contains("night.toml:2:"));
    /// ```
    ///
    /// # Errors
    ///
    /// Everything that is wrong with the file; the scenario is unchanged then.
    pub fn add_toml(
        &mut self,
        name: &str,
        text: &str,
        regimens: &[String],
    ) -> Result<(), Findings> {
        let fail = |list| Findings {
            name: name.to_owned(),
            text: text.to_owned(),
            list,
        };
        if text.len() > MAX_SCENARIO {
            let message = "the file is too large to be a scenario";
            let finding = Finding::new(0..0, message).help("at most 4 MiB");
            return Err(fail(vec![finding]));
        }
        let ParsedToml { root, errors } = parse_toml(text).map_err(|TooDeep { place }| {
            let finding = Finding::new(place, "this is nested too deeply")
                .help("an event is a flat table; is it the right file?");
            fail(vec![finding])
        })?;
        if !errors.is_empty() {
            let findings = errors.into_iter().map(|error| {
                let message = format!("this is not TOML: {}", error.message);
                Finding::new(error.place, message).help(
                    "an event begins with `[[event]]`; a value stands in quotes: `at = \"2h\"`",
                )
            });
            let mut list: Vec<Finding> = findings.collect();
            // One slip often trips the parser several times in its line.
            list.dedup_by_key(|finding| text[..finding.place.start].matches('\n').count());
            return Err(fail(list));
        }
        match read_root(root.get_ref(), regimens) {
            (events, wrong) if wrong.is_empty() => {
                self.add_all(events);
                Ok(())
            }
            (_, mut wrong) => {
                wrong.sort_by_key(|finding| finding.place.start);
                Err(fail(wrong))
            }
        }
    }

    /// Adds one event written in a line: `2h03m press`, or with values
    /// `3h clinician-bolus volume=50uL over=2min`.
    ///
    /// ```
    /// use pump_simulator::Scenario;
    ///
    /// let mut scenario = Scenario::new();
    /// scenario.add_line("5h lose-strategy regimen=patient for=10min", &["patient".into()])?;
    /// assert!(scenario.add_line("5h presss", &[]).is_err());
    /// # Ok::<(), pump_simulator::Findings>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Everything that is wrong with the line; the scenario is unchanged then.
    pub fn add_line(&mut self, line: &str, regimens: &[String]) -> Result<(), Findings> {
        match read_line(line, regimens) {
            Ok((at, action)) => {
                self.add(at, action);
                Ok(())
            }
            Err(list) => Err(Findings {
                name: "--at".to_owned(),
                text: line.to_owned(),
                list,
            }),
        }
    }
}

type Events = Vec<(Nanoseconds, Action)>;

fn read_root(root: &DeTable<'_>, regimens: &[String]) -> (Events, Vec<Finding>) {
    let mut events = Vec::new();
    let mut wrong = Vec::new();
    for (key, value) in root {
        match (key.get_ref().as_ref(), value.get_ref()) {
            ("event", DeValue::Array(list)) => {
                for item in list {
                    match item.get_ref() {
                        DeValue::Table(table) => match read_event(table, item.span(), regimens) {
                            Ok(event) => events.push((item.span().start, event)),
                            Err(list) => wrong.extend(list),
                        },
                        _ => wrong.push(
                            Finding::new(item.span(), "an event is a table")
                                .help("begin each with `[[event]]`"),
                        ),
                    }
                }
            }
            ("event", _) => wrong.push(
                Finding::new(key.span(), "`event` is a list of tables")
                    .help("begin each event with `[[event]]`, with two brackets"),
            ),
            ("format", DeValue::Integer(number)) if number.as_str() == "1" => {}
            ("format", _) => {
                wrong.push(Finding::new(value.span(), "there is no such format").help("write `1`"));
            }
            (other, _) => wrong.push(unknown_key(other, key.span(), &["event", "format"])),
        }
    }
    // The order of the file decides, not that of the map.
    events.sort_by_key(|(start, _)| *start);
    (events.into_iter().map(|(_, event)| event).collect(), wrong)
}

fn keys() -> impl Iterator<Item = &'static str> {
    KEYS.iter().map(|(key, ..)| *key)
}

fn unknown_key(key: &str, place: Range<usize>, known: &[&str]) -> Finding {
    let help = match nearest(key, known.iter().copied()) {
        Some(right) => format!("did you mean `{right}`?"),
        None => format!("one of {}", listed(known.iter().copied())),
    };
    Finding::new(place, format!("there is no key `{key}` here")).help(help)
}

fn read_event(
    table: &DeTable<'_>,
    place: Range<usize>,
    regimens: &[String],
) -> Result<(Nanoseconds, Action), Vec<Finding>> {
    let mut wrong = Vec::new();
    let mut at = None;
    let mut action = None;
    let mut fields = Vec::new();
    for (key, value) in table {
        let name = key.get_ref().as_ref();
        if !["at", "do"].contains(&name) && !keys().any(|key| key == name) {
            let known: Vec<&str> = ["at", "do"].into_iter().chain(keys()).collect();
            wrong.push(unknown_key(name, key.span(), &known));
            continue;
        }
        let Some(text) = text_of(key, value, &mut wrong) else {
            continue;
        };
        let field = Field {
            key: name,
            key_place: key.span(),
            value: text,
            place: value.span(),
        };
        match name {
            "at" => at = Some(field),
            "do" => action = Some(field),
            _ => fields.push(field),
        }
    }
    let written = |name: &str| table.iter().any(|(key, _)| key.get_ref().as_ref() == name);
    for (name, example) in [("at", "\"2h03m\""), ("do", "\"press\"")] {
        if !written(name) {
            let message = format!("this event has no `{name}`");
            let help = format!("add for example `{name} = {example}`");
            wrong.push(Finding::new(place.clone(), message).help(help));
        }
    }
    let at = at.and_then(|field| match read_span(field.value) {
        Ok(span) => Some(span),
        Err(error) => {
            wrong.push(Finding::new(field.place, error.message).help(error.help));
            None
        }
    });
    let action = action.and_then(|field| {
        let action = read_action(field.value, field.place, &fields, regimens);
        action.map_err(|list| wrong.extend(list)).ok()
    });
    match (at, action) {
        (Some(at), Some(action)) if wrong.is_empty() => Ok((at, action)),
        _ => Err(wrong),
    }
}

fn text_of<'a>(key: &Key<'_>, value: &'a Item<'_>, wrong: &mut Vec<Finding>) -> Option<&'a str> {
    match value.get_ref() {
        DeValue::String(text) => Some(text),
        DeValue::Integer(_) | DeValue::Float(_) => {
            let message = format!("`{}` is a bare number", key.get_ref());
            wrong.push(
                Finding::new(value.span(), message).help("write it in quotes, with its unit"),
            );
            None
        }
        _ => {
            let message = format!("`{}` is a text", key.get_ref());
            wrong.push(Finding::new(value.span(), message).help("write it in quotes"));
            None
        }
    }
}

fn read_line(line: &str, regimens: &[String]) -> Result<(Nanoseconds, Action), Vec<Finding>> {
    let mut words = words(line).into_iter();
    let grammar =
        "write a time, an action and its values: `3h clinician-bolus volume=50uL over=2min`";
    let Some((time, time_place)) = words.next() else {
        return Err(vec![
            Finding::new(0..line.len(), "there is no event here").help(grammar),
        ]);
    };
    let mut wrong = Vec::new();
    let at = read_span(time).map_err(|error| {
        let place = time_place.start + error.place.start..time_place.start + error.place.end;
        wrong.push(Finding::new(place, error.message).help(error.help));
    });
    let Some((word, word_place)) = words.next() else {
        wrong.push(Finding::new(time_place, "there is no action after the time").help(grammar));
        return Err(wrong);
    };
    let mut fields: Vec<Field<'_>> = Vec::new();
    for (text, place) in words {
        match text.split_once('=') {
            Some((key, value)) if keys().any(|known| known == key) => {
                let key_place = place.start..place.start + key.len();
                if fields.iter().any(|field| field.key == key) {
                    let message = format!("`{key}` is written twice");
                    wrong.push(Finding::new(key_place, message).help("keep the one that is meant"));
                    continue;
                }
                let value_place = place.start + key.len() + 1..place.end;
                fields.push(Field {
                    key,
                    key_place,
                    value,
                    place: value_place,
                });
            }
            Some((key, _)) => {
                wrong.push(unknown_key(
                    key,
                    place.start..place.start + key.len(),
                    &keys().collect::<Vec<_>>(),
                ));
            }
            None => wrong.push(
                Finding::new(place, "a value is written `key=value`, without spaces").help(grammar),
            ),
        }
    }
    let action =
        read_action(word, word_place, &fields, regimens).map_err(|list| wrong.extend(list));
    match (at, action) {
        (Ok(at), Ok(action)) if wrong.is_empty() => Ok((at, action)),
        _ => Err(wrong),
    }
}

/// The words of a line and their places.
fn words(line: &str) -> Vec<(&str, Range<usize>)> {
    let mut words = Vec::new();
    let mut at = 0;
    for word in line.split(' ') {
        if !word.is_empty() {
            words.push((word, at..at + word.len()));
        }
        at += word.len() + 1;
    }
    words
}
