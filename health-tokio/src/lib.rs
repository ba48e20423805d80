//! The health endpoint of a daemon on tokio.
//!
//! ```text
//! Server::bind ─► spawn ─► a thread with a runtime of its own     (recommended)
//!             └─► serve    one task on the caller's runtime       (server, endpoint)
//! serve_connection         one connection in a task of the caller's
//! Prober                   one probe of something else: HTTP, HTTPS, TCP, Unix socket, command
//! Monitor                  many of those, and checks of one's own, in one task
//! ```
//!
//! [`Server::spawn`] starts one thread, named `health`: it goes on answering while every worker of
//! the daemon's runtime hangs, and the heartbeats make that visible. Either way all connections are
//! one task: a thousand silent clients cost no buffer, no timer and no wake-up.
//!
//! ```no_run
//! use std::time::Duration;
//! use health_tokio::{Health, Server};
//! # async fn run_cycle() -> Result<(), String> { Ok(()) }
//!
//! # async fn daemon() -> Result<(), Box<dyn std::error::Error>> {
//! let health = Health::new("steering", env!("CARGO_PKG_VERSION"));
//! let link = health.component("link")?; // unhealthy after 3 failures in a row
//! let control = health.heartbeat("control", Duration::from_secs(5))?; // no beat for 5 s: liveness turns 503
//! let server = Server::bind("127.0.0.1:9102", &health)?.spawn()?; // an Err here need not stop the daemon
//! health.set_running();
//! loop {
//!     match run_cycle().await {
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
//!
//! # Platforms
//!
//! Linux, macOS and Windows; of tokio's features only `rt`, `net` and `time`.
#![forbid(unsafe_code)]

mod line;
pub mod monitor;
pub mod probe;
pub mod runtime;
mod server;
pub mod supervise;
#[cfg(all(feature = "systemd", unix))]
pub mod systemd;

#[doc(inline)]
pub use health_driver::daemon::*;
pub use {line::serve_connection, server::Handle, server::Server};
#[cfg(feature = "monitor")]
pub use {monitor::Monitor, monitor::MonitorHandle, probe::Prober};
#[cfg(all(unix, feature = "supervise"))]
pub use {supervise::Group, supervise::GroupHandle};
