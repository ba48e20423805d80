//! Probes: what is asked of a target, and the steps of one attempt.
//!
//! A [`Probe`] is text and numbers, checked when it is made; a driver owns sockets and processes:
//!
//! ```text
//!  "https://db:8443/health" ─parse─► Probe ─┬─ Http, Tcp ─► Attempt ── step ──► driver
//!                                           │                  ▲                  │
//!                                           │                  └──── handle_* ◄───┘
//!                                           └─ Exec ──────────► driver ─► ExecProbe::judge
//!                                                                               │
//!                                             Report ◄──────────────────────────┘
//! ```
//!
//! An [`Attempt`] leads through resolving, connecting, the TLS handshake, the request and the
//! response under one deadline, so that three drivers cannot disagree about any of it.
//!
//! ```
//! use health_core::check::probe::Probe;
//!
//! let probe: Probe = "http://127.0.0.1:8080/health".parse()?;
//! assert_eq!(probe.to_string(), "http://127.0.0.1:8080/health");
//! let probe: Probe = "tcp://db.example:5432".parse()?;
//! let probe: Probe = "unix:/run/app.sock:/health".parse()?;
//! let error = "ftp://db.example".parse::<Probe>().unwrap_err();
//! assert!(error.to_string().starts_with("target \"ftp://db.example\": allowed are http://…, https://…,"));
//! # Ok::<(), health_core::ConfigError>(())
//! ```
//!
//! # How an attempt is driven
//!
//! ```text
//!  Attempt::new
//!   │          ┌─────────┐ ──► ┌─────────┐ ──► ┌────────┐ ──► ┌───────┐ ──► ┌──────┐
//!   └────────► │ Resolve │     │ Connect │     │ Secure │     │ Write │     │ Read │
//!              └─────────┘     └─────────┘     └────────┘     └───────┘     └──┬───┘
//!               a name          next address    https          HTTP            │ end of the body:
//!                                                                              │ report() is there
//!              ┌───────┐  end of the stream, or after 50 ms    ┌────────┐      │
//!              │ Close │ ◄──────────────────────────────────── │ Linger │ ◄────┘
//!              └───────┘ ◄── error, deadline, malformed        └────────┘
//!                            response, body longer than is read
//! ```
//!
//! ## Contract
//!
//! 1. **One step at a time.** [`step`](Attempt::step) changes nothing; only `handle_*` do. Carry the
//!    step out, call the `handle_*` that it names, and ask again until [`AttemptStep::Close`]. At `until`
//!    call [`handle_timeout`](Attempt::handle_timeout) instead, after an error of any step
//!    [`handle_error`](Attempt::handle_error). What does not fit the step is ignored; no order of
//!    calls panics.
//! 2. **The report is there as soon as the outcome is known**: [`report`](Attempt::report) is `Some`
//!    while lingering and at the end, and does not change any more. Use it then; the response time
//!    ends there, and what is left is closing the connection.
//! 3. **The clock decides.** What is handed in at the deadline or later is a timeout, and `until`
//!    is never behind the deadline.
//! 4. **The whole response is read** before the connection is closed, also when its status has
//!    decided everything: closing over unread bytes is a reset in the server's log. Then the server
//!    is given 50 ms to close first.
//! 5. **Memory is bounded** by 128 KiB and 64 KiB for each condition on the body, whatever the peer
//!    sends, and nothing is allocated for a response that comes in one piece and whose body no
//!    condition needs.
//! 6. **Nothing the peer wrote is public.** A message holds words of ours, settings, the three
//!    digits of the status, and how long a certificate is valid. Only with
//!    [`capture_body`](HttpProbeBuilder::capture_body) does the private cause quote the body.
//! 7. **How the bytes are cut makes no difference.**
//!
//! A request, with a server that answers in three pieces and then closes:
//!
//! ```
//! use core::time::Duration;
//! use health_core::check::probe::{
//!     AddressPolicy, Attempt, Condition, HttpProbe, Probe, ProbePhase, AttemptStep,
//! };
//! use health_core::{Class, Instant};
//!
//! let probe = HttpProbe::builder("http://192.0.2.1:8080/health")
//!     .expect(Condition::body_contains("ok"))
//!     .build()?;
//! let (probe, policy) = (Probe::from(probe), AddressPolicy::new());
//! let mut pieces = ["HTTP/1.1 200 OK\r\nContent-", "Length: 2\r\n\r\n", "ok"].into_iter();
//! let mut now = Instant::default();
//!
//! let deadline = now + Duration::from_secs(10);
//! let mut attempt = Attempt::new(&probe, &policy, now, deadline).expect("not a command");
//! let mut report = None;
//! loop {
//!     // Before the next step: nobody has to wait until the connection is closed.
//!     if report.is_none() {
//!         report = attempt.report().cloned();
//!     }
//!     match attempt.step() {
//!         AttemptStep::Connect { to, .. } => attempt.handle_connected(now, to, None),
//!         AttemptStep::Write { until } => {
//!             assert!(attempt.request().starts_with(b"GET /health HTTP/1.1\r\n")); // written
//!             assert!(now < until, "or handle_timeout");
//!             attempt.handle_sent(now);
//!         }
//!         AttemptStep::Read { until } | AttemptStep::Linger { until } => {
//!             now = now + Duration::from_millis(7);
//!             assert!(now < until, "or handle_timeout");
//!             match pieces.next() {
//!                 Some(bytes) => attempt.handle_input(now, bytes.as_bytes()),
//!                 None => attempt.handle_eof(now),
//!             }
//!         }
//!         AttemptStep::Resolve { .. } | AttemptStep::Secure { .. } => unreachable!("an address, without TLS"),
//!         AttemptStep::Close => break,
//!     }
//! }
//! let report = report.expect("it is over");
//! assert_eq!(report.outcome.class, Class::Success);
//! assert_eq!(report.status, Some(200));
//! assert_eq!(report.timings.get(ProbePhase::Head), Some(Duration::from_millis(14)));
//! assert_eq!(report.took, Duration::from_millis(21), "7 ms later, the server closed");
//! # Ok::<(), health_core::ConfigError>(())
//! ```

