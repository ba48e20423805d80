//! What is asked: path, view and access, decided while the head's bytes are there.

use super::Access;
#[cfg(feature = "monitor")]
use super::Listing;
use super::cors::CrossOrigin;
use crate::base::Name;
use crate::base::ProbeKind;
use crate::http::Method;
use crate::render::{Excluded, Format};

/// One question to the endpoint. It borrows nothing, so it outlives the bytes it was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Query {
    /// How it is asked.
    pub method: Method,
    /// What is asked.
    pub route: Route,
    /// In which form; `None` if the client named one that a verdict does not have.
    pub format: Option<Format>,
    /// Whether every part is wanted.
    pub verbose: bool,
    /// What may be shown; [`Access::Public`] where no more is asked for.
    pub access: Access,
    /// What the verdict leaves out.
    pub excluded: Excluded,
    /// What the client has seen of the history: `Last-Event-ID`, else `?after=`.
    pub after: Cursor,
    /// What the browser that sent it is told.
    pub(super) cross_origin: CrossOrigin,
    /// Details were asked for too often: in how many seconds they may be again.
    pub(super) wait: Option<u32>,
}

impl Query {
    /// Whether it asks for what not everybody may see. Most verdicts do not, so nothing is decided
    /// about who asks for one.
    pub(super) const fn wants_details(&self) -> bool {
        let has_details = match (self.route, self.format) {
            // It names every check and why it fails in fixed words.
            (_, Some(Format::Text)) => false,
            (Route::Probe(ProbeKind::Health) | Route::Check(_), _) => true,
            (Route::Probe(_), Some(Format::HealthJson)) => true,
            _ => false,
        };
        self.route.is_private() || (self.verbose && has_details)
    }
}

/// From where on a client wants to hear what happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cursor {
    /// It does not say: of the history it wants all, of the stream what is to come.
    #[default]
    Unset,
    /// It has seen the transition of this number.
    After(u64),
    /// It named something that is no number.
    Malformed,
}

impl Cursor {
    /// The number, if there is one.
    #[must_use]
    pub const fn id(self) -> Option<u64> {
        match self {
            Self::After(id) => Some(id),
            Self::Unset | Self::Malformed => None,
        }
    }

    /// What a client says of itself, in digits. A number too large is one that was never given.
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

    /// What an `EventSource` remembers. If it is not ours, nothing that it has seen was ours.
    pub(super) fn of_event_id(text: &[u8]) -> Self {
        match Self::parse(text) {
            Self::Malformed => Self::After(u64::MAX),
            cursor => cursor,
        }
    }
}

/// What a path leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Route {
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
    /// Transitions and published values as they come: server-sent events (WHATWG HTML §9.2).
    ///
    /// | event | id | data |
    /// |---|---|---|
    /// | `snapshot` | of the latest transition | the document of `/health?verbose`: first of all, and behind the transitions of each batch |
    /// | `transition` | its own | an entry of `/health/history` |
    /// | `stats` | | the document of `/stats`, of `/stats?verbose` if the stream was asked for so: the latest values, however many were published in between |
    /// | `reset` | | `{"after":7,"first_id":9,"last_id":12}`: what the client has seen does not lead on to what follows. It forgets it; all that is remembered comes next |
    /// | `end` | | `{"phase":"draining"}`: nothing more comes |
    ///
    /// Data is one line of JSON, by `schemas/events.json`. Batches are 200 ms apart or more, published
    /// values gather for 50 ms, and a comment stands for silence. A client that comes back says what it has seen by
    /// `Last-Event-ID` or `?after=`, and is told the transitions behind that before the snapshot. In
    /// HTTP/1.1 the stream comes in chunks, in HTTP/1.0 it ends with its connection.
    Events,
    /// The targets that are watched, by name: how each is, and why (feature `monitor`). Only where
    /// [somebody watches some](crate::server::Service::targets).
    #[cfg(feature = "monitor")]
    Targets(Listing),
    /// Those among them that may be sent work, as Prometheus' `http_sd_configs` reads it: `?ready`.
    #[cfg(feature = "monitor")]
    ReadyTargets,
    /// What runs.
    Version,
    /// `OPTIONS *`.
    Server,
    /// Nothing.
    NotFound,
}

impl Route {
    /// The route of a path, compared byte for byte.
    pub(super) fn of(path: &[u8]) -> Self {
        match path {
            b"/" | b"/health" | b"/healthz" => Self::Probe(ProbeKind::Health),
            b"/health/live" | b"/livez" | b"/live" => Self::Probe(ProbeKind::Liveness),
            b"/health/ready" | b"/readyz" | b"/ready" => Self::Probe(ProbeKind::Readiness),
            b"/health/startup" | b"/startupz" | b"/health/started" => {
                Self::Probe(ProbeKind::Startup)
            }
            b"/stats" => Self::Stats,
            b"/metrics" => Self::Metrics,
            b"/health/history" => Self::History,
            b"/health/events" => Self::Events,
            b"/version" => Self::Version,
            _ => path
                .strip_prefix(b"/health/check/")
                .and_then(InlineName::new)
                .map_or(Self::NotFound, Self::Check),
        }
    }
}

impl Route {
    /// The forms in which it is told, the usual one first.
    pub(super) const fn formats(self) -> &'static [Format] {
        match self {
            Self::Metrics => Format::METRICS,
            Self::Probe(ProbeKind::Health) => Format::HEALTH,
            _ => Format::VERDICT,
        }
    }

    /// Whether all of it is for who may see details.
    pub(super) const fn is_private(self) -> bool {
        match self {
            Self::Stats | Self::Metrics | Self::History | Self::Events => true,
            #[cfg(feature = "monitor")]
            Self::Targets(_) | Self::ReadyTargets => true,
            _ => false,
        }
    }
}

/// The name in `/health/check/<name>`, kept inline: an orchestrator probes such paths all day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InlineName {
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

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Valid names are ASCII.
        core::str::from_utf8(&self.bytes[..usize::from(self.len)]).unwrap_or_default()
    }
}

/// What the query asks for. Parameters we do not know are ignored: monitors add them to get past
/// caches. The last of several wins, but names to exclude add up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct QueryString<'a> {
    pub(super) verbose: bool,
    pub(super) format: Option<&'a [u8]>,
    pub(super) excluded: Excluded,
    pub(super) after: Cursor,
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
                        asked.excluded.add(name);
                    }
                    if let Some(id) = parameter.strip_prefix(b"after=") {
                        asked.after = Cursor::parse(id);
                    }
                    asked.format = parameter.strip_prefix(b"format=").or(asked.format);
                }
            }
        }
        asked
    }
}
