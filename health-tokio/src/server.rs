//! A server, and what controls it.

use health_driver::api::{self, Async};

use crate::runtime::Tokio;

/// An endpoint that holds its port and waits to serve.
///
/// Clients that connect now wait in the listener's queue, so bind early: a daemon that says
/// "starting" is better off than one that says nothing. A port in use need not stop a daemon:
///
/// ```no_run
/// use std::time::Duration;
/// use health_tokio::{Health, Server};
///
/// let health = Health::new("steering", env!("CARGO_PKG_VERSION"));
/// let address = ([127, 0, 0, 1], 9102).into();
/// let server = Server::bind(address, &health).unwrap_or_else(|error| {
///     eprintln!("{error}; trying again every 5 s");
///     Server::retry(address, &health, Duration::from_secs(5))
/// });
/// let handle = server.spawn()?;
/// # let _: std::net::SocketAddr = address;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Panics
///
/// `serve` outside of a tokio runtime with I/O and timers.
pub type Server = api::Server<Async<Tokio>>;

/// Controls a server that was [spawned](Server::spawn). Dropping it leaves the server running.
///
/// # Panics
///
/// `shutdown` and `drain` outside of a tokio runtime with timers.
pub type Handle = api::Handle<Async<Tokio>>;