mod attempt;
#[cfg(feature = "expect")]
mod certificate;
mod condition;
mod endpoint;
mod error;
mod exec;
mod exit;
#[cfg(feature = "supervise")]
mod flags;
mod http;
mod http_builder;
#[cfg(feature = "expect")]
mod limits;
mod policy;
#[cfg(feature = "expect")]
mod redirect;
mod report;
mod response;
mod statuses;
mod step;
#[cfg(feature = "expect")]
mod stream;
mod tls;
mod url;

use alloc::string::String;
use core::fmt;
use core::str::FromStr;

use crate::base::ConfigError;
pub use attempt::Attempt;
#[cfg(feature = "expect")]
pub use certificate::CertificateLimits;
pub use condition::Condition;
pub use endpoint::Endpoint;
#[cfg(feature = "expect")]
pub use endpoint::IpFamily;
pub use exec::{ExecProbe, ExecProbeBuilder, ResourceLimits};
pub use exit::{Exit, ExitCodes};
pub use http::HttpProbe;
pub use http_builder::HttpProbeBuilder;
pub use policy::AddressPolicy;
pub use report::{ProbePhase, Report, Timings};
pub use step::{AttemptStep, Destination};
#[cfg(feature = "expect")]
pub use stream::{StreamProbe, StreamProbeBuilder};
pub use tls::{ClientIdentity, Tls, Trust};
use url::Address;

/// What is asked of a target, and which answer is a success.
///
/// Its `Display` is the target as it would be typed, without secrets: no header, no environment.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Probe {
    /// One request over TCP, TLS or a Unix socket, and the conditions for its answer.
    Http(HttpProbe),
    /// A connection that is accepted.
    Tcp(Endpoint),
    /// A connection, its TLS handshake, and what is said over it.
    #[cfg(feature = "expect")]
    Stream(StreamProbe),
    /// A command that ends with 0.
    Exec(ExecProbe),
}

