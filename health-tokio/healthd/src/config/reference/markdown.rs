//! The reference for people.

use std::fmt::Write as _;

use super::{Key, Kind, Section, sections};

/// All keys, as Markdown.
pub(crate) fn markdown() -> String {
    let sections = sections();
    let mut out = "# Configuration\n\nMade by `healthd config reference`. `healthd config check FILE` says \
                   the first mistake of a file, `healthd config show` what is in effect, and `healthd config \
                   schema` prints a JSON Schema for editors.\n"
        .to_owned();
    for section in &sections {
        write_section(section, &sections, &mut out);
    }
    out
}

fn write_section(section: &Section, sections: &[Section], out: &mut String) {
    // Writing to a text cannot fail.
    let _ = writeln!(out, "\n## {}\n", section.title);
    if !section.text.is_empty() {
        let _ = writeln!(out, "{}\n", section.text);
    }
    let included = section.includes.iter().filter_map(|name| {
        let included = sections.iter().find(|it| it.name == *name)?;
        Some(link(included))
    });
    let included: Vec<_> = included.collect();
    if !included.is_empty() {
        let _ = writeln!(out, "Also the keys of: {}.\n", included.join(", "));
    }
    out.push_str("| key | takes | default | example | meaning |\n|---|---|---|---|---|\n");
    for key in section.keys {
        let key = key.filled();
        let names: Vec<_> = key.names.iter().map(|it| format!("`{it}`")).collect();
        let cells = [
            names.join(", "),
            takes(&key.kind, sections),
            shown_default(&key),
            format!("`{}`", key.example),
            key.text.to_owned(),
        ];
        let cells = cells.map(|it| it.replace('|', "\\|"));
        let _ = writeln!(out, "| {} |", cells.join(" | "));
    }
}

fn shown_default(key: &Key) -> String {
    let is_value = key.default.parse::<f64>().is_ok()
        || key.default.contains(['[', '{', '/'])
        || ["true", "false"].contains(&key.default);
    match is_value && !key.default.contains(' ') {
        true => format!("`{}`", key.default),
        false => key.default.to_owned(),
    }
}

fn takes(kind: &Kind, sections: &[Section]) -> String {
    let table = |name: &str| {
        let section = sections.iter().find(|it| it.name == name);
        section.map_or_else(String::new, link)
    };
    match kind {
        Kind::Text => "text".to_owned(),
        Kind::Flag => "`true`, `false`".to_owned(),
        Kind::Integer(least, most) if least == most => format!("`{least}`"),
        Kind::Integer(least, most) => format!("{least} to {most}"),
        Kind::Number => "number".to_owned(),
        Kind::Time => "time".to_owned(),
        Kind::Words(words) => {
            let words: Vec<_> = words.iter().map(|it| format!("`{it}`")).collect();
            words.join(", ")
        }
        Kind::List(of) => format!("list of: {}", takes(of, sections)),
        Kind::Table(name) => format!("table {}", table(name)),
        Kind::Any => "table".to_owned(),
        Kind::Map(None) => "table of texts".to_owned(),
        Kind::Map(Some(name)) => format!("table of texts, or each {}", table(name)),
        Kind::Either(kinds) => {
            let kinds: Vec<_> = kinds.iter().map(|it| takes(it, sections)).collect();
            kinds.join("; or ")
        }
    }
}

/// As GitHub names the place of a heading.
fn link(section: &Section) -> String {
    let kept = |c: &char| c.is_alphanumeric() || " -_".contains(*c);
    let anchor: String = section.title.to_lowercase().chars().filter(kept).collect();
    format!(
        "[{}](#{})",
        section.title.replace(['[', ']'], ""),
        anchor.replace(' ', "-")
    )
}
