//! What an HTTP probe asks, and what it accepts as an answer.

use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::ops::RangeInclusive;

use super::ConfigError;
use super::condition::Condition;
use crate::base::grammar;

/// One HTTP probe: its request, rendered and checked, and the conditions for its answer.
///
/// Made by [`HttpProbe::builder`], immutable, and shared by all attempts through an `Arc`. What is
/// not said is as follows.
///
/// | | default |
/// |---|---|
/// | method, path | `GET`, `/` |
/// | accepted status | 200–399; redirects are not followed, a 3xx counts by its status |
/// | `Accept` | `*/*` |
/// | `User-Agent` | `health-probe/<major.minor>` |
/// | connection | `Connection: close` |
/// | body | read up to 10 KiB, judged by the conditions, never shown |
///
/// Its `Debug` shows the names of the headers and none of their values.
///
/// ```
/// use health_core::check::exchange::{Condition, HttpProbe};
///
/// let probe = HttpProbe::builder("db.example:8080")
///     .path("/health/ready")
///     .header("Authorization", "Bearer s3cr3t")
///     .accept_status(200..=200)
///     .expect(Condition::json_at("/status", "ok"))
///     .build()?;
/// assert_eq!(
///     probe.request(),
///     b"GET /health/ready HTTP/1.1\r\nHost: db.example:8080\r\nAccept: */*\r\n\
///       User-Agent: health-probe/0.1\r\nConnection: close\r\nAuthorization: Bearer s3cr3t\r\n\r\n",
/// );
/// assert!(!format!("{probe:?}").contains("s3cr3t"));
/// # Ok::<(), health_core::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct HttpProbe {
    /// Also where method, path and host are kept: 100,000 targets should not hold them twice.
    request: Box<str>,
    accepted: RangeInclusive<u16>,
    conditions: Box<[Condition]>,
    capture_body: bool,
    keep_alive: bool,
}

impl HttpProbe {
    /// The most bytes of a body that are read: 10 KiB. A longer body is not a failure; the rest of
    /// it is not read, and [JSON conditions](Condition) do not hold for it.
    pub const MAX_BODY: usize = 10 * 1_024;
    /// The most bytes of a request without its body: 16 KiB.
    pub const MAX_REQUEST: usize = 16 * 1_024;
    /// The most bytes of a request's body: 64 KiB.
    pub const MAX_REQUEST_BODY: usize = 64 * 1_024;
    /// The most header fields of a request: 100.
    pub const MAX_FIELDS: usize = 100;

    /// A probe of `host`, which is a name or an address, with a port unless it is the scheme's
    /// own: `db.example:8080`, `[::1]:80`. It is what the `Host` header says; where to connect is
    /// for the driver to know.
    pub fn builder(host: impl Into<String>) -> HttpProbeBuilder {
        HttpProbeBuilder {
            host: host.into(),
            method: "GET".to_owned(),
            path: "/".to_owned(),
            headers: Vec::new(),
            body: String::new(),
            accepted: 200..=399,
            conditions: Vec::new(),
            capture_body: false,
            keep_alive: false,
        }
    }

    /// The bytes to send, the same for every attempt. They hold the secrets that the headers hold.
    #[must_use]
    pub const fn request(&self) -> &[u8] {
        self.request.as_bytes()
    }

    /// The method.
    #[must_use]
    pub fn method(&self) -> &str {
        self.request.split(' ').next().unwrap_or_default()
    }

    /// The path, with its query.
    #[must_use]
    pub fn path(&self) -> &str {
        self.request.split(' ').nth(1).unwrap_or_default()
    }

    /// What the `Host` header says.
    #[must_use]
    pub fn host(&self) -> &str {
        self.fields().next().map_or("", |(_, value)| value)
    }

    /// The statuses it accepts.
    #[must_use]
    pub const fn accepted_status(&self) -> &RangeInclusive<u16> {
        &self.accepted
    }

    pub(super) fn conditions(&self) -> &[Condition] {
        &self.conditions
    }

    pub(super) const fn captures_body(&self) -> bool {
        self.capture_body
    }

    pub(super) const fn keeps_alive(&self) -> bool {
        self.keep_alive
    }

    /// The fields of the request; `Host` is the first one.
    fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        let lines = self.request.split("\r\n").skip(1);
        let lines = lines.take_while(|line| !line.is_empty());
        lines.filter_map(|line| line.split_once(": "))
    }
}

impl fmt::Debug for HttpProbe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.fields().map(|(name, _)| name).collect();
        f.debug_struct("HttpProbe")
            .field("method", &self.method())
            .field("path", &self.path())
            .field("host", &self.host())
            .field("headers", &names)
            .field("accepted", &self.accepted)
            .field("conditions", &self.conditions)
            .field("capture_body", &self.capture_body)
            .field("keep_alive", &self.keep_alive)
            .finish_non_exhaustive()
    }
}

/// Settings of an [`HttpProbe`], checked together by [`build`](HttpProbeBuilder::build).
#[derive(Clone)]
#[must_use = "a probe is made by `build`"]
pub struct HttpProbeBuilder {
    host: String,
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: String,
    accepted: RangeInclusive<u16>,
    conditions: Vec<Condition>,
    capture_body: bool,
    keep_alive: bool,
}

impl HttpProbeBuilder {
    /// The method; default `GET`.
    pub fn method(mut self, method: impl Into<String>) -> Self {
        self.method = method.into();
        self
    }