impl Probe {
    /// A connection to `host` (a name or an address) and `port`.
    ///
    /// # Errors
    ///
    /// A host that is neither, or port 0.
    pub fn tcp(host: &str, port: u16) -> Result<Self, ConfigError> {
        Endpoint::new(host, port).map(Self::Tcp)
    }

    /// Whether a driver needs to reap what is left of a cancelled attempt: what
    /// [`CheckConfig::needs_reap`](crate::check::CheckConfig::needs_reap) of its check has to be.
    #[must_use]
    pub const fn needs_reap(&self) -> bool {
        matches!(self, Self::Exec(_))
    }

    /// Where it connects to, if that is a host and a port.
    #[must_use]
    pub fn endpoint(&self) -> Option<&Endpoint> {
        match self {
            Self::Tcp(endpoint) => Some(endpoint),
            #[cfg(feature = "expect")]
            Self::Stream(stream) => Some(stream.endpoint()),
            Self::Http(http) => match http.address() {
                Address::Tcp(endpoint) => Some(endpoint),
                Address::Unix(_) => None,
            },
            Self::Exec(_) => None,
        }
    }
}

impl From<HttpProbe> for Probe {
    fn from(http: HttpProbe) -> Self {
        Self::Http(http)
    }
}

#[cfg(feature = "expect")]
impl From<StreamProbe> for Probe {
    fn from(stream: StreamProbe) -> Self {
        Self::Stream(stream)
    }
}

impl From<ExecProbe> for Probe {
    fn from(command: ExecProbe) -> Self {
        Self::Exec(command)
    }
}

impl FromStr for Probe {
    type Err = ConfigError;

    /// Reads `http(s)://host[:port][/path]`, `tcp://host:port` or `unix:/path.sock[:/path]`; with the feature
    /// `expect` also `tls://host:port`, a TLS handshake.
    ///
    /// A command has no such form: it is a list of arguments, see [`ExecProbe::command`].
    fn from_str(text: &str) -> Result<Self, ConfigError> {
        if let Some(rest) = text.strip_prefix("tcp://") {
            return rest.parse().map(Self::Tcp);
        }
        #[cfg(feature = "expect")]
        if text.starts_with("tls://") {
            return text.parse().map(Self::Stream);
        }
        if ["http://", "https://", "unix:"]
            .iter()
            .any(|scheme| text.starts_with(scheme))
        {
            return text.parse().map(Self::Http);
        }
        let allowed = if cfg!(feature = "expect") {
            "allowed are http://…, https://…, tcp://host:port, tls://… and unix:/path.sock:/path"
        } else {
            "allowed are http://…, https://…, tcp://host:port and unix:/path.sock:/path"
        };
        Err(ConfigError::new("target", &without_secrets(text), allowed))
    }
}

impl fmt::Display for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http(http) => write!(f, "{http}"),
            Self::Tcp(endpoint) => write!(f, "tcp://{endpoint}"),
            #[cfg(feature = "expect")]
            Self::Stream(stream) => write!(f, "{stream}"),
            Self::Exec(command) => write!(f, "{command}"),
        }
    }
}

/// As much of an address as an error may quote: nothing of one with user information, which may be a
/// password and hold any character, and nothing behind `?` or `#`, which may be a token.
fn without_secrets(text: &str) -> String {
    let scheme = text.find("://").map_or(0, |at| at + 3);
    let shown = match text.find('@') {
        Some(at) => scheme.min(at),
        None => match text.find(['?', '#']) {
            Some(at) => at + 1,
            None => return text.into(),
        },
    };
    String::from(&text[..shown]) + "..."
}

/// A text that has no NUL, which the system would take for its end.
fn without_nul(field: &'static str, text: &str) -> Result<String, ConfigError> {
    if text.contains('\0') {
        return Err(ConfigError::new(field, text, "allowed is text without NUL"));
    }
    Ok(text.into())
}
