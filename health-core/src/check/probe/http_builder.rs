//! The builder of an HTTP probe: checks its settings and renders its request.

use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::ops::RangeInclusive;
#[cfg(feature = "expect")]
use core::time::Duration;

use super::condition::Condition;
#[cfg(feature = "expect")]
use super::endpoint::IpFamily;
use super::http::{HttpProbe, Inner};
#[cfg(feature = "expect")]
use super::limits::Limits;
use super::statuses::Statuses;
use super::tls::Tls;
use super::url::Url;
use super::without_secrets;
use crate::base::ConfigError;
use crate::base::grammar;

impl HttpProbe {
    /// A probe of `url`: `http(s)://host[:port][/path]` or `unix:/path.sock[:/path]`.
    pub fn builder(url: impl Into<String>) -> HttpProbeBuilder {
        HttpProbeBuilder {
            url: url.into(),
            tls: None,
            method: "GET".to_owned(),
            path: None,
            headers: Vec::new(),
            body: String::new(),
            accepted: Vec::new(),
            conditions: Vec::new(),
            max_body: DEFAULT_MAX_BODY,
            capture_body: false,
            #[cfg(feature = "expect")]
            limits: Limits::default(),
            #[cfg(feature = "expect")]
            family: IpFamily::Any,
        }
    }
}

/// Settings of an [`HttpProbe`], checked together by [`build`](HttpProbeBuilder::build).
#[derive(Clone)]
#[must_use = "a probe is made by `build`"]
pub struct HttpProbeBuilder {
    url: String,
    tls: Option<Tls>,
    method: String,
    path: Option<String>,
    headers: Vec<(String, String)>,
    body: String,
    accepted: Vec<RangeInclusive<u16>>,
    conditions: Vec<Condition>,
    max_body: usize,
    capture_body: bool,
    #[cfg(feature = "expect")]
    limits: Limits,
    #[cfg(feature = "expect")]
    family: IpFamily,
}

