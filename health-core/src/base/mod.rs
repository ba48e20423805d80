//! Words that everything else uses: time, names, status, outcomes. Nothing in here knows of a check,
//! a request or a snapshot.

mod capture;
mod cidr;
mod config_error;
mod digits;
pub(crate) mod grammar;
mod name;
mod outcome;
#[cfg(feature = "supervise")]
mod replica_state;
mod status;
mod streak;
mod time;
mod timing;

pub use capture::Capture;
pub use cidr::Cidr;
pub use config_error::ConfigError;
pub(crate) use name::NameFault;
pub use name::{Name, NameError};
pub use outcome::{Cause, Class, Kind, Message, Outcome};
#[cfg(feature = "supervise")]
pub use replica_state::ReplicaState;
pub use status::{ProbeKind, Status};
pub use streak::Streak;
pub use time::{Instant, Moment, ParseDurationError, UnixTime, parse_duration};
pub use timing::Timing;

pub(crate) use digits::decimal;
