//! The handle of a server that runs on its own thread.

use std::net::SocketAddr;
use std::time::Duration;

use health_core::server::{Limits, ServerReport};

use super::{Async, Blocking, Styled};
use crate::runtime::{BlockOn, Runtime};
use crate::{Health, ServerControl, task};

/// Controls a server that was [spawned](super::Server::spawn). Dropping it leaves the server running.
#[derive(Debug)]
pub struct Handle<S> {
    control: ServerControl,
    health: Health,
    limits: Limits,
    style: Styled<S>,
}

impl<S> Handle<S> {
    pub(super) fn new(control: ServerControl, health: Health, limits: Limits) -> Self {
        Self {
            control,
            health,
            limits,
            style: Styled::default(),
        }
    }

    /// The address it listens on; `None` when it is not running (any more), is not yet bound
    /// ([`Server::retry`](super::Server::retry)), or listens on a Unix socket.
    #[must_use]
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.control.local_addr()
    }

    /// Answers by another service from now on, as after its token has changed. See
    /// [`Connections::set_service`](health_core::server::Connections::set_service).
    #[cfg(feature = "registry")]
    pub fn set_service(&self, service: health_core::server::Service) {
        self.control.set_service(service);
    }

    /// Whether it is running, bound or not.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.control.is_running()
    }
}

impl<R: Runtime> Handle<Async<R>> {
    /// Stops the server: the port is free, idle connections are closed and answers under way are
    /// delivered. Waits at most `timeout` for its final account; if it is not there by then, the
    /// server still ends within [`Limits::stop_timeout`].
    ///
    /// The phase of the health stays as it is, so that another server can be started for it.
    /// Calling this again, or on a server that ended by itself, gives the same account.
    pub async fn shutdown(&self, timeout: Duration) -> Option<ServerReport> {
        task::shutdown::<R::Timer>(&self.control, timeout).await
    }

    /// Ends the daemon in order: readiness is refused, after [`Limits::drain_delay`] and when no
    /// [work](crate::Health::in_flight) holds it any more, though not later than
    /// [`Limits::drain_timeout`] from then, the health is stopped, and the server closes last. Gives
    /// its final account. If the daemon drains already, the delay counts from when it began to.
    ///
    /// An HTTP server of your own is such work: hold a guard of [`in_flight`](crate::Health::in_flight)
    /// until it has finished, and call this beside it, so that the delay is waited for once. Stopping
    /// the health ends the wait.
    pub async fn drain(&self) -> Option<ServerReport> {
        task::drain::<R::Timer>(&self.control, &self.health, &self.limits).await
    }
}

impl<R: BlockOn> Handle<Blocking<R>> {
    /// Stops the server: the port is free, idle connections are closed and answers under way are
    /// delivered. Waits at most `timeout` for its final account; if it is not there by then, the
    /// server still ends within [`Limits::stop_timeout`].
    ///
    /// The phase of the health stays as it is, so that another server can be started for it.
    /// Calling this again, or on a server that ended by itself, gives the same account.
    pub fn shutdown(&self, timeout: Duration) -> Option<ServerReport> {
        R::block_on(task::shutdown::<R::Timer>(&self.control, timeout))
    }

    /// Ends the daemon in order: readiness is refused, after [`Limits::drain_delay`] and when no
    /// [work](crate::Health::in_flight) holds it any more, though not later than
    /// [`Limits::drain_timeout`] from then, the health is stopped, and the server closes last. Gives
    /// its final account. If the daemon drains already, the delay counts from when it began to.
    ///
    /// An HTTP server of your own is such work: hold a guard of [`in_flight`](crate::Health::in_flight)
    /// until it has finished, and call this beside it, so that the delay is waited for once. Stopping
    /// the health ends the wait.
    pub fn drain(&self) -> Option<ServerReport> {
        let drain = task::drain::<R::Timer>(&self.control, &self.health, &self.limits);
        R::block_on(drain)
    }
}
