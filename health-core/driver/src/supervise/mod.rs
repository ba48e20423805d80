//! Supervision: the processes of a group, and what carries the commands of its supervisor out.
//!
//! ```text
//! Supervisor (core) ──Start, Signal, Restart──► Host: Processes ──► spawn, process groups
//!        ▲                                            │
//!        └──────── ProcessReport ◄── Instances ◄── Watcher: one thread, a Life per process
//!                                        │
//!                                        └── Lines ──► LogRate ──► Output
//! ```
//!
//! A [`Program`] says what the replicas of a group run, and [`Processes`] runs it. A [`Host`] is also
//! what a test has instead of an operating system.

mod host;
#[cfg(unix)]
mod instances;
#[cfg(unix)]
mod life;
#[cfg(unix)]
mod lines;
#[cfg(unix)]
mod output;
#[cfg(unix)]
mod processes;
#[cfg(unix)]
mod program;
#[cfg(unix)]
mod rate;
#[cfg(unix)]
mod spawn;
#[cfg(unix)]
mod streams;
#[cfg(unix)]
mod watcher;

pub use host::{Host, HostView, ProcessReport};
#[cfg(unix)]
pub use output::{Output, OutputLine, Stream};
#[cfg(unix)]
pub use processes::Processes;
#[cfg(unix)]
pub use program::{Program, ProgramError, ReplicaProgram};
#[cfg(unix)]
pub use rate::LogRate;
#[cfg(unix)]
pub use streams::Streams;
