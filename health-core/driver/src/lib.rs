//! What drivers of [`health_core`] share: everything between its state machines and a runtime.
//!
//! The core opens no socket and reads no clock. A driver does that for it, on one runtime:
//! `health-tokio`, `health-smol`, `health-blocking`. What one driver would do just as another stands
//! here, once.
//!
//! ```text
//!        a daemon                            a driver
//!           │                  Server, Handle, Monitor, Prober (api): one face for all drivers
//!           │                  Runtime: its timer, listener, socket
//!           ▼                                   │
//!  ┌─────────────────┐     ┌────────────────────▼──────────────────────┐
//!  │ Health          │     │ task      ServerTask: all connections     │
//!  │  Component,     │◄────┤           Run: all probes of a monitor    │  polled by the runtime
//!  │  Heartbeat, …   │     ├───────────────────────────────────────────┤
//!  └─────────────────┘     │ HealthWatch   Wakeups   FutureMap   Drain │  who wakes which task
//!                          ├───────────────────────────────────────────┤
//!                          │ listen, accept      probe, pool           │  sockets, files, threads
//!                          └────────────────────┬──────────────────────┘
//!                                               ▼
//!              health-core: Registry, Connections, Connection, Attempt, Monitor
//! ```
//!
//! # Who needs what
//!
//! * **Daemons** depend on a driver, not on this crate: the driver re-exports [`daemon`] at its root,
//!   and [`monitor`] as a module.
//! * **A driver for a runtime that wakes tasks** (any `async` runtime) implements
//!   [`runtime::Runtime`] and polls what is in [`task`].
//! * **A driver with a loop of its own** takes [`listen`], [`accept`], [`HealthWatch`], [`Lifecycle`] and
//!   the core's [`Connections`](health_core::server::Connections).
//! * **A monitor with a loop of its own** takes [`monitor::MonitorDriver`], [`probe`] and [`pool`].
//!
//! # Crate features
//!
//! * `monitor`: probes of other services, and a monitor that runs them: [`monitor`], [`probe`],
//!   [`pool`].
//! * `registry`: what a registry of targets needs of a monitor.
//! * `supervise`: groups of processes that are kept running: [`supervise`]. Unix only.
//! * `systemd`: reports to a service manager, and sockets that it passes on (Unix): `api::systemd`,
//!   `api::Server::from_systemd`.
//! * `test-util`: a clock that tests move.
//! * `expect`: further expectations of what is probed: how long its certificate is valid, what it says over TCP.
//! * `tls`: HTTPS probes, by rustls.
//! * `tracing`: [`trace_request`].
//! * `conformance`: [`conformance`], the tests that every driver passes, for a driver of your own.
#![forbid(unsafe_code)]

pub mod accept;
pub mod api;
mod clock;
#[cfg(feature = "conformance")]
pub mod conformance;
mod control;
pub mod daemon;
mod drain;
#[cfg(feature = "monitor")]
mod error;
#[cfg(feature = "monitor")]
mod future_map;
mod guard;
mod health;
pub mod listen;
#[cfg(any(feature = "supervise", all(feature = "systemd", unix)))]
mod manager_variables;
#[cfg(feature = "monitor")]
pub mod monitor;
#[cfg(feature = "monitor")]
pub mod pool;
#[cfg(feature = "monitor")]
pub mod probe;
#[cfg(all(unix, feature = "monitor"))]
mod process;
pub mod runtime;
#[cfg(feature = "supervise")]
pub mod supervise;
#[cfg(all(feature = "systemd", unix))]
pub mod systemd;
pub mod task;
#[cfg(feature = "tracing")]
mod trace;
mod waiters;
mod wakeups;
mod watch;

pub use clock::Clock;
pub use control::{Ended, Lifecycle, ServerControl};
pub use daemon::*;
pub use drain::Drain;
#[cfg(feature = "monitor")]
pub use error::probe_error;
#[cfg(feature = "monitor")]
pub use future_map::FutureMap;
pub use guard::catch_panic;
pub use health::Changes;
pub use wakeups::{KeptWaker, Wakeup, Wakeups};
pub use watch::{HealthUpdate, HealthWatch};
