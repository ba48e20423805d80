//! The commands that a monitor gives to its driver, and the events that it reports.

use super::id::{AttemptId, CheckId, TargetId};
use crate::base::Instant;
use crate::check::{self, Signal};

/// Something for the driver to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[must_use]
pub enum Command {
    /// Carry out the attempt, and report it by [`handle_outcome`](super::Monitor::handle_outcome).
    Start {
        /// The attempt, by which it is reported.
        attempt: AttemptId,
        /// When it should have begun; from here to now is the lag of the slot.
        due: Instant,
        /// When the monitor will give it up: the deadline to set for the I/O itself.
        deadline: Instant,
    },
    /// Give the attempt up: drop its I/O; a process, with its whole group, gets the signal: `SIGTERM`,
    /// and [`kill_after`](super::MonitorConfig::kill_after) later, if it still runs, `SIGKILL`. What
    /// [needs to be reaped](crate::check::CheckConfig::needs_reap) is reported by
    /// [`handle_reaped`](super::Monitor::handle_reaped) when it is gone; anything else needs no report.
    Cancel {
        /// The attempt.
        attempt: AttemptId,
        /// The signal for its process group, if it has one.
        signal: Signal,
    },
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MonitorEvent {
    /// A check did or decided something.
    ///
    /// Without [`trace`](super::MonitorConfig::trace), neither `Recorded`, `Cancelled` nor `Reaped`.
    Check {
        /// When it happened.
        at: Instant,
        /// The check.
        check: CheckId,
        /// What happened.
        event: check::Event,
    },
    /// An attempt began. Only with [`trace`](super::MonitorConfig::trace).
    Started {
        /// When it began.
        at: Instant,
        /// The attempt.
        attempt: AttemptId,
        /// When it will be given up.
        deadline: Instant,
    },
    /// Whether a target is started and ready: comes once at its start, and at each change.
    Target {
        /// When it changed.
        at: Instant,
        /// The target.
        target: TargetId,
        /// Its startup checks have succeeded, and nothing is on hold.
        started: bool,
        /// It is started, and its readiness and health checks are healthy.
        ready: bool,
    },
    /// The monitor has stopped.
    Stopped {
        /// When it stopped.
        at: Instant,
        /// Processes that were not reaped within the bound; worth a warning if not 0.
        left: usize,
    },
}
