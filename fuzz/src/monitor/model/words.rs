//! What a model wants and tells, in numbers.

use health_core::check::{CancelReason, CheckStatus};
use health_core::{Class, Kind};

/// A check: the number of its target's registration, and its place in it.
pub(crate) type Who = (usize, usize);

/// Something for the driver to do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Order {
    Start {
        who: Who,
        attempt: u64,
        due: u64,
        deadline: u64,
    },
    Cancel {
        who: Who,
        attempt: u64,
        kill: bool,
    },
}

/// Something that happened, and to whom: `None` for the monitor, no check for a target.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Told {
    pub(crate) at: u64,
    pub(crate) who: Option<(usize, Option<usize>)>,
    pub(crate) what: What,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum What {
    Started {
        attempt: u64,
        deadline: u64,
    },
    Cancelled {
        attempt: u64,
        reason: CancelReason,
    },
    Reaped {
        attempt: u64,
    },
    Recorded {
        attempt: Option<u64>,
        begin: u64,
        end: u64,
        class: Class,
        kind: Option<Kind>,
        counted: bool,
    },
    Status {
        from: CheckStatus,
        to: CheckStatus,
    },
    RestartRequested,
    Deregistered,
    ActionSuppressed,
    ProberImpaired,
    AnswersAgain,
    Stopped,
    Target {
        started: bool,
        ready: bool,
    },
    AllStopped {
        left: usize,
    },
}
