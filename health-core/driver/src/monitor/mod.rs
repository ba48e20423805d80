//! A monitor at work: what three drivers share of it, which is all that does not wait.
//!
//! ```text
//!               ┌───────────────── one lock ─────────────────┐
//!  MonitorControl ───►│ health_core::monitor::Monitor ── events ──►│──► MonitorControl::poll_event
//!               └──▲──────────────┬──────────────────────▲───┘
//!   the loop:      │ MonitorDriver::poll  │ MonitorAction::Start, Cancel  │ outcome, reaped
//!                  └──────────────┤                      │
//!                                 ▼                      │
//!                 a socket, process, thread or future ─ AttemptGuard
//! ```
//!
//! A driver calls [`MonitorDriver::poll`] in a loop of its own, carries out what it is told, and waits when it
//! is told to. Each attempt carries a [`AttemptGuard`] to where it is carried out. What became of it is
//! reported by the ticket, even if it is dropped: no attempt can be forgotten.

mod controls;
mod job;
mod keeping;
mod look;
mod manual;
mod rollup;
mod shared;
mod status;
mod target;
mod ticket;
mod watch;

pub use controls::MonitorControl;
pub use health_core::monitor::{CheckView, TargetView};
pub use job::{AsyncAttempt, AsyncSelfCheck, Job, SelfCheck};
pub use keeping::{CheckSettings, TargetSettings};
pub use manual::ManualClock;
pub use rollup::GroupComponent;
pub use status::MonitorStatus;
pub use target::Target;
pub use ticket::AttemptGuard;
pub use watch::{MonitorAction, MonitorDriver};
