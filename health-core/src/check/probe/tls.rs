//! The settings of TLS: which certificates are believed, and the prober's own.

use alloc::boxed::Box;

#[cfg(feature = "expect")]
use super::certificate::CertificateLimits;

/// Settings of TLS. Default: the system's roots, the target's own name, no client certificate.
///
/// Files are named, not read: a driver reads them for each attempt, so that a certificate that was
/// replaced is used without a restart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Tls {
    /// Which certificates are believed.
    pub trust: Trust,
    /// The name the certificate has to be for. Default: `None`, what the `Host`
    /// header says, which is the target's host unless it was set.
    pub server_name: Option<Box<str>>,
    /// The prober's own certificate, for a target that asks for one.
    pub identity: Option<ClientIdentity>,
    /// How long before it expires the target's certificate is a warning or a failure. Default: `None`,
    /// never.
    #[cfg(feature = "expect")]
    pub certificate: Option<CertificateLimits>,
}

/// Which certificates are believed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Trust {
    /// Those that lead to a root of this system. An image without a root store trusts no certificate.
    #[default]
    System,
    /// Those in this file (PEM), those that lead to one of them, and no others. A server's own one may
    /// be in it, also one that is its own authority, as `openssl req -x509` makes them; it is believed
    /// for its names and dates.
    CaFile(Box<str>),
    /// Insecure: any, even expired, even another host's. Any machine on the way can answer.
    Insecure,
}

/// A client certificate.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ClientIdentity {
    /// File with the chain of certificates, the client's own first (PEM).
    pub certificate_file: Box<str>,
    /// File with its key (PEM: PKCS #8, PKCS #1 or SEC 1).
    pub key_file: Box<str>,
}

impl ClientIdentity {
    /// The chain of certificates and the key in these files.
    #[must_use]
    pub fn new(certificate_file: impl Into<Box<str>>, key_file: impl Into<Box<str>>) -> Self {
        Self {
            certificate_file: certificate_file.into(),
            key_file: key_file.into(),
        }
    }
}
