//! Why a target was not added.

use core::fmt;

use super::Target;
use crate::base::{ConfigError, Name, NameError};

/// Why a target was not added: its name or one of its checks' is taken, a check's settings make no
/// sense, it has no check or more than 16, or the monitor has been stopped. Its text says which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddError(pub(super) AddFault);

impl AddError {
    /// For drivers: this check is made over `https`, and the driver was built without TLS.
    #[must_use]
    pub const fn without_tls(check: Name) -> Self {
        Self(AddFault::WithoutTls(check))
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum AddFault {
    /// A target of that name, or twice a check of that name in this one.
    Name(NameError),
    /// A check whose settings make no sense.
    Config {
        /// Which.
        check: Name,
        /// What about it.
        error: ConfigError,
    },
    /// A target has 1 to 16 checks; this many were given.
    CheckCount(usize),
    /// This check is made over `https`, and the driver was built without the feature `tls`.
    WithoutTls(Name),
    /// The monitor has been stopped.
    Stopped,
}

impl fmt::Display for AddError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            AddFault::Name(error) => write!(f, "{error}"),
            AddFault::Config { check, error } => write!(f, "check {check}: {error}"),
            AddFault::CheckCount(count) => {
                let most = Target::MAX_CHECKS;
                write!(f, "{count} checks: a target has 1 to {most}")
            }
            AddFault::WithoutTls(check) => {
                write!(
                    f,
                    "check {check}: https needs a build with the feature `tls`"
                )
            }
            AddFault::Stopped => f.write_str("the monitor has been stopped"),
        }
    }
}

impl core::error::Error for AddError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match &self.0 {
            AddFault::Name(error) => Some(error),
            AddFault::Config { error, .. } => Some(error),
            AddFault::CheckCount(_) | AddFault::WithoutTls(_) | AddFault::Stopped => None,
        }
    }
}
