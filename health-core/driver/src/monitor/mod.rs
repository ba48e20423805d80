//! The parts of a running monitor that all drivers share: everything that does not wait.
//!
//! ```text
//!                        ┌──────────────── one lock ─────────────────┐
//!   MonitorControl ─────►│ health_core::monitor::Monitor ── events ──┼──► MonitorControl::poll_event
//!                        └──▲───────────┬─────────────────────▲──────┘
//!   the loop of a driver:   │ poll      │ Start, Cancel, Wait │ outcome, reaped
//!                       MonitorDriver ──┴─► MonitorAction     │
//!                                                │            │
//!                a socket, process, thread, future ──► AttemptGuard
//! ```
//!
//! A driver calls [`MonitorDriver::poll`] in a loop of its own, carries out the action that it returns,
//! and waits when there is none. Each attempt has an [`AttemptGuard`], by which its outcome is reported,
//! even if the guard is dropped: no attempt is lost.

mod attempt;
mod clock;
mod control;
mod driver;
mod event_queue;
mod group;
mod job;
#[cfg(feature = "test-util")]
mod manual;
mod prober;
#[cfg(feature = "registry")]
mod registry;
#[cfg(feature = "registry")]
mod requests;
pub(crate) mod shared;
mod target;
mod targets;
pub(crate) mod wait;

pub use attempt::AttemptGuard;
pub use clock::MonitorClock;
pub use control::MonitorControl;
pub use driver::{Drive, MonitorAction, MonitorDriver};
#[cfg(feature = "supervise")]
pub(crate) use event_queue::EventQueue;
pub use group::GroupComponent;
#[cfg(feature = "supervise")]
pub(crate) use group::declare;
pub use health_core::monitor::{CheckView, MonitorStatus, TargetView};
pub use job::{AsyncAttempt, AsyncSelfCheck, Job, SelfCheck};
#[cfg(feature = "test-util")]
pub use manual::ManualClock;
#[cfg(feature = "registry")]
pub use registry::{CheckSettings, TargetSettings};
#[cfg(feature = "registry")]
pub use requests::{IncomingRequest, RequestReceiver};
pub use target::Target;
