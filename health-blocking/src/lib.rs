//! The health endpoint of a daemon without an async runtime.
//!
//! ```text
//! Server::bind ─► spawn ─► one thread: accept, read, answer, close
//!             └─► serve    the same on the caller's thread
//! serve_connection         one connection on a thread of the caller's own
//! Prober                   one probe of something else: HTTP, HTTPS, TCP, Unix socket, command
//! Monitor                  many of those, and checks of one's own, on one thread
//! ```
//!
//! [`Server::spawn`] starts one thread, named `health`. It waits for all sockets at once, so a
//! thousand silent clients cost it no thread, no buffer and no wake-up, and it goes on answering
//! while every other thread of the daemon hangs: the heartbeats make that visible.
//!
//! ```no_run
//! use std::time::Duration;
//! use health_blocking::{Health, Server};
//! # fn run_cycle() -> Result<(), String> { Ok(()) }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let health = Health::new("steering", env!("CARGO_PKG_VERSION"));
//! let link = health.component("link")?; // unhealthy after 3 failures in a row
//! let control = health.heartbeat("control", Duration::from_secs(5))?; // no beat for 5 s: liveness turns 503
//! let server = Server::bind("127.0.0.1:9102", &health)?.spawn()?; // an Err here need not stop the daemon
//! health.set_running();
//! loop {
//!     match run_cycle() {
//!         Ok(()) => link.success(),
//!         Err(error) => link.failure(error),
//!     }
//!     control.beat();
//! }
//! # }
//! ```
//!
//! # Crate features
//!
//! * `monitor` (default): [`probe`] and [`monitor`]. Without it only the endpoint is linked.
//! * `supervise`: `supervise`, which keeps groups of processes running. Unix only.
//! * `page` (default): the page for browsers.
//! * `expect`: further expectations of what is probed: how long its certificate is valid, what it says over TCP.
//! * `tls`: HTTPS probes, by rustls. Without it an `https` target is refused when it is added.
//! * `systemd`: reports to a service manager, and listeners that it passes on (Unix).
//! * `cli`: the command `healthcheck`, and the same as a function.
#![forbid(unsafe_code)]

#[cfg(feature = "cli")]
pub mod healthcheck;
mod hook;
pub mod monitor;
pub mod probe;
mod reactor;
pub mod runtime;
mod server;
pub mod supervise;
#[cfg(all(feature = "systemd", unix))]
pub mod systemd;
mod thread;

#[doc(inline)]
pub use health_driver::daemon::*;
pub use hook::on_transition;
pub use server::{Handle, Server};
pub use thread::{Stream, serve_connection};
#[cfg(feature = "monitor")]
pub use {monitor::Monitor, monitor::MonitorHandle, probe::Prober};
#[cfg(all(unix, feature = "supervise"))]
pub use {supervise::Group, supervise::GroupHandle};
