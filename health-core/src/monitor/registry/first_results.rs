//! How many targets have their first result: the progress of a start with many targets.

use crate::base::Class;
use crate::check::{Check, Mode};
use crate::monitor::{Monitor, Target};

/// How many of the targets that are probed have had a result since the monitor began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct FirstResults {
    /// All targets, but those that are paused or deregistered and had no result before.
    pub total: usize,
    /// Targets of which a result has come.
    pub received: usize,
    /// Targets whose last result was a failure.
    pub failing: usize,
}

impl FirstResults {
    /// Whether every target had its first result.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.received == self.total
    }

    pub(in crate::monitor) fn exchange(&mut self, before: FirstShare, after: FirstShare) {
        for (sum, least) in [
            (&mut self.total, FirstShare::Awaited),
            (&mut self.received, FirstShare::Received),
            (&mut self.failing, FirstShare::Failing),
        ] {
            *sum = *sum + usize::from(after >= least) - usize::from(before >= least);
        }
    }
}

/// What one target contributes to [`FirstResults`]; each to those before it, too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::monitor) enum FirstShare {
    /// Nothing: it is not probed.
    #[default]
    None,
    Awaited,
    Received,
    Failing,
}

impl FirstShare {
    pub(in crate::monitor) fn of(target: &Target) -> Self {
        let last = target.each().filter_map(last_class);
        let worst = last.map(|class| match class {
            Class::Failure => Self::Failing,
            _ => Self::Received,
        });
        // One that was deregistered by its first result had that.
        worst.max().unwrap_or_else(|| {
            let is_idle = |check: &Check| matches!(check.mode(), Mode::Inactive | Mode::Paused);
            if target.is_deregistered() || target.each().all(is_idle) {
                Self::None
            } else {
                Self::Awaited
            }
        })
    }
}

impl Monitor {
    /// How many targets had their first result. Reads sums.
    #[must_use]
    pub const fn first_results(&self) -> FirstResults {
        self.sums.first
    }
}

fn last_class(check: &Check) -> Option<Class> {
    check.history().last().map(|record| record.class())
}
