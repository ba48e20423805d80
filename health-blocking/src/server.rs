//! A bound listener, not serving yet.

use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;

use health_core::server::Service;
use health_core::shared::Health;

use crate::Handle;
use crate::event_loop::EventLoop;

/// Clients that may wait to be accepted, as far as the system allows. std asks for 128, which a flood
/// fills between two rounds of the loop; then the system drops a prober's attempt, the next one
/// comes a second later, and that is when probers give up.
#[cfg(unix)]
const BACKLOG: i32 = 4096;

/// An endpoint that holds its port and waits to serve.
///
/// Clients that connect now wait in the listener's queue, so bind early: a daemon that says
/// "starting" is better off than one that says nothing.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    health: Health,
    service: Service,
}

impl Server {
    /// Listens on `address`; port 0 takes one that is free.
    ///
    /// # Errors
    ///
    /// The system's error, with the address that could not be had. A daemon can well go on without
    /// its endpoint: say so, and try again later.
    pub fn bind(address: impl ToSocketAddrs, health: &Health) -> io::Result<Self> {
        let mut failure = None;
        for address in address.to_socket_addrs()? {
            // On Unix std sets SO_REUSEADDR: a daemon restarted after a crash can bind at once.
            match TcpListener::bind(address) {
                Ok(listener) => {
                    // On a listening socket this only sets the length of the queue.
                    #[cfg(unix)]
                    rustix::net::listen(&listener, BACKLOG)?;
                    return Self::from_std(listener, health);
                }
                Err(error) => {
                    let text = format!("cannot listen on {address}: {error}");
                    failure = Some(io::Error::new(error.kind(), text));
                }
            }
        }
        let none = || {
            io::Error::new(
                io::ErrorKind::InvalidInput,
                "the address resolves to nothing",
            )
        };
        Err(failure.unwrap_or_else(none))
    }

    /// Serves a listener that came from elsewhere, such as a supervisor.
    ///
    /// # Errors
    ///
    /// If the listener is none, or cannot be made non-blocking.
    pub fn from_std(listener: TcpListener, health: &Health) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        Ok(Self {
            listener,
            address,
            health: health.clone(),
            service: Service::new(),
        })
    }

    /// Sets limits, paths, codes and tokens. Default: [`Service::new`].
    #[must_use]
    pub fn service(mut self, service: Service) -> Self {
        self.service = service;
        self
    }

    /// The address that was really bound.
    #[must_use]
    pub const fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Serves on this thread until the health is stopped ([`Health::stop`]), then finishes the
    /// answers under way and returns.
    ///
    /// # Errors
    ///
    /// If the system gives no means to wait for sockets. Errors of single connections end those.
    pub fn serve(self) -> io::Result<()> {
        let (event_loop, _) = self.into_event_loop()?;
        event_loop.run()
    }

    /// Serves on a thread of its own, which never keeps the process alive.
    ///
    /// # Errors
    ///
    /// If the system gives no thread, or no means to wait for sockets.
    pub fn spawn(self) -> io::Result<Handle> {
        let address = self.address;
        let (event_loop, stop) = self.into_event_loop()?;
        let (running, ended) = mpsc::channel::<()>();
        thread::Builder::new()
            .name("health".into())
            .spawn(move || {
                let _running = running;
                // Its only error is that the system cannot wait any more. There is nobody to tell;
                // the handle shows that the server has ended.
                let _ = event_loop.run();
            })?;
        Ok(Handle::new(address, stop, ended))
    }

    fn into_event_loop(self) -> io::Result<(EventLoop, Arc<crate::event_loop::Wakeup>)> {
        EventLoop::new(self.listener, self.health, Arc::new(self.service))
    }
}
