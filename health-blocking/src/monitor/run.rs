//! The monitor's thread: does what the core's monitor says, and waits in between.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread;

use health_core::Outcome;
use health_core::check::probe::{Probe, ProbePhase};
use health_core::monitor::{AttemptId, MonitorConfig, Signal};
use health_driver::monitor::{AsyncSelfCheck, AttemptGuard, Job, MonitorAction, MonitorDriver};
use health_driver::pool::Pool;
use health_driver::probe::exec::{self, Group};
use health_driver::trouble;

use crate::park;
use crate::probe::Prober;

/// What the monitor's thread owns.
pub(super) struct Run {
    watch: MonitorDriver,
    prober: Prober,
    sockets: Pool,
    others: Pool,
    running: Arc<Mutex<BTreeMap<AttemptId, Arc<ServerControl>>>>,
}

/// How an attempt is told to end. Sockets end by their own deadline, closures when they return.
#[derive(Default)]
struct ServerControl {
    group: Group,
    future: Mutex<FutureState>,
}

#[derive(Default)]
struct FutureState {
    is_given_up: bool,
    waker: Option<Waker>,
}

impl Run {
    pub(super) fn new(watch: MonitorDriver, prober: Prober, config: &MonitorConfig) -> Self {
        Self {
            watch,
            prober,
            sockets: Pool::new("probe", config.max_in_flight),
            others: Pool::new("probe-exec", config.max_exec),
            running: Arc::default(),
        }
    }

    /// Runs until the monitor has stopped.
    pub(super) fn run(mut self) {
        let waker = park::waker();
        loop {
            match self.watch.poll(&waker) {
                MonitorAction::Start(ticket) => self.start(ticket),
                MonitorAction::Cancel { attempt, signal } => {
                    let control = lock(&self.running).get(&attempt).map(Arc::clone);
                    if let Some(control) = control {
                        control.end(signal);
                    }
                }
                MonitorAction::Wait { until: None } => thread::park(),
                MonitorAction::Wait { until: Some(until) } => {
                    thread::park_timeout(until.duration_since(self.watch.now()));
                }
                MonitorAction::Stopped => return,
            }
        }
    }

    fn start(&self, ticket: AttemptGuard) {
        let attempt = ticket.attempt();
        let control = Arc::new(ServerControl::default());
        lock(&self.running).insert(attempt, Arc::clone(&control));
        let pool = if ticket.job().needs_reap() {
            &self.others
        } else {
            &self.sockets
        };
        let (prober, running) = (self.prober.clone(), Arc::clone(&self.running));
        pool.submit(move |had_thread| {
            match had_thread {
                Ok(()) => control.carry_out(ticket, &prober),
                Err(error) => {
                    let outcome = trouble(&error, ProbePhase::Spawn).outcome(ProbePhase::Spawn);
                    ticket.answer(outcome.caused_by(error));
                }
            }
            lock(&running).remove(&attempt);
        });
    }
}

impl ServerControl {
    fn carry_out(&self, ticket: AttemptGuard, prober: &Prober) {
        match &*ticket.job() {
            Job::Probe(Probe::Exec(command)) => {
                let report = exec::run_to_end(command, &self.group);
                ticket.finish(report);
            }
            Job::Probe(probe) => {
                let limit = ticket.limit();
                prober.attempt(probe, limit, |report| ticket.finish(report.clone()));
            }
            Job::Call(look) => {
                let outcome = look.call();
                ticket.answer(outcome);
            }
            // Given up, it is dropped, and its ticket with it.
            Job::Future(look) => {
                if let Some(outcome) = self.attend(look) {
                    ticket.answer(outcome);
                }
            }
        }
    }

    fn attend(&self, look: &AsyncSelfCheck) -> Option<Outcome> {
        let mut attending = pin!(look.begin());
        let attended = park::wait(None, |waker| {
            let mut future = lock(&self.future);
            if future.is_given_up {
                return Poll::Ready(None);
            }
            future.waker = Some(waker.clone());
            drop(future);
            let mut context = Context::from_waker(waker);
            attending.as_mut().poll(&mut context).map(Some)
        });
        attended.flatten()
    }

    fn end(&self, signal: Signal) {
        self.group.signal(signal);
        let mut future = lock(&self.future);
        future.is_given_up = true;
        let waker = future.waker.take();
        drop(future);
        waker.into_iter().for_each(Waker::wake);
    }
}

/// No user code runs under these locks, so a poisoned one holds a state as good as any.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
