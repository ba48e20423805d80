//! Reads YAML 1.2 as the same tree as the other formats. What other formats do not have is refused, or
//! bounded: lists are written by other programs.

use std::thread;

use saphyr::{LoadableYamlNode, MarkedYaml, Marker, Scalar, YamlData};
use serde_json::{Map, Number, Value};

use super::reader::{ConfigError, Result};

/// The deepest nesting.
const DEEPEST: usize = 64;
/// The most indentation of a line: the parser recurses with it, whatever its limits are elsewhere.
const MOST_INDENTED: usize = 256;
/// The parser, and whoever frees what it made, recurse: within the limits above and that of aliases,
/// this is enough for both.
const STACK: usize = 64 << 20;

/// Reads all documents of a text that are not empty.
///
/// # Errors
///
/// The first mistake, with line and column: also a key that stands twice, a tag, nesting without end, and
/// aliases that make more of a text than 100,000 values.
pub(super) fn parse(text: &str, origin: &str) -> Result<Vec<Value>> {
    let wrong = |what: String| ConfigError::new(origin, "", "", what);
    let is_indented = |line: &str| {
        let mut run = line.chars().take_while(|c| " \t-?:".contains(*c));
        run.nth(MOST_INDENTED).is_some()
    };
    if let Some(at) = text.lines().position(is_indented) {
        let (line, allowed) = (at + 1, MOST_INDENTED);
        return Err(wrong(format!(
            "line {line}, column {allowed}: too deep; allowed are {allowed} columns of indentation"
        )));
    }
    let read = thread::scope(|scope| {
        let reader = thread::Builder::new().stack_size(STACK);
        let reader = reader.spawn_scoped(scope, || read(text));
        reader.map(thread::ScopedJoinHandle::join)
    });
    match read {
        Ok(Ok(read)) => read.map_err(|(at, what)| {
            let (line, column) = (at.line(), at.col() + 1);
            wrong(format!("line {line}, column {column}: {what}"))
        }),
        Ok(Err(_)) => Err(wrong("this YAML cannot be read".to_owned())),
        Err(error) => Err(wrong(error.to_string())),
    }
}

/// What is wrong, and where.
type Mistake = (Marker, String);

fn read(text: &str) -> std::result::Result<Vec<Value>, Mistake> {
    let documents = MarkedYaml::load_from_str(text);
    let documents = documents.map_err(|error| (*error.marker(), error.info().to_owned()))?;
    let is_empty =
        |it: &MarkedYaml<'_>| matches!(it.data, YamlData::Value(Scalar::Null) | YamlData::BadValue);
    let documents = documents.iter().filter(|it| !is_empty(it));
    documents.map(|it| value(it, DEEPEST)).collect()
}

fn value(node: &MarkedYaml<'_>, depth: usize) -> std::result::Result<Value, Mistake> {
    let wrong = |what: &str| (node.span.start, what.to_owned());
    let Some(depth) = depth.checked_sub(1) else {
        return Err(wrong("nested too deeply: allowed are 64 levels"));
    };
    Ok(match &node.data {
        YamlData::Value(scalar) => match scalar {
            Scalar::Null => Value::Null,
            Scalar::Boolean(flag) => Value::Bool(*flag),
            Scalar::Integer(number) => Value::Number((*number).into()),
            Scalar::FloatingPoint(number) => match Number::from_f64(number.into_inner()) {
                Some(number) => Value::Number(number),
                None => return Err(wrong("allowed is a finite number")),
            },
            Scalar::String(text) => Value::String(text.to_string()),
        },
        YamlData::Sequence(list) => {
            let list = list.iter().map(|it| value(it, depth));
            Value::Array(list.collect::<std::result::Result<_, _>>()?)
        }
        YamlData::Mapping(entries) => {
            let (mut map, mut merged) = (Map::new(), Map::new());
            for (name, node) in entries {
                let key = key(name)?;
                let value = value(node, depth)?;
                if key == "<<" {
                    merge(&mut merged, value).map_err(|what| (name.span.start, what))?;
                } else if map.insert(key, value).is_some() {
                    return Err((name.span.start, "duplicated key in mapping".to_owned()));
                }
            }
            // A key that stands here wins over one that is merged.
            merged.append(&mut map);
            Value::Object(merged)
        }
        YamlData::Tagged(..) => return Err(wrong("a tag: allowed are plain values")),
        // As an alias within what it stands for.
        YamlData::BadValue | YamlData::Representation(..) | YamlData::Alias(_) => {
            return Err(wrong("allowed is a value that stands for itself"));
        }
    })
}

