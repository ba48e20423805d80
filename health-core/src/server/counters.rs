//! What a listener counts about itself: for `/metrics`, and for the report at its end.

use alloc::vec::Vec;
use core::sync::atomic::{AtomicUsize, Ordering};

use super::{CloseReason, Route};
use crate::base::ProbeKind;
use crate::http::Code;
use crate::render::exposition::{Exposition, Kind};

/// Responses, refusals, evictions and failed accepts of one listener, shown at `/metrics`.
///
/// A count is one atomic addition, and wraps around after `usize::MAX`.
#[derive(Debug, Default)]
pub(super) struct Counters {
    requests: [[AtomicUsize; CLASSES.len()]; ROUTES.len()],
    rejects: [AtomicUsize; REJECTS.len() + 1],
    evictions: AtomicUsize,
    accept_errors: AtomicUsize,
}

/// The value of the label `route`, by the place in the table.
const ROUTES: [&str; 13] = [
    "startup",
    "liveness",
    "readiness",
    "health",
    "check",
    "stats",
    "metrics",
    "history",
    "events",
    "targets",
    "version",
    "server",
    "other",
];
const CLASSES: [&str; 3] = ["2xx", "4xx", "5xx"];
/// The codes of refusals with a count of their own; the rest are `other`.
const REJECTS: [Code; 6] = [
    Code::BadRequest,
    Code::RequestTimeout,
    Code::ContentTooLarge,
    Code::UriTooLong,
    Code::HeaderFieldsTooLarge,
    Code::VersionNotSupported,
];

impl Counters {
    pub(super) fn count_eviction(&self) {
        count(&self.evictions);
    }

    /// `accept` has failed.
    pub(super) fn count_accept_error(&self) {
        count(&self.accept_errors);
    }

    pub(super) fn count_request(&self, route: Route, status: Code) {
        let class = match status as u16 {
            ..400 => 0,
            400..500 => 1,
            _ => 2,
        };
        count(&self.requests[place(route)][class]);
    }

    pub(super) fn count_reject(&self, status: Code) {
        let known = REJECTS.iter().position(|code| *code == status);
        count(&self.rejects[known.unwrap_or(REJECTS.len())]);
    }

    pub(super) fn write_metrics(&self, e: &mut Exposition<'_>) {
        let mut family = e.family(
            Kind::Counter,
            "health_endpoint_requests",
            "Requests answered by the health endpoint.",
        );
        for (route, counts) in ROUTES.iter().zip(&self.requests) {
            for (class, requests) in CLASSES.iter().zip(counts) {
                family.integer(&[("route", route), ("code", class)], load(requests));
            }
        }
        let mut family = e.family(
            Kind::Counter,
            "health_endpoint_rejects",
            "Requests refused by the health endpoint: malformed, too large or too slow.",
        );
        let codes = ["400", "408", "413", "414", "431", "505", "other"];
        for (code, rejects) in codes.iter().zip(&self.rejects) {
            family.integer(&[("code", code)], load(rejects));
        }
        e.family(
            Kind::Counter,
            "health_endpoint_evictions",
            "Connections given up for others by the health endpoint.",
        )
        .integer(&[], load(&self.evictions));
        e.family(
            Kind::Counter,
            "health_endpoint_accept_errors",
            "Connections the health endpoint failed to accept.",
        )
        .integer(&[], load(&self.accept_errors));
    }
}

/// Counts of all connections of a server, from its start to its end.
///
/// Every connection that was accepted is counted once: in [`closed`](Self::closed),
/// [`cut_off`](Self::cut_off) or [`failed`](Self::failed).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerReport {
    /// Responses delivered whole, as far as the server knows.
    pub finished: u64,
    /// Connections closed during a response that was still under way when
    /// [`Limits::stop_timeout`](super::Limits::stop_timeout) had passed.
    pub cut_off: u64,
    /// Connections that ended by an error of their socket, such as a reset.
    pub failed: u64,
    /// How many connections ended for each reason, in the order of first occurrence.
    pub closed: Vec<(CloseReason, u64)>,
}

impl ServerReport {
    /// How many connections ended for this reason.
    #[must_use]
    pub fn count(&self, reason: CloseReason) -> u64 {
        let found = self.closed.iter().find(|(other, _)| *other == reason);
        found.map_or(0, |(_, count)| *count)
    }

    /// There are few reasons, so a list is enough.
    pub(super) fn add(&mut self, reason: CloseReason) {
        match self.closed.iter_mut().find(|(other, _)| *other == reason) {
            Some((_, count)) => *count += 1,
            None => self.closed.push((reason, 1)),
        }
    }
}

const fn place(route: Route) -> usize {
    match route {
        Route::Probe(ProbeKind::Startup) => 0,
        Route::Probe(ProbeKind::Liveness) => 1,
        Route::Probe(ProbeKind::Readiness) => 2,
        Route::Probe(ProbeKind::Health) => 3,
        Route::Check(_) => 4,
        Route::Stats => 5,
        Route::Metrics => 6,
        Route::History => 7,
        Route::Events => 8,
        #[cfg(feature = "monitor")]
        Route::Targets(_) | Route::ReadyTargets(_) => 9,
        #[cfg(feature = "registry")]
        Route::Target(_) | Route::Asked(_) => 9,
        Route::Version => 10,
        Route::Server => 11,
        Route::NotFound => 12,
    }
}

fn count(counter: &AtomicUsize) {
    counter.fetch_add(1, Ordering::Relaxed);
}

fn load(counter: &AtomicUsize) -> u64 {
    counter.load(Ordering::Relaxed) as u64
}
