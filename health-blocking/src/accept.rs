//! Taking connections out of the listener's queue, whatever the system says.

use std::fs::File;
use std::io;
use std::net::SocketAddr;

use health_core::server::AcceptError;
use mio::net::{TcpListener, TcpStream};

/// Clients turned away at a time.
const MOST_SHED: usize = 64;

/// The listener, and a descriptor held back for the day when there are no others.
pub(crate) struct Acceptor {
    pub(crate) listener: TcpListener,
    reserve: Option<File>,
}

/// What the queue held.
pub(crate) enum Accepted {
    Connection(TcpStream, SocketAddr),
    Nothing,
    Failed(AcceptError),
}

impl Acceptor {
    pub(crate) fn new(listener: TcpListener) -> Self {
        Self {
            listener,
            reserve: open_reserve(),
        }
    }

    pub(crate) fn accept(&mut self) -> Accepted {
        match self.listener.accept() {
            Ok((stream, peer)) => {
                if self.reserve.is_none() {
                    self.reserve = open_reserve();
                }
                Accepted::Connection(stream, peer)
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Accepted::Nothing,
            Err(error) => Accepted::Failed(classify(&error)),
        }
    }

    /// Closes whoever waits, at the price of the reserve: out of descriptors, a client that is
    /// told so at once can go elsewhere.
    pub(crate) fn shed(&mut self) {
        if self.reserve.take().is_some() {
            for _ in 0..MOST_SHED {
                match self.listener.accept() {
                    Ok((stream, _)) => drop(stream),
                    Err(_) => break,
                }
            }
            self.reserve = open_reserve();
        }
    }
}

/// Most errors of accept(2) are the connection's own, and the next one may be fine.
fn classify(error: &io::Error) -> AcceptError {
    match error.kind() {
        io::ErrorKind::ConnectionAborted
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::Interrupted => AcceptError::Transient,
        _ => AcceptError::Exhausted,
    }
}

fn open_reserve() -> Option<File> {
    File::open(if cfg!(windows) { "NUL" } else { "/dev/null" }).ok()
}
