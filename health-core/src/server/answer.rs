//! What is answered to a query: decided once, for connections of our own and for mounted endpoints.

use alloc::vec::Vec;

use super::stream::Stream;
#[cfg(feature = "monitor")]
use super::targets::TargetQuery;
use super::{Access, DegradedCode, EventCursor, Query, Route, Service};
use crate::base::{Instant, Moment, ProbeKind, Status};
use crate::health::Snapshot;
use crate::http::{Code, Head, Method};
use crate::render::exposition::Exposition;
use crate::render::{self, Format, Probe, Watched};

/// A response before it is written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answer<'q> {
    pub(super) head: Head,
    pub(super) body: Body<'q>,
}

/// What stands behind the head.
#[derive(Clone, Copy, Debug)]
pub(super) enum Body<'q> {
    /// Nothing: the status code says it all.
    Empty,
    /// Why there is nothing else.
    Error(&'static str),
    /// Which formats there are, if another one is named.
    Formats(&'static [Format]),
    Verdict {
        kind: ProbeKind,
        status: Status,
        format: Format,
    },
    Check {
        name: &'q str,
        status: Status,
        format: Format,
    },
    Stats,
    Metrics(Format),
    History,
    /// A connection of our own begins a stream. Elsewhere it is one document of events, and the
    /// client comes back for more.
    Events,
    #[cfg(feature = "monitor")]
    Targets(&'q TargetQuery),
    #[cfg(feature = "monitor")]
    ReadyTargets(&'q TargetQuery),
    Version,
}

impl Service {
    /// Decides what is answered to `query`, and counts it.
    pub(super) fn decide<'q>(
        &self,
        now: Instant,
        query: &'q Query,
        snapshot: &Snapshot,
    ) -> Answer<'q> {
        let is_preflight = query.cross_origin.is_preflight;
        let bucket = self.bucket.as_ref();
        let bucket = bucket.filter(|_| query.access == Access::Detailed);
        let wait = bucket.and_then(|bucket| bucket.take(now).err());
        let (status, mut body) = match query.route {
            Route::NotFound => (Code::NotFound, Body::Error("Not found")),
            Route::Server => (Code::NoContent, Body::Empty),
            _ if is_preflight => (Code::NoContent, Body::Empty),
            _ if query.method == Method::Other => {
                let error = Body::Error("Method not allowed");
                (Code::MethodNotAllowed, error)
            }
            _ if wait.is_some() => {
                let error = Body::Error("Too many requests");
                (Code::TooManyRequests, error)
            }
            Route::Events if self.limits.streams == 0 => (Code::NotFound, Body::Error("Not found")),
            route if route.is_private() && query.access == Access::Public => {
                match self.policy.refusal() {
                    Code::Unauthorized => (Code::Unauthorized, Body::Error("Unauthorized")),
                    status => (status, Body::Error("Forbidden")),
                }
            }
            Route::History | Route::Events if query.after == EventCursor::Malformed => {
                let error = Body::Error("after is the number of a transition");
                (Code::BadRequest, error)
            }
            Route::History => (Code::Ok, Body::History),
            Route::Events => (Code::Ok, Body::Events),
            Route::Stats => (Code::Ok, Body::Stats),
            Route::Version => (Code::Ok, Body::Version),
            Route::Metrics => {
                let format = query.format.unwrap_or(Format::METRICS[0]);
                (Code::Ok, Body::Metrics(format))
            }
            #[cfg(feature = "monitor")]
            Route::Targets(ref targets) => match targets.error() {
                Some(error) => (Code::BadRequest, Body::Error(error)),
                None => (Code::Ok, Body::Targets(targets)),
            },
            #[cfg(feature = "monitor")]
            Route::ReadyTargets(ref targets) => match targets.error() {
                Some(error) => (Code::BadRequest, Body::Error(error)),
                None => (Code::Ok, Body::ReadyTargets(targets)),
            },
            Route::Probe(kind) => match query.format {
                Some(format) => {
                    let status = query.excluded.status(kind, snapshot);
                    let verdict = Body::Verdict {
                        kind,
                        status,
                        format,
                    };
                    (self.code_of(status), verdict)
                }
                None => {
                    let formats = Body::Formats(query.route.formats());
                    (Code::NotAcceptable, formats)
                }
            },
            Route::Check(ref name) => match (query.format, snapshot.status_of(name.as_str())) {
                (None, _) => {
                    let formats = Body::Formats(query.route.formats());
                    (Code::NotAcceptable, formats)
                }
                (Some(_), None) => (Code::NotFound, Body::Error("Not found")),
                (Some(format), Some(status)) => {
                    let check = Body::Check {
                        name: name.as_str(),
                        status,
                        format,
                    };
                    (self.code_of(status), check)
                }
            },
        };
        let is_code_only = query.method == Method::Options && query.route != Route::NotFound;
        if is_code_only {
            body = Body::Empty;
        }
        self.counters().count_request(query.route, status);
        let mut head = Head::new(status);
        head.allow = (is_code_only && !is_preflight) || status == Code::MethodNotAllowed;
        head.authenticate = status == Code::Unauthorized;
        if matches!(status, Code::ServiceUnavailable | Code::TooManyRequests) {
            // Whole seconds, rounded up.
            let wait = wait.map(|wait| wait.as_millis().div_ceil(1_000).max(1));
            let wait = wait.map(|seconds| u32::try_from(seconds).unwrap_or(u32::MAX));
            head.retry_after = Some(wait.unwrap_or(self.retry_after));
        }
        match body {
            Body::Empty => head.content_type = None,
            Body::Events => head.content_type = Some(Head::EVENT_STREAM),
            Body::Verdict { format, .. } | Body::Check { format, .. } | Body::Metrics(format) => {
                head.content_type = Some(format.content_type());
                head.content_security_policy = format.content_security_policy();
            }
            _ => {}
        }
        Answer { head, body }
    }

    /// The code of a verdict.
    pub(super) const fn code_of(&self, status: Status) -> Code {
        match (status, self.degraded) {
            (Status::Healthy, _) | (Status::Degraded, DegradedCode::Ok) => Code::Ok,
            (Status::Degraded, DegradedCode::TooManyRequests) => Code::TooManyRequests,
            _ => Code::ServiceUnavailable,
        }
    }

    /// Appends the body of `answer`, which has been decided for `query`.
    pub(super) fn write_body(
        &self,
        answer: &Answer<'_>,
        query: &Query,
        moment: Moment,
        snapshot: &Snapshot,
        out: &mut Vec<u8>,
    ) {
        let is_detailed = query.verbose && query.access == Access::Detailed;
        match answer.body {
            Body::Empty => {}
            Body::Error(reason) => render::error(reason, out),
            Body::Formats(formats) => render::not_acceptable(formats, out),
            Body::Verdict {
                kind,
                status,
                format,
            } => {
                let is_document = kind == ProbeKind::Health && format == Format::Json;
                let probe = Probe {
                    kind,
                    status,
                    healthy: answer.head.status.0 == Code::Ok,
                    degraded_fails: self.degraded != DegradedCode::Ok,
                    // The text names every check and why it fails in fixed words, which are public.
                    verbose: is_detailed || (query.verbose && format == Format::Text),
                    excluded: &query.excluded,
                    moment,
                    snapshot,
                    watched: if is_document { self.watched() } else { None },
                };
                match format {
                    Format::Text => render::text(&probe, out),
                    Format::HealthJson => render::health_json(&probe, out),
                    #[cfg(feature = "page")]
                    Format::Html => {
                        render::page(&probe, |out| self.write_table(query.access, out), out);
                    }
                    _ if kind == ProbeKind::Health => render::document(&probe, out),
                    _ => render::verdict(&probe, out),
                }
            }
            Body::Check {
                name,
                status,
                format,
            } => match format {
                Format::Text => render::check_text(status, out),
                Format::HealthJson => {
                    let is_ok = answer.head.status.0 == Code::Ok;
                    render::check_health_json(status, is_ok, name, out);
                }
                _ => render::check(name, status, is_detailed, moment, snapshot, out),
            },
            Body::Stats => render::stats(is_detailed, snapshot, out),
            Body::Metrics(format) => {
                Exposition::write(format == Format::OpenMetrics, out, |e| {
                    render::metrics(moment, snapshot, e);
                    #[cfg(feature = "monitor")]
                    if let Some(targets) = &self.targets {
                        targets.write_metrics(e);
                    }
                    self.counters().write_metrics(e);
                });
            }
            Body::History => render::history(query.after.id(), moment, snapshot, out),
            Body::Events => {
                Stream::new(query, false, moment.now).write_all(self, moment, snapshot, out);
            }
            #[cfg(feature = "monitor")]
            Body::Targets(targets) => {
                if let Some(all) = &self.targets {
                    all.write_list(moment, targets, out);
                }
            }
            #[cfg(feature = "monitor")]
            Body::ReadyTargets(targets) => {
                if let Some(all) = &self.targets {
                    all.write_ready(targets, out);
                }
            }
            Body::Version => render::version(moment, snapshot, out),
        }
    }

    /// Appends the targets for browsers without scripts, if there is a monitor.
    #[cfg(feature = "page")]
    fn write_table(&self, access: Access, out: &mut Vec<u8>) {
        #[cfg(feature = "monitor")]
        if let Some(targets) = self.targets.as_ref().filter(|_| access == Access::Detailed) {
            targets.write_table(out);
        }
        #[cfg(not(feature = "monitor"))]
        let _ = (access, out);
    }

    /// How many targets are healthy, if there is a monitor.
    pub(super) fn watched(&self) -> Option<Watched> {
        #[cfg(feature = "monitor")]
        {
            self.targets.as_ref()?.watched()
        }
        #[cfg(not(feature = "monitor"))]
        None
    }
}
