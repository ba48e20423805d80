//! The status of a part or a whole, and the four kinds of probe.

/// The status of a component, a target or a whole daemon, in the order of severity: the greater, the
/// worse.
///
/// Unknown stands between unhealthy and degraded, so that it can hide neither a failure nor itself.
///
/// ```
/// use health_core::Status;
///
/// let worst = [Status::Healthy, Status::Unknown, Status::Degraded].into_iter().max();
/// assert_eq!(worst, Some(Status::Unknown));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// Works.
    Healthy,
    /// Works, but not as it should.
    Degraded,
    /// Nothing reported yet, or nothing for too long.
    Unknown,
    /// Does not work.
    Unhealthy,
}

impl Status {
    /// Every status, in the order of severity.
    pub(crate) const ALL: [Self; 4] = [
        Self::Healthy,
        Self::Degraded,
        Self::Unknown,
        Self::Unhealthy,
    ];

    /// Healthy if something holds, else unhealthy.
    pub(crate) const fn of(holds: bool) -> Self {
        if holds {
            Self::Healthy
        } else {
            Self::Unhealthy
        }
    }

    /// The word in every view.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Degraded => "degraded",
            Self::Unknown => "unknown",
            Self::Unhealthy => "unhealthy",
        }
    }

    /// Whether it works at all: healthy or degraded. The `true` of a component in the document.
    pub(crate) const fn is_up(self) -> bool {
        matches!(self, Self::Healthy | Self::Degraded)
    }
}

/// The kinds of probe, as Kubernetes has them, and the whole status: what a daemon is asked, and what a
/// check of a target is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ProbeKind {
    /// Has it finished starting? A daemon's answer stays yes. A check of this kind holds its
    /// target's liveness and readiness checks back until it succeeds, then is done.
    Startup,
    /// Is it worth keeping alive? A daemon answers by its heartbeats, never by its dependencies:
    /// restarting it does not mend its database. A check that fails is a reason to restart.
    Liveness,
    /// May it receive work now? A check that fails is a reason to send none.
    Readiness,
    /// What is its whole status? A check of this kind depends on no startup check, and counts for
    /// being ready.
    #[default]
    Health,
}

impl ProbeKind {
    /// Every kind.
    pub(crate) const ALL: [Self; 4] =
        [Self::Startup, Self::Liveness, Self::Readiness, Self::Health];

    /// Whether parts may be left out of the answer. Start-up and liveness are what they are.
    pub(crate) const fn heeds_exclusion(self) -> bool {
        matches!(self, Self::Readiness | Self::Health)
    }

    /// The word in every view.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Startup => "startup",
            Self::Liveness => "liveness",
            Self::Readiness => "readiness",
            Self::Health => "health",
        }
    }
}
