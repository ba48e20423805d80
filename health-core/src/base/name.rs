//! Names of components, checks and targets: the same bytes in URL, JSON, metric label and text.

use alloc::string::String;
use alloc::sync::Arc;
use core::fmt;

/// A checked name: 1 to 64 bytes, each one of `A-Z a-z 0-9 _ . : -`, but not `.` or `..`.
///
/// No view has to escape such a name, so it reads the same in a path, a JSON document, a
/// Prometheus label and a log line. Cloning one copies a pointer.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(Arc<str>);

impl Name {
    /// The most bytes a name may have.
    pub const MAX_LEN: usize = 64;

    /// Checks `name`.
    ///
    /// # Errors
    ///
    /// [`NameError`] if it is empty, longer than 64 bytes, or has any other byte.
    pub fn new(name: &str) -> Result<Self, NameError> {
        if Self::is_valid(name.as_bytes()) {
            Ok(Self(name.into()))
        } else {
            // Only as much of a wrong name is kept as a message can show.
            Err(NameError(NameFault::Invalid(
                name.chars().take(Self::MAX_LEN + 1).collect(),
            )))
        }
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn is_valid(bytes: &[u8]) -> bool {
        // A client removes the path segments `.` and `..` before it sends them (RFC 3986 §5.2.4).
        (1..=Self::MAX_LEN).contains(&bytes.len())
            && bytes != b"."
            && bytes != b".."
            && bytes
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || b"_.:-".contains(byte))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

/// Why a name was refused: it is not allowed, or taken. Its text says which, and what is allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameError(pub(crate) NameFault);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NameFault {
    /// Not 1 to 64 bytes of `A-Z a-z 0-9 _ . : -`, or `.` or `..`; holds (the beginning of) what was
    /// given.
    Invalid(String),
    /// Already registered. A second owner of one name would hide the first one's failures.
    Duplicate(Name),
    /// Not the name of a counter or gauge: those are letters, digits and `_`, do not begin with a
    /// digit, `health_` or `scrape_`, are not `build`, `process_start_time_seconds`, `up`, `ALERTS`,
    /// `ALERTS_FOR_STATE` (Prometheus makes those itself) or a name under which a
    /// monitor exports its probes (such as `probe_success`), and do not end in
    /// `_total`, `_created`, `_count`, `_sum`, `_bucket` or `_info`, which the formats add
    /// themselves.
    NotAMetric(Name),
    /// A heartbeat whose deadline is less than 1 µs: it would always be missed.
    NoDeadline(Name),
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            NameFault::Invalid(name) => write!(
                f,
                "name {name:?}: allowed are 1 to {} characters of A-Z a-z 0-9 _ . : -",
                Name::MAX_LEN,
            ),
            NameFault::Duplicate(name) => write!(f, "name {name:?}: already registered"),
            NameFault::NoDeadline(name) => write!(
                f,
                "heartbeat {name:?}: a deadline of 0 is always missed; allowed is at least 1 µs",
            ),
            NameFault::NotAMetric(name) => write!(
                f,
                "name {name:?}: a metric has letters, digits and _, no digit first, no health_ in \
                 front, no suffix such as _total or _count",
            ),
        }
    }
}

impl core::error::Error for NameError {}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn the_border_of_what_is_allowed() {
        for name in ["a", "Z9_.:-", "db:primary", &"x".repeat(64)] {
            assert_eq!(Name::new(name).expect("allowed").as_str(), name);
        }
        for name in [
            "",
            ".",
            "..",
            " ",
            "a b",
            "a/b",
            "ä",
            "a\n",
            "\"",
            &"x".repeat(65),
        ] {
            assert!(Name::new(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn the_error_names_the_value_and_what_is_allowed() {
        assert_eq!(
            Name::new("my db").expect_err("a space").to_string(),
            "name \"my db\": allowed are 1 to 64 characters of A-Z a-z 0-9 _ . : -",
        );
    }
}
