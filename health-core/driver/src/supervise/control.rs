//! The handle of a running group: every call that does not wait.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Poll, Waker};

#[cfg(feature = "test-util")]
use health_core::supervise::InstanceId;
use health_core::supervise::{GroupEvent, GroupSummary, Supervisor};
use health_core::{Instant, Monitor, Name};

use super::host::HostView;
use super::state::GroupState;
use super::view::{GroupEnd, ReplicaView};
use crate::monitor::MonitorControl;
use crate::monitor::wait::Wait;

/// Controls a group that runs. Clones control the same one; dropping all of them leaves it running.
#[derive(Clone, Debug)]
pub struct GroupControl {
    monitor: MonitorControl,
    /// Name and port of each replica.
    replicas: Arc<[(Name, Option<u16>)]>,
    host: Arc<dyn HostView>,
}

impl GroupControl {
    pub(super) const fn new(
        monitor: MonitorControl,
        replicas: Arc<[(Name, Option<u16>)]>,
        host: Arc<dyn HostView>,
    ) -> Self {
        Self {
            monitor,
            replicas,
            host,
        }
    }

    /// Restarts one replica, or all (`None`), as many at once as
    /// [`max_unavailable`](health_core::supervise::GroupConfig::max_unavailable) allows, each when the
    /// last one is ready again. One that waits for its back-off begins at once. What is failed or
    /// stopped stays so.
    pub fn restart(&self, replica: Option<u16>) {
        self.change(|supervisor, now| supervisor.restart(now, replica));
    }

    /// Begins a replica again that is failed or stopped, its restarts in a row forgotten. Does nothing to
    /// others, and nothing once the group stops.
    pub fn reactivate(&self, replica: u16) {
        self.change(|supervisor, now| supervisor.reactivate(now, replica));
    }

    /// Begins to stop it for good: readiness ends now, `SIGTERM` follows after
    /// [`drain_delay`](health_core::supervise::GroupConfig::drain_delay), `SIGKILL` after the grace. Later
    /// calls do nothing.
    pub fn begin_stop(&self) {
        self.change(|supervisor, now| supervisor.stop(now));
    }

    /// Stops it for good, by `SIGKILL` at once, whether or not a stop is under way.
    pub fn force(&self) {
        self.change(|supervisor, now| supervisor.force(now));
    }

    /// Sends the signal of this number to the process of each instance that runs; not to what these have
    /// started.
    pub fn signal_leaders(&self, signal: i32) {
        let running = self.read(|group| {
            let replicas = group.supervisor.replicas();
            let running = replicas.filter(|it| it.is_running());
            running.map(|it| it.instance()).collect::<Vec<_>>()
        });
        for instance in running {
            self.host.signal_leader(instance, signal);
        }
    }

    /// The replicas, in the order of their indices.
    #[must_use]
    pub fn views(&self) -> Vec<ReplicaView> {
        let moment = self.monitor.shared.clock.moment();
        let mut views = self.read_both(|monitor, group| {
            let replicas = group.supervisor.replicas().zip(&*self.replicas);
            let views =
                replicas.map(|(it, names)| ReplicaView::of(moment, monitor, group, it, names));
            views.collect::<Vec<_>>()
        });
        for view in &mut views {
            view.complete(&*self.host);
        }
        views
    }

    /// The group in numbers, and its status. Shown, it is its words: `1/2 healthy, 1/2 restarting`.
    #[must_use]
    pub fn summary(&self) -> GroupSummary {
        self.read(GroupState::summary)
    }

    /// How it has ended; `None` while it runs. An end is known once its event could be read.
    #[must_use]
    pub fn ended(&self) -> Option<GroupEnd> {
        self.read(|group| group.end)
    }

    /// The monitor that makes its checks, each replica a target of its name. Stopping it stops the group.
    #[must_use]
    pub const fn monitor(&self) -> &MonitorControl {
        &self.monitor
    }

    /// Whether its loop has not come to its end.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.monitor.is_running()
    }

    /// The next event; `None` once the group has ended and every event was read. While there is none,
    /// `waker` is woken by the next.
    ///
    /// 1,024 events wait for a reader; beyond it the oldest are lost and [counted](Self::lost_events).
    pub fn poll_event(&self, waker: &Waker) -> Poll<Option<GroupEvent>> {
        self.poll_event_of(waker, None)
    }

    /// As [`poll_event`](Self::poll_event). Dropping the future loses nothing, and leaves nothing behind.
    pub(crate) async fn next_event(&self) -> Option<GroupEvent> {
        let wait = Wait::new(&self.monitor.shared);
        poll_fn(|cx| self.poll_event_of(cx.waker(), Some(&wait))).await
    }

    fn poll_event_of(&self, waker: &Waker, wait: Option<&Wait>) -> Poll<Option<GroupEvent>> {
        self.monitor.shared.poll(waker, wait, |state| {
            let event = state.group.as_mut().and_then(|it| it.events.pop());
            (event.is_some() || state.is_over).then_some(event)
        })
    }

    /// Events that were lost because they were not read in time.
    #[must_use]
    pub fn lost_events(&self) -> u64 {
        self.read(|group| group.events.lost)
    }

    /// Ready when it has stopped; while it has not, `waker` is woken by the next event.
    pub fn poll_stopped(&self, waker: &Waker) -> Poll<()> {
        self.monitor.poll_stopped(waker)
    }

    /// From now on, only [`report_checks`](Self::report_checks) says how instances are.
    #[cfg(feature = "test-util")]
    pub fn script_checks(&self) {
        let mut state = self.monitor.shared.lock();
        state.change_group(|group, _| group.script_checks());
    }

    /// Tells the supervisor what a test's checks say of an instance.
    #[cfg(feature = "test-util")]
    pub fn report_checks(&self, tell: impl FnOnce(&mut Supervisor, Instant)) {
        self.change(tell);
    }

    /// `None`: there is no such instance.
    #[cfg(feature = "test-util")]
    #[must_use]
    pub fn instance(&self, replica: u16) -> Option<InstanceId> {
        self.read(|group| {
            let mut replicas = group.supervisor.replicas();
            replicas.nth(usize::from(replica)).map(|it| it.instance())
        })
    }

    fn read<R>(&self, read: impl FnOnce(&GroupState) -> R) -> R {
        self.read_both(|_, group| read(group))
    }

    fn read_both<R>(&self, read: impl FnOnce(&Monitor, &GroupState) -> R) -> R {
        let state = self.monitor.shared.lock();
        let group = state.group.as_deref();
        read(&state.monitor, group.expect("it is older than its control"))
    }

    fn change(&self, change: impl FnOnce(&mut Supervisor, Instant)) {
        self.monitor.change(|state, now| {
            state.change_group(|group, monitor| {
                group.change(now, monitor, |supervisor| change(supervisor, now));
            });
        });
    }
}
