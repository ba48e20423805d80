//! The processes of a group, their checks and their restart commands: what each does is written down.

use health_core::ProbeKind;
use health_core::check::Signal;
use health_core::check::probe::Exit;
use health_core::supervise::{GroupCommand, InstanceId, SpawnFailure};

use super::script::{Behaviour, RestartCommand, Script};

pub(crate) struct Processes {
    is_external: bool,
    /// Of each replica.
    instances: Vec<Vec<Behaviour>>,
    restart_commands: Vec<RestartCommand>,
    /// The checks go on when they should not: what they find has to be ignored.
    pub(crate) is_noisy: bool,
    /// By time, then by replica, then as they arose.
    inputs: Vec<(u64, u16, u64, u64, Input)>,
    arisen: u64,
    processes: Vec<Process>,
}

/// What is reported to the group.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Report {
    Checks(Checks),
    NotSpawned(SpawnFailure),
    Exit { exit: Exit, is_rest_left: bool },
    Gone,
    Restarted { is_ok: bool },
}

/// What the checks of an instance find.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Checks {
    Target { is_ready: bool },
    Unhealthy(ProbeKind),
    Recovered,
}

/// Something that an instance, its checks or its restart command does.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Input {
    Checks(Checks),
    NotSpawned(SpawnFailure),
    Exit { exit: Exit, by_kill: bool },
    Gone,
    Restarted { is_ok: bool, nth: u64 },
}

/// The current instance of a replica.
#[derive(Clone, Debug, Default)]
struct Process {
    number: u64,
    behaviour: Behaviour,
    is_signalled: bool,
    is_killed: bool,
    is_exited: bool,
    is_gone: bool,
    /// Restart commands so far, and the number of the end that counts: a signal moves it.
    restarts: usize,
    end: u64,
}

impl Processes {
    pub(crate) fn new(script: &Script) -> Self {
        Self {
            is_external: script.config.is_external,
            instances: script.instances.clone(),
            restart_commands: script.restart_commands.clone(),
            is_noisy: false,
            inputs: Vec::new(),
            arisen: 0,
            processes: vec![Process::default(); usize::from(script.config.replicas)],
        }
    }

    /// When one of them does something next.
    pub(crate) fn next(&self) -> Option<u64> {
        self.inputs.iter().map(|it| it.0).min()
    }

    /// The next thing that has happened by `now`, if the group is to be told of it.
    pub(crate) fn take(&mut self, now: u64) -> Option<(InstanceId, Report)> {
        loop {
            let due = self.inputs.iter().enumerate().filter(|(_, it)| it.0 <= now);
            let (at, _) = due.min_by_key(|(_, it)| (it.0, it.1, it.2))?;
            let (own, replica, _, number, input) = self.inputs.remove(at);
            let instance = InstanceId { replica, number };
            if let Some(report) = self.report(own, instance, input) {
                return Some((instance, report));
            }
        }
    }

    /// The instances that are current: those that belong to somebody else begin without a command.
    pub(crate) fn notice(&mut self, now: u64, instances: impl Iterator<Item = InstanceId>) {
        if !self.is_external {
            return;
        }
        for instance in instances {
            if self.processes[usize::from(instance.replica)].number != instance.number {
                self.begin(now, instance);
            }
        }
    }

    pub(crate) fn carry_out(&mut self, now: u64, command: GroupCommand) {
        match command {
            GroupCommand::Start(instance) => {
                if let Err(failure) = self.start(now, instance) {
                    self.arise_at(now, instance, Input::NotSpawned(failure));
                }
            }
            GroupCommand::Restart(instance) => self.restart(now, instance),
            GroupCommand::Signal { instance, signal } => self.signal(now, instance, signal),
            _ => panic!("unknown {command:?}"),
        }
    }

    pub(crate) fn start(&mut self, now: u64, instance: InstanceId) -> Result<(), SpawnFailure> {
        let process = &mut self.processes[usize::from(instance.replica)];
        let list = &self.instances[usize::from(instance.replica)];
        let nth = (instance.number as usize - 1).min(list.len() - 1);
        if let Some(failure) = list[nth].spawn_error {
            process.begin(instance.number, &list[nth]);
            process.is_exited = true;
            return Err(failure);
        }
        self.begin(now, instance);
        Ok(())
    }

    pub(crate) fn restart(&mut self, now: u64, instance: InstanceId) {
        let process = &mut self.processes[usize::from(instance.replica)];
        process.is_signalled = true;
        let (nth, restarts) = (process.end, process.restarts);
        process.restarts += 1;
        let command = self.restart_command(restarts);
        if let Some(after) = command.ms {
            let is_ok = command.is_ok;
            self.arise_at(now + after, instance, Input::Restarted { is_ok, nth });
        }
    }

