//! The monitor's task: carries out the attempts that the core's monitor asks for, and waits in between.
//!
//! Sockets and futures live in this one task, each with a waker of its own. Closures are called on
//! threads, and commands are started there.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use health_core::check::probe::{AddressPolicy, Probe, ProbePhase, Report};
use health_core::monitor::{AttemptId, MonitorConfig, Signal};

use super::alarm::Alarm;
use crate::monitor::{AttemptGuard, Drive, Job, MonitorAction, MonitorDriver};
use crate::pool::Pool;
use crate::probe::exec::{self, ProcessGroup};
use crate::runtime::{Connect, Runtime};
use crate::{FutureMap, probe_error};

/// Attempts begun in one poll of the task. Some are over at once, as when a connection on this host is
/// refused: then the next ones are due, and the runtime's other tasks would never have their turn.
const MOST_STARTS: usize = 64;

/// A future that runs a monitor, and is ready when the monitor has stopped. Dropped before, it drops
/// the futures of its attempts and kills their commands.
#[derive(Debug)]
pub struct Run<R: Runtime, D = MonitorDriver> {
    driver: D,
    policy: Arc<AddressPolicy>,
    alarm: Alarm<R::Timer>,
    futures: FutureMap<AttemptId>,
    threads: Pool,
    groups: Arc<Mutex<Groups>>,
}

/// The process groups of the attempts on threads; those of closures stay unused.
type Groups = BTreeMap<AttemptId, Arc<ProcessGroup>>;

/// The entry of an attempt in [`Groups`]; dropped, it is taken out.
struct Entry(AttemptId, Arc<Mutex<Groups>>);

impl<R: Runtime<Socket: Connect>, D> Run<R, D> {
    /// A monitor that has not started. Its probes may connect to what `policy` allows.
    #[must_use]
    pub fn new(driver: D, policy: AddressPolicy, config: &MonitorConfig) -> Self {
        Self {
            driver,
            policy: Arc::new(policy),
            alarm: Alarm::default(),
            futures: FutureMap::new(),
            threads: Pool::new("probe-exec", config.max_exec),
            groups: Arc::default(),
        }
    }

    fn start(&mut self, guard: AttemptGuard) {
        let attempt = guard.attempt();
        if !guard.job().needs_reap() {
            let policy = Arc::clone(&self.policy);
            return self.futures.insert(attempt, perform::<R>(guard, policy));
        }
        let group = Arc::<ProcessGroup>::default();
        lock(&self.groups).insert(attempt, Arc::clone(&group));
        let entry = Entry(attempt, Arc::clone(&self.groups));
        self.threads.submit(move |had_thread| match had_thread {
            Ok(()) => perform_blocking(guard, &group, entry),
            Err(error) => {
                let outcome = probe_error(&error, ProbePhase::Spawn).outcome(ProbePhase::Spawn);
                guard.answer(outcome.caused_by(error));
            }
        });
    }

    fn cancel(&mut self, attempt: AttemptId, signal: Signal) {
        if !self.futures.remove(&attempt) {
            let group = lock(&self.groups).get(&attempt).map(Arc::clone);
            group.into_iter().for_each(|group| group.signal(signal));
        }
    }
}

impl<R: Runtime<Socket: Connect>, D: Drive + Unpin> Future for Run<R, D> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut starts = 0;
        loop {
            self.futures.poll(cx);
            let mut has_begun = false;
            let until = loop {
                if starts == MOST_STARTS {
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                match self.driver.poll(cx.waker()) {
                    MonitorAction::Start(guard) => {
                        self.start(guard);
                        has_begun = true;
                        starts += 1;
                    }
                    MonitorAction::Cancel { attempt, signal } => self.cancel(attempt, signal),
                    MonitorAction::Wait { until } => break until,
                    MonitorAction::Stopped => return Poll::Ready(()),
                }
            };
            if !has_begun {
                let now = self.driver.now();
                ready!(self.alarm.poll(cx, until, now));
            }
        }
    }
}

impl<R: Runtime, D> Drop for Run<R, D> {
    fn drop(&mut self) {
        for group in lock(&self.groups).values() {
            group.signal(Signal::Kill);
        }
    }
}

/// Carries an attempt out in the monitor's task. Dropped, it reports through its guard.
async fn perform<R: Runtime<Socket: Connect>>(guard: AttemptGuard, policy: Arc<AddressPolicy>) {
    match &*guard.job() {
        Job::Probe(probe) => {
            let limit = guard.limit();
            // Over once the outcome is known: closing the connection holds no place in flight.
            let finish = |report: &Report| guard.finish(report.clone());
            super::network::attempt::<R>(probe, &policy, limit, finish).await;
        }
        Job::Lacking(lacking) => guard.answer(lacking.1.clone()),
        Job::Future(check) => {
            let outcome = check.begin().await;
            guard.answer(outcome);
        }
        Job::Call(_) => {}
    }
}

/// Carries an attempt out on a thread, or begins to. It has its entry until it is over.
fn perform_blocking(guard: AttemptGuard, group: &Arc<ProcessGroup>, entry: Entry) {
    match &*guard.job() {
        Job::Probe(Probe::Exec(command)) => {
            let variables = guard.variables().to_vec();
            exec::run(command, &variables, group, None, |report| {
                guard.finish(report);
                drop(entry);
            });
        }
        Job::Call(check) => {
            let outcome = check.call();
            guard.answer(outcome);
        }
        Job::Lacking(lacking) => guard.answer(lacking.1.clone()),
        Job::Probe(_) | Job::Future(_) => {}
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        lock(&self.1).remove(&self.0);
    }
}

/// No user code runs under the lock, so a poisoned one holds a state as good as any.
fn lock(groups: &Mutex<Groups>) -> MutexGuard<'_, Groups> {
    groups.lock().unwrap_or_else(PoisonError::into_inner)
}
