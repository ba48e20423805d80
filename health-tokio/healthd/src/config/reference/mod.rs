//! All keys of a configuration: what each one takes, and what it means.
//!
//! ```text
//!  monitor.rs, check.rs, … ─────── Section: Key, Key, … ─┬─► markdown: docs/configuration.md
//!                                                        ├─► schema:   docs/healthd.schema.json
//!                                                        └─► tests: held to what the reader asks for
//! ```
//!
//! A new key is a line in its section. The tests say which one lacks, and read each example.

mod actions;
mod check;
mod expected;
mod markdown;
mod monitor;
mod parts;
mod run;
mod schema;

pub(crate) use markdown::markdown;
pub(crate) use schema::schema;

use crate::cli::help_of;

/// The keys of one kind of table.
#[derive(Clone, Copy, Debug)]
// The tests read each example in its place.
#[cfg_attr(not(test), allow(dead_code))]
struct Section {
    /// How other sections call it.
    name: &'static str,
    title: &'static str,
    text: &'static str,
    keys: &'static [Key],
    /// Sections whose keys it has, too.
    includes: &'static [&'static str],
    /// An example in which `@` stands for the line of a key and what it needs.
    context: &'static str,
    /// What a key needs beside it, unless it says something else.
    needs: &'static str,
}

/// A key.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(test), allow(dead_code))]
struct Key {
    /// The first is ours; the others mean the same.
    names: &'static [&'static str],
    kind: Kind,
    /// As it is written, or in words; empty if there is none.
    default: &'static str,
    /// As it is written.
    example: &'static str,
    text: &'static str,
    /// In place of what keys of its section need.
    beside: Option<&'static str>,
}

/// What a key takes.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Text,
    Flag,
    Integer(u64, u64),
    /// From 0 to 1, or above.
    Number,
    /// A number of seconds, or a text with a unit.
    Time,
    /// One of these texts.
    Words(&'static [&'static str]),
    List(&'static Self),
    /// A table of this section.
    Table(&'static str),
    /// Whatever is said of it.
    Any,
    /// A table with free keys; each value is a text, or a table of this section.
    Map(Option<&'static str>),
    /// One of these.
    Either(&'static [Self]),
}

const fn key(
    names: &'static [&'static str],
    kind: Kind,
    default: &'static str,
    example: &'static str,
    text: &'static str,
) -> Key {
    Key {
        names,
        kind,
        default,
        example,
        text,
        beside: None,
    }
}

impl Key {
    /// With what the help of its flag says, if it says nothing itself.
    fn filled(self) -> Self {
        if !self.text.is_empty() {
            return self;
        }
        let help = help_of(self.names[0]).unwrap_or_default();
        let (text, default) = help.split_once(" [default: ").unwrap_or((help, ""));
        Self {
            text: text.strip_suffix(" [repeatable]").unwrap_or(text),
            default: default.trim_end_matches(']'),
            ..self
        }
    }

    const fn beside(mut self, beside: &'static str) -> Self {
        self.beside = Some(beside);
        self
    }
}

/// In the order of the reference. The first is the file of `healthd monitor`.
fn sections() -> Vec<Section> {
    [
        monitor::SECTIONS,
        check::SECTIONS,
        expected::SECTIONS,
        parts::SECTIONS,
        actions::SECTIONS,
        run::SECTIONS,
    ]
    .concat()
}

impl Section {
    /// Its own keys, then those of the sections that it includes.
    fn all_keys(&self, sections: &[Self]) -> Vec<Key> {
        let mut keys: Vec<_> = self.keys.iter().map(|it| it.filled()).collect();
        for name in self.includes {
            let included = sections.iter().find(|it| it.name == *name);
            keys.extend(included.iter().flat_map(|it| it.all_keys(sections)));
        }
        keys
    }
}

#[cfg(test)]
mod tests;
