//! Binding: TCP addresses, Unix socket files, and listeners that were passed in.

use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
#[cfg(unix)]
use std::os::unix::net::UnixListener;
#[cfg(unix)]
use std::path::Path;
use std::time::Duration;

use health_core::server::Limits;
use socket2::SockRef;

/// Connections that may wait to be accepted, as far as the system allows. std asks for 128, which a
/// flood fills between two rounds of a loop. Then the system drops a prober's SYN; the next one comes
/// a second later, which is the timeout of many probers.
const BACKLOG: i32 = 4096;

/// Where connections come from.
#[derive(Debug)]
pub enum Source {
    /// A listener, and the file it listens at.
    Bound {
        /// Dropped, and so removed, before the listener: no other daemon takes it for a stale one.
        file: Option<SocketFile>,
        /// It does not block.
        listener: Bound,
    },
    /// Bound by the server once it runs, and tried until it succeeds.
    Later {
        /// The address to bind.
        address: SocketAddr,
        /// The time from one try to the next.
        every: Duration,
    },
}

/// A non-blocking listener.
#[derive(Debug)]
pub enum Bound {
    /// Over TCP.
    Tcp(TcpListener),
    /// Over a socket file.
    #[cfg(unix)]
    Unix(UnixListener),
}

impl Source {
    /// Listens on the first of these addresses that can be bound.
    ///
    /// # Errors
    ///
    /// The system's for the last of them, with the address.
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

    /// Listens on a socket file with these permissions. A file that is left from a daemon that has ended
    /// is replaced.
    ///
    /// # Errors
    ///
    /// The system's, with the path; `AddrInUse` if the file is a living daemon's, or is no socket.
    #[cfg(unix)]
    pub fn bind_unix(path: &Path, mode: u32) -> io::Result<Self> {
        let (file, listener) = unix::bind(path, mode).map_err(|error| {
            let text = format!("cannot listen on {}: {error}", path.display());
            io::Error::new(error.kind(), text)
        })?;
        let (file, listener) = (Some(file), Bound::Unix(listener));
        Ok(Self::Bound { file, listener })
    }

    /// A listener that was passed in.
    ///
    /// # Errors
    ///
    /// It is no stream socket, or cannot be made non-blocking.
    pub fn given(listener: TcpListener) -> io::Result<Self> {
        listener.local_addr()?;
        check_type(&listener)?;
        listener.set_nonblocking(true)?;
        Ok(listener.into())
    }

    /// A Unix listener that was passed in. Its file is never removed: it belongs to its maker.
    ///
    /// # Errors
    ///
    /// It is no stream socket, or cannot be made non-blocking.
    #[cfg(unix)]
    pub fn given_unix(listener: UnixListener) -> io::Result<Self> {
        listener.local_addr()?;
        check_type(&listener)?;
        listener.set_nonblocking(true)?;
        let (file, listener) = (None, Bound::Unix(listener));
        Ok(Self::Bound { file, listener })
    }

    /// The TCP address that it is bound to; `None` for a socket file, and before it is bound.
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

impl Bound {
    /// Bounds what the system holds of responses that a client does not take, and for how long. The
    /// connections that are accepted from now on take both over from their listener. Where the system
    /// allows neither, its own bounds apply.
    pub fn limit_unsent(&self, limits: &Limits) {
        let listener = match self {
            Self::Tcp(listener) => SockRef::from(listener),
            // A Unix socket takes nothing over from its listener, and its buffer does not grow.
            #[cfg(unix)]
            Self::Unix(_) => return,
        };
        if limits.send_buffer > 0 {
            // The last segment may go beyond it by 64 KiB at most. Linux doubles it, for its bookkeeping.
            let size = limits.send_buffer - (limits.send_buffer / 4 * 3).min(64 * 1024);
            let is_doubled = cfg!(any(target_os = "linux", target_os = "android"));
            let _ = listener.set_send_buffer_size(size >> u32::from(is_doubled));
        }
        #[cfg(any(target_os = "linux", target_os = "android"))]
        {
            // 0 would be the system's own, which is a quarter of an hour.
            let longest = Duration::from_millis(i32::MAX as u64);
            let timeout = limits
                .write_timeout
                .clamp(Duration::from_millis(1), longest);
            let _ = listener.set_tcp_user_timeout(Some(timeout));
        }
    }
}

impl From<TcpListener> for Source {
    /// A listener that is non-blocking already.
    fn from(listener: TcpListener) -> Self {
        let (file, listener) = (None, Bound::Tcp(listener));
        Self::Bound { file, listener }
    }
}

/// A non-blocking listener on `address`, with a long queue.
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
    SockRef::from(&listener).listen(BACKLOG)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// `accept` on a datagram socket fails for ever with an error that usually concerns one connection.
#[cfg(unix)]
fn check_type(listener: &impl std::os::fd::AsFd) -> io::Result<()> {
    let kind = SockRef::from(listener).r#type()?;
    if kind == socket2::Type::STREAM {
        return Ok(());
    }
    let text = "not a stream socket";
    Err(io::Error::new(io::ErrorKind::InvalidInput, text))
}

#[cfg(not(unix))]
fn check_type(_: &TcpListener) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
pub use unix::SocketFile;

/// There are no socket files on this system.
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

