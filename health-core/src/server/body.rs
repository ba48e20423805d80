//! The body of an answer: which view of what.

use alloc::vec::Vec;

use super::stream::Stream;
use super::{Access, Query, Route, Service};
use crate::base::Moment;
use crate::base::{ProbeKind, Status};
use crate::health::Snapshot;
use crate::http::{Head, StatusCode};
use crate::render::exposition::Exposition;
use crate::render::{self, Format, Probe, Watched};

impl Service {
    /// Appends the body that goes with `head`: none if that has no type.
    pub(super) fn body(
        &self,
        moment: Moment,
        ask: &Query,
        head: &Head,
        verdict: Option<Status>,
        snapshot: &Snapshot,
        out: &mut Vec<u8>,
    ) {
        if head.content_type.is_none() {
            return;
        }
        let format = ask.format.unwrap_or_default();
        let status = verdict.unwrap_or(Status::Unknown);
        let is_detailed = ask.access == Access::Detailed;
        // The text names every check and why it fails in fixed words, which anybody may read.
        let verbose = ask.verbose && (is_detailed || format == Format::Text);
        match (head.status, ask.route) {
            (StatusCode::NotFound, _) => render::error("Not found", out),
            (StatusCode::MethodNotAllowed, _) => render::error("Method not allowed", out),
            #[cfg(feature = "monitor")]
            (StatusCode::BadRequest, Route::Targets(listing)) => {
                render::error(listing.flaw().unwrap_or_default(), out);
            }
            (StatusCode::BadRequest, _) => {
                render::error("after is the number of a transition", out);
            }
            (StatusCode::Unauthorized, _) => render::error("Unauthorized", out),
            (StatusCode::Forbidden, _) => render::error("Forbidden", out),
            _ if ask.wait.is_some() => render::error("Too many requests", out),
            (StatusCode::NotAcceptable, _) => {
                render::not_acceptable(ask.route.formats(), out);
            }
            (_, Route::Stats) => render::stats(verbose, snapshot, out),
            (_, Route::Metrics) => {
                Exposition::write(format == Format::OpenMetrics, out, |e| {
                    render::metrics(moment, snapshot, e);
                    #[cfg(feature = "monitor")]
                    self.measure_targets(e);
                    self.counters().tell(e);
                });
            }
            (_, Route::History) => render::history(ask.after.id(), moment, snapshot, out),
            // Whoever mounts the endpoint elsewhere cannot follow: its client comes back by itself.
            (_, Route::Events) => {
                Stream::new(ask, false, moment.now).tell_all(self, moment, snapshot, out);
            }
            #[cfg(feature = "monitor")]
            (_, Route::Targets(_) | Route::ReadyTargets) => {
                self.tell_targets(moment, ask.route, out);
            }
            (_, Route::Version) => render::version(moment, snapshot, out),
            (code, Route::Probe(kind)) => {
                let is_document = kind == ProbeKind::Health && format == Format::Json;
                let probe = Probe {
                    kind,
                    status,
                    healthy: code == StatusCode::Ok,
                    verbose,
                    excluded: &ask.excluded,
                    moment,
                    snapshot,
                    watched: is_document.then(|| self.watched()).flatten(),
                };
                render::probe(format, &probe, out);
            }
            (code, Route::Check(name)) => {
                let name = name.as_str();
                match format {
                    Format::Text => render::check_text(status, out),
                    Format::HealthJson => {
                        render::check_health_json(status, code == StatusCode::Ok, name, out);
                    }
                    _ => render::check(name, status, verbose, moment, snapshot, out),
                }
            }
            (_, Route::Server | Route::NotFound) => {}
        }
    }

    /// How many targets are well, if there are any to watch.
    pub(super) fn watched(&self) -> Option<Watched> {
        #[cfg(feature = "monitor")]
        {
            let summary = self.targets.as_ref()?.summary()?;
            Some(Watched {
                total: summary.total,
                healthy: summary.healthy(),
            })
        }
        #[cfg(not(feature = "monitor"))]
        None
    }
}
