//! A single command, run on a thread and waited for in a task.

use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Poll, Waker};
use std::time::Duration;

use crate::trouble;
use health_core::check::probe::{ExecProbe, ProbePhase, Report};
use health_core::monitor::Signal;

use crate::pool::Pool;
use crate::probe::exec::{self, Group};

/// Commands at once, those that are being ended included; more of them wait for a place.
const MOST: usize = 16;

/// Where the thread leaves its report.
type Place = Mutex<(Option<Report>, Option<Waker>)>;

/// Ends the command if nobody waits for it any more.
struct Guard(Arc<Group>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.signal(Signal::Kill);
    }
}

/// Runs `command`; `timeout` begins with it.
pub(super) async fn probe(command: &ExecProbe, timeout: Duration) -> Report {
    static THREADS: OnceLock<Pool> = OnceLock::new();
    let threads = THREADS.get_or_init(|| Pool::new("probe-exec", MOST));
    let guard = Guard(Arc::default());
    let place = Arc::<Place>::default();
    let (command, group, of_thread) = (command.clone(), Arc::clone(&guard.0), Arc::clone(&place));
    threads.submit(move |had_thread| {
        let report = match had_thread {
            Ok(()) => exec::probe(&command, &group, timeout),
            Err(error) => {
                let outcome = trouble(&error, ProbePhase::Spawn).outcome(ProbePhase::Spawn);
                Report::new(outcome.caused_by(error), Duration::ZERO)
            }
        };
        let mut place = lock(&of_thread);
        place.0 = Some(report);
        let waker = place.1.take();
        drop(place);
        waker.into_iter().for_each(Waker::wake);
    });
    poll_fn(|cx| {
        let mut place = lock(&place);
        if let Some(report) = place.0.take() {
            return Poll::Ready(report);
        }
        place.1 = Some(cx.waker().clone());
        Poll::Pending
    })
    .await
}

fn lock(place: &Place) -> MutexGuard<'_, (Option<Report>, Option<Waker>)> {
    place.lock().unwrap_or_else(PoisonError::into_inner)
}
