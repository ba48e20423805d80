//! Commands as probes, on systems without process groups: every attempt is indeterminate.

use std::sync::Arc;
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
pub fn run(
    _: &ExecProbe,
    _: &[(&str, String)],
    _: &Arc<ProcessGroup>,
    _: Option<Duration>,
    done: impl FnOnce(Report) + Send + 'static,
) {
    let outcome = Outcome::indeterminate("no commands on this system");
    done(Report::new(outcome, Duration::ZERO));
}
