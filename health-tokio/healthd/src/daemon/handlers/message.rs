//! A notice as people read it: a title, a line for each target, and how bad it is.

use serde_json::Value;

use crate::config::Template;

/// Lines for targets; the others are counted.
const MAX_LINES: usize = 20;
/// Bytes of what a target has said, in a line.
const MAX_REASON: usize = 200;

/// What of a document a receiver for people is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    /// The same if it is sent again.
    pub(super) id: String,
    pub(super) event: String,
    pub(super) title: String,
    /// A line for each target.
    pub(super) text: String,
    pub(super) severity: Severity,
    /// The same from the first notice of an outage to the last.
    pub(super) incident: Option<String>,
    /// When the incident began.
    pub(super) since: String,
    /// Whether all of it is over.
    pub(super) is_over: bool,
    pub(super) at: String,
    pub(super) source: String,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Severity {
    Critical,
    Warning,
    /// Something is over.
    Good,
}

impl Severity {
    /// As a colour.
    pub(super) const fn rgb(self) -> u32 {
        match self {
            Self::Critical => 0x00C6_2828,
            Self::Warning => 0x00F9_A825,
            Self::Good => 0x002E_7D32,
        }
    }

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::Warning => "warning",
            Self::Good => "good",
        }
    }
}

impl Message {
    /// Reads a document; `text` makes its text, if there is one.
    ///
    /// # Errors
    ///
    /// The template asks for what cannot be.
    pub(crate) fn read(document: &str, text: Option<&Template>) -> Result<Self, String> {
        let document: Value = serde_json::from_str(document).map_err(|error| error.to_string())?;
        let field = |name: &str| document[name].as_str().unwrap_or_default().to_owned();
        let text = match text {
            Some(template) => template.render(&document)?,
            None => lines(&document),
        };
        Ok(Self {
            id: field("id"),
            event: field("event"),
            // An older healthd has made none.
            title: Some(field("summary"))
                .filter(|it| !it.is_empty())
                .unwrap_or_else(|| field("event")),
            text,
            severity: match &*field("severity") {
                "good" => Severity::Good,
                "warning" => Severity::Warning,
                _ => Severity::Critical,
            },
            incident: document["incident"].as_str().map(str::to_owned),
            since: field("since"),
            is_over: document["open"] == 0,
            at: field("at"),
            source: field("source"),
        })
    }

    /// Whether it is of something that lasts, and not of what was over at once.
    pub(super) const fn is_of_incident(&self) -> bool {
        self.incident.is_some()
    }

    /// The title and the text, of so many bytes at most.
    pub(super) fn whole(&self, most: usize) -> String {
        let whole = match self.text.is_empty() {
            true => self.title.clone(),
            false => format!("{}\n{}", self.title, self.text),
        };
        cut(&whole, most)
    }
}

/// At most so many bytes of it.
pub(super) fn cut(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let ends = text.char_indices().map(|(at, _)| at);
    let end = ends.take_while(|at| at + '…'.len_utf8() <= most).last();
    format!("{}…", &text[..end.unwrap_or(0)])
}

fn lines(document: &Value) -> String {
    let targets = document["targets"].as_array();
    let targets = targets.map_or(&[][..], Vec::as_slice);
    let mut lines: Vec<_> = targets.iter().take(MAX_LINES).map(line).collect();
    let count = document["count"].as_u64().unwrap_or_default();
    let rest = count.saturating_sub(lines.len() as u64);
    if rest > 0 {
        lines.push(format!("and {rest} more"));
    }
    lines.join("\n")
}

/// `web-1 (shop): unhealthy, 3 failures in a row, the last one: …, http://…`
fn line(target: &Value) -> String {
    let field = |name: &str| target[name].as_str().filter(|it| !it.is_empty());
    let mut line = field("name").unwrap_or("?").to_owned();
    if let Some(group) = field("group") {
        line += &format!(" ({group})");
    }
    let said = [field("status"), field("reason"), field("url")];
    let said = said.into_iter().flatten().map(|it| {
        let one_line = it.replace(['\r', '\n'], " ");
        cut(&one_line, MAX_REASON)
    });
    let said: Vec<_> = said.collect();
    if !said.is_empty() {
        line += &format!(": {}", said.join(", "));
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!(cut("größer", 9), "größer");
        assert_eq!(cut("größer", 8), "größer");
        assert_eq!(cut("größer", 7), "grö…");
        assert_eq!(cut("größer", 6), "gr…");
        assert_eq!(cut("größer", 3), "…");
    }

    #[test]
    fn a_line_names_the_target_and_says_why_in_one_line() {
        let target = serde_json::json!({
            "name": "web-1", "group": "shop", "status": "unhealthy", "url": null,
            "reason": "3 failures in a row, the last one: a\nb",
        });
        let expected = "web-1 (shop): unhealthy, 3 failures in a row, the last one: a b";
        assert_eq!(line(&target), expected);
        let many: Vec<_> = (0..100).map(|_| target.clone()).collect();
        let document = serde_json::json!({ "targets": many, "count": 5_000 });
        assert!(lines(&document).ends_with("\nand 4980 more"));
    }
}
