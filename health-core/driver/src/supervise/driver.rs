//! Runs a group: takes what its processes report, carries out what its supervisor decides, and then gives
//! the next action of the monitor that makes its checks.

use std::fmt;
use std::sync::Arc;
use std::task::Waker;

use health_core::check::probe::Probe;
use health_core::supervise::{GroupCommand, GroupConfig, InstanceId, SpawnFailure, Supervisor};
use health_core::{Instant, Name};

use super::component::GroupHealth;
use super::control::GroupControl;
use super::error::GroupError;
use super::host::Host;
use super::state::{GroupState, Source};
use super::view::ReplicaSpec;
use crate::monitor::{AttemptGuard, Drive, Job, MonitorAction, MonitorControl, MonitorDriver};

/// A group of processes and the monitor that checks them, for the one loop that carries the monitor's
/// actions out. Dropping it kills what runs.
///
/// What is to be done for the group is done within [`poll`](Self::poll), by its [`Host`].
pub struct GroupDriver<H: Host> {
    host: H,
    monitor: MonitorDriver,
    control: MonitorControl,
    /// Name and port of each replica.
    replicas: Arc<[(Name, Option<u16>)]>,
    has_started: bool,
}

impl<H: Host> GroupDriver<H> {
    /// A group that does not run, and what controls it. Its checks are made by this monitor, which has
    /// no other targets.
    ///
    /// # Errors
    ///
    /// A setting is out of its bounds, `replicas` are not as many as the settings say, or a target is
    /// refused.
    pub fn new(
        monitor: (MonitorDriver, MonitorControl),
        config: GroupConfig,
        replicas: Vec<ReplicaSpec>,
        host: H,
    ) -> Result<(Self, GroupControl), GroupError> {
        let (mut monitor, control) = monitor;
        if replicas.len() != usize::from(config.replicas) {
            return Err(GroupError::count(replicas.len(), config.replicas));
        }
        let supervisor = Supervisor::new(config).map_err(GroupError::from)?;
        // Before it has started, nothing of it can be put on hold.
        monitor.start();
        let (mut shown, mut sources) = (Vec::new(), Vec::new());
        for replica in replicas {
            shown.push((replica.name, replica.port));
            sources.push(match replica.checks {
                Some(target) => Source::Target(control.add_on_hold(target)?),
                None => Source::None,
            });
        }
        let group = GroupState::new(supervisor, sources.into_iter());
        control.shared.lock().group = Some(Box::new(group));
        let replicas: Arc<[_]> = shown.into();
        let group_control = GroupControl::new(control.clone(), Arc::clone(&replicas), host.view());
        let driver = Self {
            host,
            monitor,
            control,
            replicas,
            has_started: false,
        };
        Ok((driver, group_control))
    }

    /// Shows the group as this component, and what happens to its replicas in the history.
    pub fn show(&mut self, component: GroupHealth) {
        self.change(|group, _| group.keep_notes());
        let names = self.replicas.iter().map(|(name, _)| name.clone());
        self.monitor
            .show_replicas(component.of_replicas(names.collect()));
    }

    /// What its clock shows.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.monitor.now()
    }

    /// Does what is due for the group, and gives the next action of its monitor. `waker` is woken when
    /// there is something to do, once this has said to wait.
    pub fn poll(&mut self, waker: &Waker) -> MonitorAction {
        if !self.has_started {
            self.has_started = true;
            let now = self.now();
            self.change(|group, monitor| group.change(now, monitor, |it| it.start(now)));
        }
        while self.round(waker) {}
        let mut action = self.monitor.poll(waker);
        if let MonitorAction::Start(attempt) = &mut action {
            self.name_instance(attempt);
        }
        action
    }

    /// A command that checks an instance is told which one.
    fn name_instance(&self, attempt: &mut AttemptGuard) {
        if !matches!(&*attempt.job(), Job::Probe(Probe::Exec(_))) {
            return;
        }
        let target = attempt.attempt().check().target();
        let instance = self.change(|group, _| group.instance_of(target)).flatten();
        let Some(instance) = instance else {
            return;
        };
        let mut variables = vec![("HEALTHD_INSTANCE", instance.number.to_string())];
        let pid = self.host.view().pid(instance);
        variables.extend(pid.map(|pid| ("HEALTHD_PID", pid.to_string())));
        attempt.set_variables(variables);
    }

    /// Takes what has been reported, then carries out what the supervisor decides; whether there was
    /// anything to carry out. What that brings about at once belongs to the next round.
    fn round(&mut self, waker: &Waker) -> bool {
        // What has been reported by now comes before what is due by now, so what becomes due while reports
        // are taken has to wait for the next round.
        let now = self.now();
        while let Some(report) = self.host.poll_report(waker) {
            let now = self.now();
            self.change(|group, monitor| group.handle_report(now, monitor, report));
        }
        let mut has_commands = false;
        let mut failed = Vec::new();
        while let Some(command) = self.next_command(now) {
            has_commands = true;
            failed.extend(self.carry_out(command));
        }
        for (instance, why) in failed {
            let now = self.now();
            self.change(|group, monitor| {
                group.change(now, monitor, |it| {
                    it.handle_spawn_failed(now, instance, why);
                });
            });
        }
        has_commands
    }

    fn next_command(&mut self, now: Instant) -> Option<GroupCommand> {
        self.change(|group, monitor| group.next_command(now, monitor))?
    }

    /// What could not be started, if it is that.
    fn carry_out(&mut self, command: GroupCommand) -> Option<(InstanceId, SpawnFailure)> {
        match command {
            GroupCommand::Start(instance) => {
                let why = self.host.start(instance).err()?;
                return Some((instance, why));
            }
            GroupCommand::Signal { instance, signal } => self.host.signal(instance, signal),
            GroupCommand::Restart(instance) => self.restart(instance),
            // No supervisor of this version gives another command.
            _ => {}
        }
        None
    }

    fn restart(&mut self, instance: InstanceId) {
        let index = usize::from(instance.replica);
        let why = self.change(|group, _| {
            let replica = group.supervisor.replicas().nth(index)?;
            Some((replica.ending()?, replica.streak()))
        });
        if let Some((reason, streak)) = why.flatten() {
            self.host.restart(instance, reason, streak);
        }
    }

    /// `None`: the group is gone, which it never is.
    fn change<R>(
        &self,
        change: impl FnOnce(&mut GroupState, &mut health_core::Monitor) -> R,
    ) -> Option<R> {
        self.control.shared.lock().change_group(change)
    }
}

impl<H: Host> Drive for GroupDriver<H> {
    fn now(&self) -> Instant {
        self.now()
    }

    fn poll(&mut self, waker: &Waker) -> MonitorAction {
        self.poll(waker)
    }
}

impl<H: Host> Drop for GroupDriver<H> {
    /// Nobody would look after what is left.
    fn drop(&mut self) {
        let now = self.now();
        self.change(|group, monitor| group.change(now, monitor, |it| it.force(now)));
        while let Some(command) = self.next_command(now) {
            let _ = self.carry_out(command);
        }
    }
}

impl<H: Host> fmt::Debug for GroupDriver<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GroupDriver")
            .field("monitor", &self.monitor)
            .finish_non_exhaustive()
    }
}
