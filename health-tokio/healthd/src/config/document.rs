//! Reads the text of a file, in TOML, JSON or YAML by its name, as one tree.

use std::fmt;
use std::fs;
use std::path::Path;

use serde_json::{Map, Value};

use super::reader::{ConfigError, Result};
use super::yaml;

/// The formats, by the end of a file's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Toml,
    Json,
    Yaml,
}

impl Format {
    /// TOML, unless the name ends in `.json`, `.yaml` or `.yml`.
    pub(super) fn of(path: &Path) -> Self {
        let end = path.extension().unwrap_or_default().to_ascii_lowercase();
        match end.to_str() {
            Some("json") => Self::Json,
            Some("yaml" | "yml") => Self::Yaml,
            _ => Self::Toml,
        }
    }
}

/// Reads a file.
///
/// # Errors
///
/// The file cannot be read, or is not of its format: with the line and the column.
pub(super) fn parse(path: &Path, origin: &str) -> Result<Value> {
    let text = fs::read_to_string(path).map_err(|error| wrong(origin, &error))?;
    parse_text(&text, Format::of(path), origin)
}

/// Reads a list of Prometheus, which is JSON or YAML.
///
/// # Errors
///
/// As [`parse`].
pub(super) fn parse_list(path: &Path, origin: &str) -> Result<Value> {
    let text = fs::read_to_string(path).map_err(|error| wrong(origin, &error))?;
    let format = match Format::of(path) {
        Format::Yaml => Format::Yaml,
        Format::Json | Format::Toml => Format::Json,
    };
    parse_text(&text, format, origin)
}

/// As [`parse`], for a text.
pub(super) fn parse_text(text: &str, format: Format, origin: &str) -> Result<Value> {
    match format {
        Format::Toml => toml::from_str(text).map_err(|error| wrong(origin, &error)),
        Format::Json => serde_json::from_str(text).map_err(|error| wrong(origin, &error)),
        Format::Yaml => {
            let mut documents = yaml::parse(text, origin)?;
            match documents.len() {
                // As an empty file of TOML.
                0 => Ok(Value::Object(Map::new())),
                1 => Ok(documents.remove(0)),
                more => {
                    let error = format!("{more} documents; allowed is one");
                    Err(ConfigError::new(origin, "", "", error))
                }
            }
        }
    }
}

fn wrong(origin: &str, error: &dyn fmt::Display) -> ConfigError {
    let text = error.to_string();
    // The position and the reason, without the lines that quote the file.
    let mut lines = text
        .lines()
        .filter(|line| !line.trim_start().starts_with('|'));
    let line = lines.next().unwrap_or_default().trim();
    let last = text.lines().last().unwrap_or_default().trim();
    let reason = if last == line {
        String::new()
    } else {
        format!(": {last}")
    };
    ConfigError::new(origin, "", "", format_args!("{line}{reason}"))
}
