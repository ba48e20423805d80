//! Getting a listener, whatever the system says.

use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
#[cfg(unix)]
use std::os::unix::net::UnixListener;
#[cfg(unix)]
use std::path::Path;
use std::time::Duration;

/// Clients that may wait to be accepted, as far as the system allows. std asks for 128, which a flood
/// fills between two rounds of a loop; then the system drops a prober's attempt, the next one comes a
/// second later, and that is when probers give up.
const BACKLOG: i32 = 4096;

/// Where connections come from.
#[derive(Debug)]
pub enum Source {
    /// A listener, and the file it listens at.
    Bound {
        /// Dropped, and so removed, before the listener: nobody takes it for a stale one.
        file: Option<SocketFile>,
        /// It does not block.
        listener: Bound,
    },
    /// Bound by the server once it runs, and tried as often as it takes.
    Later {
        /// Where.
        address: SocketAddr,
        /// How often.
        every: Duration,
    },
}

/// A listener of the system's, of either family, that does not block.
#[derive(Debug)]
pub enum Bound {
    /// Over TCP.
    Tcp(TcpListener),
    /// Over a socket file.
    #[cfg(unix)]
    Unix(UnixListener),
}

impl Source {
    /// Listens on the first of these addresses that can be had.
    ///
    /// # Errors
    ///
    /// The system's, with the address that could not be had.
    pub fn bind(addresses: impl ToSocketAddrs) -> io::Result<Self> {
        let mut failure = None;
        for address in addresses.to_socket_addrs()? {
            match bind(address) {
                Ok(listener) => return Ok(listener.into()),
                Err(error) => failure = Some(error),
            }
        }
        let nothing = "the address resolves to nothing";
        Err(failure.unwrap_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, nothing)))
    }

    /// Listens on a socket file that nobody answers at.
    ///
    /// # Errors
    ///
    /// The system's, with the path.
    #[cfg(unix)]
    pub fn bind_unix(path: &Path, mode: u32) -> io::Result<Self> {
        let (file, listener) = unix::bind(path, mode).map_err(|error| {
            let text = format!("cannot listen on {}: {error}", path.display());
            io::Error::new(error.kind(), text)
        })?;
        let (file, listener) = (Some(file), Bound::Unix(listener));
        Ok(Self::Bound { file, listener })
    }

    /// A listener that came from elsewhere.
    ///
    /// # Errors
    ///
    /// It is none, or cannot be made non-blocking.
    pub fn given(listener: TcpListener) -> io::Result<Self> {
        listener.local_addr()?;
        listener.set_nonblocking(true)?;
        Ok(listener.into())
    }

    /// A Unix listener that came from elsewhere. Its file is left to who made it.
    ///
    /// # Errors
    ///
    /// It is none, or cannot be made non-blocking.
    #[cfg(unix)]
    pub fn given_unix(listener: UnixListener) -> io::Result<Self> {
        listener.local_addr()?;
        listener.set_nonblocking(true)?;
        let (file, listener) = (None, Bound::Unix(listener));
        Ok(Self::Bound { file, listener })
    }

    /// The address it is bound to; `None` for a file's, and before it is bound.
    #[must_use]
    pub fn local_addr(&self) -> Option<SocketAddr> {
        match self {
            Self::Bound {
                listener: Bound::Tcp(listener),
                ..
            } => listener.local_addr().ok(),
            _ => None,
        }
    }
}

impl From<TcpListener> for Source {
    /// One that does not block.
    fn from(listener: TcpListener) -> Self {
        let (file, listener) = (None, Bound::Tcp(listener));
        Self::Bound { file, listener }
    }
}

/// Listens on `address`, ready for a loop that must never wait in `accept`.
///
/// # Errors
///
/// The system's, with the address.
pub fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    // On Unix std sets SO_REUSEADDR: a daemon restarted after a crash can bind at once.
    let listener = TcpListener::bind(address).map_err(|error| {
        io::Error::new(error.kind(), format!("cannot listen on {address}: {error}"))
    })?;
    // On a listening socket this only sets the length of the queue.
    socket2::SockRef::from(&listener).listen(BACKLOG)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

#[cfg(unix)]
pub use unix::SocketFile;

/// There are none.
#[cfg(not(unix))]
#[derive(Debug)]
pub enum SocketFile {}

#[cfg(unix)]
mod unix {
    use std::fs::{self, Permissions};
    use std::io;
    use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
    use std::os::unix::net::{UnixDatagram, UnixListener};
    use std::path::{Path, PathBuf};

    /// The file of a listening socket: removed when dropped, unless it is another one by now.
    #[derive(Debug)]
    pub struct SocketFile {
        path: PathBuf,
        /// Device and inode.
        identity: (u64, u64),
    }

    pub(super) fn bind(path: &Path, mode: u32) -> io::Result<(SocketFile, UnixListener)> {
        let listener = match UnixListener::bind(path) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && is_stale(path) => {
                fs::remove_file(path)?;
                UnixListener::bind(path)?
            }
            result => result?,
        };
        let metadata = fs::symlink_metadata(path)?;
        let file = SocketFile {
            path: path.into(),
            identity: (metadata.dev(), metadata.ino()),
        };
        fs::set_permissions(path, Permissions::from_mode(mode))?;
        listener.set_nonblocking(true)?;
        Ok((file, listener))
    }

    /// Whether `path` is a socket's that nobody holds any more.
    ///
    /// Asked with a datagram socket: a living stream socket refuses its type, a dead one refuses
    /// the connection. A stream would do too, but might wait for a place in the other's queue.
    fn is_stale(path: &Path) -> bool {
        let is_socket = fs::symlink_metadata(path).is_ok_and(|file| file.file_type().is_socket());
        let refused = || {
            let answer = UnixDatagram::unbound().and_then(|asking| asking.connect(path));
            answer.is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
        };
        is_socket && refused()
    }

    impl Drop for SocketFile {
        fn drop(&mut self) {
            let identity = fs::symlink_metadata(&self.path).map(|file| (file.dev(), file.ino()));
            if identity.is_ok_and(|identity| identity == self.identity) {
                // If it cannot be removed it is stale, and the next one to bind removes it.
                let _ = fs::remove_file(&self.path);
            }
        }
    }
}
