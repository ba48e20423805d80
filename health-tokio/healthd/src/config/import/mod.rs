//! Takes checks from where they stand already: probes of Kubernetes' pods, `healthcheck` of compose files.
//!
//! Their defaults are written out, since ours are others. What cannot be taken over is left out, with a
//! remark: nothing is guessed.

mod compose;
mod kubernetes;

use std::fs;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::check::Defaults;
use super::reader::{ConfigError, Item, Result};
use super::target::{Source, TargetDef};
use super::{toml_text, yaml};

/// What was found in a file.
#[derive(Debug, Default)]
struct Imported {
    targets: Vec<Map<String, Value>>,
    /// What was left out or needs a look, a line each.
    remarks: Vec<String>,
}

/// The text of a configuration with the checks of a file, which is YAML or JSON. Containers are reached at
/// `host`, or else at the name of their pod or service.
///
/// # Errors
///
/// The first mistake.
pub(crate) fn import(file: &Path, host: Option<&str>) -> Result<String> {
    let origin = file.display().to_string();
    let text = fs::read_to_string(file);
    let text = text.map_err(|error| ConfigError::new(&origin, "", "", error))?;
    import_text(&text, &origin, host).map_err(|error| error.placed(file))
}

fn import_text(text: &str, origin: &str, host: Option<&str>) -> Result<String> {
    let mut found = Imported::default();
    for document in &yaml::parse(text, origin)? {
        let item = Item::root(origin, document);
        match document {
            Value::Object(map) if map.contains_key("services") => {
                compose::read(&item, host, &mut found)?;
            }
            Value::Object(map) if map.contains_key("kind") => {
                kubernetes::read(&item, host, &mut found)?;
            }
            _ => {
                let allowed =
                    "neither a manifest of Kubernetes (kind) nor a compose file (services)";
                return Err(ConfigError::new(origin, "", "", allowed));
            }
        }
    }
    let defaults = Defaults::default();
    for target in &found.targets {
        let value = Value::Object(target.clone());
        TargetDef::read(&Item::root(origin, &value), &defaults, Source::Config)?;
    }
    let remarks = found.remarks.iter().map(|it| format!("# {it}\n"));
    let remarks: String = remarks.collect();
    let targets: Vec<_> = found.targets.into_iter().map(Value::Object).collect();
    let table = match json!({ "target": targets }) {
        Value::Object(table) => table,
        _ => Map::new(),
    };
    Ok(format!("# From {origin}.\n{remarks}{}", toml_text(&table)))
}

impl Imported {
    /// Adds a target with these checks, if there are any.
    fn add(&mut self, name: &str, group: &str, checks: Vec<Value>) {
        if !checks.is_empty() {
            let target = json!({ "name": name, "group": group, "check": checks });
            self.targets.extend(target.as_object().cloned());
        }
    }
}

#[cfg(test)]
mod tests;
