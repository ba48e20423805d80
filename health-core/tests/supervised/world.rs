//! A group, its processes, a driver and a clock.

use health_core::check::Signal;
use health_core::check::probe::Exit;
use health_core::supervise::{GroupCommand, GroupEvent, InstanceId, SpawnFailure, Supervisor};
use health_core::{Instant, ProbeKind};
use serde_json::Value;

use super::rng::Rng;
use super::script::{Behaviour, Control, RestartCommand, Script};
use super::show;

/// More rounds at one time are a loop without an end.
const MOST_ROUNDS: u32 = 10_000;

pub(crate) struct World {
    pub(crate) group: Supervisor,
    /// All that happened, in order.
    pub(crate) log: Vec<Entry>,
    pub(crate) looks: Vec<Value>,
    script: Script,
    /// The checks go on when they should not: what they find has to be ignored.
    pub(crate) is_noisy: bool,
    /// A driver that was away polls before it reports anything, so that what was due comes first.
    pub(crate) polls_first: bool,
    /// Decides when the group is polled though nothing is due.
    pub(crate) idle: Option<Rng>,
    now: u64,
    /// By time, then by replica, then as they arose.
    inputs: Vec<(u64, u16, u64, u64, Input)>,
    arisen: u64,
    counted: u64,
    processes: Vec<Process>,
}

