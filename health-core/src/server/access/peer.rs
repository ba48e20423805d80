//! The other end of a connection, as far as it is known.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;
use core::net::IpAddr;

/// The other end of a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Peer {
    /// An address. IPv4 addresses mapped into IPv6 count as what they are.
    Ip(IpAddr),
    /// A process on this machine that may open the socket's file.
    Unix,
    /// A client with a verified identity, such as a client certificate: see
    /// [`identified`](Self::identified).
    Identified(Arc<Identity>),
    /// Not known: trusted with nothing but verdicts.
    #[default]
    Unknown,
}

/// A verified identity.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Identity {
    address: Option<IpAddr>,
    bytes: Box<[u8]>,
}

impl Peer {
    /// A peer whose identity has been verified by the code that accepted the connection. That code
    /// chooses what `identity` is, the certificate, its fingerprint, a user's name, and reads it in
    /// [`Service::authorize`](crate::server::Service::authorize).
    ///
    /// ```
    /// use health_core::server::Peer;
    ///
    /// let peer = Peer::identified("192.0.2.7".parse().ok(), b"CN=prometheus");
    /// assert_eq!(peer.identity(), Some(&b"CN=prometheus"[..]));
    /// assert_eq!(Peer::Unix.identity(), None);
    /// ```
    #[must_use]
    pub fn identified(address: Option<IpAddr>, identity: &[u8]) -> Self {
        let bytes = identity.into();
        Self::Identified(Arc::new(Identity { address, bytes }))
    }

    /// Its identity, if it was verified.
    #[must_use]
    pub fn identity(&self) -> Option<&[u8]> {
        match self {
            Self::Identified(identity) => Some(&identity.bytes),
            Self::Ip(_) | Self::Unix | Self::Unknown => None,
        }
    }

    /// Its address, if it has one; IPv4 addresses mapped into IPv6 are returned as IPv4.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        match self {
            Self::Ip(address) => Some(address.to_canonical()),
            Self::Identified(identity) => identity.address.map(|address| address.to_canonical()),
            Self::Unix | Self::Unknown => None,
        }
    }
}

/// An address, `unix` or `unknown`: never the identity, which may be long.
impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self, self.address()) {
            (_, Some(address)) => address.fmt(f),
            (Self::Unix, None) => f.write_str("unix"),
            (_, None) => f.write_str("unknown"),
        }
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut it = f.debug_struct("Identity");
        it.field("address", &self.address);
        it.field("bytes", &format_args!("{} bytes", self.bytes.len()));
        it.finish()
    }
}
