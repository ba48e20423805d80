//! What the one loop of a monitor calls: the next thing to do, or until when to wait.

use std::mem;
use std::sync::Arc;
use std::task::Waker;

use super::attempt::AttemptGuard;
use super::clock::{MonitorClock, Time};
use super::control::MonitorControl;
use super::group::GroupComponent;
use super::prober::ProberComponents;
use super::shared::Shared;
use crate::Health;
#[cfg(feature = "supervise")]
use crate::supervise::GroupHealth;
use health_core::Instant;
use health_core::Outcome;
use health_core::monitor::{AttemptId, Command, Monitor, MonitorConfig, Signal};

/// A monitor, for the one loop that carries out its actions. Dropping it stops the monitor.
///
/// ```
/// use std::task::Waker;
/// use health_core::check::CheckConfig;
/// use health_driver::monitor::{Job, MonitorAction, MonitorClock, MonitorDriver, Target};
/// use health_core::monitor::MonitorConfig;
/// use health_core::Outcome;
///
/// let (config, clock) = (MonitorConfig::default(), MonitorClock::default());
/// let (mut driver, control) = MonitorDriver::new(config, None, clock);
/// let target = Target::new("disk")?.self_check("free", CheckConfig::default(), Outcome::success)?;
/// control.add(target)?;
/// loop {
///     match driver.poll(Waker::noop()) {
///         MonitorAction::Start(attempt) => {
///             let job = attempt.job();
///             let Job::Call(check) = &*job else { panic!() };
///             let outcome = check.call();
///             attempt.answer(outcome);
///         }
///         MonitorAction::Cancel { .. } => {}
///         MonitorAction::Wait { .. } if control.status().summary.healthy() == 0 => {} // wait here
///         MonitorAction::Wait { .. } => control.begin_stop(),
///         MonitorAction::Stopped => break,
///     }
/// }
/// assert!(!control.is_running());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct MonitorDriver {
    shared: Arc<Shared>,
    group: Option<GroupComponent>,
    prober: Option<ProberComponents>,
    #[cfg(feature = "supervise")]
    replicas: Option<GroupHealth>,
    has_started: bool,
}

/// What the loop of a driver goes by: a [`MonitorDriver`], or one with more to do.
pub trait Drive {
    /// What its clock shows.
    fn now(&self) -> Instant;

    /// The next thing to do; see [`MonitorDriver::poll`].
    fn poll(&mut self, waker: &Waker) -> MonitorAction;
}

impl Drive for MonitorDriver {
    fn now(&self) -> Instant {
        self.now()
    }

    fn poll(&mut self, waker: &Waker) -> MonitorAction {
        self.poll(waker)
    }
}

/// What a monitor's loop has to do.
#[derive(Debug)]
#[must_use]
pub enum MonitorAction {
    /// Carry the attempt out, somewhere that does not block the loop, and poll again.
    Start(AttemptGuard),
    /// End the attempt, and poll again: drop the future or the socket, send a process's group the signal.
    /// An attempt that is not found is over already.
    Cancel {
        /// The attempt.
        attempt: AttemptId,
        /// The signal for its process group, if it has one.
        signal: Signal,
    },
    /// Poll again at this time of [`MonitorDriver::now`], or when the waker is woken.
    Wait {
        /// `None`: only when woken.
        until: Option<Instant>,
    },
    /// The monitor has stopped: the loop ends.
    Stopped,
}

impl MonitorDriver {
    /// A monitor without targets, and what controls it. It starts when it is polled first.
    #[must_use]
    pub fn new(
        config: MonitorConfig,
        group: Option<GroupComponent>,
        clock: MonitorClock,
    ) -> (Self, MonitorControl) {
        let shared = Arc::new(Shared::new(Monitor::new(config), Time::start(clock)));
        let driver = Self {
            shared: Arc::clone(&shared),
            group,
            prober: None,
            #[cfg(feature = "supervise")]
            replicas: None,
            has_started: false,
        };
        (driver, MonitorControl::new(shared))
    }

    /// Shows what keeps the monitor itself from probing, each as a component of `health`: `resolver`,
    /// `certificates`, `descriptors`, `memory`, `processes`, `ports`, `commands`.
    ///
    /// A component is declared when it fails first. Where its name is taken, it is `prober.resolver` and
    /// so on. None of them is critical.
    pub fn show_prober(&mut self, health: &Health) {
        self.prober = Some(ProberComponents::new(health));
    }

