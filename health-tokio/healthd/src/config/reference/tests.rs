//! Holds the definitions to what the reader asks for.

use std::collections::BTreeSet;

use super::{Key, Kind, Section, sections};
use crate::config::reader::{self, Item};
use crate::config::tests::File;
use crate::config::{Flags, RunFlags, RunSettings, Settings};

/// A file with this key as in its example.
fn specimen(section: &Section, key: &Key, name: &str) -> String {
    let needs = key.beside.unwrap_or(section.needs);
    let own = |line: &&str| line.split(" = ").next() != Some(name);
    let needs: Vec<_> = needs.lines().filter(own).collect();
    let example = format!("{name} = {}", key.example);
    let lines = [example, needs.join("\n")].join("\n");
    section.context.replace('@', &lines)
}

/// Reads it, and returns the keys that were asked for: the path of their table, and the name.
fn asked_for(text: &str, what: &str, is_run: bool) -> BTreeSet<(String, &'static str)> {
    reader::asked::take();
    let file = File::new(&format!("specimen-{what}.toml"), text);
    let config = Some(file.0.clone());
    let read = if is_run {
        let flags = RunFlags {
            config,
            ..RunFlags::default()
        };
        RunSettings::read(&flags).map(drop)
    } else {
        let flags = Flags {
            config,
            ..Flags::default()
        };
        Settings::read(&flags).map(drop)
    };
    if let Err(error) = read {
        panic!("{what}: {error}\n{text}");
    }
    reader::asked::take()
}

/// What a path may lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Section(&'static str),
    /// A table with free keys, whose values are of this section.
    MapOf(&'static str),
}

fn places(kind: &Kind) -> Vec<Place> {
    match kind {
        Kind::Table(name) => vec![Place::Section(name)],
        Kind::Map(Some(name)) => vec![Place::MapOf(name)],
        Kind::List(of) => places(of),
        Kind::Either(kinds) => kinds.iter().flat_map(places).collect(),
        _ => Vec::new(),
    }
}

/// The sections that may be at a path; none where a text is read as a table.
fn at(path: &str, root: &'static str, all: &[Section]) -> Vec<Section> {
    let find = |name: &str| all.iter().find(|it| it.name == name);
    let mut here = vec![Place::Section(root)];
    for step in path.split('.').filter(|it| !it.is_empty()) {
        let next = here.iter().flat_map(|place| match *place {
            Place::MapOf(name) => vec![Place::Section(name)],
            Place::Section(name) => {
                let keys = find(name).into_iter().flat_map(|it| it.all_keys(all));
                let named = keys.filter(|it| it.names.contains(&step));
                named.flat_map(|it| places(&it.kind)).collect()
            }
        });
        here = next.collect();
    }
    let sections = here.iter().filter_map(|place| match *place {
        Place::Section(name) => find(name).copied(),
        Place::MapOf(_) => None,
    });
    sections.collect()
}

#[test]
fn every_example_is_accepted_and_the_reader_asks_for_what_is_defined() {
    let all = sections();
    let (mut asked, mut unknown) = (BTreeSet::new(), BTreeSet::new());
    for section in &all {
        for key in section.keys {
            for name in key.names {
                let what = format!("{}-{name}", section.name);
                let text = specimen(section, key, name);
                let is_run = text.contains("[[run]]") || section.name == "run_file";
                let root = if is_run { "run_file" } else { "file" };
                for (path, name) in asked_for(&text, &what, is_run) {
                    let here = at(&path, root, &all);
                    let mut is_known = here.is_empty();
                    for section in here {
                        for key in section.all_keys(&all) {
                            if key.names.contains(&name) {
                                is_known = true;
                                asked.insert((key.names[0], name, key.example));
                            }
                        }
                    }
                    if !is_known {
                        unknown.insert(format!("{path}: {name}"));
                    }
                }
            }
        }
    }
    assert!(
        unknown.is_empty(),
        "asked for, and not defined: {unknown:#?}"
    );
    let defined = all.iter().flat_map(|section| {
        let names = |key: &Key| {
            let (first, example) = (key.names[0], key.example);
            let names = key.names.iter();
            names
                .map(move |name| (first, *name, example))
                .collect::<Vec<_>>()
        };
        section.keys.iter().flat_map(names)
    });
    let unasked: Vec<_> = defined.filter(|it| !asked.contains(it)).collect();
    assert!(
        unasked.is_empty(),
        "defined, and not asked for: {unasked:#?}"
    );
}

#[test]
fn every_key_says_what_it_means() {
    for section in sections() {
        for key in section.keys {
            let filled = key.filled();
            let name = key.names[0];
            assert!(
                filled.text.len() > 5,
                "{}.{name}: {:?}",
                section.name,
                filled.text
            );
            let item = format!("it = {}", key.example);
            let value: serde_json::Value = toml::from_str(&item).expect(name);
            assert!(Item::root("", &value).table().is_ok(), "{name}");
        }
    }
}
