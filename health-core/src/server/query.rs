//! What a request asks for: route, format and access, decided while the bytes of its head are there.

use super::cors::CrossOrigin;
#[cfg(feature = "monitor")]
use super::targets::TargetQuery;
use super::{Access, Service};
use crate::base::Name;
use crate::base::ProbeKind;
use crate::http::Method;
use crate::render::{Excluded, Format};

/// A request to the endpoint, read by [`Service::query`]. It borrows nothing of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Query {
    pub(super) method: Method,
    pub(super) route: Route,
    /// `None` if the client named one that the route does not have.
    pub(super) format: Option<Format>,
    /// Whether every part is requested.
    pub(super) verbose: bool,
    /// What may be shown; [`Access::Public`] where no more is requested.
    pub(super) access: Access,
    /// What the verdict leaves out.
    pub(super) excluded: Excluded,
    /// What the client has seen of the history: `Last-Event-ID`, else `?after=`.
    pub(super) after: EventCursor,
    pub(super) cross_origin: CrossOrigin,
}

impl Query {
    /// Whether it asks for more than is public. Most verdicts do not, and no access check is made for
    /// them.
    pub(super) const fn wants_details(&self) -> bool {
        // Its table of targets is for who may see them.
        #[cfg(all(feature = "page", feature = "monitor"))]
        if matches!(self.format, Some(Format::Html)) {
            return true;
        }
        let has_details = match (self.route, self.format) {
            // It names every check and why it fails in fixed words, which are public.
            (_, Some(Format::Text)) => false,
            (Route::Probe(ProbeKind::Health) | Route::Check(_), _) => true,
            (Route::Probe(_), Some(Format::HealthJson)) => true,
            _ => false,
        };
        self.route.is_private() || (self.verbose && has_details)
    }
}

/// Which transitions a client has seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum EventCursor {
    /// It does not say: of the history it gets all, of the stream what comes from now on.
    #[default]
    Unset,
    /// Those up to the one with this id.
    After(u64),
    /// It sent something that is no number.
    Malformed,
}

impl EventCursor {
    /// The id, if there is one.
    pub(super) const fn id(self) -> Option<u64> {
        match self {
            Self::After(id) => Some(id),
            Self::Unset | Self::Malformed => None,
        }
    }

    /// Reads digits. A number too large is an id that was never given.
    pub(super) fn parse(text: &[u8]) -> Self {
        if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
            return Self::Malformed;
        }
        let more = |id: u64, digit: &u8| {
            let digit = u64::from(digit - b'0');
            id.saturating_mul(10).saturating_add(digit)
        };
        Self::After(text.iter().fold(0, more))
    }

    /// Reads the `Last-Event-ID` of an `EventSource`. One that is not ours means that the client has
    /// seen nothing of ours.
    /// A blank one is none (WHATWG HTML §9.2.4).
    pub(super) fn of_event_id(text: &[u8]) -> Option<Self> {
        if text.is_empty() {
            return None;
        }
        Some(match Self::parse(text) {
            Self::Malformed => Self::After(u64::MAX),
            cursor => cursor,
        })
    }
}

/// What a path leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// A verdict on the daemon.
    Probe(ProbeKind),
    /// A verdict on one of its parts.
    Check(InlineName),
    /// Published values.
    Stats,
    /// Counters, gauges and everything else that is a number.
    Metrics,
    /// The latest transitions.
    History,
    /// Transitions and published values as they come.
    Events,
    /// The targets of a monitor.
    #[cfg(feature = "monitor")]
    Targets(TargetQuery),
    /// Those among them that may be sent work, as Prometheus' `http_sd_configs` reads it: `?ready`.
    #[cfg(feature = "monitor")]
    ReadyTargets(TargetQuery),
    /// What runs.
    Version,
    /// `OPTIONS *`.
    Server,
    NotFound,
}

