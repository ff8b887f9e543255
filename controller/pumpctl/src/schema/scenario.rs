//! A scenario: what may happen, and when.

use pump_prescription::Dimension;
use pump_simulator::words::{ACTIONS, KEYS, Takes, Word};
use serde_json::{Map, Value, json};

use super::{DRAFT, quantity, text};

/// Times as the command line has them: `2h03m`.
const SPAN: &str = "([0-9]+(\\.[0-9]+)? *(day|h|min|m|s|ms) *)+";

pub(super) fn schema() -> Value {
    let mut properties = Map::new();
    properties.insert("at".to_owned(), span("when it happens, from the start"));
    let told: Vec<String> = ACTIONS
        .iter()
        .map(|action| format!("{}: {}", action.word, action.help))
        .collect();
    let words: Vec<&str> = ACTIONS.iter().map(|action| action.word).collect();
    properties.insert(
        "do".to_owned(),
        json!({ "enum": words, "description": told.join("\n\n") }),
    );
    for (key, takes, help) in KEYS {
        properties.insert((*key).to_owned(), value(*takes, help));
    }
    let each: Vec<Value> = ACTIONS.iter().map(of_action).collect();
    json!({
        "$schema": DRAFT,
        "title": "scenario",
        "description": "what happens in a simulation",
        "type": "object",
        "properties": {
            "format": { "const": 1, "description": "the version of the format" },
            "event": {
                "type": "array",
                "description": "something that happens",
                "items": {
                    "type": "object",
                    "properties": properties,
                    "required": ["at", "do"],
                    "additionalProperties": false,
                    "allOf": each,
                },
            },
        },
        "additionalProperties": false,
    })
}

/// What belongs to an action, and that nothing else does.
fn of_action(action: &Word) -> Value {
    let takes = |key: &str| action.needs.contains(&key) || action.takes.contains(&key);
    let others = KEYS.iter().filter(|(key, ..)| !takes(key));
    let others: Map<String, Value> = others
        .map(|(key, ..)| ((*key).to_owned(), json!(false)))
        .collect();
    json!({
        "if": { "properties": { "do": { "const": action.word } }, "required": ["do"] },
        "then": { "required": action.needs, "properties": others },
    })
}

fn value(takes: Takes, help: &str) -> Value {
    match takes {
        Takes::Span => span(help),
        Takes::Jump => json!({
            "type": "string",
            "pattern": format!("^[-+\u{2212}]? *{SPAN}$"),
            "description": help,
        }),
        Takes::Volume => quantity(&[Dimension::Volume], false, help),
        Takes::Regimen => {
            let mut name = text(120);
            name["description"] = json!(help);
            name
        }
    }
}

fn span(help: &str) -> Value {
    json!({
        "type": "string",
        "pattern": format!("^ *{SPAN}$"),
        "description": format!("{help} (such as 90s, 15min, 2h03m or 7day)"),
    })
}
