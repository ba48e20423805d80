//! Why a probe's configuration was refused.

use alloc::string::String;
use core::fmt;

/// A setting of a probe that was refused: which one, what was given, and what is allowed.
///
/// The value of a header is never in it, since it may be a secret: the header's name stands for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbeError {
    field: &'static str,
    value: String,
    allowed: &'static str,
}

impl ProbeError {
    pub(in crate::check) fn new(field: &'static str, value: &str, allowed: &'static str) -> Self {
        Self {
            field,
            // Only as much of a wrong value is kept as a message can show.
            value: value.chars().take(64).collect(),
            allowed,
        }
    }

    /// The setting, such as `path`.
    #[must_use]
    pub const fn field(&self) -> &'static str {
        self.field
    }

    /// (The beginning of) what was given; for the value of a header, the header's name.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }

    /// What would have been taken.
    #[must_use]
    pub const fn allowed(&self) -> &'static str {
        self.allowed
    }
}

impl fmt::Display for ProbeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}: {}", self.field, self.value, self.allowed)
    }
}

impl core::error::Error for ProbeError {}
