//! Copies of targets, which borrow nothing of the monitor: what `/targets` and `/metrics` show.

#[cfg(feature = "registry")]
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::down::reason;
#[cfg(feature = "registry")]
use super::registry::{Quiet, QuietReason};
use super::status::TargetStatus;
use super::target::Target;
use crate::base::{Instant, Moment, UnixTime};
use crate::base::{Kind, Name, Streak};
use crate::check::probe::{Endpoint, Report};
use crate::check::{Check, CheckStatus, Mode, Record};

/// A target at one moment.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TargetView {
    /// Its name.
    pub name: Name,
    /// The group it belongs to, if it has one.
    pub group: Option<Name>,
    /// Its status; a verdict that is too old counts as unknown.
    pub status: TargetStatus,
    /// Whether it may be sent work; never by verdicts that are too old.
    pub is_ready: bool,
    /// Whether it was deregistered.
    pub is_deregistered: bool,
    /// How many of its checks are healthy, of how many: `(2, 3)`.
    pub healthy: (usize, usize),
    /// Its checks, in the order they were given.
    pub checks: Vec<CheckView>,
    /// Why it is paused, if it is.
    #[cfg(feature = "registry")]
    pub paused: Option<Arc<QuietReason>>,
    /// Why no notices are sent about it, if it is silenced.
    #[cfg(feature = "registry")]
    pub silenced: Option<Arc<QuietReason>>,
    /// What else its program knows of it: names as Prometheus has them for labels, others are not shown,
    /// and values.
    #[cfg(feature = "registry")]
    pub labels: Option<Arc<BTreeMap<String, String>>>,
}

/// A check in a [`TargetView`].
///
/// The first three fields after the name are the driver's: the monitor does not know what carries a
/// check out, and leaves them empty.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CheckView {
    /// Its name.
    pub name: Name,
    /// What it probes, without secrets.
    pub target: String,
    /// Whether it probes by HTTP.
    pub is_http: bool,
    /// What the last completed attempt saw: the duration of each part, address, output.
    pub last_report: Option<Arc<Report>>,
    /// Its status.
    pub status: CheckStatus,
    /// When the status last changed; `None` if that is not known.
    pub since: Option<UnixTime>,
    /// Whether the status is older than it should be.
    pub is_stale: bool,
    /// What it is doing.
    pub mode: Mode,
    /// Results in a row.
    pub streak: Streak,
    /// When it was deregistered; `None` if it was not, or that is not known.
    pub deregistered_at: Option<UnixTime>,
    /// Since when the rechecks of a deregistered target's check have succeeded; `None` if the last one did
    /// not.
    pub answers_since: Option<UnixTime>,
    /// Whether the last success came with a warning.
    pub is_degraded: bool,
    /// When it is due next, by the monitor's clock; `None` while it runs, and if it is not planned.
    pub next_due: Option<Instant>,
    /// Attempts begun.
    pub attempts: u64,
    /// Slots that passed without an attempt, because an attempt, the queue or a stall covered them.
    pub skipped_slots: u64,
    /// The last results as they were judged, oldest first.
    pub history: Vec<Record>,
}

/// A target that may be sent work, and its address.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadyTarget {
    /// Its name.
    pub(crate) name: Name,
    /// The group it belongs to, if it has one.
    pub(crate) group: Option<Name>,
    /// What the first of its checks that has an address connects to.
    pub(crate) endpoint: Endpoint,
}

#[cfg(feature = "supervise")]
impl ReadyTarget {
    /// Its name.
    #[must_use]
    pub const fn name(&self) -> &Name {
        &self.name
    }
}

impl TargetView {
    /// `target` at this moment, without what only its driver knows of the [checks](CheckView).
    #[must_use]
    pub fn new(moment: Moment, target: &Target) -> Self {
        let checks = target.checks();
        let checks = checks.map(|(name, check)| CheckView::new(moment, name, check));
        Self {
            name: target.name().clone(),
            group: target.group().cloned(),
            status: target.status_at(moment.now),
            is_ready: target.is_ready_at(moment.now),
            is_deregistered: target.is_deregistered(),
            healthy: target.healthy(),
            checks: checks.collect(),
            #[cfg(feature = "registry")]
            paused: None,
            #[cfg(feature = "registry")]
            silenced: None,
            #[cfg(feature = "registry")]
            labels: None,
        }
    }
}

impl TargetView {
    /// The same, with what [`Monitor::quiet`](super::Monitor::quiet) says of it at this time.
    #[cfg(feature = "registry")]
    #[must_use]
    pub fn with_quiet(mut self, at: UnixTime, quiet: &Quiet) -> Self {
        self.paused = quiet.paused(&self.name).cloned();
        self.silenced = quiet.silenced(at, &self.name, self.group.as_ref()).cloned();
        self
    }

    /// What the check says that made it unhealthy, or another one of its checks that failed; empty if no
    /// failure is kept.
    #[must_use]
    pub fn reason(&self) -> &str {
        let checks = self.checks.iter();
        reason(checks.map(|it| (it.status, it.error().map(|(_, message)| message))))
    }
}

impl CheckView {
    fn new(moment: Moment, name: &Name, check: &Check) -> Self {
        Self {
            name: name.clone(),
            target: String::new(),
            is_http: false,
            last_report: None,
            status: check.status(),
            since: check.since(moment),
            is_stale: check.is_stale(),
            mode: check.mode(),
            streak: check.streak(),
            deregistered_at: check.deregistered_at(moment),
            answers_since: check.answers_since(moment),
            is_degraded: check.is_degraded(),
            next_due: check.next_due(),
            attempts: check.attempts,
            skipped_slots: check.skipped_slots.into(),
            history: check.history().cloned().collect(),
        }
    }

    /// The latest of the results that are kept which was no success.
    #[must_use]
    pub fn last_error(&self) -> Option<&Record> {
        self.history.iter().rev().find(|it| it.is_error())
    }

    /// The kind and the message of the last error; before the first attempt, of the one that was stored.
    pub(crate) fn error(&self) -> Option<(Option<Kind>, &str)> {
        let kept = self.last_error().map(|it| (it.kind(), it.message()));
        let stored = || {
            let report = self
                .last_report
                .as_ref()
                .filter(|_| self.history.is_empty());
            let outcome = &report?.outcome;
            Some((outcome.kind, outcome.message.as_str()))
        };
        kept.or_else(stored)
    }
}

impl ReadyTarget {
    /// `target`, which was found ready, and its address.
    #[must_use]
    pub fn new(target: &Target, endpoint: Endpoint) -> Self {
        Self {
            name: target.name().clone(),
            group: target.group().cloned(),
            endpoint,
        }
    }
}
