//! From state to verdict: the truth table of the four questions.
//!
//! | phase | startup | liveness | readiness | health |
//! |---|---|---|---|---|
//! | starting | unhealthy | by heartbeats | unhealthy | unknown, or unhealthy by heartbeats |
//! | running | by latch | by heartbeats | all but what is not critical | the worst of all |
//! | draining | healthy | healthy | unhealthy | unhealthy |
//! | stopped | healthy | unhealthy | unhealthy | unhealthy |

use super::{ComponentState, Phase, ProbeKind, Snapshot, Status};

impl Snapshot {
    /// The answer to `kind`. Only [`ProbeKind::Health`] is ever degraded or unknown: the others are
    /// questions of yes or no.
    #[must_use]
    pub fn status(&self, kind: ProbeKind) -> Status {
        match kind {
            ProbeKind::Startup => Status::of(self.has_started()),
            ProbeKind::Liveness => Status::of(self.is_alive()),
            ProbeKind::Readiness => Status::of(self.is_ready()),
            ProbeKind::Health => self.health(),
        }
    }

    fn has_started(&self) -> bool {
        self.state.has_started || self.phase().is_ending()
    }

    /// A loop that has ended because the daemon is draining must not get the drain killed, so
    /// heartbeats do not count any more once it has begun.
    fn is_alive(&self) -> bool {
        match self.phase() {
            Phase::Starting | Phase::Running => self.stalled().next().is_none(),
            Phase::Draining => true,
            Phase::Stopped => false,
        }
    }

    fn is_ready(&self) -> bool {
        self.phase() == Phase::Running
            && self.stalled().next().is_none()
            && self.pending().next().is_none()
            && self.failing().next().is_none()
    }

    fn health(&self) -> Status {
        match self.phase() {
            _ if !self.is_alive() => Status::Unhealthy,
            Phase::Starting => Status::Unknown,
            Phase::Running => {
                let components = self.components().iter().map(ComponentState::contribution);
                components.max().unwrap_or(Status::Healthy)
            }
            Phase::Draining | Phase::Stopped => Status::Unhealthy,
        }
    }
}