    /// Starts it before it is polled.
    #[cfg(feature = "supervise")]
    pub(crate) fn start(&mut self) {
        self.has_started = true;
        let now = self.now();
        self.shared.change(|state| state.monitor.start(now));
    }

    /// Shows the group of processes that it checks as this component.
    #[cfg(feature = "supervise")]
    pub(crate) fn show_replicas(&mut self, component: GroupHealth) {
        self.replicas = Some(component);
    }

    /// What its clock shows.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.shared.clock.now()
    }

    /// The next thing to do. `waker` is woken when there is something, once this has said to wait.
    pub fn poll(&mut self, waker: &Waker) -> MonitorAction {
        loop {
            let now = self.now();
            // Dropped behind the lock: dropping a waker runs the executor's code.
            let _replaced;
            let mut state = self.shared.lock();
            _replaced = state.task.take();
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
                        let work = state.work_mut(attempt.check());
                        if let Some(job) = work.map(|work| Arc::clone(&work.job)) {
                            let shared = Arc::clone(&self.shared);
                            return MonitorAction::Start(AttemptGuard::new(
                                shared, attempt, job, now, deadline,
                            ));
                        }
                        let outcome = Outcome::indeterminate("the target was removed");
                        state.monitor.handle_outcome(now, attempt, outcome);
                    }
                    // No monitor of this version gives another command.
                    _ => {}
                }
            }
            let readers = state.collect_events(now);
            #[cfg(feature = "supervise")]
            let replicas_until = match (&mut self.replicas, &mut state.group) {
                (Some(shown), Some(group)) => {
                    let (summary, notes) = (group.summary(), group.take_notes());
                    let at = shown.due(now, &summary);
                    if at <= now || !notes.is_empty() {
                        drop(state);
                        readers.into_iter().for_each(Waker::wake);
                        shown.note(notes);
                        if at <= now {
                            shown.show(now, summary);
                        }
                        continue;
                    }
                    Some(at)
                }
                _ => None,
            };
            if state.is_stopped() {
                drop(state);
                readers.into_iter().for_each(Waker::wake);
                self.end();
                return MonitorAction::Stopped;
            }
            let mut until = state.poll_timeout();
            #[cfg(feature = "supervise")]
            {
                until = until.into_iter().chain(replicas_until).min();
            }
            #[cfg(feature = "registry")]
            {
                // For a batch that is due its reader was woken.
                let batches = state.batches().filter(|at| *at > now);
                until = until.into_iter().chain(batches).min();
            }
            if let Some(prober) = &mut self.prober {
                let shortages = state.monitor.shortages();
                if !prober.is_shown(shortages) {
                    // It wakes readers of the health, which must not run under our lock.
                    drop(state);
                    readers.into_iter().for_each(Waker::wake);
                    prober.show(shortages);
                    continue;
                }
            }
            if let Some(group) = &mut self.group {
                let status = state.monitor.status(self.shared.clock.moment());
                let (summary, timing) = (status.summary, status.stats.timing);
                let at = group.due(now, summary, timing);
                if at <= now {
                    #[cfg_attr(not(feature = "registry"), allow(unused_mut))]
                    let mut down = state.monitor.down();
                    #[cfg(feature = "registry")]
                    state.explain(self.shared.clock.moment(), &mut down);
                    drop(state);
                    readers.into_iter().for_each(Waker::wake);
                    group.update(now, summary, &down, timing);
                    continue;
                }
                until = Some(until.map_or(at, |until| until.min(at)));
            }
            state.task = Some(waker.clone());
            let until = self.shared.clock.wait(until, waker);
            drop(state);
            readers.into_iter().for_each(Waker::wake);
            return MonitorAction::Wait { until };
        }
    }

    /// Drops closures and probes, which may own what others wait for.
    fn end(&self) {
        let (work, task, readers) = {
            let mut state = self.shared.lock();
            let mut readers = state.collect_events(self.now());
            readers.append(&mut state.readers.take());
            state.is_over = true;
            (mem::take(&mut state.work), state.task.take(), readers)
        };
        drop((work, task));
        readers.into_iter().for_each(Waker::wake);
        self.shared.clock.end();
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
