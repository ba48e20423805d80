//! What is known of a request when it is decided what it may see.

use core::fmt;

use super::Peer;
use super::secret::bearer;
use crate::http::Method;

/// A request for more than a verdict, for [`Service::authorize`](crate::server::Service::authorize)
/// to look at.
#[derive(Clone, Copy)]
pub struct AccessRequest<'a> {
    pub(in crate::server) peer: &'a Peer,
    pub(in crate::server) method: Method,
    pub(in crate::server) path: &'a [u8],
    pub(in crate::server) field: &'a dyn Fn(&str) -> Option<&'a [u8]>,
}

impl<'a> AccessRequest<'a> {
    /// Who asks.
    #[must_use]
    pub const fn peer(&self) -> &'a Peer {
        self.peer
    }

    /// How it is asked.
    #[must_use]
    pub const fn method(&self) -> Method {
        self.method
    }

    /// What is asked for: the path as it was sent, with its prefix and without its query.
    #[must_use]
    pub fn path(&self) -> &'a str {
        // The request line has been found to be ASCII.
        core::str::from_utf8(self.path).unwrap_or_default()
    }

    /// The value of the first field of this name, in any case, without the white space around it.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&'a [u8]> {
        (self.field)(name)
    }

    /// The token of `Authorization: Bearer TOKEN` (RFC 6750 §2.1).
    #[must_use]
    pub fn bearer(&self) -> Option<&'a [u8]> {
        bearer(self.field("authorization")?)
    }
}

/// Without any field: some are secrets.
impl fmt::Debug for AccessRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessRequest")
            .field("peer", self.peer)
            .field("method", &self.method)
            .field("path", &self.path())
            .finish_non_exhaustive()
    }
}
