//! A group of processes that is kept running: what all drivers share of it.
//!
//! ```text
//!                        ┌───────────────── one lock ──────────────────┐
//!   GroupControl ───────►│ health_core::supervise::Supervisor          │
//!                        │     ▲ started, ready, unhealthy     │ whom  │
//!                        │     │                               ▼       │
//!                        │ health_core::monitor::Monitor: the checks   │
//!                        └──▲───────────┬──────────────────────────────┘
//!   the loop of a driver:   │ poll      │ MonitorAction
//!                       GroupDriver ────┘
//!                           │ Start, Signal, Restart      ▲ ProcessReport
//!                           ▼                             │
//!     Host: Processes ──► spawn, process groups       Instances ◄── Watcher: one thread, a Life
//!                                                         │                  for each process
//!                                                         └── Lines ──► LogRate ──► Output
//! ```
//!
//! Each replica is a target of the monitor. What does not run, or is being ended, is not checked, and
//! each instance is checked afresh. A liveness, health or startup check that turns unhealthy is a verdict
//! of the supervisor's; nothing else restarts what runs. A command that checks an instance sees
//! `HEALTHD_INSTANCE`, its number, and `HEALTHD_PID`, its process, if that is ours.
//!
//! A [`Program`] says what the replicas of a group run, and [`Processes`] runs it. A [`Host`] is also
//! what a test has instead of an operating system.

mod component;
mod control;
mod driver;
mod error;
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
mod state;
#[cfg(unix)]
mod streams;
mod view;

pub use component::GroupHealth;
pub use control::GroupControl;
pub use driver::GroupDriver;
pub use error::GroupError;
pub use host::{Host, HostView, ProcessReport};
#[cfg(unix)]
pub use output::{Output, OutputLine, OutputStream};
#[cfg(unix)]
pub use processes::Processes;
#[cfg(unix)]
pub use program::{Program, ProgramError, ReplicaProgram};
#[cfg(unix)]
pub use rate::LogRate;
pub(crate) use state::GroupState;
#[cfg(unix)]
pub use streams::Streams;
pub use view::{EndedInstance, GroupEnd, ReplicaSpec, ReplicaView};
