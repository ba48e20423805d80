//! A socket that reads and writes what it can, and says when it can do more.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::task::{Context, Poll};

use async_io::Async;
use health_core::check::probe::Destination;

/// A connection that never blocks: reads and writes fail with `WouldBlock` instead.
#[derive(Debug)]
pub(super) enum Wire {
    Tcp(Async<TcpStream>),
    #[cfg(unix)]
    Unix(Async<UnixStream>),
}

/// What is waited for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wish {
    Read,
    Write,
}

impl Wire {
    pub(super) async fn connect(to: Destination<'_>) -> io::Result<Self> {
        match to {
            Destination::Tcp(address) => {
                let socket = Async::<TcpStream>::connect(address).await?;
                // A request goes out in one write; nothing is gained by waiting for more.
                let _ = socket.get_ref().set_nodelay(true);
                Ok(Self::Tcp(socket))
            }
            #[cfg(unix)]
            Destination::Unix(path) => connect_unix(path).await.map(Self::Unix),
            #[cfg(not(unix))]
            Destination::Unix(_) => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    /// Its own end.
    pub(super) fn local_addr(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(socket) => socket.get_ref().local_addr().ok(),
            #[cfg(unix)]
            Self::Unix(_) => None,
        }
    }

    /// Ready when it is worth while to try again.
    pub(super) fn poll_ready(&self, wish: Wish, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match (self, wish) {
            (Self::Tcp(socket), Wish::Read) => socket.poll_readable(cx),
            (Self::Tcp(socket), Wish::Write) => socket.poll_writable(cx),
            #[cfg(unix)]
            (Self::Unix(socket), Wish::Read) => socket.poll_readable(cx),
            #[cfg(unix)]
            (Self::Unix(socket), Wish::Write) => socket.poll_writable(cx),
        }
    }
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(socket) => socket.get_ref().read(buffer),
            #[cfg(unix)]
            Self::Unix(socket) => socket.get_ref().read(buffer),
        }
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(socket) => socket.get_ref().write(bytes),
            #[cfg(unix)]
            Self::Unix(socket) => socket.get_ref().write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A full queue of the other side is waited for, as over TCP.
#[cfg(unix)]
async fn connect_unix(path: &str) -> io::Result<Async<UnixStream>> {
    const PAUSE: std::time::Duration = std::time::Duration::from_millis(10);
    loop {
        match Async::<UnixStream>::connect(path).await {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                async_io::Timer::after(PAUSE).await;
            }
            connected => return connected,
        }
    }
}
