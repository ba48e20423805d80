//! Where an HTTP probe goes: scheme, host, port, path, or the socket of this machine.

use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use core::fmt;
use core::str::FromStr;

use super::endpoint::Endpoint;
use super::tls::Tls;
use super::{ConfigError, without_nul};
use crate::check::exchange::{HttpProbe, HttpProbeBuilder};

/// Where a connection is made to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Address {
    /// A host and a port.
    Tcp(Endpoint),
    /// The path of a Unix socket.
    Unix(Box<str>),
}

/// A place and the [`HttpProbe`] to be carried out there.
///
/// ```
/// use health_core::check::exchange::Condition;
/// use health_core::check::probe::{HttpTarget, Probe};
///
/// let target = HttpTarget::parse("https://db.example:8443/health", |request| {
///     request.header("Authorization", "Bearer s3cr3t").expect(Condition::json_at("/status", "ok"))
/// })?;
/// assert_eq!(target.to_string(), "https://db.example:8443/health");
/// assert_eq!(target.request().host(), "db.example:8443");
/// let probe = Probe::from(target);
/// assert!(!format!("{probe:?}").contains("s3cr3t"));
/// # Ok::<(), health_core::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
pub struct HttpTarget {
    site: Address,
    tls: Option<Arc<Tls>>,
    request: Arc<HttpProbe>,
}

impl HttpTarget {
    /// Reads `http(s)://host[:port][/path]` or `unix:/path.sock[:/path]`, and lets `with` add what
    /// is asked and expected. Port 80 or 443 and path `/` unless said otherwise.
    ///
    /// # Errors
    ///
    /// Another form, user information (`user@host` belongs in an `Authorization` header, which is
    /// masked), a fragment, or what [`HttpProbeBuilder::build`] refuses.
    pub fn parse(
        text: &str,
        with: impl FnOnce(HttpProbeBuilder) -> HttpProbeBuilder,
    ) -> Result<Self, ConfigError> {
        let (site, secure, host, path) = if let Some(rest) = text.strip_prefix("http://") {
            split_url(rest, 80)?
        } else if let Some(rest) = text.strip_prefix("https://") {
            let (site, _, host, path) = split_url(rest, 443)?;
            (site, true, host, path)
        } else if let Some(rest) = text.strip_prefix("unix:") {
            // The last ":/": the path of a socket may hold a colon, that of a request seldom does.
            let (socket, path) = match rest.rfind(":/") {
                Some(at) => (&rest[..at], &rest[at + 1..]),
                None => (rest, "/"),
            };
            if !socket.starts_with('/') || socket.len() > MAX_SOCKET_PATH {
                let allowed = "allowed is an absolute path of at most 107 bytes";
                return Err(ConfigError::new("socket", socket, allowed));
            }
            let site = Address::Unix(without_nul("socket", socket)?.into());
            (site, false, "localhost".to_owned(), path)
        } else {
            let allowed = "allowed are http://…, https://… and unix:/path.sock:/path";
            return Err(ConfigError::new("target", text, allowed));
        };
        let request = with(HttpProbe::builder(host).path(path)).build()?;
        Ok(Self {
            site,
            tls: secure.then(Arc::default),
            request: Arc::new(request),
        })
    }

    /// How an `https` target proves itself, and we to it. Makes an `http` target an `https` one.
    #[must_use]
    pub fn with_tls(mut self, tls: Tls) -> Self {
        self.tls = Some(Arc::new(tls));
        self
    }

    /// Where to connect.
    #[must_use]
    pub const fn site(&self) -> &Address {
        &self.site
    }

    /// The settings of TLS; `None` without.
    #[must_use]
    pub fn tls(&self) -> Option<&Tls> {
        self.tls.as_deref()
    }

    /// What is asked there.
    #[must_use]
    pub const fn request(&self) -> &Arc<HttpProbe> {
        &self.request
    }
}

impl FromStr for HttpTarget {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, ConfigError> {
        Self::parse(text, |request| request)
    }
}

impl fmt::Display for HttpTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.request.path();
        // A query may hold a token.
        let path = path.split('?').next().unwrap_or_default();
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        match &self.site {
            Address::Tcp(endpoint) => write!(f, "{scheme}://{endpoint}{path}"),
            Address::Unix(socket) => write!(f, "unix:{socket}:{path}"),
        }
    }
}

/// What `sun_path` holds on Linux besides its NUL.
const MAX_SOCKET_PATH: usize = 107;

fn split_url(rest: &str, port: u16) -> Result<(Address, bool, String, &str), ConfigError> {
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    if authority.contains('@') {
        // Not quoted: it is a password.
        let allowed = "allowed is host or host:port; credentials go into an Authorization header";
        return Err(ConfigError::new("target", "user@host", allowed));
    }
    let endpoint = Endpoint::parse(authority, Some(port))?;
    let path = match path.as_bytes().first() {
        None => "/",
        Some(b'/') => path,
        Some(_) => {
            let allowed = "allowed is a path that begins with / and has no fragment";
            return Err(ConfigError::new("path", path, allowed));
        }
    };
    // The scheme's own port is left out of `Host` (RFC 9110 §4.2.3 treats both as the same).
    let host = if endpoint.port() == port {
        format!("{}", endpoint.host())
    } else {
        format!("{endpoint}")
    };
    Ok((Address::Tcp(endpoint), false, host, path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[track_caller]
    fn reads(text: &str, shown: &str, host: &str, path: &str) {
        let target: HttpTarget = text.parse().expect(text);
        assert_eq!(target.to_string(), shown);
        assert_eq!(target.request().host(), host);
        assert_eq!(target.request().path(), path);
        assert_eq!(target.tls().is_some(), text.starts_with("https"));
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
            assert!(text.parse::<HttpTarget>().is_err(), "{text:?}");
        }
        let error = "http://user:hunter2@a/"
            .parse::<HttpTarget>()
            .expect_err("a password");
        assert!(!error.to_string().contains("hunter2"));
    }
}
