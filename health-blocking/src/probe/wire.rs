//! A connection whose every wait ends by a deadline.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::time::Duration;

use health_core::Instant;
use health_core::check::probe::Destination;
use health_driver::Clock;

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

    /// Waits until the socket can be read from, or written to.
    ///
    /// A socket's own timeout is no deadline: Linux lets it run over by up to an eighth. It stays as a
    /// net below this one, for a socket that is ready and blocks all the same.
    fn wait(&self, wish: Wish) -> io::Result<()> {
        let Some(left) = self.clock.left(self.until) else {
            return Err(io::ErrorKind::WouldBlock.into());
        };
        let left = left.max(Duration::from_millis(1));
        match (&self.socket, wish) {
            (Socket::Tcp(socket), Wish::Read) => socket.set_read_timeout(Some(left))?,
            (Socket::Tcp(socket), Wish::Write) => socket.set_write_timeout(Some(left))?,
            #[cfg(unix)]
            (Socket::Unix(socket), Wish::Read) => socket.set_read_timeout(Some(left))?,
            #[cfg(unix)]
            (Socket::Unix(socket), Wish::Write) => socket.set_write_timeout(Some(left))?,
        }
        #[cfg(unix)]
        poll(&self.socket, wish, left)?;
        Ok(())
    }
}

/// Whether a wait has ended because its time was over.
pub(super) fn is_timeout(error: &io::Error) -> bool {
    let by_us = error.raw_os_error().is_none() && error.kind() == io::ErrorKind::TimedOut;
    by_us || error.kind() == io::ErrorKind::WouldBlock
}

#[derive(Clone, Copy)]
enum Wish {
    Read,
    Write,
}

#[cfg(unix)]
fn poll(socket: &Socket, wish: Wish, limit: Duration) -> io::Result<()> {
    use rustix::event::{PollFd, PollFlags, Timespec};

    let flags = match wish {
        Wish::Read => PollFlags::IN,
        Wish::Write => PollFlags::OUT,
    };
    let mut one = [match socket {
        Socket::Tcp(socket) => PollFd::new(socket, flags),
        Socket::Unix(socket) => PollFd::new(socket, flags),
    }];
    // A limit that has no such form is as good as none.
    let limit = Timespec::try_from(limit).ok();
    match rustix::event::poll(&mut one, limit.as_ref())? {
        0 => Err(io::ErrorKind::WouldBlock.into()),
        _ => Ok(()),
    }
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.wait(Wish::Read)?;
        match &mut self.socket {
            Socket::Tcp(socket) => socket.read(buffer),
            #[cfg(unix)]
            Socket::Unix(socket) => socket.read(buffer),
        }
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.wait(Wish::Write)?;
        match &mut self.socket {
            Socket::Tcp(socket) => socket.write(bytes),
            #[cfg(unix)]
            Socket::Unix(socket) => socket.write(bytes),
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
