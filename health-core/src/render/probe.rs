//! A verdict, with everything that the formats show of it.

use super::Excluded;
use crate::base::Moment;
use crate::base::Name;
use crate::base::{ProbeKind, Status};
use crate::health::{ComponentState, Phase, Snapshot};

/// A verdict, to be written in any [`Format`](super::Format).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Probe<'a> {
    pub(crate) kind: ProbeKind,
    pub(crate) status: Status,
    pub(crate) healthy: bool,
    /// Whether the code of a degraded daemon is that of a failure.
    pub(crate) degraded_fails: bool,
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
            degraded_fails: false,
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

    /// The parts that the verdict leaves out, as the client wants it.
    pub(super) fn excluded_names(&self) -> impl Iterator<Item = &str> {
        let is_heeded = !self.excluded.is_empty() && self.kind.heeds_exclusion();
        let names = self.snapshot.names();
        let names = names.filter(move |name| is_heeded && self.excluded.contains(name));
        names.map(Name::as_str)
    }

    /// Whether what this component contributes lets the verdict pass.
    pub(super) fn passes(&self, component: &ComponentState) -> bool {
        let contribution = component.contribution();
        contribution.is_up() && !(self.degraded_fails && contribution == Status::Degraded)
    }

    /// Whether it is degraded, and the code of the verdict says so.
    pub(super) fn fails_as_degraded(&self, component: &ComponentState) -> bool {
        self.degraded_fails
            && component.contribution() == Status::Degraded
            && self.counts(component.name())
    }

    /// Why the verdict is bad: each reason with the name of its part.
    pub(super) fn reasons(&self) -> impl Iterator<Item = (&'static str, &Name)> {
        let snapshot = self.snapshot;
        let sees_all = self.kind.heeds_exclusion();
        let stalled = snapshot.stalled().map(|name| ("stalled", name));
        let pending = snapshot.pending().map(|name| ("pending", name));
        let failing = snapshot.failing().map(|name| ("failing", name));
        let components = snapshot.components().iter();
        let degraded =
            components.filter(|one| self.degraded_fails && one.contribution() == Status::Degraded);
        let degraded = degraded.map(|one| ("degraded", one.name()));
        let all = pending.chain(failing).chain(degraded);
        let all = stalled.chain(all.filter(move |_| sees_all));
        all.filter(|(_, name)| self.counts(name))
    }
}
