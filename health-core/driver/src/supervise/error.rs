//! Why a group cannot run.

use std::error::Error;
use std::{fmt, io};

use health_core::ConfigError;
use health_core::monitor::AddError;
use health_core::{Name, NameError};

#[cfg(unix)]
use super::program::ProgramError;

/// Why a group cannot run: a setting is out of its bounds, a name or a check is refused, or this machine
/// gives no thread. Its text says which.
#[derive(Debug)]
pub struct GroupError(Fault);

#[derive(Debug)]
enum Fault {
    Config(ConfigError),
    Name(NameError),
    Check(AddError),
    #[cfg(unix)]
    Program(ProgramError),
    Probe {
        check: Name,
        error: Box<dyn Error + Send + Sync>,
    },
    Replicas {
        given: usize,
        wanted: u16,
    },
    Io(io::Error),
}

impl GroupError {
    /// The probe of this check cannot be made for a replica.
    pub(crate) fn probe(check: &Name, error: Box<dyn Error + Send + Sync>) -> Self {
        let check = check.clone();
        Self(Fault::Probe { check, error })
    }

    pub(super) const fn count(given: usize, wanted: u16) -> Self {
        Self(Fault::Replicas { given, wanted })
    }
}

impl From<ConfigError> for GroupError {
    fn from(error: ConfigError) -> Self {
        Self(Fault::Config(error))
    }
}

impl From<NameError> for GroupError {
    fn from(error: NameError) -> Self {
        Self(Fault::Name(error))
    }
}

impl From<AddError> for GroupError {
    fn from(error: AddError) -> Self {
        Self(Fault::Check(error))
    }
}

#[cfg(unix)]
impl From<ProgramError> for GroupError {
    fn from(error: ProgramError) -> Self {
        Self(Fault::Program(error))
    }
}

impl From<io::Error> for GroupError {
    fn from(error: io::Error) -> Self {
        Self(Fault::Io(error))
    }
}

impl fmt::Display for GroupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Fault::Config(error) => error.fmt(f),
            Fault::Name(error) => error.fmt(f),
            Fault::Check(error) => error.fmt(f),
            #[cfg(unix)]
            Fault::Program(error) => error.fmt(f),
            Fault::Probe { check, error } => write!(f, "check {check}: {error}"),
            Fault::Replicas { given, wanted } => write!(f, "{given} replicas in place of {wanted}"),
            Fault::Io(error) => error.fmt(f),
        }
    }
}

impl Error for GroupError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.0 {
            Fault::Config(error) => Some(error),
            Fault::Name(error) => Some(error),
            Fault::Check(error) => Some(error),
            #[cfg(unix)]
            Fault::Program(error) => Some(error),
            Fault::Probe { error, .. } => Some(&**error),
            Fault::Replicas { .. } => None,
            Fault::Io(error) => Some(error),
        }
    }
}
