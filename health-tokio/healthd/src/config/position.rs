//! Finds the line and the column of a key in the text of a file.

use std::path::Path;

use saphyr::{LoadableYamlNode, MarkedYaml, Scalar, YamlData};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::document::Format;

/// Where the key `target[3].url` begins: line and column, from 1 on. It is `None` where the text has
/// changed since, or a key of it has a dot.
pub(super) fn find(path: &Path, key: &str) -> Option<(usize, usize)> {
    let text = std::fs::read_to_string(path).ok()?;
    let steps = steps(key)?;
    let at = match Format::of(path) {
        Format::Toml => {
            let table = DeTable::parse(&text).ok()?;
            in_toml(table.get_ref(), &steps)?
        }
        // JSON that was read is YAML. What was read is bounded.
        Format::Json | Format::Yaml => return in_yaml(&text, &steps),
    };
    let before = text.get(..at)?;
    let begin = before.rfind('\n').map_or(0, |at| at + 1);
    let column = before[begin..].chars().count() + 1;
    Some((before.matches('\n').count() + 1, column))
}

/// A part of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step<'a> {
    Name(&'a str),
    Index(usize),
}

fn steps(key: &str) -> Option<Vec<Step<'_>>> {
    let mut steps = Vec::new();
    for part in key.split('.').filter(|it| !it.is_empty()) {
        let mut indexes = part.split('[');
        steps.push(Step::Name(indexes.next()?));
        for index in indexes {
            steps.push(Step::Index(index.strip_suffix(']')?.parse().ok()?));
        }
    }
    Some(steps)
}

fn in_toml(table: &DeTable<'_>, steps: &[Step<'_>]) -> Option<usize> {
    let (Step::Name(name), rest) = steps.split_first().map(|(first, rest)| (*first, rest))? else {
        return None;
    };
    let (key, mut value) = table.iter().find(|(key, _)| key.get_ref() == name)?;
    // The key itself, unless an element of its list is meant.
    let mut at = key.span().start;
    let mut rest = rest;
    while let Some((Step::Index(index), more)) = rest.split_first().map(|(a, b)| (*a, b)) {
        let DeValue::Array(list) = value.get_ref() else {
            return Some(at);
        };
        let element: &Spanned<DeValue<'_>> = list.get(index)?;
        (value, rest, at) = (element, more, element.span().start);
    }
    match value.get_ref() {
        DeValue::Table(table) if !rest.is_empty() => in_toml(table, rest).or(Some(at)),
        _ => Some(at),
    }
}

fn in_yaml(text: &str, steps: &[Step<'_>]) -> Option<(usize, usize)> {
    let documents = MarkedYaml::load_from_str(text).ok()?;
    let mut node = documents.first()?;
    let mut at = node.span.start;
    for step in steps {
        match (step, &node.data) {
            (Step::Name(name), YamlData::Mapping(map)) => {
                let is_meant = |key: &MarkedYaml<'_>| matches!(&key.data, YamlData::Value(Scalar::String(text)) if text == name);
                let Some((key, value)) = map.iter().find(|(key, _)| is_meant(key)) else {
                    break;
                };
                (node, at) = (value, key.span.start);
            }
            (Step::Index(index), YamlData::Sequence(list)) => {
                node = list.get(*index)?;
                at = node.span.start;
            }
            _ => break,
        }
    }
    Some((at.line(), at.col() + 1))
}

#[cfg(test)]
mod tests {
    use super::super::tests::File;
    use super::find;

    #[test]
    fn keys_are_found_in_each_format() {
        let toml = "interval = 5\n[[target]]\nname = \"a\"\n\n[[target]]\nname = \"b\"\n  url = 5\n\
                    check = [{ url = 1 }, { url = 2 }]\n";
        let json = "{\"interval\": 5,\n \"target\": [{\"name\": \"a\"},\n  {\"name\": \"b\", \"url\": 5,\n\
                    \"check\": [{\"url\": 1}, {\"url\": 2}]}]}";
        let yaml = "interval: 5\ntarget:\n- name: a\n- name: b\n  url: 5\n  check:\n  - url: 1\n  - url: 2\n";
        let expected = [
            ("interval", [(1, 1), (1, 2), (1, 1)]),
            ("target[1].url", [(7, 3), (3, 17), (5, 3)]),
            ("target[1].check[1].url", [(8, 25), (4, 24), (8, 5)]),
        ];
        for (index, (end, text)) in [("toml", toml), ("json", json), ("yaml", yaml)]
            .into_iter()
            .enumerate()
        {
            let file = File::new(&format!("position.{end}"), text);
            for (key, places) in expected {
                assert_eq!(find(&file.0, key), Some(places[index]), "{end}: {key}");
            }
            assert_eq!(find(&file.0, "target[7].url"), None);
        }
    }
}
