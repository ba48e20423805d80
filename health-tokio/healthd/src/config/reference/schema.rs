//! A JSON Schema of both files, for editors.

use serde_json::{Map, Value, json};

use super::{Key, Kind, sections};

/// The schema (2020-12).
pub(crate) fn schema() -> Value {
    let sections = sections();
    let mut tables = Map::new();
    for section in &sections {
        let mut properties = Map::new();
        for key in section.all_keys(&sections) {
            for name in key.names {
                properties.entry(*name).or_insert_with(|| property(&key));
            }
        }
        let table = json!({
            "type": "object",
            "description": section.title,
            "properties": properties,
            "additionalProperties": false,
        });
        tables.insert(section.name.to_owned(), table);
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Configuration of healthd",
        "if": { "required": ["run"] },
        "then": { "$ref": "#/$defs/run_file" },
        "else": { "$ref": "#/$defs/file" },
        "$defs": tables,
    })
}

fn property(key: &Key) -> Value {
    let mut property = of_kind(&key.kind);
    let text = match key.default {
        "" => key.text.to_owned(),
        default => format!("{} Default: {default}.", key.text),
    };
    property["description"] = text.into();
    property["examples"] = Value::Array(value(key.example).into_iter().collect());
    property
}

fn of_kind(kind: &Kind) -> Value {
    match kind {
        Kind::Text => json!({ "type": "string" }),
        Kind::Flag => json!({ "type": "boolean" }),
        Kind::Integer(least, most) => {
            json!({ "type": "integer", "minimum": least, "maximum": most })
        }
        Kind::Number => json!({ "type": "number" }),
        Kind::Time => json!({ "type": ["number", "string"] }),
        Kind::Words(words) => json!({ "type": "string", "enum": words }),
        Kind::List(of) => json!({ "type": "array", "items": of_kind(of) }),
        Kind::Table(name) => json!({ "$ref": format!("#/$defs/{name}") }),
        Kind::Any => json!({}),
        Kind::Map(None) => {
            json!({ "type": "object", "additionalProperties": { "type": "string" } })
        }
        Kind::Map(Some(name)) => {
            let either = [of_kind(&Kind::Text), of_kind(&Kind::Table(name))];
            json!({ "type": "object", "additionalProperties": { "anyOf": either } })
        }
        Kind::Either(kinds) => {
            let kinds: Vec<_> = kinds.iter().map(of_kind).collect();
            json!({ "anyOf": kinds })
        }
    }
}

/// What an example says.
fn value(example: &str) -> Option<Value> {
    let table: Map<String, Value> = toml::from_str(&format!("it = {example}")).ok()?;
    table.into_iter().next().map(|(_, value)| value)
}
