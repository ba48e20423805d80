//! A server that runs on its own thread.

use std::net::SocketAddr;
use std::time::Duration;

use health_core::server::{Limits, Report};
use health_driver::Health;
use health_driver::ServerControl;
use health_driver::task;

use crate::reactor::{Timer, block_on};

/// MonitorControl a server that was [`spawned`](crate::Server::spawn). Dropping it leaves the server
/// running.
#[derive(Debug)]
pub struct Handle {
    control: ServerControl,
    health: Health,
    limits: Limits,
}

impl Handle {
    pub(crate) const fn new(control: ServerControl, health: Health, limits: Limits) -> Self {
        Self {
            control,
            health,
            limits,
        }
    }

    /// The address it listens on; `None` when it is not running (any more), is not yet bound
    /// ([`Server::retry`](crate::Server::retry)), or listens on a Unix socket.
    #[must_use]
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.control.local_addr()
    }

    /// Whether it is running, bound or not.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.control.is_running()
    }

    /// Stops the server: the port is free, idle connections are closed and answers under way are
    /// delivered. Waits at most `timeout` for its final account; if it is not there by then, the
    /// server still ends within [`Limits::stop_timeout`](crate::Limits::stop_timeout).
    ///
    /// The phase of the health stays as it is, so that another server can be started for it.
    /// Calling this again, or on a server that ended by itself, gives the same account.
    pub fn shutdown(&self, timeout: Duration) -> Option<Report> {
        block_on(task::shutdown::<Timer>(&self.control, timeout))
    }

    /// Ends the daemon in order: readiness is refused, after
    /// [`Limits::drain_delay`](crate::Limits::drain_delay) and when no
    /// [work](crate::Health::in_flight) holds it any more, though not later than
    /// [`Limits::drain_timeout`](crate::Limits::drain_timeout) from then, the health is stopped, and
    /// the server closes last. Gives its final account.
    ///
    /// Work that needs its own time is best done before or meanwhile; whoever stops the health ends
    /// the wait.
    pub fn drain(&self) -> Option<Report> {
        block_on(task::drain::<Timer>(
            &self.control,
            &self.health,
            &self.limits,
        ))
    }
}
