//! A listener whose connections the runtime does not know until they wait.

use std::io;
use std::os::fd::OwnedFd;
use std::task::{Context, Poll};

use health_core::server::Peer;
use health_driver::listen::Bound;
use health_driver::runtime::Listen;

use super::socket::READ;
use super::{Fresh, Link};

/// A listener whose connections are not registered with the runtime.
///
/// The runtime's own listeners register what they accept at once: two system calls and 2,500
/// instructions that a connection which is answered and closed does not need. So it watches a
/// duplicate of the descriptor, as a stream that is only ever asked whether it is readable, and
/// what is accepted stays with us.
#[derive(Debug)]
pub enum Listener {
    Tcp {
        queue: mio::net::TcpListener,
        readiness: tokio::net::TcpStream,
    },
    Unix {
        queue: mio::net::UnixListener,
        readiness: tokio::net::UnixStream,
    },
}

impl Listen for Listener {
    type Socket = Link;

    /// # Panics
    ///
    /// Outside of a tokio runtime with I/O.
    fn new(bound: Bound) -> io::Result<Self> {
        Ok(match bound {
            Bound::Tcp(listener) => {
                let readiness = OwnedFd::from(listener.try_clone()?);
                Self::Tcp {
                    queue: mio::net::TcpListener::from_std(listener),
                    readiness: tokio::net::TcpStream::from_std(readiness.into())?,
                }
            }
            Bound::Unix(listener) => {
                let readiness = OwnedFd::from(listener.try_clone()?);
                Self::Unix {
                    queue: mio::net::UnixListener::from_std(listener),
                    readiness: tokio::net::UnixStream::from_std(readiness.into())?,
                }
            }
        })
    }

    fn accept(&mut self) -> io::Result<(Link, Peer)> {
        let (fresh, peer) = match self {
            Self::Tcp { queue, readiness } => {
                let (stream, address) = readiness.try_io(READ, || queue.accept())?;
                (Fresh::Tcp(stream), Peer::Ip(address.ip()))
            }
            Self::Unix { queue, readiness } => {
                let (stream, _) = readiness.try_io(READ, || queue.accept())?;
                (Fresh::Unix(stream), Peer::Unix)
            }
        };
        Ok((Link::Fresh(Some(fresh)), peer))
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Tcp { readiness, .. } => readiness.poll_read_ready(cx),
            Self::Unix { readiness, .. } => readiness.poll_read_ready(cx),
        }
    }
}
