//! The monitor's task: does what the core's monitor says, and waits in between.
//!
//! Sockets and futures live in this one task, each with a waker of its own; commands and closures
//! take threads.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use crate::monitor::{AttemptGuard, Job, MonitorAction, MonitorDriver};
use crate::{Tasks, trouble};
use health_core::check::probe::{AddressPolicy, Probe, ProbePhase, Report};
use health_core::monitor::{AttemptId, MonitorConfig, Signal};

use super::alarm::Alarm;
use crate::pool::Pool;
use crate::probe::exec::{self, Group};
use crate::runtime::{Connect, Runtime};

/// Ready when the monitor has stopped. Dropped before, it drops its futures and kills its commands.
#[derive(Debug)]
pub struct Run<R: Runtime> {
    watch: MonitorDriver,
    policy: Arc<AddressPolicy>,
    alarm: Alarm<R::Timer>,
    tasks: Tasks<AttemptId>,
    threads: Pool,
    groups: Arc<Mutex<Groups>>,
}

/// The process groups of what runs on threads.
type Groups = BTreeMap<AttemptId, Arc<Group>>;

impl<R: Runtime<Socket: Connect>> Run<R> {
    /// A monitor that has not started. Its probes may connect to what `policy` allows.
    #[must_use]
    pub fn new(watch: MonitorDriver, policy: AddressPolicy, config: &MonitorConfig) -> Self {
        Self {
            watch,
            policy: Arc::new(policy),
            alarm: Alarm::default(),
            tasks: Tasks::new(),
            threads: Pool::new("probe-exec", config.max_exec),
            groups: Arc::default(),
        }
    }

    fn start(&mut self, ticket: AttemptGuard) {
        let attempt = ticket.attempt();
        if !ticket.job().needs_reap() {
            let policy = Arc::clone(&self.policy);
            return self.tasks.insert(attempt, attend::<R>(ticket, policy));
        }
        let (group, groups) = (Arc::<Group>::default(), Arc::clone(&self.groups));
        lock(&groups).insert(attempt, Arc::clone(&group));
        self.threads.submit(move |had_thread| {
            match had_thread {
                Ok(()) => carry_out(ticket, &group),
                Err(error) => {
                    let outcome = trouble(&error, ProbePhase::Spawn).outcome(ProbePhase::Spawn);
                    ticket.answer(outcome.caused_by(error));
                }
            }
            lock(&groups).remove(&attempt);
        });
    }

    fn cancel(&mut self, attempt: AttemptId, signal: Signal) {
        if !self.tasks.remove(&attempt) {
            let group = lock(&self.groups).get(&attempt).map(Arc::clone);
            group.into_iter().for_each(|group| group.signal(signal));
        }
    }
}

impl<R: Runtime<Socket: Connect>> Future for Run<R> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            self.tasks.poll(cx);
            let mut has_begun = false;
            let until = loop {
                match self.watch.poll(cx.waker()) {
                    MonitorAction::Start(ticket) => {
                        self.start(ticket);
                        has_begun = true;
                    }
                    MonitorAction::Cancel { attempt, signal } => self.cancel(attempt, signal),
                    MonitorAction::Wait { until } => break until,
                    MonitorAction::Stopped => return Poll::Ready(()),
                }
            };
            if !has_begun {
                let now = self.watch.now();
                ready!(self.alarm.poll(cx, until, now));
            }
        }
    }
}

impl<R: Runtime> Drop for Run<R> {
    fn drop(&mut self) {
        for group in lock(&self.groups).values() {
            group.signal(Signal::Kill);
        }
    }
}

/// In the monitor's task. Dropped, its ticket reports.
async fn attend<R: Runtime<Socket: Connect>>(ticket: AttemptGuard, policy: Arc<AddressPolicy>) {
    match &*ticket.job() {
        Job::Probe(probe) => {
            let limit = ticket.limit();
            // Over once the outcome is known: closing the connection holds no place in flight.
            let finish = |report: &Report| ticket.finish(report.clone());
            super::network::attempt::<R>(probe, &policy, limit, finish).await;
        }
        Job::Future(look) => {
            let outcome = look.begin().await;
            ticket.answer(outcome);
        }
        Job::Call(_) => {}
    }
}

/// On a thread.
fn carry_out(ticket: AttemptGuard, group: &Group) {
    match &*ticket.job() {
        Job::Probe(Probe::Exec(command)) => {
            let report = exec::run_to_end(command, group);
            ticket.finish(report);
        }
        Job::Call(look) => {
            let outcome = look.call();
            ticket.answer(outcome);
        }
        Job::Probe(_) | Job::Future(_) => {}
    }
}

/// No user code runs under the lock, so a poisoned one holds a state as good as any.
fn lock(groups: &Mutex<Groups>) -> MutexGuard<'_, Groups> {
    groups.lock().unwrap_or_else(PoisonError::into_inner)
}
