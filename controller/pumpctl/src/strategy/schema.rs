//! A JSON schema of a regimen, for editors that complete and check TOML.
//!
//! It is a help while typing. What a prescription really comes to is said by `pumpctl
//! check`, which also knows the device and the drug library.

use serde_json::{Map, Value, json};
use strategy_link::{Declaration, Kind, Param};

use super::describe::{range, role, written};

/// The number of a quantity: a decimal, or a fraction.
const NUMBER: &str = "[0-9]+(\\.[0-9]+)?(/[0-9]+(\\.[0-9]+)?)?";
const VOLUME: &str = "(n|u|µ|μ|m)?L";
const MASS: &str = "(n|u|µ|μ|m|mc)?g";
const TIME: &str = "(ms|us|µs|μs|s|min|h|day)";

/// The schema of one `[[regimen]]` of this strategy.
pub(super) fn of(declared: &Declaration) -> Value {
    let mut properties = Map::new();
    properties.insert(
        "name".to_owned(),
        json!({ "type": "string", "description": "the regimen's own name" }),
    );
    properties.insert("strategy".to_owned(), json!({ "const": declared.name }));
    let mut required = vec!["name", "strategy"];
    for param in &declared.params {
        properties.insert(param.name.clone(), property(param));
        if param.required {
            required.push(&param.name);
        }
    }
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": format!("a regimen of the strategy {} {}", declared.name, declared.version),
        "description": declared.summary,
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

fn property(param: &Param) -> Value {
    let mut description = format!("{}; {}", param.help, range(param));
    if param.role != strategy_link::Role::None {
        description.push_str(&format!("; bounds the dose: {}", role(param)));
    }
    let mut property = match param.kind {
        Kind::Dose => quantity(&format!("({VOLUME}|{MASS})")),
        Kind::Rate => quantity(&format!("({VOLUME}|{MASS})/{TIME}")),
        Kind::Time => quantity(TIME),
        Kind::Count => json!({
            "type": "integer",
            "minimum": strategy_link::whole(param.min),
            "maximum": strategy_link::whole(param.max),
        }),
        Kind::Choice => json!({ "enum": param.choices }),
        Kind::Flag => json!({ "type": "boolean" }),
        Kind::Profile => profile(),
    };
    if let Some(property) = property.as_object_mut() {
        property.insert("description".to_owned(), json!(description));
        if let Some(default) = param.default {
            let shown = written(param, default);
            let default = match param.kind {
                Kind::Count => json!(strategy_link::whole(default)),
                Kind::Flag => json!(shown == "true"),
                _ => json!(shown),
            };
            property.insert("default".to_owned(), default);
        }
    }
    property
}

fn profile() -> Value {
    let day = "(mon|tue|wed|thu|fri|sat|sun)";
    let days = format!("{day}(-{day})?");
    json!({
        "type": "array",
        "minItems": 1,
        "maxItems": strategy_abi::MAX_STEPS,
        "items": {
            "type": "object",
            "properties": {
                "days": { "type": "string", "pattern": format!("^{days}(\\s*,\\s*{days})*$") },
                "at": { "type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$" },
                "rate": quantity(&format!("({VOLUME}|{MASS})/{TIME}")),
            },
            "required": ["days", "at", "rate"],
            "additionalProperties": false,
        },
    })
}

fn quantity(unit: &str) -> Value {
    json!({ "type": "string", "pattern": format!("^\\s*{NUMBER}\\s*{unit}\\s*$") })
}
