//! By which rule a check judges what it finds, in words.

use std::fmt;
use std::sync::Arc;

/// Everything that a check expects, as it is shown. Many checks share one text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rule(Arc<str>);

impl Rule {
    pub(in crate::config) fn new(text: &str) -> Self {
        Self(text.into())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text of the configuration, quoted, and cut if it is long.
pub(super) fn quoted(text: &str) -> String {
    const MOST: usize = 64;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{:?}...", &text[..end]),
        None => format!("{text:?}"),
    }
}
