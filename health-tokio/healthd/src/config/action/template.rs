//! Texts with places for what a notice says.

use std::fmt;

use minijinja::Environment;
use minijinja::value::Serde;
use serde_json::Value;

use super::super::reader::{Item, Result};
use crate::daemon::specimen;

/// A template of Jinja2's language; its variables are the fields of the document.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Template {
    source: String,
    /// Values stand in it as JSON: a text with its quotes.
    is_json: bool,
}

impl Template {
    pub(super) fn read(item: &Item<'_>, is_json: bool) -> Result<Self> {
        let template = Self {
            source: item.text()?.to_owned(),
            is_json,
        };
        // A mistake shows at the start, and not with the first outage.
        let body = template.render(&specimen("template", false));
        let body = body.map_err(|error| item.wrong_secret(error))?;
        if is_json {
            let parsed = serde_json::from_str::<Value>(&body);
            parsed.map_err(|error| item.wrong_secret(format_args!("it makes no JSON: {error}")))?;
        }
        Ok(template)
    }

    /// # Errors
    ///
    /// It asks for what cannot be; one line for people.
    pub(crate) fn render(&self, document: &Value) -> std::result::Result<String, String> {
        // By the name it is found out how values are written.
        let name = if self.is_json {
            "body.json"
        } else {
            "body.txt"
        };
        let environment = Environment::new();
        let rendered = environment.render_named_str(name, &self.source, Serde(document));
        rendered.map_err(|error| error.to_string())
    }
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)
    }
}
