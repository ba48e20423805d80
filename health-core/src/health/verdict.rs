//! The status of each probe, computed from the state.
//!
//! | phase | startup | liveness | readiness | health |
//! |---|---|---|---|---|
//! | starting | unhealthy | by heartbeats | unhealthy | unknown, or unhealthy by heartbeats |
//! | running | by latch | by heartbeats | all but what is not critical | the worst of all |
//! | draining | healthy | healthy | unhealthy | unhealthy |
//! | stopped | healthy | unhealthy | unhealthy | unhealthy |

use super::{ComponentState, Phase, ProbeKind, Snapshot, Status};
use crate::base::Name;

impl Snapshot {
    /// The status of `kind`. Only [`ProbeKind::Health`] is ever degraded or unknown; the others are
    /// healthy or unhealthy.
    #[must_use]
    pub fn status(&self, kind: ProbeKind) -> Status {
        self.status_among(kind, |_| true)
    }

    /// The status of `kind`, considering only parts for which `counts` returns true.
    ///
    /// Startup and liveness always consider all parts: leaving out a stuck loop would keep a dead
    /// daemon from being restarted.
    #[must_use]
    pub(crate) fn status_among(&self, kind: ProbeKind, counts: impl Fn(&Name) -> bool) -> Status {
        match kind {
            ProbeKind::Startup => Status::of(self.has_started()),
            ProbeKind::Liveness => Status::of(self.is_alive(|_| true)),
            ProbeKind::Readiness => Status::of(self.is_ready(counts)),
            ProbeKind::Health => self.health(counts),
        }
    }

    fn has_started(&self) -> bool {
        self.state.has_started || self.phase().is_ending()
    }

    /// A loop that has ended because the daemon is draining must not get the drain killed, so
    /// heartbeats do not count any more once it has begun.
    fn is_alive(&self, counts: impl Fn(&Name) -> bool) -> bool {
        match self.phase() {
            Phase::Starting | Phase::Running => !self.stalled().any(counts),
            Phase::Draining => true,
            Phase::Stopped => false,
        }
    }

    fn is_ready(&self, counts: impl Fn(&Name) -> bool) -> bool {
        self.phase() == Phase::Running
            && !self.stalled().any(&counts)
            && !self.pending().any(&counts)
            && !self.failing().any(&counts)
    }

    fn health(&self, counts: impl Fn(&Name) -> bool) -> Status {
        match self.phase() {
            _ if !self.is_alive(&counts) => Status::Unhealthy,
            Phase::Starting => Status::Unknown,
            Phase::Running => {
                let counted = self.components().iter().filter(|one| counts(one.name()));
                let worst = counted.map(ComponentState::contribution).max();
                worst.unwrap_or(Status::Healthy)
            }
            Phase::Draining | Phase::Stopped => Status::Unhealthy,
        }
    }
}
