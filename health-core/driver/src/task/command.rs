//! A single command, started on a thread and waited for in a task.

use std::future::poll_fn;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use health_core::Capture;
use health_core::check::probe::{ExecProbe, ProbePhase, Report};
use health_core::monitor::Signal;

use super::deadline::Deadline;
use crate::pool::{Pool, Progress};
use crate::probe::exec::{self, ProcessGroup};
use crate::probe_error;
use crate::runtime::Timer;

/// The most commands that are being started at once; others wait. It takes a moment each, unless the
/// system cannot read the program.
const MOST: usize = 16;

/// A command is ended within this time after the timeout, unless it hangs in the kernel before it runs.
const MARGIN: Duration = Duration::from_secs(3);

/// Ends the command when its task no longer waits for it.
struct EndOnDrop(Arc<ProcessGroup>);

impl Drop for EndOnDrop {
    fn drop(&mut self) {
        self.0.signal(Signal::Kill);
    }
}

/// Runs `command`; `timeout` counts from its start.
pub(super) async fn probe<T: Timer>(command: &ExecProbe, timeout: Duration) -> Report {
    static THREADS: OnceLock<Pool> = OnceLock::new();
    let threads = THREADS.get_or_init(|| Pool::new("probe-exec", MOST));
    let guard = EndOnDrop(Arc::default());
    let (of_thread, group) = (command.clone(), Arc::clone(&guard.0));
    let wait = threads.begin(move |done| exec::run(&of_thread, &[], &group, Some(timeout), done));
    poll_fn(|cx| wait.poll_begun(cx.waker())).await;
    let mut clock = Deadline::<T>::start();
    let until = clock.now() + timeout + MARGIN;
    let over = poll_fn(|cx| wait.poll_over(cx.waker()));
    clock.before(until, over).await;
    match wait.progress() {
        Progress::Done(report) => report,
        Progress::Failed(error) => {
            let outcome = probe_error(&error, ProbePhase::Spawn).outcome(ProbePhase::Spawn);
            Report::new(outcome.caused_by(error), Duration::ZERO)
        }
        Progress::Queued | Progress::Running => {
            Report::new(command.timed_out(&Capture::new()), timeout)
        }
    }
}
