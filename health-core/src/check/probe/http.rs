//! An HTTP probe: its address, its request, and which responses it accepts.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use super::condition::Condition;
#[cfg(feature = "expect")]
use super::limits::Limits;
use super::statuses::Statuses;
use super::tls::Tls;
use super::url::Address;
use super::without_secrets;
use crate::base::ConfigError;

/// One HTTP probe: where it connects to, its request, rendered and checked, and the conditions on
/// the response.
///
/// Made by [`HttpProbe::builder`] or read from a URL; immutable and cheap to clone. The defaults:
///
/// | | default |
/// |---|---|
/// | method, path | `GET`, `/` |
/// | port | 80, with `https` 443 |
/// | accepted status | 200–399; redirects are not followed, a 3xx counts by its status (feature `expect`: up to 10 on the same host, if wanted) |
/// | `Host` | as in the URL; of a Unix socket `localhost` |
/// | `Accept` | `*/*` |
/// | `Accept-Encoding` | `identity`; a body that is compressed all the same breaches each condition on it |
/// | `User-Agent` | `health-probe/<major.minor>` |
/// | connection | `Connection: close` |
/// | body of the response | up to 1 MiB is read if a [condition](Condition) needs it, else 10 KiB; a longer one is not a failure by itself; never shown |
///
/// Its `Display` is the URL without the query, which may hold a token. Its `Debug` shows neither that
/// nor the values of the headers.
///
/// ```
/// use health_core::check::probe::{Condition, HttpProbe, Probe};
///
/// let probe = HttpProbe::builder("http://db.example:8080/health/ready")
///     .header("Authorization", "Bearer s3cr3t")
///     .accept_status(200..=200)
///     .expect(Condition::json_at("/status", "ok"))
///     .build()?;
/// assert_eq!(
///     probe.request(),
///     b"GET /health/ready HTTP/1.1\r\nHost: db.example:8080\r\nAccept: */*\r\n\
///       Accept-Encoding: identity\r\nUser-Agent: health-probe/0.1\r\nConnection: close\r\nAuthorization: Bearer s3cr3t\r\n\r\n",
/// );
/// assert!(!format!("{probe:?}").contains("s3cr3t"));
/// let probe = Probe::from(probe);
/// assert_eq!(probe.to_string(), "http://db.example:8080/health/ready");
/// # Ok::<(), health_core::ConfigError>(())
/// ```
//
// Shared: a hundred thousand targets should not hold their requests twice.
#[derive(Clone)]
pub struct HttpProbe(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub(super) address: Address,
    pub(super) tls: Option<Box<Tls>>,
    /// Also where method, path and host are kept.
    pub(super) request: Box<str>,
    pub(super) accepted: Statuses,
    pub(super) conditions: Box<[Condition]>,
    pub(super) max_body: usize,
    pub(super) capture_body: bool,
    /// If there are any.
    #[cfg(feature = "expect")]
    pub(super) limits: Option<Box<Limits>>,
}

impl HttpProbe {
    /// The bytes to send, the same for every attempt. They hold the secrets that the headers hold.
    #[must_use]
    pub fn request(&self) -> &[u8] {
        self.0.request.as_bytes()
    }

    /// The same as a text.
    #[cfg(feature = "expect")]
    pub(super) fn text(&self) -> &str {
        &self.0.request
    }

    /// The method.
    #[must_use]
    pub fn method(&self) -> &str {
        self.0.request.split(' ').next().unwrap_or_default()
    }

    /// The path, with its query.
    #[must_use]
    pub fn path(&self) -> &str {
        self.0.request.split(' ').nth(1).unwrap_or_default()
    }

    /// What the `Host` header says.
    pub(super) fn host(&self) -> &str {
        self.fields().next().map_or("", |(_, value)| value)
    }

    /// The settings of TLS; `None` without.
    #[must_use]
    pub fn tls(&self) -> Option<&Tls> {
        self.0.tls.as_deref()
    }

    pub(super) fn address(&self) -> &Address {
        &self.0.address
    }

    /// The name, or the address without brackets, that the certificate has to be for.
    pub(super) fn server_name(&self) -> &str {
        if let Some(name) = self.tls().and_then(|tls| tls.server_name.as_deref()) {
            return name;
        }
        let host = self.host();
        match host.strip_prefix('[').and_then(|it| it.split_once(']')) {
            Some((address, _)) => address,
            None => host.split(':').next().unwrap_or(host),
        }
    }

    /// The statuses it accepts.
    pub(super) fn accepted_status(&self) -> &Statuses {
        &self.0.accepted
    }

    /// Limits on time and redirects.
    #[cfg(feature = "expect")]
    pub(super) fn limits(&self) -> Limits {
        self.0.limits.as_deref().copied().unwrap_or_default()
    }

    pub(super) fn conditions(&self) -> &[Condition] {
        &self.0.conditions
    }

    /// How much of a body is read for a condition.
    pub(super) fn max_body(&self) -> usize {
        self.0.max_body
    }

    pub(super) fn captures_body(&self) -> bool {
        self.0.capture_body
    }

    /// The fields of the request; `Host` is the first one.
    fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        let lines = self.0.request.split("\r\n").skip(1);
        let lines = lines.take_while(|line| !line.is_empty());
        lines.filter_map(|line| line.split_once(": "))
    }
}

impl FromStr for HttpProbe {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, ConfigError> {
        Self::builder(text).build()
    }
}

impl fmt::Display for HttpProbe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path().split('?').next().unwrap_or_default();
        let scheme = if self.tls().is_some() {
            "https"
        } else {
            "http"
        };
        match self.address() {
            Address::Tcp(endpoint) => write!(f, "{scheme}://{endpoint}{path}"),
            Address::Unix(socket) => write!(f, "unix:{socket}:{path}"),
        }
    }
}

impl fmt::Debug for HttpProbe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.fields().map(|(name, _)| name).collect();
        f.debug_struct("HttpProbe")
            .field("method", &self.method())
            .field("path", &without_secrets(self.path()))
            .field("host", &self.host())
            .field("headers", &names)
            .field("address", self.address())
            .field("tls", &self.tls())
            .field("accepted", &format_args!("{}", self.accepted_status()))
            .field("conditions", &self.conditions())
            .field("capture_body", &self.captures_body())
            .finish_non_exhaustive()
    }
}
