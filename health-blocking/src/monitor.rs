//! Many targets and self-checks, watched on one thread.
//!
//! ```text
//!             ┌───────────────── one lock ─────────────────┐
//!  Handle ───►│ health_core::monitor::Monitor ── events ──►│──► Handle::next_event
//!             └──▲──────────────┬──────────────────────▲───┘──► a component of a Health
//!         thread │ "monitor"    │ Start, Cancel        │ outcome, reaped
//!                └──────────────┤                      │
//!                               ▼                      │
//!             sockets and futures on the same thread; at most 16 threads for closures and for starts
//!             of commands; one thread watches all commands
//! ```
//!
//! The core's monitor decides when each attempt begins and what its outcome means; here it is carried
//! out, on one thread: the caller's ([`Monitor::run`]), or one of its own ([`Monitor::spawn`]). The other
//! threads are made when they are needed; two of them wait ten seconds for more to do, the rest end at once.
//!
//! ```no_run
//! use std::time::Duration;
//! use health_blocking::Health;
//! use health_blocking::monitor::{CheckConfig, Monitor, Outcome, Target};
//!
//! let health = Health::new("steering", "1.4.0");
//! let monitor = Monitor::default().component(&health, "upstreams")?.spawn()?;
//! let every_30_s = CheckConfig::default();
//! monitor.add(Target::new("web-1")?.probe("http", every_30_s.clone(), "http://10.0.0.7/".parse()?)?)?;
//! monitor.add(Target::new("disk")?.self_check("free", every_30_s, || match free_percent() {
//!     0..5 => Outcome::failure_with_message("disk nearly full"),
//!     5..10 => Outcome::warning("disk filling up"),
//!     _ => Outcome::success(),
//! })?)?;
//! # fn free_percent() -> u8 { 50 }
//! while let Some(event) = monitor.next_event(Duration::from_secs(60)) {
//!     println!("{event:?}");
//! }
//! monitor.stop(Duration::from_secs(5));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![cfg(feature = "monitor")]

use health_driver::api::{self, Blocking};

use crate::runtime::Mio;

pub use health_driver::api::blocking_defaults as defaults;
#[doc(inline)]
pub use health_driver::api::monitor::*;

/// A monitor that is not running yet.
pub type Monitor = api::monitor::Monitor<Blocking<Mio>>;

/// Controls a monitor that [runs](Monitor::run). Clones share it; dropping all of them leaves it
/// running.
///
/// What does not wait is in [`MonitorControl`].
pub type MonitorHandle = api::monitor::MonitorHandle<Blocking<Mio>>;