impl HttpProbeBuilder {
    /// How an `https` target proves its identity, and the prober its own; default [`Tls::default`].
    pub fn tls(mut self, tls: Tls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// The method; default `GET`.
    pub fn method(mut self, method: impl Into<String>) -> Self {
        self.method = method.into();
        self
    }

    /// The path with its query, percent-encoded where it has to be; default: that of the URL.
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// Adds a header. `Host`, `Accept`, `Accept-Encoding` and `User-Agent` take the place of the probe's
    /// own, and an empty value removes the latter three; other headers may be given more than once.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The body of the request; default none. Its `Content-Type` is a [header](Self::header).
    pub fn body(mut self, body: impl Into<String>) -> Self {
        self.body = body.into();
        self
    }

    /// Adds accepted statuses, within 200–599; default, if none are added, 200–399.
    pub fn accept_status(mut self, accepted: RangeInclusive<u16>) -> Self {
        self.accepted.push(accepted);
        self
    }

    /// Adds a condition on the answer. All of them have to hold.
    pub fn expect(mut self, condition: Condition) -> Self {
        self.conditions.push(condition);
        self
    }

    /// How many bytes of a body are read at most, if a condition needs them; default 1 MiB, at most
    /// 1 GiB. They are judged as they come and not kept.
    ///
    /// A longer body is not a failure by itself: but it is not judged as JSON, and contains only what it
    /// contains up to there.
    pub const fn max_body(mut self, bytes: usize) -> Self {
        self.max_body = bytes;
        self
    }

    /// Whether the cause of a failure holds an excerpt of the body; default no.
    ///
    /// Off, because a probe that shows what it read is a way to read what the prober can reach
    /// and its user cannot (kubernetes/kubernetes#99425). On, the excerpt is still private: the
    /// [`Cause`](crate::base::Cause), never the message.
    pub const fn capture_body(mut self, capture: bool) -> Self {
        self.capture_body = capture;
        self
    }

    /// The longest that a response may take, from the first step to its end: one that takes longer is a
    /// failure. Default: the timeout of the attempt.
    #[cfg(feature = "expect")]
    pub const fn max_latency(mut self, most: Duration) -> Self {
        self.limits.hard_latency = Some(most);
        self
    }

    /// The longest that a response should take: one that takes longer is a warning, so that the target
    /// counts as healthy, and shows as degraded. Default: no limit.
    #[cfg(feature = "expect")]
    pub const fn soft_latency(mut self, most: Duration) -> Self {
        self.limits.soft_latency = Some(most);
        self
    }

    /// How many redirects (301, 302, 303, 307, 308) are followed, one after the other; default 0, none, at
    /// most 10. The last response is judged, and only that.
    ///
    /// They lead to the same host and port, or from HTTP to HTTPS on the same host; everything else is
    /// a failure, as is a redirect without a place to go to. They are followed to the address that was
    /// connected to, so that no name is resolved anew.
    #[cfg(feature = "expect")]
    pub const fn follow_redirects(mut self, most: u8) -> Self {
        self.limits.redirects = most;
        self
    }

    /// Which addresses of its host are connected to; default all.
    #[cfg(feature = "expect")]
    pub const fn ip_family(mut self, family: IpFamily) -> Self {
        self.family = family;
        self
    }

    /// Checks the settings and renders the request.
    ///
    /// # Errors
    ///
    /// The first setting that is not allowed: a URL of another form, with user information
    /// (`user@host` belongs into an `Authorization` header, which is masked) or a fragment; TLS
    /// settings without `https`; a host, method, path, header or condition that is not what its
    /// grammar says (so that no CR, LF or NUL can smuggle a second header or request in); a status
    /// range that is empty or leaves 200–599; no or more than 1 GiB of a response's body; a condition on the body of a response to `HEAD`, which
    /// has none; with the feature `expect` also a limit of 0 on the time, or a hard one that is not above
    /// the soft one, more than 10 redirects, or an address of another family than is wanted; more than 100 header fields, 16 KiB of path and headers, or 64 KiB of body.
    pub fn build(mut self) -> Result<HttpProbe, ConfigError> {
        let url = Url::parse(&self.url)?;
        #[cfg(feature = "expect")]
        let url = url.of_family(self.family)?;
        if self.tls.is_some() && !url.is_secure {
            return Err(ConfigError::new("tls", "", "allowed is TLS with https://"));
        }
        // The last `Host` header wins over the host of the URL.
        let mut host = url.host;
        while let Some(at) = self.position("Host") {
            host = self.headers.remove(at).1;
        }
        let path = self.path.take().unwrap_or_else(|| url.path.to_owned());
        self.check(&host, &path)?;
        let accepted = Statuses::new(&self.accepted)?;
        #[cfg(feature = "expect")]
        let limits = self.limits.checked()?;
        let request = self.render(&host, &path)?;
        Ok(HttpProbe(Arc::new(Inner {
            address: url.address,
            tls: url
                .is_secure
                .then(|| Box::new(self.tls.take().unwrap_or_default())),
            request: request.into_boxed_str(),
            accepted,
            conditions: self.conditions.into_boxed_slice(),
            max_body: self.max_body,
            capture_body: self.capture_body,
            #[cfg(feature = "expect")]
            limits,
        })))
    }

    fn check(&self, host: &str, path: &str) -> Result<(), ConfigError> {
        let refused = |field, value: &str, allowed| Err(ConfigError::new(field, value, allowed));
        if !grammar::is_host(host) {
            let allowed = "allowed is a name or an address, with a port if needed: \
                           db.example, 10.0.0.1:8080, [::1]:80";
            return refused("host", &without_secrets(host), allowed);
        }
        // A 2xx to CONNECT turns the connection into a tunnel (RFC 9110 §9.3.6).
        if !grammar::is_token(self.method.as_bytes()) || self.method == "CONNECT" {
            let allowed = "allowed are GET, HEAD, OPTIONS and other tokens but CONNECT";
            return refused("method", &self.method, allowed);
        }
        // The asterisk asks about the server as a whole (RFC 9112 §3.2.4).
        let asks_server = path == "*" && self.method == "OPTIONS";
        if !grammar::is_path(path) && !asks_server {
            let allowed = "allowed are visible ASCII characters but #, beginning with /; \
                           others are percent-encoded";
            return refused("path", &without_secrets(path), allowed);
        }
        for (name, value) in &self.headers {
            if !grammar::is_token(name.as_bytes()) {
                let allowed = "allowed are letters, digits and !#$%&'*+-.^_`|~";
                return refused("header", name, allowed);
            }
            if FRAMING.iter().any(|own| name.eq_ignore_ascii_case(own)) {
                let allowed = "allowed are headers that do not frame the request or keep the \
                               connection: the probe sets those itself";
                return refused("header", name, allowed);
            }
            if !grammar::is_value(value.as_bytes()) {
                let allowed = "allowed is text without control characters (a line end is one) \
                               and without spaces around it";
                return refused("value of header", name, allowed);
            }
        }
        if !(1..=MOST_MAX_BODY).contains(&self.max_body) {
            let value = format!("{}", self.max_body);
            return refused("max_body", &value, "allowed are 1 to 1073741824 bytes");
        }
        for condition in &self.conditions {
            condition.check_setting()?;
            if condition.is_on_body() && self.method == "HEAD" {
                let allowed = "allowed are methods whose answers have a body, if it is judged";
                return refused("method", &self.method, allowed);
            }
        }
        Ok(())
    }

    fn render(&self, host: &str, path: &str) -> Result<String, ConfigError> {
        let length = format!("{}", self.body.len());
        let own = [
            ("Host", host),
            ("Accept", "*/*"),
            // Without it every coding is allowed (RFC 9110 §12.5.3), and none is decoded.
            ("Accept-Encoding", "identity"),
            ("User-Agent", USER_AGENT),
            ("Connection", "close"),
            ("Content-Length", length.as_str()),
        ];
        let own = own.into_iter().filter(|(name, _)| match *name {
            "Host" | "Connection" => true,
            // Where a body has a meaning, its absence is said (RFC 9110 §8.6).
            "Content-Length" => {
                !self.body.is_empty() || matches!(self.method.as_str(), "POST" | "PUT" | "PATCH")
            }
            name => self.position(name).is_none(),
        });
        let given = self.headers.iter().filter_map(|(name, value)| {
            let removes =
                value.is_empty() && OPTIONAL.iter().any(|own| name.eq_ignore_ascii_case(own));
            (!removes).then_some((name.as_str(), value.as_str()))
        });
        let mut request = format!("{} {path} HTTP/1.1\r\n", self.method);
        let mut fields = 0;
        for (name, value) in own.chain(given) {
            fields += 1;
            request.extend([name, ": ", value, "\r\n"]);
        }
        request.push_str("\r\n");
        if fields > MAX_FIELDS {
            let allowed = "allowed are at most 100 fields";
            return Err(ConfigError::new(
                "headers",
                &format!("{fields} fields"),
                allowed,
            ));
        }
        if request.len() > MAX_REQUEST {
            let value = format!("{} bytes", request.len());
            let allowed = "allowed are at most 16384 bytes of path and headers";
            return Err(ConfigError::new("request", &value, allowed));
        }
        if self.body.len() > MAX_REQUEST_BODY {
            let value = format!("{length} bytes");
            return Err(ConfigError::new(
                "body",
                &value,
                "allowed are at most 65536 bytes",
            ));
        }
        request.push_str(&self.body);
        Ok(request)
    }

    fn position(&self, header: &str) -> Option<usize> {
        let is_it = |(name, _): &(String, String)| name.eq_ignore_ascii_case(header);
        self.headers.iter().position(is_it)
    }
}

impl fmt::Debug for HttpProbeBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| &**name).collect();
        f.debug_struct("HttpProbeBuilder")
            .field("method", &self.method)
            .field("path", &self.path.as_deref().map(without_secrets))
            .field("headers", &names)
            .finish_non_exhaustive()
    }
}

/// The most bytes of a request without its body.
const MAX_REQUEST: usize = 16 * 1_024;
/// The most bytes of a request's body.
const MAX_REQUEST_BODY: usize = 64 * 1_024;
/// How much of a response's body is read for a condition.
const DEFAULT_MAX_BODY: usize = 1_024 * 1_024;
const MOST_MAX_BODY: usize = 1_024 * 1_024 * 1_024;
/// The most header fields of a request.
const MAX_FIELDS: usize = 100;

/// Headers of its own that an empty value removes.
const OPTIONAL: [&str; 3] = ["Accept", "Accept-Encoding", "User-Agent"];

const USER_AGENT: &str = concat!(
    "health-probe/",
    env!("CARGO_PKG_VERSION_MAJOR"),
    ".",
    env!("CARGO_PKG_VERSION_MINOR"),
);

/// What decides where the request ends and whether the connection stays (RFC 9112 §6, §9).
const FRAMING: [&str; 8] = [
    "Connection",
    "Content-Length",
    "Expect",
    "Keep-Alive",
    "TE",
    "Trailer",
    "Transfer-Encoding",
    "Upgrade",
];
