//! The loop's end of a monitor.

use std::mem;
use std::sync::Arc;
use std::task::Waker;

use super::controls::MonitorControl;
use super::manual::{ManualClock, Time};
use super::rollup::GroupComponent;
use super::shared::Shared;
use super::ticket::AttemptGuard;
use crate::Clock;
use health_core::Instant;
use health_core::Outcome;
use health_core::monitor::{AttemptId, Command, Monitor, MonitorConfig, Signal};

/// A monitor, for the one loop that does what it says. Dropped, the monitor has stopped.
///
/// ```
/// use std::task::Waker;
/// use health_core::check::CheckConfig;
/// use health_driver::monitor::{Job, Target, MonitorDriver, MonitorAction};
/// use health_core::monitor::MonitorConfig;
/// use health_core::Outcome;
///
/// let (mut watch, controls) = MonitorDriver::new(MonitorConfig::default(), None, None);
/// let target = Target::new("disk")?.self_check("free", CheckConfig::default(), Outcome::success)?;
/// controls.add(target)?;
/// loop {
///     match watch.poll(Waker::noop()) {
///         MonitorAction::Start(ticket) => {
///             let Job::Call(look) = ticket.job() else { panic!() };
///             let outcome = look.call();
///             ticket.answer(outcome);
///         }
///         MonitorAction::Cancel { .. } => {}
///         MonitorAction::Wait { until: Some(_) } if controls.status().summary.healthy() == 0 => {} // wait
///         MonitorAction::Wait { .. } => controls.begin_stop(),
///         MonitorAction::Stopped => break,
///     }
/// }
/// assert!(!controls.is_running());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct MonitorDriver {
    shared: Arc<Shared>,
    rollup: Option<GroupComponent>,
    has_started: bool,
}

/// What a monitor's loop has to do.
#[derive(Debug)]
#[must_use]
pub enum MonitorAction {
    /// Carry the attempt out, somewhere that does not hold the loop up, and poll again.
    Start(AttemptGuard),
    /// End the attempt, and poll again: drop the future or the socket, send a process's group the signal.
    /// An attempt that is not to be found is over already.
    Cancel {
        /// Which.
        attempt: AttemptId,
        /// How hard.
        signal: Signal,
    },
    /// Poll again at this time of [`MonitorDriver::now`], or when the waker is woken.
    Wait {
        /// `None`: only when woken.
        until: Option<Instant>,
    },
    /// The end.
    Stopped,
}

impl MonitorDriver {
    /// A monitor without targets, and what controls it. It starts when it is polled first.
    #[must_use]
    pub fn new(
        config: MonitorConfig,
        rollup: Option<GroupComponent>,
        clock: Option<ManualClock>,
    ) -> (Self, MonitorControl) {
        let time = clock.map_or_else(|| Time::System(Clock::start()), Time::Manual);
        let shared = Arc::new(Shared::new(Monitor::new(config), time));
        let watch = Self {
            shared: Arc::clone(&shared),
            rollup,
            has_started: false,
        };
        (watch, MonitorControl::new(shared))
    }

    /// What its clock shows.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.shared.time.now()
    }

    /// The next thing to do. `waker` is woken when there is something, once this has said to wait.
    pub fn poll(&mut self, waker: &Waker) -> MonitorAction {
        loop {
            let now = self.now();
            let mut state = self.shared.lock();
            state.task = None;
            if !mem::replace(&mut self.has_started, true) {
                state.monitor.start(now);
            }
            while let Some(command) = state.monitor.poll(now) {
                match command {
                    Command::Cancel { attempt, signal } => {
                        return MonitorAction::Cancel { attempt, signal };
                    }
                    Command::Start {
                        attempt, deadline, ..
                    } => {
                        if let Some(job) = state.jobs.get(&attempt.check).map(Arc::clone) {
                            let shared = Arc::clone(&self.shared);
                            return MonitorAction::Start(AttemptGuard::new(
                                shared, attempt, job, now, deadline,
                            ));
                        }
                        let outcome = Outcome::indeterminate("the target was removed");
                        state.monitor.handle_outcome(now, attempt, outcome);
                    }
                }
            }
            let readers = state.collect_events(now);
            if state.monitor.is_stopped() {
                drop(state);
                readers.into_iter().for_each(Waker::wake);
                self.end();
                return MonitorAction::Stopped;
            }
            let mut until = state.monitor.poll_timeout();
            // One that has come is in the hands of its reader, who was woken.
            let reading = state.reading().filter(|at| *at > now);
            until = until.into_iter().chain(reading).min();
            if let Some(rollup) = &mut self.rollup {
                let at = rollup.due(now, state.is_dirty);
                if at <= now {
                    state.is_dirty = false;
                    let summary = state.monitor.summary(now);
                    let counted = *state.monitor.stats();
                    // It wakes who waits for the health: not under our lock.
                    drop(state);
                    readers.into_iter().for_each(Waker::wake);
                    rollup.tell(now, summary, &counted);
                    continue;
                }
                until = Some(until.map_or(at, |until| until.min(at)));
            }
            state.task = Some(waker.clone());
            let until = self.shared.time.wait(until, waker);
            drop(state);
            readers.into_iter().for_each(Waker::wake);
            return MonitorAction::Wait { until };
        }
    }

    /// Closures and probes may hold on to what their owner wants back.
    fn end(&self) {
        let (jobs, readers) = {
            let mut state = self.shared.lock();
            let mut readers = state.collect_events(self.now());
            readers.append(&mut state.readers);
            state.is_over = true;
            (mem::take(&mut state.jobs), readers)
        };
        drop(jobs);
        readers.into_iter().for_each(Waker::wake);
        self.shared.time.end();
    }
}

impl Drop for MonitorDriver {
    fn drop(&mut self) {
        let now = self.now();
        let mut state = self.shared.lock();
        state.monitor.stop(now);
        drop(state);
        self.end();
    }
}
