//! `pumpctl schema`: JSON schemas for editors that complete and check TOML.
//!
//! They are made of what the readers go by: the tables of keys of `pump-prescription`, the
//! actions of `pump-simulator`, and what the strategies declare. None is written by hand.
//!
//! A schema is a help while typing. It flags a key that does not exist or is missing, a value
//! without its unit or of the wrong kind, and a word that is none; what needs arithmetic, another
//! key or another file is said by `pumpctl check`.

mod regimen;
mod scenario;

use pump_prescription::Dimension;
use pump_prescription::keys::{DEVICE, DRUG_LIBRARY, Key, Keys, Needed, PRESCRIPTION, Rule, Takes};
use serde_json::{Map, Value, json};
use strategy_link::Declaration;

use crate::cli::{SchemaArgs, SchemaOf};
use crate::failure::Failure;
use crate::{output, places};

pub(crate) use regimen::of as of_regimen;

/// What editors have in common.
const DRAFT: &str = "http://json-schema.org/draft-07/schema#";

/// Plugins that misbehave on purpose; no prescription names one.
const ZOO: &str = "zoo-";

pub(crate) fn run(args: &SchemaArgs) -> Result<(), Failure> {
    let schema = match args.of {
        SchemaOf::Prescription => prescription(&declared(args)?),
        SchemaOf::Pump => document(&DEVICE, table(&DEVICE)),
        SchemaOf::DrugLibrary => document(&DRUG_LIBRARY, table(&DRUG_LIBRARY)),
        SchemaOf::Scenario => scenario::schema(),
    };
    let text = serde_json::to_string_pretty(&schema).map_err(Failure::input)?;
    output::print(&format!("{text}\n"))
}

/// What every installed strategy declares, by name. One that can't be probed is left out, and
/// that is said.
fn declared(args: &SchemaArgs) -> Result<Vec<Declaration>, Failure> {
    let strategies = places::strategies(&args.strategies)?;
    let mut names = strategies.names();
    names.retain(|name| !name.starts_with(ZOO));
    names.sort();
    let mut declared = Vec::new();
    for name in names {
        match strategies.declaration(&name) {
            Ok(declaration) => declared.push(declaration),
            Err(error) => log::warn!("{name} is left out: {error}"),
        }
    }
    if declared.is_empty() {
        let why = "there is no strategy to make a schema of; name a folder with --strategies DIR";
        return Err(Failure::Input(why.to_owned()));
    }
    Ok(declared)
}

fn prescription(declared: &[Declaration]) -> Value {
    let mut schema = table(&PRESCRIPTION);
    let regimens = schema.pointer_mut("/properties/regimen/items");
    if let Some(items) = regimens {
        *items = regimen::any(declared);
    }
    document(&PRESCRIPTION, schema)
}

/// A schema as a document of its own.
fn document(keys: &Keys, schema: Value) -> Value {
    let mut document = Map::new();
    document.insert("$schema".to_owned(), json!(DRAFT));
    document.insert("title".to_owned(), json!(keys.name));
    if let Value::Object(schema) = schema {
        document.extend(schema);
    }
    Value::Object(document)
}

fn table(keys: &Keys) -> Value {
    let properties = keys.keys.iter();
    let properties: Map<String, Value> = properties
        .map(|key| (key.name.to_owned(), property(key)))
        .collect();
    let required = keys.keys.iter().filter(|key| key.needed == Needed::Always);
    let required: Vec<&str> = required.map(|key| key.name).collect();
    let mut table = json!({
        "description": keys.help,
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    });
    if let (Some(table), false) = (table.as_object_mut(), keys.rules.is_empty()) {
        let rules: Vec<Value> = keys.rules.iter().map(rule).collect();
        table.insert("allOf".to_owned(), json!(rules));
    }
    table
}

fn rule(rule: &Rule) -> Value {
    let none = |keys: &[&str]| {
        let each: Vec<Value> = keys
            .iter()
            .map(|key| json!({ "required": [key] }))
            .collect();
        json!({ "anyOf": each })
    };
    match rule {
        Rule::Either(one, other) => json!({
            "oneOf": [
                { "required": one, "not": none(other) },
                { "required": other, "not": none(one) },
            ]
        }),
        Rule::Belongs { key, word, needs } => json!({
            "if": { "properties": { *key: { "const": word } }, "required": [key] },
            "then": { "required": [needs] },
            // Of the key itself, so that it is the one that is underlined.
            "else": { "properties": { *needs: false } },
        }),
    }
}

/// What stands behind a key.
fn property(key: &Key) -> Value {
    let mut property = match &key.takes {
        Takes::Format => json!({ "const": 1 }),
        Takes::Text(most) => text(*most),
        Takes::Path(most) => json!({ "type": "string", "pattern": "^/", "maxLength": most }),
        Takes::Quantity {
            dimensions,
            microseconds,
            example,
        } => {
            let mut property = quantity(dimensions, *microseconds, key.help);
            property["examples"] = json!([example]);
            return property;
        }
        Takes::Count(low, high) => {
            json!({ "type": "integer", "minimum": low, "maximum": high })
        }
        Takes::Choice(words) => json!({ "enum": words }),
        Takes::Flag => json!({ "type": "boolean" }),
        Takes::Table(keys) => table(keys),
        Takes::Tables(keys, most) => json!({
            "type": "array",
            "minItems": 1,
            "maxItems": most,
            "items": table(keys),
        }),
        Takes::Wire(keys) => {
            let line = keys.keys.first().map(property);
            json!({ "anyOf": [line, table(keys)] })
        }
    };
    property["description"] = json!(key.help);
    property
}

/// A line of text that says something.
fn text(most: usize) -> Value {
    json!({ "type": "string", "pattern": "\\S", "maxLength": most })
}

/// A number with a unit.
fn quantity(dimensions: &[Dimension], microseconds: bool, help: &str) -> Value {
    let patterns: Vec<String> = dimensions
        .iter()
        .map(|dimension| dimension.pattern(microseconds))
        .collect();
    let units: Vec<String> = dimensions
        .iter()
        .map(|dimension| format!("{} in {}", dimension.name(), dimension.units()))
        .collect();
    json!({
        "type": "string",
        "pattern": format!("^ *{} *({}) *$", pump_prescription::NUMBER_PATTERN, patterns.join("|")),
        "description": format!("{help} ({})", units.join(", or ")),
    })
}

#[cfg(test)]
mod tests;
