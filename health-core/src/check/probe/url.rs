//! Reads the URL of an HTTP probe.

use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;

use super::endpoint::Endpoint;
#[cfg(feature = "expect")]
use super::endpoint::IpFamily;
use super::{without_nul, without_secrets};
use crate::base::ConfigError;

/// Where a connection is made to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Address {
    /// A host and a port.
    Tcp(Endpoint),
    /// The path of a Unix socket.
    Unix(Box<str>),
}

/// `http(s)://host[:port][/path]` or `unix:/path.sock[:/path]`, read.
pub(super) struct Url<'a> {
    pub(super) address: Address,
    /// Whether it is `https`.
    pub(super) is_secure: bool,
    /// What the `Host` header says.
    pub(super) host: String,
    /// The path with its query; not checked yet.
    pub(super) path: &'a str,
}

impl<'a> Url<'a> {
    pub(super) fn parse(text: &'a str) -> Result<Self, ConfigError> {
        if let Some(rest) = text.strip_prefix("http://") {
            Self::with_authority(rest, false)
        } else if let Some(rest) = text.strip_prefix("https://") {
            Self::with_authority(rest, true)
        } else if let Some(rest) = text.strip_prefix("unix:") {
            Self::with_socket(rest)
        } else {
            let allowed = "allowed are http://…, https://… and unix:/path.sock:/path";
            Err(ConfigError::new("target", &without_secrets(text), allowed))
        }
    }

    /// The same, of whose host only addresses of this family are connected to.
    #[cfg(feature = "expect")]
    pub(super) fn of_family(mut self, family: IpFamily) -> Result<Self, ConfigError> {
        self.address = match self.address {
            Address::Tcp(endpoint) => Address::Tcp(endpoint.of_family(family)?),
            unix @ Address::Unix(_) if family == IpFamily::Any => unix,
            Address::Unix(_) => {
                let allowed = "allowed is any for a Unix socket";
                return Err(ConfigError::new("IP family", family.name(), allowed));
            }
        };
        Ok(self)
    }

    fn with_authority(rest: &'a str, is_secure: bool) -> Result<Self, ConfigError> {
        let port = if is_secure { 443 } else { 80 };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let endpoint = Endpoint::parse(authority, Some(port));
        // Not quoted: it is a password, which may hold what ends an authority.
        if authority.contains('@') || (endpoint.is_err() && rest.contains('@')) {
            let allowed =
                "allowed is host or host:port; credentials go into an Authorization header";
            return Err(ConfigError::new("target", "user@host", allowed));
        }
        let endpoint = endpoint?;
        let path = match path.as_bytes().first() {
            None => "/",
            Some(b'/') => path,
            Some(_) => {
                let allowed = "allowed is a path that begins with / and has no fragment";
                return Err(ConfigError::new("path", &without_secrets(path), allowed));
            }
        };
        let mut host = format!("{}", endpoint.host());
        // A zone means something here only (RFC 6874 §4).
        if let Some((address, _)) = host.split_once('%') {
            host = format!("{address}]");
        }
        // The scheme's own port is left out of `Host` (RFC 9110 §4.2.3 treats both as the same).
        if endpoint.port() != port {
            host += &format!(":{}", endpoint.port());
        }
        Ok(Self {
            address: Address::Tcp(endpoint),
            is_secure,
            host,
            path,
        })
    }

    fn with_socket(rest: &'a str) -> Result<Self, ConfigError> {
        // The last ":/": the path of a socket may hold a colon, that of a request seldom does.
        let (socket, path) = match rest.rfind(":/") {
            Some(at) => (&rest[..at], &rest[at + 1..]),
            None => (rest, "/"),
        };
        if !socket.starts_with('/') || socket.len() > MAX_SOCKET_PATH {
            let allowed = "allowed is an absolute path of at most 107 bytes";
            return Err(ConfigError::new(
                "socket",
                &without_secrets(socket),
                allowed,
            ));
        }
        Ok(Self {
            address: Address::Unix(
                without_nul("socket", socket)
                    .map_err(|error| {
                        let shown = without_secrets(error.value());
                        ConfigError::new("socket", &shown, error.allowed())
                    })?
                    .into(),
            ),
            is_secure: false,
            host: "localhost".to_owned(),
            path,
        })
    }
}

/// What `sun_path` holds on Linux besides its NUL.
const MAX_SOCKET_PATH: usize = 107;

#[cfg(test)]
mod tests {
    use super::super::http::HttpProbe;
    use alloc::string::ToString;

    #[track_caller]
    fn reads(text: &str, shown: &str, host: &str, path: &str) {
        let probe: HttpProbe = text.parse().expect(text);
        assert_eq!(probe.to_string(), shown);
        assert_eq!(probe.host(), host);
        assert_eq!(probe.path(), path);
        assert_eq!(probe.tls().is_some(), text.starts_with("https"));
    }

    #[test]
    fn every_form() {
        reads("http://a", "http://a:80/", "a", "/");
        reads("http://a:80/x", "http://a:80/x", "a", "/x");
        reads(
            "http://[::1]:8080/x?k=v",
            "http://[::1]:8080/x",
            "[::1]:8080",
            "/x?k=v",
        );
        for text in ["http://[fe80::1%25eth0]:81/x", "http://[fe80::1%eth0]:81/x"] {
            reads(text, "http://[fe80::1%25eth0]:81/x", "[fe80::1]:81", "/x");
        }
        reads(
            "https://[fe80::1%25en0]/",
            "https://[fe80::1%25en0]:443/",
            "[fe80::1]",
            "/",
        );
        reads("https://a/", "https://a:443/", "a", "/");
        reads("https://a:80", "https://a:80/", "a:80", "/");
        reads("unix:/run/a.sock", "unix:/run/a.sock:/", "localhost", "/");
        reads(
            "unix:/run/a:b.sock:/h/x",
            "unix:/run/a:b.sock:/h/x",
            "localhost",
            "/h/x",
        );
    }

    #[test]
    fn everything_else_is_refused() {
        for text in [
            "",
            "a",
            "HTTP://a",
            "http:a",
            "http://",
            "http:///x",
            "http://a:x/",
            "http://a#b",
            "http://a/#b",
            "http://a?x",
            "http://a/ b",
            "unix:a.sock",
            "unix:",
            "unix:/a\0:/",
        ] {
            assert!(text.parse::<HttpProbe>().is_err(), "{text:?}");
        }
        let error = "http://user:hunter2@a/"
            .parse::<HttpProbe>()
            .expect_err("a password");
        assert!(!error.to_string().contains("hunter2"));
    }
}
