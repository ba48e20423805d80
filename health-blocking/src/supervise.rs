//! Groups of processes that are kept running: one command in a number of replicas, checked and
//! restarted.
//!
//! ```text
//!             ┌──────────────── one lock ────────────────┐
//!  Handle ───►│ Supervisor ◄─ verdicts, ready ─ Monitor  │──► Handle::next_event
//!             └──▲─────┬────────────────────────▲──┬─────┘──► a component of a Health
//!      one thread│     │ Start, Signal          │  │ Start, Cancel
//!                │     ▼                        │  ▼
//!        exits of processes, their output    checks of each replica
//! ```
//!
//! What exits is started again after a back-off. What a liveness, health or startup check finds unhealthy
//! is restarted when it is its turn: never more at once than
//! [`max_unavailable`](GroupConfig::max_unavailable) allows, and only one while more than half fail, for a
//! restart does not mend what they all depend on. Until then it runs on, and may recover. See
//! [`health_core::supervise`] for the rules.
//!
//! ```no_run
//! use std::time::Duration;
//! use health_blocking::Health;
//! use health_blocking::supervise::{CheckConfig, Group, GroupConfig, Program};
//!
//! let health = Health::new("web", "1.4.0");
//! let mut config = GroupConfig::default();
//! config.replicas = 2;
//! let program = Program::new(["./app", "--port", "{port}"])?.port(8000, 1);
//! let group = Group::new("web", program)?
//!     .config(config)
//!     .check("health", CheckConfig::default(), |replica| {
//!         let port = replica.port().unwrap_or(80);
//!         Ok(format!("http://127.0.0.1:{port}/health/live").parse()?)
//!     })?
//!     .component(&health)?;
//! let group = group.spawn()?; // or `run`, on a thread of yours
//! while let Some(event) = group.next_event(Duration::from_secs(60)) {
//!     println!("{event:?}: {}", group.summary()); // 1/2 healthy, 1/2 restarting
//! }
//! group.stop(Duration::from_secs(20));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Limits
//!
//! Unix only. A process has a process group of its own and `/dev/null` as its standard input; what leaves
//! that group is not followed. Two instances of a replica never run at once.
#![cfg(all(unix, feature = "supervise"))]

use health_driver::api::{self, Blocking};

use crate::runtime::Mio;

#[doc(inline)]
pub use health_driver::api::supervise::*;

/// A group that is not running yet.
pub type Group = api::supervise::Group<Blocking<Mio>>;

/// Controls a group that [runs](Group::spawn). Clones share it; dropping all of them leaves it running.
///
/// What does not wait is in [`GroupControl`].
pub type GroupHandle = api::supervise::GroupHandle<Blocking<Mio>>;