impl Service {
    /// The route of a path behind the prefix, compared byte for byte.
    pub(super) fn route(&self, path: &[u8], query: Option<&[u8]>) -> Route {
        #[cfg(not(feature = "monitor"))]
        let _ = query;
        match path {
            b"/" | b"/health" | b"/healthz" => Route::Probe(ProbeKind::Health),
            b"/health/live" | b"/livez" | b"/live" => Route::Probe(ProbeKind::Liveness),
            b"/health/ready" | b"/readyz" | b"/ready" => Route::Probe(ProbeKind::Readiness),
            b"/health/startup" | b"/startupz" | b"/health/started" => {
                Route::Probe(ProbeKind::Startup)
            }
            b"/stats" => Route::Stats,
            b"/metrics" => Route::Metrics,
            b"/health/history" => Route::History,
            b"/health/events" => Route::Events,
            b"/version" => Route::Version,
            #[cfg(feature = "monitor")]
            b"/targets" if self.targets.is_some() => {
                let query = query.unwrap_or_default();
                let targets = TargetQuery::parse(query);
                if targets.is_ready() {
                    Route::ReadyTargets(targets)
                } else {
                    Route::Targets(targets)
                }
            }
            _ => path
                .strip_prefix(b"/health/check/")
                .and_then(InlineName::new)
                .map_or(Route::NotFound, Route::Check),
        }
    }
}

impl Route {
    /// Its formats, the default first.
    pub(super) const fn formats(self) -> &'static [Format] {
        match self {
            Self::Metrics => Format::METRICS,
            Self::Probe(ProbeKind::Health) => Format::HEALTH,
            _ => Format::VERDICT,
        }
    }

    /// Whether all of it is for clients that may see details.
    pub(super) const fn is_private(self) -> bool {
        match self {
            Self::Stats | Self::Metrics | Self::History | Self::Events => true,
            #[cfg(feature = "monitor")]
            Self::Targets(_) | Self::ReadyTargets(_) => true,
            _ => false,
        }
    }
}

/// The name in `/health/check/<name>`, kept inline: orchestrators probe such paths often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct InlineName {
    len: u8,
    bytes: [u8; Name::MAX_LEN],
}

impl InlineName {
    pub(super) fn new(name: &[u8]) -> Option<Self> {
        if !Name::is_valid(name) {
            return None;
        }
        let mut bytes = [0; Name::MAX_LEN];
        bytes[..name.len()].copy_from_slice(name);
        Some(Self {
            len: name.len() as u8,
            bytes,
        })
    }

    /// The name in a parameter's value, in which any byte may stand as `%` and two digits: URL
    /// libraries encode the `:` of a name.
    pub(super) fn decode(value: &[u8]) -> Option<Self> {
        let (mut decoded, mut len) = ([0; Name::MAX_LEN], 0);
        let mut rest = value;
        while let [byte, behind @ ..] = rest {
            rest = behind;
            *decoded.get_mut(len)? = match (*byte, rest) {
                (b'%', [high, low, behind @ ..]) => {
                    rest = behind;
                    let digit = |byte: u8| char::from(byte).to_digit(16);
                    (digit(*high)? * 16 + digit(*low)?) as u8
                }
                (byte, _) => byte,
            };
            len += 1;
        }
        Self::new(&decoded[..len])
    }

    /// The name as text.
    pub(super) fn as_str(&self) -> &str {
        // Valid names are ASCII.
        core::str::from_utf8(&self.bytes[..usize::from(self.len)]).unwrap_or_default()
    }
}

/// The parameters of a request. Unknown ones are ignored: monitors add them to get past caches. The
/// last of several counts, but names to exclude add up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct QueryString<'a> {
    pub(super) verbose: bool,
    pub(super) format: Option<&'a [u8]>,
    pub(super) excluded: Excluded,
    pub(super) after: EventCursor,
}

impl<'a> QueryString<'a> {
    pub(super) fn parse(query: &'a [u8]) -> Self {
        let mut asked = Self::default();
        for parameter in query.split(|&byte| byte == b'&') {
            match parameter {
                b"verbose" | b"verbose=" | b"verbose=1" | b"verbose=true" => asked.verbose = true,
                b"verbose=0" | b"verbose=false" => asked.verbose = false,
                _ => {
                    if let Some(name) = parameter.strip_prefix(b"exclude=") {
                        if let Some(name) = InlineName::decode(name) {
                            asked.excluded.add(name.as_str().as_bytes());
                        }
                    }
                    if let Some(id) = parameter.strip_prefix(b"after=") {
                        asked.after = EventCursor::parse(id);
                    }
                    // One without a value asks for nothing.
                    let format = parameter.strip_prefix(b"format=");
                    asked.format = format.filter(|it| !it.is_empty()).or(asked.format);
                }
            }
        }
        asked
    }
}
