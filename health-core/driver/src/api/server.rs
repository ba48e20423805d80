//! A server that is not serving yet.

use std::future::poll_fn;
use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::time::Duration;
#[cfg(unix)]
use std::{os::unix::net::UnixListener, path::Path};

use health_core::server::{ServerReport, Service};

use super::{Async, Blocking, Handle, Style, Styled};
use crate::listen::Source;
use crate::runtime::{BlockOn, Runtime};
use crate::task::ServerTask;
use crate::{Health, Lifecycle};

/// An endpoint that holds its port and waits to serve.
///
/// Clients that connect now wait in the listener's queue, so bind early: a daemon that says
/// "starting" is better off than one that says nothing.
#[derive(Debug)]
pub struct Server<S> {
    source: Source,
    health: Health,
    service: Service,
    style: Styled<S>,
}

impl<S> Server<S> {
    /// Listens on `address`; port 0 takes one that is free.
    ///
    /// # Errors
    ///
    /// The system's error, with the address that could not be had. A daemon can well go on without
    /// its endpoint: say so, and let [`retry`](Self::retry) get it later.
    pub fn bind(address: impl ToSocketAddrs, health: &Health) -> io::Result<Self> {
        Ok(Self::new(Source::bind(address)?, health))
    }

    /// Will listen on `address`, tried every `every` (at least 10 ms) from the moment it serves until
    /// it can be had. Until then [`Handle::local_addr`] is `None`.
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
    /// The system's error, with the path: `AddrInUse` if another process answers there, or if it is no
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

    /// Serves a Unix listener that came from elsewhere. Its file is not removed at the end.
    ///
    /// # Errors
    ///
    /// If the listener is none, or cannot be made non-blocking.
    #[cfg(unix)]
    pub fn from_std_unix(listener: UnixListener, health: &Health) -> io::Result<Self> {
        Ok(Self::new(Source::given_unix(listener)?, health))
    }

    /// Serves the listener that a service manager has bound and passed on under this name: that of
    /// `FileDescriptorName=` in the socket unit, which is else the unit's own name. `None` if it has
    /// passed nothing on. TCP or a Unix socket, whose file is not removed at the end.
    ///
    /// The first call in a process takes over all descriptors that were passed to it, so that no child
    /// inherits them: call it before the daemon starts any.
    ///
    /// # Errors
    ///
    /// There is no listener of this name among those passed, or it was taken before; it is none for
    /// streams (`ListenStream=`, `Accept=no`); `$LISTEN_FDS` and its like are not what they have to be.
    #[cfg(all(feature = "systemd", unix))]
    pub fn from_systemd(name: &str, health: &Health) -> io::Result<Option<Self>> {
        let source = crate::systemd::take_listener(name)?;
        Ok(source.map(|source| Self::new(source, health)))
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

    fn new(source: Source, health: &Health) -> Self {
        Self {
            source,
            health: health.clone(),
            service: Service::new(),
            style: Styled::default(),
        }
    }

    fn task<R: Runtime>(self, running: Lifecycle) -> io::Result<ServerTask<R>> {
        ServerTask::new(self.source, self.health, self.service, running)
    }
}

impl<S: Style> Server<S> {
    /// Serves on a thread of its own, named `health`: it goes on answering while every other thread of
    /// the daemon hangs. It never keeps the process alive.
    ///
    /// May be called anywhere, in a task too; waits until the thread is ready to serve.
    ///
    /// # Errors
    ///
    /// If the system gives no thread, or no means to wait for sockets.
    pub fn spawn(self) -> io::Result<Handle<S>> {
        let (running, control) = Lifecycle::new();
        let handle = Handle::new(control, self.health.clone(), *self.service.bounds());
        super::spawn::<S::Runtime, _>("health", move || self.task::<S::Runtime>(running).map(run))?;
        Ok(handle)
    }
}

impl<R: Runtime> Server<Async<R>> {
    /// Serves in the caller's task until the health is stopped ([`Health::stop`]), then finishes the
    /// answers under way and returns its report. Dropping the future ends it at once.
    ///
    /// If every worker of the executor hangs, it does not answer. See
    /// [`spawn`](Self::spawn).
    ///
    /// # Errors
    ///
    /// If the listener cannot be watched. Errors of single connections end those.
    pub async fn serve(self) -> io::Result<ServerReport> {
        let (running, _) = Lifecycle::new();
        Ok(run(self.task::<R>(running)?).await)
    }
}

impl<R: BlockOn> Server<Blocking<R>> {
    /// Serves on this thread until the health is stopped ([`Health::stop`]), then finishes the
    /// answers under way and returns its report.
    ///
    /// # Errors
    ///
    /// If the system gives no means to wait for sockets. Errors of single connections end those.
    pub fn serve(self) -> io::Result<ServerReport> {
        let (running, _) = Lifecycle::new();
        R::block_on(async { Ok(run(self.task::<R>(running)?).await) })
    }
}

async fn run<R: Runtime>(mut server: ServerTask<R>) -> ServerReport {
    let report = poll_fn(|cx| server.poll(cx)).await;
    server.end(report)
}
