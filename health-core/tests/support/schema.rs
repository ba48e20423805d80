//! As much of JSON Schema as the project's schemas use; any other keyword is an error.

use std::path::Path;

use serde_json::Value;

/// What is wrong with `document` by the schema of this name; empty if nothing is.
pub(crate) fn problems(schema: &str, document: &Value) -> Vec<String> {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let mut files = above.map(|it| it.join("schemas").join(format!("{schema}.json")));
    let file = files.find(|it| it.is_file()).expect("the schema's file");
    let text = std::fs::read_to_string(file);
    let schema = serde_json::from_str(&text.expect("a schema")).expect("JSON");
    let mut problems = Vec::new();
    check(&schema, document, "$", &mut problems);
    problems
}

fn check(schema: &Value, value: &Value, at: &str, problems: &mut Vec<String>) {
    let Some(schema) = schema.as_object() else {
        if *schema == Value::Bool(false) {
            problems.push(format!("{at}: not allowed"));
        }
        return;
    };
    for (keyword, wanted) in schema {
        let fits = match keyword.as_str() {
            "$schema" | "title" | "description" => true,
            "type" => match wanted.as_array() {
                Some(kinds) => kinds.iter().any(|kind| has_type(value, kind)),
                None => has_type(value, wanted),
            },
            "enum" => wanted.as_array().expect("a list").contains(value),
            "minimum" => value.as_f64().is_none_or(|it| Some(it) >= wanted.as_f64()),
            "maximum" => value.as_f64().is_none_or(|it| Some(it) <= wanted.as_f64()),
            "minItems" => count(value) >= wanted.as_u64().expect("a number"),
            "maxItems" | "maxProperties" => count(value) <= wanted.as_u64().expect("a number"),
            "pattern" => matches(wanted.as_str().expect("a pattern"), value),
            "required" => {
                let names = wanted.as_array().expect("a list");
                names
                    .iter()
                    .all(|name| value.get(name.as_str().expect("a name")).is_some())
            }
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    check(wanted, item, &format!("{at}[{index}]"), problems);
                }
                true
            }
            "properties" | "additionalProperties" => true,
            "propertyNames" => {
                for name in value
                    .as_object()
                    .into_iter()
                    .flatten()
                    .map(|(name, _)| name)
                {
                    check(wanted, &Value::from(name.as_str()), at, problems);
                }
                true
            }
            _ => panic!("keyword {keyword} is not known here"),
        };
        if !fits {
            problems.push(format!("{at}: {value} breaks {keyword} {wanted}"));
        }
    }
    for (name, property) in value.as_object().into_iter().flatten() {
        let known = schema.get("properties").and_then(|known| known.get(name));
        if let Some(schema) = known.or(schema.get("additionalProperties")) {
            check(schema, property, &format!("{at}.{name}"), problems);
        }
    }
}

fn has_type(value: &Value, kind: &Value) -> bool {
    match kind.as_str().expect("a type's name") {
        "null" => value.is_null(),
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "number" => value.is_number(),
        "integer" => value.is_u64() || value.is_i64(),
        kind => panic!("type {kind} is not known here"),
    }
}

fn count(value: &Value) -> u64 {
    let length = value.as_array().map_or(0, Vec::len);
    value.as_object().map_or(length, serde_json::Map::len) as u64
}

/// The patterns there are, by what they mean.
fn matches(pattern: &str, value: &Value) -> bool {
    let Some(text) = value.as_str() else {
        return true;
    };
    match pattern {
        "^[A-Za-z0-9_.:-]{1,64}$" => health_core::Name::new(text).is_ok(),
        // The next of a list that is sorted by status and name.
        "^([a-z-]+~)?[A-Za-z0-9_.:-]{1,64}$" => {
            let name = text.split_once('~').map_or(text, |(_, name)| name);
            health_core::Name::new(name).is_ok()
        }
        _ => {
            assert!(
                pattern.starts_with("^[0-9]{4}-"),
                "{pattern} is not known here"
            );
            let shape = text
                .bytes()
                .map(|byte| if byte.is_ascii_digit() { b'0' } else { byte });
            shape.eq(*b"0000-00-00T00:00:00.000Z")
        }
    }
}
