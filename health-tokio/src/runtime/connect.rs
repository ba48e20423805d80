//! Connections to what is probed.

use std::io;
use std::net::SocketAddr;

use health_core::check::probe::Destination;
use health_driver::runtime::Connect;
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;

use super::Link;

impl Connect for Link {
    /// # Panics
    ///
    /// Outside of a tokio runtime with I/O.
    async fn connect(to: Destination<'_>) -> io::Result<Self> {
        match to {
            Destination::Tcp(address) => {
                let socket = TcpStream::connect(address).await?;
                // A request goes out in one write; nothing is gained by waiting for more.
                let _ = socket.set_nodelay(true);
                Ok(Self::Tcp(socket))
            }
            #[cfg(unix)]
            Destination::Unix(path) => connect_unix(path).await.map(Self::Unix),
            #[cfg(not(unix))]
            Destination::Unix(_) => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    fn local_addr(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(socket) => socket.local_addr().ok(),
            #[cfg(unix)]
            _ => None,
        }
    }
}

/// A full queue of the other side is waited for, as over TCP.
#[cfg(unix)]
async fn connect_unix(path: &str) -> io::Result<UnixStream> {
    const PAUSE: std::time::Duration = std::time::Duration::from_millis(10);
    loop {
        match UnixStream::connect(path).await {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                tokio::time::sleep(PAUSE).await;
            }
            connected => return connected,
        }
    }
}