    /// The file of a listening socket. Dropped, it removes the file, unless another one has taken its
    /// place.
    #[derive(Debug)]
    pub struct SocketFile {
        path: PathBuf,
        /// Device and inode.
        identity: (u64, u64),
    }

    pub(super) fn bind(path: &Path, mode: u32) -> io::Result<(SocketFile, UnixListener)> {
        let listener = match UnixListener::bind(path) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                // Another daemon may find the same file stale. The second one must check again, or it
                // would remove the first one's new file.
                let _lock = replacing::lock(path)?;
                if !is_stale(path) {
                    return Err(error);
                }
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

    /// Whether `path` is the file of a socket that no process holds any more.
    ///
    /// A datagram socket tries to connect: a living stream socket refuses its type, even before it
    /// listens, and a dead one refuses the connection. A stream socket might have to wait for a place
    /// in the other's queue.
    fn is_stale(path: &Path) -> bool {
        let is_socket = fs::symlink_metadata(path).is_ok_and(|file| file.file_type().is_socket());
        let refused = || {
            let answer = UnixDatagram::unbound().and_then(|asking| asking.connect(path));
            answer.is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
        };
        is_socket && refused()
    }

    /// A lock for replacing stale files, per directory.
    ///
    /// It is the name of an abstract socket: such a name is free again when its process ends, however it
    /// ends, and leaves no file. A lock of a file would need a dependency until std has `File::lock`
    /// (Rust 1.89).
    #[cfg(target_os = "linux")]
    mod replacing {
        use std::fs;
        use std::io;
        use std::os::linux::net::SocketAddrExt;
        use std::os::unix::fs::MetadataExt;
        use std::os::unix::net::{SocketAddr, UnixDatagram};
        use std::path::Path;
        use std::thread;
        use std::time::{Duration, Instant};

        /// Others hold it for a few system calls.
        const LONGEST: Duration = Duration::from_secs(1);

        /// The lock for the directory of `path`, held until it is dropped. `None` if such names are not
        /// allowed to this process.
        ///
        /// # Errors
        ///
        /// Somebody else holds it all the time.
        pub(super) fn lock(path: &Path) -> io::Result<Option<UnixDatagram>> {
            let directory = match path.parent() {
                Some(parent) if !parent.as_os_str().is_empty() => parent,
                _ => Path::new("."),
            };
            let directory = fs::metadata(directory)?;
            let name = format!("health-driver/{}/{}", directory.dev(), directory.ino());
            let name = SocketAddr::from_abstract_name(name)?;
            let until = Instant::now() + LONGEST;
            loop {
                match UnixDatagram::bind_addr(&name) {
                    Ok(lock) => return Ok(Some(lock)),
                    Err(error) if error.kind() != io::ErrorKind::AddrInUse => return Ok(None),
                    Err(error) if Instant::now() >= until => return Err(error),
                    Err(_) => thread::sleep(Duration::from_millis(1)),
                }
            }
        }
    }

    /// There are no abstract sockets here: of two daemons that start within microseconds, both may
    /// replace a stale file.
    #[cfg(not(target_os = "linux"))]
    mod replacing {
        use std::io;
        use std::path::Path;

        pub(super) fn lock(_: &Path) -> io::Result<()> {
            Ok(())
        }
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

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::os::unix::net::UnixStream;
    use std::sync::Barrier;
    use std::{env, fs, process, thread};

    use super::*;

    /// Both find the file of a daemon that was killed.
    #[test]
    fn of_two_daemons_that_start_at_once_one_gets_a_stale_file() {
        let name = format!("health-stale-{}.sock", process::id());
        let path = env::temp_dir().join(name);
        for round in 0..2_000 {
            drop(UnixListener::bind(&path).expect("the file is free"));
            let barrier = Barrier::new(2);
            let start = || {
                barrier.wait();
                Source::bind_unix(&path, 0o600)
            };
            let results = thread::scope(|scope| {
                let [first, second] = [scope.spawn(start), scope.spawn(start)];
                [first, second].map(|thread| thread.join().expect("it does not panic"))
            });
            let bound = results.iter().filter(|result| result.is_ok()).count();
            assert_eq!(bound, 1, "round {round}: {results:?}");
            UnixStream::connect(&path).expect("it can be reached");
            drop(results);
            assert!(!fs::exists(&path).expect("a path"), "round {round}");
        }
    }

    #[test]
    fn a_socket_of_another_type_is_refused() {
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").expect("a port");
        let socket = std::os::fd::OwnedFd::from(socket);
        assert!(Source::given(socket.into()).is_err());
    }
}
