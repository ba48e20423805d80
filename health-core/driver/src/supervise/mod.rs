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
//!                         Host: the processes of the operating system
//! ```
//!
//! Each replica is a target of the monitor. What does not run, or is being ended, is not checked, and
//! each instance is checked afresh. A liveness, health or startup check that turns unhealthy is a verdict
//! of the supervisor's; nothing else restarts what runs.

mod component;
mod control;
mod driver;
mod error;
mod host;
mod state;
mod view;

pub use component::GroupHealth;
pub use control::GroupControl;
pub use driver::GroupDriver;
pub use error::GroupError;
pub use host::{Host, HostView, ProcessReport};
pub(crate) use state::GroupState;
pub use view::{EndedInstance, GroupEnd, ReplicaSpec, ReplicaView};
