//! A server that runs on its own thread.

use std::net::SocketAddr;
use std::pin::pin;
use std::task::{Context, Poll};
use std::thread;
use std::time::{Duration, Instant};

use health_core::server::{Limits, Report};
use health_driver::Health;
use health_driver::{Drain, ServerControl};

use crate::hook::Unpark;

/// For the account to arrive behind the server's own deadline.
const MARGIN: Duration = Duration::from_secs(1);

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
        self.control.stop();
        let waker = Unpark::this_thread();
        let mut cx = Context::from_waker(&waker);
        let mut ended = pin!(self.control.ended());
        let begin = Instant::now();
        loop {
            if let Poll::Ready(report) = ended.as_mut().poll(&mut cx) {
                return Some(report);
            }
            let left = timeout.saturating_sub(begin.elapsed());
            if left.is_zero() {
                return None;
            }
            thread::park_timeout(left);
        }
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
        let mut drain = Drain::begin(self.health.now(), &self.health, &self.limits);
        let waker = Unpark::this_thread();
        while let Some(until) = drain.poll(self.health.now(), &waker) {
            thread::park_timeout(until.duration_since(self.health.now()));
        }
        self.shutdown(self.limits.stop_timeout + MARGIN)
    }
}
