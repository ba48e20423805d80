//! Commands as probes, on systems without process groups: every attempt is indeterminate.

use std::time::Duration;

use health_core::Outcome;
use health_core::check::probe::{ExecProbe, Report};
use health_core::monitor::Signal;

/// The process group of one command: there is none.
#[derive(Debug, Default)]
pub struct ProcessGroup;

impl ProcessGroup {
    /// Does nothing.
    pub const fn signal(&self, _: Signal) {}
}

/// Reports that there are no commands on this system.
#[must_use]
pub fn probe(_: &ExecProbe, _: &ProcessGroup, _: Duration) -> Report {
    let outcome = Outcome::indeterminate("no commands on this system");
    Report::new(outcome, Duration::ZERO)
}

/// Reports that there are no commands on this system.
#[must_use]
pub fn run_to_end(command: &ExecProbe, group: &ProcessGroup) -> Report {
    probe(command, group, Duration::ZERO)
}
