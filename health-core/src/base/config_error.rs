//! Why a setting was refused.

use alloc::string::{String, ToString};
use core::fmt;

/// A setting that was refused: which one, what was given, and what is allowed.
///
/// Secrets are never in it: for a header it has the name, not the value.
///
/// ```
/// let error = "10.0.0.1/8".parse::<health_core::Cidr>().unwrap_err();
/// assert_eq!(error.field(), "address block");
/// assert_eq!(error.value(), "10.0.0.1/8");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    field: &'static str,
    value: String,
    /// Text is shown in quotation marks.
    is_text: bool,
    allowed: &'static str,
}

impl ConfigError {
    pub(crate) fn new(field: &'static str, value: &str, allowed: &'static str) -> Self {
        Self {
            field,
            // Only as much of a wrong value is kept as a message can show.
            value: value.chars().take(64).collect(),
            is_text: true,
            allowed,
        }
    }

    pub(crate) fn of_number(
        field: &'static str,
        value: impl fmt::Display,
        allowed: &'static str,
    ) -> Self {
        Self {
            field,
            value: value.to_string(),
            is_text: false,
            allowed,
        }
    }

    /// The result of checking a number that is not allowed.
    pub(crate) fn refuse(
        field: &'static str,
        value: impl fmt::Display,
        allowed: &'static str,
    ) -> Result<(), Self> {
        Err(Self::of_number(field, value, allowed))
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

    /// What is allowed.
    #[must_use]
    pub const fn allowed(&self) -> &'static str {
        self.allowed
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            field,
            value,
            allowed,
            ..
        } = self;
        if self.is_text {
            write!(f, "{field} {value:?}: {allowed}")
        } else {
            write!(f, "{field} {value}: {allowed}")
        }
    }
}

impl core::error::Error for ConfigError {}
