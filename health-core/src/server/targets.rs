//! What the endpoint asks of whoever watches targets.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::{fmt, iter};

use super::{Listing, Route, Service};
use crate::base::Moment;
use crate::base::Name;
use crate::monitor::{MonitorStatus, ReadyTarget, Summary, TargetStatus, TargetView};
use crate::render::exposition::Exposition;
use crate::render::{self, probes};

/// The most targets in one answer.
const MOST: usize = 1_000;

/// Whoever watches targets, for a [`Service`] to show them. A driver's monitor is one.
///
/// It is asked on the endpoint's thread, where probes wait for their answers: each call has to
/// return at once; one that panics has nothing to say. A long list is asked for in pages, so that
/// whoever watches it need not stand still meanwhile; what comes or goes between two pages may be
/// missing or shown.
pub trait Targets: Send + Sync {
    /// All of it in numbers. It is asked for each document of `/health`.
    fn status(&self) -> MonitorStatus;

    /// Some of the targets whose names come after `after`, or the first of all, in the order of names;
    /// those of one status, if `only` says so.
    fn page(&self, after: Option<&Name>, only: Option<TargetStatus>) -> Page<TargetView>;

    /// Some of those that may be sent work and have an address, likewise.
    fn ready(&self, after: Option<&Name>) -> Page<ReadyTarget>;
}

/// A part of a list.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// In the order of names. That there are none here does not say that there are no more.
    pub entries: Vec<T>,
    /// After which name to go on; `None` at the end.
    pub next: Option<Name>,
}

impl Service {
    /// Shows the targets of a monitor: at `/targets`, in numbers at `/metrics`, and how many of them
    /// are healthy in the document of `/health`. A reference to a driver's handle of a monitor is one to
    /// pass, and so is an `Arc` of whatever else watches some.
    #[must_use]
    pub fn targets(mut self, targets: impl Into<Arc<dyn Targets>>) -> Self {
        self.targets = Some(Watcher(targets.into()));
        self
    }

    /// The route of a path that leads nowhere else.
    pub(super) fn route_to_targets(&self, path: &[u8], query: Option<&[u8]>) -> Route {
        let path = path.strip_prefix(self.prefix.as_bytes());
        if path != Some(b"/targets") || self.targets.is_none() {
            return Route::NotFound;
        }
        let query = query.unwrap_or_default();
        let mut parameters = query.split(|&byte| byte == b'&');
        if parameters.any(|it| matches!(it, b"ready" | b"ready=" | b"ready=1" | b"ready=true")) {
            Route::ReadyTargets
        } else {
            Route::Targets(Listing::parse(query))
        }
    }

    /// Tells of the targets in numbers.
    pub(super) fn measure_targets(&self, e: &mut Exposition<'_>) {
        if let Some(watcher) = &self.targets {
            watcher.measure(e);
        }
    }

    /// Appends what such a route leads to.
    pub(super) fn tell_targets(&self, moment: Moment, route: Route, out: &mut Vec<u8>) {
        match (&self.targets, route) {
            (Some(watcher), Route::Targets(listing)) => watcher.list(moment, &listing, out),
            (Some(watcher), Route::ReadyTargets) => watcher.list_ready(out),
            _ => {}
        }
    }
}

/// Whom the service asks.
#[derive(Clone)]
pub(super) struct Watcher(Arc<dyn Targets>);

impl fmt::Debug for Watcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watcher")
    }
}

impl Watcher {
    pub(super) fn summary(&self) -> Option<Summary> {
        Some(self.status().summary)
    }

    /// Appends what a listing asks for.
    fn list(&self, moment: Moment, listing: &Listing, out: &mut Vec<u8>) {
        let status = self.status();
        let after = listing.after().and_then(|name| Name::new(name).ok());
        let targets = entries(after, |after| self.0.page(after, listing.status()));
        let mut targets: Vec<_> = targets.take(MOST + 1).collect();
        let has_more = targets.len() > MOST;
        targets.truncate(MOST);
        render::targets(moment, &status, &targets, has_more, out);
    }

    /// Tells of all of them in numbers, and of the first ones by themselves.
    fn measure(&self, e: &mut Exposition<'_>) {
        let status = self.status();
        let targets: Vec<_> = entries(None, |after| self.0.page(after, None))
            .take(MOST)
            .collect();
        let omitted = status.summary.total.saturating_sub(targets.len());
        probes::monitor(&status, omitted, e);
        probes::probes(&status, &targets, e);
    }

    fn status(&self) -> MonitorStatus {
        self.0.status()
    }

    /// Appends those that may be sent work.
    fn list_ready(&self, out: &mut Vec<u8>) {
        render::ready_targets(entries(None, |after| self.0.ready(after)), out);
    }
}

/// What stands on all pages behind a name; each is asked for when the one before is used up.
fn entries<T>(
    mut after: Option<Name>,
    mut ask: impl FnMut(Option<&Name>) -> Page<T>,
) -> impl Iterator<Item = T> {
    let mut is_over = false;
    let pages = iter::from_fn(move || {
        if is_over {
            return None;
        }
        let page = ask(after.as_ref());
        // A list that does not go on would have no end.
        is_over = page.next <= after;
        after = page.next;
        Some(page.entries)
    });
    pages.flatten()
}
