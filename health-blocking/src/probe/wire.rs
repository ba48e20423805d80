//! A connection whose every wait ends by a deadline.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::time::Duration;

use health_core::check::probe::Destination;
use health_core::time::Instant;

use super::clock::Clock;

/// A blocking socket. Reads and writes fail with `WouldBlock` when their time is over.
#[derive(Debug)]
pub(super) struct Wire {
    socket: Socket,
    clock: Clock,
    until: Instant,
}

#[derive(Debug)]
enum Socket {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
}

impl Wire {
    /// Connects to `to`.
    pub(super) fn connect(to: Destination<'_>, clock: Clock, until: Instant) -> io::Result<Self> {
        let Some(left) = clock.left(until) else {
            return Err(io::ErrorKind::TimedOut.into());
        };
        let socket = match to {
            Destination::Tcp(address) => {
                let socket = TcpStream::connect_timeout(&address, left)?;
                // A request goes out in one write; nothing is gained by waiting for more.
                let _ = socket.set_nodelay(true);
                Socket::Tcp(socket)
            }
            #[cfg(unix)]
            Destination::Unix(path) => Socket::Unix(connect_unix(path, clock, until)?),
            #[cfg(not(unix))]
            Destination::Unix(_) => return Err(io::ErrorKind::Unsupported.into()),
        };
        Ok(Self {
            socket,
            clock,
            until,
        })
    }

    /// Bounds what follows.
    pub(super) const fn set_deadline(&mut self, until: Instant) {
        self.until = until;
    }

    /// Its own end.
    pub(super) fn local_addr(&self) -> Option<SocketAddr> {
        match &self.socket {
            Socket::Tcp(socket) => socket.local_addr().ok(),
            #[cfg(unix)]
            Socket::Unix(_) => None,
        }
    }

    fn left(&self) -> io::Result<Option<Duration>> {
        match self.clock.left(self.until) {
            // A socket's timeout is in microseconds, and none at all if it is zero.
            Some(left) => Ok(Some(left.max(Duration::from_micros(1)))),
            None => Err(io::ErrorKind::WouldBlock.into()),
        }
    }
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.left()?;
        match &mut self.socket {
            Socket::Tcp(socket) => {
                socket.set_read_timeout(left)?;
                socket.read(buffer)
            }
            #[cfg(unix)]
            Socket::Unix(socket) => {
                socket.set_read_timeout(left)?;
                socket.read(buffer)
            }
        }
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let left = self.left()?;
        match &mut self.socket {
            Socket::Tcp(socket) => {
                socket.set_write_timeout(left)?;
                socket.write(bytes)
            }
            #[cfg(unix)]
            Socket::Unix(socket) => {
                socket.set_write_timeout(left)?;
                socket.write(bytes)
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A full queue of the other side is waited for until the deadline, as over TCP.
#[cfg(unix)]
fn connect_unix(path: &str, clock: Clock, until: Instant) -> io::Result<UnixStream> {
    use std::os::fd::OwnedFd;
    use std::thread;

    const PAUSE: Duration = Duration::from_millis(10);
    loop {
        // Not std's: its connect blocks without limit while that queue is full.
        match mio::net::UnixStream::connect(path) {
            Ok(socket) => {
                let socket = UnixStream::from(OwnedFd::from(socket));
                socket.set_nonblocking(false)?;
                return Ok(socket);
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                let Some(left) = clock.left(until) else {
                    return Err(io::ErrorKind::TimedOut.into());
                };
                thread::sleep(left.min(PAUSE));
            }
            Err(error) => return Err(error),
        }
    }
}