/// A key, which is a text in every other format: `8080` is `"8080"`.
fn key(node: &MarkedYaml<'_>) -> std::result::Result<String, Mistake> {
    match &node.data {
        YamlData::Value(Scalar::String(text)) => Ok(text.to_string()),
        YamlData::Value(Scalar::Integer(number)) => Ok(number.to_string()),
        YamlData::Value(Scalar::Boolean(flag)) => Ok(flag.to_string()),
        _ => Err((node.span.start, "allowed as a key is a text".to_owned())),
    }
}

/// `<<: *name` takes over the keys of a mapping, or of several, of which the first one wins.
fn merge(merged: &mut Map<String, Value>, value: Value) -> std::result::Result<(), String> {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                merged.entry(key).or_insert(value);
            }
            Ok(())
        }
        Value::Array(list) => list.into_iter().try_for_each(|it| merge(merged, it)),
        _ => Err("allowed for << is a mapping, or a list of mappings".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::parse;

    fn one(text: &str) -> serde_json::Value {
        let mut read = parse(text, "a.yaml").expect("YAML");
        assert_eq!(read.len(), 1, "{read:?}");
        read.remove(0)
    }

    fn wrong(text: &str) -> String {
        let error = parse(text, "a.yaml").expect_err("refused").to_string();
        assert_eq!(error.lines().count(), 1, "{error}");
        error
    }

    #[test]
    fn values_are_those_of_yaml_1_2() {
        let read = one("on: [off, no, yes, 1, 0x10, 1.5, true, ~, '1', 12:30, 1e3]\n8080: a\n");
        let on = json!([
            "off", "no", "yes", 1, 16, 1.5, true, null, "1", "12:30", 1000.0
        ]);
        assert_eq!(read, json!({ "on": on, "8080": "a" }));
        for empty in ["", "# nothing\n", "---\n"] {
            assert!(
                parse(empty, "a.yaml").expect("YAML").is_empty(),
                "{empty:?}"
            );
        }
        assert_eq!(
            parse("a: 1\n---\nb: 2\n", "a.yaml").map(|it| it.len()),
            Ok(2)
        );
    }

    #[test]
    fn anchors_are_aliases_and_may_be_merged() {
        let text = "base: &base {a: 1, b: 2}\nmore: &more {c: 4, a: 5}\n\
                    own: {<<: *base, b: 3}\nboth: {<<: [*base, *more]}\nsame: *base\n";
        let read = one(text);
        assert_eq!(read["own"], json!({ "a": 1, "b": 3 }));
        assert_eq!(read["both"], json!({ "a": 1, "b": 2, "c": 4 }));
        assert_eq!(read["same"], json!({ "a": 1, "b": 2 }));
    }

    #[test]
    fn mistakes_have_a_line_and_a_column() {
        for (text, expected) in [
            ("a: 1\nb: 2\na: 3\n", "line 3, column 1: duplicated key"),
            ("a:\n  1: x\n  '1': y\n", "line 3, column 3: duplicated key"),
            ("a: [1\nb: 2\n", "line 2, column"),
            ("a: !secret x\n", "line 1, column"),
            ("a: .nan\n", "line 1, column 4: allowed is a finite number"),
            (
                "? [a]\n: b\n",
                "line 1, column 3: allowed as a key is a text",
            ),
            ("<<: 5\n", "line 1, column 1: allowed for <<"),
            ("a: *none\n", "line 1, column"),
            ("a: &a [*a]\n", "line 1"),
        ] {
            let error = wrong(text);
            assert!(error.contains(expected), "{text:?}: {error}");
        }
    }

    /// Nobody who writes a list may end the program, or have all of its memory.
    #[test]
    fn what_has_no_end_is_refused() {
        let mut laughs = "a0: &a0 [ha, ha, ha, ha, ha, ha, ha, ha, ha]\n".to_owned();
        for level in 1..12 {
            let before = vec![format!("*a{}", level - 1); 9].join(", ");
            laughs += &format!("a{level}: &a{level} [{before}]\n");
        }
        assert!(wrong(&laughs).contains("alias expansion"));
        for deep in [
            "[".repeat(100_000),
            "- ".repeat(100_000) + "x",
            "? ".repeat(100_000) + "x",
            "[".repeat(200) + "x" + &"]".repeat(200),
            (0..5_000)
                .map(|at| format!("{}a:\n", " ".repeat(at)))
                .collect(),
        ] {
            wrong(&deep);
        }
        // Each alias adds to the depth of the one before.
        let open = "[".repeat(200);
        let close = "]".repeat(200);
        let mut chain = format!("a0: &a0 {open}x{close}\n");
        for at in 1..40 {
            chain += &format!("a{at}: &a{at} {open}*a{}{close}\n", at - 1);
        }
        wrong(&chain);
    }
}
