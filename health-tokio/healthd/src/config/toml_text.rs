//! Writes a tree as TOML, in the order of its keys, but for names, which come first.

use std::fmt::Write as _;

use serde_json::{Map, Value};

/// A table as the text of a file: values first, then its lists of tables. What is `null` is left out.
pub(crate) fn toml_text(table: &Map<String, Value>) -> String {
    let mut out = String::new();
    write_table(table, "", &mut out);
    out
}

fn write_table(table: &Map<String, Value>, path: &str, out: &mut String) {
    let (names, others): (Vec<_>, Vec<_>) = table.iter().partition(|(key, _)| *key == "name");
    for (key, value) in names.into_iter().chain(others) {
        if tables_of(value).is_none() && !value.is_null() {
            // Writing to a text cannot fail.
            let _ = writeln!(out, "{} = {}", shown_key(key), inline(value));
        }
    }
    for (key, value) in table {
        let Some(tables) = tables_of(value) else {
            continue;
        };
        let path = match path {
            "" => shown_key(key),
            path => format!("{path}.{}", shown_key(key)),
        };
        for table in tables {
            let gap = if out.is_empty() { "" } else { "\n" };
            let _ = writeln!(out, "{gap}[[{path}]]");
            write_table(table, &path, out);
        }
    }
}

/// A list of tables of which one has several lines' worth of values.
fn tables_of(value: &Value) -> Option<Vec<&Map<String, Value>>> {
    let list = value.as_array().filter(|it| !it.is_empty())?;
    list.iter().map(Value::as_object).collect()
}

fn inline(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let entries = map.iter().filter(|(_, value)| !value.is_null());
            let entries =
                entries.map(|(key, value)| format!("{} = {}", shown_key(key), inline(value)));
            format!("{{ {} }}", entries.collect::<Vec<_>>().join(", "))
        }
        Value::Array(list) => {
            let items: Vec<_> = list.iter().map(inline).collect();
            format!("[{}]", items.join(", "))
        }
        // Texts are escaped as in JSON, except for this character.
        Value::String(_) => value.to_string().replace('\u{7f}', "\\u007f"),
        other => other.to_string(),
    }
}

fn shown_key(key: &str) -> String {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
    match !key.is_empty() && key.chars().all(is_bare) {
        true => key.to_owned(),
        false => inline(&key.into()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::toml_text;

    #[test]
    fn what_is_written_is_read_as_the_same() {
        let tree = json!({
            "a": "x \"y\" \\ \n \u{7f} \u{1} ä", "b": [1, 2.5, true, []], "c": { "d": { "e.f": 1 } },
            "x y": 1,
            "t": [{ "n": 1, "u": [{ "v": 1 }, { "v": 2, "h": { "A b": "c" } }] }, { "n": 2 }],
        });
        let text = toml_text(tree.as_object().expect("a table"));
        let read: Value = toml::from_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert_eq!(read, tree, "{text}");
    }
}
