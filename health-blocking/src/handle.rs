//! A server that runs on its own thread.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::time::Duration;

use crate::event_loop::Wakeup;

/// Controls a server that was [`spawned`](crate::Server::spawn). Dropping it leaves the server
/// running.
#[derive(Debug)]
pub struct Handle {
    address: SocketAddr,
    stop: Arc<Wakeup>,
    /// Nothing is ever sent: the thread drops its end when it is over.
    ended: Receiver<()>,
}

impl Handle {
    pub(crate) const fn new(address: SocketAddr, stop: Arc<Wakeup>, ended: Receiver<()>) -> Self {
        Self {
            address,
            stop,
            ended,
        }
    }

    /// The address it listens on; `None` when it is not running (any more).
    #[must_use]
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.is_running().then_some(self.address)
    }

    /// Whether it is running.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.ended.try_recv() == Err(TryRecvError::Empty)
    }

    /// Stops the server: the port is free, idle connections are closed and answers under way are
    /// delivered. Waits at most `timeout`, and says whether the server has ended by then; if not,
    /// it still will within [`Limits::stop_timeout`](crate::Limits::stop_timeout).
    ///
    /// The phase of the health stays as it is, so that another server can be started for it.
    /// Calling this again, or on a server that ended by itself, does nothing.
    pub fn shutdown(&self, timeout: Duration) -> bool {
        self.stop.stop();
        self.ended.recv_timeout(timeout) == Err(RecvTimeoutError::Disconnected)
    }
}
