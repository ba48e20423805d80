//! A verdict with all that the formats show of it.

use super::Excluded;
use crate::base::Moment;
use crate::base::Name;
use crate::base::{ProbeKind, Status};
use crate::health::{Phase, Snapshot};

/// A verdict, to be written in any [`Format`](super::Format).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Probe<'a> {
    pub(crate) kind: ProbeKind,
    pub(crate) status: Status,
    pub(crate) healthy: bool,
    pub(crate) verbose: bool,
    pub(crate) excluded: &'a Excluded,
    pub(crate) moment: Moment,
    pub(crate) snapshot: &'a Snapshot,
    /// Of a monitor.
    pub(crate) watched: Option<Watched>,
}

/// How many targets there are, and how many of them are healthy.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Watched {
    pub(crate) total: usize,
    pub(crate) healthy: usize,
}

impl<'a> Probe<'a> {
    /// The whole state with details, as the event stream sends it. `healthy` is decided by the caller.
    pub(crate) fn health(moment: Moment, snapshot: &'a Snapshot) -> Self {
        let kind = ProbeKind::Health;
        Self {
            kind,
            status: snapshot.status(kind),
            healthy: false,
            verbose: true,
            excluded: &Excluded::NONE,
            moment,
            snapshot,
            watched: None,
        }
    }

    /// The word for the whole: while draining or stopped the phase is shown instead of the status.
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

    /// Why the verdict is bad: each reason with the name of its part.
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
