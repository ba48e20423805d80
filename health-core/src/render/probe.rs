//! One answer about to be told: what was asked, and what there is to say.

use super::Excluded;
use crate::base::Moment;
use crate::base::Name;
use crate::base::{ProbeKind, Status};
use crate::health::{Phase, Snapshot};

/// The answer to one question, to be told in any [`Format`](super::Format).
///
/// ```
/// use health_core::health::{Registry};
/// use health_core::{ProbeKind};
/// use health_core::render::{self, Format, Probe};
/// use health_core::Moment;
///
/// let moment = Moment::default();
/// let mut registry = Registry::new("steering", "1.4.0", moment.now);
/// registry.set_running(moment.now);
/// let snapshot = registry.snapshot(moment.now);
///
/// let mut out = Vec::new();
/// render::probe(Format::Text, &Probe::new(ProbeKind::Readiness, moment, &snapshot), &mut out);
/// assert_eq!(out, b"ok");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Probe<'a> {
    pub(crate) kind: ProbeKind,
    pub(crate) status: Status,
    pub(crate) healthy: bool,
    pub(crate) verbose: bool,
    pub(crate) excluded: &'a Excluded,
    pub(crate) moment: Moment,
    pub(crate) snapshot: &'a Snapshot,
    /// Who watches others tells how they are, too.
    pub(crate) watched: Option<Watched>,
}

/// How many targets there are, and are well.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Watched {
    pub(crate) total: usize,
    pub(crate) healthy: usize,
}

impl<'a> Probe<'a> {
    /// The answer to `kind`, without details.
    #[must_use]
    pub fn new(kind: ProbeKind, moment: Moment, snapshot: &'a Snapshot) -> Self {
        Self::of(kind, &Excluded::NONE, moment, snapshot)
    }

    /// The answer to `kind` if what is `excluded` were not there.
    #[must_use]
    pub fn of(
        kind: ProbeKind,
        excluded: &'a Excluded,
        moment: Moment,
        snapshot: &'a Snapshot,
    ) -> Self {
        let status = excluded.status(kind, snapshot);
        Self {
            kind,
            status,
            healthy: status.is_up(),
            verbose: false,
            excluded,
            moment,
            snapshot,
            watched: None,
        }
    }

    /// Tells every part, and why. In all formats but [`Text`](super::Format::Text) that shows
    /// messages and private causes: it is for readers who may see them.
    #[must_use]
    pub const fn verbose(mut self, verbose: bool) -> Self {
        self.verbose = verbose;
        self
    }

    /// Sets whether the answer counts as good: whether its code is 200. By default healthy and
    /// degraded do.
    #[must_use]
    pub const fn healthy(mut self, healthy: bool) -> Self {
        self.healthy = healthy;
        self
    }

    /// The verdict.
    #[must_use]
    pub const fn status(&self) -> Status {
        self.status
    }

    /// The word for the whole: on its way out a daemon is neither well nor ill, it is leaving.
    pub(super) fn word(&self) -> &'static str {
        match self.snapshot.phase() {
            phase @ (Phase::Draining | Phase::Stopped) => phase.as_str(),
            _ => self.status.as_str(),
        }
    }

    /// Whether a part of this name counts.
    pub(super) fn counts(&self, name: &Name) -> bool {
        !self.kind.heeds_exclusion() || !self.excluded.contains(name)
    }

    /// Those of `names` that count.
    pub(super) fn only<'s>(
        &'s self,
        names: impl Iterator<Item = &'s Name>,
    ) -> impl Iterator<Item = &'s str> {
        names.filter(|name| self.counts(name)).map(Name::as_str)
    }

    /// What speaks against the daemon, each with the name of the part that does.
    pub(super) fn reasons(&self) -> impl Iterator<Item = (&'static str, &Name)> {
        let snapshot = self.snapshot;
        let sees_all = self.kind.heeds_exclusion();
        let stalled = snapshot.stalled().map(|name| ("stalled", name));
        let pending = snapshot.pending().map(|name| ("pending", name));
        let failing = snapshot.failing().map(|name| ("failing", name));
        let all = stalled.chain(pending.chain(failing).filter(move |_| sees_all));
        all.filter(|(_, name)| self.counts(name))
    }
}
