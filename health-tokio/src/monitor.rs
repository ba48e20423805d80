//! Many targets and self-checks, watched in one task.
//!
//! ```text
//!             ┌───────────────── one lock ─────────────────┐
//!  Handle ───►│ health_core::monitor::Monitor ── events ──►│──► Handle::next_event
//!             └──▲──────────────┬──────────────────────▲───┘──► a component of a Health
//!     one task:  │              │ Start, Cancel        │ outcome, reaped
//!                └──────────────┤                      │
//!                               ▼                      │
//!             sockets and futures in the same task; at most 16 threads for closures and for starts
//!             of commands; one thread watches all commands
//! ```
//!
//! The core's monitor decides when each attempt begins and what its outcome means; here it is carried
//! out. It is a task of the caller's runtime ([`Monitor::run`]), or a thread with a runtime of its own
//! ([`Monitor::spawn`]), which goes on probing while every worker of the daemon hangs.
//!
//! ```no_run
//! use std::time::Duration;
//! use health_tokio::Health;
//! use health_tokio::monitor::{CheckConfig, Monitor, Outcome, Target};
//!
//! # async fn watch() -> Result<(), Box<dyn std::error::Error>> {
//! let health = Health::new("steering", "1.4.0");
//! let (monitor, run) = Monitor::default().component(&health, "upstreams")?.run();
//! tokio::spawn(run);
//! let every_30_s = CheckConfig::default();
//! monitor.add(Target::new("web-1")?.probe("http", every_30_s.clone(), "http://10.0.0.7/".parse()?)?)?;
//! monitor.add(Target::new("pool")?.async_self_check("lease", every_30_s, || async {
//!     match lease().await {
//!         Ok(()) => Outcome::success(),
//!         Err(error) => Outcome::failure_with_message("no lease").caused_by(error),
//!     }
//! })?)?;
//! # async fn lease() -> Result<(), String> { Ok(()) }
//! while let Some(event) = monitor.next_event().await {
//!     println!("{event:?}");
//! }
//! monitor.stop(Duration::from_secs(5)).await;
//! # Ok(())
//! # }
//! ```
#![cfg(feature = "monitor")]

use health_driver::api::{self, Async};

use crate::runtime::Tokio;

#[doc(inline)]
pub use health_driver::api::monitor::*;

/// A monitor that is not running yet.
///
/// # Panics
///
/// The future of `run`, outside of a tokio runtime with I/O and timers.
pub type Monitor = api::monitor::Monitor<Async<Tokio>>;

/// Controls a monitor that [runs](Monitor::run). Clones share it; dropping all of them leaves it
/// running.
///
/// What does not wait is in [`MonitorControl`].
///
/// # Panics
///
/// `stop`, outside of a tokio runtime with timers.
pub type MonitorHandle = api::monitor::MonitorHandle<Async<Tokio>>;
