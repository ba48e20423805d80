//! Why a setting was refused.

use alloc::string::String;
use core::fmt;

/// A setting that was refused: which one, what was given, and what is allowed.
///
/// What may be a secret is never in it: of a header it tells the name, never the value.
///
/// ```
/// let error = "10.0.0.1/8".parse::<health_core::cidr::Cidr>().unwrap_err();
/// assert_eq!(error.field(), "address block");
/// assert_eq!(error.value(), "10.0.0.1/8");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingError {
    field: &'static str,
    value: String,
    allowed: &'static str,
}

impl SettingError {
    pub(crate) fn new(field: &'static str, value: &str, allowed: &'static str) -> Self {
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

impl fmt::Display for SettingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}: {}", self.field, self.value, self.allowed)
    }
}

impl core::error::Error for SettingError {}
