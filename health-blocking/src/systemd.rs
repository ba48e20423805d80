//! Under a service manager: reports to it, from the same state as the endpoint.
//!
//! ```no_run
//! use health_blocking::systemd::Notifier;
//! use health_blocking::{Health, Server};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let health = Health::new("steering", env!("CARGO_PKG_VERSION"));
//! let _notifier = Notifier::new(&health).spawn()?; // kept to the end of main
//! // The socket of a socket unit with FileDescriptorName=health, if there is one.
//! let server = match Server::from_systemd("health", &health)? {
//!     Some(server) => server,
//!     None => Server::bind("127.0.0.1:9102", &health)?,
//! };
//! let handle = server.spawn()?;
//! health.set_running();
//! # let _ = handle;
//! # Ok(())
//! # }
//! ```
//!
//! The unit has `Type=notify`, and `WatchdogSec=` if the daemon has a heartbeat.

use health_driver::api::{self, Blocking};

use crate::runtime::Mio;

#[doc(inline)]
pub use health_driver::api::systemd::{NotifierHandle, VARIABLES, status_text};

/// Reports a daemon's health to its service manager.
pub type Notifier = api::systemd::Notifier<Blocking<Mio>>;
