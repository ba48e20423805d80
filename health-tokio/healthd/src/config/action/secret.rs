//! Values that nobody may see: tokens, keys, addresses of webhooks.

use std::fmt;

use super::super::header_files::read_value;
use super::super::reader::{Item, Result};

/// A value that stands in the configuration, in the environment or in a file of its own. A file is read
/// again for each notice: keys are replaced from time to time.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Secret {
    Text(String),
    File(String),
}

impl Secret {
    pub(super) fn read(item: &Item<'_>) -> Result<Self> {
        if item.value().is_string() {
            return Ok(Self::Text(item.text()?.to_owned()));
        }
        if !item.is_table() {
            return Err(
                item.wrong_secret("allowed is a text, {env = \"NAME\"} or {file = \"PATH\"}")
            );
        }
        let table = item.table()?;
        let (env, file) = (table.get("env"), table.get("file"));
        table.finish()?;
        match (env, file) {
            (Some(env), None) => {
                let value = std::env::var(env.text()?);
                value
                    .map(Self::Text)
                    .map_err(|_| env.wrong("no such variable"))
            }
            (None, Some(file)) => {
                let path = file.text()?.to_owned();
                read_value(&path).map_err(|error| file.wrong(error))?;
                Ok(Self::File(path))
            }
            _ => Err(item.wrong_secret("allowed is one of: env, file")),
        }
    }

    /// Whether the item is of the form that [`read`](Self::read) takes.
    pub(super) fn is_one(item: &Item<'_>) -> bool {
        let keys = item.value().as_object().map(|it| it.keys());
        let is_key = |key: &String| key == "env" || key == "file";
        item.value().is_string() || keys.is_some_and(|mut keys| keys.all(is_key))
    }

    /// The value.
    ///
    /// # Errors
    ///
    /// Its file cannot be read.
    pub(crate) fn reveal(&self) -> std::result::Result<String, String> {
        match self {
            Self::Text(text) => Ok(text.clone()),
            Self::File(path) => read_value(path).map_err(|error| format!("{path}: {error}")),
        }
    }

    /// Differs if the secret does, or where it is.
    pub(super) fn mark(&self) -> &str {
        match self {
            Self::Text(text) => text,
            Self::File(path) => path,
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}
