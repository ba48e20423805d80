//! What a handle does that does not wait.

use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::Duration;

use super::shared::{Shared, State};
use super::status::MonitorStatus;
use super::target::Target;
use health_core::Instant;
use health_core::monitor::{AddError, Event, Monitor, Stats, TargetId, TargetView};

/// MonitorControl a monitor that runs. Clones share it; dropping all of them leaves it running.
///
/// Targets go by name; the calls that name one are false if there is none.
#[derive(Clone, Debug)]
pub struct MonitorControl {
    pub(super) shared: Arc<Shared>,
}

impl MonitorControl {
    pub(super) const fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Begins to watch a target.
    ///
    /// # Errors
    ///
    /// Its name is taken, a check's settings make no sense, it has no check or more than 16, or
    /// the monitor has been stopped. Nothing has changed then.
    pub fn add(&self, target: Target) -> Result<TargetId, AddError> {
        let (spec, jobs) = target.into_parts();
        self.change(|state, now| {
            let id = state.monitor.add(now, spec)?;
            let checks = (0..).map(|index| id.check(index));
            state.jobs.extend(checks.zip(jobs));
            Ok(id)
        })
    }

    /// Forgets a target, and gives up what runs of it.
    pub fn remove(&self, name: &str) -> bool {
        let removed = self.change(|state, now| {
            let id = state.monitor.find(name)?;
            let checks = id.check(0)..=id.check(usize::MAX);
            let all: Vec<_> = state.jobs.range(checks).map(|(check, _)| *check).collect();
            let gone = |check| (state.jobs.remove(&check), state.reports.remove(&check));
            let gone: Vec<_> = all.into_iter().map(gone).collect();
            state.monitor.remove(now, id).then_some(gone)
        });
        removed.is_some()
    }

    /// Attempts nothing more until [`resume`](Self::resume); the status stays, marked stale.
    ///
    /// A command that runs is ended. A socket or closure goes on until its own end, and counts for
    /// nothing.
    pub fn pause(&self, name: &str) -> bool {
        self.tell(name, Monitor::pause)
    }

    /// Ends a pause: streaks start over, the next attempts are due now.
    pub fn resume(&self, name: &str) -> bool {
        self.tell(name, Monitor::resume)
    }

    /// Checks now, and every interval from now.
    pub fn trigger(&self, name: &str) -> bool {
        self.tell(name, Monitor::trigger)
    }

    /// There is a new instance of the target: it starts afresh, with its history.
    pub fn instance_changed(&self, name: &str) -> bool {
        self.tell(name, Monitor::instance_changed)
    }

    /// Puts a deregistered target back on the list, afresh.
    pub fn reactivate(&self, name: &str) -> bool {
        self.tell(name, Monitor::reactivate)
    }

    /// What is being watched, and how it is.
    #[must_use]
    pub fn status(&self) -> MonitorStatus {
        let state = self.shared.lock();
        MonitorStatus::of(self.shared.time.moment(), &state)
    }

    /// One of the targets, and how it is.
    #[must_use]
    pub fn target(&self, name: &str) -> Option<TargetView> {
        let moment = self.shared.time.moment();
        let state = self.shared.lock();
        let id = state.monitor.find(name)?;
        let target = state.monitor.target(id)?;
        Some(state.view(moment, id, target))
    }

    /// Whether so many targets fail that actions are withheld.
    #[must_use]
    pub fn is_mass_failure(&self) -> bool {
        self.shared.lock().monitor.is_mass_failure()
    }

    /// For how long something has been due that the monitor's loop has not done. More than a moment
    /// says that the loop hangs.
    #[must_use]
    pub fn overdue(&self) -> Duration {
        let now = self.shared.time.now();
        let due = self.shared.lock().monitor.poll_timeout();
        due.map_or(Duration::ZERO, |due| now.duration_since(due))
    }

    /// What has been counted since the start.
    #[must_use]
    pub fn stats(&self) -> Stats {
        *self.shared.lock().monitor.stats()
    }

    /// Whether it has not stopped.
    #[must_use]
    pub fn is_running(&self) -> bool {
        !self.shared.lock().is_over
    }

    /// The next thing that happened; `None` once the monitor has stopped and all is told. While
    /// nothing has happened, `waker` is kept until something does.
    ///
    /// 1,024 events are kept; if nobody reads them, the oldest are lost and
    /// [counted](MonitorStatus::lost_events).
    pub fn poll_event(&self, waker: &Waker) -> Poll<Option<Event>> {
        let mut state = self.shared.lock();
        match state.events.pop_front() {
            None if !state.is_over => {
                state.keep(waker);
                Poll::Pending
            }
            event => Poll::Ready(event),
        }
    }

    /// Tells it to stop: commands are ended with their groups, nothing is begun any more. Twice is
    /// harmless.
    ///
    /// Threads in a closure are not waited for beyond
    /// [`stop_timeout`](health_core::monitor::MonitorConfig::stop_timeout).
    pub fn begin_stop(&self) {
        self.change(|state, now| state.monitor.stop(now));
    }

    /// Ready when it has stopped; while it has not, `waker` is kept until something happens.
    pub fn poll_stopped(&self, waker: &Waker) -> Poll<()> {
        let mut state = self.shared.lock();
        if state.is_over {
            return Poll::Ready(());
        }
        state.keep(waker);
        Poll::Pending
    }

    fn tell(&self, name: &str, tell: fn(&mut Monitor, Instant, TargetId)) -> bool {
        self.change(|state, now| {
            let found = state.monitor.find(name);
            if let Some(id) = found {
                tell(&mut state.monitor, now, id);
            }
            found.is_some()
        })
    }

    pub(super) fn change<R>(&self, change: impl FnOnce(&mut State, Instant) -> R) -> R {
        let now = self.shared.time.now();
        self.shared.change(|state| change(state, now))
    }
}