    /// The path with its query, percent-encoded where it has to be; default `/`.
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    /// Adds a header. `Host`, `Accept` and `User-Agent` take the place of the probe's own, and an
    /// empty value removes the latter two; other headers may be given more than once.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The body of the request; default none. Its `Content-Type` is a [header](Self::header).
    pub fn body(mut self, body: impl Into<String>) -> Self {
        self.body = body.into();
        self
    }

    /// The accepted statuses, within 200–599; default 200–399.
    pub fn accept_status(mut self, accepted: RangeInclusive<u16>) -> Self {
        self.accepted = accepted;
        self
    }

    /// Adds a condition on the answer. All of them have to hold.
    pub fn expect(mut self, condition: Condition) -> Self {
        self.conditions.push(condition);
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

    /// Whether the connection may be used for the next attempt too; default no.
    ///
    /// It spares both sides most of a probe's cost, and hides what a new connection would have
    /// shown: that the target does not accept any more.
    pub const fn keep_alive(mut self, keep: bool) -> Self {
        self.keep_alive = keep;
        self
    }

    /// Checks the settings and renders the request.
    ///
    /// # Errors
    ///
    /// The first setting that is not allowed: a host, method, path, header or condition that is
    /// not what its grammar says (so that no CR, LF or NUL can smuggle a second header or request
    /// in), a status range that is empty or leaves 200–599, a condition on the body of an answer
    /// to `HEAD`, which has none, more than [`MAX_FIELDS`](HttpProbe::MAX_FIELDS) header fields,
    /// more than [`MAX_REQUEST`](HttpProbe::MAX_REQUEST) bytes of path and headers, or a body of more
    /// than [`MAX_REQUEST_BODY`](HttpProbe::MAX_REQUEST_BODY) bytes.
    pub fn build(mut self) -> Result<HttpProbe, ConfigError> {
        self.check()?;
        let request = self.render()?;
        Ok(HttpProbe {
            request: request.into_boxed_str(),
            accepted: self.accepted,
            conditions: self.conditions.into_boxed_slice(),
            capture_body: self.capture_body,
            keep_alive: self.keep_alive,
        })
    }

    fn check(&mut self) -> Result<(), ConfigError> {
        // The last `Host` header wins over the host the probe was made with.
        while let Some(at) = self.position("Host") {
            self.host = self.headers.remove(at).1;
        }
        let refused = |field, value, allowed| Err(ConfigError::new(field, value, allowed));
        if !grammar::is_host(&self.host) {
            let allowed = "allowed is a name or an address, with a port if needed: \
                           db.example, 10.0.0.1:8080, [::1]:80";
            return refused("host", &self.host, allowed);
        }
        // A 2xx to CONNECT turns the connection into a tunnel (RFC 9110 §9.3.6).
        if !grammar::is_token(self.method.as_bytes()) || self.method == "CONNECT" {
            let allowed = "allowed are GET, HEAD, OPTIONS and other tokens but CONNECT";
            return refused("method", &self.method, allowed);
        }
        // The asterisk asks about the server as a whole (RFC 9112 §3.2.4).
        let asks_server = self.path == "*" && self.method == "OPTIONS";
        if !grammar::is_path(&self.path) && !asks_server {
            let allowed = "allowed are visible ASCII characters but #, beginning with /; \
                           others are percent-encoded";
            return refused("path", &self.path, allowed);
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
        let (first, last) = (*self.accepted.start(), *self.accepted.end());
        if first < 200 || last > 599 || first > last {
            let allowed = "allowed are ranges within 200-599, the lower end first";
            return refused("status", &format!("{first}-{last}"), allowed);
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

    fn render(&self) -> Result<String, ConfigError> {
        let length = format!("{}", self.body.len());
        let own = [
            ("Host", self.host.as_str()),
            ("Accept", "*/*"),
            ("User-Agent", USER_AGENT),
            ("Connection", "close"),
            ("Content-Length", length.as_str()),
        ];
        let own = own.into_iter().filter(|(name, _)| match *name {
            "Connection" => !self.keep_alive,
            // Where a body has a meaning, its absence is said (RFC 9110 §8.6).
            "Content-Length" => {
                !self.body.is_empty() || matches!(self.method.as_str(), "POST" | "PUT" | "PATCH")
            }
            name => self.position(name).is_none(),
        });
        let given = self.headers.iter().filter_map(|(name, value)| {
            let removes = value.is_empty()
                && (name.eq_ignore_ascii_case("Accept") || name.eq_ignore_ascii_case("User-Agent"));
            (!removes).then_some((name.as_str(), value.as_str()))
        });
        let mut request = format!("{} {} HTTP/1.1\r\n", self.method, self.path);
        let mut fields = 0;
        for (name, value) in own.chain(given) {
            fields += 1;
            request.extend([name, ": ", value, "\r\n"]);
        }
        request.push_str("\r\n");
        if fields > HttpProbe::MAX_FIELDS {
            let allowed = "allowed are at most 100 fields";
            return Err(ConfigError::new(
                "headers",
                &format!("{fields} fields"),
                allowed,
            ));
        }
        if request.len() > HttpProbe::MAX_REQUEST {
            let value = format!("{} bytes", request.len());
            let allowed = "allowed are at most 16384 bytes of path and headers";
            return Err(ConfigError::new("request", &value, allowed));
        }
        if self.body.len() > HttpProbe::MAX_REQUEST_BODY {
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
            .field("host", &self.host)
            .field("method", &self.method)
            .field("path", &self.path)
            .field("headers", &names)
            .finish_non_exhaustive()
    }
}

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
