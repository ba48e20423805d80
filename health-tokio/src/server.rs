//! A server that is not serving yet.

use std::future::poll_fn;
use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;
#[cfg(unix)]
use std::{os::unix::net::UnixListener, path::Path};

use health_core::server::{Report, Service};
use health_driver::Health;
use health_driver::Lifecycle;
use health_driver::listen::Source;
use health_driver::task::Endpoint;

use crate::Handle;
use crate::runtime::Tokio;

/// An endpoint that holds its port and waits to serve.
///
/// Clients that connect now wait in the listener's queue, so bind early: a daemon that says
/// "starting" is better off than one that says nothing.
#[derive(Debug)]
pub struct Server {
    source: Source,
    health: Health,
    service: Service,
}

impl Server {
    /// Listens on `address`; port 0 takes one that is free.
    ///
    /// # Errors
    ///
    /// The system's error, with the address that could not be had. A daemon can well go on without
    /// its endpoint: say so, and let [`retry`](Self::retry) get it later.
    pub fn bind(address: impl ToSocketAddrs, health: &Health) -> io::Result<Self> {
        Ok(Self::new(Source::bind(address)?, health))
    }

    /// Will listen on `address`, tried every `every` from the moment it serves until it can be had.
    /// Until then [`Handle::local_addr`] is `None`.
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
    #[must_use]
    pub fn retry(address: SocketAddr, health: &Health, every: Duration) -> Self {
        Self::new(Source::Later { address, every }, health)
    }

    /// Listens on a Unix socket: a file at `path` with these permissions (`0o660` lets the group
    /// connect), removed when the server ends. One that a dead process has left there is replaced.
    ///
    /// For a moment the file has the permissions of the process's umask: where that matters, put it
    /// into a directory that only the right users may enter.
    ///
    /// # Errors
    ///
    /// The system's error, with the path: `AddrInUse` if somebody answers there, or if it is no
    /// socket.
    #[cfg(unix)]
    pub fn bind_unix(path: impl AsRef<Path>, mode: u32, health: &Health) -> io::Result<Self> {
        Ok(Self::new(Source::bind_unix(path.as_ref(), mode)?, health))
    }

    /// Serves a listener that came from elsewhere, such as a supervisor.
    ///
    /// # Errors
    ///
    /// If the listener is none, or cannot be made non-blocking.
    pub fn from_std(listener: TcpListener, health: &Health) -> io::Result<Self> {
        Ok(Self::new(Source::given(listener)?, health))
    }

    /// Serves a Unix listener that came from elsewhere. Its file is left to who made it.
    ///
    /// # Errors
    ///
    /// If the listener is none, or cannot be made non-blocking.
    #[cfg(unix)]
    pub fn from_std_unix(listener: UnixListener, health: &Health) -> io::Result<Self> {
        Ok(Self::new(Source::given_unix(listener)?, health))
    }

    /// Sets limits, paths, codes and tokens. Default: [`Service::new`].
    #[must_use]
    pub fn service(mut self, service: Service) -> Self {
        self.service = service;
        self
    }

    /// The address that was really bound; `None` if it is a file's, or not bound yet.
    #[must_use]
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.source.local_addr()
    }

    /// Serves on the caller's runtime until the health is stopped ([`Health::stop`]), then finishes
    /// the answers under way and returns its account. Dropping the future ends it at once.
    ///
    /// It shares its runtime's fate: where every worker hangs, nobody answers. See
    /// [`spawn`](Self::spawn).
    ///
    /// # Errors
    ///
    /// If the runtime cannot watch the listener. Errors of single connections end those.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime with I/O and timers.
    pub async fn serve(self) -> io::Result<Report> {
        let (running, _) = Lifecycle::new();
        self.run(running, || {}).await
    }

    /// Serves on a thread of its own with a runtime of its own: it goes on answering while every
    /// other thread of the daemon hangs. It never keeps the process alive.
    ///
    /// May be called inside and outside of a runtime; waits until the thread is ready to serve.
    ///
    /// # Errors
    ///
    /// If the system gives no thread, or no means to wait for sockets.
    pub fn spawn(self) -> io::Result<Handle> {
        let (running, control) = Lifecycle::new();
        let (health, limits) = (self.health.clone(), *self.service.bounds());
        let (started, start) = mpsc::sync_channel(1);
        let serve = move || -> io::Result<()> {
            let mut runtime = tokio::runtime::Builder::new_current_thread();
            let runtime = runtime.enable_io().enable_time().build()?;
            // The caller waits for this, and only for this.
            let is_ready = move || {
                let _ = started.send(());
            };
            runtime.block_on(self.run(running, is_ready)).map(drop)
        };
        let thread = thread::Builder::new().name("health".into());
        let thread = thread.spawn(serve)?;
        match start.recv() {
            Ok(()) => Ok(Handle::new(control, health, limits)),
            Err(_) => match thread.join() {
                Ok(Err(error)) => Err(error),
                _ => Err(io::Error::other("the endpoint's thread has ended")),
            },
        }
    }

    async fn run(self, running: Lifecycle, is_ready: impl FnOnce()) -> io::Result<Report> {
        let endpoint = Endpoint::<Tokio>::new(self.source, self.health, self.service, running);
        let mut endpoint = endpoint?;
        is_ready();
        let report = poll_fn(|cx| endpoint.poll(cx)).await;
        Ok(endpoint.end(report))
    }

    fn new(source: Source, health: &Health) -> Self {
        Self {
            source,
            health: health.clone(),
            service: Service::new(),
        }
    }
}
