//! Why a command was refused.

use std::error::Error;
use std::fmt;

use health_core::NameError;

/// Why a [`Program`](super::Program) was refused. Its text says what is allowed, and has no argument in it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProgramError {
    /// There is nothing to run.
    NoProgram,
    /// A NUL in an argument or in the restart command.
    Nul,
    /// The name of a variable that is not allowed, or whose value is not.
    Variable(String),
    /// There is no signal of this name.
    Signal(String),
    /// Not a name.
    Name(NameError),
    /// A name that leaves no room for the index of a replica.
    LongName(String),
    /// `{port}` without a port.
    NoPort,
    /// The port of the last replica, if that is out of bounds, or the first one is 0.
    Port(u32),
}

impl fmt::Display for ProgramError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoProgram => f.write_str("command: allowed is a program with its arguments"),
            Self::Nul => f.write_str("command: allowed is text without NUL"),
            Self::Variable(name) => write!(
                f,
                "environment {name:?}: allowed is a name without = and a value, both without NUL"
            ),
            Self::Signal(name) => write!(
                f,
                "stop signal {name:?}: allowed is a signal's name or number, such as TERM, INT, QUIT"
            ),
            Self::Name(error) => error.fmt(f),
            Self::LongName(name) => write!(
                f,
                "name {name:?}: allowed are 1 to 58 characters of A-Z a-z 0-9 _ . : -"
            ),
            Self::NoPort => f.write_str("{port}: allowed only if the group has a port"),
            Self::Port(last) => write!(
                f,
                "port {last} of the last replica: allowed are 1 to 65535 for all replicas"
            ),
        }
    }
}

impl Error for ProgramError {}
