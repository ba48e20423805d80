//! The monitor's thread: does what the core's monitor says, and waits in between.

use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use health_core::check::probe::{Part, Trouble};
use health_core::monitor::{AttemptId, Command, Signal};
use health_core::outcome::Outcome;
use health_core::time::Instant;

use super::job::{Control, Job};
use super::rollup;
use super::shared::{Shared, State};
use crate::probe::Report;

/// The component is told at most this often.
const ROLLUP: Duration = Duration::from_millis(100);

/// Runs until the monitor has stopped.
pub(super) fn run(shared: &Arc<Shared>) {
    let mut state = shared.lock();
    state.monitor.start(shared.clock.now());
    let mut told: Option<Instant> = None;
    loop {
        let now = shared.clock.now();
        while let Some(command) = state.monitor.poll(now) {
            carry_out(shared, &mut state, command);
        }
        if state.collect_events() {
            shared.news.notify_all();
        }
        if state.monitor.is_stopped() {
            // Closures and probes may hold on to what their owner wants back.
            state.jobs.clear();
            shared.news.notify_all();
            return;
        }
        let mut wake = state.monitor.poll_timeout();
        if let Some(component) = &shared.rollup {
            let pause = if state.is_dirty {
                ROLLUP
            } else {
                rollup::INTERVAL
            };
            let at = told.map_or(now, |told| told + pause);
            if now >= at {
                told = Some(now);
                state.is_dirty = false;
                let summary = state.monitor.summary(now);
                // It wakes who waits for the health: not under our lock.
                drop(state);
                component.tell(summary);
                state = shared.lock();
                continue;
            }
            wake = Some(wake.map_or(at, |wake| wake.min(at)));
        }
        state = wait(shared, state, wake);
    }
}

fn wait<'s>(
    shared: &Shared,
    state: MutexGuard<'s, State>,
    until: Option<Instant>,
) -> MutexGuard<'s, State> {
    let Some(until) = until else {
        let waited = shared.work.wait(state);
        return waited.unwrap_or_else(PoisonError::into_inner);
    };
    let Some(left) = shared.clock.left(until) else {
        return state;
    };
    let waited = shared.work.wait_timeout(state, left);
    waited.unwrap_or_else(PoisonError::into_inner).0
}

fn carry_out(shared: &Arc<Shared>, state: &mut State, command: Command) {
    match command {
        Command::Start {
            attempt, deadline, ..
        } => start(shared, state, attempt, deadline),
        Command::Cancel { attempt, signal } => match state.running.get(&attempt) {
            Some(control) => end(control, signal),
            // It was over before it could be cancelled.
            None => state.monitor.handle_reaped(shared.clock.now(), attempt),
        },
    }
}

fn start(shared: &Arc<Shared>, state: &mut State, attempt: AttemptId, deadline: Instant) {
    let Some(job) = state.jobs.get(&attempt.check).map(Arc::clone) else {
        let outcome = Outcome::indeterminate("the target was removed");
        let now = shared.clock.now();
        return state.monitor.handle_outcome(now, attempt, outcome);
    };
    let control = Arc::new(Control::default());
    let pool = if job.needs_reap() {
        &shared.others
    } else {
        &shared.sockets
    };
    let of_task = (Arc::clone(shared), Arc::clone(&control));
    let submitted = pool.submit(move || {
        let (shared, control) = of_task;
        let report = attend(&shared, &job, &control, deadline);
        shared.finish(attempt, report);
    });
    match submitted {
        Ok(()) => drop(state.running.insert(attempt, control)),
        Err(error) => {
            let outcome = Trouble::Processes.outcome(Part::Spawn).caused_by(error);
            state
                .monitor
                .handle_outcome(shared.clock.now(), attempt, outcome);
        }
    }
}

fn attend(shared: &Shared, job: &Job, control: &Control, deadline: Instant) -> Report {
    job.carry_out(&shared.prober, control, shared.clock, deadline)
}

/// Sockets end by their own deadline, closures when they return.
fn end(control: &Control, signal: Signal) {
    #[cfg(unix)]
    control.group.signal(match signal {
        Signal::Terminate => rustix::process::Signal::TERM,
        Signal::Kill => rustix::process::Signal::KILL,
    });
    #[cfg(not(unix))]
    let _ = (control, signal);
}
