//! What a monitor wants done, and what it tells.

use super::id::{AttemptId, CheckId, TargetId};
use crate::base::Instant;
use crate::check;

/// Something for the driver to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Command {
    /// Carry out the attempt, and report it by [`handle_outcome`](super::Monitor::handle_outcome).
    Start {
        /// Under which it is reported.
        attempt: AttemptId,
        /// When it should have begun; from here to now is the lag of the slot.
        due: Instant,
        /// When the monitor will give it up; whatever limits the I/O itself may use it.
        deadline: Instant,
    },
    /// Give the attempt up: drop its I/O; a process, with its whole group, gets the signal. What
    /// [needs to be reaped](crate::check::CheckConfig::needs_reap) is reported by
    /// [`handle_reaped`](super::Monitor::handle_reaped) when it is gone; anything else needs no report.
    Cancel {
        /// Which.
        attempt: AttemptId,
        /// How hard.
        signal: Signal,
    },
}

/// How hard an attempt is told to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Signal {
    /// `SIGTERM`.
    Terminate,
    /// `SIGKILL`; comes once, if the process outlives the first by `kill_after`.
    Kill,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A check did or decided something.
    ///
    /// Without [`trace`](super::MonitorConfig::trace), neither `Recorded`, `Cancelled` nor `Reaped`.
    Check {
        /// When.
        at: Instant,
        /// Which.
        check: CheckId,
        /// What.
        event: check::Event,
    },
    /// An attempt began. Only with [`trace`](super::MonitorConfig::trace).
    Started {
        /// When.
        at: Instant,
        /// Which.
        attempt: AttemptId,
        /// When it will be given up.
        deadline: Instant,
    },
    /// A target has come up, or may be sent work, or no longer so: first value, then each change.
    Target {
        /// When.
        at: Instant,
        /// Which.
        target: TargetId,
        /// Its startup checks have succeeded, and nothing is on hold.
        started: bool,
        /// It is started, and its readiness and health checks are healthy.
        ready: bool,
    },
    /// The monitor has stopped.
    Stopped {
        /// When.
        at: Instant,
        /// Processes that were not reaped within the bound; worth a warning if not 0.
        left: usize,
    },
}