    pub(crate) fn signal(&mut self, now: u64, instance: InstanceId, signal: Signal) {
        if self.is_external {
            return self.signal_command(now, instance);
        }
        let process = &mut self.processes[usize::from(instance.replica)];
        if process.number != instance.number {
            return;
        }
        process.is_signalled = true;
        let by_kill = signal == Signal::Kill;
        process.is_killed |= by_kill;
        let (after, exit) = if by_kill {
            (process.behaviour.kill, Exit::Signal(9))
        } else {
            (process.behaviour.term, process.behaviour.term_exit)
        };
        if process.is_exited {
            if by_kill && !process.is_gone {
                self.arise_at(now, instance, Input::Gone);
            }
        } else if let Some(after) = after {
            self.arise_at(now + after, instance, Input::Exit { exit, by_kill });
        }
    }

    fn signal_command(&mut self, now: u64, instance: InstanceId) {
        let process = &mut self.processes[usize::from(instance.replica)];
        process.end += 1;
        let (nth, restarts) = (process.end, process.restarts);
        let after = self.restart_command(restarts - 1).term;
        let is_ok = false;
        self.arise_at(now + after, instance, Input::Restarted { is_ok, nth });
    }

    fn begin(&mut self, now: u64, instance: InstanceId) {
        let index = usize::from(instance.replica);
        let list = &self.instances[index];
        let nth = (instance.number as usize - 1).min(list.len() - 1);
        let behaviour = list[nth].clone();
        self.processes[index].begin(instance.number, &behaviour);
        let mut checks =
            |after, checks| self.arise_at(now + after, instance, Input::Checks(checks));
        let (started, ready) = (behaviour.started, behaviour.ready);
        if let Some(after) = started {
            let is_ready = ready.is_some_and(|ready| ready <= after);
            checks(after, Checks::Target { is_ready });
        }
        if let Some(after) = ready.filter(|_| ready != started) {
            checks(after, Checks::Target { is_ready: true });
        }
        for (after, is_ready) in behaviour.flaps {
            checks(after, Checks::Target { is_ready });
        }
        for after in behaviour.unlive {
            checks(after, Checks::Unhealthy(behaviour.cause));
        }
        for after in behaviour.relive {
            checks(after, Checks::Recovered);
        }
        if let Some(after) = behaviour.exit_at.filter(|_| !self.is_external) {
            let exit = behaviour.exit;
            let by_kill = false;
            self.arise_at(now + after, instance, Input::Exit { exit, by_kill });
        }
    }

    fn arise_at(&mut self, at: u64, instance: InstanceId, input: Input) {
        self.arisen += 1;
        let InstanceId { replica, number } = instance;
        self.inputs.push((at, replica, self.arisen, number, input));
    }

    fn report(&mut self, own: u64, instance: InstanceId, input: Input) -> Option<Report> {
        let process = &mut self.processes[usize::from(instance.replica)];
        let is_current = process.number == instance.number;
        let is_quiet = process.is_signalled || process.is_exited || !is_current;
        match input {
            Input::Checks(_) if is_quiet && !self.is_noisy => None,
            Input::Checks(checks) => Some(Report::Checks(checks)),
            Input::NotSpawned(failure) => Some(Report::NotSpawned(failure)),
            Input::Exit { exit, by_kill } if is_current && !process.is_exited => {
                process.is_exited = true;
                let left = process.behaviour.left;
                process.is_gone = by_kill || process.is_killed || left == Some(0);
                let is_rest_left = !process.is_gone;
                if let Some(left) = left.filter(|_| is_rest_left) {
                    self.arise_at(own + left, instance, Input::Gone);
                }
                Some(Report::Exit { exit, is_rest_left })
            }
            Input::Gone if is_current && !process.is_gone => {
                process.is_gone = true;
                Some(Report::Gone)
            }
            Input::Restarted { is_ok, nth } if nth == process.end => {
                process.end += 1;
                Some(Report::Restarted { is_ok })
            }
            _ => None,
        }
    }

    fn restart_command(&self, nth: usize) -> RestartCommand {
        let last = self.restart_commands.last();
        let command = self.restart_commands.get(nth).or(last);
        command.copied().unwrap_or_default()
    }
}

impl Process {
    fn begin(&mut self, number: u64, behaviour: &Behaviour) {
        self.number = number;
        self.behaviour = behaviour.clone();
        self.is_signalled = false;
        (self.is_killed, self.is_exited, self.is_gone) = (false, false, false);
    }
}
