//! The socket that notifications go to.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

use super::environment::wrong;

/// Sends datagrams to one address, and never waits. Whoever listens there need not be there yet, and may
/// be replaced.
#[derive(Debug)]
pub(super) struct Socket {
    socket: UnixDatagram,
    to: SocketAddr,
}

impl Socket {
    /// # Errors
    ///
    /// The address is neither a path nor the name of an abstract socket, or is too long; the system gives
    /// no socket.
    pub(super) fn new(address: &OsStr) -> io::Result<Self> {
        let socket = UnixDatagram::unbound()?;
        socket.set_nonblocking(true)?;
        let to = parse(address)?;
        Ok(Self { socket, to })
    }

    /// # Errors
    ///
    /// Nobody listens, or too much waits to be read.
    pub(super) fn send(&self, message: &str) -> io::Result<()> {
        self.socket
            .send_to_addr(message.as_bytes(), &self.to)
            .map(drop)
    }
}

fn parse(address: &OsStr) -> io::Result<SocketAddr> {
    let allowed = "an absolute path, or @ and a name, of at most 107 bytes";
    let parsed = match address.as_bytes() {
        [b'/', ..] => SocketAddr::from_pathname(address).ok(),
        [b'@', name @ ..] => abstract_name(name),
        _ => None,
    };
    parsed.ok_or_else(|| wrong("NOTIFY_SOCKET", address, allowed))
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn abstract_name(name: &[u8]) -> Option<SocketAddr> {
    #[cfg(target_os = "android")]
    use std::os::android::net::SocketAddrExt;
    #[cfg(target_os = "linux")]
    use std::os::linux::net::SocketAddrExt;

    SocketAddr::from_abstract_name(name).ok()
}

/// Only Linux has such names.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn abstract_name(_: &[u8]) -> Option<SocketAddr> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_path_or_an_abstract_name() {
        let long = format!("/{}", "x".repeat(200));
        for wrong in ["", "run/notify", "vsock:2:1234", &long] {
            let error = Socket::new(wrong.as_ref()).expect_err(wrong);
            let text = format!("NOTIFY_SOCKET={wrong}: allowed is an absolute path");
            assert!(error.to_string().starts_with(&text), "{error}");
        }
        Socket::new("/run/systemd/notify".as_ref()).expect("a path");
        #[cfg(target_os = "linux")]
        Socket::new("@/org/freedesktop/systemd1/notify/1".as_ref()).expect("a name");
    }

    /// A service manager that is being replaced, or has a full queue, holds nobody up.
    #[cfg(target_os = "linux")]
    #[test]
    fn sending_never_waits() {
        let name = format!("health-notify-full-{}", std::process::id());
        let socket = Socket::new(format!("@{name}").as_ref()).expect("a name");
        socket.send("WATCHDOG=1").expect_err("nobody listens");
        let address = abstract_name(name.as_bytes()).expect("a name");
        let listener = UnixDatagram::bind_addr(&address).expect("it is free");
        let error = loop {
            if let Err(error) = socket.send("WATCHDOG=1") {
                break error;
            }
        };
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
        drop(listener);
    }
}