/// Something that happened, at this time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Entry {
    pub(crate) at: u64,
    pub(crate) what: What,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum What {
    Control(Control),
    Report(InstanceId, Report),
    Event(GroupEvent),
    /// So many restarts have been counted, all in all.
    Counted(u64),
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

impl World {
    pub(crate) fn new(script: Script) -> Result<Self, String> {
        let group = Supervisor::new(script.config.clone()).map_err(|error| error.to_string())?;
        Ok(Self {
            group,
            log: Vec::new(),
            looks: Vec::new(),
            is_noisy: false,
            polls_first: false,
            idle: None,
            now: 0,
            inputs: Vec::new(),
            arisen: 0,
            counted: 0,
            processes: vec![Process::default(); usize::from(script.config.replicas)],
            script,
        })
    }

    /// Runs to the end of the script. `Err` if the machine does not come to rest.
    pub(crate) fn run(&mut self) -> Result<(), String> {
        let mut rounds = 0;
        while let Some(next) = self.next() {
            let now = self.after_stalls(next.max(self.now));
            rounds = if now == self.now { rounds + 1 } else { 0 };
            if rounds > MOST_ROUNDS {
                return Err(format!("no end of rounds at {now}"));
            }
            if now > self.script.until {
                break;
            }
            self.look(now);
            self.poll_for_nothing(now);
            self.now = now;
            self.round();
        }
        self.look(u64::MAX);
        Ok(())
    }

    /// The events, as a vector has them.
    pub(crate) fn events(&self) -> Vec<Value> {
        let events = self.log.iter().filter_map(|entry| match &entry.what {
            What::Event(event) => Some(show::event(event)),
            _ => None,
        });
        events.collect()
    }

    pub(crate) fn final_state(&self) -> Value {
        show::final_state(&self.group)
    }

    /// When something happens next.
    fn next(&self) -> Option<u64> {
        let control = self.script.control.front().map(|(at, _)| *at);
        let input = self.inputs.iter().map(|it| it.0).min();
        let timer = self.group.poll_timeout();
        let timer = timer.map(|at| at.as_micros().div_ceil(1_000));
        [control, input, timer].into_iter().flatten().min()
    }

    fn after_stalls(&self, at: u64) -> u64 {
        let mut stalls = self.script.stalls.iter();
        let stall = stalls.find(|(from, to)| (*from..*to).contains(&at));
        stall.map_or(at, |(_, to)| self.after_stalls(*to))
    }

    /// The group as it is before `now`, at the times at which it is to be looked at.
    fn look(&mut self, now: u64) {
        while self.script.looks.front().is_some_and(|at| *at < now) {
            let at = self.script.looks.pop_front().expect("just seen");
            self.looks.push(show::look(at, &self.group.summary()));
        }
    }

    /// Polls at a few times before `now` at which nothing is due.
    fn poll_for_nothing(&mut self, now: u64) {
        let Some(rng) = &mut self.idle else {
            return;
        };
        let next = self.group.poll_timeout().map(Instant::as_micros);
        let until = (now * 1_000).min(next.unwrap_or(u64::MAX));
        let mut at = self.now * 1_000;
        for _ in 0..rng.up_to(2) {
            at += rng.up_to(until.saturating_sub(at + 1));
            let nothing = self.group.poll(Instant::from_micros(at));
            assert_eq!(nothing, None, "at {at}, due {next:?}");
        }
        assert_eq!(self.group.poll_event(), None);
    }

    fn round(&mut self) {
        let is_late = self.script.stalls.iter().any(|(_, to)| *to == self.now);
        if is_late && self.polls_first {
            self.poll();
        }
        while self
            .script
            .control
            .front()
            .is_some_and(|it| it.0 <= self.now)
        {
            let (_, control) = self.script.control.pop_front().expect("just seen");
            self.control(control);
        }
        while let Some(at) = self.first_input() {
            let (own, replica, _, number, input) = self.inputs.remove(at);
            self.input(own, InstanceId { replica, number }, input);
            self.drain();
        }
        self.poll();
    }

    fn poll(&mut self) {
        while let Some(command) = self.group.poll(instant(self.now)) {
            self.drain();
            self.carry_out(command);
        }
        self.drain();
    }

    fn note(&mut self, what: What) {
        self.log.push(Entry { at: self.now, what });
    }

    /// Notes what a call has brought about.
    fn drain(&mut self) {
        while let Some(event) = self.group.poll_event() {
            self.note(What::Event(event));
        }
        let counted = self.group.replicas().map(|it| it.restarts()).sum();
        if counted != self.counted {
            self.counted = counted;
            self.note(What::Counted(counted));
        }
        self.notice_begins();
    }

    fn first_input(&self) -> Option<usize> {
        let due = self
            .inputs
            .iter()
            .enumerate()
            .filter(|(_, it)| it.0 <= self.now);
        due.min_by_key(|(_, it)| (it.0, it.1, it.2))
            .map(|(at, _)| at)
    }

    fn control(&mut self, control: Control) {
        let now = instant(self.now);
        self.note(What::Control(control));
        match control {
            Control::Start => self.group.start(now),
            Control::Stop => self.group.stop(now),
            Control::Force => self.group.force(now),
            Control::Restart(replica) => self.group.restart(now, replica),
            Control::Reactivate(replica) => self.group.reactivate(now, replica),
        }
        self.drain();
    }

    /// External instances begin without a command.
    fn notice_begins(&mut self) {
        if !self.script.config.is_external {
            return;
        }
        let instances: Vec<_> = self.group.replicas().map(|it| it.instance()).collect();
        for instance in instances {
            if self.processes[usize::from(instance.replica)].number != instance.number {
                self.begin(instance);
            }
        }
    }

    fn begin(&mut self, instance: InstanceId) {
        let index = usize::from(instance.replica);
        let list = &self.script.instances[index];
        let nth = (instance.number as usize - 1).min(list.len() - 1);
        let behaviour = list[nth].clone();
        let process = &mut self.processes[index];
        process.number = instance.number;
        process.behaviour = behaviour.clone();
        process.is_signalled = false;
        (process.is_killed, process.is_exited, process.is_gone) = (false, false, false);
        let is_external = self.script.config.is_external;
        if let Some(failure) = behaviour.spawn_error.filter(|_| !is_external) {
            process.is_exited = true;
            return self.arise(0, instance, Input::NotSpawned(failure));
        }
        let (started, ready) = (behaviour.started, behaviour.ready);
        if let Some(after) = started {
            let is_ready = ready.is_some_and(|ready| ready <= after);
            self.arise(after, instance, Input::Checks(Checks::Target { is_ready }));
        }
        if let Some(after) = ready.filter(|_| ready != started) {
            self.arise(
                after,
                instance,
                Input::Checks(Checks::Target { is_ready: true }),
            );
        }
        for (after, is_ready) in behaviour.flaps {
            self.arise(after, instance, Input::Checks(Checks::Target { is_ready }));
        }
        for after in behaviour.unlive {
            self.arise(
                after,
                instance,
                Input::Checks(Checks::Unhealthy(behaviour.cause)),
            );
        }
        for after in behaviour.relive {
            self.arise(after, instance, Input::Checks(Checks::Recovered));
        }
        if let Some(after) = behaviour.exit_at.filter(|_| !is_external) {
            let exit = behaviour.exit;
            let by_kill = false;
            self.arise(after, instance, Input::Exit { exit, by_kill });
        }
    }

    fn arise(&mut self, after: u64, instance: InstanceId, input: Input) {
        self.arise_at(self.now + after, instance, input);
    }

    fn arise_at(&mut self, at: u64, instance: InstanceId, input: Input) {
        self.arisen += 1;
        let InstanceId { replica, number } = instance;
        self.inputs.push((at, replica, self.arisen, number, input));
    }

    fn input(&mut self, own: u64, instance: InstanceId, input: Input) {
        let process = &mut self.processes[usize::from(instance.replica)];
        let is_current = process.number == instance.number;
        let is_quiet = process.is_signalled || process.is_exited || !is_current;
        let report = match input {
            Input::Checks(_) if is_quiet && !self.is_noisy => return,
            Input::Checks(checks) => Report::Checks(checks),
            Input::NotSpawned(failure) => Report::NotSpawned(failure),
            Input::Exit { exit, by_kill } if is_current && !process.is_exited => {
                process.is_exited = true;
                let left = process.behaviour.left;
                process.is_gone = by_kill || process.is_killed || left == Some(0);
                let is_rest_left = !process.is_gone;
                if let Some(left) = left.filter(|_| is_rest_left) {
                    self.arise_at(own + left, instance, Input::Gone);
                }
                Report::Exit { exit, is_rest_left }
            }
            Input::Gone if is_current && !process.is_gone => {
                process.is_gone = true;
                Report::Gone
            }
            Input::Restarted { is_ok, nth } if nth == process.end => {
                process.end += 1;
                Report::Restarted { is_ok }
            }
            _ => return,
        };
        self.report(instance, report);
    }

    fn report(&mut self, instance: InstanceId, report: Report) {
        let (now, group) = (instant(self.now), &mut self.group);
        self.log.push(Entry {
            at: self.now,
            what: What::Report(instance, report),
        });
        match report {
            Report::NotSpawned(failure) => group.handle_spawn_failed(now, instance, failure),
            Report::Checks(Checks::Target { is_ready }) => {
                group.handle_target(now, instance, true, is_ready);
            }
            Report::Checks(Checks::Unhealthy(kind)) => group.handle_unhealthy(now, instance, kind),
            Report::Checks(Checks::Recovered) => group.handle_recovered(now, instance),
            Report::Exit { exit, is_rest_left } => {
                group.handle_exit(now, instance, exit, is_rest_left);
            }
            Report::Gone => group.handle_gone(now, instance),
            Report::Restarted { is_ok } => group.handle_restarted(now, instance, is_ok),
        }
    }

    fn carry_out(&mut self, command: GroupCommand) {
        match command {
            GroupCommand::Start(instance) => self.begin(instance),
            GroupCommand::Restart(instance) => {
                let process = &mut self.processes[usize::from(instance.replica)];
                process.is_signalled = true;
                let nth = process.end;
                let command = self.script.restart_command(process.restarts);
                process.restarts += 1;
                if let Some(after) = command.ms {
                    let is_ok = command.is_ok;
                    self.arise(after, instance, Input::Restarted { is_ok, nth });
                }
            }
            GroupCommand::Signal { instance, signal } if self.script.config.is_external => {
                let process = &mut self.processes[usize::from(instance.replica)];
                process.end += 1;
                let nth = process.end;
                let term = self.script.restart_command(process.restarts - 1).term;
                let is_ok = false;
                let _ = signal;
                self.arise(term, instance, Input::Restarted { is_ok, nth });
            }
            GroupCommand::Signal { instance, signal } => self.signal(instance, signal),
            _ => panic!("unknown {command:?}"),
        }
    }

    fn signal(&mut self, instance: InstanceId, signal: Signal) {
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
                self.arise(0, instance, Input::Gone);
            }
        } else if let Some(after) = after {
            self.arise(after, instance, Input::Exit { exit, by_kill });
        }
    }
}

impl Script {
    fn restart_command(&self, nth: usize) -> RestartCommand {
        let last = self.restart_commands.last();
        let command = self.restart_commands.get(nth).or(last);
        command.copied().unwrap_or_default()
    }
}

fn instant(millis: u64) -> Instant {
    Instant::from_micros(millis * 1_000)
}
