//! A regimen: what its strategy declares.

use pump_prescription::Dimension;
use pump_prescription::keys::REGIMEN;
use serde_json::{Map, Value, json};
use strategy_link::{Declaration, Kind, Param, Role};

use super::{DRAFT, property, quantity};
use crate::strategy::describe::{range, role, written};

/// The schema of one `[[regimen]]` of this strategy, as a document of its own.
pub(crate) fn of(declared: &Declaration) -> Value {
    let mut schema = body(declared);
    let title = format!(
        "a regimen of the strategy {} {}",
        declared.name, declared.version
    );
    schema.insert("$schema".to_owned(), json!(DRAFT));
    schema.insert("title".to_owned(), json!(title));
    Value::Object(schema)
}

/// What a regimen of this strategy must be.
fn body(declared: &Declaration) -> Map<String, Value> {
    let mut properties = common();
    properties.insert("strategy".to_owned(), json!({ "const": declared.name }));
    let mut required: Vec<&str> = REGIMEN.keys.iter().map(|key| key.name).collect();
    for param in &declared.params {
        properties.insert(param.name.clone(), parameter(param));
        if param.required {
            required.push(&param.name);
        }
    }
    let Value::Object(body) = json!({
        "description": declared.summary,
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    }) else {
        return Map::new();
    };
    body
}

/// What every regimen has.
fn common() -> Map<String, Value> {
    let keys = REGIMEN.keys.iter();
    keys.map(|key| (key.name.to_owned(), property(key)))
        .collect()
}

/// Any regimen of these strategies. What its strategy says it must be, it must be; what any of
/// them says is told beside each key, which is what an editor can complete before it knows which.
pub(super) fn any(declared: &[Declaration]) -> Value {
    let mut properties = common();
    for param in declared.iter().flat_map(|declared| &declared.params) {
        let takers = declared.iter().filter_map(|declared| {
            let same = declared
                .params
                .iter()
                .find(|other| other.name == param.name)?;
            Some(format!("{}: {}", declared.name, help(same)))
        });
        let takers: Vec<String> = takers.collect();
        properties
            .entry(param.name.clone())
            .or_insert_with(|| json!({ "description": takers.join("\n\n") }));
    }
    let names: Vec<&str> = declared.iter().map(|it| it.name.as_str()).collect();
    let told: Vec<String> = declared
        .iter()
        .map(|it| format!("{}: {}", it.name, it.summary))
        .collect();
    let more =
        "of others, `pumpctl schema prescription --strategies DIR` writes a schema with them";
    properties.insert(
        "strategy".to_owned(),
        json!({ "enum": names, "description": format!("{}\n\n{more}", told.join("\n\n")) }),
    );
    let each = declared.iter().map(|declared| {
        json!({
            "if": {
                "properties": { "strategy": { "const": declared.name } },
                "required": ["strategy"],
            },
            "then": body(declared),
        })
    });
    let each: Vec<Value> = each.collect();
    let required: Vec<&str> = REGIMEN.keys.iter().map(|key| key.name).collect();
    json!({
        "description": REGIMEN.help,
        "type": "object",
        "properties": properties,
        "required": required,
        "allOf": each,
    })
}

fn help(param: &Param) -> String {
    let mut help = format!("{}; {}", param.help, range(param));
    if param.role != Role::None {
        help.push_str(&format!("; bounds the dose: {}", role(param)));
    }
    help
}

fn parameter(param: &Param) -> Value {
    let help = help(param);
    let mut property = match param.kind {
        Kind::Dose => quantity(&[Dimension::Volume, Dimension::Mass], false, &help),
        Kind::Rate => quantity(&[Dimension::VolumeRate, Dimension::MassRate], false, &help),
        Kind::Time => quantity(&[Dimension::Time], false, &help),
        Kind::Count => json!({
            "type": "integer",
            "minimum": strategy_link::whole(param.min),
            "maximum": strategy_link::whole(param.max),
            "description": help,
        }),
        Kind::Choice => json!({ "enum": param.choices, "description": help }),
        Kind::Flag => json!({ "type": "boolean", "description": help }),
        Kind::Profile => profile(&help),
    };
    if let (Some(property), Some(default)) = (property.as_object_mut(), param.default) {
        let shown = written(param, default);
        let default = match param.kind {
            Kind::Count => json!(strategy_link::whole(default)),
            Kind::Flag => json!(shown == "true"),
            _ => json!(shown),
        };
        property.insert("default".to_owned(), default);
    }
    property
}

/// Rates by time of the week.
fn profile(help: &str) -> Value {
    let day = "(mon|tue|wed|thu|fri|sat|sun)";
    let days = format!("{day}(-{day})?");
    let rate = [Dimension::VolumeRate, Dimension::MassRate];
    json!({
        "description": help,
        "type": "array",
        "minItems": 1,
        "maxItems": strategy_abi::MAX_STEPS,
        "items": {
            "type": "object",
            "properties": {
                "days": {
                    "type": "string",
                    "pattern": format!("^{days}(\\s*,\\s*{days})*$"),
                    "description": "on which days: `mon-fri` or `sat, sun`",
                },
                "at": {
                    "type": "string",
                    "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$",
                    "description": "from when, by local time: `06:30`",
                },
                "rate": quantity(&rate, false, "what is given from then on"),
            },
            "required": ["days", "at", "rate"],
            "additionalProperties": false,
        },
    })
}
