//! Commands, on systems where we have none.

use std::time::Duration;

use health_core::Outcome;
use health_core::check::probe::{ExecProbe, Report};
use health_core::monitor::Signal;

/// Where a command's processes would be.
#[derive(Debug, Default)]
pub struct ProcessGroup;

impl ProcessGroup {
    /// Nothing to send it to.
    pub const fn signal(&self, _: Signal) {}
}

/// Says that there are no commands here.
#[must_use]
pub fn probe(_: &ExecProbe, _: &ProcessGroup, _: Duration) -> Report {
    let outcome = Outcome::indeterminate("no commands on this system");
    Report::new(outcome, Duration::ZERO)
}

/// Says that there are no commands here.
#[must_use]
pub fn run_to_end(command: &ExecProbe, group: &ProcessGroup) -> Report {
    probe(command, group, Duration::ZERO)
}
